"""LookupEvents, as a client sees it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloudtrail.bench import history
from tests.conftest import Embedded

ONE = {"AttributeKey": "EventName", "AttributeValue": "ListUsers"}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"LookupAttributes": [ONE, ONE]}, "InvalidLookupAttributesException"),
        (
            {"LookupAttributes": [{"AttributeKey": "Color", "AttributeValue": "red"}]},
            "InvalidLookupAttributesException",
        ),
        (
            {"LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "maybe"}]},
            "InvalidLookupAttributesException",
        ),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"NextToken": "not a token"}, "InvalidNextTokenException"),
        ({"EventCategory": "data"}, "InvalidEventCategoryException"),
        ({"EventCategory": "insight"}, "NotImplemented"),
        ({"StartTime": datetime(2026, 2, 1), "EndTime": datetime(2026, 1, 1)}, "InvalidTimeRangeException"),
    ],
)
def test_a_question_that_aws_refuses_is_refused_by_name(embedded: Embedded, params: dict[str, Any], code: str) -> None:
    """A question that AWS refuses, or that we do not serve, is refused by name."""
    with pytest.raises(ClientError) as refusal:
        embedded.client("cloudtrail").lookup_events(**params)
    assert refusal.value.response["Error"]["Code"] == code


def test_a_token_belongs_to_its_question(embedded: Embedded) -> None:
    """A NextToken used with another attribute is refused."""
    cloudtrail, iam = embedded.client("cloudtrail"), embedded.client("iam")
    for _ in range(3):
        iam.list_users()
    embedded.control("clock", {"advance": 1})
    page = cloudtrail.lookup_events(LookupAttributes=[ONE], MaxResults=1)
    with pytest.raises(ClientError) as refusal:
        cloudtrail.lookup_events(NextToken=page["NextToken"], MaxResults=1)
    assert refusal.value.response["Error"]["Code"] == "InvalidNextTokenException"


def test_an_event_is_seen_only_after_the_delay(
    start_embedded: Callable[..., AbstractContextManager[Embedded]],
) -> None:
    """An event can be looked up once the trail delay has passed on the account's clock, and not before."""
    with start_embedded("--trail-delay", "60") as account:
        account.client("iam").list_users()
        cloudtrail = account.client("cloudtrail")
        assert cloudtrail.lookup_events(LookupAttributes=[ONE])["Events"] == []
        account.control("clock", {"advance": 59})
        assert cloudtrail.lookup_events(LookupAttributes=[ONE])["Events"] == []
        account.control("clock", {"advance": 2})
        assert len(cloudtrail.lookup_events(LookupAttributes=[ONE])["Events"]) == 1


def test_an_event_is_kept_for_ninety_days(start_embedded: Callable[..., AbstractContextManager[Embedded]]) -> None:
    """An event of 89 days ago is found; after 90 days it is not."""
    with start_embedded() as account:
        account.client("iam").list_users()
        account.control("clock", {"advance": 89 * 86400})
        assert len(history(account, EventName="ListUsers")) == 1
        account.control("clock", {"advance": 86400})
        assert history(account, EventName="ListUsers") == []


def test_calls_on_objects_are_not_in_the_event_history(embedded: Embedded) -> None:
    """Reading, writing and listing objects are data events: the history has the bucket's creation, not these."""
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket="history-bucket")
    s3.put_object(Bucket="history-bucket", Key="k", Body=b"v")
    s3.get_object(Bucket="history-bucket", Key="k")
    s3.head_object(Bucket="history-bucket", Key="k")
    s3.list_objects_v2(Bucket="history-bucket")
    s3.get_bucket_location(Bucket="history-bucket")
    s3.delete_object(Bucket="history-bucket", Key="k")
    names = [event["eventName"] for event in history(embedded, EventSource="s3.amazonaws.com")]
    assert names == ["GetBucketLocation", "CreateBucket"]


def test_a_row_is_as_aws_writes_it(embedded: Embedded) -> None:
    """A row has AWS's members: ReadOnly is text, Username the user's name, CloudTrailEvent the event as JSON text."""
    embedded.client("iam").list_groups()
    embedded.control("clock", {"advance": 1})
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "ListGroups"}]
    row = embedded.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"][0]
    assert row.keys() == {
        "EventId",
        "EventName",
        "ReadOnly",
        "AccessKeyId",
        "EventTime",
        "EventSource",
        "Username",
        "Resources",
        "CloudTrailEvent",
    }
    assert (row["ReadOnly"], row["Username"], row["EventSource"]) == ("true", "administrator", "iam.amazonaws.com")
    assert row["AccessKeyId"] == embedded.access_key_id
    assert isinstance(row["CloudTrailEvent"], str)
    assert abs(row["EventTime"] - datetime.now(UTC)) < timedelta(days=365)


@pytest.fixture(scope="module")
def looked_up(embedded: Embedded) -> None:
    """The user whose creation is looked for."""
    embedded.client("iam").create_user(UserName="looked-up")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("EventName", "CreateUser"),
        ("EventSource", "iam.amazonaws.com"),
        ("ReadOnly", "false"),
        ("Username", "administrator"),
        ("ResourceType", "AWS::IAM::User"),
        ("ResourceName", "looked-up"),
    ],
)
def test_every_attribute_finds_the_event(embedded: Embedded, looked_up: None, key: str, value: str) -> None:
    """Each of AWS's lookup attributes finds an event by its value, and finds nothing by another."""
    found = history(embedded, **{key: value})
    assert any(event["requestParameters"] == {"userName": "looked-up"} for event in found if "CreateUser" in str(event))
    other = "true" if key == "ReadOnly" else "nobody"
    assert all(event["eventName"] != "CreateUser" for event in history(embedded, **{key: other}))


def test_the_id_and_the_access_key_find_the_event(embedded: Embedded, looked_up: None) -> None:
    """EventId finds exactly one event; AccessKeyId finds all calls that the key signed."""
    event = history(embedded, EventName="CreateUser")[0]
    assert history(embedded, EventId=event["eventID"]) == [event]
    signed = history(embedded, AccessKeyId=embedded.access_key_id)
    assert event in signed
    assert all(found["userIdentity"]["accessKeyId"] == embedded.access_key_id for found in signed)


def test_events_come_newest_first_and_within_the_time_range(embedded: Embedded) -> None:
    """Events are listed newest first; StartTime and EndTime belong to the range."""
    iam, cloudtrail = embedded.client("iam"), embedded.client("cloudtrail")
    for _ in range(3):
        iam.list_roles()
        embedded.control("clock", {"advance": 10})
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "ListRoles"}]
    times = [row["EventTime"] for row in cloudtrail.lookup_events(LookupAttributes=wanted)["Events"]]
    assert times == sorted(times, reverse=True) and len(set(times)) == 3
    middle = cloudtrail.lookup_events(LookupAttributes=wanted, StartTime=times[1], EndTime=times[1])["Events"]
    assert [row["EventTime"] for row in middle] == [times[1]]
