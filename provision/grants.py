"""Lake Formation permissions: exactly those that the plan means, granted and revoked in batches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lakeproof.plan import Permission, Plan, permissions
from provision import settings
from provision.journal import Entry
from provision.principals import ROLE
from provision.site import Kind, ProvisionError, Site, busy

_ENTRIES_A_CALL = 20
"""Lake Formation API, BatchGrantPermissions: at most 20 entries."""


def resource(permission: Permission, account_id: str) -> dict[str, Any]:
    """The permission's resource as the Lake Formation API writes it."""
    if permission.expression is not None:
        tags = [{"TagKey": key, "TagValues": list(values)} for key, values in permission.expression]
        return {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": tags}}
    if permission.table is None:
        return {"Database": {"Name": permission.database}}
    if permission.filter is not None:
        place = {"TableCatalogId": account_id, "DatabaseName": permission.database, "TableName": permission.table}
        return {"DataCellsFilter": {**place, "Name": permission.filter}}
    named = {"DatabaseName": permission.database, "Name": permission.table}
    if permission.include is not None:
        return {"TableWithColumns": {**named, "ColumnNames": list(permission.include)}}
    if permission.exclude is not None:
        wildcard = {"ExcludedColumnNames": list(permission.exclude)}
        return {"TableWithColumns": {**named, "ColumnWildcard": wildcard}}
    return {"Table": named}


def make_grants(site: Site, plan: Plan) -> None:
    """Grant every permission of the plan. Raises ProvisionError when one is refused, naming it."""
    wanted = [_request(plan, permission) for permission in permissions(plan)]
    site.progress(f"grants: {len(wanted)} Lake Formation permissions")
    todo = []
    for request in wanted:
        entry = site.journal.find(GRANT.name, _id(request))
        if entry is None or entry.state != "made":
            todo.append((entry, request))
    begun = iter(site.journal.begin([(GRANT.name, _id(request), request) for entry, request in todo if entry is None]))
    entries = [(entry or next(begun), request) for entry, request in todo]
    for start in range(0, len(entries), _ENTRIES_A_CALL):
        part = entries[start : start + _ENTRIES_A_CALL]
        site.patiently(
            ["InvalidInputException"],
            _send,
            site=site,
            operation="batch_grant_permissions",
            requests=[request for _, request in part],
        )
        for entry, _ in part:
            site.journal.made(entry, {})


def _request(plan: Plan, permission: Permission) -> dict[str, Any]:
    return {
        "Principal": {"DataLakePrincipalIdentifier": plan.role_arn(permission.role)},
        "Resource": resource(permission, plan.policy_values()["account"]),
        "Permissions": [permission.permission],
        "PermissionsWithGrantOption": [permission.permission] if permission.grant_option else [],
    }


def _id(request: dict[str, Any]) -> str:
    role = request["Principal"]["DataLakePrincipalIdentifier"].rsplit("/", 1)[-1]
    return f"{role} {request['Permissions'][0]} {json.dumps(request['Resource'], sort_keys=True)}"


def _send(site: Site, operation: str, requests: Sequence[dict[str, Any]]) -> None:
    call = getattr(site.client("lakeformation"), operation)

    def send(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        failures = [
            failure
            for failure in call(Entries=entries).get("Failures", [])
            if operation.startswith("batch_grant") or not _nothing_to_revoke(failure)
        ]
        refused = [failure for failure in failures if not busy(failure.get("Error", {}).get("ErrorCode"))]
        if refused:
            raise _refused(refused, len(requests))
        return [entry for entry in entries if entry["Id"] in {failure["RequestEntry"]["Id"] for failure in failures}]

    left = site.until_taken([{"Id": str(index), **request} for index, request in enumerate(requests)], send)
    if left:
        raise ProvisionError(f"Lake Formation was too busy for {len(left)} of {len(requests)} permissions")


def _refused(failures: Sequence[dict[str, Any]], all_of: int) -> ProvisionError:
    first = failures[0]
    return ProvisionError(
        f"{len(failures)} of {all_of} permissions were refused; the first, {_id(first['RequestEntry'])}: "
        f"{first.get('Error')}"
    )


def _nothing_to_revoke(failure: dict[str, Any]) -> bool:
    """The grant, its table or its role is gone already. Lake Formation says so in several ways, all of them invalid
    input; whether a permission remains is not judged by these words but read back."""
    return failure.get("Error", {}).get("ErrorCode") in ("EntityNotFoundException", "InvalidInputException")


def _revoke(site: Site, entry: Entry) -> None:
    _revoke_all(site, [entry])


def _revoke_all(site: Site, entries: Sequence[Entry]) -> None:
    """Revoke the permissions of many entries in few calls."""
    for start in range(0, len(entries), _ENTRIES_A_CALL):
        _send(
            site, "batch_revoke_permissions", [dict(entry.undo) for entry in entries[start : start + _ENTRIES_A_CALL]]
        )
    orphans = list(_to_our_roles(site, entries))
    for start in range(0, len(orphans), _ENTRIES_A_CALL):
        site.progress(f"note: revoking what others granted to this run's roles ({len(orphans)})")
        _send(site, "batch_revoke_permissions", orphans[start : start + _ENTRIES_A_CALL])


def _to_our_roles(site: Site, entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    """What somebody else granted to a role that this run made. The role goes, and a grant by LF-Tags would outlive it,
    for whoever makes a role of that name next."""
    ours = {
        arn
        for arn in {entry.undo["Principal"]["DataLakePrincipalIdentifier"] for entry in entries}
        if site.journal.find(ROLE.name, arn.rsplit("/", 1)[-1])
    }
    for row in settings.permissions(site):
        if row["Principal"]["DataLakePrincipalIdentifier"] in ours:
            yield {key: row[key] for key in ("Principal", "Resource", "Permissions", "PermissionsWithGrantOption")}


def _remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    """Those whose principal still holds a permission, on whatever: one list of the account's permissions tells."""
    if not entries:
        return
    holders = {grant["Principal"]["DataLakePrincipalIdentifier"] for grant in settings.permissions(site)}
    for entry in entries:
        if entry.undo["Principal"]["DataLakePrincipalIdentifier"] in holders:
            yield entry


GRANT = Kind("grant", 60, _revoke, _remaining, remove_all=_revoke_all)
KINDS = (GRANT,)
