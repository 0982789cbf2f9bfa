"""Every age and shape of a record is read: whole, in part, from a log file, from LookupEvents, as a userIdentity."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lakeproof.audit.events import TrailError, actor, read
from tests.audit.records import QUERY, access, access_of_2020, identity, start

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROW = {"EventId": "e", "EventName": "GetQueryExecution", "EventSource": "athena.amazonaws.com", "Username": "alice"}


@pytest.mark.parametrize(
    "document",
    [
        start(),
        [start()],
        {"Records": [start()]},
        {"Events": [{**ROW, "CloudTrailEvent": json.dumps(start())}]},
        {**ROW, "CloudTrailEvent": json.dumps(start())},
    ],
)
def test_every_document_of_cloudtrail_is_read(document: Any) -> None:
    """A log file, a list, a record, an answer of LookupEvents, one of its rows."""
    [event] = read(document)
    assert (event.name, event.query_id, event.time) == ("StartQueryExecution", QUERY, AT)


@pytest.mark.parametrize("record", [access(), access_of_2020()])
def test_both_forms_of_the_query_id_are_read(record: dict[str, Any]) -> None:
    """No JSON today, JSON text in 2020."""
    assert read(record)[0].query_id == QUERY


def test_a_time_without_a_zone_is_utc() -> None:
    """Some tools write the time with a space and no zone when they store records."""
    assert read({**start(), "eventTime": "2026-11-24 12:00:00"})[0].time == AT


def test_a_row_whose_record_is_no_json_says_what_the_row_says() -> None:
    """The row's own members: id, name, source, time in seconds, user name."""
    [event] = read({**ROW, "EventTime": AT.timestamp(), "CloudTrailEvent": "<JSON string>"})
    assert (event.event_id, event.name, event.time, event.actor.user_name) == ("e", "GetQueryExecution", AT, "alice")


@pytest.mark.parametrize("gone", ["userIdentity", "eventTime", "requestParameters", "responseElements", "eventID"])
def test_a_record_in_part_is_read(gone: str) -> None:
    """Excerpts lack members: what is not there is None or empty, never guessed."""
    record = start()
    del record[gone]
    [event] = read(record)
    assert event.name == "StartQueryExecution"
    assert event.time is None or gone != "eventTime"


def test_a_service_is_an_actor() -> None:
    """AssumeRole by a service has a type and invokedBy, no ARN."""
    told = actor({"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"})
    assert (told.kind, told.invoked_by, told.arn) == ("AWSService", "sagemaker.amazonaws.com", None)


def test_an_actor_tells_source_identity_and_on_behalf_of() -> None:
    """The profile that Studio writes; the person of IAM Identity Center; Lake Formation's own session in part."""
    told = actor(identity("alice", onBehalfOf={"userId": "u-1", "identityStoreArn": "arn"}))
    assert (told.source_identity, told.on_behalf_of, told.role_name) == ("alice", "u-1", "Studio_alice")
    part = actor({"sessionContext": {"sourceIdentity": "V2.1.AROA"}, "invokedBy": "glue.amazonaws.com"})
    assert (part.kind, part.source_identity) == ("", "V2.1.AROA")


@pytest.mark.parametrize("document", [{"QueryExecution": {}}, {"type": "AssumedRole"}, "text", {}, None])
def test_what_is_no_record_says_what_it_is(document: Any) -> None:
    """An API's answer or a userIdentity alone is not taken for a record."""
    with pytest.raises(TrailError, match="no CloudTrail record"):
        read(document)
