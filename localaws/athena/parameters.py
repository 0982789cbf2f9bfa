"""Execution parameters: values in the place of a query's question marks, in order.

Source: Athena API reference, StartQueryExecution, ExecutionParameters ("applied sequentially to the parameters in the
query in the order in which the parameters occur"); Athena user guide, "Using parameterized queries": each value is
written as in SQL, so a string carries its quotation marks. Trino's error, StatementAnalyzer: INVALID_PARAMETER_USAGE.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from localaws.athena.failure import QueryFailed, not_supported

DIALECT = "athena"
LITERALS = (exp.Literal, exp.Boolean, exp.Null)


def bound(text: str, values: Sequence[str]) -> str:
    """The query with each question mark replaced; ``text`` itself if there are no values. Raises as ``filled`` does."""
    return filled(text, values) if values else text


def filled(text: str, values: Sequence[str]) -> str:
    """The query with each question mark replaced.

    What comes of it is read and checked like any query. Raises QueryFailed if their number differs, or if a value is
    no literal.
    """
    try:
        marks = [each for each in sqlglot.tokenize(text, read=DIALECT) if each.token_type is TokenType.PLACEHOLDER]
    except SqlglotError:
        return text  # no grammar knows it: it is refused as such
    if len(marks) != len(values):
        told = f"Incorrect number of parameters: expected {len(marks)} but found {len(values)}"
        raise QueryFailed("INVALID_PARAMETER_USAGE", told, (1, 1))
    found, at = [], 0
    for mark, value in zip(marks, values, strict=True):
        found += [text[at : mark.start], f" {_literal(value)} "]
        at = mark.end + 1
    return "".join([*found, text[at:]])


def _literal(value: str) -> str:
    try:
        parsed = sqlglot.parse_one(value, read=DIALECT)
    except SqlglotError:
        parsed = None
    inner = parsed.this if isinstance(parsed, (exp.Neg, exp.Cast)) else parsed
    if parsed is None or not isinstance(inner, LITERALS) or any(node.comments for node in parsed.walk()):
        raise not_supported("an execution parameter that is no literal (a string carries its quotation marks)")
    return value
