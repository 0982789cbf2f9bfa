"""LF-Tags on databases, tables and columns: assign, remove, show, search.

Source: developer guide, 'Assigning LF-Tags to Data Catalog resources' (needs ASSOCIATE on the LF-Tag, which an
administrator does not hold implicitly on tags of others, and ownership of the resource; at most 50 per resource).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError
from localaws.lakeformation import authority, denials, resources
from localaws.lakeformation.model import Kind, Resource, database_resource, table_resource
from localaws.lakeformation.paging import page
from localaws.lakeformation.resources import invalid
from localaws.lakeformation.tagging import visible_values
from localaws.lakeformation.tags import Target, matches

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
MOST_PER_RESOURCE = 50
OWNER_OF: dict[Kind, frozenset[str]] = {
    Kind.DATABASE: frozenset({"DESCRIBE", "CREATE_TABLE", "ALTER", "DROP"}),
    Kind.TABLE: frozenset({"DESCRIBE", "ALTER", "DROP", "INSERT", "SELECT", "DELETE"}),
}


def add_lf_tags_to_resource(account: Account, call: Call) -> Output:
    """AddLFTagsToResource: each LF-Tag by itself; what failed is in ``Failures``."""
    return _each(account, call, _assign)


def remove_lf_tags_from_resource(account: Account, call: Call) -> Output:
    """RemoveLFTagsFromResource: what the resource inherits stays."""
    return _each(account, call, _remove)


def get_resource_lf_tags(account: Account, call: Call) -> Output:
    """GetResourceLFTags: of a database, table or columns; with ShowAssignedLFTags only those assigned directly."""
    resources.own_catalog(call.params.get("CatalogId"), account.account_id)
    lakeformation = account.lakeformation
    with lakeformation.lock:
        resource = _taggable(account, call)
        _require_known(account, call, resource)
        tags, database, table = lakeformation.state.tags, resource.database, resource.table
        direct = bool(call.params.get("ShowAssignedLFTags"))
        visibility = lakeformation.visible(call.caller, database, table) if table else None
        output: dict[str, Any] = {}
        if not direct or not table:
            output["LFTagOnDatabase"] = _pairs(account, call, tags.on_database(database))
        if table:
            own = tags.assigned.get((database, table, ""), {})
            output["LFTagsOnTable"] = _pairs(account, call, own if direct else tags.on_table(database, table))
            shown = visibility.metadata_columns if visibility else ()
            columns = resource.values or tuple(c for c in shown if (database, table, c) in tags.assigned)
            found = []
            for column in columns:
                own = tags.assigned.get((database, table, column), {})
                pairs = _pairs(account, call, own if direct else tags.on_column(database, table, column))
                if column in shown and pairs:
                    found.append({"Name": column, "LFTags": pairs})
            output["LFTagsOnColumns"] = found
        return output


def search_databases_by_lf_tags(account: Account, call: Call) -> Output:
    """SearchDatabasesByLFTags: visible databases whose LF-Tags match the expression, paged."""
    params = call.params
    resources.own_catalog(params.get("CatalogId"), account.account_id)
    wanted = resources.expression(params["Expression"])
    lakeformation = account.lakeformation
    with lakeformation.lock:
        tags = lakeformation.state.tags
        listed = [
            name
            for name in lakeformation.catalog.databases()
            if matches(wanted, tags.on_database(name)) and lakeformation.database_visible(call.caller, name)
        ]
        found, token = page(listed, str, params.get("NextToken"), params.get("MaxResults"), 1000)
        rows = [
            {
                "Database": {"CatalogId": account.account_id, "Name": name},
                "LFTags": _pairs(account, call, tags.on_database(name)),
            }
            for name in found
        ]
    return {"DatabaseList": rows, "NextToken": token} if token else {"DatabaseList": rows}


def search_tables_by_lf_tags(account: Account, call: Call) -> Output:
    """SearchTablesByLFTags: visible tables that match by themselves or by a visible column, paged."""
    params = call.params
    resources.own_catalog(params.get("CatalogId"), account.account_id)
    wanted = resources.expression(params["Expression"])
    lakeformation = account.lakeformation
    with lakeformation.lock:
        tags = lakeformation.state.tags
        listed: list[tuple[str, str]] = []
        for database in lakeformation.catalog.databases():
            for table in lakeformation.catalog.tables(database):
                shown = lakeformation.visible(call.caller, database, table).metadata_columns
                by_column = any(matches(wanted, tags.on_column(database, table, column)) for column in shown)
                if shown and (by_column or matches(wanted, tags.on_table(database, table))):
                    listed.append((database, table))
        found, token = page(listed, "\0".join, params.get("NextToken"), params.get("MaxResults"), 1000)
        rows = [_table_row(account, call, database, table) for database, table in found]
    return {"TableList": rows, "NextToken": token} if token else {"TableList": rows}


def _table_row(account: Account, call: Call, database: str, table: str) -> dict[str, Any]:
    tags = account.lakeformation.state.tags
    shown = account.lakeformation.visible(call.caller, database, table).metadata_columns
    columns = [
        {"Name": column, "LFTags": _pairs(account, call, tags.on_column(database, table, column))}
        for column in shown
        if (database, table, column) in tags.assigned
    ]
    return {
        "Table": {"CatalogId": account.account_id, "DatabaseName": database, "Name": table},
        "LFTagOnDatabase": _pairs(account, call, tags.on_database(database)),
        "LFTagsOnTable": _pairs(account, call, tags.on_table(database, table)),
        "LFTagsOnColumns": columns,
    }


def _each(account: Account, call: Call, one: Callable[[Account, Target, str, str], None]) -> Output:
    resources.own_catalog(call.params.get("CatalogId"), account.account_id)
    lakeformation = account.lakeformation
    failures = []
    with lakeformation.lock:
        resource = _taggable(account, call)
        _require_known(account, call, resource)
        _require_owner(account, call, resource)
        for given in call.params["LFTags"]:
            try:
                key, value = _associable(account, call, given)
                for column in resource.values or ("",):
                    one(account, (resource.database, resource.table, column), key, value)
            except AwsError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                failures.append({"LFTag": dict(given), "Error": detail})
        lakeformation.changed()
    return {"Failures": failures} if failures else {}


def _assign(account: Account, target: Target, key: str, value: str) -> None:
    tags = account.lakeformation.state.tags
    own = tags.assigned.get(target, {})
    if key not in own and len(own) >= MOST_PER_RESOURCE:
        raise invalid(f"A resource can have at most {MOST_PER_RESOURCE} LF-Tags.")
    tags.assign(target, key, value)


def _remove(account: Account, target: Target, key: str, value: str) -> None:
    tags = account.lakeformation.state.tags
    if tags.assigned.get(target, {}).get(key) != value:
        raise AwsError("EntityNotFoundException", "Tag is not assigned to the resource")
    tags.remove(target, key)


def _associable(account: Account, call: Call, given: Mapping[str, Any]) -> tuple[str, str]:
    """The one key and value, if the caller holds ASSOCIATE on it."""
    key, values = given["TagKey"].lower(), [value.lower() for value in given["TagValues"]]
    if len(values) != 1:
        raise invalid("Only one value of an LF-Tag can be assigned to a resource.")
    state, principal = account.lakeformation.state, call.caller.principal_arn
    definition = state.tags.definitions.get(key)
    held = authority.tag_permissions(state, principal, key, values[0])
    if definition is None or values[0] not in definition.values:
        if state.is_any_admin(principal):
            raise AwsError("EntityNotFoundException", "Tag key or value does not exist")
        raise denials.required("ASSOCIATE", key)
    if "ASSOCIATE" not in held:
        raise denials.required("ASSOCIATE", key)
    return key, values[0]


def _taggable(account: Account, call: Call) -> Resource:
    resource = resources.parsed(call.params["Resource"], account.account_id)
    if resource.kind not in (Kind.DATABASE, Kind.TABLE, Kind.COLUMNS):
        raise invalid("Must provide a database, a table, or column names for LF-Tags.")
    return resource


def _require_known(account: Account, call: Call, resource: Resource) -> None:
    """Refuses what the caller may not know of; an administrator is told what does not exist."""
    lakeformation = account.lakeformation
    if not resource.table:
        if lakeformation.catalog.database(resource.database) is None:
            _missing(account, call, "Database not found.", resource.database)
        if not lakeformation.database_visible(call.caller, resource.database):
            raise denials.required("DESCRIBE", resource.database)
        return
    visibility = lakeformation.visible(call.caller, resource.database, resource.table)
    if not visibility.exists:
        _missing(account, call, "Table not found.", resource.table)
    if not visibility.visible:
        raise denials.required("DESCRIBE", resource.table)
    unknown = [column for column in resource.values if column not in visibility.metadata_columns]
    if unknown:
        raise AwsError("EntityNotFoundException", f"Column not found: {', '.join(unknown)}")


def _missing(account: Account, call: Call, message: str, name: str) -> None:
    if account.lakeformation.state.is_any_admin(call.caller.principal_arn):
        raise AwsError("EntityNotFoundException", message)
    raise denials.required("DESCRIBE", name)


def _require_owner(account: Account, call: Call, resource: Resource) -> None:
    if resource.table:
        whole, needed = table_resource(resource.database, resource.table), OWNER_OF[Kind.TABLE]
    else:
        whole, needed = database_resource(resource.database), OWNER_OF[Kind.DATABASE]
    if not authority.may_grant(account.lakeformation.state, call.caller.principal_arn, whole, needed):
        raise denials.required("ALTER", whole)


def _pairs(account: Account, call: Call, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """The LF-Tags that the caller may see."""
    return [
        {"CatalogId": account.account_id, "TagKey": key, "TagValues": [value]}
        for key, value in sorted(tags.items())
        if value in visible_values(account, call.caller.principal_arn, key)
    ]


HANDLERS: dict[str, Handler] = {
    "AddLFTagsToResource": add_lf_tags_to_resource,
    "RemoveLFTagsFromResource": remove_lf_tags_from_resource,
    "GetResourceLFTags": get_resource_lf_tags,
    "SearchDatabasesByLFTags": search_databases_by_lf_tags,
    "SearchTablesByLFTags": search_tables_by_lf_tags,
}
