"""readOnly, and which calls are data events, over every operation that the account serves."""

from __future__ import annotations

import pytest

from localaws.cloudtrail.rules import answered, data_event, read_only
from localaws.iam import load_operations

WRITES = (
    "Abort",
    "Add",
    "Associate",
    "Attach",
    "BatchCreate",
    "BatchDelete",
    "BatchGrant",
    "BatchPut",
    "BatchRevoke",
    "BatchUpdate",
    "Complete",
    "Copy",
    "Create",
    "Delete",
    "Deregister",
    "Detach",
    "Enable",
    "Disable",
    "Generate",
    "Grant",
    "Import",
    "Provision",
    "Put",
    "Register",
    "Remove",
    "Restore",
    "Revoke",
    "Rotate",
    "Set",
    "Start",
    "Stop",
    "Tag",
    "Untag",
    "Update",
    "Upload",
    "Add",
    "Cancel",
    "Commit",
    "Extend",
)
READS_BY_EXCEPTION = {("sts", "AssumeRole")}
SERVED = sorted(load_operations())


@pytest.mark.parametrize(("service", "operation"), SERVED)
def test_every_served_operation_reads_or_writes_by_its_name(service: str, operation: str) -> None:
    """An operation whose name says that it changes something is no read; every other one is."""
    writes = operation.startswith(WRITES)
    assert read_only(service, operation) is (not writes or (service, operation) in READS_BY_EXCEPTION)


@pytest.mark.parametrize(
    "operation", ["GetObject", "PutObject", "DeleteObject", "HeadObject", "ListObjectsV2", "HeadBucket"]
)
def test_what_is_done_to_objects_is_a_data_event(operation: str) -> None:
    """Operations on objects, and listing them, are data events."""
    assert data_event("s3", operation)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("s3", "CreateBucket"),
        ("s3", "GetBucketPolicy"),
        ("s3", "ListBuckets"),
        ("athena", "GetQueryResults"),
        ("lakeformation", "GetDataAccess"),
        ("secretsmanager", "GetSecretValue"),
    ],
)
def test_all_else_is_a_management_event(service: str, operation: str) -> None:
    """Operations on buckets and everything of the other services are management events."""
    assert not data_event(service, operation)


def test_an_answer_is_recorded_for_writes_and_for_credentials() -> None:
    """responseElements is null for a read, but for the credentials that STS hands out."""
    assert answered("athena", "StartQueryExecution") and answered("sts", "AssumeRole")
    assert not answered("athena", "GetQueryExecution") and not answered("sts", "GetCallerIdentity")
