"""Identities and the sessions behind them: asked for as Studio asks, and printed without keys."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakeproof.probes.sessions import assume
from lakeproof.target import Credentials
from tests.probes.samples import ALICE, ROLE, SESSION, Answers, Target, refusal

ISSUED = {"AccessKeyId": "ASIAISSUEDISSUED0001", "SecretAccessKey": "issued-secret", "SessionToken": "issued-token"}
ANSWER = {"Credentials": ISSUED, "AssumedRoleUser": {"Arn": SESSION, "AssumedRoleId": "AROA:SageMaker"}}


def asked(**options: Any) -> tuple[dict[str, Any], Target]:
    """The request that ``assume`` makes, and the target that got it."""
    target = Target(Answers({"assume_role": [ANSWER]}))
    assume(target, ROLE, **options)  # type: ignore[arg-type]
    [(method, request)] = target.made.asked
    assert method == "assume_role"
    return request, target


def test_a_refused_session_is_an_error_not_a_probe() -> None:
    """A person who cannot be signed in is no evidence of anything: botocore's error goes through."""
    target = Target(Answers({"assume_role": [refusal("AssumeRole", "AccessDenied")]}))
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(target, ROLE)  # type: ignore[arg-type]


def test_a_studio_session_is_named_as_studio_names_it() -> None:
    """Every Studio user's session is called SageMaker and lasts an hour; what was not asked for is not sent."""
    request, target = asked()
    assert request == {"RoleArn": ROLE, "RoleSessionName": "SageMaker", "DurationSeconds": 3600}
    assert target.signed_by == [None]


def test_whatever_ties_a_session_to_a_person_is_sent() -> None:
    """External id, source identity and session tags in STS's own shape, signed by whom it says."""
    request, target = asked(
        session_name="alice@example.com",
        external_id="x-1",
        source_identity="alice",
        tags={"studiouserid": "alice@example.com"},
        by=ALICE.credentials,
    )
    assert request["RoleSessionName"] == "alice@example.com"
    assert (request["ExternalId"], request["SourceIdentity"]) == ("x-1", "alice")
    assert request["Tags"] == [{"Key": "studiouserid", "Value": "alice@example.com"}]
    assert target.signed_by == [ALICE.credentials]


def test_a_session_has_the_arn_that_cloudtrail_writes_and_shows_no_secret() -> None:
    """Keys as STS gave them; printing the session or an identity shows neither secret nor token."""
    session = assume(Target(Answers({"assume_role": [ANSWER]})), ROLE)  # type: ignore[arg-type]
    assert session.arn == SESSION
    assert session.credentials == Credentials(*ISSUED.values())
    for printed in (repr(session), repr(ALICE)):
        assert not any(secret in printed for secret in ("issued-secret", "issued-token", "alice-se"))
