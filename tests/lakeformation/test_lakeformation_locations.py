"""Where tables and partitions may point: one spelling of a location, and no way round its registration or filters."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lakeformation.datalake import Lake, code_of

DENIED, INVALID = "AccessDeniedException", "InvalidInputException"
PART = {"DatabaseName": "own", "TableName": "t"}
ODD = (
    "S3://lake/governed/other",
    "s3://lake//governed/other",
    "s3://lake/governed/other?x",
    "s3://lake/governed/other#x",
    "s3://lake/gov\terned/other",
    " s3://lake/governed/other",
    "s3://Lake/governed/other",
    "hdfs://lake/governed/other",
    "arn:aws:s3:::lake/governed/other",
)


def partition(value: str, where: str) -> dict[str, Any]:
    return {"Values": [value], "StorageDescriptor": {"Location": where}}


@pytest.fixture(scope="module")
def closed(lake: Lake) -> Lake:
    """Database ``own`` with table t, to which ``loader`` may insert and which ``owner`` may alter."""
    lake.put_settings(CreateDatabaseDefaultPermissions=[], CreateTableDefaultPermissions=[])
    lake.glue.create_database(DatabaseInput={"Name": "own", "LocationUri": "s3://lake/governed/"})
    lake.table("own")
    table = {"Table": {"DatabaseName": "own", "Name": "t"}}
    lake.grant("loader", table, ["INSERT"])
    lake.grant("owner", table, ["ALTER"])
    lake.grant("builder", {"Database": {"Name": "own"}}, ["CREATE_TABLE", "ALTER"])
    return lake


@pytest.fixture(scope="module")
def filtered(closed: Lake) -> Lake:
    """Table f of database ``own``, with a filter over p that names columns a, b and n, and the partition 'shut'."""
    closed.table("own", "f")
    named = {"TableCatalogId": closed.embedded.account_id, "DatabaseName": "own", "TableName": "f", "Name": "rows"}
    rows = {"FilterExpression": "p = 'open' and n = 1"}
    closed.lf.create_data_cells_filter(TableData={**named, "ColumnNames": ["a", "b"], "RowFilter": rows})
    closed.grant("owner", {"Table": {"DatabaseName": "own", "Name": "f"}}, ["ALTER", "INSERT"])
    shut = partition("shut", "s3://lake/governed/own/f/p=shut/")
    closed.glue.create_partition(DatabaseName="own", TableName="f", PartitionInput=shut)
    return closed


@pytest.mark.parametrize("where", ODD)
def test_a_location_in_another_spelling_is_refused_to_everybody(closed: Lake, where: str) -> None:
    """Databases, tables and partitions take no location that the check and the reader might read differently."""
    table = closed.table_input("own", "odd")
    table["StorageDescriptor"]["Location"] = where
    moved = {**table, "Name": "t"}
    for glue in (closed.glue, closed.as_person("builder", "glue")):
        assert code_of(glue.create_table, DatabaseName="own", TableInput=table) == INVALID
        database = {"Name": "own", "LocationUri": where}
        assert code_of(glue.update_database, Name="own", DatabaseInput=database) == INVALID
    assert code_of(closed.glue.create_database, DatabaseInput={"Name": "odd", "LocationUri": where}) == INVALID
    for glue in (closed.glue, closed.as_person("owner", "glue")):
        assert code_of(glue.update_table, DatabaseName="own", TableInput=moved) == INVALID
        assert code_of(glue.create_partition, **PART, PartitionInput=partition("odd", where)) == INVALID


@pytest.mark.parametrize("where", ["s3://lake", "s3://lake/", "s3a://lake/"])
def test_a_location_that_holds_a_registered_one_needs_the_right_to_it(closed: Lake, where: str) -> None:
    """What lies above a registered path would read it."""
    table = closed.table_input("own", "above")
    table["StorageDescriptor"]["Location"] = where
    builder, owner = closed.as_person("builder", "glue"), closed.as_person("owner", "glue")
    assert code_of(builder.create_table, DatabaseName="own", TableInput=table) == DENIED
    assert code_of(owner.create_partition, **PART, PartitionInput=partition("above", where)) == DENIED


def test_the_location_of_a_database_gives_no_partition_its_place(closed: Lake) -> None:
    """Outside its table's own location a partition needs DATA_LOCATION_ACCESS, wherever its database lies."""
    glue = closed.as_person("loader", "glue")
    beside = partition("1", "s3://lake/governed/own/other/")
    assert code_of(glue.create_partition, **PART, PartitionInput=beside) == DENIED
    glue.create_partition(**PART, PartitionInput=partition("1", "s3://lake/governed/own/t/p=1/"))


def test_insert_does_not_move_a_partition(closed: Lake) -> None:
    """Changing a partition that is there needs ALTER."""
    moved = partition("moved", "s3://lake/governed/own/t/p=moved/")
    closed.glue.create_partition(**PART, PartitionInput=moved)
    arguments = {**PART, "PartitionValueList": ["moved"], "PartitionInput": moved}
    assert code_of(closed.as_person("loader", "glue").update_partition, **arguments) == DENIED
    closed.as_person("owner", "glue").update_partition(**arguments)


@pytest.mark.parametrize("name", ["a", "b", "n", "p"])
@pytest.mark.parametrize("change", ["type", "name", "key"])
def test_a_column_that_a_filter_names_is_an_administrators_to_change(filtered: Lake, name: str, change: str) -> None:
    """ALTER does not give a hidden or filtering column another name, type or role."""
    table = filtered.table_input("own", "f")
    columns, keys = table["StorageDescriptor"]["Columns"], table["PartitionKeys"]
    (column,) = (one for one in columns + keys if one["Name"] == name)
    if change == "type":
        column["Type"] = "binary"
    elif change == "name":
        column["Name"] = "renamed"
    else:
        source, target = (keys, columns) if column in keys else (columns, keys)
        source.remove(column)
        target.append(column)
    glue = filtered.as_person("owner", "glue")
    assert code_of(glue.update_table, DatabaseName="own", TableInput=table) == DENIED


def test_other_columns_of_a_filtered_table_may_be_changed(filtered: Lake) -> None:
    """ALTER is enough for a column that no filter names; an administrator may change all."""
    table = filtered.table_input("own", "f")
    table["StorageDescriptor"]["Columns"][2]["Type"] = "int"
    filtered.as_person("owner", "glue").update_table(DatabaseName="own", TableInput=table)
    table["StorageDescriptor"]["Columns"][1]["Type"] = "int"
    filtered.glue.update_table(DatabaseName="own", TableInput=table)
    filtered.glue.update_table(DatabaseName="own", TableInput=filtered.table_input("own", "f"))


@pytest.mark.parametrize("where", ["", "p=shut", "p=shut/", "p=shut/deeper/"])
def test_hidden_rows_take_no_other_partition_values(filtered: Lake, where: str) -> None:
    """No second partition over another's files, or over the whole table, where filters choose rows."""
    glue = filtered.as_person("owner", "glue")
    part = {"DatabaseName": "own", "TableName": "f"}
    given = partition("open", f"s3://lake/governed/own/f/{where}")
    assert code_of(glue.create_partition, **part, PartitionInput=given) == DENIED
    values = {**part, "PartitionValueList": ["shut"]}
    renamed = partition("open", "s3://lake/governed/own/f/p=shut/")
    with pytest.raises(ClientError, match=DENIED):
        glue.update_partition(**values, PartitionInput=renamed)
    two = [partition("x", "s3://lake/governed/own/f/p=x/"), partition("y", "s3://lake/governed/own/f/p=x/")]
    assert code_of(glue.batch_create_partition, **part, PartitionInputList=two) == DENIED
