"""AWS::SageMaker::Domain and UserProfile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.types.tagging import retagged
from localaws.cloudformation.work import ResourceType, Work

Properties = Mapping[str, Any]
DESCRIBED = ("DomainArn", "DomainId", "HomeEfsFileSystemId", "SecurityGroupIdForDomainBoundary", "Url")
UPDATABLE = ("DefaultUserSettings", "DefaultSpaceSettings", "AppSecurityGroupManagement", "SubnetIds",
             "AppNetworkAccessType", "TagPropagation", "VpcId")  # fmt: skip


def _create_domain(work: Work, wanted: Properties) -> None:
    made = work.call("sagemaker", "CreateDomain", wanted)
    work.born(made["DomainId"])
    found = work.call("sagemaker", "DescribeDomain", {"DomainId": made["DomainId"]})
    work.held.attributes.update({name: found[name] for name in DESCRIBED if name in found})


def _update_domain(work: Work, wanted: Properties) -> None:
    former = work.held.properties
    changed = {name: wanted[name] for name in UPDATABLE if name in wanted and wanted[name] != former.get(name)}
    if wanted.get("DomainSettings") != former.get("DomainSettings"):
        changed["DomainSettingsForUpdate"] = wanted.get("DomainSettings", {})
    if changed:
        work.call("sagemaker", "UpdateDomain", {"DomainId": work.held.physical_id, **changed})
    _retag(work, work.held.attributes["DomainArn"], wanted)


def _delete_domain(work: Work) -> None:
    work.remove("sagemaker", "DeleteDomain", {"DomainId": work.held.physical_id})


def _profile(properties: Properties) -> dict[str, str]:
    return {name: properties[name] for name in ("DomainId", "UserProfileName")}


def _create_profile(work: Work, wanted: Properties) -> None:
    made = work.call("sagemaker", "CreateUserProfile", wanted)
    work.born(f"{wanted['UserProfileName']}|{wanted['DomainId']}", UserProfileArn=made["UserProfileArn"])


def _update_profile(work: Work, wanted: Properties) -> None:
    if wanted.get("UserSettings") != work.held.properties.get("UserSettings"):
        settings = {"UserSettings": wanted.get("UserSettings", {})}
        work.call("sagemaker", "UpdateUserProfile", {**_profile(wanted), **settings})
    _retag(work, work.held.attributes["UserProfileArn"], wanted)


def _delete_profile(work: Work) -> None:
    work.remove("sagemaker", "DeleteUserProfile", _profile(work.held.properties))


def _retag(work: Work, arn: str, wanted: Properties) -> None:
    changed, gone = retagged(work.held.properties, wanted)
    if gone:
        work.call("sagemaker", "DeleteTags", {"ResourceArn": arn, "TagKeys": gone})
    if changed:
        work.call("sagemaker", "AddTags", {"ResourceArn": arn, "Tags": changed})


TYPES = {
    "AWS::SageMaker::Domain": ResourceType(_create_domain, _update_domain, _delete_domain),
    "AWS::SageMaker::UserProfile": ResourceType(_create_profile, _update_profile, _delete_profile),
}
