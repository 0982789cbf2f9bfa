"""AWS::IAM::Group, User, UserToGroupAddition and Role: what a principal is, and what is attached to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from localaws.cloudformation.work import ResourceType, Work

Properties = Mapping[str, Any]
GROUP, USER, ROLE = "Group", "User", "Role"


def attach(work: Work, kind: str, former: Properties, wanted: Properties) -> None:
    """Attach the managed policies and write the inline ones that ``wanted`` has, and take away those it has not."""
    name = {f"{kind}Name": work.held.physical_id}
    before, after = former.get("ManagedPolicyArns", []), wanted.get("ManagedPolicyArns", [])
    for arn in missing(after, before):
        work.call("iam", f"Attach{kind}Policy", {**name, "PolicyArn": arn})
    for arn in missing(before, after):
        work.remove("iam", f"Detach{kind}Policy", {**name, "PolicyArn": arn})
    old = {policy["PolicyName"]: policy["PolicyDocument"] for policy in former.get("Policies", [])}
    new = {policy["PolicyName"]: policy["PolicyDocument"] for policy in wanted.get("Policies", [])}
    for policy, document in new.items():
        if old.get(policy) != document:
            params = {**name, "PolicyName": policy, "PolicyDocument": json.dumps(document)}
            work.call("iam", f"Put{kind}Policy", params)
    for policy in missing(old, new):
        work.remove("iam", f"Delete{kind}Policy", {**name, "PolicyName": policy})


def missing(some: Iterable[str], others: Iterable[str]) -> list[str]:
    """Those of ``some`` that are not among ``others``, in order."""
    return [each for each in dict.fromkeys(some) if each not in set(others)]


def _tags(work: Work, kind: str, former: Properties, wanted: Properties) -> None:
    name = {f"{kind}Name": work.held.physical_id}
    before, after = former.get("Tags", []), wanted.get("Tags", [])
    gone = missing([tag["Key"] for tag in before], [tag["Key"] for tag in after])
    if gone:
        work.call("iam", f"Untag{kind}", {**name, "TagKeys": gone})
    changed = [tag for tag in after if tag not in before]
    if changed:
        work.call("iam", f"Tag{kind}", {**name, "Tags": changed})


def _bound(work: Work, kind: str, former: Properties, wanted: Properties) -> None:
    name = {f"{kind}Name": work.held.physical_id}
    before, after = former.get("PermissionsBoundary"), wanted.get("PermissionsBoundary")
    if after and after != before:
        work.call("iam", f"Put{kind}PermissionsBoundary", {**name, "PermissionsBoundary": after})
    elif before and not after:
        work.call("iam", f"Delete{kind}PermissionsBoundary", name)


def _create_group(work: Work, wanted: Properties) -> None:
    name = work.named(wanted, 128)
    made = work.call("iam", "CreateGroup", {"GroupName": name, "Path": wanted.get("Path")})
    work.born(name, Arn=made["Group"]["Arn"])
    attach(work, GROUP, {}, wanted)


def _update_group(work: Work, wanted: Properties) -> None:
    if wanted.get("Path") != work.held.properties.get("Path"):
        path = wanted.get("Path", "/")
        work.call("iam", "UpdateGroup", {"GroupName": work.held.physical_id, "NewPath": path})
        work.held.attributes["Arn"] = work.call("iam", "GetGroup", {"GroupName": work.held.physical_id})["Group"]["Arn"]
    attach(work, GROUP, work.held.properties, wanted)


def _delete_group(work: Work) -> None:
    attach(work, GROUP, work.held.properties, {})
    work.remove("iam", "DeleteGroup", {"GroupName": work.held.physical_id})


def _create_user(work: Work, wanted: Properties) -> None:
    name = work.named(wanted, 64)
    params = {"UserName": name, **{key: wanted.get(key) for key in ("Path", "PermissionsBoundary", "Tags")}}
    made = work.call("iam", "CreateUser", params)
    work.born(name, Arn=made["User"]["Arn"])
    _login(work, {}, wanted)
    _join(work, {}, wanted)
    attach(work, USER, {}, wanted)


def _update_user(work: Work, wanted: Properties) -> None:
    former = work.held.properties
    if wanted.get("Path") != former.get("Path"):
        work.call("iam", "UpdateUser", {"UserName": work.held.physical_id, "NewPath": wanted.get("Path", "/")})
        work.held.attributes["Arn"] = work.call("iam", "GetUser", {"UserName": work.held.physical_id})["User"]["Arn"]
    _tags(work, USER, former, wanted)
    _bound(work, USER, former, wanted)
    _login(work, former, wanted)
    _join(work, former, wanted)
    attach(work, USER, former, wanted)


def _delete_user(work: Work) -> None:
    former = work.held.properties
    _login(work, former, {})
    _join(work, former, {})
    attach(work, USER, former, {})
    work.remove("iam", "DeleteUser", {"UserName": work.held.physical_id})


def _login(work: Work, former: Properties, wanted: Properties) -> None:
    name = {"UserName": work.held.physical_id}
    before, after = former.get("LoginProfile"), wanted.get("LoginProfile")
    if after and not before:
        work.call("iam", "CreateLoginProfile", {**name, **after})
    elif after and after != before:
        work.call("iam", "UpdateLoginProfile", {**name, **after})
    elif before and not after:
        work.remove("iam", "DeleteLoginProfile", name)


def _join(work: Work, former: Properties, wanted: Properties) -> None:
    name = {"UserName": work.held.physical_id}
    before, after = former.get("Groups", []), wanted.get("Groups", [])
    for group in missing(after, before):
        work.call("iam", "AddUserToGroup", {**name, "GroupName": group})
    for group in missing(before, after):
        work.remove("iam", "RemoveUserFromGroup", {**name, "GroupName": group})


def _create_addition(work: Work, wanted: Properties) -> None:
    work.born(work.named(wanted, 128))
    work.held.attributes["Id"] = work.held.physical_id
    _members(work, {}, wanted)


def _update_addition(work: Work, wanted: Properties) -> None:
    _members(work, work.held.properties, wanted)


def _delete_addition(work: Work) -> None:
    _members(work, work.held.properties, {})


def _members(work: Work, former: Properties, wanted: Properties) -> None:
    before = {(former["GroupName"], user) for user in former.get("Users", [])} if former else set()
    after = {(wanted["GroupName"], user) for user in wanted.get("Users", [])} if wanted else set()
    for group, user in sorted(after - before):
        work.call("iam", "AddUserToGroup", {"GroupName": group, "UserName": user})
    for group, user in sorted(before - after):
        work.remove("iam", "RemoveUserFromGroup", {"GroupName": group, "UserName": user})


def _create_role(work: Work, wanted: Properties) -> None:
    name = work.named(wanted, 64)
    same = ("Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags")
    trust = json.dumps(wanted["AssumeRolePolicyDocument"])
    params = {"RoleName": name, "AssumeRolePolicyDocument": trust, **{key: wanted.get(key) for key in same}}
    made = work.call("iam", "CreateRole", params)["Role"]
    work.born(name, Arn=made["Arn"], RoleId=made["RoleId"])
    attach(work, ROLE, {}, wanted)


def _update_role(work: Work, wanted: Properties) -> None:
    former, name = work.held.properties, work.held.physical_id
    if wanted["AssumeRolePolicyDocument"] != former["AssumeRolePolicyDocument"]:
        trust = json.dumps(wanted["AssumeRolePolicyDocument"])
        work.call("iam", "UpdateAssumeRolePolicy", {"RoleName": name, "PolicyDocument": trust})
    said = ("Description", "MaxSessionDuration")
    if any(wanted.get(key) != former.get(key) for key in said):
        described = {"Description": wanted.get("Description", ""),
                     "MaxSessionDuration": wanted.get("MaxSessionDuration", 3600)}  # fmt: skip
        work.call("iam", "UpdateRole", {"RoleName": name, **described})
    _tags(work, ROLE, former, wanted)
    _bound(work, ROLE, former, wanted)
    attach(work, ROLE, former, wanted)


def _delete_role(work: Work) -> None:
    attach(work, ROLE, work.held.properties, {})
    work.remove("iam", "DeleteRole", {"RoleName": work.held.physical_id})


TYPES = {
    "AWS::IAM::Group": ResourceType(_create_group, _update_group, _delete_group),
    "AWS::IAM::User": ResourceType(_create_user, _update_user, _delete_user),
    "AWS::IAM::UserToGroupAddition": ResourceType(_create_addition, _update_addition, _delete_addition),
    "AWS::IAM::Role": ResourceType(_create_role, _update_role, _delete_role),
}
