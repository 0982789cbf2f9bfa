"""AWS::LakeFormation::Permissions and PrincipalPermissions: grants, and their revocation.

A grant that another one replaces is revoked after the new one was made. What the new one, or any other grant of the
same stack, gives the principal on the same table is not revoked with it [inferred]: no access is lost on the way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from localaws.cloudformation.types.principals import missing
from localaws.cloudformation.work import Refused, ResourceType, Work, made_up

Properties = Mapping[str, Any]
Request = dict[str, Any]
LF = "lakeformation"
NOT_HELD = "has no permissions and no grantable permissions on resource"
OLD, NEW = "AWS::LakeFormation::Permissions", "AWS::LakeFormation::PrincipalPermissions"
NAMES = {
    "DatabaseResource": "Database",
    "DataLocationResource": "DataLocation",
    "TableResource": "Table",
    "TableWithColumnsResource": "TableWithColumns",
}


def _request(kind: str, properties: Properties) -> Request:
    """The grant as GrantPermissions takes it."""
    if kind == NEW:
        return {
            "CatalogId": properties.get("Catalog"),
            "Principal": properties["Principal"],
            "Resource": properties["Resource"],
            "Permissions": properties["Permissions"],
            "PermissionsWithGrantOption": properties["PermissionsWithGrantOption"],
        }
    resource = {NAMES[name]: dict(value) for name, value in properties["Resource"].items()}
    if "DataLocation" in resource:
        resource["DataLocation"]["ResourceArn"] = resource["DataLocation"].pop("S3Resource")
    return {
        "Principal": properties["DataLakePrincipal"],
        "Resource": resource,
        "Permissions": properties.get("Permissions", []),
        "PermissionsWithGrantOption": properties.get("PermissionsWithGrantOption", []),
    }


def _create(work: Work, wanted: Properties) -> None:
    request = _request(work.held.type, wanted)
    work.call(LF, "GrantPermissions", request)
    if work.held.type == OLD:
        work.born(made_up(work.stack.name, work.held.logical_id, 128))
        work.held.attributes["Id"] = work.held.physical_id
        return
    principal, resource = (json.dumps(request[name], sort_keys=True) for name in ("Principal", "Resource"))
    work.born(f"{principal}|{resource}", PrincipalIdentifier=principal, ResourceIdentifier=resource)


def _update(work: Work, wanted: Properties) -> None:
    before, after = _request(work.held.type, work.held.properties), _request(work.held.type, wanted)
    work.call(LF, "GrantPermissions", after)
    gone = {name: missing(before[name], after[name]) for name in ("Permissions", "PermissionsWithGrantOption")}
    if any(gone.values()):
        _revoke(work, {**before, **gone})


def _delete(work: Work) -> None:
    request = _request(work.held.type, work.held.properties)
    for other in _others(work):
        _spare(request, other)
    if request["Permissions"] or request["PermissionsWithGrantOption"]:
        _revoke(work, request)


def _revoke(work: Work, request: Request) -> None:
    try:
        work.remove(LF, "RevokePermissions", request)
    except Refused as refused:
        if NOT_HELD not in str(refused):
            raise


def _others(work: Work) -> Iterator[Request]:
    """The other grants that the stack has made to the same principal."""
    own = _request(work.held.type, work.held.properties)["Principal"]
    for held in work.stack.resources.values():
        if held is not work.held and held.type in (OLD, NEW) and held.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            request = _request(held.type, held.properties)
            if request["Principal"] == own:
                yield request


def _spare(request: Request, other: Request) -> None:
    """Leave out of a revocation what another grant gives: columns of the same table, or permissions on the same."""
    own, its = (one["Resource"].get("TableWithColumns", {}) for one in (request, other))
    if "ColumnNames" in own and "ColumnNames" in its:
        place = ("DatabaseName", "Name")
        if all(own.get(name) == its.get(name) for name in place):
            left = missing(own["ColumnNames"], its["ColumnNames"])
            request["Resource"] = {"TableWithColumns": {**own, "ColumnNames": left}}
            if not left:
                request["Permissions"] = request["PermissionsWithGrantOption"] = []
    elif request["Resource"] == other["Resource"]:
        for name in ("Permissions", "PermissionsWithGrantOption"):
            request[name] = missing(request[name], other[name])


TYPES = {OLD: ResourceType(_create, _update, _delete), NEW: ResourceType(_create, _update, _delete)}
