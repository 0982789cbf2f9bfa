"""What reaches a trail's bucket, when, and what never does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.cloudtrail.trail_account import NAME, Files, bucket_policy, make_bucket, make_trail, names
from tests.conftest import Embedded, running

OBJECTS = {"ReadWriteType": "All", "IncludeManagementEvents": True}


@pytest.fixture(scope="module")
def process() -> Iterator[Embedded]:
    """One process for all tests; its fresh account is saved as ``fresh``."""
    with running("--trail-delay", "60") as embedded:
        assert embedded.control("state", {"save": "fresh"})[0] == 200
        yield embedded


@pytest.fixture
def account(process: Embedded) -> Embedded:
    """A fresh account: each test moves its clock and fills its buckets."""
    assert process.control("state", {"restore": "fresh"})[0] == 200
    return process


@pytest.fixture
def files(account: Embedded) -> Files:
    """A bucket that a trail may log to."""
    return Files(account, make_bucket(account, "logs"))


def pass_time(account: Embedded, seconds: float = 61) -> None:
    """Move the account's clock."""
    account.control("clock", {"advance": seconds})


def test_events_are_delivered_after_the_delay(account: Embedded, files: Files) -> None:
    """An event is in a log file once the delay has passed on the account's clock, not before, and exactly once."""
    make_trail(account, "logs")
    account.client("iam").list_users()
    assert files.listed() == []
    pass_time(account)
    assert names(files.records()).count("ListUsers") == 1
    pass_time(account)
    records = files.records()
    assert names(records).count("ListUsers") == 1
    assert len({record["eventID"] for record in records}) == len(records)


def test_a_log_file_has_the_key_and_the_form_of_aws(account: Embedded, files: Files) -> None:
    """A log file is gzip JSON of ``Records``, below its account, Region and day, named by the minute of delivery."""
    make_bucket(account, "prefixed", prefix="a/b")
    make_trail(account, "prefixed", S3KeyPrefix="a/b")
    pass_time(account)
    key = Files(account, "prefixed").listed()[0]
    assert re.fullmatch(
        r"a/b/AWSLogs/123456789012/CloudTrail/us-east-1/(\d{4})/(\d\d)/(\d\d)/"
        r"123456789012_CloudTrail_us-east-1_\1\2\3T\d{4}Z_[A-Za-z0-9]{16}\.json\.gz",
        key,
    )
    head = account.client("s3").head_object(Bucket="prefixed", Key=key)
    assert (head["ContentType"], head["ContentEncoding"]) == ("application/json", "gzip")
    assert list(Files(account, "prefixed").document(key)) == ["Records"]


def test_a_log_file_holds_what_lookup_events_shows(account: Embedded, files: Files) -> None:
    """A management event is the same document in the log file and in the event history; a refused call is in both."""
    make_trail(account, "logs")
    account.client("iam").list_users()
    pass_time(account)
    delivered = {record["eventID"]: record for record in files.records()}
    pages = account.client("cloudtrail").get_paginator("lookup_events").paginate()
    shown = {row["EventId"]: json.loads(row["CloudTrailEvent"]) for page in pages for row in page["Events"]}
    assert delivered and all(shown[event_id] == record for event_id, record in delivered.items())


def test_stopping_stops(account: Embedded, files: Files) -> None:
    """What happens between StopLogging and StartLogging is in no log file; both calls are, and so is what follows."""
    make_trail(account, "logs")
    cloudtrail, iam = account.client("cloudtrail"), account.client("iam")
    iam.list_users()
    cloudtrail.stop_logging(Name=NAME)
    pass_time(account)
    iam.list_groups()
    pass_time(account)
    cloudtrail.start_logging(Name=NAME)
    iam.list_roles()
    pass_time(account)
    logged = names(files.records())
    for name in ("ListUsers", "StopLogging", "StartLogging", "ListRoles"):
        assert name in logged
    assert "ListGroups" not in logged


def test_event_history_does_not_need_a_trail(account: Embedded) -> None:
    """LookupEvents shows what no trail logged."""
    account.client("iam").list_groups()
    pass_time(account)
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "ListGroups"}]
    assert len(account.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]) == 1


def test_deleting_a_trail_delivers_the_rest(account: Embedded, files: Files) -> None:
    """What happened before DeleteTrail still arrives, what happens after it does not."""
    make_trail(account, "logs")
    account.client("iam").list_users()
    account.client("cloudtrail").delete_trail(Name=NAME)
    account.client("iam").list_groups()
    pass_time(account)
    logged = names(files.records())
    assert "ListUsers" in logged and "ListGroups" not in logged


def test_data_events_go_only_to_trails_that_select_them(account: Embedded, files: Files) -> None:
    """Reads and writes of objects are logged where the bucket and prefix are selected, and nowhere else.

    The event names the object and its bucket, and how many bytes went each way.
    """
    make_trail(account, "logs")
    account.client("cloudtrail").put_event_selectors(
        TrailName=NAME,
        EventSelectors=[
            {**OBJECTS, "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::lake/in/"]}]}
        ],
    )
    s3 = account.client("s3")
    for bucket in ("lake", "other"):
        s3.create_bucket(Bucket=bucket)
        for key in ("in/a", "out/a"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"hello")
            s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.delete_object(Bucket="lake", Key="in/a")
    pass_time(account)
    data = [record for record in files.records() if record["eventCategory"] == "Data"]
    assert names(data) == ["PutObject", "GetObject", "DeleteObject"]
    assert {record["resources"][0]["ARN"] for record in data} == {"arn:aws:s3:::lake/in/a"}
    read = data[1]
    assert read["resources"][1]["ARN"] == "arn:aws:s3:::lake" and read["managementEvent"] is False
    assert read["additionalEventData"]["bytesTransferredOut"] == 5
    assert data[0]["additionalEventData"]["bytesTransferredIn"] == 5


def test_a_refused_read_of_an_object_is_logged(account: Embedded, files: Files) -> None:
    """A data event that S3 refused carries the refusal and names the object."""
    make_trail(account, "logs")
    selector = {**OBJECTS, "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}
    account.client("cloudtrail").put_event_selectors(TrailName=NAME, EventSelectors=[selector])
    s3, iam = account.client("s3"), account.client("iam")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="a", Body=b"x")
    iam.create_user(UserName="nobody")
    stranger = account.client("s3", iam.create_access_key(UserName="nobody")["AccessKey"])
    with pytest.raises(stranger.exceptions.ClientError):
        stranger.get_object(Bucket="lake", Key="a")
    pass_time(account)
    read = next(record for record in files.records() if record["eventName"] == "GetObject")
    assert read["errorCode"] == "AccessDenied" and read["userIdentity"]["userName"] == "nobody"
    assert read["resources"][0]["ARN"] == "arn:aws:s3:::lake/a"


def test_global_events_need_a_multi_region_trail() -> None:
    """Away from us-east-1, IAM's events reach a multi-Region trail alone, in the folder of us-east-1."""
    with running("--region", "eu-west-1") as account:
        for name, settings in (
            ("everywhere", {"IsMultiRegionTrail": True}),
            ("here", {"IsMultiRegionTrail": False}),
            ("not-global", {"IsMultiRegionTrail": False, "IncludeGlobalServiceEvents": False}),
        ):
            make_trail(account, make_bucket(account, name, name=name), name, **settings)
        account.client("iam").list_users()
        account.client("athena").list_work_groups()
        pass_time(account)
        for bucket, logged in (
            ("everywhere", {"eu-west-1", "us-east-1"}),
            ("here", {"eu-west-1"}),
            ("not-global", {"eu-west-1"}),
        ):
            files = Files(account, bucket)
            assert {key.split("/")[3] for key in files.listed()} == logged
            assert ("ListUsers" in names(files.records())) == ("us-east-1" in logged)
            assert "ListWorkGroups" in names(files.records())


def test_at_home_in_us_east_1_global_events_can_be_left_out(account: Embedded, files: Files) -> None:
    """A trail of us-east-1 takes IAM's events as long as it includes global service events."""
    make_trail(account, "logs", IsMultiRegionTrail=False)
    account.client("iam").list_users()
    account.client("cloudtrail").update_trail(Name=NAME, IncludeGlobalServiceEvents=False)
    account.client("iam").list_groups()
    pass_time(account)
    logged = names(files.records())
    assert "ListUsers" in logged and "ListGroups" not in logged


def test_a_bucket_that_refuses_shows_in_the_status(account: Embedded, files: Files) -> None:
    """Without its right to write, CloudTrail reports AccessDenied and delivers nothing; with it again, everything."""
    make_trail(account, "logs")
    s3, cloudtrail = account.client("s3"), account.client("cloudtrail")
    s3.delete_bucket_policy(Bucket="logs")
    account.client("iam").list_users()
    pass_time(account, 3700)
    status = cloudtrail.get_trail_status(Name=NAME)
    assert status["LatestDeliveryError"] == "AccessDenied"
    assert "LatestDigestDeliveryTime" not in status and files.listed() == []
    s3.put_bucket_policy(Bucket="logs", Policy=bucket_policy(account, "logs"))
    status = cloudtrail.get_trail_status(Name=NAME)
    assert "LatestDeliveryError" not in status and "LatestDigestDeliveryTime" in status
    assert "ListUsers" in names(files.records())


def test_a_bucket_that_is_gone_shows_in_the_status(account: Embedded, files: Files) -> None:
    """Deleting the log bucket is seen as NoSuchBucket."""
    make_trail(account, "logs")
    account.client("s3").delete_bucket(Bucket="logs")
    pass_time(account)
    assert account.client("cloudtrail").get_trail_status(Name=NAME)["LatestDeliveryError"] == "NoSuchBucket"


def test_cloudtrail_writes_to_a_bucket_of_its_own_only_as_its_policy_says(account: Embedded, files: Files) -> None:
    """A policy for another trail, account or ACL does not let this trail be made; the documented one does."""
    s3, cloudtrail = account.client("s3"), account.client("cloudtrail")
    right = bucket_policy(account, "logs")
    for wrong in (
        bucket_policy(account, "logs", name="other"),
        right.replace('"aws:SourceAccount": "123456789012"', '"aws:SourceAccount": "999999999999"'),
        right.replace("bucket-owner-full-control", "private"),
        right.replace("AWSLogs/", "Elsewhere/"),
    ):
        assert wrong != right
        s3.put_bucket_policy(Bucket="logs", Policy=wrong)
        with pytest.raises(cloudtrail.exceptions.InsufficientS3BucketPolicyException):
            cloudtrail.create_trail(Name=NAME, S3BucketName="logs")
    s3.put_bucket_policy(Bucket="logs", Policy=right)
    cloudtrail.create_trail(Name=NAME, S3BucketName="logs")


def test_its_own_deliveries_are_logged_unless_they_are_suppressed(account: Embedded, files: Files) -> None:
    """With data events of the log bucket, CloudTrail's own PutObject is one; not with RecursiveLogging off."""
    make_trail(account, "logs", EnableLogFileValidation=False)
    cloudtrail = account.client("cloudtrail")
    selector = {**OBJECTS, "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::logs/"]}]}
    cloudtrail.put_event_selectors(TrailName=NAME, EventSelectors=[selector])
    pass_time(account)
    pass_time(account)
    own = [record for record in files.records() if record["eventName"] == "PutObject"]
    assert own and {record["userIdentity"]["type"] for record in own} == {"AWSService"}
    assert {record["userIdentity"]["invokedBy"] for record in own} == {"cloudtrail.amazonaws.com"}
    cloudtrail.update_trail(Name=NAME, RecursiveLogging=False)
    pass_time(account)
    before = names(files.records()).count("PutObject")
    pass_time(account)
    pass_time(account)
    assert names(files.records()).count("PutObject") == before


def test_a_trail_is_saved_and_restored_with_what_it_owes(account: Embedded, files: Files) -> None:
    """After a restore the trail is back, logs on, and its chain of digests goes on from the saved one."""
    make_trail(account, "logs")
    account.client("iam").list_users()
    assert account.control("state", {"save": "with trail"})[0] == 200
    account.client("cloudtrail").delete_trail(Name=NAME)
    assert account.control("state", {"restore": "with trail"})[0] == 200
    assert account.client("cloudtrail").get_trail_status(Name=NAME)["IsLogging"] is True
    pass_time(account, 3700)
    assert "ListUsers" in names(files.records())
    assert len(files.listed("CloudTrail-Digest")) == 1
