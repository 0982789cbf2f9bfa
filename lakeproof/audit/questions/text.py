"""The texts of the questions: read from their files, filled, and put into the dialect of the engine that is asked."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import sqlglot
import yaml
from sqlglot import exp

_HERE = files("lakeproof.audit.questions")
TABLES: dict[str, dict[str, str]] = {
    "register": dict.fromkeys(
        ("role_name", "profile", "person", "user_id", "source_identity", "role_prefix", "profile_tag"), "varchar"
    ),
    "executions": {
        "query_id": "varchar",
        "state": "varchar",
        "scanned": "bigint",
        "reused": "bigint",
        "registered": "bigint",
        "tables": "varchar",
    },
    "changes": dict.fromkeys(("source", "name", "what"), "varchar"),
}
"""Columns and types of the tables that a question may use beside ``evidence``."""

Row = Sequence[str | int | None]


@dataclass(frozen=True, slots=True)
class Question:
    """An entry of ``findings.yaml``. ``sql`` is empty for what the reading of files and digests finds."""

    id: str
    title: str
    severity: str
    remedy: str
    sql: str = ""
    needs: tuple[str, ...] = ()


@cache
def questions() -> Mapping[str, Question]:
    """All findings that there can be, by id, in the order of the file."""
    entries: list[dict[str, Any]] = yaml.safe_load(_HERE.joinpath("findings.yaml").read_text(encoding="utf-8"))
    return {each["id"]: Question(**{**each, "needs": tuple(each.get("needs", ()))}) for each in entries}


@cache
def changes() -> list[Row]:
    """The calls that change rights or settings: ``changes.csv``."""
    table = _HERE.joinpath("changes.csv").read_text(encoding="utf-8")
    return [tuple(line.values()) for line in csv.DictReader(table.splitlines())]


def statement(name: str, **values: str) -> str:
    """The text of ``name.sql`` with its ``:placeholders`` filled as literals. Raises KeyError if one is left."""
    tree = sqlglot.parse_one(_HERE.joinpath(f"{name}.sql").read_text(encoding="utf-8"), dialect="athena")
    for place in list(tree.find_all(exp.Placeholder)):
        place.replace(exp.Literal.string(values[place.name]))
    return tree.sql(dialect="athena", pretty=True)


@cache
def for_duckdb(sql: str) -> str:
    """The statement in DuckDB's dialect."""
    return sqlglot.transpile(sql, read="athena", write="duckdb")[0]


def for_athena(sql: str, evidence: str, tables: Mapping[str, Iterable[Row]]) -> str:
    """The question as one statement that Athena can run: everything it uses stands before it as a WITH query."""
    tree = sqlglot.parse_one(sql, dialect="athena")
    used = {table.name for table in tree.find_all(exp.Table)}
    parts = [f"evidence AS ({evidence})"] if "evidence" in used else []
    for name, columns in TABLES.items():
        if name in used:
            parts.append(f"{name} ({', '.join(columns)}) AS ({values(list(tables.get(name, ())), columns)})")
    return f"WITH {', '.join(parts)}\n{sql}" if parts else sql


def values(rows: list[Row], columns: Mapping[str, str]) -> str:
    """The rows as a query, typed even when there is none."""
    if not rows:
        return f"SELECT {', '.join(f'CAST(NULL AS {kind})' for kind in columns.values())} WHERE 1 = 0"
    told = [", ".join(_literal(value, kind) for value, kind in zip(row, columns.values(), strict=True)) for row in rows]
    return f"VALUES {', '.join(f'({each})' for each in told)}"


def fingerprint(*parts: str) -> str:
    """A name for what was computed from these texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _literal(value: str | int | None, kind: str) -> str:
    if value is None:
        return f"CAST(NULL AS {kind})"
    return str(value) if isinstance(value, int) else exp.Literal.string(value).sql(dialect="athena")
