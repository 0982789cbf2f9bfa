"""The types that CAST names, and casts to and from arrays, maps, rows and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena import jsons
from localaws.athena.failure import not_supported
from localaws.athena.scope import Bound
from localaws.athena.syntax import only
from localaws.athena.types import JSON, UNKNOWN, VARCHAR, Type, array, cast_target, coercible, duck, is_numeric, row

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions

NESTED = (exp.DType.ARRAY, exp.DType.MAP, exp.DType.STRUCT)
_CAST_NAMES = {
    exp.DType.BOOLEAN: "boolean",
    exp.DType.TINYINT: "tinyint",
    exp.DType.SMALLINT: "smallint",
    exp.DType.INT: "integer",
    exp.DType.BIGINT: "bigint",
    exp.DType.FLOAT: "real",
    exp.DType.DOUBLE: "double",
    exp.DType.DECIMAL: "decimal",
    exp.DType.VARCHAR: "varchar",
    exp.DType.VARBINARY: "varbinary",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamp with time zone",
}


def type_of(e: Expressions, node: exp.Expr, literal: bool = False) -> tuple[Type, int | None]:
    """The type that is written, and the length that a varchar is cut to. Raises QueryFailed for others.

    ``literal``: it stands before one (TIMESTAMP '...'), and the parser has counted the digits of its fraction.
    """
    if not isinstance(node, exp.DataType):
        raise not_supported("this type of a CAST", e.at(node))
    only(node, "this", "expressions", "nested")
    if node.this in NESTED:
        return _nested(e, node), None
    if node.this == exp.DType.JSON:
        return JSON, None
    name = _CAST_NAMES.get(node.this)
    if name is None:
        raise not_supported(f"CAST to {str(getattr(node.this, 'value', node.this)).lower():.40}", e.at(node))
    parameters = [int(p.name) for p in node.expressions if p.name.isdigit()]
    if literal and name.startswith("timestamp") and len(parameters) == 1 and parameters[0] <= 3:
        parameters = []
    return cast_target(name, parameters)


def _nested(e: Expressions, node: exp.DataType) -> Type:
    types: list[Type] = []
    names: list[str | None] = []
    for inside in node.expressions:
        named = isinstance(inside, exp.ColumnDef)
        if named:
            only(inside, "this", "kind")
        type_, length = type_of(e, inside.args["kind"] if named else inside)
        if length is not None:
            raise not_supported("a length inside a type", e.at(node))
        types.append(type_)
        names.append(inside.name.lower() if named else None)
    if node.this == exp.DType.STRUCT:
        return row(types, names)
    if len(types) != (1 if node.this == exp.DType.ARRAY else 2):
        raise not_supported("this type of a CAST", e.at(node))
    return array(types[0]) if node.this == exp.DType.ARRAY else Type("map", tuple(types))


def structured(e: Expressions, node: exp.Cast, value: Bound, target: Type, *, safe: bool) -> Bound:
    """CAST to an array, a map, a row or JSON, and of JSON. What could fail midway is not served in TRY_CAST."""
    if safe:
        raise not_supported(f"TRY_CAST of {value.type} to {target}", e.at(node))
    if value.type == target:
        return value
    if target == JSON:
        return jsons.to_json(value, e.at(node))
    if value.type == JSON:
        return jsons.from_json(value, target, e.at(node))
    if not _alike(value.type, target):
        raise not_supported(f"CAST of {value.type} to {target}", e.at(node))
    return Bound(f"CAST({_renamed(e, value, target)} AS {duck(target)})", target, "value", (value,))


def _alike(source: Type, target: Type) -> bool:
    """Whether the cast changes names, and types only as Trino converts them by itself, or integers to wider ones."""
    if source == UNKNOWN:
        return True
    if source.name == target.name and source.name in ("array", "map", "row"):
        pairs = zip(source.args, target.args, strict=False)
        same = len(source.args) == len(target.args)
        return same and all(_alike(a, b) for a, b in pairs if isinstance(a, Type) and isinstance(b, Type))
    exact = source.name not in ("double", "real") and target != VARCHAR
    return coercible(source, target) or (is_numeric(source) and is_numeric(target) and exact)


def _renamed(e: Expressions, value: Bound, target: Type) -> str:
    """Rows get their fields by place: the engine would match them by name."""
    if target.name == "row" and value.type.name == "row":
        return _row(value.sql, value.type, target, e)
    if target.name == "array" and value.type.name == "array" and target.inner().name == "row":
        name = e.queries.fresh("l")
        inner = _renamed(e, Bound(name, value.type.inner()), target.inner())
        return f"list_transform({value.sql}, lambda {name}: {inner})"
    return value.sql


def _row(sql: str, source: Type, target: Type, e: Expressions) -> str:
    from localaws.athena.scope import text
    from localaws.athena.types import quoted

    fields = []
    for i, (old, new) in enumerate(zip(source.fields, target.fields, strict=True)):
        inside = Bound(f"struct_extract({sql}, {text(old)})", source.inner(i))
        fields.append(f"{quoted(new)} := CAST({_renamed(e, inside, target.inner(i))} AS {duck(target.inner(i))})")
    return f"(CASE WHEN {sql} IS NOT NULL THEN struct_pack({', '.join(fields)}) END)"
