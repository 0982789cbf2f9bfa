"""Operators, coercions and casts as Trino defines them, written for the engine.

Sources: Trino documentation "Mathematical functions and operators", "Decimal functions and operators",
"Conversion functions"; io.trino.type.* for rounding and texts.
"""

from __future__ import annotations

from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.scope import Bound, text
from localaws.athena.types import (
    BOOLEAN,
    DATE,
    DAY_TIME,
    DOUBLE,
    MAX_DECIMAL,
    REAL,
    TIMESTAMP,
    TIMESTAMP_TZ,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    YEAR_MONTH,
    Type,
    as_decimal,
    coercible,
    common_type,
    decimal,
    duck,
    is_integer,
    is_numeric,
)

Position = tuple[int, int] | None
_NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)"
_GUARDS = {
    "integer": r"^[+-]?[0-9]+$",
    "double": rf"^\s*[+-]?({_NUMBER}([eE][+-]?[0-9]+)?|NaN|Infinity)\s*$",
    "decimal": rf"^[+-]?{_NUMBER}$",
    "boolean": r"^(?i:true|false|t|f|1|0)$",
    "date": r"^\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\s*$",
    "timestamp": r"^\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?)?\s*$",
}
"""What Trino reads as a value of the type. Everything else becomes the empty string, which the engine cannot cast."""


def coerce(value: Bound, target: Type) -> Bound:
    """The value as ``target``, which must be one that Trino converts to by itself."""
    if value.type == target:
        return value
    return Bound(f"CAST({value.sql} AS {duck(target)})", target, "value", (value,), value.literal)


def mismatch(operator: str, left: Type, right: Type, position: Position) -> QueryFailed:
    return QueryFailed("TYPE_MISMATCH", f"Cannot apply operator: {left} {operator} {right}", position)


def unify(values: list[Bound], what: str, position: Position) -> tuple[list[Bound], Type]:
    """All values as their common type. Raises QueryFailed TYPE_MISMATCH when there is none."""
    target: Type = UNKNOWN
    for value in values:
        joined = common_type(target, value.type)
        if joined is None:
            raise QueryFailed("TYPE_MISMATCH", f"{what} must be the same type: {target} vs {value.type}", position)
        target = joined
    return [coerce(value, target) for value in values], target


def comparison(operator: str, left: Bound, right: Bound, position: Position) -> Bound:
    """``=``, ``<>``, ``<``, ``<=``, ``>``, ``>=``, ``IS [NOT] DISTINCT FROM``.

    A number and a varchar do not compare. NaN equals nothing and is in no order, except to IS DISTINCT FROM.
    Source: IEEE 754, as Trino's DoubleType compares. An array with a NULL inside is refused when the query runs.
    """
    shared = common_type(left.type, right.type)
    ordering = operator not in ("=", "<>", "IS DISTINCT FROM", "IS NOT DISTINCT FROM")
    if shared is None or (shared.name in ("map", "row") and ordering):
        raise mismatch(operator, left.type, right.type, position)
    if shared.name == "row" and operator in ("=", "<>"):
        return _row_comparison(operator, coerce(left, shared), coerce(right, shared), position)
    if shared.name == "map" and operator in ("=", "<>"):
        raise not_supported(f"a comparison of {left.type}", position)
    doubtful = [left.type in (DOUBLE, REAL) and left.kind != "constant"]
    doubtful.append(right.type in (DOUBLE, REAL) and right.kind != "constant")
    left, right = coerce(left, shared), coerce(right, shared)
    sql = f"({left.sql} {operator} {right.sql})"
    plain = not operator.startswith("IS ")
    if plain and shared.name == "array":
        sql = _array_comparison(sql, left, right, position)
    elif plain and any(doubtful):
        nan = " OR ".join(f"isnan({v.sql})" for v, may_be in zip((left, right), doubtful, strict=True) if may_be)
        answer = "true" if operator == "<>" else "false"
        missing = f"{left.sql} IS NULL OR {right.sql} IS NULL"
        sql = f"(CASE WHEN {nan} THEN (CASE WHEN {missing} THEN NULL ELSE {answer} END) ELSE {sql} END)"
    return Bound(sql, BOOLEAN, "value", (left, right))


def _row_comparison(operator: str, left: Bound, right: Bound, position: Position) -> Bound:
    """Field by field: a NULL field makes the answer NULL where no other field decides it."""
    fields = []
    for i, name in enumerate(left.type.fields):
        a, b = (Bound(f"struct_extract({v.sql}, {text(name)})", v.type.inner(i)) for v in (left, right))
        fields.append(comparison("=", a, b, position))
    same = " AND ".join(one.sql for one in fields)
    return Bound(f"({same})" if operator == "=" else f"(NOT ({same}))", BOOLEAN, "value", (left, right))


def _array_comparison(sql: str, left: Bound, right: Bound, position: Position) -> str:
    """The engine takes NULL elements for equal, Trino answers NULL or fails: neither is guessed here."""
    if left.type.inner().name in ("array", "map", "row", "double", "real"):
        raise not_supported(f"a comparison of {left.type}", position)
    missing = " OR ".join(f"len({v.sql}) <> list_count({v.sql})" for v in (left, right))
    return f"(CASE WHEN {missing} THEN error('lakeproof:ARRAY_NULL') ELSE {sql} END)"


def boolean(value: Bound, what: str, position: Position) -> Bound:
    """The value, which must be a boolean. Raises QueryFailed TYPE_MISMATCH."""
    if value.type not in (BOOLEAN, UNKNOWN):
        raise QueryFailed("TYPE_MISMATCH", f"{what} must evaluate to a boolean (actual: {value.type})", position)
    return coerce(value, BOOLEAN)


def arithmetic(operator: str, left: Bound, right: Bound, position: Position) -> Bound:
    """``+ - * / %`` with Trino's result types: integers stay integers, decimals keep their exact scale."""
    intervals = (DAY_TIME, YEAR_MONTH)
    if left.type in intervals or right.type in intervals:
        return _time_arithmetic(operator, left, right, position)
    if left.type == UNKNOWN:
        left = coerce(left, right.type)
    if right.type == UNKNOWN:
        right = coerce(right, left.type)
    if not (is_numeric(left.type) and is_numeric(right.type)):
        if {left.type, right.type} <= {DATE, TIMESTAMP, TIMESTAMP_TZ} and operator == "-":
            raise not_supported("the difference of two dates (use date_diff)", position)
        raise mismatch(operator, left.type, right.type, position)
    shared = common_type(left.type, right.type)
    assert shared is not None
    if shared.name == "decimal":
        return _decimal_arithmetic(operator, left, right, position)
    left, right = coerce(left, shared), coerce(right, shared)
    symbol = "//" if operator == "/" and is_integer(shared) else operator
    sql = f"({left.sql} {symbol} {right.sql})"
    if shared in (REAL,):
        sql = f"CAST({sql} AS FLOAT)"
    return Bound(sql, shared, "value", (left, right))


def _decimal_arithmetic(operator: str, left: Bound, right: Bound, position: Position) -> Bound:
    a, b = as_decimal(left.type), as_decimal(right.type)
    left, right = coerce(left, a), coerce(right, b)
    if operator in "+-":
        scale = max(a.scale, b.scale)
        result = decimal(max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale)
        sql = f"(CAST({left.sql} AS {duck(result)}) {operator} CAST({right.sql} AS {duck(result)}))"
    elif operator == "*":
        result = decimal(a.precision + b.precision, a.scale + b.scale)
        sql = f"({left.sql} * {right.sql})"
    elif operator == "/":
        scale = max(a.scale, b.scale)
        result = decimal(a.precision + b.scale + max(0, b.scale - a.scale), scale)
        shift = scale + b.scale - a.scale
        sql = decimal_quotient(unscaled(left), unscaled(right), shift, scale)
    else:
        raise not_supported("the remainder of decimals", position)
    return Bound(f"CAST({sql} AS {duck(result)})", result, "value", (left, right))


def unscaled(value: Bound) -> str:
    """A decimal as a whole number of its smallest units (HUGEINT), exactly."""
    type_ = value.type
    if type_.precision + type_.scale + 1 > MAX_DECIMAL:
        return f"CAST(replace(CAST({value.sql} AS VARCHAR), '.', '') AS HUGEINT)"
    return f"CAST({value.sql} * CAST({10**type_.scale} AS DECIMAL({type_.scale + 1},0)) AS HUGEINT)"


def decimal_quotient(numerator: str, denominator: str, shift: int, scale: int) -> str:
    """HUGEINT quotient times 10**``shift``, rounded half away from zero, as a decimal of ``scale`` digits.

    The lambda is there to name both operands once: the text of nested divisions must not double at each level.
    """
    quotient = (
        f"list_extract(list_transform([{{'n': {numerator} * {10**shift}::HUGEINT, 'd': {denominator}}}], lambda q: "
        "(CASE WHEN (q.n < 0) = (q.d < 0) THEN (q.n + q.d // 2) // q.d ELSE (q.n - q.d // 2) // q.d END)), 1)"
    )
    unit = f"0.{'0' * (scale - 1)}1" if scale else "1"
    return f"(CAST({quotient} AS DECIMAL(38,0)) * CAST('{unit}' AS DECIMAL({scale + 1},{scale})))"


def _time_arithmetic(operator: str, left: Bound, right: Bound, position: Position) -> Bound:
    intervals = (DAY_TIME, YEAR_MONTH)
    if left.type in intervals and operator == "+":
        left, right = right, left
    if operator not in "+-" or left.type not in (DATE, TIMESTAMP, TIMESTAMP_TZ) or right.type not in intervals:
        raise not_supported(f"{left.type} {operator} {right.type}", position)
    if left.type == DATE and right.type == DAY_TIME and right.literal != "day":
        raise QueryFailed("INVALID_FUNCTION_ARGUMENT", "Cannot add hour, minutes or seconds to a date", position)
    sql = f"({left.sql} {operator} {right.sql})"
    return Bound(f"CAST({sql} AS {duck(left.type)})", left.type, "value", (left, right))


def negate(value: Bound, position: Position) -> Bound:
    if not is_numeric(value.type):
        raise QueryFailed("TYPE_MISMATCH", f"Cannot negate {value.type}", position)
    literal = -value.literal if isinstance(value.literal, int) else None
    return Bound(f"(- {value.sql})", value.type, "value", (value,), literal)


def cast(value: Bound, target: Type, length: int | None, position: Position, *, safe: bool = False) -> Bound:
    """CAST, or TRY_CAST when ``safe``. ``length`` cuts a varchar. Raises QueryFailed TYPE_MISMATCH."""
    sql = _cast_sql(value, target, position, "TRY_CAST" if safe else "CAST")
    if length is not None:
        sql = f"left({sql}, {length})"
    return Bound(sql, target, "value", (value,))


def _cast_sql(value: Bound, target: Type, position: Position, word: str) -> str:
    source, sql = value.type, value.sql
    plain = f"{word}({sql} AS {duck(target)})"
    if source in (target, UNKNOWN):
        return plain
    if source == VARCHAR and target == TIMESTAMP_TZ:
        return _zoned(sql, word)
    if source == VARCHAR:
        guard = _varchar_guard(target)
        if guard:
            return f"{word}(regexp_extract({sql}, '{guard}') AS {duck(target)})"
    if target == VARCHAR:
        return _to_varchar(source, sql, position)
    if is_numeric(source) and target == BOOLEAN:
        return f"({sql} <> 0)"
    if source in (DOUBLE, REAL) and is_integer(target):
        return f"{word}(round({sql}) AS {duck(target)})"
    if is_numeric(source) and is_numeric(target):
        return plain
    if source == BOOLEAN and is_numeric(target):
        return f"{word}({word}({sql} AS INTEGER) AS {duck(target)})"
    times = (DATE, TIMESTAMP, TIMESTAMP_TZ)
    if source in times and target in times:
        return plain
    if source.name == "array" and coercible(source, target):
        return plain
    raise QueryFailed("TYPE_MISMATCH", f"Cannot cast {source} to {target}", position)


def _zoned(sql: str, word: str) -> str:
    """A text as a time with a zone: UTC is served alone, since every result is shown in it."""
    plain = _GUARDS["timestamp"][:-4] + r"( ?(UTC|Z))?\s*$"
    time = f"regexp_replace(regexp_extract({sql}, '{plain}'), ' ?(UTC|Z)', '')"
    held = f"{word}({time} || '+00' AS TIMESTAMP WITH TIME ZONE)"
    other = r"[0-9] ?([+-][0-9]{1,2}:?[0-9]{2}|[A-Za-z_]+/[A-Za-z_/]+)\s*$"
    elsewhere = f"regexp_matches({sql}, '{other}') AND length({sql}) > 10"
    return f"(CASE WHEN {elsewhere} THEN error('lakeproof:ZONE') ELSE {held} END)"


def _varchar_guard(target: Type) -> str | None:
    if is_integer(target):
        return _GUARDS["integer"]
    if target in (DOUBLE, REAL):
        return _GUARDS["double"]
    return _GUARDS.get(target.name)


def _to_varchar(source: Type, sql: str, position: Position) -> str:
    if is_integer(source) or source.name in ("decimal", "boolean", "date"):
        return f"CAST({sql} AS VARCHAR)"
    if source == TIMESTAMP:
        return f"strftime({sql}, '%Y-%m-%d %H:%M:%S.%g')"
    if source == DOUBLE:
        plain = f"(isnan({sql}) OR abs({sql}) < 0.001 OR abs({sql}) >= 10000000)"
        return f"(CASE WHEN {plain} AND {sql} <> 0 THEN error('lakeproof:DOUBLE_TEXT') ELSE CAST({sql} AS VARCHAR) END)"
    if source == TIMESTAMP_TZ:
        return f"(strftime(CAST({sql} AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g') || ' UTC')"
    if source in (REAL, VARBINARY) or source.name in ("array", "map", "row"):
        raise not_supported(f"CAST of {source} to varchar", position)
    raise QueryFailed("TYPE_MISMATCH", f"Cannot cast {source} to varchar", position)
