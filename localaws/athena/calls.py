"""Calls of functions, with whatever stands around them: DISTINCT, ORDER BY, FILTER, OVER, IGNORE NULLS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena import signatures, special
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.operators import coerce, decimal_quotient, unscaled
from localaws.athena.scope import Bound, Kind
from localaws.athena.syntax import only
from localaws.athena.types import BIGINT, UNKNOWN, VARCHAR, common_type, decimal, duck

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions

Position = tuple[int, int] | None
CALLS = (
    exp.Anonymous,
    exp.Filter,
    exp.WithinGroup,
    exp.IgnoreNulls,
    exp.RespectNulls,
    exp.Window,
    exp.Trim,
    exp.StrPosition,
    exp.Substring,
)


@dataclass(slots=True)
class _Call:
    """A call taken apart. ``over`` is its window, ``filter`` the condition of FILTER."""

    node: exp.Expr
    name: str = ""
    arguments: list[exp.Expr] = field(default_factory=list)
    distinct: bool = False
    order: list[exp.Ordered] = field(default_factory=list)
    filter: exp.Expr | None = None
    ignore_nulls: bool = False
    over: exp.Window | None = None


def bind_call(e: Expressions, node: exp.Expr) -> Bound:
    """The meaning of a call. Raises QueryFailed for a name, form or arguments that are not in the table."""
    call = _taken_apart(e, node)
    name = call.name
    if name in signatures.table("window"):
        if call.over is None:
            raise QueryFailed("MISSING_OVER", f"Window function {name} requires an OVER clause", e.at(node))
        return _aggregate(e, call, "window")
    if name == "grouping" and call.over is None:
        return _grouping(e, call)
    if name in signatures.table("aggregate"):
        return _aggregate(e, call, "aggregate")
    for what, given in (
        ("OVER", call.over),
        ("FILTER", call.filter),
        ("DISTINCT", call.distinct),
        ("ORDER BY", call.order),
        ("IGNORE NULLS", call.ignore_nulls),
    ):
        if given:
            raise QueryFailed("FUNCTION_NOT_FOUND", f"{what} in a call of the scalar function {name}", e.at(node))
    if name in special.FUNCTIONS:
        return special.FUNCTIONS[name](e, node, call.arguments)
    if name not in signatures.table("scalar"):
        raise signatures.unknown_function(name, e.at(node))
    return call_scalar(name, [e.bind(a) for a in call.arguments], e.at(node))


def call_scalar(name: str, arguments: list[Bound], position: Position) -> Bound:
    """A scalar function of the table with these arguments."""
    values, result, template = signatures.fit("scalar", name, arguments, position)
    return Bound(template.format(*(v.sql for v in values)), result, "value", tuple(values))


def concatenate(values: list[Bound], position: Position) -> Bound:
    """``||`` and concat: varchars with varchars, arrays with arrays; NULL if any is NULL."""
    target = UNKNOWN
    for value in values:
        joined = common_type(target, value.type)
        if joined is None or (joined not in (VARCHAR, UNKNOWN) and joined.name not in ("array", "varbinary")):
            given = ", ".join(str(v.type) for v in values)
            raise QueryFailed("TYPE_MISMATCH", f"Unexpected parameters ({given}) for function concat", position)
        target = joined
    values = [coerce(v, VARCHAR if target == UNKNOWN else target) for v in values]
    return Bound(f"({' || '.join(v.sql for v in values)})", values[0].type, "value", tuple(values))


def _taken_apart(e: Expressions, node: exp.Expr) -> _Call:
    call = _Call(node)
    while not isinstance(node, exp.Anonymous):
        if isinstance(node, exp.Window):
            only(node, "this", "partition_by", "order", "spec", "alias", "over")
            call.over = node
        elif isinstance(node, exp.Filter):
            only(node, "this", "expression")
            call.filter = node.expression.this
        elif isinstance(node, exp.WithinGroup):
            only(node, "this", "expression")
            call.order = list(node.expression.expressions)
        elif isinstance(node, exp.IgnoreNulls):
            call.ignore_nulls = True
        elif isinstance(node, (exp.Trim, exp.StrPosition, exp.Substring)):
            call.name, call.arguments = _keyword_form(e, node)
            return call
        elif not isinstance(node, exp.RespectNulls):
            raise not_supported(f"{type(node).__name__} in a call", e.at(node))
        node = node.this
    only(node, "this", "expressions")
    call.name = (node.this if isinstance(node.this, str) else node.name).lower()
    call.arguments = list(node.expressions)
    _unwrap_arguments(e, call)
    return call


def _unwrap_arguments(e: Expressions, call: _Call) -> None:
    """DISTINCT, ORDER BY and IGNORE NULLS that stand inside the parentheses."""
    if len(call.arguments) == 1 and isinstance(call.arguments[0], exp.Distinct):
        if call.arguments[0].args.get("on"):
            raise not_supported("DISTINCT ON", e.at(call.node))
        call.distinct = True
        call.arguments = list(call.arguments[0].expressions)
    if call.arguments and isinstance(call.arguments[-1], exp.Order):
        order = call.arguments[-1]
        call.order = list(order.expressions)
        call.arguments[-1] = order.this
        if isinstance(order.this, exp.Distinct):
            call.distinct = True
            call.arguments[-1:] = list(order.this.expressions)
    if call.arguments and isinstance(call.arguments[-1], exp.IgnoreNulls):
        call.ignore_nulls = True
        call.arguments[-1] = call.arguments[-1].this
    if call.name == "count" and len(call.arguments) == 1 and isinstance(call.arguments[0], exp.Star):
        only(call.arguments[0])
        if call.distinct:
            raise not_supported("count(DISTINCT *)", e.at(call.node))
        call.arguments = []
    if call.name != "count" and call.distinct and len(call.arguments) > 1:
        raise not_supported("DISTINCT with several arguments", e.at(call.node))


def _keyword_form(e: Expressions, node: exp.Expr) -> tuple[str, list[exp.Expr]]:
    """TRIM(BOTH 'x' FROM a), POSITION(a IN b) and SUBSTRING(a FROM n FOR m) as plain calls."""
    if isinstance(node, exp.Trim):
        only(node, "this", "expression", "position")
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or "BOTH").upper(), "trim")
        characters = node.args.get("expression")
        return name, [node.this, *([characters] if characters is not None else [])]
    if isinstance(node, exp.StrPosition):
        only(node, "this", "substr")
        return "strpos", [node.this, node.args["substr"]]
    only(node, "this", "start", "length")
    return "substr", [node.args[k] for k in ("this", "start", "length") if node.args.get(k) is not None]


def _aggregate(e: Expressions, call: _Call, table: str) -> Bound:
    """An aggregate or window function; with OVER it is a window's value, else a group's."""
    at = e.at(call.node)
    kind: Kind = "window" if call.over is not None else "aggregate"
    if not e.aggregates:
        message = f"{e.clause} cannot contain aggregations, window functions or grouping operations"
        raise QueryFailed("EXPRESSION_NOT_SCALAR", message, at)
    if e.lambdas:
        raise not_supported("an aggregation inside a lambda", at)
    if call.ignore_nulls and table != "window":
        raise not_supported(f"IGNORE NULLS with {call.name}", at)
    if call.order and not call.name.startswith(("array_agg", "listagg")):
        raise not_supported(f"ORDER BY inside {call.name}", at)
    arguments = [e.bind(a) for a in call.arguments]
    suffix, used = _suffix(e, call)
    order, ordering = _ordering(e, call.order)
    for value in (*arguments, *used, *ordering):
        if kind == "aggregate" and value.has("aggregate"):
            message = f"Cannot nest aggregations inside aggregation '{call.name}'"
            raise QueryFailed("NESTED_AGGREGATION", message, at)
        if value.has("window"):
            raise QueryFailed("NESTED_WINDOW", "Cannot nest window functions or aggregations over them", at)
    distinct = "DISTINCT " if call.distinct else ""
    if call.name == "avg" and len(arguments) == 1 and arguments[0].type.name == "decimal":
        return _decimal_average(arguments[0], distinct, suffix, kind)
    if call.name == "count" and len(arguments) > 1:
        raise not_supported("count of several arguments", at)
    values, result, template = signatures.fit(table, call.name, arguments, at)
    sql = template.format(
        *(v.sql for v in values),
        d=distinct,
        f=suffix,
        o=f" ORDER BY {order}" if order else "",
        n=" IGNORE NULLS" if call.ignore_nulls else "",
    )
    return Bound(sql, result, kind, (*values, *used, *ordering))


def _decimal_average(value: Bound, distinct: str, suffix: str, kind: Kind) -> Bound:
    """avg(decimal) keeps the argument's type, rounded half up (Trino documentation, avg)."""
    total = Bound(f"sum({distinct}{value.sql}){suffix}", decimal(38, value.type.scale))
    count = f"CAST(count({distinct}{value.sql}){suffix} AS HUGEINT)"
    quotient = decimal_quotient(unscaled(total), f"nullif({count}, 0)", 0, value.type.scale)
    return Bound(f"CAST({quotient} AS {duck(value.type)})", value.type, kind, (value,))


def _suffix(e: Expressions, call: _Call) -> tuple[str, list[Bound]]:
    """FILTER and OVER for the engine, and the expressions in them."""
    sql, used = "", []
    if call.filter is not None:
        condition = e.inside("FILTER clause", aggregates=False).condition(call.filter)
        sql += f" FILTER (WHERE {condition.sql})"
        used.append(condition)
    if call.over is not None:
        over, inside = _over(e, call.over)
        sql += f" OVER ({over})"
        used += inside
    return sql, used


def _over(e: Expressions, window: exp.Window) -> tuple[str, list[Bound]]:
    name = window.args.get("alias")
    if name is not None:
        found = e.windows.get(name.name.lower())
        if found is None or window.args.get("partition_by") or window.args.get("order") or window.args.get("spec"):
            raise not_supported(f"the window {name.name} in this form", e.at(window))
        window = found
    partitions = [e.bind(p) for p in window.args.get("partition_by") or []]
    order = window.args.get("order")
    ordered, ordering = _ordering(e, order.expressions if order is not None else [])
    parts = []
    if partitions:
        parts.append("PARTITION BY " + ", ".join(p.sql for p in partitions))
    if ordered:
        parts.append(f"ORDER BY {ordered}")
    if window.args.get("spec") is not None:
        parts.append(_frame(e, window.args["spec"]))
    return " ".join(parts), [*partitions, *ordering]


def _frame(e: Expressions, spec: exp.Expr) -> str:
    only(spec, "kind", "start", "start_side", "end", "end_side")
    kind = str(spec.args.get("kind") or "").upper()
    if kind not in ("ROWS", "RANGE", "GROUPS"):
        raise not_supported("this window frame", e.at(spec))

    def bound(value: object, side: object) -> str:
        word = str(side or "").upper()
        if value == "CURRENT ROW":
            return "CURRENT ROW"
        if word not in ("PRECEDING", "FOLLOWING"):
            raise not_supported("this window frame", e.at(spec))
        if value == "UNBOUNDED":
            return f"UNBOUNDED {word}"
        if isinstance(value, exp.Literal) and str(value.this).isdigit() and kind != "RANGE":
            return f"{int(str(value.this))} {word}"
        raise not_supported("a window frame with a computed bound", e.at(spec))

    start = bound(spec.args.get("start"), spec.args.get("start_side"))
    if spec.args.get("end") is None:
        return f"{kind} {start}"
    return f"{kind} BETWEEN {start} AND {bound(spec.args['end'], spec.args.get('end_side'))}"


def _ordering(e: Expressions, items: list[exp.Ordered]) -> tuple[str, list[Bound]]:
    """ORDER BY inside a call: NULLS LAST unless told otherwise, as Trino does in both directions."""
    values = [e.bind(item.this) for item in items]
    return ", ".join(f"{v.sql}{direction(i)}" for v, i in zip(values, items, strict=True)), values


def direction(item: exp.Ordered) -> str:
    """ASC or DESC, and where NULLs go."""
    only(item, "this", "desc", "nulls_first")
    return f" {'DESC' if item.args.get('desc') else 'ASC'} NULLS {'FIRST' if item.args.get('nulls_first') else 'LAST'}"


def _grouping(e: Expressions, call: _Call) -> Bound:
    if not e.aggregates or not call.arguments:
        raise QueryFailed("EXPRESSION_NOT_SCALAR", "GROUPING is only valid with GROUP BY", e.at(call.node))
    values = [e.bind(a) for a in call.arguments]
    if any(v.kind != "column" for v in values):
        raise not_supported("GROUPING of an expression", e.at(call.node))
    sql = f"CAST(grouping({', '.join(v.sql for v in values)}) AS BIGINT)"
    return Bound(sql, BIGINT, "aggregate", tuple(values))
