"""Regular expressions and JSON paths: literals that mean the same in Trino and in the engine, or are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.arguments import Arguments, count, typed
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.scope import Bound, text
from localaws.athena.types import BOOLEAN, VARCHAR

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions


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
        count(e, node, arguments, 2, 2)
    value = typed(e, node, e.bind(arguments[0]), VARCHAR)
    return Bound(f"regexp_matches({value.sql}, {text(_pattern(e, arguments[1]))})", BOOLEAN, "value", (value,))


def _regexp_extract(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """The match or the group; NULL without a match. A group that may stay unmatched is refused."""
    if not 2 <= len(arguments) <= 3:
        count(e, node, arguments, 2, 3)
    value = typed(e, node, e.bind(arguments[0]), VARCHAR)
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
        count(e, node, arguments, 2, 3)
    value = typed(e, node, e.bind(arguments[0]), VARCHAR)
    pattern = _pattern(e, arguments[1])
    replacement = e.string_literal(arguments[2], "a replacement") if len(arguments) == 3 else ""
    if "\\" in replacement or "${" in replacement or re.search(r"\$[0-9]{2}", replacement):
        raise not_supported("this replacement", e.at(node))
    if any(int(n) > re.compile(pattern).groups for n in re.findall(r"\$([0-9])", replacement)):
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "Illegal replacement sequence: unknown group", e.at(node))
    inside = re.sub(r"\$([0-9])", r"\\\1", replacement)
    sql = f"regexp_replace({value.sql}, {text(pattern)}, {text(inside)}, 'g')"
    return Bound(sql, VARCHAR, "value", (value,))


_LAX = r"(?i)[:\[,]\s*(-?(nan|inf(inity)?)|-0)\s*[,\]}]|,\s*[\]}]|^\s*-0\s*$"
"""What the engine's JSON parser reads more laxly than Trino's; inside a string it is refused all the same."""


def _json_extract_scalar(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """A scalar in a JSON text: NULL for an object, an array, no such path, or text that is no JSON.

    Trino gives a number as it is written. The engine reads one with a fraction or an exponent and writes it anew, and
    takes NaN and a comma before a closing bracket for JSON: such texts are refused by name when the query runs.
    """
    if len(arguments) != 2:
        count(e, node, arguments, 2, 2)
    value = typed(e, node, e.bind(arguments[0]), VARCHAR)
    path = e.string_literal(arguments[1], "a JSON path")
    if not re.fullmatch(r"\$(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]{1,6}\])*", path):
        raise not_supported("this JSON path", e.at(node))
    inside = text(path)
    kind = f"TRY(json_type({value.sql}, {inside}))"
    doubtful = f"{kind} IN ('DOUBLE') OR regexp_matches({value.sql}, {text(_LAX)})"
    sql = (
        f"(CASE WHEN {kind} IN ('OBJECT', 'ARRAY', 'NULL') THEN NULL "
        f"WHEN {kind} IS NOT NULL AND ({doubtful}) THEN error('lakeproof:JSON_NUMBER') "
        f"ELSE TRY(json_extract_string({value.sql}, {inside})) END)"
    )
    return Bound(sql, VARCHAR, "value", (value,))


FUNCTIONS: dict[str, Callable[[Expressions, exp.Expr, Arguments], Bound]] = {
    "regexp_like": _regexp_like,
    "regexp_extract": _regexp_extract,
    "regexp_replace": _regexp_replace,
    "json_extract_scalar": _json_extract_scalar,
}
