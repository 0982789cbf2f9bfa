"""Expressions: each node class that may stand in a query, what it means in Trino, and what the engine runs for it.

This is half of the first wall. A node class without a handler is refused, and so is an argument of a node that its
handler does not name. The engine's text is written here from the meaning; nothing of the query's own text reaches it
but literals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from localaws.athena import calls, operators
from localaws.athena.failure import QueryFailed, column_not_found, not_supported
from localaws.athena.operators import boolean, coerce, comparison, mismatch, unify
from localaws.athena.scope import NULL, Bound, Scope, dereference, text
from localaws.athena.syntax import position
from localaws.athena.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAY_TIME,
    DOUBLE,
    INTEGER,
    TIMESTAMP,
    TIMESTAMP_TZ,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    YEAR_MONTH,
    Type,
    array,
    cast_target,
    coercible,
    common_type,
    decimal,
    duck,
)

if TYPE_CHECKING:
    from localaws.athena.queries import Queries

Position = tuple[int, int] | None


def only(node: exp.Expr, *allowed: str) -> None:
    """Refuse, by name, a node that carries an argument its handler does not know."""
    for name, value in node.args.items():
        if value and name not in allowed:
            raise not_supported(f"{name.strip('_').replace('_', ' ')} in {type(node).__name__.lower()}")


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

    def bind(self, node: exp.Expr) -> Bound:
        """The meaning of one expression. Raises QueryFailed with Athena's code and the place in the query."""
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise not_supported(f"{type(node).__name__}", self.at(node))
        return handler(self, node)

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


def _literal(e: Expressions, node: exp.Literal) -> Bound:
    value = str(node.this)
    if node.is_string:
        return Bound(text(value), VARCHAR, "constant", literal=value)
    if re.fullmatch(r"[0-9]+", value):
        number = int(value)
        if number > 2**63 - 1:
            raise QueryFailed("INVALID_LITERAL", f"Invalid numeric literal: {value[:40]}", e.at(node))
        type_ = INTEGER if number <= 2**31 - 1 else BIGINT
        return Bound(f"CAST({number} AS {type_.name.upper()})", type_, "constant", literal=number)
    if re.fullmatch(r"[0-9]*\.[0-9]*", value):
        whole, fraction = value.split(".")
        digits = whole.lstrip("0") + fraction
        if len(digits) > 38:
            raise QueryFailed("INVALID_LITERAL", "Decimal literal has more than 38 digits", e.at(node))
        type_ = decimal(max(len(digits), 1), len(fraction))
        inside = f"{whole or 0}.{fraction}".rstrip(".")
        return Bound(f"CAST('{inside}' AS DECIMAL({type_.precision},{type_.scale}))", type_, "constant")
    if re.fullmatch(r"([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{1,3}", value):
        return Bound(f"CAST('{value}' AS DOUBLE)", DOUBLE, "constant")
    raise QueryFailed("INVALID_LITERAL", "Invalid numeric literal", e.at(node))


def _hex(e: Expressions, node: exp.HexString) -> Bound:
    value = str(node.this).replace(" ", "")
    if not re.fullmatch(r"([0-9A-Fa-f]{2})*", value):
        raise QueryFailed("INVALID_LITERAL", "Invalid hexadecimal literal", e.at(node))
    return Bound(f"unhex('{value}')", VARBINARY, "constant")


def _boolean(e: Expressions, node: exp.Boolean) -> Bound:
    return Bound("true" if node.this else "false", BOOLEAN, "constant")


def _null(e: Expressions, node: exp.Null) -> Bound:
    return NULL


def _paren(e: Expressions, node: exp.Paren) -> Bound:
    only(node, "this")
    return e.bind(node.this)


_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_COMPARISONS = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
}


def _arithmetic(e: Expressions, node: exp.Binary) -> Bound:
    only(node, "this", "expression", "typed", "safe")
    return operators.arithmetic(_ARITHMETIC[type(node)], e.bind(node.this), e.bind(node.expression), e.at(node))


def _negate(e: Expressions, node: exp.Neg) -> Bound:
    return operators.negate(e.bind(node.this), e.at(node))


def _comparison(e: Expressions, node: exp.Binary) -> Bound:
    only(node, "this", "expression")
    operator = _COMPARISONS[type(node)]
    if isinstance(node.expression, (exp.All, exp.Any)):
        return _quantified(e, node, operator)
    return comparison(operator, e.bind(node.this), e.bind(node.expression), e.at(node))


def _quantified(e: Expressions, node: exp.Binary, operator: str) -> Bound:
    query = node.expression.this
    if not isinstance(query, exp.Query):
        raise not_supported(f"{type(node.expression).__name__.upper()} of an array", e.at(node))
    left, sub = _against_subquery(e, node.this, query, operator)
    word = "ALL" if isinstance(node.expression, exp.All) else "ANY"
    return Bound(f"({left.sql} {operator} {word} ({sub.sql}))", BOOLEAN, "value", (left, sub))


def _against_subquery(e: Expressions, node: exp.Expr, query: exp.Query, operator: str) -> tuple[Bound, Bound]:
    """A value and a one-column subquery, both as their common type."""
    left = e.bind(node)
    sub = e.queries.subquery(query, e.scope, e.at(query))
    shared = common_type(left.type, sub.type)
    if shared is None:
        raise mismatch(operator, left.type, sub.type, e.at(node))
    if sub.type != shared:
        alias = e.queries.fresh("s")
        target = duck(shared)
        sub = replace(sub, sql=f"SELECT CAST({alias}.c0 AS {target}) FROM ({sub.sql}) AS {alias}(c0)", type=shared)
    return coerce(left, shared), sub


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


def _is(e: Expressions, node: exp.Is) -> Bound:
    if not isinstance(node.expression, exp.Null):
        raise not_supported("IS with anything but NULL", e.at(node))
    value = e.bind(node.this)
    return Bound(f"({value.sql} IS NULL)", BOOLEAN, "value", (value,))


def _between(e: Expressions, node: exp.Between) -> Bound:
    only(node, "this", "low", "high")
    value, low, high = (e.bind(node.args[k]) for k in ("this", "low", "high"))
    lower = comparison(">=", value, low, e.at(node))
    upper = comparison("<=", value, high, e.at(node))
    return Bound(f"({lower.sql} AND {upper.sql})", BOOLEAN, "value", (lower, upper))


def _in(e: Expressions, node: exp.In) -> Bound:
    only(node, "this", "expressions", "query")
    query = node.args.get("query")
    if query is not None:
        left, sub = _against_subquery(e, node.this, query, "IN")
        return Bound(f"({left.sql} IN ({sub.sql}))", BOOLEAN, "value", (left, sub))
    if isinstance(node.this, exp.Tuple):
        raise not_supported("a row value", e.at(node))
    values = [e.bind(node.this), *(e.bind(v) for v in node.expressions)]
    values, _ = unify(values, "IN value and list items", e.at(node))
    inside = ", ".join(v.sql for v in values[1:])
    return Bound(f"({values[0].sql} IN ({inside}))", BOOLEAN, "value", tuple(values))


def _like(e: Expressions, node: exp.Like, escape: exp.Expr | None = None) -> Bound:
    only(node, "this", "expression")
    value, pattern = e.bind(node.this), e.bind(node.expression)
    for side in (value, pattern):
        if side.type not in (VARCHAR, UNKNOWN):
            message = f"Left side of LIKE expression must evaluate to a varchar (actual: {side.type})"
            raise QueryFailed("TYPE_MISMATCH", message, e.at(node))
    value, pattern = coerce(value, VARCHAR), coerce(pattern, VARCHAR)
    suffix = ""
    if escape is not None:
        character = e.string_literal(escape, "an ESCAPE")
        if len(character) != 1:
            raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "Escape string must be a single character", e.at(node))
        suffix = f" ESCAPE {text(character)}"
    return Bound(f"({value.sql} LIKE {pattern.sql}{suffix})", BOOLEAN, "value", (value, pattern))


def _escape(e: Expressions, node: exp.Escape) -> Bound:
    if not isinstance(node.this, exp.Like):
        raise not_supported("ESCAPE", e.at(node))
    return _like(e, node.this, node.expression)


def _exists(e: Expressions, node: exp.Exists) -> Bound:
    sub = e.queries.subquery(node.this, e.scope, e.at(node), columns=None)
    return Bound(f"(EXISTS ({sub.sql}))", BOOLEAN, "value", (sub,))


def _scalar_subquery(e: Expressions, node: exp.Expr) -> Bound:
    sub = e.queries.subquery(node, e.scope, e.at(node))
    return replace(sub, sql=f"({sub.sql})")


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
    target = node.args["to"]
    only(target, "this", "expressions", "nested")
    name = _CAST_NAMES.get(target.this)
    if name is None or (target.expressions and target.args.get("nested")):
        raise not_supported(f"CAST to {target.this.value.lower()}", e.at(node))
    parameters = [int(p.name) for p in target.expressions if p.name.isdigit()]
    value = e.bind(node.this)
    if value.literal is not None and name == "timestamp" and len(parameters) == 1 and parameters[0] <= 3:
        parameters = []  # TIMESTAMP '...': the parser counts the literal's fraction digits
    type_, length = cast_target(name, parameters)
    return operators.cast(value, type_, length, e.at(node), safe=isinstance(node, exp.TryCast))


_CAST_NAMES = {
    exp.DType.BOOLEAN: "boolean", exp.DType.TINYINT: "tinyint", exp.DType.SMALLINT: "smallint",
    exp.DType.INT: "integer", exp.DType.BIGINT: "bigint", exp.DType.FLOAT: "real", exp.DType.DOUBLE: "double",
    exp.DType.DECIMAL: "decimal", exp.DType.VARCHAR: "varchar", exp.DType.VARBINARY: "varbinary",
    exp.DType.DATE: "date", exp.DType.TIMESTAMP: "timestamp", exp.DType.TIMESTAMPTZ: "timestamp with time zone",
}


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
    if base.type.name != "array" or not coercible(index.type, BIGINT):
        raise not_supported(f"a subscript of {base.type} by {index.type}", e.at(node))
    index = coerce(index, BIGINT)
    outside = f"{index.sql} < 1 OR {index.sql} > len({base.sql})"
    sql = f"(CASE WHEN {outside} THEN error('lakeproof:ARRAY_INDEX') ELSE list_extract({base.sql}, {index.sql}) END)"
    return Bound(sql, base.type.inner(), "value", (base, index))


def _interval(e: Expressions, node: exp.Interval) -> Bound:
    """INTERVAL '1' DAY and its like: one unit, a whole number (seconds may have a fraction)."""
    only(node, "this", "unit")
    unit = node.args.get("unit")
    if not isinstance(unit, exp.Var) or unit.name.lower() not in _INTERVALS:
        raise not_supported("an interval of more than one unit", e.at(node))
    amount = e.string_literal(node.this, "an interval")
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", amount):
        raise QueryFailed("INVALID_LITERAL", "Invalid interval literal", e.at(node))
    type_, function, kind = _INTERVALS[unit.name.lower()]
    return Bound(f"{function}(CAST({int(amount)} AS INTEGER))", type_, "constant", literal=kind)


_INTERVALS = {
    "second": (DAY_TIME, "to_seconds", "time"), "minute": (DAY_TIME, "to_minutes", "time"),
    "hour": (DAY_TIME, "to_hours", "time"), "day": (DAY_TIME, "to_days", "day"),
    "month": (YEAR_MONTH, "to_months", "month"), "year": (YEAR_MONTH, "to_years", "month"),
}


def _extract(e: Expressions, node: exp.Extract) -> Bound:
    unit = node.this.name.lower()
    if unit not in _EXTRACTED:
        raise not_supported(f"EXTRACT({unit.upper()})", e.at(node))
    return calls.call_scalar(unit, [e.bind(node.expression)], e.at(node))


_EXTRACTED = (
    "year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year", "doy",
    "year_of_week", "yow", "hour", "minute", "second",
)


def _now(e: Expressions, node: exp.Expr) -> Bound:
    only(node)
    known: dict[type[exp.Expr], tuple[str, Type]] = {
        exp.CurrentDate: ("CAST(now() AS DATE)", DATE),
        exp.CurrentTimestamp: ("date_trunc('millisecond', now())", TIMESTAMP_TZ),
        exp.Localtimestamp: ("CAST(date_trunc('millisecond', now()) AS TIMESTAMP)", TIMESTAMP),
    }
    return Bound(*known[type(node)])


_HANDLERS: dict[type[exp.Expr], Callable[[Expressions, Any], Bound]] = {
    exp.Column: _column, exp.Identifier: _identifier, exp.Dot: _dot, exp.Literal: _literal, exp.HexString: _hex,
    exp.Boolean: _boolean, exp.Null: _null, exp.Paren: _paren, exp.Neg: _negate, exp.And: _connective,
    exp.Or: _connective, exp.Not: _not, exp.Is: _is, exp.Between: _between, exp.In: _in, exp.Like: _like,
    exp.Escape: _escape, exp.Exists: _exists, exp.Subquery: _scalar_subquery, exp.Case: _case, exp.If: _if,
    exp.Cast: _cast, exp.TryCast: _cast, exp.DPipe: _concat, exp.Array: _array, exp.Bracket: _subscript,
    exp.Interval: _interval, exp.Extract: _extract, exp.CurrentDate: _now, exp.CurrentTimestamp: _now,
    exp.Localtimestamp: _now,
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    **dict.fromkeys(_COMPARISONS, _comparison),
    **dict.fromkeys(calls.CALLS, calls.bind_call),
}
