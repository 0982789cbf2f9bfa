"""IAM as it is: every policy that counts, the version that counts, and everybody whom a trust policy lets in."""

from __future__ import annotations

from typing import Any

import pytest

from lakeproof.inventory import identity
from tests.inventories.paged import Paged

ARN = "arn:aws:iam::111122223333:policy/"


def document(name: str) -> dict[str, Any]:
    """A policy that can be told by its Sid."""
    return {"Version": "2012-10-17", "Statement": [{"Sid": name}]}


@pytest.fixture
def iam() -> Paged:
    """A role and a user with two policies of each kind; of a managed policy the second version counts."""
    return Paged(
        paginators=(
            "list_role_policies",
            "list_attached_role_policies",
            "list_roles",
            "list_groups_for_user",
            "get_group",
        ),
        get_role={"Role": {"Arn": "arn:role", "AssumeRolePolicyDocument": document("trust")}},
        list_roles=("Roles", [{"RoleName": "b"}, {"RoleName": "a"}]),
        list_role_policies=("PolicyNames", ["inline-1", "inline-2"]),
        get_role_policy=lambda RoleName, PolicyName: {"PolicyDocument": document(PolicyName)},
        list_attached_role_policies=("AttachedPolicies", [attached("managed-1"), attached("managed-2")]),
        list_role_tags=("Tags", [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]),
        get_policy={"Policy": {"DefaultVersionId": "v2"}},
        get_policy_version=lambda PolicyArn, VersionId: {
            "PolicyVersion": {"Document": document(f"{PolicyArn.removeprefix(ARN)} {VersionId}")}
        },
        list_user_policies=("PolicyNames", ["own"]),
        get_user_policy=lambda UserName, PolicyName: {"PolicyDocument": document(PolicyName)},
        list_attached_user_policies=("AttachedPolicies", [attached("own-managed")]),
        list_groups_for_user=("Groups", [{"GroupName": "g1"}, {"GroupName": "g2"}]),
        list_group_policies=lambda GroupName, **_: ("PolicyNames", [f"{GroupName}-inline"]),
        get_group_policy=lambda GroupName, PolicyName: {"PolicyDocument": document(PolicyName)},
        list_attached_group_policies=lambda GroupName, **_: ("AttachedPolicies", [attached(f"{GroupName}-managed")]),
        get_group=("Users", [{"UserName": "bob"}, {"UserName": "alice"}]),
    )


def attached(name: str) -> dict[str, str]:
    """An attached policy, as IAM lists it."""
    return {"PolicyName": name, "PolicyArn": ARN + name}


def sids(policies: tuple[identity.Policy, ...]) -> list[str]:
    """The Sid of each policy's one statement."""
    return [policy.document["Statement"][0]["Sid"] for policy in policies]


def test_a_role_has_every_policy_in_the_version_that_counts(iam: Paged) -> None:
    """Inline and managed, from every page; of a managed one the default version, not the first."""
    role = identity.role(iam, "r")
    assert sids(role.inline) == ["inline-1", "inline-2"]
    assert sids(role.attached) == ["managed-1 v2", "managed-2 v2"]
    assert role.policy_names() == ("inline-1", "inline-2", "managed-1", "managed-2")
    assert (role.arn, role.tags, role.boundary) == ("arn:role", {"a": "1", "b": "2"}, None)
    assert role.trust == document("trust")


def test_a_permissions_boundary_is_seen(iam: Paged) -> None:
    """A boundary decides too."""
    bounded = {
        "Arn": "arn:role",
        "AssumeRolePolicyDocument": {},
        "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:b"},
    }
    iam._methods["get_role"] = {"Role": bounded}
    assert identity.role(iam, "r").boundary == "arn:b"


def test_a_user_has_the_policies_of_every_group_too(iam: Paged) -> None:
    """Own inline and managed policies, and those of all groups: whatever counts for the user."""
    found = identity.user_policies(iam, "alice")
    names = ["g1-inline", "g1-managed", "g2-inline", "g2-managed", "own", "own-managed"]
    assert [policy.name for policy in found] == names
    assert [policy.arn is None for policy in found] == [True, False, True, False, True, False]


def test_roles_and_members_are_read_to_the_end(iam: Paged) -> None:
    """All names, sorted."""
    assert identity.role_names(iam) == ("a", "b")
    assert identity.group_members(iam, "g1") == ("alice", "bob")


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ({"Effect": "Allow", "Principal": "*"}, [("AWS", "*")]),
        ([{"Effect": "Allow", "Principal": {"AWS": "*"}}], [("AWS", "*")]),
        ([{"Effect": "Allow", "Principal": {"AWS": ["arn:b", "arn:a"]}}], [("AWS", "arn:a"), ("AWS", "arn:b")]),
        (
            [
                {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com", "AWS": "arn:a"}},
                {"Effect": "Allow", "Principal": {"Federated": "arn:saml"}},
            ],
            [("AWS", "arn:a"), ("Federated", "arn:saml"), ("Service", "sagemaker.amazonaws.com")],
        ),
        ([{"Effect": "Deny", "Principal": {"AWS": "arn:a"}}], []),
        ([{"Effect": "Allow", "NotPrincipal": {"AWS": "arn:a"}}], [("NotPrincipal", "{'AWS': 'arn:a'}")]),
        ([{"Effect": "Allow"}], []),
        (None, []),
    ],
    ids=["everybody", "everybody in a list", "two", "three kinds", "a deny", "everybody but one", "nobody", "nothing"],
)
def test_a_trust_policy_lets_in_whom_it_names(statements: Any, found: list[tuple[str, str]]) -> None:
    """Every kind of principal, alone or in lists; a Deny lets in nobody, NotPrincipal is never overlooked."""
    assert identity.trusted({"Statement": statements} if statements else {}) == tuple(found)


@pytest.mark.parametrize(
    ("condition", "bound"),
    [
        ({}, False),
        ({"StringEquals": {"aws:SourceAccount": "123456789012"}}, True),
        ({"StringEquals": {"AWS:sourceaccount": ["123456789012"]}}, True),
        ({"StringEquals": {"aws:SourceAccount": ["123456789012", "999999999999"]}}, False),
        ({"StringEquals": {"aws:SourceAccount": "999999999999"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "123456789012"}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": "123456789012"}}, False),
    ],
)
def test_a_service_is_trusted_for_this_account_only_under_its_source_account(
    condition: dict[str, Any], bound: bool
) -> None:
    """Nothing but StringEquals with this account as the only value binds a service, and no condition a role."""
    service = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Condition": condition}
    role = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/tester"}}
    found = identity.services_for_others({"Statement": [service, role]}, "123456789012")
    assert found == (() if bound else ("Service sagemaker.amazonaws.com",))
