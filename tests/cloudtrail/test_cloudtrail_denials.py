"""Refused calls are recorded, once, with who asked and why it was refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cloudtrail.bench import history
from tests.conftest import Embedded
from tests.sagemaker.studio import make_domain, make_role, refusal


@pytest.fixture
def nobody(embedded: Embedded) -> dict[str, Any]:
    """The access key of a user without any right."""
    iam = embedded.client("iam")
    if "nobody" not in [user["UserName"] for user in iam.list_users()["Users"]]:
        iam.create_user(UserName="nobody")
    key: dict[str, Any] = iam.create_access_key(UserName="nobody")["AccessKey"]
    return key


def test_a_refused_call_is_recorded_once_with_its_reason(embedded: Embedded, nobody: dict[str, Any]) -> None:
    """The event has the caller, the error that the caller saw, and no parameters."""
    sagemaker = embedded.client("sagemaker", nobody)
    code, message = refusal(sagemaker.describe_user_profile, DomainId="d-other", UserProfileName="ana")
    assert code == "AccessDeniedException"
    (event,) = history(embedded, AccessKeyId=nobody["AccessKeyId"])
    assert (event["eventName"], event["readOnly"]) == ("DescribeUserProfile", True)
    assert (event["errorCode"], event["errorMessage"]) == (code, message)
    assert event["requestParameters"] is None and event["responseElements"] is None
    assert event["userIdentity"]["userName"] == "nobody"
    assert event["userIdentity"]["accessKeyId"] == nobody["AccessKeyId"]


def test_a_role_that_may_not_be_passed_runs_no_job(embedded: Embedded, nobody: dict[str, Any]) -> None:
    """CreateTrainingJob without iam:PassRole on the job's role is refused and recorded, and assumes nothing."""
    role_arn = make_role(embedded, "not-passed", actions=["sts:AssumeRole"])
    allowed = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
    embedded.client("iam").put_user_policy(
        UserName="nobody",
        PolicyName="sagemaker",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    code, message = refusal(
        embedded.client("sagemaker", nobody).create_training_job,
        TrainingJobName="stolen",
        RoleArn=role_arn,
        OutputDataConfig={"S3OutputPath": "s3://b/p"},
    )
    assert code == "AccessDeniedException" and "iam:PassRole" in message
    events = history(embedded, AccessKeyId=nobody["AccessKeyId"])
    assert [event["eventName"] for event in events] == ["CreateTrainingJob"]
    assert role_arn not in json.dumps(history(embedded, EventName="AssumeRole"))


def test_what_is_not_served_is_recorded_too(embedded: Embedded) -> None:
    """An operation that the account does not serve is refused by name, and recorded with that error."""
    role_arn = f"arn:aws:iam::{embedded.account_id}:role/none"
    code, _ = refusal(embedded.client("sagemaker").create_model, ModelName="m", ExecutionRoleArn=role_arn)
    assert code == "NotImplemented"
    (event,) = history(embedded, EventName="CreateModel")
    assert event["errorCode"] == "NotImplemented"


def test_the_chain_from_sign_in_to_studio_is_in_the_trail(embedded: Embedded) -> None:
    """A role session that opens a profile: AssumeRole names the session's key, and that key signed the opening."""
    administrator = {"AWS": f"arn:aws:iam::{embedded.account_id}:user/administrator"}
    role_arn = make_role(embedded, "person", actions=["sts:AssumeRole", "sts:TagSession"], principal=administrator)
    everything = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
    embedded.client("iam").put_role_policy(
        RoleName="person",
        PolicyName="sagemaker",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    domain_id = make_domain(embedded, "chain")
    embedded.client("sagemaker").create_user_profile(DomainId=domain_id, UserProfileName="ana")
    tags = [{"Key": "studiouserid", "Value": "ana@example.org"}]
    session = embedded.as_role(role_arn, "ana@example.org", Tags=tags)
    embedded.client("sagemaker", session).create_presigned_domain_url(DomainId=domain_id, UserProfileName="ana")

    (assumed,) = history(embedded, ResourceName=session["AccessKeyId"])
    assert assumed["eventName"] == "AssumeRole"
    assert assumed["requestParameters"]["tags"] == [{"key": "studiouserid", "value": "ana@example.org"}]
    (opened,) = history(embedded, AccessKeyId=session["AccessKeyId"])
    assert opened["requestParameters"] == {"domainId": domain_id, "userProfileName": "ana"}
    assert opened["responseElements"] is None
    assert opened["userIdentity"]["principalId"].endswith(":ana@example.org")
    assert history(embedded, Username="ana@example.org") == [opened]
