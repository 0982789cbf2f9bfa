"""Whether a partition can hold any row that a row filter shows, told from the values of its keys alone.

Each part of a filter comes to a pair: whether it may hold, and whether it may be false, for a row of the partition. A
comparison of a data column may be either; one with a NULL key is neither, so that NOT does not turn it.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlglot
from sqlglot import exp

NULL = "__HIVE_DEFAULT_PARTITION__"
"""Hive's spelling of NULL as the value of a partition key."""
Reach = tuple[bool, bool]
EITHER: Reach = (True, True)
NEITHER: Reach = (False, False)
COMPARED: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}
TEXT = ("string", "varchar")
WHOLE = ("tinyint", "smallint", "int", "integer", "bigint", "long", "decimal")
REAL = ("float", "real", "double")


class _Unknown(Exception):
    """The value or the comparison is none that can be told here."""


def may_hold(row_filter: str, values: Mapping[str, str], types: Mapping[str, str]) -> bool:
    """Whether the filter may hold for a row of the partition with these ``values`` of keys, of these Hive types."""
    return _reach(_parsed(row_filter), values, types)[0]


@functools.lru_cache(maxsize=1024)
def _parsed(row_filter: str) -> exp.Expr:
    return sqlglot.parse_one(row_filter, read="trino")


def _reach(node: exp.Expr, values: Mapping[str, str], types: Mapping[str, str]) -> Reach:
    if isinstance(node, exp.Paren):
        return _reach(node.this, values, types)
    if isinstance(node, exp.Not):
        return _turned(_reach(node.this, values, types))
    if isinstance(node, exp.And | exp.Or):
        one, two = (_reach(part, values, types) for part in (node.this, node.expression))
        if isinstance(node, exp.And):
            return one[0] and two[0], one[1] or two[1]
        return one[0] or two[0], one[1] and two[1]
    key = node.this.name.lower() if isinstance(node.this, exp.Column) else ""
    if key not in values:
        return EITHER
    if values[key] == NULL:
        return NEITHER
    try:
        holds = _holds(node, types[key].lower().split("(")[0].strip(), values[key])
    except _Unknown:
        return EITHER
    return _turned((holds, not holds)) if node.args.get("negate") else (holds, not holds)


def _turned(reach: Reach) -> Reach:
    return reach[1], reach[0]


def _holds(node: exp.Expr, type_: str, value: str) -> bool:
    own = _typed(type_, value)

    def constant(literal: exp.Expr) -> Any:
        return _typed(type_, literal.sql() if isinstance(literal, exp.Neg) else literal.name)

    if type(node) in COMPARED:
        return COMPARED[type(node)](own, constant(node.expression))
    if isinstance(node, exp.In):
        return own in [constant(literal) for literal in node.expressions]
    if isinstance(node, exp.Between):
        return bool(constant(node.args["low"]) <= own <= constant(node.args["high"]))
    if isinstance(node, exp.Like) and type_ in TEXT:
        pattern = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in node.expression.name)
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    raise _Unknown


def _typed(type_: str, text: str) -> Any:
    """A key's value or a constant, ready to be compared. Raises _Unknown for what is no value of the type."""
    if type_ in TEXT:
        return text
    try:
        if type_ in WHOLE:
            return Decimal(text)
        if type_ in REAL:
            return float(text)
    except (InvalidOperation, ValueError):
        raise _Unknown from None
    raise _Unknown
