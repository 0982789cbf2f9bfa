"""The generated data: the same bytes for the same seed, marked so that a leak shows, in the walkthrough's shape."""

from __future__ import annotations

import hashlib
import io
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeproof.plan import Column, Dataset, Table, load
from provision.dataset import MARK, content, dataset_files, files, fingerprint, partition_directory

PLAN = load(Path(__file__).resolve().parents[2] / "plans" / "walkthrough.yaml")
TABLE = PLAN.dataset.tables[0]
TYPES = [
    "string",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "boolean",
    "date",
    "timestamp",
    "decimal(10,2)",
]


def digest(dataset: Dataset) -> str:
    """The fingerprint of a whole dataset."""
    return fingerprint({file.key: hashlib.sha256(body).hexdigest() for file, body in dataset_files(dataset)})


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    """Two runs agree to the last byte; another seed changes them."""
    small = PLAN.dataset.model_copy(update={"rows": 500})
    assert digest(small) == digest(small)
    assert digest(small) != digest(small.model_copy(update={"seed": small.seed + 1}))


def test_43_partitions_with_50000_rows_none_empty() -> None:
    """All planned partitions, of different sizes, add up to the planned rows."""
    made = files(TABLE, PLAN.dataset.seed, PLAN.dataset.rows)
    assert len(made) == 43
    assert sum(file.rows for file in made) == 50_000
    assert min(file.rows for file in made) > 0
    assert len({file.rows for file in made}) > 10


def test_50000_rows_are_made_in_well_under_a_second() -> None:
    """The whole dataset costs less than 0.7 s, so that a sign-off need not keep one."""
    next(dataset_files(PLAN.dataset))
    began = time.process_time()
    count = sum(1 for _ in dataset_files(PLAN.dataset))
    assert count == 43
    assert time.process_time() - began < 0.7


def test_the_file_holds_the_planned_columns_without_the_partition_key() -> None:
    """Names, order and types as planned; the partition key is the directory's name alone."""
    file = files(TABLE, 1, 1000)[15]
    read = pq.read_table(io.BytesIO(content(TABLE, 1, file)))
    assert read.column_names == [column.name for column in TABLE.columns]
    assert [str(field.type) for field in read.schema][:1] == ["string"]
    assert {str(read.schema.field(name).type) for name in ("star_rating", "year")} == {"int32"}
    assert str(read.schema.field("review_date").type) == "int64"
    assert file.key == "parquet/product_category=Health_&_Personal_Care/part-00000.snappy.parquet"
    assert pq.ParquetFile(io.BytesIO(content(TABLE, 1, file))).metadata.row_group(0).column(0).compression == "SNAPPY"


def test_every_text_value_names_its_column() -> None:
    """Each value of each text column begins with ``mk:<column>:``."""
    read = pq.read_table(io.BytesIO(content(TABLE, 3, files(TABLE, 3, 2000)[0]))).to_pydict()
    for column in TABLE.columns:
        if column.type == "string":
            assert all(value.startswith(f"{MARK}:{column.name}:") for value in read[column.name]), column.name


def test_the_numbers_are_those_of_reviews() -> None:
    """Stars from 1 to 5, helpful votes among all votes, the year that of the date (days since 1970)."""
    read = pq.read_table(io.BytesIO(content(TABLE, 3, files(TABLE, 3, 2000)[0]))).to_pylist()
    assert {row["star_rating"] for row in read} <= {1, 2, 3, 4, 5}
    assert all(0 <= row["helpful_votes"] <= row["total_votes"] for row in read)
    assert all(abs(row["review_date"] / 365.2425 + 1970 - row["year"]) <= 1.01 for row in read)
    assert len({row["review_id"] for row in read}) == len(read)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Health_&_Personal_Care", "Health_&_Personal_Care"),
        ("a=b/c", "a%3Db%2Fc"),
        ("10:30", "10%3A30"),
        ("50%", "50%25"),
        ("São Paulo", "São Paulo"),
        ("[x]", "%5Bx%5D"),
    ],
)
def test_a_partition_is_written_as_hive_writes_it(value: str, written: str) -> None:
    """What could be mistaken in a path is escaped, the rest stays."""
    assert partition_directory(("k",), (value,)) == f"k={written}"


@given(data=st.data())
def test_any_table_of_any_planned_types_is_made(data: Any) -> None:
    """A user's own table, partitioned or not, of any type that a plan may name, has the planned rows and schema."""
    types = data.draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=6))
    names = data.draw(st.permutations(["year", "vine", "alpha", "beta", "review_date", "gamma"]))
    values = data.draw(
        st.lists(
            st.text(st.characters(codec="ascii", min_codepoint=32), min_size=1, max_size=8), unique=True, max_size=4
        )
    )
    table = Table(
        name="t",
        prefix="t/",
        partitions=tuple(values),
        columns=tuple(Column(name=name, type=kind) for name, kind in zip(names, types, strict=False)),
        partition_keys=(Column(name="key", type="string"),) if values else (),
    )
    rows = data.draw(st.integers(max(1, len(values)), 60))
    made = files(table, 5, rows)
    read = [pq.read_table(io.BytesIO(content(table, 5, file))) for file in made]
    assert sum(part.num_rows for part in read) == rows
    assert len({file.key for file in made}) == max(1, len(values))
    assert all(part.column_names == [column.name for column in table.columns] for part in read)
