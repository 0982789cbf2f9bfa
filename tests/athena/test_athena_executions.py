"""Query executions as clients see them: ids, tokens, pages, history, stopping, and the record in CloudTrail."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.athena.lake import RESULTS, Lake


def test_the_same_token_gives_the_same_query_and_another_request_with_it_is_refused(lake: Lake) -> None:
    """ClientRequestToken makes StartQueryExecution idempotent."""
    token = "t" * 32
    first = lake.start("SELECT 1", ClientRequestToken=token)
    assert lake.start("SELECT 1", ClientRequestToken=token) == first
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        lake.start("SELECT 2", ClientRequestToken=token)


def test_a_query_longer_than_262144_bytes_is_refused(lake: Lake) -> None:
    """The limit is in bytes, and counts before anything is parsed."""
    with pytest.raises(ClientError) as refused:
        lake.start("SELECT '" + "é" * 131_072 + "'")
    assert refused.value.response["Error"]["Code"] in ("InvalidRequestException", "ValidationException")
    assert lake.rows("SELECT length('" + "x" * 200_000 + "')") == [["200000"]]


def test_results_of_a_failed_or_unknown_query_are_refused(lake: Lake) -> None:
    """GetQueryResults says how the query ended, or that there is none."""
    athena = lake.athena()
    query_id = lake.start("SELECT nosuch FROM reviews")
    athena.get_query_execution(QueryExecutionId=query_id)
    with pytest.raises(ClientError, match=r"did not finish successfully\. Final query state: FAILED"):
        athena.get_query_results(QueryExecutionId=query_id)
    with pytest.raises(ClientError, match="was not found"):
        athena.get_query_execution(QueryExecutionId="00000000-0000-0000-0000-000000000000")


def test_results_are_read_with_the_callers_right_to_the_object(lake: Lake) -> None:
    """Without s3:GetObject on the result object GetQueryResults is refused; once it is gone there are none."""
    credentials = lake.role("no-results", without="results")
    query_id = lake.start("SELECT 1")
    lake.athena().get_query_execution(QueryExecutionId=query_id)
    with pytest.raises(ClientError, match=f"s3:GetObject.*{query_id}.csv"):
        lake.athena(credentials).get_query_results(QueryExecutionId=query_id)
    lake.embedded.client("s3").delete_object(Bucket="results", Key=f"q/{query_id}.csv")
    with pytest.raises(ClientError, match="Could not find results"):
        lake.athena().get_query_results(QueryExecutionId=query_id)


def test_pages_of_results_join_to_the_whole(lake: Lake) -> None:
    """The header is the first row of the first page only; NULL has no VarCharValue; quotes and newlines survive."""
    sql = "SELECT * FROM (VALUES (1, 'a\nb'), (2, NULL), (3, 'q\"q'), (4, ''), (5, 'é,')) AS t(n, s) ORDER BY n"
    query_id = lake.start(sql)
    athena = lake.athena()
    assert athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    pages = athena.get_paginator("get_query_results").paginate(
        QueryExecutionId=query_id, PaginationConfig={"PageSize": 2}
    )
    rows = [[c.get("VarCharValue") for c in r["Data"]] for page in pages for r in page["ResultSet"]["Rows"]]
    assert rows == [["n", "s"], ["1", "a\nb"], ["2", None], ["3", 'q"q'], ["4", ""], ["5", "é,"]]


def test_the_result_file_is_as_athena_writes_it(lake: Lake) -> None:
    """CSV: every value in quotes, NULL empty without quotes, \\n; a text file for SHOW; metadata beside both."""
    s3 = lake.embedded.client("s3")
    execution = lake.run("SELECT 1 AS one, CAST(NULL AS varchar) AS nothing, '' AS empty, 'a\"b' AS quoted")
    assert execution["ResultConfiguration"]["OutputLocation"] == f"{RESULTS}{execution['QueryExecutionId']}.csv"
    key = f"q/{execution['QueryExecutionId']}.csv"
    assert s3.get_object(Bucket="results", Key=key)["Body"].read() == (
        b'"one","nothing","empty","quoted"\n"1",,"","a""b"\n'
    )
    assert s3.head_object(Bucket="results", Key=f"{key}.metadata")["ContentLength"] > 0
    shown = lake.run("SHOW TABLES IN db")
    body = s3.get_object(Bucket="results", Key=f"q/{shown['QueryExecutionId']}.txt")["Body"].read()
    assert body == b"reviews\n"


def test_history_is_listed_newest_first_by_workgroup_and_read_in_batches(lake: Lake) -> None:
    """ListQueryExecutions pages; BatchGetQueryExecution tells which ids are unknown."""
    athena = lake.athena()
    athena.create_work_group(Name="history", Configuration={"EnforceWorkGroupConfiguration": False})
    ids = [lake.start(f"SELECT {n}", WorkGroup="history") for n in range(5)]
    first = athena.list_query_executions(WorkGroup="history", MaxResults=3)
    rest = athena.list_query_executions(WorkGroup="history", NextToken=first["NextToken"])
    assert first["QueryExecutionIds"] + rest["QueryExecutionIds"] == ids[::-1]
    unknown = "00000000-0000-0000-0000-000000000000"
    found = athena.batch_get_query_execution(QueryExecutionIds=[ids[0], unknown])
    assert [e["Query"] for e in found["QueryExecutions"]] == ["SELECT 0"]
    assert [u["QueryExecutionId"] for u in found["UnprocessedQueryExecutionIds"]] == [unknown]


def test_a_running_query_is_stopped(lake: Lake) -> None:
    """StopQueryExecution ends it CANCELLED; whoever waits in GetQueryExecution hears of it."""
    numbers = "UNNEST(sequence(1, 10000))"
    sql = (
        f"SELECT sum(a.n * b.n * c.n) FROM {numbers} AS a(n) CROSS JOIN {numbers} AS b(n) CROSS JOIN {numbers} AS c(n)"
    )
    query_id = lake.start(sql)
    seen: dict[str, Any] = {}

    def wait() -> None:
        seen.update(lake.athena().get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"])

    waiting = threading.Thread(target=wait)
    waiting.start()
    lake.athena().stop_query_execution(QueryExecutionId=query_id)
    waiting.join(15)
    assert seen["State"] == "CANCELLED"
    lake.athena().stop_query_execution(QueryExecutionId=query_id)


def test_get_query_execution_answers_when_the_query_has_ended(lake: Lake) -> None:
    """The first look finds the query in its last state: a client's poll costs nothing."""
    started = time.perf_counter()
    for n in range(10):
        assert lake.run(f"SELECT {n}, count(*) FROM reviews")["Status"]["State"] == "SUCCEEDED"
    assert time.perf_counter() - started < 5


def test_statistics_count_what_is_visible(lake: Lake, limited: Any) -> None:
    """DataScannedInBytes is the size of the named columns; the same for equal rights, less for fewer columns."""
    every = lake.run("SELECT * FROM reviews")["Statistics"]["DataScannedInBytes"]
    some = lake.run("SELECT * FROM reviews", limited)["Statistics"]["DataScannedInBytes"]
    one = lake.run("SELECT stars FROM reviews", limited)["Statistics"]["DataScannedInBytes"]
    assert every > some > one == 48
    assert lake.run("SELECT stars FROM reviews")["Statistics"]["DataScannedInBytes"] == one


def test_the_trail_ties_the_query_to_the_data_access_and_hides_its_text(lake: Lake, limited: Any) -> None:
    """StartQueryExecution has ***OMITTED*** and the id; GetDataAccess, in the shape of 2026, has the same id."""
    answered = lake.start("SELECT stars FROM reviews", limited)
    refused = lake.start("SELECT customer FROM reviews", limited)
    for query_id in (answered, refused):
        lake.athena(limited).get_query_execution(QueryExecutionId=query_id)
    events = _events(lake, answered, 2)
    started, access = events["StartQueryExecution"], events["GetDataAccess"]
    assert started["requestParameters"]["queryString"] == "***OMITTED***"
    assert started["responseElements"] == {"queryExecutionId": answered}
    assert access["requestParameters"] == {
        "tableArn": f"arn:aws:glue:{lake.embedded.region}:{lake.account}:table/db/reviews",
        "permissions": ["SELECT"],
        "auditContext": {"additionalAuditContext": f"{{queryId: {answered}}}"},
        "cellLevelSecurityEnforced": True,
        "expectedTableId": access["requestParameters"]["expectedTableId"],
    }
    assert access["additionalEventData"]["lakeFormationPrincipal"] == f"arn:aws:iam::{lake.account}:role/limited"
    assert access["additionalEventData"]["requesterService"] == "ATHENA"
    assert access["additionalEventData"]["lakeFormationRoleSessionName"].startswith(f"AWSLF-00-AT-{lake.account}-")
    assert access["userIdentity"]["invokedBy"] == access["sourceIPAddress"] == "athena.amazonaws.com"
    assert access["responseElements"] is None
    assert set(_events(lake, refused, 1)) == {"StartQueryExecution"}


def _events(lake: Lake, query_id: str, at_least: int) -> dict[str, dict[str, Any]]:
    """The delivered events that name a query, by event name."""
    cloudtrail = lake.embedded.client("cloudtrail")
    wanted = ("StartQueryExecution", "GetDataAccess")
    while True:
        found = {}
        for name in wanted:
            attribute = [{"AttributeKey": "EventName", "AttributeValue": name}]
            for event in cloudtrail.lookup_events(LookupAttributes=attribute)["Events"]:
                if query_id in event["CloudTrailEvent"]:
                    found[name] = json.loads(event["CloudTrailEvent"])
        if len(found) >= at_least:
            return found
