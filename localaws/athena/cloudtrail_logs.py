"""CloudTrail's log files as rows: one for each record, its members as the table declares them.

Names of members are compared without regard to case. A member that is an object or a list and declared as a string is
its JSON text, as the DDL that AWS publishes has it for requestparameters (Athena User Guide, "Create a table for
CloudTrail logs in Athena using partition projection"). A file that is not one whole gzip member, or whose records are
not what the table declares, is bad data [inferred]: never read in part.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, VARCHAR, Type

if TYPE_CHECKING:
    import pyarrow as pa

LARGEST = 256 << 20
"""Bytes that one log file may inflate to; CloudTrail's own stay under some 50 MB."""
_RECORDS = msgspec.json.Decoder(dict[str, list[dict[str, msgspec.Raw]]])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_SCALARS = {VARCHAR: str, BOOLEAN: bool, INTEGER: int, BIGINT: int, DOUBLE: float}


def bad_data() -> QueryFailed:
    """The text names no column and no value: it may be shown to whoever may not see them."""
    return QueryFailed("HIVE_BAD_DATA", "A log file of the table is not valid")


def rows(body: bytes) -> list[dict[str, msgspec.Raw]]:
    """The records of a log file, member names in lower case. Raises QueryFailed HIVE_BAD_DATA."""
    try:
        told = _RECORDS.decode(_inflated(body))
    except (msgspec.DecodeError, zlib.error, RecursionError):
        raise bad_data() from None
    if set(told) != {"Records"}:
        raise bad_data()
    return [{name.lower(): value for name, value in record.items()} for record in told["Records"]]


def column(found: list[dict[str, msgspec.Raw]], name: str, type_: Type, arrow: pa.DataType) -> pa.ChunkedArray:
    """One column of the records. Raises QueryFailed HIVE_BAD_DATA, or NOT_SUPPORTED for a type that no record has."""
    import pyarrow as pa

    try:
        values = [_value(record.get(name), type_) for record in found]
        return pa.chunked_array([pa.array(values, arrow)])
    except (msgspec.DecodeError, pa.ArrowException, UnicodeDecodeError, OverflowError, RecursionError):
        raise bad_data() from None


def _value(raw: msgspec.Raw | None, type_: Type) -> Any:
    if raw is None or bytes(raw) == b"null":
        return None
    if type_ == VARCHAR:
        text = bytes(raw)
        return msgspec.json.decode(text, type=str) if text[:1] == b'"' else text.decode()
    if type_.name == "row":
        members = {name.lower(): value for name, value in _OBJECT.decode(raw).items()}
        return {field: _value(members.get(field), type_.inner(i)) for i, field in enumerate(type_.fields)}
    if type_.name == "array":
        return [_value(each, type_.inner()) for each in _LIST.decode(raw)]
    if type_ not in _SCALARS:
        raise not_supported(f"a column of type {type_} over log files")
    return msgspec.json.decode(raw, type=_SCALARS[type_])


def _inflated(body: bytes) -> bytes:
    """Raises zlib.error for what is not exactly one gzip member, or inflates to more than LARGEST bytes."""
    stream = zlib.decompressobj(31)
    inflated = stream.decompress(body, LARGEST)
    if not stream.eof or stream.unused_data:
        raise zlib.error("not one whole gzip member")
    return inflated


def check_types(columns: Mapping[str, Type]) -> None:
    """Raises QueryFailed NOT_SUPPORTED for a declared type that no log file can fill."""
    for type_ in columns.values():
        _check(type_)


def _check(type_: Type) -> None:
    if type_.name in ("row", "array"):
        for inner in type_.args:
            assert isinstance(inner, Type)
            _check(inner)
    elif type_ not in _SCALARS:
        raise not_supported(f"a column of type {type_} over log files")
