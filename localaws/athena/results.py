"""Result files as Athena writes them, and rows read back from them page by page.

DML: CSV with a header, every value in quotes, NULL empty and without quotes. DDL and utility: text, one line a row.
Sources: Athena User Guide, "Work with query results"; PyAthena's own tests of live Athena for the values' spelling.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.types import Type

if TYPE_CHECKING:
    import pyarrow as pa

MOST_BYTES = 512_000_000
Columns = Sequence[tuple[str, Type]]


def csv(columns: Columns, batches: Iterator[pa.RecordBatch]) -> tuple[bytes, int]:
    """The CSV file of a SELECT, and its number of rows. Raises QueryFailed beyond 512 MB."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    out = io.BytesIO()
    out.write((",".join(_quoted(label) for label, _ in columns) + "\n").encode())
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="all_valid")
    rows = 0
    for batch in batches:
        texts = [_texts(batch.column(i), type_) for i, (_, type_) in enumerate(columns)]
        names = [f"c{i}" for i in range(len(texts))]
        arrow_csv.write_csv(pa.RecordBatch.from_arrays(texts, names), out, options)
        rows += batch.num_rows
        if out.tell() > MOST_BYTES:
            raise QueryFailed("EXHAUSTED", "Query exhausted resources at this scale factor")
    return out.getvalue(), rows


def text_lines(rows: Sequence[str]) -> bytes:
    """The text file of a DDL or utility statement."""
    return "".join(f"{row}\n" for row in rows).encode()


def metadata(columns: Columns) -> bytes:
    """The ``.metadata`` object beside a result. Its format is Athena's own and undocumented; here it is JSON."""
    return json.dumps([column_info(label, type_) for label, type_ in columns]).encode()


def _quoted(label: str) -> str:
    return '"' + label.replace('"', '""') + '"'


def _texts(column: pa.Array, type_: Type) -> pa.Array:
    """A column as the texts that the result shows; NULL stays NULL.

    Raises QueryFailed NOT_SUPPORTED for times beyond the years 1 to 9999, which Java writes in another way.
    """
    import pyarrow as pa

    try:
        if type_.name == "date":
            _check_years(column.cast(pa.int32()), 1)
        elif type_.name.startswith("timestamp"):
            _check_years(column.cast(pa.timestamp("us")).cast(pa.int64()), 86_400_000_000)
        return _written(column, type_)
    except (pa.ArrowException, ValueError, OverflowError):
        if "date" in str(type_) or "timestamp" in str(type_):
            raise not_supported("a date or time beyond the years 1 to 9999 in a result") from None
        raise


FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31, in days from 1970-01-01."""


def _check_years(column: pa.Array, day: int) -> None:
    """``column`` counts in units of which ``day`` make a day. Raises ValueError."""
    import pyarrow.compute as pc

    ends = pc.min_max(column).as_py()
    if ends["min"] is not None and not (FIRST_DAY * day <= ends["min"] and ends["max"] < (LAST_DAY + 1) * day):
        raise ValueError("a year of more or less than four digits")


def _written(column: pa.Array, type_: Type) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if type_.name in ("varchar", "tinyint", "smallint", "integer", "bigint", "boolean", "decimal", "date", "json"):
        return column.cast(pa.string())
    if type_.name == "timestamp":
        return pc.strftime(column.cast(pa.timestamp("ms"), safe=False), "%Y-%m-%d %H:%M:%S")
    return pa.array([None if v is None else value_text(v, type_) for v in column.to_pylist()], pa.string())


def value_text(value: Any, type_: Type) -> str:
    """One value that is not NULL, as Java writes it."""
    if type_.name in ("double", "real"):
        return java_double(value, single=type_.name == "real")
    if type_.name == "varbinary":
        return " ".join(f"{byte:02x}" for byte in value)
    if type_.name == "timestamp":
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
    if type_.name == "timestamp with time zone":
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d} UTC"
    if type_.name == "boolean":
        return "true" if value else "false"
    if type_.name == "array":
        return f"[{', '.join(_inside(v, type_.inner()) for v in value)}]"
    if type_.name == "map":
        pairs = (f"{_inside(k, type_.inner(0))}={_inside(v, type_.inner(1))}" for k, v in value)
        return f"{{{', '.join(pairs)}}}"
    if type_.name == "row":
        pairs = (f"{n.lower()}={_inside(value[n], type_.inner(i))}" for i, n in enumerate(type_.fields))
        return f"{{{', '.join(pairs)}}}"
    return str(value)


def _inside(value: Any, type_: Type) -> str:
    return "null" if value is None else value_text(value, type_)


def java_double(value: float, *, single: bool = False) -> str:
    """Double.toString and Float.toString: 1.0, 1.0E10, 1.0E-4, NaN, Infinity."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    shortest = _shortest_single(value) if single else repr(value)
    digits, exponent = _digits(shortest)
    sign = "-" if value < 0 else ""
    if -3 <= exponent < 7:
        if exponent < 0:
            return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
        whole = digits[: exponent + 1].ljust(exponent + 1, "0")
        return f"{sign}{whole}.{digits[exponent + 1 :] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def _digits(text: str) -> tuple[str, int]:
    """Significant digits and the decimal exponent of the first one."""
    mantissa, _, power = text.lstrip("-").lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    joined = whole + fraction
    leading = len(joined) - len(joined.lstrip("0"))
    digits = joined.lstrip("0").rstrip("0") or "0"
    return digits, len(whole) - 1 - leading + int(power or 0)


def _shortest_single(value: float) -> str:
    import struct

    for precision in range(1, 10):
        text = f"{value:.{precision}g}"
        if struct.pack("f", float(text)) == struct.pack("f", value):
            return text
    return repr(value)


_CELL = re.compile(rb'(?:"((?:[^"]|"")*)"|)(,|\n)')


def read_csv_page(body: bytes, offset: int, width: int, most: int) -> tuple[list[list[str | None]], int]:
    """Up to ``most`` rows from a byte offset, and the offset after them (``len(body)`` at the end).

    None is NULL (an empty cell without quotes). Raises ValueError for a file that Athena did not write.
    """
    rows: list[list[str | None]] = []
    while offset < len(body) and len(rows) < most:
        row: list[str | None] = []
        while True:
            match = _CELL.match(body, offset)
            if match is None or len(row) >= width:
                raise ValueError("not a result of Athena")
            value = match.group(1)
            row.append(None if value is None else value.replace(b'""', b'"').decode())
            offset = match.end()
            if match.group(2) == b"\n":
                break
        if len(row) != width:
            raise ValueError("not a result of Athena")
        rows.append(row)
    return rows, offset


def read_lines_page(body: bytes, offset: int, most: int) -> tuple[list[list[str | None]], int]:
    """The same for a text file: one value a line."""
    rows: list[list[str | None]] = []
    while offset < len(body) and len(rows) < most:
        end = body.find(b"\n", offset)
        end = len(body) if end < 0 else end
        rows.append([body[offset:end].decode()])
        offset = end + 1
    return rows, min(offset, len(body))


_RESULT_PRECISION = {
    "varchar": 2147483647,
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "real": 17,
    "double": 17,
    "timestamp": 3,
    "timestamp with time zone": 3,
    "varbinary": 1073741824,
}


def column_info(label: str, type_: Type) -> dict[str, Any]:
    """One entry of ResultSetMetadata.ColumnInfo. Source: what PyAthena's own tests of live Athena expect."""
    name = {"real": "float", "unknown": "unknown"}.get(type_.name, type_.name)
    is_decimal = type_.name == "decimal"
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": label,
        "Label": label,
        "Type": name,
        "Precision": type_.precision if is_decimal else _RESULT_PRECISION.get(type_.name, 0),
        "Scale": type_.scale if is_decimal else 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": type_.name == "varchar",
    }
