"""Functions whose meaning hangs on a literal argument, on a decimal's scale, or on all arguments at once.

Sources: Trino documentation, "Functions and operators". What could differ silently from Trino is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena import calls, joda, jsons, lambdas, operators, patterns, rows, times, urls
from localaws.athena.arguments import Arguments, count, typed
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.operators import comparison, unify
from localaws.athena.scope import NULL, Bound, text
from localaws.athena.types import (
    BIGINT,
    DOUBLE,
    REAL,
    UNKNOWN,
    VARCHAR,
    decimal,
    duck,
    is_integer,
    is_numeric,
)

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions

WHITE = (
    " \t\n\x0b\f\r\x1c\x1d\x1e\x1f\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a"
    "\u2028\u2029\u205f\u3000"
)
"""What Trino's trim takes for white space (Character.isWhitespace)."""


def _coalesce(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    values, type_ = unify(count(e, node, arguments, 2, 1000), "All COALESCE operands", e.at(node))
    return Bound(f"coalesce({', '.join(v.sql for v in values)})", type_, "value", tuple(values))


def _nullif(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    first, second = count(e, node, arguments, 2, 2)
    same = comparison("=", first, second, e.at(node))
    nothing = f"CAST(NULL AS {duck(first.type)})"
    return Bound(f"(CASE WHEN {same.sql} THEN {nothing} ELSE {first.sql} END)", first.type, "value", (first, second))


def _extreme(word: str) -> Callable[[Expressions, exp.Expr, Arguments], Bound]:
    def bind(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
        """greatest and least: NULL if any argument is NULL."""
        values, type_ = unify(count(e, node, arguments, 1, 127), "All arguments", e.at(node))
        inside = ", ".join(v.sql for v in values)
        missing = " OR ".join(f"{v.sql} IS NULL" for v in values)
        return Bound(f"(CASE WHEN {missing} THEN NULL ELSE {word}({inside}) END)", type_, "value", tuple(values))

    return bind


def _concat(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    return calls.concatenate(count(e, node, arguments, 2, 127), e.at(node))


def _try(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    (value,) = count(e, node, arguments, 1, 1)
    return Bound(f"TRY({value.sql})", value.type, "value", (value,))


def _mod(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    left, right = count(e, node, arguments, 2, 2)
    return operators.arithmetic("%", left, right, e.at(node))


def _round(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """round(x) and round(x, n): half away from zero; a decimal keeps its scale (with n) or loses it."""
    value, *digits = count(e, node, arguments, 1, 2)
    if not is_numeric(value.type):
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameters ({value.type}) for function round", e.at(node))
    if digits:
        places = digits[0].literal
        if not isinstance(places, int) or not -18 <= places <= 18:
            raise not_supported("round with computed digits", e.at(node))
    if value.type in (DOUBLE, REAL):
        inside = f"round({value.sql}, {digits[0].literal})" if digits else f"round({value.sql})"
        return Bound(f"CAST({inside} AS {duck(value.type)})", value.type, "value", (value,))
    if is_integer(value.type):
        if digits and int(str(digits[0].literal)) < 0:
            raise not_supported("round of an integer to tens", e.at(node))
        return value
    precision, scale = value.type.precision, value.type.scale
    if not digits:
        type_ = decimal(precision - scale + min(scale, 1), 0)
        return Bound(f"CAST(round({value.sql}, 0) AS {duck(type_)})", type_, "value", (value,))
    type_ = decimal(precision + 1, scale)
    places = int(str(digits[0].literal))
    if places < 0:
        raise not_supported("round of a decimal to tens", e.at(node))
    inside = value.sql if places >= scale else f"round({value.sql}, {places})"
    return Bound(f"CAST({inside} AS {duck(type_)})", type_, "value", (value,))


def _substr(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """1-based; negative from the end; '' for a start of 0 or beyond either end."""
    value, start, *length = count(e, node, arguments, 2, 3)
    value = typed(e, node, value, VARCHAR)
    start = typed(e, node, start, BIGINT)
    size = f", greatest({typed(e, node, length[0], BIGINT).sql}, 0)" if length else ""
    cut = f"substring({value.sql}, {start.sql}{size})"
    if not (isinstance(start.literal, int) and start.literal > 0):
        empty = f"{start.sql} = 0 OR ({start.sql} < 0 AND - {start.sql} > length({value.sql}))"
        cut = f"(CASE WHEN {empty} THEN '' ELSE {cut} END)"
    return Bound(cut, VARCHAR, "value", (value, start, *length))


def _trim(word: str) -> Callable[[Expressions, exp.Expr, Arguments], Bound]:
    def bind(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
        value, *characters = [typed(e, node, v, VARCHAR) for v in count(e, node, arguments, 1, 2)]
        inside = characters[0].sql if characters else text(WHITE)
        return Bound(f"{word}({value.sql}, {inside})", VARCHAR, "value", (value, *characters))

    return bind


def _concat_ws(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """NULL arguments are left out, a NULL separator gives NULL."""
    values = [typed(e, node, v if v.type != UNKNOWN else NULL, VARCHAR) for v in count(e, node, arguments, 2, 127)]
    return Bound(f"concat_ws({', '.join(v.sql for v in values)})", VARCHAR, "value", tuple(values))


def _typeof(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """The name of a type. A varchar is served as a literal alone: only its length is known here."""
    (value,) = count(e, node, arguments, 1, 1)
    name = str(value.type)
    if value.type == VARCHAR and isinstance(value.literal, str) and value.kind == "constant":
        name = f"varchar({len(value.literal)})"
    elif "varchar" in name:
        raise not_supported("typeof of a varchar that is no literal", e.at(node))
    return Bound(text(name), VARCHAR, "value", (value,))


FUNCTIONS: dict[str, Callable[[Expressions, exp.Expr, Arguments], Bound]] = {
    "coalesce": _coalesce,
    "nullif": _nullif,
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "concat": _concat,
    "concat_ws": _concat_ws,
    "try": _try,
    "mod": _mod,
    "round": _round,
    "substr": _substr,
    "substring": _substr,
    "trim": _trim("trim"),
    "ltrim": _trim("ltrim"),
    "rtrim": _trim("rtrim"),
    "typeof": _typeof,
    **lambdas.FUNCTIONS,
    **rows.FUNCTIONS,
    **times.FUNCTIONS,
    **joda.FUNCTIONS,
    **patterns.FUNCTIONS,
    **jsons.FUNCTIONS,
    **urls.FUNCTIONS,
}
