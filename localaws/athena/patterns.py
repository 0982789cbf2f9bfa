"""Regular expressions: literals that mean the same in Trino and in the engine, or are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.arguments import Arguments, count, typed
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.scope import Bound, text
from localaws.athena.types import BIGINT, BOOLEAN, VARCHAR, array

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


def _every_match(function: str, result: str) -> Callable[[Expressions, exp.Expr, Arguments], Bound]:
    def bind(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
        """A pattern that matches the empty text is refused: the engines step over such matches differently."""
        if len(arguments) != 2:
            count(e, node, arguments, 2, 2)
        value = typed(e, node, e.bind(arguments[0]), VARCHAR)
        pattern = _pattern(e, arguments[1])
        if re.search(pattern, "") or re.search(r"\\[bB]|\^|\$|\|", pattern):
            raise not_supported("this regular expression", e.at(node))
        call = f"{function}({value.sql}, {text(pattern)})"
        if result == "count":
            return Bound(f"len({call})", BIGINT, "value", (value,))
        return Bound(call, array(VARCHAR), "value", (value,))

    return bind


FUNCTIONS: dict[str, Callable[[Expressions, exp.Expr, Arguments], Bound]] = {
    "regexp_like": _regexp_like,
    "regexp_extract": _regexp_extract,
    "regexp_replace": _regexp_replace,
    "regexp_extract_all": _every_match("regexp_extract_all", "texts"),
    "regexp_split": _every_match("regexp_split_to_array", "texts"),
    "regexp_count": _every_match("regexp_extract_all", "count"),
}
