"""IAM as it is: what a role, a user or a group may do, who may assume the role, and how it is tagged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakeproof.inventory.pages import listed


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy that counts for a principal. ``arn`` is None for an inline policy. ``document`` is parsed JSON."""

    name: str
    arn: str | None
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Role:
    """A role with everything that decides what it may do and who may be it."""

    name: str
    arn: str
    tags: Mapping[str, str]
    trust: Mapping[str, Any]
    inline: tuple[Policy, ...]
    attached: tuple[Policy, ...]
    boundary: str | None

    def policy_names(self) -> tuple[str, ...]:
        """The names of all its policies, sorted."""
        return tuple(sorted(policy.name for policy in (*self.inline, *self.attached)))


def role(iam: Any, name: str) -> Role:
    """The role of that name, its policies read in full. Raises NoSuchEntity if there is none."""
    found = iam.get_role(RoleName=name)["Role"]
    inline = [
        Policy(policy, None, iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
        for policy in listed(iam, "list_role_policies", "PolicyNames", RoleName=name)
    ]
    attached = _attached(iam, listed(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name))
    return Role(
        name=name,
        arn=found["Arn"],
        tags=_tags(listed(iam, "list_role_tags", "Tags", RoleName=name)),
        trust=found["AssumeRolePolicyDocument"],
        inline=tuple(inline),
        attached=tuple(attached),
        boundary=(found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
    )


def role_names(iam: Any) -> tuple[str, ...]:
    """The names of all roles of the account, sorted."""
    return tuple(sorted(row["RoleName"] for row in listed(iam, "list_roles", "Roles")))


def user_names(iam: Any) -> tuple[str, ...]:
    """The names of all users of the account, sorted."""
    return tuple(sorted(row["UserName"] for row in listed(iam, "list_users", "Users")))


def group_names(iam: Any) -> tuple[str, ...]:
    """The names of all groups of the account, sorted."""
    return tuple(sorted(row["GroupName"] for row in listed(iam, "list_groups", "Groups")))


def user_groups(iam: Any, name: str) -> tuple[str, ...]:
    """The names of a user's groups, sorted."""
    return tuple(sorted(row["GroupName"] for row in listed(iam, "list_groups_for_user", "Groups", UserName=name)))


def own_policies(iam: Any, name: str) -> tuple[Policy, ...]:
    """Every policy of a user's own, sorted by name; those of its groups left out."""
    found = [
        Policy(policy, None, iam.get_user_policy(UserName=name, PolicyName=policy)["PolicyDocument"])
        for policy in listed(iam, "list_user_policies", "PolicyNames", UserName=name)
    ]
    found += _attached(iam, listed(iam, "list_attached_user_policies", "AttachedPolicies", UserName=name))
    return tuple(sorted(found, key=lambda policy: policy.name))


def user_policies(iam: Any, name: str) -> tuple[Policy, ...]:
    """Every policy that counts for a user: its own and those of its groups, sorted by name."""
    found = list(own_policies(iam, name))
    for group in user_groups(iam, name):
        found += group_policies(iam, group)
    return tuple(sorted(found, key=lambda policy: policy.name))


def group_policies(iam: Any, name: str) -> tuple[Policy, ...]:
    """Every policy of a group, sorted by name."""
    found = [
        Policy(policy, None, iam.get_group_policy(GroupName=name, PolicyName=policy)["PolicyDocument"])
        for policy in listed(iam, "list_group_policies", "PolicyNames", GroupName=name)
    ]
    found += _attached(iam, listed(iam, "list_attached_group_policies", "AttachedPolicies", GroupName=name))
    return tuple(sorted(found, key=lambda policy: policy.name))


def group_members(iam: Any, name: str) -> tuple[str, ...]:
    """The names of a group's users, sorted."""
    return tuple(sorted(row["UserName"] for row in listed(iam, "get_group", "Users", GroupName=name)))


def trusted(trust: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Whom a trust policy lets in, sorted: kind (``AWS``, ``Service``, ``Federated``) and principal; ``*`` is AWS's.

    ``NotPrincipal`` is reported as a principal of that kind: it lets in whom it does not name.
    """
    found: set[tuple[str, str]] = set()
    for statement in statements(trust):
        if statement.get("Effect") != "Allow":
            continue
        if "NotPrincipal" in statement:
            found.add(("NotPrincipal", str(statement["NotPrincipal"])))
        principal = statement.get("Principal", {})
        if isinstance(principal, str):
            found.add(("AWS", principal))
            continue
        found |= {(kind, name) for kind, names in principal.items() for name in several(names)}
    return tuple(sorted(found))


def services_for_others(trust: Mapping[str, Any], account: str) -> tuple[str, ...]:
    """The services that a trust policy lets in on behalf of another account than this one, sorted.

    A statement is bound by ``aws:SourceAccount`` under ``StringEquals``, with this account as its only value; nothing
    else counts. Who is let in by ``*`` or by NotPrincipal may be a service, and is reported as such.
    """
    return tuple(
        sorted(
            f"{kind} {name}"
            for statement in statements(trust)
            if not _bound(statement.get("Condition", {}), account)
            for kind, name in trusted({"Statement": [statement]})
            if kind in ("Service", "NotPrincipal") or name == "*"
        )
    )


def _bound(condition: Mapping[str, Mapping[str, Any]], account: str) -> bool:
    """Whether the condition holds for requests on behalf of this account alone. Keys are not case-sensitive."""
    return any(
        key.lower() == "aws:sourceaccount" and several(value) == [account]
        for key, value in condition.get("StringEquals", {}).items()
    )


def _attached(iam: Any, rows: Iterator[Mapping[str, str]]) -> list[Policy]:
    found = []
    for row in rows:
        arn = row["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        found.append(Policy(row["PolicyName"], arn, document))
    return found


def _tags(rows: Iterator[Mapping[str, str]]) -> dict[str, str]:
    return {row["Key"]: row["Value"] for row in rows}


def statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy document, which may be one without a list."""
    return several(document.get("Statement"))


def several(value: Any) -> list[Any]:
    """A member of a policy document that may be one value or a list of them, as a list."""
    return [] if value is None else value if isinstance(value, list) else [value]
