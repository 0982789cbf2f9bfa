"""The trusted side: reads a table's files from S3, and cuts them to what a shape may hold.

Nothing here runs text of a query. Only the columns that are asked for are read; rows and cells that a row filter hides
are removed by a connection of its own before anything reaches the engine of a query.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from localaws.athena import cloudtrail_logs
from localaws.athena.catalog import VisibleTable, described
from localaws.athena.failure import QueryFailed
from localaws.athena.formats import Format, format_of
from localaws.athena.projection import Projection
from localaws.athena.types import Type, parse_hive
from localaws.errors import AwsError

if TYPE_CHECKING:
    import pyarrow as pa

    from localaws.store import Store

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class File:
    """One object of a table, and the values of the partition it lies in."""

    bucket: str
    key: str
    etag: str
    values: tuple[str | None, ...] = ()
    format: Format = Format.PARQUET


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of ``s3://bucket/key``. Raises ValueError for anything else."""
    parsed = urlparse(uri, allow_fragments=False)
    if parsed.scheme not in ("s3", "s3a", "s3n") or not parsed.netloc:
        raise ValueError(f"not an S3 location: {uri}")
    return parsed.netloc, parsed.path.lstrip("/")


def files_of(
    store: Store,
    document: Mapping[str, Any],
    partitions: Sequence[Mapping[str, Any]],
    projected: Projection | None = None,
) -> tuple[File, ...]:
    """The objects that hold the table's rows, in a fixed order: by partition, then by key; of a projection, by key.

    Names that begin with "_" or "." are no data (Athena User Guide, "Table location"). Raises QueryFailed for a format
    that is not served, for a location that is none, and for a bucket that is not there.
    """
    form = format_of(document)
    if projected is not None:
        listing = _listing(store, projected.bucket, [projected.root])
        placed = projected.places(key for key in listing if _is_data(key))
        return tuple(File(projected.bucket, key, listing[key], values, form) for key, values in placed)
    places: list[tuple[str, str, tuple[str | None, ...]]]
    if keys := document.get("PartitionKeys"):
        places = [(*_place(p, "a partition"), _values(p, len(keys))) for p in partitions]
    else:
        places = [(*_place(document, "the table"), ())]
    found: list[File] = []
    listings: dict[str, dict[str, str]] = {}
    for bucket, prefix, values in places:
        if bucket not in listings:
            listings[bucket] = _listing(store, bucket, [p for b, p, _ in places if b == bucket])
        prefix = prefix.rstrip("/") + "/" if prefix else ""
        for key, etag in listings[bucket].items():
            if key.startswith(prefix) and _is_data(key):
                found.append(File(bucket, key, etag, values, form))
    return tuple(found)


def _place(document: Mapping[str, Any], whose: str) -> tuple[str, str]:
    """Bucket and key of the location that a table or a partition is stored at."""
    try:
        return split_uri((document.get("StorageDescriptor") or {}).get("Location") or "")
    except ValueError:
        raise QueryFailed("HIVE_METASTORE_ERROR", f"the location of {whose} is no S3 location") from None


def _values(partition: Mapping[str, Any], keys: int) -> tuple[str | None, ...]:
    values = partition.get("Values") or ()
    if len(values) != keys:
        raise QueryFailed("HIVE_METASTORE_ERROR", "a partition has not one value for each partition key")
    return tuple(None if value == HIVE_NULL else value for value in values)


def _listing(store: Store, bucket: str, keys: Iterable[str]) -> dict[str, str]:
    """Etags by key, of everything below the longest prefix that the locations in the bucket share."""
    prefixes = [key.rstrip("/") + "/" if key else "" for key in keys]
    shared = prefixes[0]
    for prefix in prefixes[1:]:
        while not prefix.startswith(shared):
            shared = shared[:-1]
    try:
        return {stored.key: stored.etag for stored in store.list_objects(bucket, shared) if stored.size}
    except AwsError:
        message = "Error opening Hive split: the table's bucket cannot be read"
        raise QueryFailed("HIVE_CANNOT_OPEN_SPLIT", message) from None


def _is_data(key: str) -> bool:
    return not key.rpartition("/")[2].startswith(("_", ".")) and not key.endswith("/")


class Columns:
    """Columns of objects, read once and shared, least recently used dropped beyond ``most`` bytes."""

    def __init__(self, store: Store, most: int = 400_000_000) -> None:
        self._store = store
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str, str, Format, str, Type], pa.ChunkedArray] = OrderedDict()
        self._bytes = 0

    def read(self, files: Sequence[File], columns: Mapping[str, Type], keys: Mapping[str, Type]) -> pa.Table:
        """The rows of all files: the columns, then the partition keys, each as its declared type.

        Raises QueryFailed HIVE_BAD_DATA or HIVE_CANNOT_OPEN_SPLIT; the texts name no column and no value.
        """
        import pyarrow as pa

        schema = pa.schema([(n, arrow_type(t)) for n, t in (*columns.items(), *keys.items())])
        with ThreadPoolExecutor(2) as pool:
            parts = list(pool.map(lambda f: self._file(f, columns, keys, schema), files))
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def _file(self, file: File, columns: Mapping[str, Type], keys: Mapping[str, Type], schema: pa.Schema) -> pa.Table:
        import pyarrow as pa

        wanted = {name: (file.bucket, file.key, file.etag, file.format, name, type_) for name, type_ in columns.items()}
        with self._lock:
            held = {name: self._held[k] for name, k in wanted.items() if k in self._held}
            for name in held:
                self._held.move_to_end(wanted[name])
        missing = [name for name in columns if name not in held]
        rows = len(next(iter(held.values()))) if held else 0
        if missing or not held:
            try:
                body = self._store.read_object(file.bucket, file.key)
            except AwsError:
                raise _unreadable() from None
            rows, read = _READ[file.format](body, {name: columns[name] for name in missing})
            held |= read
            self._keep({wanted[name]: held[name] for name in missing})
        arrays = [held[name] for name in columns]
        for value, type_ in zip(file.values, keys.values(), strict=True):
            try:
                constant = pa.scalar(unquote(value) if value is not None else None, pa.string()).cast(arrow_type(type_))
            except pa.ArrowException:
                raise QueryFailed("HIVE_BAD_DATA", "A partition's value is not of its key's type") from None
            arrays.append(pa.chunked_array([pa.repeat(constant, rows)]))
        return pa.Table.from_arrays(arrays, schema=schema)

    def _keep(self, read: Mapping[tuple[str, str, str, Format, str, Type], pa.ChunkedArray]) -> None:
        with self._lock:
            for key, array in read.items():
                if key not in self._held:
                    self._held[key] = array
                    self._bytes += array.nbytes
            while self._bytes > self._most and self._held:
                self._bytes -= self._held.popitem(last=False)[1].nbytes


def _parquet(body: bytes, columns: Mapping[str, Type]) -> tuple[int, dict[str, pa.ChunkedArray]]:
    """The number of rows of a Parquet file, and its columns. Raises QueryFailed HIVE_BAD_DATA."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(pa.BufferReader(body))
        rows = parquet.metadata.num_rows
        own = {n.lower(): n for n in reversed(parquet.schema_arrow.names)}
        read = parquet.read([own[n] for n in columns if n in own], use_threads=False)
        return rows, {n: _as_type(read.column(own[n]) if n in own else None, t, rows) for n, t in columns.items()}
    except (pa.ArrowException, OSError, ValueError):
        raise QueryFailed("HIVE_BAD_DATA", "A Parquet file of the table is not valid") from None


def _cloudtrail(body: bytes, columns: Mapping[str, Type]) -> tuple[int, dict[str, pa.ChunkedArray]]:
    """The number of records of a log file, and its columns. Raises QueryFailed: HIVE_BAD_DATA, NOT_SUPPORTED."""
    cloudtrail_logs.check_types(columns)
    found = cloudtrail_logs.rows(body)
    return len(found), {n: cloudtrail_logs.column(found, n, t, arrow_type(t)) for n, t in columns.items()}


_READ: dict[Format, Callable[[bytes, Mapping[str, Type]], tuple[int, dict[str, pa.ChunkedArray]]]] = {
    Format.PARQUET: _parquet,
    Format.CLOUDTRAIL: _cloudtrail,
}


def _unreadable() -> QueryFailed:
    return QueryFailed("HIVE_CANNOT_OPEN_SPLIT", "Error opening Hive split: an object of the table cannot be read")


def _as_type(column: pa.ChunkedArray | None, type_: Type, rows: int) -> pa.ChunkedArray:
    """The column as its declared type. Numbers and times convert among themselves; nothing else does.

    A column that the file does not have is NULL. Source: Athena User Guide, "Handle schema updates" (Parquet).
    """
    import pyarrow as pa

    target = arrow_type(type_)
    if column is None:
        return pa.chunked_array([pa.nulls(rows, target)])
    source = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if source == target:
        return column.cast(target) if column.type != target else column
    kinds: tuple[Callable[[pa.DataType], bool], ...] = (
        lambda t: pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_decimal(t),
        lambda t: pa.types.is_string(t) or pa.types.is_large_string(t),
        lambda t: pa.types.is_temporal(t),
        lambda t: pa.types.is_nested(t),
        lambda t: pa.types.is_binary(t) or pa.types.is_large_binary(t),
    )
    if not any(kind(source) and kind(target) for kind in kinds):
        raise ValueError("the file's type is not the declared one")
    return column.cast(target)


def arrow_type(type_: Type) -> pa.DataType:
    """The Arrow type that holds a declared type."""
    import pyarrow as pa

    if type_.name == "decimal":
        return pa.decimal128(type_.precision, type_.scale)
    if type_.name == "array":
        return pa.list_(arrow_type(type_.inner()))
    if type_.name == "map":
        return pa.map_(arrow_type(type_.inner(0)), arrow_type(type_.inner(1)))
    if type_.name == "row":
        return pa.struct([(n, arrow_type(type_.inner(i))) for i, n in enumerate(type_.fields)])
    simple = {
        "boolean": pa.bool_(),
        "tinyint": pa.int8(),
        "smallint": pa.int16(),
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "real": pa.float32(),
        "double": pa.float64(),
        "varchar": pa.string(),
        "varbinary": pa.binary(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
    }
    return simple[type_.name]


def declared_types(table: VisibleTable, names: Iterable[str] | None = None) -> dict[str, Type]:
    """Types of the named columns (all if None) of the stored table, visible or not, in table order."""
    assert table.document is not None
    wanted = None if names is None else set(names)
    every, _ = described(table.document)
    return {
        c["Name"].lower(): parse_hive(c.get("Type", "string"))
        for c in every
        if wanted is None or c["Name"].lower() in wanted
    }
