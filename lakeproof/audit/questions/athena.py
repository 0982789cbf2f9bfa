"""The questions in the cloud: Athena over the log bucket, for what outgrows one machine. The same SQL as on DuckDB.

Every question is one statement that reads the days of the period anew: Athena bills the bytes that it scans.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from lakeproof.audit.questions.local import Period
from lakeproof.audit.questions.text import Row, for_athena, statement

LONGEST = 262_144
"""Bytes of a statement that Athena takes (Athena User Guide, "Service Quotas": query string length)."""
DEADLINE_S = 1800.0
"""As long as Athena itself lets a query run."""
GROWTH = 1.5


class AthenaRefused(ValueError):
    """Athena did not answer a question. The message says why, in Athena's words."""


class Cloud:
    """Asks the table ``cloudtrail_logs`` of a database. ``tables`` are those of ``text.TABLES``."""

    def __init__(
        self,
        client: Any,
        database: str,
        workgroup: str,
        tables: Mapping[str, Iterable[Row]],
        period: Period,
        progress: Callable[[str], None] = lambda text: None,
        longest_pause_s: float = 2.0,
    ) -> None:
        self._client = client
        self._where = {"WorkGroup": workgroup, "QueryExecutionContext": {"Database": database}}
        self._tables = {name: list(rows) for name, rows in tables.items()}
        self._progress = progress
        self._longest_pause_s = longest_pause_s
        since, until = period.texts()
        first, last = period.days()
        self._evidence = statement("evidence", first_day=first, last_day=last, since=since, until=until)
        self._days = f"\"timestamp\" BETWEEN '{first}' AND '{last}'"
        self.scanned = 0

    def ask(self, sql: str) -> list[tuple[str | None, ...]]:
        """The rows of a question in Athena's dialect, as text. Raises AthenaRefused."""
        return self._rows(for_athena(sql, self._evidence, self._tables))

    def counts(self) -> tuple[int, int]:
        """How many records were delivered more than once, and how many records the questions are asked of."""
        [(twice, once)] = self.ask(
            "SELECT (SELECT count(eventid) - count(DISTINCT eventid) FROM cloudtrail_logs "
            f"WHERE {self._days}) AS twice, (SELECT count(*) FROM evidence) AS once"
        )
        return int(twice or 0), int(once or 0)

    def events(self) -> int:
        """How many records the log files of the period hold."""
        [(number,)] = self._rows(f"SELECT count(*) FROM cloudtrail_logs WHERE {self._days}")
        return int(number or 0)

    def paths(self, event_ids: Collection[str]) -> dict[str, str]:
        """Nothing: which files are sealed is not known here."""
        return {}

    def _rows(self, sql: str) -> list[tuple[str | None, ...]]:
        if len(sql.encode()) > LONGEST:
            raise AthenaRefused(
                f"a question is {len(sql.encode())} bytes long and Athena takes {LONGEST}: leave --queries out, or use "
                "--engine duckdb"
            )
        query = self._client.start_query_execution(QueryString=sql, **self._where)["QueryExecutionId"]
        self._wait(query)
        pages = self._client.get_paginator("get_query_results").paginate(QueryExecutionId=query)
        rows = [
            tuple(cell.get("VarCharValue") for cell in row["Data"]) for p in pages for row in p["ResultSet"]["Rows"]
        ]
        return rows[1:]  # a SELECT's first row is its column names (Athena API, GetQueryResults)

    def _wait(self, query: str) -> None:
        until, pause = time.monotonic() + DEADLINE_S, 0.05
        while True:
            found = self._client.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            status = found["Status"]
            if status["State"] == "SUCCEEDED":
                self.scanned += int(found.get("Statistics", {}).get("DataScannedInBytes", 0))
                self._progress(f"Athena: {self.scanned} bytes scanned so far")
                return
            if status["State"] not in ("QUEUED", "RUNNING") or time.monotonic() > until:
                raise AthenaRefused(f"query {query}: {status['State']}: {status.get('StateChangeReason', 'no reason')}")
            time.sleep(pause)
            pause = min(pause * GROWTH, self._longest_pause_s)
