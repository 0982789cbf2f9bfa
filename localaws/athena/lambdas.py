"""Functions that take a lambda: over the elements of arrays, and over the entries of maps.

Source: Trino documentation, "Lambda expressions", "Array functions and operators", "Map functions and operators".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena import operators
from localaws.athena.arguments import Arguments, count
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.operators import coerce
from localaws.athena.scope import Bound
from localaws.athena.types import BOOLEAN, UNKNOWN, Type, array, coercible, duck

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions

Function = Callable[["Expressions", exp.Expr, Arguments], Bound]


def bound_lambda(e: Expressions, node: exp.Expr, *parameters: Bound) -> Bound:
    """The body of a lambda whose parameters have these meanings. Raises QueryFailed for another number of them."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != len(parameters):
        message = f"A lambda of {len(parameters)} parameter{'s' if len(parameters) > 1 else ''} is expected"
        raise QueryFailed("FUNCTION_NOT_FOUND", message, e.at(node))
    names = {n.name.lower(): p for n, p in zip(node.expressions, parameters, strict=True)}
    return e.inside(e.clause, lambdas={**e.lambdas, **names}).bind(node.this)


def _over(e: Expressions, node: exp.Expr, arguments: Arguments, kind: str, size: int = 2) -> Bound:
    """The first argument, which must be an array or a map."""
    if len(arguments) != size:
        count(e, node, arguments, size, size)
    base = e.bind(arguments[0])
    if base.type.name != kind:
        given = "an array" if kind == "array" else "a map"
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {base.type}, expected {given}", e.at(node))
    return base


def _transform(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    base = _over(e, node, arguments, "array")
    name = e.queries.fresh("l")
    body = bound_lambda(e, arguments[1], Bound(name, base.type.inner()))
    return Bound(f"list_transform({base.sql}, lambda {name}: {body.sql})", array(body.type), "value", (base, body))


def _filter(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    base = _over(e, node, arguments, "array")
    name = e.queries.fresh("l")
    body = bound_lambda(e, arguments[1], Bound(name, base.type.inner()))
    condition = operators.boolean(body, "Lambda", e.at(node))
    sql = f"list_filter({base.sql}, lambda {name}: coalesce({condition.sql}, false))"
    return Bound(sql, base.type, "value", (base, condition))


def _match(decides: str, answer: str) -> Function:
    """One element of which the lambda says ``decides`` makes the answer; without any it is the other one."""

    def bind(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
        """any_match, all_match, none_match: NULL where no element decides and the lambda says NULL of one."""
        base = _over(e, node, arguments, "array")
        name, said = e.queries.fresh("l"), e.queries.fresh("l")
        body = operators.boolean(bound_lambda(e, arguments[1], Bound(name, base.type.inner())), "Lambda", e.at(node))
        rest = "false" if answer == "true" else "true"
        choice = (
            f"(CASE WHEN list_contains({said}, {decides}) THEN {answer} "
            f"WHEN len({said}) > list_count({said}) THEN NULL WHEN {said} IS NOT NULL THEN {rest} END)"
        )
        inside = f"list_transform({base.sql}, lambda {name}: {body.sql})"
        sql = f"list_extract(list_transform([{inside}], lambda {said}: {choice}), 1)"
        return Bound(sql, BOOLEAN, "value", (base, body))

    return bind


def _reduce(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """reduce(array, initial, (state, element) -> state, state -> result). The state keeps the type of its first value.

    The engine folds a list of one type: each element travels in a row beside an empty state.
    """
    base = _over(e, node, arguments, "array", 4)
    initial = e.bind(arguments[1])
    state, element = e.queries.fresh("l"), e.queries.fresh("l")
    step = bound_lambda(
        e,
        arguments[2],
        Bound(f"struct_extract({state}, 's')", initial.type),
        Bound(f"struct_extract({element}, 'e')", base.type.inner()),
    )
    if initial.type == UNKNOWN or not coercible(step.type, initial.type):
        raise not_supported(f"reduce from {initial.type} to {step.type}", e.at(node))
    step = coerce(step, initial.type)
    kept, item = duck(initial.type), duck(base.type.inner())
    row = f"STRUCT(s {kept}, e {item})"
    inner = e.queries.fresh("l")
    rows = f"list_transform({base.sql}, lambda {inner}: CAST({{'s': NULL, 'e': {inner}}} AS {row}))"
    first = f"CAST({{'s': {initial.sql}, 'e': NULL}} AS {row})"
    after = f"CAST({{'s': {step.sql}, 'e': NULL}} AS {row})"
    folded = f"list_reduce({rows}, lambda {state}, {element}: {after}, {first})"
    result = e.queries.fresh("l")
    output = bound_lambda(e, arguments[3], Bound(result, initial.type))
    sql = f"list_extract(list_transform([struct_extract({folded}, 's')], lambda {result}: {output.sql}), 1)"
    whole = f"(CASE WHEN {base.sql} IS NOT NULL THEN {sql} END)"
    return Bound(whole, output.type, "value", (base, initial, step, output))


def _zip_with(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """zip_with(a, b, (x, y) -> ...): the shorter array is padded with NULL."""
    left = _over(e, node, arguments, "array", 3)
    right = _over(e, node, [arguments[1], *arguments], "array", 4)
    place = e.queries.fresh("l")
    items = [Bound(f"list_extract({side.sql}, {place})", side.type.inner()) for side in (left, right)]
    body = bound_lambda(e, arguments[2], *items)
    longest = f"greatest(len({left.sql}), len({right.sql}))"
    missing = f"{left.sql} IS NULL OR {right.sql} IS NULL"
    sql = f"list_transform(generate_series(1, {longest}), lambda {place}: {body.sql})"
    return Bound(f"(CASE WHEN {missing} THEN NULL ELSE {sql} END)", array(body.type), "value", (left, right, body))


def _entries(e: Expressions, node: exp.Expr, arguments: Arguments) -> tuple[Bound, str, Bound]:
    """The map, the engine's name of one of its entries, and the lambda's body over key and value."""
    base = _over(e, node, arguments, "map")
    name = e.queries.fresh("l")
    key = Bound(f"struct_extract({name}, 'key')", base.type.inner(0))
    value = Bound(f"struct_extract({name}, 'value')", base.type.inner(1))
    return base, name, bound_lambda(e, arguments[1], key, value)


def _map_filter(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    base, name, body = _entries(e, node, arguments)
    condition = operators.boolean(body, "Lambda", e.at(node))
    kept = f"list_filter(map_entries({base.sql}), lambda {name}: coalesce({condition.sql}, false))"
    return Bound(f"map_from_entries({kept})", base.type, "value", (base, condition))


def _transform_values(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    base, name, body = _entries(e, node, arguments)
    changed = f"list_transform(map_entries({base.sql}), lambda {name}: {body.sql})"
    type_ = Type("map", (base.type.inner(0), body.type))
    return Bound(f"map(map_keys({base.sql}), {changed})", type_, "value", (base, body))


def _transform_keys(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    base, name, body = _entries(e, node, arguments)
    changed = f"list_transform(map_entries({base.sql}), lambda {name}: {body.sql})"
    type_ = Type("map", (body.type, base.type.inner(1)))
    return Bound(f"map({changed}, map_values({base.sql}))", type_, "value", (base, body))


FUNCTIONS: dict[str, Function] = {
    "transform": _transform,
    "filter": _filter,
    "any_match": _match("true", "true"),
    "all_match": _match("false", "false"),
    "none_match": _match("true", "false"),
    "reduce": _reduce,
    "zip_with": _zip_with,
    "map_filter": _map_filter,
    "transform_values": _transform_values,
    "transform_keys": _transform_keys,
}
