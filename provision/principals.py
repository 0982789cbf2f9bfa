"""IAM policies, roles, groups and users: made with their tags, and taken apart whatever has been hung on them since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from provision.journal import Entry
from provision.site import DESCRIPTION, Kind, Site, absent, code, gone_is_fine, unheard


def policy_arn(site: Site, name: str) -> str:
    """The ARN of a customer managed policy of this account."""
    return f"arn:aws:iam::{site.target.account_id}:policy/{name}"


def role_arn(site: Site, name: str) -> str:
    """The ARN of a role of this account."""
    return f"arn:aws:iam::{site.target.account_id}:role/{name}"


def make_policy(site: Site, name: str, document: str) -> str:
    """A customer managed policy. Returns its ARN."""
    site.make(
        POLICY,
        name,
        unheard(
            site.client("iam").create_policy,
            PolicyName=name,
            PolicyDocument=document,
            Description=DESCRIPTION,
            Tags=site.tags(),
        ),
    )
    return policy_arn(site, name)


def make_role(
    site: Site,
    name: str,
    trust: str,
    policies: Iterable[str],
    tags: Mapping[str, str] | None = None,
    inline: Mapping[str, str] | None = None,
) -> str:
    """A role with its tags, managed policies (ARNs) and inline policies (name -> document). Returns its ARN."""
    iam, attached = site.client("iam"), list(policies)

    def create() -> None:
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trust, Description=DESCRIPTION, Tags=site.tags(**(tags or {}))
        )
        for arn in attached:
            site.patiently(["NoSuchEntity"], iam.attach_role_policy, RoleName=name, PolicyArn=arn)
        for policy, document in (inline or {}).items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)

    site.make(ROLE, name, create, {"attached": attached, "inline": list(inline or {})})
    return role_arn(site, name)


def make_group(site: Site, name: str, policies: Iterable[str]) -> None:
    """A group with managed policies. Groups take no tags, so the path carries the run (IAM API, TagUser and others)."""
    iam, attached = site.client("iam"), list(policies)

    def create() -> None:
        iam.create_group(GroupName=name, Path=f"/lakeproof/{site.run_id}/")
        for arn in attached:
            iam.attach_group_policy(GroupName=name, PolicyArn=arn)

    site.make(GROUP, name, create, {"attached": attached})


def make_user(site: Site, name: str, group: str) -> str:
    """A user, member of one group. Returns its ARN."""
    iam = site.client("iam")

    def create() -> Mapping[str, Any]:
        user = iam.create_user(UserName=name, Tags=site.tags())["User"]
        iam.add_user_to_group(GroupName=group, UserName=name)
        return {"arn": user["Arn"]}

    return str(site.make(USER, name, create, {"group": group})["arn"])


def _remove_policy(site: Site, entry: Entry) -> None:
    iam, arn = site.client("iam"), policy_arn(site, entry.id)

    def loosen() -> None:
        for page in iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=arn):
            for role in page["PolicyRoles"]:
                iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=arn)
            for user in page["PolicyUsers"]:
                iam.detach_user_policy(UserName=user["UserName"], PolicyArn=arn)
            for group in page["PolicyGroups"]:
                iam.detach_group_policy(GroupName=group["GroupName"], PolicyArn=arn)
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])

    _remove(lambda: iam.delete_policy(PolicyArn=arn), loosen)


def _remove_role(site: Site, entry: Entry) -> None:
    iam, name = site.client("iam"), entry.id

    def loosen() -> None:
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)

    for arn in entry.undo["attached"]:
        gone_is_fine(iam.detach_role_policy, RoleName=name, PolicyArn=arn)
    for policy in entry.undo["inline"]:
        gone_is_fine(iam.delete_role_policy, RoleName=name, PolicyName=policy)
    _remove(lambda: iam.delete_role(RoleName=name), loosen)


def _remove_group(site: Site, entry: Entry) -> None:
    iam, name = site.client("iam"), entry.id

    def loosen() -> None:
        for policy in iam.list_attached_group_policies(GroupName=name)["AttachedPolicies"]:
            iam.detach_group_policy(GroupName=name, PolicyArn=policy["PolicyArn"])
        for policy in iam.list_group_policies(GroupName=name)["PolicyNames"]:
            iam.delete_group_policy(GroupName=name, PolicyName=policy)
        for user in iam.get_group(GroupName=name)["Users"]:
            iam.remove_user_from_group(GroupName=name, UserName=user["UserName"])

    for arn in entry.undo["attached"]:
        gone_is_fine(iam.detach_group_policy, GroupName=name, PolicyArn=arn)
    _remove(lambda: iam.delete_group(GroupName=name), loosen)


def _remove_user(site: Site, entry: Entry) -> None:
    iam, name = site.client("iam"), entry.id

    def loosen() -> None:
        gone_is_fine(iam.delete_login_profile, UserName=name)
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for group in iam.list_groups_for_user(UserName=name)["Groups"]:
            iam.remove_user_from_group(GroupName=group["GroupName"], UserName=name)
        for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
            iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)

    if entry.undo.get("group"):
        gone_is_fine(iam.remove_user_from_group, GroupName=entry.undo["group"], UserName=name)
    _remove(lambda: iam.delete_user(UserName=name), loosen)


def _remove(delete: Callable[[], object], loosen: Callable[[], object]) -> None:
    """Delete it; where AWS says that something still hangs on it, take that off first."""
    try:
        delete()
    except ClientError as error:
        if absent(error):
            return
        if code(error) != "DeleteConflict":
            raise
        loosen()
        delete()


def _tagged(tags: Callable[[Site, Entry], list[dict[str, str]]]) -> Callable[[Site, Entry], bool]:
    def owned(site: Site, entry: Entry) -> bool:
        try:
            return site.ours(tags(site, entry))
        except ClientError as error:
            if not absent(error):
                raise
            return False

    return owned


def _group_owned(site: Site, entry: Entry) -> bool:
    try:
        return bool(site.client("iam").get_group(GroupName=entry.id)["Group"]["Path"] == f"/lakeproof/{site.run_id}/")
    except ClientError as error:
        if not absent(error):
            raise
        return False


def _still(operation: str, member: str, name: str, **query: str) -> Callable[[Site, Sequence[Entry]], Iterator[Entry]]:
    def remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
        pages = site.client("iam").get_paginator(operation).paginate(**query)
        there = {item[name] for page in pages for item in page[member]}
        return (entry for entry in entries if entry.id in there)

    return remaining


POLICY = Kind(
    "policy",
    30,
    _remove_policy,
    _still("list_policies", "Policies", "PolicyName", Scope="Local"),
    _tagged(lambda site, entry: site.client("iam").list_policy_tags(PolicyArn=policy_arn(site, entry.id))["Tags"]),
)
ROLE = Kind(
    "role",
    31,
    _remove_role,
    _still("list_roles", "Roles", "RoleName"),
    _tagged(lambda site, entry: site.client("iam").list_role_tags(RoleName=entry.id)["Tags"]),
)
GROUP = Kind("group", 31, _remove_group, _still("list_groups", "Groups", "GroupName"), _group_owned)
USER = Kind(
    "user",
    32,
    _remove_user,
    _still("list_users", "Users", "UserName"),
    _tagged(lambda site, entry: site.client("iam").list_user_tags(UserName=entry.id)["Tags"]),
)
KINDS = (POLICY, ROLE, GROUP, USER)
