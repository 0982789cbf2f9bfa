"""GrantPermissions, RevokePermissions and their batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError, not_implemented
from localaws.lakeformation import authority, denials, principals, resources
from localaws.lakeformation.catalog import CatalogCache
from localaws.lakeformation.grants import grant_of
from localaws.lakeformation.model import IAM_ALLOWED_PRINCIPALS, UNSERVED, VALID, Kind, Resource
from localaws.lakeformation.resources import invalid
from localaws.lakeformation.state import State

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
MOST_FILTERS = 100
"""Data filters per principal and table ('Data filtering limitations')."""

NOT_HELD = "Grantee has no permissions and no grantable permissions on resource"
"""Observed text of RevokePermissions where nothing is held."""


@dataclass(frozen=True, slots=True)
class Request:
    """A grant or revocation as asked for, well formed in itself."""

    principal: str
    resource: Resource
    permissions: frozenset[str]
    grantable: frozenset[str]


def grant_permissions(account: Account, call: Call) -> Output:
    """GrantPermissions. Raises InvalidInputException, EntityNotFoundException, AccessDeniedException."""
    _grant(account, call, call.params)
    return {}


def revoke_permissions(account: Account, call: Call) -> Output:
    """RevokePermissions: all of the named permissions, or none and InvalidInputException [all or none: inferred]."""
    _revoke(account, call, call.params)
    return {}


def batch_grant_permissions(account: Account, call: Call) -> Output:
    """BatchGrantPermissions: each entry by itself; what failed is in ``Failures``."""
    return _batch(account, call, _grant)


def batch_revoke_permissions(account: Account, call: Call) -> Output:
    """BatchRevokePermissions: each entry by itself; what failed is in ``Failures``."""
    return _batch(account, call, _revoke)


def _batch(account: Account, call: Call, one: Callable[[Account, Call, Mapping[str, Any]], None]) -> Output:
    resources.own_catalog(call.params.get("CatalogId"), account.account_id)
    ids = [entry["Id"] for entry in call.params["Entries"]]
    if len(set(ids)) != len(ids):
        raise invalid("The Ids of the entries must be unique.")
    failures = []
    for entry in call.params["Entries"]:
        try:
            account.faults.fail_entry(call.service, call.operation)
            one(account, call, entry)
        except AwsError as error:
            if error.code == "NotImplemented":
                raise
            detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
            failures.append({"RequestEntry": dict(entry), "Error": detail})
    return {"Failures": failures}


def _request(account: Account, params: Mapping[str, Any], principal: str) -> Request:
    if params.get("Condition"):
        raise not_implemented("lakeformation", "Condition", "(attribute-based grants) is not served")
    resources.own_catalog(params.get("CatalogId"), account.account_id)
    if not params.get("Resource"):
        raise invalid("Resource is required.")
    resource = resources.parsed(params["Resource"], account.account_id)
    permissions = frozenset(params.get("Permissions") or ())
    option = frozenset(params.get("PermissionsWithGrantOption") or ())
    asked = permissions | option
    valid = VALID[resource.kind]
    if resource.kind is Kind.TAG:
        valid = VALID["TAG"] | VALID["TAG_VALUES"]
    if asked & UNSERVED.get(resource.kind, frozenset()):
        raise not_implemented("lakeformation", f"Permissions on the catalog: {', '.join(sorted(asked - valid))}")
    if not asked or not asked <= valid:
        raise invalid("Permissions modification is invalid.")
    return Request(principal, resource, permissions, option)


def _grant(account: Account, call: Call, params: Mapping[str, Any]) -> None:
    principal = principals.existing(account, (params.get("Principal") or {}).get("DataLakePrincipalIdentifier"))
    request = _request(account, params, principal)
    lakeformation = account.lakeformation
    with lakeformation.lock:
        state, caller = lakeformation.state, call.caller.principal_arn
        if not authority.may_grant(state, caller, request.resource, request.permissions | request.grantable):
            raise denials.not_grantor()
        _check_grant(request)
        _check_exists(state, lakeformation.catalog, request.resource)
        _check_filter_limit(state, request)
        at, by = account.clock.now(), call.caller.arn
        permissions = request.permissions | request.grantable
        state.grants.add(grant_of(principal, request.resource, permissions, request.grantable, at, by))
        lakeformation.changed()


def _check_grant(request: Request) -> None:
    """The combinations that Lake Formation refuses ('Data filtering limitations', 'Hybrid access mode')."""
    if not request.grantable <= request.permissions:
        raise invalid("PermissionsWithGrantOption must be a subset of Permissions.")
    if request.resource.kind is Kind.COLUMNS_EXCEPT and request.grantable:
        raise invalid("Grant option is not supported with excluded columns: use an include list.")
    if request.principal == IAM_ALLOWED_PRINCIPALS:
        if request.grantable:
            raise invalid("IAM_ALLOWED_PRINCIPALS cannot be granted permissions with grant option.")
        if request.resource.kind not in (Kind.CATALOG, Kind.DATABASE, Kind.TABLE):
            raise invalid(f"IAM_ALLOWED_PRINCIPALS cannot be granted permissions on {request.resource}.")


def _check_exists(state: State, catalog: CatalogCache, resource: Resource) -> None:
    """Raises EntityNotFoundException or InvalidInputException for what the resource names but is not there."""
    if resource.database and catalog.database(resource.database) is None:
        raise AwsError("EntityNotFoundException", "Database not found.")
    if resource.table:
        schema = catalog.schema(resource.database, resource.table)
        if schema is None:
            raise AwsError("EntityNotFoundException", "Table not found.")
        if resource.kind in (Kind.COLUMNS, Kind.COLUMNS_EXCEPT):
            missing = [column for column in resource.values if column not in schema.all_columns]
            if missing:
                raise invalid(f"cannot grant/revoke permission on non-existent column: {', '.join(missing)}")
        filters = state.filters.get((resource.database, resource.table), {})
        if resource.kind is Kind.FILTER and resource.name not in filters:
            raise AwsError("EntityNotFoundException", "Data cells filter not found.")
    if resource.kind is Kind.LOCATION and state.location(resource.name) is None:
        raise invalid("Please register the S3 path before granting permissions on it.")
    tags = [(resource.name, resource.values)] if resource.kind is Kind.TAG else resource.expression
    for key, values in tags:
        definition = state.tags.definitions.get(key)
        if definition is None:
            raise AwsError("EntityNotFoundException", f"Tag key {key} not found.")
        if not set(values) <= definition.values | {"*"}:
            raise AwsError("EntityNotFoundException", f"Tag values of {key} not found.")


def _check_filter_limit(state: State, request: Request) -> None:
    resource = request.resource
    if resource.kind is not Kind.FILTER:
        return
    held = state.grants.at(("TABLE", resource.database, resource.table), request.principal)
    filters = {grant.resource for grant in held if grant.resource.kind is Kind.FILTER}
    if len(filters | {resource}) > MOST_FILTERS:
        raise invalid(f"A principal can hold at most {MOST_FILTERS} data filters on a table.")


def _revoke(account: Account, call: Call, params: Mapping[str, Any]) -> None:
    principal = principals.named(account, (params.get("Principal") or {}).get("DataLakePrincipalIdentifier"))
    request = _request(account, params, principal)
    lakeformation = account.lakeformation
    with lakeformation.lock:
        state, caller = lakeformation.state, call.caller.principal_arn
        if not authority.may_grant(state, caller, request.resource, request.permissions | request.grantable):
            raise denials.not_grantor()
        if request.resource.kind is Kind.COLUMNS:
            _revoke_columns(account, call, request)
        else:
            _revoke_permissions(account, call, request)
        lakeformation.changed()


def _revoke_permissions(account: Account, call: Call, request: Request) -> None:
    """Revoking ALL takes everything; revoking one permission of ALL leaves the others [inferred]."""
    state = account.lakeformation.state
    held = state.grants.get(request.principal, request.resource)
    if held is None:
        raise invalid(NOT_HELD)
    every = VALID[request.resource.kind] if "ALL" in held.permissions else held.permissions
    grantable = VALID[request.resource.kind] if "ALL" in held.grantable else held.grantable
    if "ALL" in request.permissions:
        if "ALL" not in held.permissions:
            raise _not_held(request.permissions - held.permissions)
        left, left_grantable = frozenset[str](), frozenset[str]()
    else:
        if not request.permissions <= every or not request.grantable <= grantable:
            raise _not_held((request.permissions - every) | (request.grantable - grantable))
        gone = request.permissions
        left = every - gone - {"ALL"} if gone else held.permissions
        left_grantable = grantable - gone - request.grantable
        if gone or request.grantable:
            left_grantable -= {"ALL"}
        if "ALL" in request.grantable:
            left_grantable = frozenset()
    grant = replace(
        held, permissions=left, grantable=left_grantable & left, updated=account.clock.now(), updated_by=call.caller.arn
    )
    state.grants.set(grant)


def _revoke_columns(account: Account, call: Call, request: Request) -> None:
    """Take columns out of what the principal holds by include list, or only the grant option on them."""
    state, resource = account.lakeformation.state, request.resource
    held = state.grants.columns_of(request.principal, resource.database, resource.table)
    missing = [column for column in resource.values if column not in held]
    if len(missing) == len(resource.values):
        raise invalid(NOT_HELD)
    if missing:
        raise _not_held(frozenset({f"SELECT on {', '.join(missing)}"}))
    if request.permissions:
        left = {column: option for column, option in held.items() if column not in resource.values}
    else:
        left = {column: option and column not in resource.values for column, option in held.items()}
    select = {"SELECT"}
    template = grant_of(request.principal, resource, select, (), account.clock.now(), call.caller.arn)
    state.grants.set_columns(template, left)


def _not_held(permissions: frozenset[str]) -> AwsError:
    return invalid(f"No permissions revoked. Grantee does not have: [{', '.join(sorted(permissions))}]")


HANDLERS: dict[str, Handler] = {
    "GrantPermissions": grant_permissions,
    "RevokePermissions": revoke_permissions,
    "BatchGrantPermissions": batch_grant_permissions,
    "BatchRevokePermissions": batch_revoke_permissions,
}
