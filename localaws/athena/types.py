"""Trino's types as far as the embedded Athena serves them: names, coercions, and what DuckDB calls them.

Source of the coercion rules: Trino documentation, "Data types" and "Type conversion"; io.trino.type.TypeCoercion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from localaws.athena.failure import QueryFailed, not_supported


@dataclass(frozen=True, slots=True)
class Type:
    """``args`` are precision and scale of a decimal, or the types inside an array, map or row.

    ``fields`` are a row's field names, lower case. A varchar has no length here: CAST cuts, and nothing else asks.
    """

    name: str
    args: tuple[Type | int, ...] = ()
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.name == "row":
            pairs = zip(self.fields, self.args, strict=True)
            inside = ", ".join(f"{arg}" if field.startswith(UNNAMED) else f"{field} {arg}" for field, arg in pairs)
            return f"row({inside})"
        between = "," if self.name == "decimal" else ", "
        return f"{self.name}({between.join(map(str, self.args))})" if self.args else self.name

    def inner(self, index: int = 0) -> Type:
        """The type inside an array, map or row."""
        inside = self.args[index]
        assert isinstance(inside, Type)
        return inside

    @property
    def precision(self) -> int:
        return int(self.args[0])  # type: ignore[arg-type]

    @property
    def scale(self) -> int:
        return int(self.args[1])  # type: ignore[arg-type]


UNKNOWN = Type("unknown")
BOOLEAN = Type("boolean")
TINYINT = Type("tinyint")
SMALLINT = Type("smallint")
INTEGER = Type("integer")
BIGINT = Type("bigint")
REAL = Type("real")
DOUBLE = Type("double")
VARCHAR = Type("varchar")
VARBINARY = Type("varbinary")
DATE = Type("date")
TIMESTAMP = Type("timestamp")
TIMESTAMP_TZ = Type("timestamp with time zone")
DAY_TIME = Type("interval day to second")
YEAR_MONTH = Type("interval year to month")
JSON = Type("json")
"""Held as the text that Trino shows of it."""

INTEGERS = (TINYINT, SMALLINT, INTEGER, BIGINT)
INTEGER_DIGITS = {TINYINT: 3, SMALLINT: 5, INTEGER: 10, BIGINT: 19}
_SIMPLE = {
    t.name: t
    for t in (
        BOOLEAN,
        TINYINT,
        SMALLINT,
        INTEGER,
        BIGINT,
        REAL,
        DOUBLE,
        VARCHAR,
        VARBINARY,
        DATE,
        TIMESTAMP,
        TIMESTAMP_TZ,
        DAY_TIME,
        YEAR_MONTH,
        JSON,
    )
}
_DUCK = {
    "unknown": "INTEGER",
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "varchar": "VARCHAR",
    "varbinary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "interval day to second": "INTERVAL",
    "interval year to month": "INTERVAL",
    "json": "VARCHAR",
}
_HIVE = {
    "string": VARCHAR,
    "int": INTEGER,
    "float": REAL,
    "binary": VARBINARY,
    "char": VARCHAR,
    "boolean": BOOLEAN,
    "tinyint": TINYINT,
    "smallint": SMALLINT,
    "integer": INTEGER,
    "bigint": BIGINT,
    "double": DOUBLE,
    "varchar": VARCHAR,
    "date": DATE,
    "timestamp": TIMESTAMP,
}
MAX_DECIMAL = 38
UNNAMED = "FIELD"
"""How the names of a row's unnamed fields begin; names that queries write are lower case."""


def decimal(precision: int, scale: int) -> Type:
    """A decimal, cut at 38 digits as Trino does."""
    return Type("decimal", (min(precision, MAX_DECIMAL), min(scale, MAX_DECIMAL)))


def row(types: Sequence[Type], names: Sequence[str | None]) -> Type:
    """A row. A field without a name is held under one that no query can write, and shown as ``field0``, ``field1``."""
    return Type("row", tuple(types), tuple(name or f"{UNNAMED}{i}" for i, name in enumerate(names)))


def array(element: Type) -> Type:
    return Type("array", (element,))


def quoted(identifier: str) -> str:
    """An identifier for the engine."""
    return '"' + identifier.replace('"', '""') + '"'


def duck(type_: Type) -> str:
    """The engine's name of a type."""
    if type_.name == "decimal":
        return f"DECIMAL({type_.precision},{type_.scale})"
    if type_.name == "array":
        return f"{duck(type_.inner())}[]"
    if type_.name == "map":
        return f"MAP({duck(type_.inner(0))}, {duck(type_.inner(1))})"
    if type_.name == "row":
        inside = (f"{quoted(field)} {duck(type_.inner(i))}" for i, field in enumerate(type_.fields))
        return f"STRUCT({', '.join(inside)})"
    return _DUCK[type_.name]


def is_integer(type_: Type) -> bool:
    return type_ in INTEGERS


def is_numeric(type_: Type) -> bool:
    return is_integer(type_) or type_.name in ("decimal", "real", "double")


def as_decimal(type_: Type) -> Type:
    """The decimal that holds every value of an integer type, or the decimal itself."""
    return decimal(INTEGER_DIGITS[type_], 0) if is_integer(type_) else type_


def coercible(source: Type, target: Type) -> bool:
    """Whether Trino converts ``source`` to ``target`` by itself."""
    return source == target or common_type(source, target) == target


def common_type(left: Type, right: Type) -> Type | None:
    """The type both sides are converted to, None where Trino has none. A number and a varchar have none."""
    if left == right or right == UNKNOWN:
        return left
    if left == UNKNOWN:
        return right
    if is_numeric(left) and is_numeric(right):
        return _common_number(left, right)
    times = (DATE, TIMESTAMP, TIMESTAMP_TZ)
    if left in times and right in times:
        return times[max(times.index(left), times.index(right))]
    if left.name == right.name and left.name in ("array", "map", "row") and len(left.args) == len(right.args):
        inside = [common_type(left.inner(i), right.inner(i)) for i in range(len(left.args))]
        if all(inside):
            return Type(left.name, tuple(t for t in inside if t), left.fields)
    return None


def _common_number(left: Type, right: Type) -> Type:
    if DOUBLE in (left, right):
        return DOUBLE
    if REAL in (left, right):
        return REAL
    if is_integer(left) and is_integer(right):
        return INTEGERS[max(INTEGERS.index(left), INTEGERS.index(right))]
    left, right = as_decimal(left), as_decimal(right)
    scale = max(left.scale, right.scale)
    return decimal(max(left.precision - left.scale, right.precision - right.scale) + scale, scale)


def parse_hive(text: str) -> Type:
    """The type of a column as the Data Catalog writes it ("string", "array<struct<a:int>>").

    Raises QueryFailed NOT_SUPPORTED naming a type that is not served.
    """
    reader = _TypeReader(text.strip().lower())
    type_ = reader.hive()
    if reader.rest:
        raise not_supported(f"column type {text}")
    return type_


def parse_trino(text: str) -> Type:
    """A type of a signature in functions.yaml, without type variables."""
    if text.startswith("array("):
        return array(parse_trino(text[len("array(") : -1]))
    if text.startswith("map("):
        key, value = text[len("map(") : -1].split(",")
        return Type("map", (parse_trino(key), parse_trino(value)))
    return _SIMPLE[text]


class _TypeReader:
    """Reads a Hive type from the left; ``rest`` is what is still to be read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.rest = text

    def take(self, pattern: str) -> str:
        match = re.match(pattern, self.rest)
        if not match:
            raise not_supported(f"column type {self.text}")
        self.rest = self.rest[match.end() :].lstrip()
        return match.group().strip()

    def hive(self) -> Type:
        name = self.take(r"[a-z_]+")
        if name == "array":
            self.take("<")
            element = self.hive()
            self.take(">")
            return array(element)
        if name == "map":
            self.take("<")
            key = self.hive()
            self.take(",")
            value = self.hive()
            self.take(">")
            return Type("map", (key, value))
        if name == "struct":
            return self.struct()
        numbers = [int(n) for n in re.findall(r"\d+", self.take(r"\([\d ,]*\)"))] if self.rest.startswith("(") else []
        if name == "decimal":
            precision, scale = [*numbers, *([10, 0][len(numbers) :])]
            return decimal(precision, scale)
        if name not in _HIVE:
            raise not_supported(f"column type {self.text}")
        return _HIVE[name]

    def struct(self) -> Type:
        self.take("<")
        fields: list[str] = []
        types: list[Type] = []
        while True:
            fields.append(self.take(r"[^:<>,]+"))
            self.take(":")
            types.append(self.hive())
            if self.take("[,>]") == ">":
                return Type("row", tuple(types), tuple(fields))


def cast_target(name: str, parameters: list[int]) -> tuple[Type, int | None]:
    """The type of a CAST, and the length that a varchar is cut to. Raises QueryFailed TYPE_NOT_FOUND."""
    if name == "decimal":
        precision, scale = [*parameters, *([MAX_DECIMAL, 0][len(parameters) :])][:2]
        if not (1 <= precision <= MAX_DECIMAL and 0 <= scale <= precision):
            raise QueryFailed("TYPE_NOT_FOUND", f"Unknown type: decimal({precision},{scale})")
        return decimal(precision, scale), None
    if name == "varchar":
        return VARCHAR, parameters[0] if parameters else None
    if name in ("timestamp", "timestamp with time zone") and parameters not in ([], [0], [3]):
        raise not_supported(f"{name} with precision {parameters[0]}")
    if name not in _SIMPLE or name.startswith("interval"):
        raise not_supported(f"type {name}")
    return _SIMPLE[name], None
