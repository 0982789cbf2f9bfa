"""Conditions: comparisons, IN, BETWEEN, LIKE, EXISTS, and subqueries inside expressions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.operators import coerce, comparison, mismatch, unify
from localaws.athena.scope import Bound, text
from localaws.athena.syntax import only
from localaws.athena.types import BOOLEAN, UNKNOWN, VARCHAR, common_type, duck

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions


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
    word = "ALL" if isinstance(node.expression, exp.All) else "ANY"
    return Bound(f"({left.sql} {operator} {word} ({sub.sql}))", BOOLEAN, "value", (left, sub))


def _against_subquery(e: Expressions, node: exp.Expr, query: exp.Query, operator: str) -> tuple[Bound, Bound]:
    """A value and a one-column subquery, both as their common type."""
    left = e.bind(node)
    sub = e.queries.subquery(query, e.scope, e.at(query))
    shared = common_type(left.type, sub.type)
    if shared is None:
        raise mismatch(operator, left.type, sub.type, e.at(node))
    if shared.name == "array":
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
        return Bound(f"({left.sql} IN ({sub.sql}))", BOOLEAN, "value", (left, sub))
    if isinstance(node.this, exp.Tuple):
        raise not_supported("a row value", e.at(node))
    values = [e.bind(node.this), *(e.bind(v) for v in node.expressions)]
    values, type_ = unify(values, "IN value and list items", e.at(node))
    if type_.name == "array":
        raise not_supported(f"IN of {type_}", e.at(node))
    inside = ", ".join(v.sql for v in values[1:])
    return Bound(f"({values[0].sql} IN ({inside}))", BOOLEAN, "value", tuple(values))


def like(e: Expressions, node: exp.Like, escape: exp.Expr | None = None) -> Bound:
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
