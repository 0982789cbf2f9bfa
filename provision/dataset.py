"""The data of a plan's tables, generated from its seed: the same seed gives the same bytes, file by file.

Every value of a text column says which column it came from (``mk:customer_id:...``), so that a leak can be seen in any
output: a result, an error text, a log line. Columns that the Amazon customer reviews have get values of that shape; any
other column gets values of its type. Randomness is numpy's Philox, keyed by seed, table and partition.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakeproof.plan import Column, Dataset, Table

MARK = "mk"
"""First word of every text value: ``mk:<column>:<value>``."""

_HIVE_ESCAPED = frozenset("\"#%'*/:=?\\\x7f{[]^" + "".join(map(chr, range(1, 32))))
_WORDS = pa.array(
    [
        "arrived",
        "battery",
        "bright",
        "broken",
        "comfortable",
        "daily",
        "durable",
        "easy",
        "excellent",
        "faulty",
        "gift",
        "great",
        "light",
        "little",
        "month",
        "perfect",
        "present",
        "quality",
        "quiet",
        "repair",
        "return",
        "sharp",
        "simple",
        "size",
        "small",
        "solid",
        "strong",
        "sturdy",
        "value",
        "warranty",
        "weak",
        "weekend",
    ]
)
_DAY = 24 * 3600


@dataclass(frozen=True)
class DataFile:
    """One Parquet file: the values of its partition, its key in the bucket, how many rows it holds."""

    table: str
    values: tuple[str, ...]
    directory: str
    """``product_category=Apparel``; empty for a table without partition keys."""
    key: str
    rows: int
    number: int


def partition_directory(keys: tuple[str, ...], values: tuple[str, ...]) -> str:
    """``k1=v1/k2=v2`` as Hive writes it: control characters and ``"#%'*/:=?\\{[]^`` become %XX (Hive's
    FileUtils.escapePathName); ``&`` and a space stay."""
    return "/".join(f"{_escaped(key)}={_escaped(value)}" for key, value in zip(keys, values, strict=True))


def _escaped(text: str) -> str:
    return "".join(f"%{ord(letter):02X}" if letter in _HIVE_ESCAPED else letter for letter in text)


def files(table: Table, seed: int, rows: int) -> tuple[DataFile, ...]:
    """The files of a table, one for each partition, in the plan's order. Sizes differ, none is empty (as long as there
    are rows enough), and they add up to ``rows``."""
    partitions = table.partition_values or ((),)
    weights = _random(seed, table.name, -1).uniform(0.4, 1.6, len(partitions))
    sizes = np.maximum(1, np.floor(rows * weights / weights.sum())).astype(int)
    short = rows - int(sizes.sum())
    for index in range(abs(short)):
        sizes[index % len(sizes)] += 1 if short > 0 else -1
    found = []
    for number, values in enumerate(partitions):
        directory = partition_directory(table.partition_key_names, values)
        folder = f"{table.prefix}{directory}/" if directory else table.prefix
        found.append(
            DataFile(
                table.name, values, directory, f"{folder}part-00000.snappy.parquet", max(0, int(sizes[number])), number
            )
        )
    return tuple(found)


def content(table: Table, seed: int, file: DataFile) -> bytes:
    """The file's bytes: Parquet, snappy, one row group, the table's columns without its partition keys."""
    random = _random(seed, table.name, file.number)
    made = _reviews(random, file) if file.rows else {}
    arrays = [
        made[column.name].cast(arrow_type(column.type)) if _is_review(column, made) else _plain(column, random, file)
        for column in table.columns
    ]
    schema = pa.schema([pa.field(column.name, arrow_type(column.type)) for column in table.columns])
    sink = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema),
        sink,
        compression="snappy",
        use_dictionary=False,
        write_statistics=True,
        store_schema=False,
    )
    return sink.getvalue()


def dataset_files(dataset: Dataset) -> Iterator[tuple[DataFile, bytes]]:
    """Every file of every table with its bytes, in order."""
    for table in dataset.tables:
        for file in files(table, dataset.seed, dataset.rows):
            yield file, content(table, dataset.seed, file)


def fingerprint(hashes: dict[str, str]) -> str:
    """One SHA-256 over the files' own (key -> SHA-256), whatever order they were made in."""
    return hashlib.sha256("".join(f"{key} {hashes[key]}\n" for key in sorted(hashes)).encode()).hexdigest()


def arrow_type(name: str) -> pa.DataType:
    """Arrow's type of an Athena column type. Raises KeyError for one that is not generated."""
    if name.startswith("decimal("):
        precision, scale = name[8:-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    return _TYPES[name]


_TYPES = {
    "string": pa.string(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
}


def _random(seed: int, table: str, number: int) -> np.random.Generator:
    return np.random.Generator(
        np.random.Philox(
            key=np.array([seed & (2**64 - 1), (zlib.crc32(table.encode()) << 32) + number + 1], dtype=np.uint64)
        )
    )


def _is_review(column: Column, made: dict[str, pa.Array]) -> bool:
    """Whether the reviews' value fits the column: its name and the kind of its type agree."""
    return (
        column.name in made
        and (pa.types.is_string(made[column.name].type) == (column.type == "string"))
        and (column.type in ("string", "int", "bigint"))
    )


def _marked(column: str, values: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(f"{MARK}:{column}:", values.cast(pa.string()), "")


def _chosen(random: np.random.Generator, words: list[str], chances: list[float], rows: int) -> pa.Array:
    return pa.array(words).take(pa.array(random.choice(len(words), rows, p=chances)))


def _sentence(random: np.random.Generator, words: int, rows: int) -> pa.Array:
    picked = random.integers(0, len(_WORDS), (words, rows))
    return pc.binary_join_element_wise(*[_WORDS.take(pa.array(row)) for row in picked], " ")


def _reviews(random: np.random.Generator, file: DataFile) -> dict[str, pa.Array]:
    """The columns of the customer reviews: numbers plain, text still without its mark where the mark is the same."""
    rows = file.rows
    product = random.integers(0, max(1, rows // 8), rows) + file.number * 1_000_000
    serial = np.arange(rows) + file.number * 10_000_000
    votes = random.geometric(0.3, rows) - 1
    days = random.integers(9131, 16678, rows)
    text = {
        "marketplace": _chosen(random, ["US", "UK", "DE", "FR", "JP"], [0.8, 0.1, 0.04, 0.03, 0.03], rows),
        "customer_id": pa.array(random.integers(10_000_000, 54_000_000, rows)),
        "review_id": pa.array(serial),
        "product_id": pa.array(product),
        "product_parent": pa.array(product * 7919 % 999_999_937),
        "product_title": pa.array(product),
        "vine": _chosen(random, ["N", "Y"], [0.97, 0.03], rows),
        "verified_purchase": _chosen(random, ["Y", "N"], [0.82, 0.18], rows),
        "review_headline": _sentence(random, 3, rows),
        "review_body": _sentence(random, 12, rows),
    }
    numbers = {
        "star_rating": pa.array(random.choice(np.arange(1, 6), rows, p=[0.08, 0.05, 0.09, 0.18, 0.60])),
        "helpful_votes": pa.array(np.minimum(votes, random.geometric(0.4, rows) - 1)),
        "total_votes": pa.array(votes),
        "review_date": pa.array(days),
        "year": pc.year(pa.array(days.astype(np.int32)).cast(pa.date32())),
    }
    return {**{name: _marked(name, values) for name, values in text.items()}, **numbers}


def _plain(column: Column, random: np.random.Generator, file: DataFile) -> pa.Array:
    """Values of the column's type alone, for a column that the reviews do not have."""
    rows = file.rows
    if column.type == "string":
        return _marked(column.name, pa.array(random.integers(0, 10**9, rows))).cast(pa.string())
    if column.type == "boolean":
        return pa.array(random.integers(0, 2, rows).astype(bool))
    if column.type in ("float", "double"):
        return pa.array(random.normal(100, 25, rows)).cast(arrow_type(column.type))
    if column.type == "date":
        return pa.array(random.integers(9131, 20000, rows).astype(np.int32)).cast(pa.date32())
    if column.type == "timestamp":
        return pa.array(random.integers(9131 * _DAY, 20000 * _DAY, rows) * 1000).cast(pa.timestamp("ms"))
    if column.type.startswith("decimal"):
        return pa.array(random.uniform(0, 0.9, rows)).cast(arrow_type(column.type))
    return pa.array(random.integers(0, 100, rows)).cast(arrow_type(column.type))
