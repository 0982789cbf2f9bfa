"""Literals, intervals and the clock: expressions that read no column (EXTRACT beside them)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena import calls
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.scope import NULL, Bound, text
from localaws.athena.syntax import only
from localaws.athena.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAY_TIME,
    DOUBLE,
    INTEGER,
    TIMESTAMP,
    TIMESTAMP_TZ,
    VARBINARY,
    VARCHAR,
    YEAR_MONTH,
    Type,
    decimal,
)

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions


def literal(e: Expressions, node: exp.Literal) -> Bound:
    value = str(node.this)
    if node.is_string:
        return Bound(text(value), VARCHAR, "constant", literal=value)
    if re.fullmatch(r"[0-9]+", value):
        number = int(value)
        if number > 2**63 - 1:
            raise QueryFailed("INVALID_LITERAL", f"Invalid numeric literal: {value[:40]}", e.at(node))
        type_ = INTEGER if number <= 2**31 - 1 else BIGINT
        return Bound(f"CAST({number} AS {type_.name.upper()})", type_, "constant", literal=number)
    if re.fullmatch(r"[0-9]*\.[0-9]*", value):
        whole, fraction = value.split(".")
        digits = whole.lstrip("0") + fraction
        if len(digits) > 38:
            raise QueryFailed("INVALID_LITERAL", "Decimal literal has more than 38 digits", e.at(node))
        type_ = decimal(max(len(digits), 1), len(fraction))
        inside = f"{whole or 0}.{fraction}".rstrip(".")
        return Bound(f"CAST('{inside}' AS DECIMAL({type_.precision},{type_.scale}))", type_, "constant")
    if re.fullmatch(r"([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{1,3}", value):
        return Bound(f"CAST('{value}' AS DOUBLE)", DOUBLE, "constant")
    raise QueryFailed("INVALID_LITERAL", "Invalid numeric literal", e.at(node))


def hex(e: Expressions, node: exp.HexString) -> Bound:
    value = str(node.this).replace(" ", "")
    if not re.fullmatch(r"([0-9A-Fa-f]{2})*", value):
        raise QueryFailed("INVALID_LITERAL", "Invalid hexadecimal literal", e.at(node))
    return Bound(f"unhex('{value}')", VARBINARY, "constant")


def boolean(e: Expressions, node: exp.Boolean) -> Bound:
    return Bound("true" if node.this else "false", BOOLEAN, "constant")


def null(e: Expressions, node: exp.Null) -> Bound:
    return NULL


def interval(e: Expressions, node: exp.Interval) -> Bound:
    """INTERVAL '1' DAY and its like: one unit, a whole number (seconds may have a fraction)."""
    only(node, "this", "unit")
    unit = node.args.get("unit")
    if not isinstance(unit, exp.Var) or unit.name.lower() not in _INTERVALS:
        raise not_supported("an interval of more than one unit", e.at(node))
    amount = e.string_literal(node.this, "an interval")
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", amount):
        raise QueryFailed("INVALID_LITERAL", "Invalid interval literal", e.at(node))
    type_, function, kind = _INTERVALS[unit.name.lower()]
    return Bound(f"{function}(CAST({int(amount)} AS INTEGER))", type_, "constant", literal=kind)


_INTERVALS = {
    "second": (DAY_TIME, "to_seconds", "time"),
    "minute": (DAY_TIME, "to_minutes", "time"),
    "hour": (DAY_TIME, "to_hours", "time"),
    "day": (DAY_TIME, "to_days", "day"),
    "month": (YEAR_MONTH, "to_months", "month"),
    "year": (YEAR_MONTH, "to_years", "month"),
}


def extract(e: Expressions, node: exp.Extract) -> Bound:
    unit = node.this.name.lower()
    if unit not in _EXTRACTED:
        raise not_supported(f"EXTRACT({unit.upper()})", e.at(node))
    return calls.call_scalar(unit, [e.bind(node.expression)], e.at(node))


_EXTRACTED = (
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "day_of_month",
    "day_of_week",
    "dow",
    "day_of_year",
    "doy",
    "year_of_week",
    "yow",
    "hour",
    "minute",
    "second",
)


def now(e: Expressions, node: exp.Expr) -> Bound:
    only(node)
    known: dict[type[exp.Expr], tuple[str, Type]] = {
        exp.CurrentDate: ("CAST(now() AS DATE)", DATE),
        exp.CurrentTimestamp: ("date_trunc('millisecond', now())", TIMESTAMP_TZ),
        exp.Localtimestamp: ("CAST(date_trunc('millisecond', now()) AS TIMESTAMP)", TIMESTAMP),
    }
    return Bound(*known[type(node)])
