"""What an account remembers of its directory never outlives a change to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.conftest import Embedded
from tests.iam.test_enforcement import document, role, trust, user

LIST = {"Action": "iam:ListUsers", "Resource": "*"}
UNTAGGED = {"StringNotEquals": {"aws:PrincipalTag/team": "red"}}
DOCUMENTS = {
    "ALLOW": document({"Effect": "Allow", **LIST}),
    "OTHER": document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}),
    "DENY": document({"Effect": "Deny", **LIST}),
    "TAGGED": document({"Effect": "Deny", **LIST, "Condition": UNTAGGED}),
}
STEPS: list[Any] = yaml.safe_load((Path(__file__).parent / "cases" / "changes.yaml").read_text("utf-8"))


def may_list(iam: Any) -> bool:
    """Whether an identity may list users, by trying."""
    try:
        iam.list_users()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
        return False
    return True


def test_every_change_is_felt_by_the_next_call(embedded: Embedded) -> None:
    """Policies, versions, groups, boundaries and tags count from the next call on; so does a restored state."""
    iam = embedded.client("iam")
    own = {"eve": embedded.client("iam", user(embedded, "eve"))}
    arn = role(embedded, "rex", trust(AWS=embedded.account_id))
    own["rex"] = embedded.client("iam", embedded.as_role(arn, "session"))
    assert {name: may_list(each) for name, each in own.items()} == {"eve": False, "rex": False}
    assert embedded.control("state", {"save": "start"})[0] == 200
    for operation, params, expected in STEPS:
        filled = {
            key: DOCUMENTS.get(value, value.replace("ACCOUNT", embedded.account_id))
            if isinstance(value, str)
            else value
            for key, value in params.items()
        }
        getattr(iam, operation)(**filled)
        assert {name: may_list(each) for name, each in own.items()} == expected, (operation, params)
    iam.put_user_policy(UserName="eve", PolicyName="own", PolicyDocument=DOCUMENTS["ALLOW"])
    assert may_list(own["eve"])
    assert embedded.control("state", {"restore": "start"})[0] == 200
    assert not may_list(own["eve"])


@pytest.mark.parametrize("made_again", [False, True], ids=["gone", "made again"])
def test_a_deleted_role_leaves_its_sessions_without_rights(embedded: Embedded, made_again: bool) -> None:
    """A session of a role that was deleted has no rights, even when a role of the same name holds them."""
    name = f"phoenix-{made_again}".lower()
    iam = embedded.client("iam")
    admits = trust(AWS=embedded.account_id)
    session = embedded.client("iam", embedded.as_role(role(embedded, name, admits, {"Effect": "Allow", **LIST}), "old"))
    assert may_list(session)
    iam.delete_role_policy(RoleName=name, PolicyName="own")
    iam.delete_role(RoleName=name)
    if made_again:
        role(embedded, name, admits, {"Effect": "Allow", **LIST})
    assert not may_list(session)


def named_by(embedded: Embedded, arn: str, name: str) -> str:
    """A role, a bucket and a secret of that name, whose policies name somebody. Returns the role's ARN."""
    s3, secrets = embedded.client("s3"), embedded.client("secretsmanager")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    whom = {"Effect": "Allow", "Principal": {"AWS": [arn]}}
    read = {**whom, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    s3.put_bucket_policy(Bucket=name, Policy=document(read))
    secrets.create_secret(Name=name, SecretString="x")
    read = {**whom, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    secrets.put_resource_policy(SecretId=name, ResourcePolicy=document(read))
    return role(embedded, name, trust(AWS=arn))


def let_in(embedded: Embedded, key: dict[str, Any], name: str, target: str) -> list[bool]:
    """Whether somebody may assume the role, read the bucket and read the secret of ``named_by``."""
    arn = embedded.client("secretsmanager").describe_secret(SecretId=name)["ARN"]
    calls = (
        lambda: embedded.client("sts", key).assume_role(RoleArn=target, RoleSessionName="visit"),
        lambda: embedded.client("s3", key).get_object(Bucket=name, Key="k"),
        lambda: embedded.client("secretsmanager", key).get_secret_value(SecretId=arn),
    )
    return [allowed(call) for call in calls]


def allowed(call: Callable[[], Any]) -> bool:
    """Whether a call is let through, by trying."""
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"].startswith("AccessDenied"), error
        return False
    return True


def shown(embedded: Embedded, name: str) -> set[str]:
    """Whom the role's trust policy and the bucket's policy name, as they are read back."""
    role_trust = embedded.client("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    of_bucket = json.loads(embedded.client("s3").get_bucket_policy(Bucket=name)["Policy"])
    found: set[str] = set()
    for policy in (role_trust, of_bucket):
        named = policy["Statement"][0]["Principal"]["AWS"]
        found |= {named} if isinstance(named, str) else set(named)
    return found


def test_who_is_made_again_is_somebody_else(embedded: Embedded) -> None:
    """A resource policy that names a user does not name another of the same name, and shows the first one's id.

    Source: IAM User Guide, "AWS JSON policy elements: Principal" ("The policy no longer applies, even if you recreate
    the user").
    """
    iam, key = embedded.client("iam"), user(embedded, "twice")
    first = iam.get_user(UserName="twice")["User"]
    target = named_by(embedded, first["Arn"], "names-a-user")
    assert let_in(embedded, key, "names-a-user", target) == [True, True, True]
    assert shown(embedded, "names-a-user") == {first["Arn"]}
    iam.delete_access_key(UserName="twice", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="twice")
    key = user(embedded, "twice")
    assert let_in(embedded, key, "names-a-user", target) == [False, False, False]
    assert shown(embedded, "names-a-user") == {first["UserId"]}
    stale = embedded.client("s3").get_bucket_policy(Bucket="names-a-user")["Policy"]
    with pytest.raises(ClientError, match="Invalid principal in policy"):
        embedded.client("s3").put_bucket_policy(Bucket="names-a-user", Policy=stale)
    second = iam.get_user(UserName="twice")["User"]
    iam.update_assume_role_policy(RoleName="names-a-user", PolicyDocument=trust(AWS=second["UserId"]))
    assert let_in(embedded, key, "names-a-user", target) == [True, False, False]


def test_a_role_that_is_made_again_is_another(embedded: Embedded) -> None:
    """A resource policy that names a role names neither another of that name nor a session of the one that is gone."""
    iam, admits = embedded.client("iam"), trust(AWS=embedded.account_id)
    first = role(embedded, "second-life", admits)
    target = named_by(embedded, first, "names-a-role")
    old = embedded.as_role(first, "old")
    assert let_in(embedded, old, "names-a-role", target) == [True, True, True]
    iam.delete_role(RoleName="second-life")
    new = embedded.as_role(role(embedded, "second-life", admits), "new")
    for session in (old, new):
        assert let_in(embedded, session, "names-a-role", target) == [False, False, False]
    assert all(name.startswith("AROA") for name in shown(embedded, "names-a-role"))


def test_who_is_renamed_stays_the_same(embedded: Embedded) -> None:
    """A resource policy goes on naming a user that has another name now, and shows it."""
    iam, key = embedded.client("iam"), user(embedded, "maiden")
    target = named_by(embedded, f"arn:aws:iam::{embedded.account_id}:user/maiden", "names-a-bride")
    iam.update_user(UserName="maiden", NewUserName="married")
    assert let_in(embedded, key, "names-a-bride", target) == [True, True, True]
    assert shown(embedded, "names-a-bride") == {f"arn:aws:iam::{embedded.account_id}:user/married"}
    stranger = user(embedded, "maiden")
    assert let_in(embedded, stranger, "names-a-bride", target) == [False, False, False]
