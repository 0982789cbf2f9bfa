"""Parts of URLs. Source: Trino documentation, "URL functions" (RFC 2396; NULL for what is no URL)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.arguments import Arguments, count, typed
from localaws.athena.scope import Bound, text
from localaws.athena.types import BIGINT, VARCHAR

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions

_AUTHORITY = r"//(?:[^/?#@]*@)?([A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?"
WHOLE = rf"^([A-Za-z][A-Za-z0-9+.-]*):(?:{_AUTHORITY})?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$"
LEGAL = r"^([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$"
_GROUPS = {"protocol": 1, "host": 2, "port": 3, "path": 4, "query": 5, "fragment": 6}
"""A URL's parts by group of WHOLE."""


def _part(value: Bound, group: int) -> str:
    """NULL for text that is no URL; text beyond ASCII is refused when the query runs."""
    found = f"regexp_extract({value.sql}, {text(WHOLE)}, {group})"
    return (
        f"(CASE WHEN strlen({value.sql}) <> length({value.sql}) THEN error('lakeproof:NOT_ASCII') "
        f"WHEN regexp_matches({value.sql}, {text(LEGAL)}) AND regexp_matches({value.sql}, {text(WHOLE)}) "
        f"THEN {found} END)"
    )


def _extract(name: str) -> Callable[[Expressions, exp.Expr, Arguments], Bound]:
    def bind(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
        value = typed(e, node, count(e, node, arguments, 1, 1)[0], VARCHAR)
        sql = _part(value, _GROUPS[name])
        if name == "host":
            sql = f"nullif({sql}, '')"
        return Bound(sql, VARCHAR, "value", (value,))

    return bind


def _port(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    value = typed(e, node, count(e, node, arguments, 1, 1)[0], VARCHAR)
    return Bound(f"CAST(nullif({_part(value, _GROUPS['port'])}, '') AS BIGINT)", BIGINT, "value", (value,))


def _parameter(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """The first value of a query parameter: '' without a value, NULL without the parameter. '+' is a space."""
    value, name = (typed(e, node, v, VARCHAR) for v in count(e, node, arguments, 2, 2))
    pair = e.queries.fresh("l")
    pairs = f"string_split({_part(value, _GROUPS['query'])}, '&')"
    found = f"list_filter({pairs}, lambda {pair}: split_part({pair}, '=', 1) = {name.sql})"
    raw = f"regexp_replace(list_extract({found}, 1), '^[^=]*=?', '')"
    return Bound(f"url_decode(replace({raw}, '+', ' '))", VARCHAR, "value", (value, name))


FUNCTIONS: dict[str, Callable[[Expressions, exp.Expr, Arguments], Bound]] = {
    **{f"url_extract_{name}": _extract(name) for name in _GROUPS},
    "url_extract_port": _port,
    "url_extract_parameter": _parameter,
}
