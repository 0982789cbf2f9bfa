"""Our events beside events captured from AWS: the same keys at every level.

The expected keys are those of published samples (AWS's documentation and public logs of 2019 to 2026). Where ours
differ, the difference stands in the test.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from localaws.call import Call
from localaws.caller import Caller
from localaws.errors import AwsError
from tests.cloudtrail.bench import ACCOUNT, NOON, Bench, call, studio, user

COMMON = {
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "responseElements",
    "requestID",
    "eventID",
    "readOnly",
    "eventType",
    "managementEvent",
    "recipientAccountId",
    "eventCategory",
}
REAL = COMMON | {"tlsDetails"}
FAILED = {"errorCode", "errorMessage"}
IAM_USER = {"type", "principalId", "arn", "accountId", "accessKeyId", "userName"}
ASSUMED_ROLE = {"type", "principalId", "arn", "accountId", "accessKeyId", "sessionContext"}
TLS = {"tlsVersion", "cipherSuite", "clientProvidedHostHeader"}

DENIED = AwsError(
    "AccessDenied",
    f"User: arn:aws:iam::{ACCOUNT}:user/ana is not authorized to perform: sts:AssumeRole on resource: "
    f"arn:aws:iam::{ACCOUNT}:role/R",
    403,
)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/R"
ASSUMED = {
    "Credentials": {
        "AccessKeyId": "ASIANEW",
        "SecretAccessKey": "secret-of-the-session",
        "SessionToken": "token-of-the-session",
        "Expiration": datetime(2024, 8, 1, 11, 45, 22, tzinfo=UTC),
    },
    "AssumedRoleUser": {"AssumedRoleId": "AROANEW:s", "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/R/s"},
}


def keys(event: dict[str, Any], *path: str) -> set[str]:
    """The keys of a part of an event."""
    for step in path:
        event = event[step]
    return set(event)


def test_a_denied_assume_role(bench: Bench) -> None:
    """As captured in 2024: AccessDenied, null parameters, readOnly true, no resources."""
    event = bench.event(call("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s"}), error=DENIED)
    assert keys(event) == REAL | FAILED
    assert keys(event, "userIdentity") == IAM_USER
    assert keys(event, "tlsDetails") == TLS
    assert (event["errorCode"], event["requestParameters"], event["responseElements"]) == ("AccessDenied", None, None)
    assert event["readOnly"] is True
    assert event["errorMessage"] == DENIED.message


def test_an_assume_role_by_a_user(bench: Bench) -> None:
    """As captured in 2024: the answer is recorded though readOnly, with AWS's spelling of the expiration."""
    params = {"RoleArn": ROLE, "RoleSessionName": "s", "DurationSeconds": 900}
    event = bench.event(call("sts", "AssumeRole", params), ASSUMED)
    assert keys(event) == REAL | {"resources"}
    assert keys(event, "requestParameters") == {"durationSeconds", "roleArn", "roleSessionName"}
    assert keys(event, "responseElements") == {"assumedRoleUser", "credentials"}
    assert keys(event, "responseElements", "credentials") == {"accessKeyId", "expiration", "sessionToken"}
    assert keys(event, "responseElements", "assumedRoleUser") == {"arn", "assumedRoleId"}
    assert event["responseElements"]["credentials"]["expiration"] == "Aug 1, 2024, 11:45:22 AM"
    assert event["responseElements"]["credentials"]["sessionToken"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert event["resources"] == [{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": ROLE}]


def test_an_assume_role_by_a_service(bench: Bench) -> None:
    """As captured in 2020: AWSService, the service as address and agent, a shared event id, no TLS."""
    service = Caller("service", ACCOUNT, "sagemaker.amazonaws.com", "sagemaker.amazonaws.com")
    params = {"RoleArn": ROLE, "RoleSessionName": "SageMaker", "SourceIdentity": "ana"}
    made = replace(
        call("sts", "AssumeRole", params, service),
        source_ip="sagemaker.amazonaws.com",
        user_agent="sagemaker.amazonaws.com",
    )
    event = bench.event(made, {**ASSUMED, "SourceIdentity": "ana"})
    assert keys(event) == COMMON | {"resources", "sharedEventID"}
    assert event["userIdentity"] == {"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"}
    assert event["sourceIPAddress"] == event["userAgent"] == "sagemaker.amazonaws.com"
    assert event["requestParameters"]["sourceIdentity"] == event["responseElements"]["sourceIdentity"] == "ana"


def test_a_user_identity_with_source_identity(bench: Bench) -> None:
    """A role session with a source identity shows it in sessionContext, beside issuer and attributes."""
    event = bench.event(call("athena", "ListWorkGroups", {}, studio("ana")), {})
    assert keys(event, "userIdentity") == ASSUMED_ROLE
    assert keys(event, "userIdentity", "sessionContext") == {"sessionIssuer", "attributes", "sourceIdentity"}
    issuer = {"type", "principalId", "arn", "accountId", "userName"}
    assert keys(event, "userIdentity", "sessionContext", "sessionIssuer") == issuer
    assert event["userIdentity"]["sessionContext"]["attributes"] == {
        "creationDate": "2026-07-01T12:00:00Z",
        "mfaAuthenticated": "false",
    }


def test_a_user_identity_without_source_identity(bench: Bench) -> None:
    """A role session without one has no such key, and none for web identities (captured 2024 and 2026)."""
    event = bench.event(call("athena", "ListWorkGroups", {}, studio()), {})
    assert keys(event, "userIdentity", "sessionContext") == {"sessionIssuer", "attributes"}


def test_data_access_by_athena(bench: Bench) -> None:
    """As captured in July 2026: invokedBy, Athena as address and agent, additionalEventData, no TLS, no resources."""
    made = call("athena", "StartQueryExecution", {}, studio()).acting(
        "lakeformation", "GetDataAccess", {}, "athena.amazonaws.com"
    )
    made.trail.request_parameters = {
        "tableArn": f"arn:aws:glue:us-east-1:{ACCOUNT}:table/db/t",
        "permissions": ["SELECT"],
        "auditContext": {"additionalAuditContext": "{queryId: 33333333-4444-5555-6666-777777777777}"},
        "cellLevelSecurityEnforced": True,
        "expectedTableId": "0" * 32,
    }
    made.trail.extra["additionalEventData"] = {"requesterService": "ATHENA"}
    event = bench.event(made)
    assert keys(event) == COMMON | {"additionalEventData"}
    assert keys(event, "userIdentity") == ASSUMED_ROLE | {"invokedBy"}
    assert event["userIdentity"]["invokedBy"] == "athena.amazonaws.com"
    assert event["sourceIPAddress"] == event["userAgent"] == "athena.amazonaws.com"
    assert event["requestParameters"] == made.trail.request_parameters
    assert (event["responseElements"], event["readOnly"], event["eventVersion"]) == (None, True, "1.11")


def test_a_started_query(bench: Bench) -> None:
    """As documented today: the SQL is omitted, the query id is the answer; a write."""
    params = {
        "QueryString": "SELECT secret FROM t",
        "ClientRequestToken": "16bc6e70-f972-4260-b18a-db1b623cb35c",
        "QueryExecutionContext": {"Database": "default"},
        "ResultConfiguration": {"OutputLocation": "s3://b/queries/"},
        "WorkGroup": "primary",
    }
    event = bench.event(call("athena", "StartQueryExecution", params, studio()), {"QueryExecutionId": "q"})
    assert keys(event) == REAL
    assert event["requestParameters"] == {
        "queryString": "***OMITTED***",
        "clientRequestToken": "16bc6e70-f972-4260-b18a-db1b623cb35c",
        "queryExecutionContext": {"database": "default"},
        "resultConfiguration": {"outputLocation": "s3://b/queries/"},
        "workGroup": "primary",
    }
    assert event["responseElements"] == {"queryExecutionId": "q"}
    assert event["readOnly"] is False


def test_a_query_that_athena_refuses(bench: Bench) -> None:
    """As documented: a refusal by the service itself keeps the parameters, SQL omitted."""
    error = AwsError("InvalidRequestException", "Invalid result configuration. Should specify either output location")
    params = {"ClientRequestToken": "t" * 32, "QueryString": "SELECT 1"}
    event = bench.event(call("athena", "StartQueryExecution", params), error=error)
    assert keys(event) == REAL | FAILED
    assert event["requestParameters"] == {"clientRequestToken": "t" * 32, "queryString": "***OMITTED***"}
    assert (event["errorCode"], event["responseElements"]) == ("InvalidRequestException", None)


def test_a_read_of_a_query(bench: Bench) -> None:
    """As captured in 2019: the id asked for, no answer, read-only."""
    made = call("athena", "GetQueryExecution", {"QueryExecutionId": "q"}, studio())
    event = bench.event(made, {"QueryExecution": {"Query": "SELECT 1"}})
    assert keys(event) == REAL
    assert (event["requestParameters"], event["responseElements"]) == ({"queryExecutionId": "q"}, None)
    assert event["readOnly"] is True


def test_a_grant_that_lake_formation_refuses(bench: Bench) -> None:
    """As documented: small first letters at every level; a refusal by the service keeps the parameters."""
    params = {
        "Principal": {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:user/u"},
        "Resource": {},
        "Permissions": ["CREATE_TABLE"],
    }
    error = AwsError("InvalidInputException", "Resource must have one of the have either the catalog, table")
    event = bench.event(call("lakeformation", "GrantPermissions", params), error=error)
    assert keys(event) == REAL | FAILED
    assert event["requestParameters"] == {
        "principal": {"dataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:user/u"},
        "resource": {},
        "permissions": ["CREATE_TABLE"],
    }


def test_a_refusal_by_lake_formation_is_no_refusal_by_iam(bench: Bench) -> None:
    """Where Lake Formation refuses, the parameters stay, unlike where IAM does (inferred)."""
    error = AwsError("AccessDeniedException", "Insufficient Lake Formation permission(s): Required Describe on t")
    event = bench.event(call("glue", "GetTable", {"DatabaseName": "db", "Name": "t"}), error=error)
    assert event["requestParameters"] == {"databaseName": "db", "name": "t"}


def test_a_bucket_that_is_created(bench: Bench) -> None:
    """As captured in 2023, but for x-amz-id-2 and the bytes transferred, which are not emulated."""
    made = replace(call("s3", "CreateBucket", {"Bucket": "b", "ACL": "private"}), host="b.s3.amazonaws.com")
    event = bench.event(made, {})
    assert keys(event) == REAL | {"additionalEventData"}
    assert event["requestParameters"] == {"bucketName": "b", "Host": "b.s3.amazonaws.com", "x-amz-acl": "private"}
    not_emulated = {"x-amz-id-2", "bytesTransferredIn", "bytesTransferredOut"}
    captured = {"SignatureVersion", "CipherSuite", "AuthenticationMethod"} | not_emulated
    assert keys(event, "additionalEventData") == captured - not_emulated
    assert event["responseElements"] is None


@pytest.mark.parametrize(
    ("operation", "name", "params", "expected"),
    [
        ("GetBucketAcl", "GetBucketAcl", {}, {"acl": ""}),
        (
            "PutPublicAccessBlock",
            "PutBucketPublicAccessBlock",
            {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
            {"publicAccessBlock": "", "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
        ),
        ("PutBucketPolicy", "PutBucketPolicy", {"Policy": '{"a": 1}'}, {"policy": "", "bucketPolicy": {"a": 1}}),
    ],
)
def test_a_call_on_a_bucket(
    bench: Bench, operation: str, name: str, params: dict[str, Any], expected: dict[str, Any]
) -> None:
    """A bucket's sub-resource stands as the URL has it, and the event has the documented name."""
    event = bench.event(replace(call("s3", operation, {"Bucket": "b", **params}), host="s3"), {})
    assert (event["eventName"], event["managementEvent"]) == (name, True)
    assert event["requestParameters"] == {"bucketName": "b", "Host": "s3", **expected}


def test_notebook_instances_listed(bench: Bench) -> None:
    """As captured in 2025."""
    event = bench.event(call("sagemaker", "ListNotebookInstances", {"StatusEquals": "InService"}), {})
    assert keys(event) == REAL
    assert event["requestParameters"] == {"statusEquals": "InService"}
    assert event["eventSource"] == "sagemaker.amazonaws.com"


def test_tags_listed_by_a_service_for_a_role(bench: Bench) -> None:
    """As captured in 2026: a service that acts for a role is invokedBy; no TLS."""
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/x"
    made: Call = call("sagemaker", "DescribeDomain", {}, studio()).acting(
        "sagemaker", "ListTags", {"ResourceArn": arn}, "config.amazonaws.com"
    )
    event = bench.event(made, {"Tags": []})
    assert keys(event) == COMMON
    assert keys(event, "userIdentity") == ASSUMED_ROLE | {"invokedBy"}
    assert event["requestParameters"] == {"resourceArn": arn}


def test_a_login_profile_that_is_created(bench: Bench) -> None:
    """As captured in 2024: no password, and IAM's own spelling of a time."""
    params = {"UserName": "ana", "Password": "pass-of-ana", "PasswordResetRequired": False}
    created = datetime(2024, 8, 1, 13, 42, 21, tzinfo=UTC)
    answer = {"LoginProfile": {"UserName": "ana", "CreateDate": created, "PasswordResetRequired": False}}
    event = bench.event(call("iam", "CreateLoginProfile", params), answer)
    assert keys(event) == REAL
    assert event["requestParameters"] == {"userName": "ana", "passwordResetRequired": False}
    assert event["responseElements"] == {
        "loginProfile": {"userName": "ana", "createDate": "Aug 1, 2024 1:42:21 PM", "passwordResetRequired": False}
    }


def test_an_account_assignment(bench: Bench) -> None:
    """As captured in 2023: the event source of sso-admin is sso.amazonaws.com."""
    params = {
        "InstanceArn": "i",
        "TargetId": ACCOUNT,
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": "p",
        "PrincipalType": "USER",
        "PrincipalId": "u",
    }
    answer = {"AccountAssignmentCreationStatus": {"Status": "IN_PROGRESS", "RequestId": "r"}}
    event = bench.event(call("sso-admin", "CreateAccountAssignment", params), answer)
    assert event["eventSource"] == "sso.amazonaws.com"
    assert keys(event, "requestParameters") == {
        "instanceArn",
        "targetId",
        "targetType",
        "permissionSetArn",
        "principalType",
        "principalId",
    }
    assert event["responseElements"]["accountAssignmentCreationStatus"] == {"status": "IN_PROGRESS", "requestId": "r"}


def test_names_in_maps_keep_their_spelling(bench: Bench) -> None:
    """The keys of a map are data, and stay as they are; those of a structure are CloudTrail's."""
    params = {"DatabaseInput": {"Name": "db", "Parameters": {"CreatedBy": "Me"}}}
    event = bench.event(call("glue", "CreateDatabase", params), {})
    assert event["requestParameters"] == {"databaseInput": {"name": "db", "parameters": {"CreatedBy": "Me"}}}


def test_without_tls_no_tls_is_claimed(bench: Bench) -> None:
    """A request over plain HTTP shows the host that the client named, and neither version nor cipher."""
    made = replace(call("athena", "ListWorkGroups", {}), secure=False, host="127.0.0.1:4566")
    assert bench.event(made, {})["tlsDetails"] == {"clientProvidedHostHeader": "127.0.0.1:4566"}


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [("iam", "ListUsers", "us-east-1"), ("sts", "GetCallerIdentity", "eu-west-1")],
)
def test_iam_is_in_us_east_1(bench: Bench, service: str, operation: str, expected: str) -> None:
    """IAM's events are in us-east-1 wherever the account is; STS is regional."""
    bench.region = "eu-west-1"
    assert bench.event(call(service, operation, {}, user()), {})["awsRegion"] == expected


def test_an_event_of_the_service_caller_has_no_user_name(bench: Bench) -> None:
    """The row of a call by an AWS service has neither user name nor access key; that of a role its session name."""
    service = Caller("service", ACCOUNT, "sagemaker.amazonaws.com", "sagemaker.amazonaws.com")
    bench.event(call("sts", "AssumeRole", {"RoleArn": ROLE}, service), ASSUMED)
    assert {"Username", "AccessKeyId"}.isdisjoint(bench.lookup(MaxResults=1)["Events"][0])
    bench.event(call("athena", "ListWorkGroups", {}, studio("ana")), {})
    assert bench.lookup(MaxResults=1)["Events"][0]["Username"] == "SageMaker"


def test_an_event_has_the_time_of_its_call(bench: Bench) -> None:
    """eventTime is the call's time, UTC, in whole seconds."""
    bench.clock.advance(0)
    made = call("iam", "ListUsers", {}, time=max(NOON, bench.clock.now()).replace(microsecond=999_999))
    assert bench.event(made, {})["eventTime"] == made.time.strftime("%Y-%m-%dT%H:%M:%SZ")
