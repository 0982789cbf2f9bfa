"""A stranger of the account, whom its administrators let assume any role: what keeps them out is each role's trust."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_bdd import given, then, when

from fixtures.people import People
from lakeproof.evidence.redaction import protect
from lakeproof.plan import Plan
from lakeproof.probes.identity import Identity
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.outcome import Cause
from lakeproof.probes.probe import Prober
from lakeproof.probes.sessions import Session, assume
from lakeproof.target import Target
from provision.decoys import prefix
from provision.estate import Estate
from provision.site import DESCRIPTION, EXPIRES_TAG, RUN_TAG
from steps import judge
from steps.words import words

ASSUMING = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
POLICY = "any-role"
SESSION = "lakeproof-stranger"


@pytest.fixture(scope="session")
def strange_roles(pytestconfig: pytest.Config, target: Target, estate: Estate) -> Iterator[tuple[str, str]]:
    """The ARNs of two decoys: a role that may assume every role that lets it in, and one that lets in the account.
    They are gone with the process; of one that died, the run's tear-down finds them by their names."""
    iam, worker = target.client("iam"), getattr(pytestconfig, "workerinput", {}).get("workerid", "0")
    names = [f"{prefix(estate.run_id)}{what}-{worker}" for what in ("stranger", "open")]
    account = f"arn:aws:iam::{estate.account_id}:root"
    try:
        arns = [_role(iam, *each, estate) for each in zip(names, (estate.harness_arn, account), strict=True)]
        rights = {"Effect": "Allow", "Action": ASSUMING, "Resource": "*"}
        iam.put_role_policy(RoleName=names[0], PolicyName=POLICY, PolicyDocument=_document(rights))
        _assumed(target, arns[0])
        time.sleep(target.propagation_s)  # until their rights are felt: before that, refusals would be another's
        yield arns[0], arns[1]
    finally:
        _remove(iam, names)


@given("a stranger of the account who may assume any role", target_fixture="stranger")
def stranger(strange_roles: tuple[str, str], target: Target) -> Identity:
    arn, _ = strange_roles
    session = _assumed(target, arn)
    keys = session.credentials
    protect(keys.access_key_id, keys.secret_access_key, keys.session_token)
    return Identity("a stranger", "harness", arn, session.arn, keys)


@when(words("the stranger tries to become {person}"), target_fixture="attempts")
def tries(person: str, stranger: Identity, prober: Prober, plan: Plan, estate: Estate) -> list[Attempt]:
    return [prober.call(stranger, "sts", "AssumeRole", **each) for each in _requests(person, plan, estate)]


@then("the trust policies refuse each")
def refused(
    attempts: list[Attempt], stranger: Identity, strange_roles: tuple[str, str], prober: Prober, target: Target
) -> None:
    for attempt in attempts:
        judge.refused(attempt, target, Cause.TRUST_POLICY)
        lets_in = {**attempt.params, "RoleArn": strange_roles[1]}
        judge.twin(attempt, [prober.call(stranger, "sts", "AssumeRole", **lets_in)])


@then(words("the harness may become {person} so"))
def harness_may(attempts: list[Attempt], person: str, people: People, prober: Prober) -> None:
    for attempt in attempts:
        judge.twin(attempt, [prober.call(people.harness(), "sts", "AssumeRole", **attempt.params)])


def _requests(person: str, plan: Plan, estate: Estate) -> Iterator[dict[str, Any]]:
    """Each role through which a person acts, asked for by somebody who knows everything that it asks for."""
    theirs = estate.person(person)
    knows = {"ExternalId": estate.external_id} if estate.external_id else {}
    yield {"RoleArn": theirs.execution_role_arn, "RoleSessionName": SESSION, **knows}
    if theirs.stand_in_role_arn is not None:
        tag = {"Key": plan.studio.profile_tag, "Value": theirs.user_id}
        yield {"RoleArn": theirs.stand_in_role_arn, "RoleSessionName": SESSION, "Tags": [tag], **knows}


def _role(iam: Any, name: str, principal: str, estate: Estate) -> str:
    trust = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": ASSUMING}
    tags = {RUN_TAG: estate.run_id, EXPIRES_TAG: estate.expires}
    made = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=_document(trust),
        Description=DESCRIPTION,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    return str(made["Role"]["Arn"])


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _assumed(target: Target, arn: str) -> Session:
    """A session of a role that may be too new to be known everywhere yet. Raises ClientError."""
    deadline = time.monotonic() + target.propagation_s
    while True:
        try:
            return assume(target, arn, session_name=SESSION)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied" or time.monotonic() >= deadline:
                raise
        time.sleep(max(target.poll_s, 1.0))


def _remove(iam: Any, names: list[str]) -> None:
    for name in names:
        for call, more in ((iam.delete_role_policy, {"PolicyName": POLICY}), (iam.delete_role, {})):
            try:
                call(RoleName=name, **more)
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchEntity":
                    raise
