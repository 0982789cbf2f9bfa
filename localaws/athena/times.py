"""Functions of dates and times whose unit or format is a literal. Source: Trino, "Date and time functions"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.arguments import Arguments, count, typed
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.operators import unify
from localaws.athena.scope import Bound, text
from localaws.athena.types import BIGINT, DATE, TIMESTAMP, TIMESTAMP_TZ, VARCHAR, duck

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions


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
        count(e, node, arguments, 2, 2)
    value = _time(e, node, e.bind(arguments[1]))
    unit = _unit(e, arguments[0], _DATE_UNITS if value.type == DATE else _UNITS)
    sql = f"CAST(date_trunc('{unit}', {value.sql}) AS {duck(value.type)})"
    return Bound(sql, value.type, "value", (value,))


def _date_add(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    if len(arguments) != 3:
        count(e, node, arguments, 3, 3)
    value = _time(e, node, e.bind(arguments[2]))
    unit = _unit(e, arguments[0], _DATE_UNITS if value.type == DATE else _UNITS)
    amount = typed(e, node, e.bind(arguments[1]), BIGINT)
    times, function = {"quarter": (3, "to_months"), "millisecond": (1, "to_milliseconds")}.get(unit, (1, f"to_{unit}s"))
    number = f"{amount.sql} * {times}" if times > 1 else amount.sql
    if function not in ("to_milliseconds", "to_seconds", "to_minutes", "to_hours"):
        number = f"CAST({number} AS INTEGER)"
    sql = f"CAST(({value.sql} + {function}({number})) AS {duck(value.type)})"
    return Bound(sql, value.type, "value", (value, amount))


def _date_diff(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """Whole units between two times, not boundaries crossed (Joda's getDifference, as Trino counts)."""
    if len(arguments) != 3:
        count(e, node, arguments, 3, 3)
    values = [_time(e, node, e.bind(a)) for a in arguments[1:]]
    values, type_ = unify(values, "date_diff operands", e.at(node))
    unit = _unit(e, arguments[0], _DATE_UNITS if type_ == DATE else _UNITS)
    return Bound(f"date_sub('{unit}', {values[0].sql}, {values[1].sql})", BIGINT, "value", tuple(values))


_MYSQL_FORMATS = {
    "Y": "%Y",
    "y": "%y",
    "m": "%m",
    "c": "%-m",
    "d": "%d",
    "e": "%-d",
    "H": "%H",
    "k": "%-H",
    "h": "%I",
    "I": "%I",
    "l": "%-I",
    "i": "%M",
    "s": "%S",
    "S": "%S",
    "f": "%f",
    "p": "%p",
    "j": "%j",
    "M": "%B",
    "b": "%b",
    "W": "%A",
    "a": "%a",
    "T": "%H:%M:%S",
    "%": "%%",
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
        count(e, node, arguments, 2, 2)
    value = typed(e, node, _time(e, node, e.bind(arguments[0])), TIMESTAMP_TZ)
    pattern = _mysql_format(e, arguments[1], "YymcdeHkhIlisSfpjMbWaT%")
    return Bound(f"strftime(CAST({value.sql} AS TIMESTAMP), {pattern})", VARCHAR, "value", (value,))


def _date_parse(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """The time that a text says. What the format leaves out is 1970-01-01 00:00, or 2000 beside a month or a day.

    Source: Trino's date_parse is Joda's DateTimeFormatter (default year 2000; two digits mean 1970 to 2069).
    """
    if len(arguments) != 2:
        count(e, node, arguments, 2, 2)
    value = typed(e, node, e.bind(arguments[0]), VARCHAR)
    pattern = _mysql_format(e, arguments[1], "YymdHhIisSfpMbT%")
    codes = set(re.findall(r"%(.)", e.string_literal(arguments[1], "a format").replace("%%", "")))
    before, form = "", ""
    if not codes & set("Yy"):
        before, form = ("2000 ", "%Y ") if codes & set("mdMb") else ("1970-01-01 ", "%Y-%m-%d ")
    elif codes & set("Yy") == set("Yy"):
        raise not_supported("a format with two years", e.at(node))
    sql = f"strptime({text(before)} || {value.sql}, {text(form)} || {pattern})"
    if "y" in codes:
        late = "CASE WHEN year(t) = 1969 THEN t + to_years(100) ELSE t END"
        sql = f"list_extract(list_transform([{sql}], lambda t: {late}), 1)"
    return Bound(sql, TIMESTAMP, "value", (value,))


FUNCTIONS: dict[str, Callable[[Expressions, exp.Expr, Arguments], Bound]] = {
    "date_trunc": _date_trunc,
    "date_add": _date_add,
    "date_diff": _date_diff,
    "date_format": _date_format,
    "date_parse": _date_parse,
}
