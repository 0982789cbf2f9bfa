"""Times as texts by a pattern of Java: format_datetime and parse_datetime. Source: Joda-Time, "DateTimeFormat"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.arguments import Arguments, count, typed
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.scope import Bound, text
from localaws.athena.types import DATE, TIMESTAMP, TIMESTAMP_TZ, VARCHAR

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions

_FORMATS = {
    "yyyy": "%Y", "YYYY": "%Y", "yy": "%y", "MM": "%m", "M": "%-m", "MMM": "%b", "MMMM": "%B", "dd": "%d", "d": "%-d",
    "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g",
    "a": "%p", "EEE": "%a", "E": "%a", "EEEE": "%A", "DDD": "%j",
}  # fmt: skip
_PARSED = ("yyyy", "MM", "dd", "HH", "mm", "ss", "SSS", "MMM", "MMMM", "hh", "a")
_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


def _pattern(e: Expressions, node: exp.Expr, served: tuple[str, ...]) -> str:
    """The engine's spelling of a literal pattern. Raises QueryFailed NOT_SUPPORTED for letters that are not served."""
    pattern = e.string_literal(node, "a format")
    found, place = "", 0
    for piece in _PIECE.finditer(pattern):
        if piece.start() != place:
            break
        place = piece.end()
        word = piece.group()
        if word.startswith("'"):
            found += (piece[1].replace("''", "'") or "'").replace("%", "%%")
        elif word[0].isalpha():
            if word not in served:
                raise not_supported(f"the format letters {word[:20]}", e.at(node))
            found += _FORMATS[word]
        else:
            found += word.replace("%", "%%")
    if place != len(pattern) or not pattern:
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "Invalid pattern specification", e.at(node))
    return found


def _format(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    if len(arguments) != 2:
        count(e, node, arguments, 2, 2)
    value = e.bind(arguments[0])
    if value.type not in (DATE, TIMESTAMP, TIMESTAMP_TZ):
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {value.type}, expected a timestamp", e.at(node))
    pattern = _pattern(e, arguments[1], tuple(_FORMATS))
    return Bound(f"strftime(CAST({value.sql} AS TIMESTAMP), {text(pattern)})", VARCHAR, "value", (value,))


def _parse(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """The time in UTC that a text says. A pattern without a year, or with a zone, is refused."""
    if len(arguments) != 2:
        count(e, node, arguments, 2, 2)
    value = typed(e, node, e.bind(arguments[0]), VARCHAR)
    pattern = _pattern(e, arguments[1], _PARSED)
    if "%Y" not in pattern:
        raise not_supported("a format without a year", e.at(node))
    return Bound(
        f"CAST(strptime({value.sql}, {text(pattern)}) AS TIMESTAMP WITH TIME ZONE)", TIMESTAMP_TZ, "value", (value,)
    )


FUNCTIONS: dict[str, Callable[[Expressions, exp.Expr, Arguments], Bound]] = {
    "format_datetime": _format,
    "parse_datetime": _parse,
}
