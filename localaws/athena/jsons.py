"""JSON in queries: which function or cast it is, and of which type. What they do stands in ``json_values``.

Source: Trino documentation, "JSON functions and operators" (JSON functions, cast from and to JSON).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.arguments import Arguments, count, typed
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.json_values import FUNCTION, PATH
from localaws.athena.operators import coerce
from localaws.athena.scope import Bound, text
from localaws.athena.syntax import only
from localaws.athena.types import BIGINT, BOOLEAN, JSON, UNKNOWN, VARCHAR, Type, duck, is_integer

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions

Function = Callable[["Expressions", exp.Expr, Arguments], Bound]


def _run(operation: str, value: Bound, argument: str = "''") -> str:
    return f"{FUNCTION}({text(operation)}, {value.sql}, {argument})"


def _document(e: Expressions, node: exp.Expr, value: Bound) -> Bound:
    """The argument, which must be a varchar or a JSON."""
    if value.type not in (VARCHAR, JSON, UNKNOWN):
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {value.type}, expected json", e.at(node))
    return coerce(value, VARCHAR) if value.type == UNKNOWN else value


def _path(e: Expressions, node: exp.Expr) -> str:
    path = e.string_literal(node, "a JSON path")
    if not re.fullmatch(PATH, path):
        raise not_supported("this JSON path", e.at(node))
    return text(path)


def _at_path(operation: str, result: Type) -> Function:
    def bind(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
        if len(arguments) != 2:
            count(e, node, arguments, 2, 2)
        value = _document(e, node, e.bind(arguments[0]))
        return Bound(
            f"CAST({_run(operation, value, _path(e, arguments[1]))} AS {duck(result)})", result, "value", (value,)
        )

    return bind


def _of_document(operation: str, result: Type) -> Function:
    def bind(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
        value = _document(e, node, count(e, node, arguments, 1, 1)[0])
        return Bound(f"CAST({_run(operation, value)} AS {duck(result)})", result, "value", (value,))

    return bind


def _parse(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    value = typed(e, node, count(e, node, arguments, 1, 1)[0], VARCHAR)
    return Bound(_run("parse", value), JSON, "value", (value,))


def literal(e: Expressions, node: exp.ParseJSON) -> Bound:
    """JSON '...'."""
    only(node, "this", "is_literal")
    return _parse(e, node, [node.this])


def _format(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    (value,) = count(e, node, arguments, 1, 1)
    if value.type != JSON:
        raise QueryFailed("FUNCTION_NOT_FOUND", f"Unexpected parameter {value.type}, expected json", e.at(node))
    return Bound(value.sql, VARCHAR, "value", (value,))


def _array_get(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    value, place = count(e, node, arguments, 2, 2)
    place = typed(e, node, place, BIGINT)
    sql = _run("array_get", _document(e, node, value), f"CAST({place.sql} AS VARCHAR)")
    return Bound(sql, JSON, "value", (value, place))


def _array_contains(e: Expressions, node: exp.Expr, arguments: Arguments) -> Bound:
    value, wanted = count(e, node, arguments, 2, 2)
    if wanted.type == VARCHAR:
        sought = f"CAST(to_json({wanted.sql}) AS VARCHAR)"
    elif is_integer(wanted.type) or wanted.type == BOOLEAN:
        sought = f"CAST({wanted.sql} AS VARCHAR)"
    else:
        raise not_supported(f"json_array_contains of {wanted.type}", e.at(node))
    sql = f"CAST({_run('array_contains', _document(e, node, value), sought)} AS BOOLEAN)"
    return Bound(sql, BOOLEAN, "value", (value, wanted))


def from_json(value: Bound, target: Type, position: tuple[int, int] | None) -> Bound:
    """CAST(json AS ...): a scalar, an array of scalars, or a map from varchar to scalars.

    A JSON null is NULL. Source: Trino documentation, "Cast from JSON".
    """
    if target.name not in ("array", "map"):
        return Bound(_scalar(value.sql, target, position), target, "value", (value,))
    inner = target.inner(len(target.args) - 1)
    if target.name == "map" and target.inner(0) != VARCHAR:
        raise not_supported(f"CAST of json to {target}", position)
    if inner == VARCHAR or inner.name in ("array", "map", "row", "json"):
        raw = "JSON[]" if target.name == "array" else "MAP(VARCHAR, JSON)"
        if inner != VARCHAR:
            raise not_supported(f"CAST of json to {target}", position)
        return _texts(value, target, raw)
    if not (is_integer(inner) or inner.name in ("double", "boolean")):
        raise not_supported(f"CAST of json to {target}", position)
    sql = f"(CASE WHEN {value.sql} <> 'null' THEN CAST(CAST({value.sql} AS JSON) AS {duck(target)}) END)"
    return Bound(sql, target, "value", (value,))


def _texts(value: Bound, target: Type, raw: str) -> Bound:
    """Members as varchars: strings without their quotes, null as NULL; an object or array inside cannot be one."""
    structured = "json_type(j) IN ('OBJECT', 'ARRAY')"
    item = f"(CASE WHEN {structured} THEN error('lakeproof:CAST') ELSE json_extract_string(j, '$') END)"
    held = f"CAST(CAST({value.sql} AS JSON) AS {raw})"
    if target.name == "array":
        made = f"list_transform({held}, lambda j: {item})"
    else:
        made = (
            f"list_extract(list_transform([{held}], lambda m: map(map_keys(m), "
            f"list_transform(map_values(m), lambda j: {item}))), 1)"
        )
    return Bound(f"(CASE WHEN {value.sql} <> 'null' THEN {made} END)", target, "value", (value,))


def _scalar(sql: str, target: Type, position: tuple[int, int] | None) -> str:
    if target == VARCHAR:
        structured = f"left({sql}, 1) IN ('[', '{{')"
        return (
            f"(CASE WHEN {structured} THEN error('lakeproof:CAST') WHEN {sql} <> 'null' "
            f"THEN json_extract_string({sql}, '$') END)"
        )
    if is_integer(target) or target.name in ("double", "boolean"):
        plain = r"^-?[0-9]+$" if is_integer(target) else r"^(-?[0-9.eE+]+|true|false)$"
        held = f"CAST({sql} AS {duck(target)})"
        return (
            f"(CASE WHEN {sql} = 'null' THEN NULL WHEN regexp_matches({sql}, '{plain}') THEN {held} "
            f"WHEN {sql} IS NOT NULL THEN error('lakeproof:JSON_CAST') END)"
        )
    raise not_supported(f"CAST of json to {target}", position)


def to_json(value: Bound, position: tuple[int, int] | None) -> Bound:
    """CAST(... AS JSON) of a varchar, an integer, a boolean, and of arrays and maps from varchar of these."""
    inner = value.type
    while inner.name == "array" or (inner.name == "map" and inner.inner(0) == VARCHAR):
        inner = inner.inner(len(inner.args) - 1)
    if not (inner in (VARCHAR, BOOLEAN, UNKNOWN) or is_integer(inner)):
        raise not_supported(f"CAST of {value.type} to json", position)
    return Bound(f"CAST(to_json({value.sql}) AS VARCHAR)", JSON, "value", (value,))


FUNCTIONS: dict[str, Function] = {
    "json_parse": _parse,
    "json_format": _format,
    "json_extract": _at_path("extract", JSON),
    "json_extract_scalar": _at_path("scalar", VARCHAR),
    "json_size": _at_path("size", BIGINT),
    "json_array_length": _of_document("array_length", BIGINT),
    "is_json_scalar": _of_document("is_scalar", BOOLEAN),
    "json_array_get": _array_get,
    "json_array_contains": _array_contains,
}
