"""Expressions: each node class that may stand in a query, what it means in Trino, and what the engine runs for it.

This is half of the first wall. A node class without a handler is refused, and so is an argument of a node that its
handler does not name. The engine's text is written here from the meaning; nothing of the query's own text reaches it
but literals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from localaws.athena import calls, casts, jsons, literals, operators, predicates, rows
from localaws.athena.failure import column_not_found, not_supported
from localaws.athena.operators import boolean, coerce, comparison, unify
from localaws.athena.scope import NULL, Bound, Scope, dereference
from localaws.athena.syntax import only, position
from localaws.athena.types import (
    BIGINT,
    BOOLEAN,
    JSON,
    TIMESTAMP,
    TIMESTAMP_TZ,
    array,
    coercible,
    duck,
)

if TYPE_CHECKING:
    from localaws.athena.queries import Queries

Position = tuple[int, int] | None


@dataclass
class Expressions:
    """Binds the expressions of one clause. ``clause`` is its name in messages ("WHERE clause").

    ``named`` are output columns that ORDER BY may name before the columns of FROM.
    """

    queries: Queries
    scope: Scope
    clause: str = ""
    aggregates: bool = False
    named: Mapping[str, Bound] = field(default_factory=dict)
    lambdas: Mapping[str, Bound] = field(default_factory=dict)
    windows: Mapping[str, exp.Window] = field(default_factory=dict)

    def bind(self, node: exp.Expr | None) -> Bound:
        """The meaning of one expression. Raises QueryFailed with Athena's code and the place in the query.

        None is what the parser leaves where an expression is missing: ``array_agg(ORDER BY x)``.
        """
        if node is None:
            raise not_supported("a missing expression")
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise not_supported(f"{type(node).__name__}", self.at(node))
        bound = handler(self, node)
        self.queries.written(len(bound.sql), node)
        return bound

    def at(self, node: exp.Expr) -> Position:
        return position(node, self.queries.text)

    def condition(self, node: exp.Expr) -> Bound:
        """A boolean, as WHERE, HAVING and ON want it."""
        return boolean(self.bind(node), self.clause or "Condition", self.at(node))

    def inside(self, clause: str, **changes: Any) -> Expressions:
        return replace(self, clause=clause, **changes)

    def string_literal(self, node: exp.Expr, what: str) -> str:
        """The value of a string that must be written as a literal. Raises QueryFailed NOT_SUPPORTED otherwise."""
        if isinstance(node, exp.Literal) and node.is_string:
            return str(node.this)
        raise not_supported(f"{what} that is not a literal", self.at(node))


def parts_of(column: exp.Column) -> tuple[str, ...]:
    """A dotted name in lower case."""
    names = [column.args.get(k) for k in ("catalog", "db", "table", "this")]
    return tuple(n.name.lower() for n in names if n is not None)


def _column(e: Expressions, node: exp.Column) -> Bound:
    only(node, "this", "table", "db", "catalog")
    if isinstance(node.this, exp.Star):
        raise not_supported("a star inside an expression", e.at(node))
    parts = parts_of(node)
    if parts[0] in e.lambdas:
        return dereference(e.lambdas[parts[0]], parts[1:], parts, e.at(node))
    if len(parts) == 1 and parts[0] in e.named:
        return e.named[parts[0]]
    return e.scope.resolve(parts, e.at(node))


def _identifier(e: Expressions, node: exp.Identifier) -> Bound:
    """A lambda's parameter: the only place where the parser leaves a bare identifier."""
    name = node.name.lower()
    if name in e.lambdas:
        return e.lambdas[name]
    raise column_not_found(name, e.at(node))


def _dot(e: Expressions, node: exp.Dot) -> Bound:
    only(node, "this", "expression")
    if not isinstance(node.expression, exp.Identifier):
        raise not_supported("a call or star after a dot", e.at(node))
    name = node.expression.name.lower()
    return dereference(e.bind(node.this), (name,), (name,), e.at(node))


def _paren(e: Expressions, node: exp.Paren) -> Bound:
    only(node, "this")
    return e.bind(node.this)


_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}


def _arithmetic(e: Expressions, node: exp.Binary) -> Bound:
    only(node, "this", "expression", "typed", "safe")
    return operators.arithmetic(_ARITHMETIC[type(node)], e.bind(node.this), e.bind(node.expression), e.at(node))


def _negate(e: Expressions, node: exp.Neg) -> Bound:
    return operators.negate(e.bind(node.this), e.at(node))


def _connective(e: Expressions, node: exp.Connector) -> Bound:
    """AND and OR chains, written as a balanced tree so that a long chain is not a deep one."""
    word = "AND" if isinstance(node, exp.And) else "OR"
    terms: list[exp.Expr] = []
    left: exp.Expr = node
    while type(left) is type(node):
        only(left, "this", "expression")
        terms.append(left.expression)
        left = left.this
    terms.append(left)
    bound = [boolean(e.bind(t), "Logical expression term", e.at(t)) for t in reversed(terms)]
    while len(bound) > 1:
        pairs = [bound[i : i + 2] for i in range(0, len(bound), 2)]
        bound = [
            Bound(f"({p[0].sql} {word} {p[1].sql})", BOOLEAN, "value", tuple(p)) if len(p) == 2 else p[0] for p in pairs
        ]
    return bound[0]


def _not(e: Expressions, node: exp.Not) -> Bound:
    value = boolean(e.bind(node.this), "Value of logical NOT expression", e.at(node))
    return Bound(f"(NOT {value.sql})", BOOLEAN, "value", (value,))


def _case(e: Expressions, node: exp.Case) -> Bound:
    only(node, "this", "ifs", "default")
    operand = e.bind(node.this) if node.this is not None else None
    whens: list[Bound] = []
    results: list[Bound] = []
    for branch in node.args["ifs"]:
        only(branch, "this", "true")
        if operand is None:
            whens.append(boolean(e.bind(branch.this), "CASE WHEN clause", e.at(branch.this)))
        else:
            whens.append(comparison("=", operand, e.bind(branch.this), e.at(branch.this)))
        results.append(e.bind(branch.args["true"]))
    default = node.args.get("default")
    results.append(e.bind(default) if default is not None else NULL)
    return _choice(e, node, whens, results, "All CASE results")


def _if(e: Expressions, node: exp.If) -> Bound:
    only(node, "this", "true", "false")
    when = boolean(e.bind(node.this), "IF condition", e.at(node))
    false = node.args.get("false")
    results = [e.bind(node.args["true"]), e.bind(false) if false is not None else NULL]
    return _choice(e, node, [when], results, "Result types for IF")


def _choice(e: Expressions, node: exp.Expr, whens: list[Bound], results: list[Bound], what: str) -> Bound:
    results, type_ = unify(results, what, e.at(node))
    branches = " ".join(f"WHEN {w.sql} THEN {r.sql}" for w, r in zip(whens, results[:-1], strict=True))
    sql = f"(CASE {branches} ELSE {results[-1].sql} END)"
    return Bound(sql, type_, "value", (*whens, *results))


def _cast(e: Expressions, node: exp.Cast) -> Bound:
    only(node, "this", "to", "safe")
    value = e.bind(node.this)
    safe = isinstance(node, exp.TryCast)
    target = node.args["to"]
    if target.this in casts.NESTED or target.this == exp.DType.JSON or value.type == JSON:
        return casts.structured(e, node, value, casts.type_of(e, target)[0], safe=safe)
    literal = value.literal is not None
    return operators.cast(value, *casts.type_of(e, target, literal), e.at(node), safe=safe)


def _at_time_zone(e: Expressions, node: exp.AtTimeZone) -> Bound:
    """AT TIME ZONE 'UTC': the session's own zone. Others are refused, since each time is shown in UTC."""
    only(node, "this", "zone")
    value = e.bind(node.this)
    if value.type not in (TIMESTAMP, TIMESTAMP_TZ):
        raise not_supported(f"AT TIME ZONE of {value.type}", e.at(node))
    if e.string_literal(node.args["zone"], "a time zone").upper() not in ("UTC", "Z", "ETC/UTC"):
        raise not_supported("a time zone other than UTC", e.at(node))
    return coerce(value, TIMESTAMP_TZ)


def _concat(e: Expressions, node: exp.DPipe) -> Bound:
    only(node, "this", "expression", "safe")
    return calls.concatenate([e.bind(node.this), e.bind(node.expression)], e.at(node))


def _array(e: Expressions, node: exp.Array) -> Bound:
    only(node, "expressions", "value_constructor")
    values, element = unify([e.bind(v) for v in node.expressions], "Array elements", e.at(node))
    inside = ", ".join(v.sql for v in values)
    type_ = array(element)
    return Bound(f"CAST([{inside}] AS {duck(type_)})", type_, "value", tuple(values))


def _subscript(e: Expressions, node: exp.Bracket) -> Bound:
    only(node, "this", "expressions")
    if len(node.expressions) != 1:
        raise not_supported("a subscript of several values", e.at(node))
    base, index = e.bind(node.this), e.bind(node.expressions[0])
    if base.type.name == "row" and isinstance(index.literal, int) and 1 <= index.literal <= len(base.type.args):
        return rows.field(base, index.literal - 1)
    if base.type.name == "map" and coercible(index.type, base.type.inner(0)):
        return _map_subscript(base, coerce(index, base.type.inner(0)))
    if base.type.name != "array" or not coercible(index.type, BIGINT):
        raise not_supported(f"a subscript of {base.type} by {index.type}", e.at(node))
    index = coerce(index, BIGINT)
    outside = f"{index.sql} < 1 OR {index.sql} > len({base.sql})"
    sql = f"(CASE WHEN {outside} THEN error('lakeproof:ARRAY_INDEX') ELSE list_extract({base.sql}, {index.sql}) END)"
    return Bound(sql, base.type.inner(), "value", (base, index))


def _map_subscript(base: Bound, key: Bound) -> Bound:
    """map[key]: a key that is not there is an error, unlike in element_at."""
    missing = f"{base.sql} IS NOT NULL AND NOT list_contains(map_keys({base.sql}), {key.sql})"
    sql = f"(CASE WHEN {missing} THEN error('lakeproof:MAP_KEY') ELSE map_extract_value({base.sql}, {key.sql}) END)"
    return Bound(sql, base.type.inner(1), "value", (base, key))


_HANDLERS: dict[type[exp.Expr], Callable[[Expressions, Any], Bound]] = {
    exp.Column: _column,
    exp.Identifier: _identifier,
    exp.Dot: _dot,
    exp.Literal: literals.literal,
    exp.HexString: literals.hex,
    exp.Boolean: literals.boolean,
    exp.Null: literals.null,
    exp.Paren: _paren,
    exp.Neg: _negate,
    exp.And: _connective,
    exp.Or: _connective,
    exp.Not: _not,
    exp.Is: predicates.is_null,
    exp.Between: predicates.between,
    exp.In: predicates.is_in,
    exp.Like: predicates.like,
    exp.Escape: predicates.escaped_like,
    exp.Exists: predicates.exists,
    exp.Subquery: predicates.scalar_subquery,
    exp.Case: _case,
    exp.If: _if,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.AtTimeZone: _at_time_zone,
    exp.ParseJSON: jsons.literal,
    exp.Tuple: rows.constructed,
    exp.DPipe: _concat,
    exp.Array: _array,
    exp.Bracket: _subscript,
    exp.Interval: literals.interval,
    exp.Extract: literals.extract,
    exp.CurrentDate: literals.now,
    exp.CurrentTimestamp: literals.now,
    exp.Localtimestamp: literals.now,
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    **dict.fromkeys(predicates.COMPARISONS, predicates.compare),
    **dict.fromkeys(calls.CALLS, calls.bind_call),
}
