"""Rows: ``ROW(...)``, their subscripts and comparisons, and the functions that make or take arrays of them.

Source: Trino documentation, "Data types" (ROW), "Array functions and operators", "Map functions and operators".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.arguments import Arguments, count
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.scope import Bound, text
from localaws.athena.types import Type, array, duck, quoted, row

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions


def make(values: list[Bound], names: list[str | None]) -> Bound:
    """A row of these values."""
    type_ = row([v.type for v in values], names)
    inside = ", ".join(f"{quoted(n)} := {v.sql}" for n, v in zip(type_.fields, values, strict=True))
    return Bound(f"CAST(struct_pack({inside}) AS {duck(type_)})", type_, "value", tuple(values))


def field(value: Bound, place: int) -> Bound:
    """A row's field by its place, from 0."""
    return Bound(
        f"struct_extract({value.sql}, {text(value.type.fields[place])})", value.type.inner(place), "value", (value,)
    )


def _row(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    if not arguments:
        count(e, node, arguments, 1, 1000)
    if any(isinstance(a, exp.Alias) for a in arguments):
        raise not_supported("a field's name in ROW (use CAST)", e.at(node))
    return make([e.bind(a) for a in arguments], [None] * len(arguments))


def constructed(e: Expressions, node: exp.Tuple) -> Bound:
    """``(a, b)``: the same as ROW(a, b)."""
    return _row(e, node, list(node.expressions))


def _zip(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    """Arrays side by side, the shorter padded with NULL."""
    values = count(e, node, arguments, 2, 5)
    for value in values:
        if value.type.name != "array":
            raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {value.type} of zip", e.at(node))
    place = e.queries.fresh("l")
    one = make([Bound(f"list_extract({v.sql}, {place})", v.type.inner()) for v in values], [None] * len(values))
    longest = ", ".join(f"len({v.sql})" for v in values)
    missing = " OR ".join(f"{v.sql} IS NULL" for v in values)
    made = f"list_transform(generate_series(1, greatest({longest})), lambda {place}: {one.sql})"
    return Bound(f"(CASE WHEN {missing} THEN NULL ELSE {made} END)", array(one.type), "value", tuple(values))


def _map_entries(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    (value,) = count(e, node, arguments, 1, 1)
    if value.type.name != "map":
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {value.type}, expected a map", e.at(node))
    type_ = array(row([value.type.inner(0), value.type.inner(1)], [None, None]))
    name = e.queries.fresh("l")
    first, second = (quoted(n) for n in type_.inner().fields)
    entry = f"struct_pack({first} := struct_extract({name}, 'key'), {second} := struct_extract({name}, 'value'))"
    return Bound(f"list_transform(map_entries({value.sql}), lambda {name}: {entry})", type_, "value", (value,))


def _map_from_entries(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    (value,) = count(e, node, arguments, 1, 1)
    inner = value.type.inner() if value.type.name == "array" else value.type
    if inner.name != "row" or len(inner.args) != 2 or value.type.name != "array":
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {value.type}, expected entries", e.at(node))
    name = e.queries.fresh("l")
    keys, values = (
        f"list_transform({value.sql}, lambda {name}: struct_extract({name}, {text(f)}))" for f in inner.fields
    )
    type_ = Type("map", (inner.inner(0), inner.inner(1)))
    return Bound(f"map({keys}, {values})", type_, "value", (value,))


FUNCTIONS: dict[str, Callable[[Expressions, exp.Expr, Arguments], Bound]] = {
    "row": _row,
    "zip": _zip,
    "map_entries": _map_entries,
    "map_from_entries": _map_from_entries,
}
