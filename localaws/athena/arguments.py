"""Arguments of functions that are bound by hand: their number and their types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.failure import QueryFailed
from localaws.athena.operators import coerce
from localaws.athena.scope import Bound
from localaws.athena.types import Type, coercible

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions

Arguments = list[exp.Expr]


def count(e: Expressions, node: exp.Expr, arguments: Arguments, least: int, most: int) -> list[Bound]:
    if not least <= len(arguments) <= most:
        name = next((n.name.lower() for n in node.walk() if isinstance(n, exp.Anonymous)), "in keyword form")
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected number of parameters for function {name}", e.at(node))
    return [e.bind(a) for a in arguments]


def typed(e: Expressions, node: exp.Expr, value: Bound, target: Type) -> Bound:
    if not coercible(value.type, target):
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {value.type}, expected {target}", e.at(node))
    return coerce(value, target)
