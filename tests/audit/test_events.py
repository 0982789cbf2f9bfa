"""One CloudTrail record in our shape, the same for every age of the format; what cannot be read is an error."""

from __future__ import annotations

from typing import Any

import pytest

from lakeproof.audit.events import TrailError, normalise
from tests.audit.records import ACCOUNT, QUERY, Record, access, access_of_2020, changed, role, session, start


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"eventID": "e-1"}, "'e-1' has no eventName"),
        ({"eventName": ""}, "'without id' has no eventName"),
        ({"eventName": None, "eventID": "e-1"}, "has no eventName"),
        (changed(start(), "eventTime", "yesterday"), "'start-1': eventTime 'yesterday' is no time"),
    ],
    ids=["no name", "an empty name", "a null name", "no time"],
)
def test_a_record_that_cannot_be_read_is_an_error(record: Record, says: str) -> None:
    """The record is named; nothing is guessed."""
    with pytest.raises(TrailError) as refused:
        normalise(record)
    assert says in str(refused.value)


@pytest.mark.parametrize("record", [access(), access_of_2020()], ids=["2026", "2020"])
def test_data_access_has_the_same_shape_in_every_age(record: Record) -> None:
    """Query id, asker, role, table and session are found in today's record and in 2020's."""
    event = normalise(record)
    assert event.query_id == QUERY
    assert event.by_athena
    assert (event.actor.arn, event.actor.role_arn, event.actor.role_name) == (
        session("alice"),
        role("alice"),
        "Studio_alice",
    )
    assert event.actor.principal_arn == role("alice")
    assert event.additional["lakeFormationPrincipal"] == role("alice")
    assert event.request["tableArn"].endswith("table/lake/reviews")
    assert event.raw is record


@pytest.mark.parametrize(
    ("context", "found"),
    [
        (f"{{queryId: {QUERY}}}", QUERY),
        (f'{{"queryId":"{QUERY}"}}', QUERY),
        (f'{{\\"queryId\\":\\"{QUERY}\\"}}', QUERY),
        (f"{{queryId: {QUERY.upper()}}}", QUERY),
        (f"{{other: 1, queryId: {QUERY}, more: 2}}", QUERY),
        (f"{{parentQueryId: {QUERY}}}", None),
        (f"{{queryId: {QUERY[:-1]}}}", None),
        ("{queryId: }", None),
        ('{"invokedBy":"arn:aws:iam::111122223333:role/crawler"}', None),
        ("", None),
    ],
)
def test_the_query_id_is_the_one_that_the_context_calls_so(context: str, found: str | None) -> None:
    """Written as JSON or not, escaped or not; half an id, or the id of something else, is none."""
    record = changed(access(), "requestParameters.auditContext.additionalAuditContext", context)
    assert normalise(record).query_id == found


@pytest.mark.parametrize(
    "record",
    [
        changed(access(), "requestParameters.auditContext", None),
        changed(access(), "requestParameters", None),
        changed(start(), "responseElements", None),
        changed(start(), "responseElements.queryExecutionId", 7),
    ],
)
def test_a_record_without_a_query_id_has_none(record: Record) -> None:
    """A refused call has no answer; a member that is not there is no error."""
    assert normalise(record).query_id is None


def test_a_later_call_about_a_query_names_it_in_its_request() -> None:
    """GetQueryResults carries the id that it asks for."""
    record = changed(start(), "eventName", "GetQueryResults") | {"requestParameters": {"queryExecutionId": QUERY}}
    assert normalise(record).query_id == QUERY


@pytest.mark.parametrize(
    ("changes", "by_athena"),
    [
        ({}, True),
        ({"additionalEventData.requesterService": "GLUE_JOB"}, False),
        ({"additionalEventData": None}, True),
        ({"additionalEventData": None, "userIdentity.invokedBy": "glue.amazonaws.com",
          "sourceIPAddress": "glue.amazonaws.com", "userAgent": "glue.amazonaws.com"}, False),
    ],
)  # fmt: skip
def test_who_asked_for_data_is_told_apart(changes: dict[str, Any], by_athena: bool) -> None:
    """Glue and EMR ask Lake Formation too: theirs is no query's data access."""
    record = access()
    for path, value in changes.items():
        record = changed(record, path, value)
    assert normalise(record).by_athena is by_athena


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("AccessDenied", True),
        ("AccessDeniedException", True),
        ("Client.UnauthorizedOperation", True),
        ("ThrottlingException", False),
        ("AccessDeniedish", False),
        (None, False),
    ],
)
def test_a_refusal_is_one_of_the_codes_that_services_write(code: str | None, refused: bool) -> None:
    """Athena, SageMaker, STS and EC2 write different ones; any other error is no refusal."""
    assert normalise({**start(), "errorCode": code}).refused is refused


def test_what_a_record_does_not_have_is_not_made_up() -> None:
    """A service's own record has no ARN, no role and no address: each is None."""
    event = normalise(
        {"eventName": "AssumeRole", "userIdentity": {"type": "AWSService", "invokedBy": "x.amazonaws.com"}}
    )
    actor = event.actor
    assert (actor.kind, actor.invoked_by) == ("AWSService", "x.amazonaws.com")
    assert [actor.arn, actor.role_arn, actor.user_name, actor.source_identity, actor.principal_arn] == [None] * 5
    assert [event.time, event.account_id, event.region, event.source_ip, event.request_id] == [None] * 5
    assert event.request == event.response == event.additional == {}


def test_an_iam_user_and_a_trusted_identity_are_read() -> None:
    """A user has a name and an ARN of their own; a person of Identity Center stands behind their session."""
    user = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/alice", "accountId": ACCOUNT, "userName": "alice"}
    assert normalise({**start(), "userIdentity": user}).actor.principal_arn == user["arn"]
    behind = changed(start(), "userIdentity.onBehalfOf", {"userId": "u-1", "identityStoreArn": "arn:store"})
    assert normalise(behind).actor.on_behalf_of == "u-1"
