"""AWS::IAM::Policy (inline, in several principals) and ManagedPolicy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from localaws.cloudformation.problems import Failed
from localaws.cloudformation.work import ResourceType, Work

Properties = Mapping[str, Any]
KINDS = ("Group", "Role", "User")


def _holders(properties: Properties) -> Iterator[tuple[str, str]]:
    """(kind, name) of the principals that hold the policy."""
    return ((kind, name) for kind in KINDS for name in dict.fromkeys(properties.get(f"{kind}s", [])))


def _create_inline(work: Work, wanted: Properties) -> None:
    if not list(_holders(wanted)):
        raise Failed("At least one of [Groups,Roles,Users] must be non-empty.")
    work.born(work.named(wanted, 128))
    work.held.attributes["Id"] = work.held.physical_id
    _put(work, {}, wanted)


def _update_inline(work: Work, wanted: Properties) -> None:
    _put(work, work.held.properties, wanted)


def _put(work: Work, former: Properties, wanted: Properties) -> None:
    """Write the policy where it is wanted, then delete it where it no longer is, or where it had another name."""
    document = json.dumps(wanted["PolicyDocument"])
    for kind, name in _holders(wanted):
        params = {f"{kind}Name": name, "PolicyName": wanted["PolicyName"], "PolicyDocument": document}
        work.call("iam", f"Put{kind}Policy", params)
    kept = {(kind, name, wanted["PolicyName"]) for kind, name in _holders(wanted)}
    for kind, name in _holders(former):
        if (kind, name, former["PolicyName"]) not in kept:
            work.remove("iam", f"Delete{kind}Policy", {f"{kind}Name": name, "PolicyName": former["PolicyName"]})


def _delete_inline(work: Work) -> None:
    former = work.held.properties
    for kind, name in _holders(former):
        work.remove("iam", f"Delete{kind}Policy", {f"{kind}Name": name, "PolicyName": former["PolicyName"]})


def _create_managed(work: Work, wanted: Properties) -> None:
    params = {
        "PolicyName": work.named(wanted, 128),
        "PolicyDocument": json.dumps(wanted["PolicyDocument"]),
        "Description": wanted.get("Description"),
        "Path": wanted.get("Path"),
    }
    made = work.call("iam", "CreatePolicy", params)["Policy"]
    work.born(made["Arn"], PolicyArn=made["Arn"], PolicyId=made["PolicyId"])
    _attach(work, {}, wanted)
    _describe(work)


def _update_managed(work: Work, wanted: Properties) -> None:
    former, arn = work.held.properties, work.held.physical_id
    if wanted["PolicyDocument"] != former["PolicyDocument"]:
        _new_version(work, arn, json.dumps(wanted["PolicyDocument"]))
    _attach(work, former, wanted)
    _describe(work)


def _new_version(work: Work, arn: str, document: str) -> None:
    """A policy has at most five versions: the oldest that is not the default one makes room."""
    versions = work.call("iam", "ListPolicyVersions", {"PolicyArn": arn})["Versions"]
    if len(versions) >= 5:
        spare = [version["VersionId"] for version in versions if not version["IsDefaultVersion"]]
        work.call("iam", "DeletePolicyVersion", {"PolicyArn": arn, "VersionId": min(spare, key=_number)})
    work.call("iam", "CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": document, "SetAsDefault": True})


def _number(version: str) -> int:
    return int(version.removeprefix("v"))


def _attach(work: Work, former: Properties, wanted: Properties) -> None:
    arn = work.held.physical_id
    before, after = set(_holders(former)), set(_holders(wanted))
    for kind, name in sorted(after - before):
        work.call("iam", f"Attach{kind}Policy", {f"{kind}Name": name, "PolicyArn": arn})
    for kind, name in sorted(before - after):
        work.remove("iam", f"Detach{kind}Policy", {f"{kind}Name": name, "PolicyArn": arn})


def _describe(work: Work) -> None:
    found = work.call("iam", "GetPolicy", {"PolicyArn": work.held.physical_id})["Policy"]
    names = ("AttachmentCount", "DefaultVersionId", "IsAttachable", "PermissionsBoundaryUsageCount")
    dates = {name: found[name].strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("CreateDate", "UpdateDate")}
    work.held.attributes.update({name: found[name] for name in names if name in found} | dates)


def _delete_managed(work: Work) -> None:
    arn = work.held.physical_id
    _attach(work, work.held.properties, {})
    found = work.find("iam", "ListPolicyVersions", {"PolicyArn": arn}) or {"Versions": []}
    for version in found["Versions"]:
        if not version["IsDefaultVersion"]:
            work.remove("iam", "DeletePolicyVersion", {"PolicyArn": arn, "VersionId": version["VersionId"]})
    work.remove("iam", "DeletePolicy", {"PolicyArn": arn})


TYPES = {
    "AWS::IAM::Policy": ResourceType(_create_inline, _update_inline, _delete_inline),
    "AWS::IAM::ManagedPolicy": ResourceType(_create_managed, _update_managed, _delete_managed),
}
