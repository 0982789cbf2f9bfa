"""``--target aws``: nothing is touched but an account that was named, with the rights that are needed and no others.

The embedded account stands in for one of AWS's: it answers at AWS_ENDPOINT_URL, and the run says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Embedded
from tests.signoff.runs import REPOSITORY, SignOff, checkout, sign_off

POLICY: dict[str, Any] = json.loads((REPOSITORY / "docs" / "iam-policy-for-the-harness.json").read_text("utf-8"))
QUICK = ("--propagation", "0.01", "--trail-deadline", "2", "--seed", "named")
PASSED = {"iam:PassRole": "sagemaker:CreateDomain"}
"""A right that is used by another call, which is the one that is recorded."""


@pytest.fixture
def account(start_embedded: Callable[..., AbstractContextManager[Embedded]]) -> Iterator[Embedded]:
    """An account of its own, with the digests of an impatient trail."""
    with start_embedded("--digest-interval", "1") as account:
        yield account


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a sign-off can run, with the docs that it reads."""
    root = checkout(tmp_path)
    (root / "docs").mkdir()
    (root / "docs" / "iam-policy-for-the-harness.json").write_text(json.dumps(POLICY), encoding="utf-8")
    return root


def run(root: Path, account: Embedded, *arguments: str, keys: dict[str, Any] | None = None, **more: str) -> SignOff:
    """A sign-off of the small plan on the account, as if it were one of AWS's."""
    environment = {name: value for name, value in account.environment(keys).items() if name.startswith("AWS_")}
    return sign_off(root, "--target", "aws", *QUICK, *arguments, observed=False, **{**environment, **more})


def changes(account: Embedded) -> list[str]:
    """The names of all recorded calls that changed something."""
    account.control("clock", {"advance": 5})
    pages = (
        account.client("cloudtrail")
        .get_paginator("lookup_events")
        .paginate(LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}])
    )
    return [row["EventName"] for page in pages for row in page["Events"]]


def harness(account: Embedded, policy: dict[str, Any]) -> dict[str, Any]:
    """The keys of a role that holds this policy and nothing else."""
    iam = account.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": account.account_id}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="harness", Path="/audit/", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="harness", PolicyName="least", PolicyDocument=json.dumps(policy))
    return account.as_role(arn, "sign-off")


def test_the_account_must_be_named(account: Embedded, place: Path) -> None:
    """Without --expect-account, and with another one, nothing is touched; the account of the keys is told."""
    for arguments, said in (((), "say so: --expect-account"), (("--expect-account", "210987654321"), "is expected")):
        done = run(place, account, *arguments)
        assert done.code == 4
        assert said in done.output and account.account_id in done.output
    assert changes(account) == []


def test_a_production_account_is_left_alone(account: Embedded, place: Path) -> None:
    """An alias that says production stops the run, unless whoever owns the account insists."""
    account.client("iam").create_account_alias(AccountAlias="acme-prod-lake")
    named = ("--expect-account", account.account_id)
    done = run(place, account, *named)
    assert done.code == 4
    assert "its alias is acme-prod-lake" in done.output and "--i-own-this-account" in done.output
    assert changes(account) == ["CreateAccountAlias"]
    done = run(place, account, *named, "--i-own-this-account", "-k", "convention")
    assert done.code == 0, done.output


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "AWS refuses these credentials"),
        ({"AWS_SESSION_TOKEN": "gone"}, "AWS refuses these credentials"),
        ({"AWS_DEFAULT_REGION": "eu-central-1"}, "AWS refuses these credentials"),
        ({"AWS_DEFAULT_REGION": "", "AWS_REGION": ""}, "no AWS Region found"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no AWS credentials found"),
        ({"AWS_PROFILE": "nobody"}, "nobody"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "Could not connect"),
    ],
    ids=["wrong secret", "wrong token", "another Region", "no Region", "no credentials", "no profile", "nobody there"],
)
def test_bad_credentials_are_one_clear_message(
    embedded: Embedded, place: Path, spoiled: dict[str, str], said: str
) -> None:
    """What is wrong with keys, Region or endpoint is said in a sentence; nothing is touched."""
    done = run(place, embedded, "--expect-account", embedded.account_id, **spoiled)
    assert done.code == 4
    assert said in done.output and "Traceback" not in done.output
    assert len(done.output.splitlines()) < 8, done.output


@pytest.mark.parametrize(
    "arguments",
    [("--target", "local", "--region", "us-east-1"), ("--target", "aws", "--fault", "hostile")],
    ids=" ".join,
)
def test_an_option_of_the_other_target_is_a_mistake(place: Path, arguments: tuple[str, ...]) -> None:
    """Whoever gives it thinks of another account: it is refused by name."""
    done = sign_off(place, *arguments)
    assert done.code == 4
    assert f"{arguments[2]}: only for --target" in done.output


def test_more_workers_than_athena_takes_are_refused(place: Path) -> None:
    """Before anybody is asked who the account is."""
    done = sign_off(place, "--target", "aws", "-n", "21")
    assert done.code == 4
    assert "-n 21: at most 20 workers on AWS" in done.output


def test_missing_rights_are_named_before_anything_is_made(account: Embedded, place: Path) -> None:
    """Without one statement the run does not begin: it names each right that is missing."""
    without = [each for each in POLICY["Statement"] if each["Sid"] != "MakeStudio"]
    keys = harness(account, {**POLICY, "Statement": without})
    before = changes(account)
    done = run(place, account, "--expect-account", account.account_id, keys=keys)
    assert done.code == 4
    assert "sagemaker:CreateDomain" in done.output and "docs/iam-policy-for-the-harness.json" in done.output
    assert changes(account) == before


def test_the_least_policy_is_enough_and_every_statement_of_it_is_needed(account: Embedded, place: Path) -> None:
    """With exactly this policy the whole sign-off is green; every statement alone allows a call that was made."""
    keys = harness(account, POLICY)
    done = run(place, account, "--expect-account", account.account_id, keys=keys)
    assert done.code == 0, done.output
    assert f"NOT AWS: {account.endpoint_url} answered" in done.output
    made = calls_of(account, ":assumed-role/harness/")
    for statement in POLICY["Statement"]:
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        used = [action for action in actions if PASSED.get(action, action) in made]
        assert used, f"nothing of {statement['Sid']} was used"
        others = [each for each in POLICY["Statement"] if each is not statement]
        answer = account.client("iam").simulate_custom_policy(
            PolicyInputList=[json.dumps({**POLICY, "Statement": others})],
            ActionNames=used,
            ResourceArns=[resource_of(statement)],
        )
        refused = [each["EvalActionName"] for each in answer["EvaluationResults"] if each["EvalDecision"] != "allowed"]
        assert refused, f"the others allow all that {statement['Sid']} does"


def calls_of(account: Embedded, who: str) -> set[str]:
    """The actions, as policies name them, of all recorded calls by an identity."""
    account.control("clock", {"advance": 5})
    found = set()
    for page in account.client("cloudtrail").get_paginator("lookup_events").paginate():
        for row in page["Events"]:
            event = json.loads(row["CloudTrailEvent"])
            if who in event["userIdentity"].get("arn", "") and not event.get("errorCode"):
                service = event["eventSource"].partition(".")[0]
                found.add(f"{service}:{event['eventName']}")
    renamed = {"s3:ListBuckets": "s3:ListAllMyBuckets"}
    return {renamed.get(each, each) for each in found}


def resource_of(statement: dict[str, Any]) -> str:
    """Something that the statement is about."""
    resource = statement["Resource"]
    first: str = resource if isinstance(resource, str) else resource[0]
    return first if first == "*" else first.replace("*", "x")
