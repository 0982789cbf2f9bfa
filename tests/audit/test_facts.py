"""The six facts of NIST AU-3: each is missed when it is not on the record, and found when it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lakeproof.audit.events import normalise
from lakeproof.audit.facts import FACTS, SKEW, Window
from tests.audit.records import QUERY, TIME, Record, access, access_of_2020, changed, start

WINDOW = Window(TIME - timedelta(minutes=1), TIME + timedelta(minutes=1))
REFUSED = {
    **start(),
    "eventName": "DescribeUserProfile",
    "eventSource": "sagemaker.amazonaws.com",
    "responseElements": None,
    "errorCode": "AccessDeniedException",
    "errorMessage": "User: U is not authorized",
}

MISSING: list[tuple[str, Record, str]] = [
    ("what", changed(access(), "requestParameters.tableArn", None), "the table or the query id"),
    ("what", changed(access(), "requestParameters.auditContext", None), "the table or the query id"),
    ("what", changed(start(), "responseElements", None), "the query id is not there"),
    ("what", changed(REFUSED, "eventSource", None), "the service is not there"),
    ("when", changed(access(), "eventTime", None), "no time"),
    ("when", changed(access(), "eventTime", "2026-11-24T11:00:00Z"), "outside"),
    ("when", changed(access(), "eventTime", "2027-11-24T12:00:03Z"), "outside"),
    ("where", changed(access(), "awsRegion", None), "Region or account is not there"),
    ("source", changed(access(), "sourceIPAddress", None), "no source address"),
    ("outcome", changed(REFUSED, "errorMessage", None), "no message"),
    ("outcome", changed(start(), "responseElements", None), "neither an error nor a query id"),
    ("identity", changed(access(), "userIdentity.arn", None), "neither a user nor a session"),
    ("identity", changed(access(), "userIdentity.principalId", None), "no principalId"),
    ("identity", changed(access(), "userIdentity.accountId", None), "no accountId"),
    ("identity", changed(access(), "userIdentity.sessionContext.sessionIssuer", None), "neither a user nor a session"),
    (
        "identity",
        {**access(), "userIdentity": {"type": "AWSAccount", "accountId": "1"}},
        "neither a user nor a session",
    ),
]


@pytest.mark.parametrize(
    ("fact", "record", "says"),
    MISSING,
    ids=[f"{number} {fact}: {says}" for number, (fact, _, says) in enumerate(MISSING)],
)
def test_a_missing_fact_is_told(fact: str, record: Record, says: str) -> None:
    """One member less, and the fact says what is not there."""
    assert says in FACTS[fact](normalise(record), WINDOW).missing


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize(
    "record",
    [start(), access(), access_of_2020(), REFUSED],
    ids=["a query", "data access", "data access 2020", "a refusal"],
)
def test_a_whole_record_has_all_six(fact: str, record: Record) -> None:
    """Each fact is said, and nothing is missing."""
    found = FACTS[fact](normalise(record), WINDOW)
    assert (found.name, found.missing) == (fact, "")
    assert found.said


def test_the_account_may_stand_with_the_identity_alone() -> None:
    """Without recipientAccountId the account is the actor's; without either it is missing."""
    record = changed(access(), "recipientAccountId", None)
    assert not FACTS["where"](normalise(record), WINDOW).missing
    assert FACTS["where"](normalise(changed(record, "userIdentity.accountId", None)), WINDOW).missing


@pytest.mark.parametrize(
    ("fact", "record", "said"),
    [
        ("what", access(), f"table/lake/reviews {QUERY}"),
        ("what", start(), f"athena.amazonaws.com:StartQueryExecution {QUERY}"),
        ("when", access(), "2026-11-24T12:00:03+00:00"),
        ("where", access(), "us-east-1 111122223333"),
        ("source", start(), "198.51.100.7 Boto3/1.44"),
        ("outcome", start(), "started"),
        ("outcome", access(), "succeeded"),
        ("outcome", REFUSED, "AccessDeniedException: User: U is not authorized"),
        ("identity", start(), "AssumedRole arn:aws:sts::111122223333:assumed-role/Studio_alice/SageMaker alice"),
    ],
)
def test_what_a_fact_says(fact: str, record: Record, said: str) -> None:
    """The words that the report shows for it."""
    found = FACTS[fact](normalise(record), WINDOW).said
    assert all(part in found for part in said.split()), found


@pytest.mark.parametrize(("off", "inside"), [(-1.01, False), (-1.0, True), (0.0, True), (1.0, True), (1.01, False)])
def test_the_window_allows_for_the_clocks_and_no_more(off: float, inside: bool) -> None:
    """Five minutes before and after the run, as SigV4 does; not a second more."""
    edge = WINDOW.start if off < 0 else WINDOW.end
    assert WINDOW.holds(edge + SKEW * off) is inside


def test_a_user_needs_no_role() -> None:
    """An IAM user's record names them by their own ARN."""
    arn = "arn:aws:iam::1:user/alice"
    user: dict[str, Any] = {"type": "IAMUser", "arn": arn, "principalId": "AIDAEXAMPLE", "accountId": "1"}
    assert not FACTS["identity"](normalise({**start(), "userIdentity": user}), WINDOW).missing
