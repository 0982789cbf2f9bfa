"""Conditions: comparisons, IN, BETWEEN, LIKE, EXISTS, and subqueries inside expressions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.operators import coerce, comparison, mismatch, unify
from localaws.athena.scope import Bound, text
from localaws.athena.syntax import only
from localaws.athena.types import BOOLEAN, DOUBLE, REAL, UNKNOWN, VARCHAR, common_type, duck

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions


Position = tuple[int, int] | None
COMPARISONS = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}


def compare(e: Expressions, node: exp.Binary) -> Bound:
    only(node, "this", "expression")
    operator = COMPARISONS[type(node)]
    if isinstance(node.expression, (exp.All, exp.Any)):
        return _quantified(e, node, operator)
    return comparison(operator, e.bind(node.this), e.bind(node.expression), e.at(node))


def _quantified(e: Expressions, node: exp.Binary, operator: str) -> Bound:
    query = node.expression.this
    if not isinstance(query, exp.Query):
        raise not_supported(f"{type(node.expression).__name__.upper()} of an array", e.at(node))
    left, sub = _against_subquery(e, node.this, query, operator)
    if left.type in (DOUBLE, REAL):
        raise not_supported(f"a comparison of {left.type} with all or any rows of a subquery", e.at(node))
    word = "ALL" if isinstance(node.expression, exp.All) else "ANY"
    return Bound(f"({left.sql} {operator} {word} ({sub.sql}))", BOOLEAN, "value", (left, sub))


def _against_subquery(e: Expressions, node: exp.Expr, query: exp.Query, operator: str) -> tuple[Bound, Bound]:
    """A value and a one-column subquery, both as their common type."""
    left = e.bind(node)
    sub = e.queries.subquery(query, e.scope, e.at(query))
    shared = common_type(left.type, sub.type)
    if shared is None:
        raise mismatch(operator, left.type, sub.type, e.at(node))
    if shared.name in ("array", "map", "row"):
        raise not_supported(f"a comparison of {shared} with a subquery", e.at(node))
    if sub.type != shared:
        alias = e.queries.fresh("s")
        target = duck(shared)
        sub = replace(sub, sql=f"SELECT CAST({alias}.c0 AS {target}) FROM ({sub.sql}) AS {alias}(c0)", type=shared)
    return coerce(left, shared), sub


def is_null(e: Expressions, node: exp.Is) -> Bound:
    if not isinstance(node.expression, exp.Null):
        raise not_supported("IS with anything but NULL", e.at(node))
    value = e.bind(node.this)
    return Bound(f"({value.sql} IS NULL)", BOOLEAN, "value", (value,))


def between(e: Expressions, node: exp.Between) -> Bound:
    only(node, "this", "low", "high")
    value, low, high = (e.bind(node.args[k]) for k in ("this", "low", "high"))
    lower = comparison(">=", value, low, e.at(node))
    upper = comparison("<=", value, high, e.at(node))
    return Bound(f"({lower.sql} AND {upper.sql})", BOOLEAN, "value", (lower, upper))


def is_in(e: Expressions, node: exp.In) -> Bound:
    only(node, "this", "expressions", "query")
    query = node.args.get("query")
    if query is not None:
        left, sub = _against_subquery(e, node.this, query, "IN")
        if left.type in (DOUBLE, REAL):
            return _in_doubles(e, left, sub)
        return Bound(f"({left.sql} IN ({sub.sql}))", BOOLEAN, "value", (left, sub))
    values = [e.bind(node.this), *(e.bind(v) for v in node.expressions)]
    literals = all(v.kind == "constant" for v in values[1:])
    values, type_ = unify(values, "IN value and list items", e.at(node))
    if type_.name in ("array", "map"):
        raise not_supported(f"IN of {type_}", e.at(node))
    if type_.name == "row":
        one, *others = values
        either = " OR ".join(comparison("=", one, other, e.at(node)).sql for other in others)
        return Bound(f"({either})", BOOLEAN, "value", tuple(values))
    inside = ", ".join(v.sql for v in values[1:])
    sql = f"({values[0].sql} IN ({inside}))"
    if type_ in (DOUBLE, REAL):
        sql = _in_list_of_doubles(values, literals, sql, e.at(node))
    return Bound(sql, BOOLEAN, "value", tuple(values))


def _in_list_of_doubles(values: list[Bound], literals: bool, sql: str, position: Position) -> str:
    """NaN is in no list (IN is ``=``, and NaN equals nothing), the engine finds it: so each item is compared.

    Among literals there is no NaN; then it is enough to look at the value.
    """
    value, *items = values
    if not literals:
        return f"({' OR '.join(comparison('=', value, item, position).sql for item in items)})"
    unknown = " OR ".join(f"{item.sql} IS NULL" for item in items)
    return f"(CASE WHEN isnan({value.sql}) THEN (CASE WHEN {unknown} THEN NULL ELSE false END) ELSE {sql} END)"


def _in_doubles(e: Expressions, left: Bound, sub: Bound) -> Bound:
    """The same for a subquery: its NaNs are left out, and NaN itself is in it only if NULL is: unknown."""
    alias = e.queries.fresh("s")
    rows = f"FROM ({sub.sql}) AS {alias}(c0)"
    plain = f"SELECT {alias}.c0 {rows} WHERE {alias}.c0 IS NULL OR NOT isnan({alias}.c0)"
    missing = f"EXISTS (SELECT 1 {rows} WHERE {alias}.c0 IS NULL)"
    nan = f"(CASE WHEN {missing} THEN NULL ELSE false END)"
    sql = f"(CASE WHEN isnan({left.sql}) THEN {nan} ELSE {left.sql} IN ({plain}) END)"
    return Bound(sql, BOOLEAN, "value", (left, sub))


def like(e: Expressions, node: exp.Like, escape: exp.Expr | None = None) -> Bound:
    only(node, "this", "expression", "negate")
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
    word = "NOT LIKE" if node.args.get("negate") else "LIKE"
    return Bound(f"({value.sql} {word} {pattern.sql}{suffix})", BOOLEAN, "value", (value, pattern))


def escaped_like(e: Expressions, node: exp.Escape) -> Bound:
    if not isinstance(node.this, exp.Like):
        raise not_supported("ESCAPE", e.at(node))
    return like(e, node.this, node.expression)


def exists(e: Expressions, node: exp.Exists) -> Bound:
    sub = e.queries.subquery(node.this, e.scope, e.at(node), columns=None)
    return Bound(f"(EXISTS ({sub.sql}))", BOOLEAN, "value", (sub,))


def scalar_subquery(e: Expressions, node: exp.Expr) -> Bound:
    sub = e.queries.subquery(node, e.scope, e.at(node))
    return replace(sub, sql=f"({sub.sql})")
