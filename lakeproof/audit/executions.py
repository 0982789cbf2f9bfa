"""What CloudTrail leaves out of a query: its SQL, how it ended, and so which columns it read.

CloudTrail writes ``***OMITTED***`` for the SQL (Athena user guide, "Log Athena API calls with AWS CloudTrail"). It
stands in GetQueryExecution for 45 days, and in the ledger of a run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakeproof.audit.questions.text import Row

Schema = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Database → table → columns in order, in lower case."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One query as Athena knows it. ``scanned`` is in bytes; ``reused`` if an earlier result was given out again."""

    query_id: str
    sql: str
    state: str
    scanned: int = 0
    reused: bool = False
    database: str = "default"


def read(path: Path) -> list[Execution]:
    """From a file: answers of GetQueryExecution or BatchGetQueryExecution, one or a list or one a line; or a ledger.

    Raises ValueError naming the file for anything else.
    """
    text = path.read_text(encoding="utf-8")
    try:
        whole = [json.loads(text)]
    except ValueError:
        whole = [_line(path, number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    found = [each for document in whole for each in _of(document)]
    if not found:
        raise ValueError(f"{path}: no query in it; expected answers of GetQueryExecution, or a run's ledger.jsonl")
    return found


def rows(executions: Iterable[Execution], schema: Schema | None = None) -> list[Row]:
    """The rows of ``executions``. A query is on a registered table if one of its tables is of ``schema``.

    Without a schema every table counts as registered.
    """
    told: list[Row] = []
    for each in executions:
        tables = tables_of(each.sql, each.database)
        registered = any(schema is None or table in schema.get(database, {}) for database, table in tables)
        names = ", ".join(".".join(table) for table in tables)
        told.append((each.query_id.lower(), each.state, each.scanned, int(each.reused), int(registered), names))
    return told


@cache
def tables_of(sql: str, database: str) -> tuple[tuple[str, str], ...]:
    """The (database, table) pairs that a statement names, its own WITH queries left out; none if it cannot be read."""
    try:
        tree = sqlglot.parse_one(sql, dialect="athena")
    except SqlglotError:
        return ()
    own = {each.alias_or_name.lower() for each in tree.find_all(exp.CTE)}
    named = {(table.db.lower(), table.name.lower()) for table in tree.find_all(exp.Table)}
    return tuple(sorted((db or database.lower(), name) for db, name in named if name and (db or name not in own)))


def columns_of(execution: Execution, schema: Schema) -> tuple[str, ...]:
    """The columns of known tables that a query read, wherever it used them, as ``table.column``, sorted.

    ``*`` is every column of the table: what the query asked for. Empty if the statement cannot be read or resolved.
    """
    from sqlglot.optimizer.qualify import qualify

    shape: dict[str, object] = {
        db: {table: dict.fromkeys(names, "varchar") for table, names in tables.items()} for db, tables in schema.items()
    }
    try:
        tree = qualify(
            sqlglot.parse_one(execution.sql, dialect="athena"),
            schema=shape,
            db=execution.database,
            dialect="athena",
            validate_qualify_columns=False,
            identify=False,
        )
    except SqlglotError:
        return ()
    known = {name for tables in schema.values() for name in tables}
    found = set()
    for select in tree.find_all(exp.Select):
        sources = {table.alias_or_name: table.name.lower() for table in select.find_all(exp.Table)}
        for column in select.find_all(exp.Column):
            table = sources.get(column.table, column.table.lower())
            if table in known and column.name != "*":
                found.add(f"{table}.{column.name.lower()}")
    return tuple(sorted(found))


def _of(document: Any) -> Iterator[Execution]:
    if isinstance(document, list):
        for each in document:
            yield from _of(each)
    elif isinstance(document, dict) and "QueryExecutions" in document:
        for each in document["QueryExecutions"]:
            yield _execution(each)
    elif isinstance(document, dict) and "QueryExecution" in document:
        yield _execution(document["QueryExecution"])
    elif isinstance(document, dict) and document.get("query_id") and document.get("sql"):  # a line of a ledger
        statistics = document.get("statistics") or {}
        yield Execution(
            document["query_id"],
            document["sql"],
            document.get("state") or "",
            int(statistics.get("DataScannedInBytes", 0)),
        )


def _execution(answer: Mapping[str, Any]) -> Execution:
    statistics = answer.get("Statistics") or {}
    reuse = statistics.get("ResultReuseInformation") or {}
    return Execution(
        str(answer.get("QueryExecutionId", "")),
        str(answer.get("Query", "")),
        str((answer.get("Status") or {}).get("State", "")),
        int(statistics.get("DataScannedInBytes", 0)),
        bool(reuse.get("ReusedPreviousResult", False)),
        str((answer.get("QueryExecutionContext") or {}).get("Database") or "default"),
    )


def _line(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise ValueError(f"{path}, line {number}: no JSON ({error})") from error
