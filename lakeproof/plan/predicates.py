"""What a row filter may say: the documented subset of PartiQL, read with sqlglot and held against a table's columns.

Source: Lake Formation developer guide, "PartiQL support in row filter expressions": comparisons of a column with a
constant (``= <> != < > <= >=``, BETWEEN, IN, LIKE, IS NULL), joined by AND, OR, NOT and parentheses; fewer than 2048
characters; no function, no comparison of columns with columns; no IS NULL on a partition key; the constant is of the
column's type. Athena reads such a predicate alike, so that a count can be taken with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakeproof.plan.problems import cut, likely, listed, said

LONGEST = 2047

Wrong = tuple[str, str, str]
"""What was expected, what was seen, and the likely cause."""

_NUMBERS = frozenset({"tinyint", "smallint", "int", "bigint", "float", "double", "decimal"})
_LINKS = ("And", "Or", "Not", "Paren")
_COMPARED = ("EQ", "NEQ", "GT", "GTE", "LT", "LTE", "Like", "Between", "In", "Is")


def wrong(text: str, types: Mapping[str, str], partition_keys: tuple[str, ...]) -> Iterator[Wrong]:
    """Everything that is wrong with a row filter. ``types`` are the columns' types, partition keys included."""
    from sqlglot import parse
    from sqlglot.errors import SqlglotError

    if len(text) > LONGEST:
        yield f"a row filter of at most {LONGEST} characters", f"{len(text)} characters", "a list that grew too long"
        return
    try:
        parsed = parse(f"SELECT 1 WHERE {text}", read="athena")
    except (SqlglotError, RecursionError):
        yield "comparisons joined by AND, OR and NOT", said(text), "a bracket or quotation mark left out"
        return
    [statement, *others] = parsed
    clauses = {name for name, value in statement.args.items() if value} if statement else set()
    if statement is None or others or clauses - {"kind", "expressions", "where", "where_"}:
        yield "one predicate and nothing after it", said(text), "a semicolon, or a clause such as ORDER BY"
        return
    yield from _predicate(statement.args["where"].this, types, partition_keys)


def _predicate(node: Any, types: Mapping[str, str], keys: tuple[str, ...]) -> Iterator[Wrong]:
    kind = type(node).__name__
    if kind in _LINKS:
        for inner in (node.this, node.args.get("expression")):
            if inner is not None:
                yield from _predicate(inner, types, keys)
    elif kind in _COMPARED:
        yield from _comparison(node, kind, types, keys)
    else:
        seen = cut(node.sql(dialect="athena"))
        yield "a comparison of a column with a constant", seen, "a row filter knows neither functions nor subqueries"


def _comparison(node: Any, kind: str, types: Mapping[str, str], keys: tuple[str, ...]) -> Iterator[Wrong]:
    column = node.this
    shown = cut(node.sql(dialect="athena"))
    if type(column).__name__ != "Column":
        yield "a column on the left, a constant on the right", shown, "turn the comparison round; no functions"
        return
    if column.table or column.name.lower() not in types:
        near = likely(column.name, list(types), "no such column; a text stands in single quotes")
        yield f"a column of the table: {listed(list(types))}", said(column.sql(dialect="athena")), near
        return
    name = column.name.lower()
    if kind == "Is":
        if type(node.expression).__name__ != "Null":
            yield "IS NULL or IS NOT NULL", shown, "compare with = instead"
        elif name in keys:
            yield "no IS NULL on a partition key", shown, "a partition key is never NULL"
        return
    constants = (
        node.expressions
        if kind == "In"
        else [node.args["low"], node.args["high"]]
        if kind == "Between"
        else [node.expression]
    )
    if kind == "In" and (node.args.get("query") or node.args.get("unnest") or not constants):
        yield "a list of constants after IN", shown, "a subquery is not possible"
    for constant in constants:
        yield from _constant(constant, shown, name, types[name], only_text=kind == "Like")


def _constant(node: Any, shown: str, name: str, of: str, only_text: bool) -> Iterator[Wrong]:
    inner = node.this if type(node).__name__ == "Neg" else node
    kind = type(inner).__name__
    base = of.split("(")[0]
    if kind not in ("Literal", "Boolean"):
        cause = "a text stands in single quotes" if kind == "Column" else "columns and functions are not possible there"
        yield "a constant", f"{cut(node.sql(dialect='athena'))} in {shown}", cause
    elif base in ("date", "timestamp"):
        yield "a column of text, number or boolean", f"{name} is a {of}", "Lake Formation does not filter rows by dates"
    elif only_text and base != "string":
        yield "a column of text before LIKE", f"{name} is a {of}", "compare with = < >"
    else:
        fits = kind == "Boolean" if base == "boolean" else kind == "Literal" and inner.is_string == (base == "string")
        if not fits:
            quotes = "quotes around it" if base in _NUMBERS else "single quotes left out around it"
            yield f"a constant of the type of {name} ({of})", f"{cut(node.sql(dialect='athena'))} in {shown}", quotes
