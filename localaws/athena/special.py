"""Functions whose meaning hangs on a literal argument, on a decimal's scale, or on all arguments at once.

Sources: Trino documentation, "Functions and operators". What could differ silently from Trino is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena import calls, operators
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.operators import coerce, comparison, unify
from localaws.athena.scope import NULL, Bound, text
from localaws.athena.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    REAL,
    TIMESTAMP,
    TIMESTAMP_TZ,
    UNKNOWN,
    VARCHAR,
    Type,
    array,
    coercible,
    decimal,
    duck,
    is_integer,
    is_numeric,
)

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions

Arguments = list[exp.Expr]
WHITE = (
    " \t\n\x0b\f\r\x1c\x1d\x1e\x1f\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a"
    "\u2028\u2029\u205f\u3000"
)
"""What Trino's trim takes for white space (Character.isWhitespace)."""


def _count(e: Expressions, node: exp.Expr, arguments: Arguments, least: int, most: int) -> list[Bound]:
    if not least <= len(arguments) <= most:
        name = calls._taken_apart(e, node).name
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected number of parameters for function {name}", e.at(node))
    return [e.bind(a) for a in arguments]


def _typed(e: Expressions, node: exp.Expr, value: Bound, target: Type) -> Bound:
    if not coercible(value.type, target):
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {value.type}, expected {target}", e.at(node))
    return coerce(value, target)


def _coalesce(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    values, type_ = unify(_count(e, node, arguments, 2, 1000), "All COALESCE operands", e.at(node))
    return Bound(f"coalesce({', '.join(v.sql for v in values)})", type_, "value", tuple(values))


def _nullif(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    first, second = _count(e, node, arguments, 2, 2)
    same = comparison("=", first, second, e.at(node))
    nothing = f"CAST(NULL AS {duck(first.type)})"
    return Bound(f"(CASE WHEN {same.sql} THEN {nothing} ELSE {first.sql} END)", first.type, "value", (first, second))


def _extreme(word: str) -> Callable[[Expressions, exp.Expr, Arguments], Bound]:
    def bind(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
        """greatest and least: NULL if any argument is NULL."""
        values, type_ = unify(_count(e, node, arguments, 1, 127), "All arguments", e.at(node))
        inside = ", ".join(v.sql for v in values)
        missing = " OR ".join(f"{v.sql} IS NULL" for v in values)
        return Bound(f"(CASE WHEN {missing} THEN NULL ELSE {word}({inside}) END)", type_, "value", tuple(values))

    return bind


def _concat(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    return calls.concatenate(_count(e, node, arguments, 2, 127), e.at(node))


def _try(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    (value,) = _count(e, node, arguments, 1, 1)
    return Bound(f"TRY({value.sql})", value.type, "value", (value,))


def _mod(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    left, right = _count(e, node, arguments, 2, 2)
    return operators.arithmetic("%", left, right, e.at(node))


def _round(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """round(x) and round(x, n): half away from zero; a decimal keeps its scale (with n) or loses it."""
    value, *digits = _count(e, node, arguments, 1, 2)
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
    value, start, *length = _count(e, node, arguments, 2, 3)
    value = _typed(e, node, value, VARCHAR)
    start = _typed(e, node, start, BIGINT)
    size = f", greatest({_typed(e, node, length[0], BIGINT).sql}, 0)" if length else ""
    cut = f"substring({value.sql}, {start.sql}{size})"
    if not (isinstance(start.literal, int) and start.literal > 0):
        empty = f"{start.sql} = 0 OR ({start.sql} < 0 AND - {start.sql} > length({value.sql}))"
        cut = f"(CASE WHEN {empty} THEN '' ELSE {cut} END)"
    return Bound(cut, VARCHAR, "value", (value, start, *length))


def _trim(word: str) -> Callable[[Expressions, exp.Expr, Arguments], Bound]:
    def bind(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
        value, *characters = [_typed(e, node, v, VARCHAR) for v in _count(e, node, arguments, 1, 2)]
        inside = characters[0].sql if characters else text(WHITE)
        return Bound(f"{word}({value.sql}, {inside})", VARCHAR, "value", (value, *characters))

    return bind


_UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")


def _unit(e: Expressions, node: exp.Expr, allowed: tuple[str, ...] = _UNITS) -> str:
    unit = e.string_literal(node, "a unit").lower()
    if unit not in allowed:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", f"'{unit[:40]}' is not a valid DATE field", e.at(node))
    return unit


def _time(e: Expressions, node: exp.Expr, value: Bound) -> Bound:
    if value.type not in (DATE, TIMESTAMP, TIMESTAMP_TZ):
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {value.type}, expected a date", e.at(node))
    return value


_DATE_UNITS = ("day", "week", "month", "quarter", "year")


def _date_trunc(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    if len(arguments) != 2:
        _count(e, node, arguments, 2, 2)
    value = _time(e, node, e.bind(arguments[1]))
    unit = _unit(e, arguments[0], _DATE_UNITS if value.type == DATE else _UNITS)
    sql = f"CAST(date_trunc('{unit}', {value.sql}) AS {duck(value.type)})"
    return Bound(sql, value.type, "value", (value,))


def _date_add(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    if len(arguments) != 3:
        _count(e, node, arguments, 3, 3)
    value = _time(e, node, e.bind(arguments[2]))
    unit = _unit(e, arguments[0], _DATE_UNITS if value.type == DATE else _UNITS)
    amount = _typed(e, node, e.bind(arguments[1]), BIGINT)
    times, function = {"quarter": (3, "to_months"), "millisecond": (1, "to_milliseconds")}.get(unit, (1, f"to_{unit}s"))
    number = f"{amount.sql} * {times}" if times > 1 else amount.sql
    if function not in ("to_milliseconds", "to_seconds", "to_minutes", "to_hours"):
        number = f"CAST({number} AS INTEGER)"
    sql = f"CAST(({value.sql} + {function}({number})) AS {duck(value.type)})"
    return Bound(sql, value.type, "value", (value, amount))


def _date_diff(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """Whole units between two times, not boundaries crossed (Joda's getDifference, as Trino counts)."""
    if len(arguments) != 3:
        _count(e, node, arguments, 3, 3)
    values = [_time(e, node, e.bind(a)) for a in arguments[1:]]
    values, type_ = unify(values, "date_diff operands", e.at(node))
    unit = _unit(e, arguments[0], _DATE_UNITS if type_ == DATE else _UNITS)
    return Bound(f"date_sub('{unit}', {values[0].sql}, {values[1].sql})", BIGINT, "value", tuple(values))


_MYSQL_FORMATS = {
    "Y": "%Y", "y": "%y", "m": "%m", "c": "%-m", "d": "%d", "e": "%-d", "H": "%H", "k": "%-H", "h": "%I", "I": "%I",
    "l": "%-I", "i": "%M", "s": "%S", "S": "%S", "f": "%f", "p": "%p", "j": "%j", "M": "%B", "b": "%b", "W": "%A",
    "a": "%a", "T": "%H:%M:%S", "%": "%%",
}
"""MySQL's codes, as date_format and date_parse take them, in the engine's spelling."""


def _mysql_format(e: Expressions, node: exp.Expr, codes: str) -> str:
    pattern = e.string_literal(node, "a format")

    def translated(match: re.Match[str]) -> str:
        if match[1] not in _MYSQL_FORMATS or match[1] not in codes:
            raise not_supported(f"the format code %{match[1]}", e.at(node))
        return _MYSQL_FORMATS[match[1]]

    return text(re.sub(r"%(.?)", translated, pattern, flags=re.DOTALL))


def _date_format(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    if len(arguments) != 2:
        _count(e, node, arguments, 2, 2)
    value = _typed(e, node, _time(e, node, e.bind(arguments[0])), TIMESTAMP_TZ)
    pattern = _mysql_format(e, arguments[1], "YymcdeHkhIlisSfpjMbWaT%")
    return Bound(f"strftime(CAST({value.sql} AS TIMESTAMP), {pattern})", VARCHAR, "value", (value,))


def _date_parse(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    if len(arguments) != 2:
        _count(e, node, arguments, 2, 2)
    value = _typed(e, node, e.bind(arguments[0]), VARCHAR)
    pattern = _mysql_format(e, arguments[1], "YymdHhIisSfpMbT%")
    return Bound(f"strptime({value.sql}, {pattern})", TIMESTAMP, "value", (value,))


def _pattern(e: Expressions, node: exp.Expr) -> str:
    """A regular expression that means the same in Java's syntax and in RE2's. Raises QueryFailed for others."""
    pattern = e.string_literal(node, "a regular expression")
    if re.search(r"\(\?[=!<>]|\\[1-9kGZXRhHvVBuxc]|[*+?}]\+|\\p\{(?!L[ul]?\}|N[d]?\})|&&|\(\?[a-zA-Z]*[dux]", pattern):
        raise not_supported("this regular expression", e.at(node))
    try:
        re.compile(pattern)
    except (re.error, RecursionError):
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "Invalid regular expression", e.at(node)) from None
    return pattern


def _regexp_like(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    if len(arguments) != 2:
        _count(e, node, arguments, 2, 2)
    value = _typed(e, node, e.bind(arguments[0]), VARCHAR)
    return Bound(f"regexp_matches({value.sql}, {text(_pattern(e, arguments[1]))})", BOOLEAN, "value", (value,))


def _regexp_extract(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """The match or the group; NULL without a match. A group that may stay unmatched is refused."""
    if not 2 <= len(arguments) <= 3:
        _count(e, node, arguments, 2, 3)
    value = _typed(e, node, e.bind(arguments[0]), VARCHAR)
    pattern = _pattern(e, arguments[1])
    group = 0
    if len(arguments) == 3:
        literal = e.bind(arguments[2]).literal
        if not isinstance(literal, int) or literal > re.compile(pattern).groups:
            raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "Pattern has no such group", e.at(node))
        group = literal
    if group and re.search(r"\||\)[?*]|\)\{0", pattern):
        raise not_supported("a group that may stay unmatched", e.at(node))
    inside = text(pattern)
    sql = f"(CASE WHEN regexp_matches({value.sql}, {inside}) THEN regexp_extract({value.sql}, {inside}, {group}) END)"
    return Bound(sql, VARCHAR, "value", (value,))


def _regexp_replace(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    if not 2 <= len(arguments) <= 3:
        _count(e, node, arguments, 2, 3)
    value = _typed(e, node, e.bind(arguments[0]), VARCHAR)
    pattern = _pattern(e, arguments[1])
    replacement = e.string_literal(arguments[2], "a replacement") if len(arguments) == 3 else ""
    if "\\" in replacement or "${" in replacement or re.search(r"\$[0-9]{2}", replacement):
        raise not_supported("this replacement", e.at(node))
    if any(int(n) > re.compile(pattern).groups for n in re.findall(r"\$([0-9])", replacement)):
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "Illegal replacement sequence: unknown group", e.at(node))
    inside = re.sub(r"\$([0-9])", r"\\\1", replacement)
    sql = f"regexp_replace({value.sql}, {text(pattern)}, {text(inside)}, 'g')"
    return Bound(sql, VARCHAR, "value", (value,))


def _json_extract_scalar(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """A scalar in a JSON text: NULL for an object, an array, no such path, or text that is no JSON."""
    if len(arguments) != 2:
        _count(e, node, arguments, 2, 2)
    value = _typed(e, node, e.bind(arguments[0]), VARCHAR)
    path = e.string_literal(arguments[1], "a JSON path")
    if not re.fullmatch(r"\$(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]{1,6}\])*", path):
        raise not_supported("this JSON path", e.at(node))
    inside = text(path)
    scalar = f"json_type({value.sql}, {inside}) NOT IN ('OBJECT', 'ARRAY', 'NULL')"
    sql = f"(CASE WHEN json_valid({value.sql}) THEN CASE WHEN {scalar} " \
        f"THEN json_extract_string({value.sql}, {inside}) END END)"
    return Bound(sql, VARCHAR, "value", (value,))


def _lambda(e: Expressions, node: exp.Expr, element: Type) -> tuple[str, Bound]:
    """A lambda of one parameter: the engine's name of it, and its body."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != 1:
        raise QueryFailed("FUNCTION_NOT_FOUND", "A lambda of one parameter is expected", e.at(node))
    name = e.queries.fresh("l")
    parameter = Bound(name, element, "value")
    inner = e.inside(e.clause, lambdas={**e.lambdas, node.expressions[0].name.lower(): parameter})
    return name, inner.bind(node.this)


def _transform(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    base = _array_argument(e, node, arguments)
    name, body = _lambda(e, arguments[1], base.type.inner())
    sql = f"list_transform({base.sql}, lambda {name}: {body.sql})"
    return Bound(sql, array(body.type), "value", (base, body))


def _filter(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    base = _array_argument(e, node, arguments)
    name, body = _lambda(e, arguments[1], base.type.inner())
    condition = operators.boolean(body, "Lambda", e.at(node))
    sql = f"list_filter({base.sql}, lambda {name}: coalesce({condition.sql}, false))"
    return Bound(sql, base.type, "value", (base, condition))


def _array_argument(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    if len(arguments) != 2:
        _count(e, node, arguments, 2, 2)
    base = e.bind(arguments[0])
    if base.type.name != "array":
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {base.type}, expected an array", e.at(node))
    return base


def _concat_ws(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """NULL arguments are left out, a NULL separator gives NULL."""
    values = [_typed(e, node, v if v.type != UNKNOWN else NULL, VARCHAR) for v in _count(e, node, arguments, 2, 127)]
    return Bound(f"concat_ws({', '.join(v.sql for v in values)})", VARCHAR, "value", tuple(values))


FUNCTIONS: dict[str, Callable[[Expressions, exp.Expr, Arguments], Bound]] = {
    "coalesce": _coalesce, "nullif": _nullif, "greatest": _extreme("greatest"), "least": _extreme("least"),
    "concat": _concat, "concat_ws": _concat_ws, "try": _try, "mod": _mod, "round": _round, "substr": _substr,
    "substring": _substr, "trim": _trim("trim"), "ltrim": _trim("ltrim"), "rtrim": _trim("rtrim"),
    "date_trunc": _date_trunc, "date_add": _date_add, "date_diff": _date_diff, "date_format": _date_format,
    "date_parse": _date_parse, "regexp_like": _regexp_like, "regexp_extract": _regexp_extract,
    "regexp_replace": _regexp_replace, "json_extract_scalar": _json_extract_scalar, "transform": _transform,
    "filter": _filter,
}
