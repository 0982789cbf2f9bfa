"""Partitions that row filters hide: not listed, not found, and no visible one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from localaws.lakeformation.partitionrows import NULL, may_hold
from tests.lakeformation.datalake import Lake, code_of

TYPES = {"p": "string", "y": "int", "r": "double", "ok": "boolean"}
DUCK = {"string": "VARCHAR", "int": "INTEGER", "double": "DOUBLE", "boolean": "BOOLEAN"}
TEXTS, NUMBERS = ("open", "shut", "o''n", "2_4", ""), ("-1", "7", "10", "2024")
NUMBERS_OF_ROWS = (None, 0, 7, 2024)
"""Values that a row's data column may have."""


def constants(column: str) -> st.SearchStrategy[str]:
    if column == "p":
        return st.sampled_from(TEXTS).map(lambda text: f"'{text}'")
    return st.sampled_from(("true", "false") if column == "ok" else (*NUMBERS, "2.5"))


@st.composite
def comparisons(draw: st.DrawFn, columns: tuple[str, ...]) -> str:
    column = draw(st.sampled_from(columns))
    one, two = draw(constants(column)), draw(constants(column))
    no = draw(st.sampled_from(("", "NOT ")))
    forms = [f"{column} {draw(st.sampled_from(('=', '<>', '!=', '<', '<=', '>', '>=')))} {one}"]
    if column != "ok":
        forms.append(f"{column} {no}BETWEEN {one} AND {two}")
    forms.append(f"{column} {no}IN ({one}, {two})")
    if column == "p":
        forms += [f"p {no}LIKE '{pattern}'" for pattern in ("o%", "%t", "_p_n", "2_4", "%'_n")[:4]]
    return draw(st.sampled_from(forms))


def filters(*columns: str) -> st.SearchStrategy[str]:
    def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        both = st.tuples(inner, st.sampled_from((" AND ", " OR ")), inner).map("".join)
        return both | inner.map("NOT ({})".format) | inner.map("({})".format)

    return st.recursive(comparisons(columns), joined, max_leaves=6)


KEYS: st.SearchStrategy[dict[str, str]] = st.fixed_dictionaries(
    {
        "p": st.sampled_from((*(text.replace("''", "'") for text in TEXTS), NULL)),
        "y": st.sampled_from((*NUMBERS, NULL)),
        "r": st.sampled_from((*NUMBERS, "2.50", NULL)),
        "ok": st.sampled_from(("true", "false", NULL)),
    }
)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        yield connection


def held(engine: duckdb.DuckDBPyConnection, row_filter: str, keys: dict[str, str], rows: tuple[Any, ...]) -> bool:
    """Whether the engine finds a row of the partition for which the filter holds."""
    values = ", ".join(
        "CAST({} AS {}) AS {}".format("NULL" if v == NULL else "'" + v.replace("'", "''") + "'", DUCK[TYPES[k]], k)
        for k, v in keys.items()
    )
    data = ", ".join(f"({'NULL' if n is None else n})" for n in rows)
    sql = f"SELECT count(*) FROM (SELECT {values}, a FROM (VALUES {data}) AS d(a)) AS t WHERE {row_filter}"
    [(found,)] = engine.sql(sql).fetchall()
    return bool(found)


@settings(max_examples=300, deadline=None)
@given(row_filter=filters("p", "y", "r"), keys=KEYS)
def test_keys_alone_decide_as_the_engine_does(engine: duckdb.DuckDBPyConnection, row_filter: str, keys: Any) -> None:
    """A filter over keys holds for all rows of a partition or for none: exactly as it reads them."""
    assert may_hold(row_filter, keys, TYPES) is held(engine, row_filter, keys, (1,))


@settings(max_examples=300, deadline=None)
@given(row_filter=filters("p", "y", "r", "ok", "a"), keys=KEYS)
def test_no_partition_with_a_visible_row_is_hidden(
    engine: duckdb.DuckDBPyConnection, row_filter: str, keys: Any
) -> None:
    """Where a data column, or a type that is not compared here, decides, the partition may hold rows."""
    if held(engine, row_filter, keys, NUMBERS_OF_ROWS):
        assert may_hold(row_filter, keys, TYPES)


def test_partitions_without_visible_rows_are_neither_listed_nor_found(lake: Lake) -> None:
    """Through boto3: GetPartitions, BatchGetPartition, GetPartition. DESCRIBE on the table shows all of them."""
    lake.put_settings(CreateDatabaseDefaultPermissions=[], CreateTableDefaultPermissions=[])
    lake.glue.create_database(DatabaseInput={"Name": "parts"})
    lake.table("parts")
    on, named = {"DatabaseName": "parts", "TableName": "t"}, {"DatabaseName": "parts", "Name": "t"}
    for value in ("open", "shut", "other"):
        lake.glue.create_partition(**on, PartitionInput={"Values": [value]})
    for name, text in (("open", "p = 'open'"), ("rows", "p = 'other' AND n = 1")):
        own = {"TableCatalogId": lake.embedded.account_id, **on, "Name": name}
        lake.lf.create_data_cells_filter(
            TableData={**own, "ColumnNames": ["a"], "RowFilter": {"FilterExpression": text}}
        )
        lake.grant("filtered", {"DataCellsFilter": own}, ["SELECT"])
    glue = lake.as_person("filtered", "glue")

    def values(**more: Any) -> list[str]:
        return [one["Values"][0] for one in glue.get_partitions(**on, **more)["Partitions"]]

    assert sorted(values()) == ["open", "other"]
    assert values(Expression="p >= 'p'") == []
    assert values(MaxResults=1) == ["open"]
    asked = [{"Values": [value]} for value in ("shut", "open", "never")]
    assert [one["Values"] for one in glue.batch_get_partition(**on, PartitionsToGet=asked)["Partitions"]] == [["open"]]
    assert glue.get_partition(**on, PartitionValues=["open"])
    hidden = [code_of(glue.get_partition, **on, PartitionValues=[value]) for value in ("shut", "never")]
    assert hidden == ["EntityNotFoundException"] * 2
    assert len(lake.glue.get_partitions(**on)["Partitions"]) == 3
    lake.grant("filtered", {"Table": named}, ["DESCRIBE"])
    assert len(values()) == 3
    lake.revoke("filtered", {"Table": named}, ["DESCRIBE"])
    lake.grant("filtered", {"TableWithColumns": {**named, "ColumnNames": ["b"]}}, ["SELECT"])
    assert len(values()) == 3
