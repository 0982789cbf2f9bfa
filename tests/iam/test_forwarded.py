"""What a service does for its caller is decided with the caller's policies, and with a context of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.conftest import Embedded
from tests.iam.test_enforcement import user

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "forwarded.yaml").read_text("utf-8"))
BUCKET = "forwarded"
ALWAYS = {
    "Effect": "Allow",
    "Action": ["athena:*", "s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"],
    "Resource": "*",
}


def put(embedded: Embedded, key: dict[str, Any]) -> bool:
    """Whether the user may put an object."""
    try:
        embedded.client("s3", key).put_object(Bucket=BUCKET, Key="own", Body=b"x")
    except ClientError as error:
        assert "s3:PutObject" in error.response["Error"]["Message"]
        return False
    return True


def queried(embedded: Embedded, key: dict[str, Any]) -> bool:
    """Whether Athena may put the result of the user's query."""
    athena = embedded.client("athena", key)
    location = {"OutputLocation": f"s3://{BUCKET}/results/"}
    query = athena.start_query_execution(QueryString="SELECT 1", ResultConfiguration=location)["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            break
    reason = status.get("StateChangeReason", "")
    assert status["State"] == "SUCCEEDED" or "s3:PutObject" in reason or "Access denied" in reason, reason
    return bool(status["State"] == "SUCCEEDED")


@pytest.fixture(scope="module", autouse=True)
def bucket(embedded: Embedded) -> None:
    """A bucket for objects and results."""
    embedded.client("s3").create_bucket(Bucket=BUCKET)


@pytest.mark.parametrize("case", CASES, ids=[case["key"] for case in CASES])
def test_a_service_acts_with_its_callers_rights(embedded: Embedded, case: dict[str, Any]) -> None:
    """The condition holds, or does not, for the user's own call and for the same call by Athena, as documented."""
    under = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    key = user(embedded, f"forwarded-{CASES.index(case)}", ALWAYS, {**under, "Condition": case["condition"]})
    assert (put(embedded, key), queried(embedded, key)) == (case["direct"], case["athena"])
