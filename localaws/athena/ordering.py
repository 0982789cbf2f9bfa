"""ORDER BY, LIMIT, FETCH and OFFSET. NULLs come last in both directions unless told otherwise, as in Trino."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.calls import direction
from localaws.athena.expressions import Expressions
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.scope import Bound
from localaws.athena.syntax import only

if TYPE_CHECKING:
    from localaws.athena.queries import Queries


def order_by(
    queries: Queries, node: exp.Expr, binder: Expressions, items: list[Bound], labels: list[str | None], distinct: bool
) -> list[tuple[Bound | None, str]]:
    """(value, text) of ORDER BY; value is None for an output column by its number."""
    order = node.args.get("order")
    if order is None:
        return []
    only(order, "expressions")
    named: dict[str, Bound] = {}
    repeated: set[str] = set()
    for label, item in zip(labels, items, strict=True):
        name = label.lower() if label is not None else ""
        if name in named and named[name].sql != item.sql:
            repeated.add(name)
        if name:
            named.setdefault(name, item)
    named = {n: v for n, v in named.items() if n not in repeated}
    ordering = binder.inside("ORDER BY clause", named=named)
    found: list[tuple[Bound | None, str]] = []
    for ordered in order.expressions:
        how = direction(ordered)
        value = ordered.this
        if isinstance(value, exp.Literal) and not value.is_string:
            found.append((None, f"{_ordinal(queries, value, len(items))}{how}"))
            continue
        if isinstance(value, exp.Column) and value.name.lower() in repeated and not value.table:
            raise QueryFailed("AMBIGUOUS_NAME", f"Column '{value.name.lower()}' is ambiguous", queries.at(value))
        bound = ordering.bind(value)
        place = next((i for i, item in enumerate(items) if item.sql == bound.sql), None)
        if place is not None:
            found.append((None, f"{place + 1}{how}"))
            continue
        if distinct:
            message = "For SELECT DISTINCT, ORDER BY expressions must appear in select list"
            raise QueryFailed("EXPRESSION_NOT_IN_DISTINCT", message, queries.at(value))
        if bound.type.name in ("map",):
            raise QueryFailed("TYPE_MISMATCH", f"Type {bound.type} is not orderable", queries.at(value))
        found.append((bound, f"{bound.sql}{how}"))
    return found


def _ordinal(queries: Queries, literal: exp.Literal, count: int) -> int:
    place = str(literal.this)
    if not place.isdigit() or not 1 <= int(place) <= count:
        message = f"ORDER BY position {place[:20]} is not in select list"
        raise QueryFailed("INVALID_COLUMN_REFERENCE", message, queries.at(literal))
    return int(place)


def order_sql(ordered: list[tuple[Bound | None, str]]) -> str:
    return f" ORDER BY {', '.join(text for _, text in ordered)}" if ordered else ""


def limits(queries: Queries, node: exp.Expr) -> str:
    """LIMIT n, LIMIT ALL, FETCH FIRST n ROWS ONLY, OFFSET n."""
    sql = ""
    limit = node.args.get("limit")
    if isinstance(limit, exp.Fetch):
        only(limit, "direction", "count", "limit_options")
        options = limit.args.get("limit_options")
        if options is not None:
            only(options, "rows")
        count = limit.args.get("count")
        sql += f" LIMIT {_count(queries, count) if count is not None else 1}"
    elif limit is not None:
        only(limit, "expression")
        if not (isinstance(limit.expression, exp.Var) and limit.expression.name.upper() == "ALL"):
            sql += f" LIMIT {_count(queries, limit.expression)}"
    offset = node.args.get("offset")
    if offset is not None:
        only(offset, "expression")
        sql += f" OFFSET {_count(queries, offset.expression)}"
    return sql


def _count(queries: Queries, node: exp.Expr) -> int:
    if isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit():
        return min(int(str(node.this)), 2**62)
    raise not_supported("a computed LIMIT or OFFSET", queries.at(node))
