"""Bad policy documents at the front door: AWS's error, never a fault of the server, and nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import CLIENT, Embedded

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*"}
UNCHECKED: Any = CLIENT.merge(Config(parameter_validation=False))


def document(*statements: Any, version: str = "2012-10-17") -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": version, "Statement": list(statements)})


def reads(count: int, length: int = 0) -> str:
    """A document of so many valid statements, each with a name of such a length."""
    named = (f"arn:aws:s3:::lake/{number}{'x' * length}" for number in range(count))
    return document(*({**READ, "Resource": name} for name in named))


MALFORMED = {
    "half of an object": "{",
    "null": "null",
    "a list": "[]",
    "a number": "1",
    "NaN": document(READ).replace('"s3:GetObject"', "NaN"),
    "a byte order mark": "\ufeff" + document(READ),
    "control characters": "\x01\x02",
    "a number of 5,000 digits": document(READ).replace('"s3:GetObject"', "9" * 5000),
    "50,000 nested lists": '{"Version": "2012-10-17", "Statement": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "20,000 nested objects": '{"Condition": ' * 20_000 + "1" + "}" * 20_000,
    "an unknown version": document(READ, version="2012-10-18"),
    "an effect that is a list": document({**READ, "Effect": ["Allow"]}),
    "a resource that is null": document({**READ, "Resource": None}),
    "an ARN of two parts": document({**READ, "Resource": "arn:aws"}),
    "an ARN without a service": document({**READ, "Resource": "arn:aws::x"}),
    "an unknown operator": document({**READ, "Condition": {"StringSimilar": {"aws:username": "ann"}}}),
    "a condition that is a list": document({**READ, "Condition": []}),
    "an infinite number": document({**READ, "Condition": {"NumericEquals": {"s3:max-keys": float("inf")}}}),
}
"""Documents that break the grammar of every kind of policy."""


@dataclass(frozen=True)
class Front:
    """An account with its clients, made once. They check no parameter."""

    account_id: str
    iam: Any
    s3: Any
    sts: Any
    secrets: Any


Store = Callable[[Front, str], Any]


def _iam(operation: str, **named: str) -> Store:
    return lambda account, text: getattr(account.iam, operation)(
        **named, **{"AssumeRolePolicyDocument" if operation == "create_role" else "PolicyDocument": text}
    )


def _bucket(account: Front, text: str) -> Any:
    return account.s3.put_bucket_policy(Bucket="lake", Policy=text)


def _secret(account: Front, text: str) -> Any:
    return account.secrets.put_resource_policy(SecretId="key", ResourcePolicy=text)


def _session(account: Front, text: str) -> Any:
    arn = f"arn:aws:iam::{account.account_id}:role/reader"
    return account.sts.assume_role(RoleArn=arn, RoleSessionName="tester", Policy=text)


def _simulate(account: Front, text: str) -> Any:
    return account.iam.simulate_custom_policy(PolicyInputList=[text], ActionNames=["s3:GetObject"])


# Who takes a document, the code for a malformed one, the code for one that is too large.
TAKERS: dict[str, tuple[Store, str, str]] = {
    "a managed policy": (_iam("create_policy", PolicyName="p"), "MalformedPolicyDocument", "LimitExceeded"),
    "a user": (_iam("put_user_policy", UserName="ann", PolicyName="p"), "MalformedPolicyDocument", "LimitExceeded"),
    "a group": (_iam("put_group_policy", GroupName="all", PolicyName="p"), "MalformedPolicyDocument", "LimitExceeded"),
    "a role": (_iam("put_role_policy", RoleName="reader", PolicyName="p"), "MalformedPolicyDocument", "LimitExceeded"),
    "a new role": (_iam("create_role", RoleName="new"), "MalformedPolicyDocument", "MalformedPolicyDocument"),
    "a role's trust": (
        _iam("update_assume_role_policy", RoleName="reader"),
        "MalformedPolicyDocument",
        "MalformedPolicyDocument",
    ),
    "a bucket": (_bucket, "MalformedPolicy", "MalformedPolicy"),
    "a secret": (_secret, "MalformedPolicyDocumentException", "MalformedPolicyDocumentException"),
    "a session": (_session, "MalformedPolicyDocument", "PackedPolicyTooLarge"),
    "a simulation": (_simulate, "InvalidInput", "InvalidInput"),
}


@pytest.fixture(scope="module")
def account(embedded: Embedded) -> Front:
    """An account with a user, a group, a role, a bucket and a secret."""
    services = ("iam", "s3", "sts", "secretsmanager")
    front = Front(embedded.account_id, *(embedded.client(service, config=UNCHECKED) for service in services))
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": embedded.account_id}}
    front.iam.create_user(UserName="ann")
    front.iam.create_group(GroupName="all")
    front.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document(trust))
    front.s3.create_bucket(Bucket="lake")
    front.secrets.create_secret(Name="key", SecretString="value")
    return front


def refused(call: Store, account: Front, text: str) -> tuple[str, int]:
    """Error code and HTTP status of a call that must be refused."""
    with pytest.raises(ClientError) as error:
        call(account, text)
    answer = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def nothing_is_stored(account: Front) -> bool:
    """Whether the account still has no policy of ours."""
    iam = account.iam
    own = iam.list_policies(Scope="Local")["Policies"]
    inline = iam.list_user_policies(UserName="ann")["PolicyNames"]
    inline += iam.list_group_policies(GroupName="all")["PolicyNames"]
    inline += iam.list_role_policies(RoleName="reader")["PolicyNames"]
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        account.s3.get_bucket_policy(Bucket="lake")
    secret = account.secrets.get_resource_policy(SecretId="key")
    return not own and not inline and roles == ["reader"] and "ResourcePolicy" not in secret


@pytest.mark.parametrize("taker", TAKERS)
def test_malformed_document(account: Front, taker: str) -> None:
    """A document that breaks the grammar is refused with the service's code for it, whoever is to take it."""
    store, malformed, _ = TAKERS[taker]
    for name, text in MALFORMED.items():
        code, status = refused(store, account, text)
        too_long = taker == "a session" and len(text) > 2048
        assert (code in ("ValidationError", "PackedPolicyTooLarge")) if too_long else (code == malformed), name
        assert status == 400, name
    assert nothing_is_stored(account)


@pytest.mark.parametrize("taker", [name for name in TAKERS if name != "a simulation"])
def test_document_that_is_too_large(account: Front, taker: str) -> None:
    """A valid document beyond the quota, of 5,000 statements or of one long name, is refused, and named so by IAM."""
    store, _, limit = TAKERS[taker]
    for text in (reads(5000), reads(1, 10_300)):
        code, status = refused(store, account, text)
        assert code == limit or (taker == "a session" and code == "ValidationError")
        assert status == (409 if code == "LimitExceeded" else 400)
    assert nothing_is_stored(account)


def test_ten_kilobytes_fit_a_role_only(account: Front) -> None:
    """A document of 10,000 characters is within the quota of a role's inline policies, and beyond a user's."""
    text = reads(1, 9_850)
    iam = account.iam
    assert refused(TAKERS["a user"][0], account, text) == ("LimitExceeded", 409)
    iam.put_role_policy(RoleName="reader", PolicyName="long", PolicyDocument=text)
    assert iam.list_role_policies(RoleName="reader")["PolicyNames"] == ["long"]
    iam.delete_role_policy(RoleName="reader", PolicyName="long")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["Allow", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Effect", "Action", "Resource", "Condition", "Principal", "x"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)
    | JSON.map(json.dumps)
    | st.tuples(st.sampled_from(sorted(READ)), JSON).map(lambda part: document({**READ, part[0]: part[1]})),
    taker=st.sampled_from(["a managed policy", "a bucket", "a secret", "a session", "a simulation"]),
)
def test_any_text(account: Front, text: str, taker: str) -> None:
    """Whatever is given for a policy, the answer is a success or one of the documented errors."""
    try:
        TAKERS[taker][0](account, text)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 409), error
    finally:
        for policy in account.iam.list_policies(Scope="Local")["Policies"]:
            account.iam.delete_policy(PolicyArn=policy["Arn"])
