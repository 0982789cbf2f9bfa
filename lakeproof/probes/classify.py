"""Names who refused a probe, from the table ``causes.yaml``. Nobody else reads an error text.

``COLUMN_NOT_FOUND … or requester is not authorized`` is Athena's answer both for a column that was not granted and for
one that does not exist. A cause therefore counts only if its row's ``proof`` holds: the name in the text is listed by
the inventory (``Known``). The other half of the proof, the allowed twin, is the scenario's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lakeproof.probes.outcome import Cause, Denied, NotObtained

TABLE = Path(__file__).with_name("causes.yaml")


@dataclass(frozen=True, slots=True)
class Known:
    """What the account's inventory lists, in lower case: the names that a refusal may be about."""

    columns: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    databases: frozenset[str] = frozenset()

    def lists(self, kind: str, name: str) -> bool:
        """Whether ``name`` is a column, table or database that exists. ``kind`` is the row's ``proof``."""
        names: Mapping[str, frozenset[str]] = {
            "column": self.columns,
            "table": self.tables,
            "database": self.databases,
        }
        return name.lower() in names[kind]


@dataclass(frozen=True, slots=True)
class Failure:
    """An error answer of AWS. Of a query that ran and failed: the code ``FAILED`` and its state change reason."""

    service: str
    operation: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. ``cause`` is None for a row that says why no evidence was obtained."""

    cause: Cause | None
    source: str
    service: str | None = None
    operation: str | None = None
    codes: frozenset[str] = frozenset()
    text: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    proof: str | None = None
    why: str = ""
    remedy: str = ""
    expired: bool = False

    def match(self, failure: Failure) -> re.Match[str] | None:
        if self.service not in (None, failure.service) or self.operation not in (None, failure.operation):
            return None
        if self.codes and failure.code not in self.codes:
            return None
        return self.text.search(failure.text)


def classify(failure: Failure, known: Known) -> Denied | NotObtained:
    """Who refused, or why the failure proves nothing. The first row that matches, and whose proof holds, decides."""
    unproved = ""
    for row in rows():
        match = row.match(failure)
        if match is None:
            continue
        if row.cause is None:
            return NotObtained(f"{row.why}: {failure.code}: {failure.text}", row.remedy, row.expired)
        name = match.groupdict().get("name")
        if row.proof is None or (name is not None and known.lists(row.proof, name)):
            return Denied(row.cause, failure.text)
        unproved = unproved or f"{row.cause} cannot be told from a {row.proof} that does not exist ({name}): "
    return NotObtained(f"{unproved}{failure.code}: {failure.text}")


def had_effect(failure: Failure) -> bool:
    """Whether an answer tells that an earlier try of the same call, which was not answered, had its effect."""
    rows = yaml.safe_load(TABLE.read_text(encoding="utf-8"))["effects"]
    return any(re.search(row["operation"], failure.operation) and failure.code in row["codes"] for row in rows)


@cache
def rows() -> tuple[Row, ...]:
    """The table, in order: the failures that prove nothing first. Raises ValueError on a row that is not understood."""
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return (
        *(_row(row, None) for row in table["not_obtained"]),
        *(_row(row, Cause(row.pop("cause"))) for row in table["denied"]),
    )


def _row(row: dict[str, Any], cause: Cause | None) -> Row:
    unknown = row.keys() - set(Row.__slots__)
    if unknown or (cause is None and "why" not in row):
        raise ValueError(f"{TABLE.name}: row {row} has unknown keys {sorted(unknown)} or does not say why")
    row["codes"] = frozenset(row.get("codes", ()))
    row["text"] = re.compile(row.get("text", ""), re.DOTALL)
    return Row(cause=cause, **row)
