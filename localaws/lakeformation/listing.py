"""ListPermissions and GetEffectivePermissionsForPath: complete, in a stable order, paged.

Source: API reference, ListPermissions. "Filtered by the permissions of the caller": administrators see all; others see
what they were granted themselves, and of other principals' grants the permissions that they hold on the same object,
unless the row would name a column or data filter that they cannot see [the last part inferred].
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localaws.errors import not_implemented
from localaws.lakeformation import principals, resources, rules
from localaws.lakeformation.grants import GrantBook, place
from localaws.lakeformation.model import Grant, Kind, Resource, database_resource, table_resource
from localaws.lakeformation.paging import page
from localaws.lakeformation.resources import invalid
from localaws.lakeformation.service import within

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
MOST = 1000
KINDS: dict[str, frozenset[Kind]] = {
    "CATALOG": frozenset({Kind.CATALOG}),
    "DATABASE": frozenset({Kind.DATABASE}),
    "TABLE": frozenset({Kind.TABLE, Kind.ALL_TABLES, Kind.COLUMNS, Kind.COLUMNS_EXCEPT, Kind.FILTER}),
    "DATA_LOCATION": frozenset({Kind.LOCATION}),
    "LF_TAG": frozenset({Kind.TAG}),
    "LF_TAG_POLICY": frozenset({Kind.TAG_POLICY_DATABASE, Kind.TAG_POLICY_TABLE}),
    "LF_TAG_POLICY_DATABASE": frozenset({Kind.TAG_POLICY_DATABASE}),
    "LF_TAG_POLICY_TABLE": frozenset({Kind.TAG_POLICY_TABLE}),
}
"""DataLakeResourceType to what it lists. That TABLE lists grants on data filters too is inferred."""


def list_permissions(account: Account, call: Call) -> Output:
    """ListPermissions, by Principal, Resource or ResourceType.

    With Principal and Resource the answer is effective: grants on all tables and by LF-Tags are shown on the resource.
    Raises InvalidInputException for a table with columns as Resource, and for IncludeRelated with a Principal.
    """
    params = call.params
    resources.own_catalog(params.get("CatalogId"), account.account_id)
    related = str(params.get("IncludeRelated") or "FALSE").upper() == "TRUE"
    principal = None
    if params.get("Principal"):
        principal = principals.named(account, params["Principal"].get("DataLakePrincipalIdentifier"))
    if related and principal:
        raise invalid("Principal must not be specified with IncludeRelated.")
    with account.lakeformation.lock:
        if params.get("Resource"):
            resource = resources.parsed(params["Resource"], account.account_id)
            if "TableWithColumns" in params["Resource"]:
                raise invalid("ListPermissions is not supported on a table with columns: use Table.")
            found = _on(account, resource, principal, related)
        else:
            found = [grant for grant in account.lakeformation.state.grants if principal in (None, grant.principal)]
        if params.get("ResourceType"):
            kinds = KINDS.get(params["ResourceType"])
            if kinds is None:
                raise not_implemented("lakeformation", f"ListPermissions.ResourceType {params['ResourceType']}")
            found = [grant for grant in found if grant.resource.kind in kinds]
        return _answer(account, call, found, "PrincipalResourcePermissions")


def get_effective_permissions_for_path(account: Account, call: Call) -> Output:
    """GetEffectivePermissionsForPath: grants on the databases and tables whose location is the path or below it."""
    path = resources.location_name(call.params["ResourceArn"])
    resources.own_catalog(call.params.get("CatalogId"), account.account_id)
    lakeformation = account.lakeformation
    found: list[Grant] = []
    with lakeformation.lock:
        for name, database in lakeformation.catalog.databases().items():
            if within(resources.uri_as_arn(database.get("LocationUri") or ""), path):
                found.extend(_on(account, database_resource(name), None, related=False))
            for table in lakeformation.catalog.tables(name):
                schema = lakeformation.catalog.schema(name, table)
                if schema and within(resources.uri_as_arn(schema.location), path):
                    found.extend(_on(account, table_resource(name, table), None, related=True))
        return _answer(account, call, found, "Permissions")


def _answer(account: Account, call: Call, found: Iterable[Grant], member: str) -> Output:
    """One page of the rows of the grants, as far as the caller may see them."""
    caller = call.caller.principal_arn
    rows = [
        row
        for grant in found
        for row in resources.rows(_seen_by(account, caller, grant), account.account_id)
        if row["Permissions"]
    ]
    listed, token = page(rows, _order, call.params.get("NextToken"), call.params.get("MaxResults"), MOST)
    return {member: listed, "NextToken": token} if token else {member: listed}


def _order(row: Mapping[str, Any]) -> str:
    return json.dumps([row["Resource"], row["Principal"]["DataLakePrincipalIdentifier"]], sort_keys=True)


def _on(account: Account, resource: Resource, principal: str | None, related: bool) -> list[Grant]:
    """The grants on a resource; for one principal the effective ones."""
    state = account.lakeformation.state
    if principal is not None and resource.kind in (Kind.TABLE, Kind.DATABASE):
        return _effective(account, resource, principal)
    shown = {resource.kind}
    if resource.kind is Kind.TABLE:
        shown = {Kind.TABLE, Kind.COLUMNS, Kind.COLUMNS_EXCEPT} | ({Kind.FILTER} if related else set())
    found = []
    for grant in state.grants.everybody_at(place(resource)):
        of_resource = grant.resource.kind in shown if resource.kind in (Kind.TABLE, Kind.TAG) else False
        if (of_resource or grant.resource == resource) and principal in (None, grant.principal):
            found.append(grant)
    return found


def _effective(account: Account, resource: Resource, principal: str) -> list[Grant]:
    """What one principal holds on a database or table by name, by all tables and by LF-Tags, shown on the resource."""
    lakeformation = account.lakeformation
    book = GrantBook()
    if resource.kind is Kind.DATABASE:
        for grant in lakeformation.state.database_grants(principal, resource.database):
            if grant.principal == principal:
                book.add(replace(grant, resource=resource))
        return list(book)
    schema = lakeformation.catalog.schema(resource.database, resource.table)
    if schema is None:
        return []
    facts = lakeformation.state.facts(principal, schema)
    for grant in facts.grants:
        if grant.principal != principal or grant.resource.kind is Kind.FILTER:
            continue
        if grant.resource.kind not in (Kind.ALL_TABLES, Kind.TAG_POLICY_TABLE):
            book.add(grant)
            continue
        given = rules.given_by(grant, schema, facts)
        whole = given.cell is None or given.cell.columns == schema.columns
        held = grant.permissions if whole else given.permissions - {"SELECT", "ALL"}
        if held and given.permissions:
            book.add(replace(grant, resource=resource, permissions=held, grantable=grant.grantable & held))
        if given.cell is not None and not whole and given.cell.columns:
            columns = Resource(Kind.COLUMNS, resource.database, resource.table, values=given.cell.columns)
            select = frozenset({"SELECT"})
            book.add(replace(grant, resource=columns, permissions=select, grantable=grant.grantable & select))
    return list(book)


def _seen_by(account: Account, caller: str, grant: Grant) -> Grant:
    """The grant with the permissions that the caller may see; possibly none."""
    lakeformation = account.lakeformation
    state, resource = lakeformation.state, grant.resource
    if state.is_any_admin(caller) or grant.principal in state.groups(caller):
        return grant
    held: frozenset[str] = frozenset()
    if resource.kind is Kind.DATABASE:
        held = lakeformation.database_permissions(caller, resource.database)[0]
    elif resource.kind in KINDS["TABLE"] and resource.table:
        visibility = lakeformation.visible(caller, resource.database, resource.table)
        names_more = resource.kind is Kind.FILTER or not set(resource.values) <= set(visibility.metadata_columns)
        whole = visibility.metadata_columns == visibility.all_columns and visibility.row_filter is None
        held = visibility.permissions if whole or not names_more else frozenset()
    elif resource.kind is Kind.ALL_TABLES:
        own = [g for name in state.groups(caller) for g in state.grants.at(place(resource), name)]
        held = frozenset(permission for g in own for permission in g.permissions)
    return replace(grant, permissions=grant.permissions & held, grantable=grant.grantable & held)


HANDLERS: dict[str, Handler] = {
    "ListPermissions": list_permissions,
    "GetEffectivePermissionsForPath": get_effective_permissions_for_path,
}
