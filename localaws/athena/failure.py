"""How a query fails: Athena's error codes, their numbers, and the fixed texts that stand for engine errors."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import yaml


class QueryFailed(Exception):
    """A query that ends FAILED. ``reason`` is both StateChangeReason and AthenaError.ErrorMessage.

    ``code`` is a row of failures.yaml. ``position`` is (line, column), 1-based, of what is at fault in the query.
    """

    def __init__(self, code: str, message: str, position: tuple[int, int] | None = None) -> None:
        where = f"line {position[0]}:{position[1]}: " if position else ""
        name = "" if code in _table()["unnamed"] else f"{code}: "
        self.code = code
        self.reason = f"{name}{where}{message}"
        super().__init__(self.reason)

    def athena_error(self) -> dict[str, Any]:
        """The AthenaError structure of GetQueryExecution."""
        row = _table()["codes"][self.code]
        return {
            "ErrorCategory": row["category"],
            "ErrorType": row["type"],
            "Retryable": row.get("retryable", False),
            "ErrorMessage": self.reason,
        }


@functools.cache
def _table() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("failures.yaml").read_text("utf-8")
    table: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return table


def not_supported(construct: str, position: tuple[int, int] | None = None) -> QueryFailed:
    """The refusal, by name, of what Athena may accept and the embedded engine does not serve."""
    return QueryFailed("NOT_SUPPORTED", f"{construct} is not served by the embedded account", position)


def column_not_found(name: str, position: tuple[int, int] | None) -> QueryFailed:
    """One text for a hidden column and for one that does not exist (captured event)."""
    text = f"Column '{name}' cannot be resolved or requester is not authorized to access requested resources"
    return QueryFailed("COLUMN_NOT_FOUND", text, position)


def engine_failure(engine_text: str) -> QueryFailed:
    """The failure that stands for an engine's error. Nothing of ``engine_text`` is in it."""
    for row in _table()["engine"]:
        if any(words in engine_text for words in row["words"]):
            return QueryFailed(row["code"], row["text"])
    return QueryFailed("INTERNAL", "Query engine had an internal error")
