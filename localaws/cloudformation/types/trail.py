"""AWS::CloudTrail::Trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.types.tagging import retagged
from localaws.cloudformation.work import ResourceType, Work

Properties = Mapping[str, Any]
SETTINGS = ("S3BucketName", "S3KeyPrefix", "EnableLogFileValidation", "IncludeGlobalServiceEvents",
            "IsMultiRegionTrail", "IsOrganizationTrail")  # fmt: skip
NEW = {"S3KeyPrefix": "", "EnableLogFileValidation": False, "IncludeGlobalServiceEvents": True,
       "IsMultiRegionTrail": False, "IsOrganizationTrail": False}  # fmt: skip
EVERYTHING = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]
"""The event selectors of a new trail."""


def _create(work: Work, wanted: Properties) -> None:
    settings = {name: wanted.get(name) for name in SETTINGS}
    params = {"Name": work.named(wanted, 128), **settings, "TagsList": wanted.get("Tags")}
    made = work.call("cloudtrail", "CreateTrail", params)
    work.born(made["Name"], Arn=made["TrailARN"], SnsTopicArn="")
    _select(work, {}, wanted)
    if wanted["IsLogging"]:
        work.call("cloudtrail", "StartLogging", {"Name": made["Name"]})


def _update(work: Work, wanted: Properties) -> None:
    former, name = work.held.properties, work.held.physical_id
    changed = {one: wanted.get(one, NEW.get(one)) for one in SETTINGS if wanted.get(one) != former.get(one)}
    if changed:
        work.call("cloudtrail", "UpdateTrail", {"Name": name, **changed})
    _select(work, former, wanted)
    if wanted["IsLogging"] != former["IsLogging"]:
        work.call("cloudtrail", "StartLogging" if wanted["IsLogging"] else "StopLogging", {"Name": name})
    tags, gone = retagged(former, wanted)
    arn = work.held.attributes["Arn"]
    if gone:
        work.call("cloudtrail", "RemoveTags", {"ResourceId": arn, "TagsList": [{"Key": key} for key in gone]})
    if tags:
        work.call("cloudtrail", "AddTags", {"ResourceId": arn, "TagsList": tags})


def _select(work: Work, former: Properties, wanted: Properties) -> None:
    kinds = ("EventSelectors", "AdvancedEventSelectors")
    if all(wanted.get(kind) == former.get(kind) for kind in kinds):
        return
    chosen = {kind: wanted[kind] for kind in kinds if wanted.get(kind)} or {"EventSelectors": EVERYTHING}
    work.call("cloudtrail", "PutEventSelectors", {"TrailName": work.held.physical_id, **chosen})


def _delete(work: Work) -> None:
    work.remove("cloudtrail", "DeleteTrail", {"Name": work.held.physical_id})


TYPES = {"AWS::CloudTrail::Trail": ResourceType(_create, _update, _delete)}
