"""Opt-ins: for whom Lake Formation's permissions are enforced in hybrid access mode, and on what.

Source: developer guide, 'Hybrid access mode considerations and limitations': only an administrator can opt in
principals; opting in to a database does not cover its tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError, not_implemented
from localaws.lakeformation import denials, principals, resources
from localaws.lakeformation.model import Kind, OptIn, Resource
from localaws.lakeformation.paging import page

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
SERVED = (Kind.DATABASE, Kind.TABLE, Kind.ALL_TABLES)


def create_lake_formation_opt_in(account: Account, call: Call) -> Output:
    """CreateLakeFormationOptIn. Opting in again changes nothing but the time [inferred]."""
    identifier = (call.params.get("Principal") or {}).get("DataLakePrincipalIdentifier")
    principal = principals.existing(account, identifier)
    lakeformation = account.lakeformation
    with lakeformation.lock:
        _require_admin(account, call)
        resource = _resource(account, call)
        if lakeformation.catalog.database(resource.database) is None:
            raise AwsError("EntityNotFoundException", "Database not found.")
        if resource.table and lakeformation.catalog.table(resource.database, resource.table) is None:
            raise AwsError("EntityNotFoundException", "Table not found.")
        opt_in = OptIn(principal, resource, account.clock.now(), call.caller.arn)
        lakeformation.state.opt_ins[(principal, resource)] = opt_in
        lakeformation.changed()
    return {}


def delete_lake_formation_opt_in(account: Account, call: Call) -> Output:
    """DeleteLakeFormationOptIn. Raises EntityNotFoundException."""
    identifier = (call.params.get("Principal") or {}).get("DataLakePrincipalIdentifier")
    principal = principals.named(account, identifier)
    lakeformation = account.lakeformation
    with lakeformation.lock:
        _require_admin(account, call)
        if lakeformation.state.opt_ins.pop((principal, _resource(account, call)), None) is None:
            raise AwsError("EntityNotFoundException", "Opt-in not found.")
        lakeformation.changed()
    return {}


def list_lake_formation_opt_ins(account: Account, call: Call) -> Output:
    """ListLakeFormationOptIns, by Principal and Resource, paged. For administrators of either sort."""
    params = call.params
    lakeformation = account.lakeformation
    with lakeformation.lock:
        if not lakeformation.state.is_any_admin(call.caller.principal_arn):
            raise denials.not_administrator(call.operation)
        chosen = list(lakeformation.state.opt_ins.values())
    if params.get("Principal"):
        principal = principals.named(account, params["Principal"].get("DataLakePrincipalIdentifier"))
        chosen = [opt_in for opt_in in chosen if opt_in.principal == principal]
    if params.get("Resource"):
        wanted = _resource(account, call)
        chosen = [opt_in for opt_in in chosen if opt_in.resource == wanted]
    key = lambda opt_in: f"{opt_in.principal}\0{opt_in.resource}"  # noqa: E731
    found, token = page(chosen, key, params.get("NextToken"), params.get("MaxResults"), 1000)
    output: dict[str, Any] = {
        "LakeFormationOptInsInfoList": [
            {
                "Resource": resources.rendered(opt_in.resource, account.account_id),
                "Principal": {"DataLakePrincipalIdentifier": opt_in.principal},
                "LastModified": opt_in.modified,
                "LastUpdatedBy": opt_in.updated_by,
            }
            for opt_in in found
        ]
    }
    return {**output, "NextToken": token} if token else output


def _resource(account: Account, call: Call) -> Resource:
    if call.params.get("Condition"):
        raise not_implemented("lakeformation", "Condition", "(attribute-based opt-ins) is not served")
    resource = resources.parsed(call.params["Resource"], account.account_id)
    if resource.kind not in SERVED:
        raise not_implemented("lakeformation", f"opt-in to {resource.kind}")
    return resource


def _require_admin(account: Account, call: Call) -> None:
    if not account.lakeformation.state.is_admin(call.caller.principal_arn):
        raise denials.not_administrator(call.operation)


HANDLERS: dict[str, Handler] = {
    "CreateLakeFormationOptIn": create_lake_formation_opt_in,
    "DeleteLakeFormationOptIn": delete_lake_formation_opt_in,
    "ListLakeFormationOptIns": list_lake_formation_opt_ins,
}
