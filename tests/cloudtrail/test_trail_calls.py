"""Trails as a client makes, changes and reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloudtrail.trail_account import NAME, make_bucket, make_trail
from tests.conftest import Embedded, running


@pytest.fixture(scope="module")
def account() -> Iterator[Embedded]:
    """An account with a bucket ``logs`` that CloudTrail may write to for the trail ``audit``, and a bucket without."""
    with running() as embedded:
        make_bucket(embedded, "logs")
        embedded.client("s3").create_bucket(Bucket="bare")
        yield embedded


@pytest.fixture
def trail(account: Embedded) -> Iterator[str]:
    """A logging trail, gone after the test."""
    arn = make_trail(account, "logs")
    yield arn
    account.client("cloudtrail").delete_trail(Name=arn)


def refused(call: Any, **params: Any) -> str:
    """The code that a call is refused with."""
    with pytest.raises(ClientError) as refusal:
        call(**params)
    return str(refusal.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Name": "ab"}, "InvalidTrailNameException"),
        ({"Name": "a" * 129}, "InvalidTrailNameException"),
        ({"Name": "_audit"}, "InvalidTrailNameException"),
        ({"Name": "audit-"}, "InvalidTrailNameException"),
        ({"Name": "my--trail"}, "InvalidTrailNameException"),
        ({"Name": "192.168.5.4"}, "InvalidTrailNameException"),
        ({"Name": "my trail"}, "InvalidTrailNameException"),
        ({"S3BucketName": "nowhere"}, "S3BucketDoesNotExistException"),
        ({"S3BucketName": "No_Bucket"}, "InvalidS3BucketNameException"),
        ({"S3BucketName": "bare"}, "InsufficientS3BucketPolicyException"),
        ({"Name": "other"}, "InsufficientS3BucketPolicyException"),
        ({"S3KeyPrefix": "elsewhere"}, "InsufficientS3BucketPolicyException"),
        ({"S3KeyPrefix": "x" * 201}, "InvalidS3PrefixException"),
        ({"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": False}, "InvalidParameterCombinationException"),
        ({"TagsList": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "InvalidTagParameterException"),
        ({"KmsKeyId": "alias/logs"}, "NotImplemented"),
        ({"SnsTopicName": "logs"}, "NotImplemented"),
        ({"IsOrganizationTrail": True}, "NotImplemented"),
    ],
)
def test_a_trail_that_aws_refuses_is_refused(account: Embedded, changed: dict[str, Any], code: str) -> None:
    """CreateTrail refuses what AWS refuses, by its code, and makes nothing; what is not served it refuses by name."""
    cloudtrail = account.client("cloudtrail")
    assert refused(cloudtrail.create_trail, **{"Name": NAME, "S3BucketName": "logs", **changed}) == code
    assert cloudtrail.list_trails()["Trails"] == []


def test_a_trail_is_described_as_it_was_made(account: Embedded, trail: str) -> None:
    """DescribeTrails, GetTrail, ListTrails and GetTrailStatus agree on a trail, by name and by ARN."""
    cloudtrail = account.client("cloudtrail")
    expected = {
        "Name": NAME,
        "S3BucketName": "logs",
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "HomeRegion": "us-east-1",
        "TrailARN": trail,
        "LogFileValidationEnabled": True,
        "HasCustomEventSelectors": False,
        "HasInsightSelectors": False,
        "IsOrganizationTrail": False,
        "RecursiveLogging": True,
    }
    assert cloudtrail.describe_trails()["trailList"] == [expected]
    assert cloudtrail.describe_trails(trailNameList=[NAME])["trailList"] == [expected]
    assert cloudtrail.describe_trails(trailNameList=["nobody"])["trailList"] == []
    assert cloudtrail.get_trail(Name=trail)["Trail"] == expected
    assert cloudtrail.list_trails()["Trails"] == [{"TrailARN": trail, "Name": NAME, "HomeRegion": "us-east-1"}]
    assert cloudtrail.get_trail_status(Name=NAME)["IsLogging"] is True


def test_a_trail_logs_from_start_to_stop(account: Embedded, trail: str) -> None:
    """StopLogging is seen in the status, with its time; starting and stopping twice is no error."""
    cloudtrail = account.client("cloudtrail")
    cloudtrail.start_logging(Name=NAME)
    for _ in range(2):
        cloudtrail.stop_logging(Name=NAME)
    status = cloudtrail.get_trail_status(Name=trail)
    assert status["IsLogging"] is False and status["StopLoggingTime"] >= status["StartLoggingTime"]


def test_an_unknown_trail_is_refused(account: Embedded) -> None:
    """Every operation on a trail that is not there, or with a broken ARN, is refused by AWS's code."""
    cloudtrail = account.client("cloudtrail")
    calls = [getattr(cloudtrail, name) for name in ("get_trail", "get_trail_status", "start_logging", "stop_logging")]
    for call in (*calls, cloudtrail.update_trail, cloudtrail.delete_trail):
        assert refused(call, Name="nobody") == "TrailNotFoundException"
        assert refused(call, Name="arn:aws:cloudtrail:here") == "CloudTrailARNInvalidException"
    assert refused(cloudtrail.get_event_selectors, TrailName="nobody") == "TrailNotFoundException"
    elsewhere = f"arn:aws:cloudtrail:eu-west-1:{account.account_id}:trail/audit"
    assert refused(cloudtrail.get_trail, Name=elsewhere) == "TrailNotFoundException"


def test_a_refused_update_changes_nothing(account: Embedded, trail: str) -> None:
    """UpdateTrail to a bucket that CloudTrail may not write to leaves the trail as it was."""
    cloudtrail = account.client("cloudtrail")
    before = cloudtrail.get_trail(Name=trail)["Trail"]
    update = {"Name": trail, "S3BucketName": "bare", "EnableLogFileValidation": False}
    assert refused(cloudtrail.update_trail, **update) == "InsufficientS3BucketPolicyException"
    assert cloudtrail.get_trail(Name=trail)["Trail"] == before
    cloudtrail.update_trail(Name=trail, EnableLogFileValidation=False)
    assert cloudtrail.get_trail(Name=trail)["Trail"] == {**before, "LogFileValidationEnabled": False}


def test_a_region_holds_five_trails(account: Embedded) -> None:
    """The sixth trail is refused, and a name is taken once."""
    cloudtrail = account.client("cloudtrail")
    made = [f"trail{n}" for n in range(5)]
    for name in made:
        make_bucket(account, f"logs-{name}", name=name)
        cloudtrail.create_trail(Name=name, S3BucketName=f"logs-{name}")
    try:
        make = {"Name": "trail0", "S3BucketName": "logs-trail0"}
        assert refused(cloudtrail.create_trail, **make) == "TrailAlreadyExistsException"
        make = {"Name": NAME, "S3BucketName": "logs"}
        assert refused(cloudtrail.create_trail, **make) == "MaximumNumberOfTrailsExceededException"
    finally:
        for name in made:
            cloudtrail.delete_trail(Name=name)


def test_tags_are_kept_and_reach_policies(account: Embedded, trail: str) -> None:
    """Tags can be added, listed and removed, and a policy can ask for them by aws:ResourceTag."""
    cloudtrail, iam = account.client("cloudtrail"), account.client("iam")
    cloudtrail.add_tags(ResourceId=trail, TagsList=[{"Key": "for", "Value": "audit"}, {"Key": "old", "Value": "1"}])
    cloudtrail.remove_tags(ResourceId=trail, TagsList=[{"Key": "old"}])
    listed = cloudtrail.list_tags(ResourceIdList=[trail])["ResourceTagList"]
    assert listed == [{"ResourceId": trail, "TagsList": [{"Key": "for", "Value": "audit"}]}]
    missing = trail.replace("/audit", "/nobody")
    assert refused(cloudtrail.list_tags, ResourceIdList=[missing]) == "ResourceNotFoundException"
    condition = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "cloudtrail:GetTrailStatus", '
        '"Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/for": "%s"}}}}'
    )
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = account.client("cloudtrail", key)
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=condition % "something else")
    assert refused(reader.get_trail_status, Name=trail) == "AccessDeniedException"
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=condition % "audit")
    assert reader.get_trail_status(Name=trail)["IsLogging"] is True


def test_selectors_are_answered_as_they_were_put(account: Embedded, trail: str) -> None:
    """GetEventSelectors returns what was put, the default otherwise; the last of the two kinds holds."""
    cloudtrail = account.client("cloudtrail")
    default = cloudtrail.get_event_selectors(TrailName=trail)["EventSelectors"]
    assert default[0]["IncludeManagementEvents"] is True and default[0]["DataResources"] == []
    advanced = [
        {
            "Name": "objects",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            ],
        }
    ]
    cloudtrail.put_event_selectors(TrailName=trail, AdvancedEventSelectors=advanced)
    answer = cloudtrail.get_event_selectors(TrailName=trail)
    assert answer["AdvancedEventSelectors"] == advanced and "EventSelectors" not in answer
    assert cloudtrail.get_trail(Name=trail)["Trail"]["HasCustomEventSelectors"] is True
    wrong = [{"ReadWriteType": "read-only"}]
    code = refused(cloudtrail.put_event_selectors, TrailName=trail, EventSelectors=wrong)
    assert code == "InvalidEventSelectorsException"
    assert cloudtrail.get_event_selectors(TrailName=trail)["AdvancedEventSelectors"] == advanced
