"""What a caller can send or break: an API error or FAILED as AWS gives it, and the process answers the next query."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.athena.lake import Lake
from tests.conftest import send


@pytest.fixture(autouse=True)
def the_process_lives_on(lake: Lake) -> Any:
    """After each test the account answers as before."""
    yield
    assert lake.rows("SELECT 1") == [["1"]]


@pytest.mark.parametrize("sql", ["", " ", "\n", ";", "--", "/* */", "x" * 262_145, "\u00e9" * 131_073])
def test_empty_and_overlong_statements_are_refused_by_the_call(sql: str, lake: Lake) -> None:
    """InvalidRequestException, in bytes and not in characters; boto3 sends the empty string only unchecked."""
    athena = lake.embedded.client("athena", config=_unchecked())
    with pytest.raises(ClientError) as refused:
        athena.start_query_execution(QueryString=sql, ResultConfiguration={"OutputLocation": "s3://results/q/"})
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


def test_262144_bytes_are_taken(lake: Lake) -> None:
    """The twin: the longest statement that AWS takes, most of it a comment."""
    sql = "SELECT 1 --"
    assert lake.rows(sql + "x" * (262_144 - len(sql))) == [["1"]]


LARGE = {
    "parentheses": "SELECT " + "(" * 5000 + "1" + ")" * 5000,
    "not": "SELECT " + "NOT " * 20_000 + "true",
    "arrays": "SELECT " + "ARRAY[" * 3000 + "1" + "]" * 3000,
    "subqueries": "SELECT * FROM " + "(SELECT * FROM " * 1500 + "reviews" + ")" * 1500,
    "case": "SELECT " + "CASE WHEN true THEN " * 1500 + "1" + " END" * 1500,
    "or": "SELECT 1 WHERE " + "1=1 OR " * 30_000 + "1=2",
    "with": "WITH " + ", ".join(f"q{i} AS (SELECT 1 AS a)" for i in range(4000)) + " SELECT 1 FROM q0",
    "union": "SELECT 1" + " UNION ALL SELECT 1" * 5000,
}


@pytest.mark.parametrize("sql", LARGE.values(), ids=LARGE)
def test_deep_and_long_statements_are_too_large(sql: str, lake: Lake) -> None:
    """FAILED with STATEMENT_TOO_LARGE, as Trino's parser and planner end them: never an internal error."""
    assert lake.failure(sql).startswith("STATEMENT_TOO_LARGE")


def test_others_are_answered_while_bad_statements_come_in(lake: Lake) -> None:
    """All of the above at once from four clients; somebody else's small queries are all answered meanwhile."""

    def ended(sql: str) -> str:
        try:
            return str(lake.run(sql)["Status"]["State"])
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    with ThreadPoolExecutor(4) as attackers:
        bad = [attackers.submit(ended, sql) for sql in LARGE.values()]
        answers = [lake.rows(f"SELECT {number}") for number in range(20)]
    assert answers == [[[str(number)]] for number in range(20)]
    assert {one.result() for one in bad} <= {"FAILED", "InvalidRequestException"}


@pytest.mark.parametrize("body", [b'{"QueryString": "SELECT \xff"}', b"\xff\xfe", b"{", b'["SELECT 1"]', b""])
def test_bytes_that_are_no_utf8_or_no_json_are_refused(body: bytes, lake: Lake) -> None:
    """HTTP 400 (SerializationException), whoever signs them."""
    headers = {"X-Amz-Target": "AmazonAthena.StartQueryExecution", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", lake.embedded.endpoint_url + "/", data=body, headers=headers)
    own = Credentials(lake.embedded.access_key_id, lake.embedded.secret_access_key)
    SigV4Auth(own, "athena", lake.embedded.region).add_auth(request)
    status, document = send("POST", str(request.url), dict(request.headers), body)
    assert status == 400 and document["__type"], document


def test_a_corrupt_parquet_file_fails_the_queries_that_read_it(lake: Lake) -> None:
    """HIVE_BAD_DATA for rubbish, a cut file, and a file whose pages are overwritten; without it they are answered."""
    s3 = lake.embedded.client("s3")
    good = s3.get_object(Bucket="loose", Key="notes/a.parquet")["Body"].read()
    for body in (
        b"PAR1",
        b"not parquet at all",
        good[: len(good) // 2],
        good[:8] + b"\xff" * (len(good) - 40) + good[-32:],
    ):
        s3.put_object(Bucket="loose", Key="notes/broken.parquet", Body=body)
        reason = lake.failure("SELECT note FROM notes", database="loose")
        assert reason.startswith("HIVE_BAD_DATA: A Parquet file of the table is not valid"), reason
    s3.delete_object(Bucket="loose", Key="notes/broken.parquet")
    assert len(lake.rows("SELECT note FROM notes", database="loose")) == 3


def test_a_bucket_that_is_deleted_while_queries_run_fails_them(lake: Lake) -> None:
    """The result's bucket, and the table's: FAILED in Athena's words."""
    s3 = lake.embedded.client("s3")
    s3.create_bucket(Bucket="fleeting")
    location = {"ResultConfiguration": {"OutputLocation": "s3://fleeting/q/"}}
    numbers = "UNNEST(sequence(1, 9000))"
    slow = f"SELECT count(*) FROM {numbers} AS a(x) CROSS JOIN {numbers} AS b(y) WHERE x * y % 7 = 1"
    query_id = lake.start(slow, **location)
    s3.delete_bucket(Bucket="fleeting")
    status = lake.athena().get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
    assert status["State"] == "FAILED", status
    assert status["StateChangeReason"].startswith("Access denied when writing output to url: s3://fleeting/q/")
    lake.run("CREATE EXTERNAL TABLE loose.gone (a int) STORED AS PARQUET LOCATION 's3://nowhere-to-be-found/gone/'")
    assert lake.failure("SELECT * FROM loose.gone").startswith("HIVE_CANNOT_OPEN_SPLIT")


def _unchecked() -> Any:
    return Config(parameter_validation=False, retries={"total_max_attempts": 1})
