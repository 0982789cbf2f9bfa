"""Two ways to run a query on Athena to its end: boto3, and PyAthena where the walkthrough's notebook uses it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from lakeproof.probes.identity import Identity
from lakeproof.retries import make_patient
from lakeproof.target import Target

DEADLINE_S = 120.0
"""A probe that has not ended after two minutes is cancelled: it proves nothing."""

FIRST_ROWS = 1000
"""Probes ask small questions: the first page of results (GetQueryResults, at most 1000 rows) is all they read."""


@dataclass
class QueryResult:
    """What Athena said of one query. ``reason`` is the state change reason; ``rows`` are without the header row."""

    query_id: str | None = None
    request_id: str | None = None
    state: str | None = None
    reason: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    statistics: Mapping[str, Any] = field(default_factory=dict)


def run_boto3(target: Target, identity: Identity, sql: str, result: QueryResult) -> None:
    """Start the query, wait for its end and read the first page.

    What is known is written into ``result`` as soon as it is known: it holds also if botocore's error of a later call
    is raised.
    """
    athena = target.client("athena", identity.credentials)
    location = {"ResultConfiguration": {"OutputLocation": identity.output}} if identity.output else {}
    answer = athena.start_query_execution(
        QueryString=sql, WorkGroup=identity.workgroup, QueryExecutionContext={"Database": identity.database}, **location
    )
    result.query_id, result.request_id = answer["QueryExecutionId"], answer["ResponseMetadata"]["RequestId"]
    _read_end(target, athena, result)
    if result.state == "SUCCEEDED":
        page = athena.get_query_results(QueryExecutionId=result.query_id, MaxResults=FIRST_ROWS)["ResultSet"]
        result.columns = tuple(column["Name"] for column in page["ResultSetMetadata"]["ColumnInfo"])
        rows = tuple(tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in page["Rows"])
        # A SELECT's first row repeats the column names; SHOW and DESCRIBE have no such row (Athena, GetQueryResults).
        result.rows = rows[1:] if rows and rows[0] == result.columns else rows


def run_pyathena(target: Target, identity: Identity, sql: str, result: QueryResult) -> None:
    """The same through PyAthena's cursor, as the walkthrough's notebook does. Raises as ``run_boto3`` does."""
    from pyathena.error import Error

    failed: Error | None = None
    cursor = _connection(target, identity).cursor()
    athena = cursor.connection.client

    def note(query_id: str) -> None:
        result.query_id = query_id

    def note_request(parsed: Mapping[str, Any], **_: Any) -> None:
        result.request_id = parsed.get("ResponseMetadata", {}).get("RequestId")

    athena.meta.events.register("after-call.athena.StartQueryExecution", note_request, unique_id="lakeproof")
    try:
        cursor.execute(sql, on_start_query_execution=note)
    except Error as error:
        failed = error
    finally:
        athena.meta.events.unregister("after-call.athena.StartQueryExecution", unique_id="lakeproof")
    if result.query_id is not None:
        _read_end(target, athena, result)
    if failed is not None and result.state in (None, "SUCCEEDED"):
        raise failed.__cause__ or failed  # PyAthena wraps the error of a call, not of the query: give back AWS's own
    if result.state == "SUCCEEDED":
        result.columns = tuple(column[0] for column in cursor.description or ())
        result.rows = tuple(tuple(None if cell is None else str(cell) for cell in row) for row in cursor.fetchall())


def _read_end(target: Target, athena: Any, result: QueryResult) -> None:
    until = time.monotonic() + DEADLINE_S
    while True:
        execution = athena.get_query_execution(QueryExecutionId=result.query_id)["QueryExecution"]
        status = execution["Status"]
        result.state = status["State"]
        result.reason = status.get("StateChangeReason", "")
        result.statistics = execution.get("Statistics", {})
        if result.state not in ("QUEUED", "RUNNING"):
            return
        if time.monotonic() > until:
            athena.stop_query_execution(QueryExecutionId=result.query_id)
            result.state, result.reason = "TIMED_OUT", f"no end after {DEADLINE_S:.0f} s, cancelled"
            return
        time.sleep(target.poll_s)


@cache
def _connection(target: Target, identity: Identity) -> Any:
    from botocore.config import Config
    from pyathena import connect
    from pyathena.util import RetryConfig

    keys = identity.credentials
    connection: Any = connect(
        s3_staging_dir=identity.output or "",
        work_group=identity.workgroup,
        schema_name=identity.database,
        region_name=target.region,
        endpoint_url=target.endpoint_url,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
        poll_interval=target.poll_s,
        kill_on_interrupt=True,
        retry_config=RetryConfig(attempt=1),
        config=Config(
            connect_timeout=target.connect_timeout_s,
            read_timeout=target.read_timeout_s,
            retries={"mode": "standard", "total_max_attempts": 1},
        ),
    )
    make_patient(connection.client, target.max_attempts, target.retry_pause_s)
    return connection
