"""Tables and partitions that take another place: what that needs, and whose rows are read afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lakeformation.datalake import Lake, code_of

DENIED = "AccessDeniedException"
ROOT = "s3://lake/governed/moves"
ON = {"DatabaseName": "moves", "TableName": "f"}


def partition(value: str, where: str, **more: Any) -> dict[str, Any]:
    return {"Values": [value], "StorageDescriptor": {"Location": f"{ROOT}/{where}"}, **more}


@pytest.fixture(scope="module")
def moves(lake: Lake) -> Lake:
    """Tables f (with a row filter), c (with a filter of columns alone) and t, which ``mover`` may change."""
    lake.put_settings(CreateDatabaseDefaultPermissions=[], CreateTableDefaultPermissions=[])
    lake.glue.create_database(DatabaseInput={"Name": "moves", "LocationUri": f"{ROOT}/"})
    for table in ("f", "c", "t"):
        lake.table("moves", table)
        lake.grant("mover", {"Table": {"DatabaseName": "moves", "Name": table}}, ["ALTER", "INSERT", "DELETE"])
    lake.grant("builder", {"Database": {"Name": "moves"}}, ["CREATE_TABLE"])
    lake.grant("builder", {"Table": {"DatabaseName": "moves", "Name": "t"}}, ["ALTER"])
    for table, rows in (("f", {"FilterExpression": "p = 'open'"}), ("c", {"AllRowsWildcard": {}})):
        named = {"TableCatalogId": lake.embedded.account_id, "DatabaseName": "moves", "TableName": table}
        lake.lf.create_data_cells_filter(TableData={**named, "Name": "x", "ColumnNames": ["a"], "RowFilter": rows})
        shut = partition("shut", f"{table}/p=shut/")
        lake.glue.create_partition(DatabaseName="moves", TableName=table, PartitionInput=shut)
    return lake


def test_a_dropped_partition_does_not_come_back_under_another_value(moves: Lake) -> None:
    """Where filters choose rows, ALTER (or DELETE and INSERT) cannot show a hidden partition as another one."""
    glue = moves.as_person("mover", "glue")
    assert code_of(glue.delete_partition, **ON, PartitionValues=["shut"]) == ""
    for where in ("f/p=shut/", "f/p=shut/deeper/", "f/", "f/p=open/../p=shut/"):
        assert code_of(glue.create_partition, **ON, PartitionInput=partition("open", where)) == DENIED, where
    glue.create_partition(**ON, PartitionInput=partition("shut", "f/p=shut/"))


def test_a_partition_over_files_that_no_partition_had_yet_takes_their_folders_value(moves: Lake) -> None:
    """On a table with row filters the folder says the value; without them it may lie where it likes."""
    glue = moves.as_person("mover", "glue")
    for where in ("f/p=closed/", "f/other/", "f/p=open/more/"):
        assert code_of(glue.create_partition, **ON, PartitionInput=partition("open", where)) == DENIED, where
    glue.create_partition(**ON, PartitionInput=partition("a b", "f/p=a%20b/"))
    glue.delete_partition(**ON, PartitionValues=["a b"])
    glue.create_partition(DatabaseName="moves", TableName="c", PartitionInput=partition("free", "c/other/"))
    moves.glue.create_partition(**ON, PartitionInput=partition("placed", "f/by/administrator/"))


def test_a_partition_that_moved_leaves_its_values_behind(moves: Lake) -> None:
    """Moving a hidden partition away first does not free its files for another value."""
    odd = partition("moved", "f/p=open/")
    moves.glue.create_partition(**ON, PartitionInput=odd)
    glue = moves.as_person("mover", "glue")
    changed = {**odd, "Parameters": {"note": "stays"}}
    glue.update_partition(**ON, PartitionValueList=["moved"], PartitionInput=changed)
    away = partition("moved", "f/p=moved/")
    glue.update_partition(**ON, PartitionValueList=["moved"], PartitionInput=away)
    assert code_of(glue.create_partition, **ON, PartitionInput=partition("open", "f/p=open/")) == DENIED
    moves.glue.create_partition(**ON, PartitionInput=partition("open", "f/p=open/"))


def test_the_order_of_partition_keys_is_an_administrators_to_change(moves: Lake) -> None:
    """Values of partitions go by it, and row filters by them."""
    two = [("p", "string"), ("q", "string")]
    table = moves.table_input("moves", "g")
    table["PartitionKeys"] = [{"Name": name, "Type": kind} for name, kind in two]
    moves.glue.create_table(DatabaseName="moves", TableInput=table)
    moves.grant("mover", {"Table": {"DatabaseName": "moves", "Name": "g"}}, ["ALTER"])
    swapped = {**table, "PartitionKeys": table["PartitionKeys"][::-1]}
    glue = moves.as_person("mover", "glue")
    glue.update_table(DatabaseName="moves", TableInput=swapped)
    glue.update_table(DatabaseName="moves", TableInput=table)
    named = {"TableCatalogId": moves.embedded.account_id, "DatabaseName": "moves", "TableName": "g", "Name": "x"}
    rows = {"FilterExpression": "p = 'open'"}
    moves.lf.create_data_cells_filter(TableData={**named, "ColumnNames": ["a"], "RowFilter": rows})
    assert code_of(glue.update_table, DatabaseName="moves", TableInput=swapped) == DENIED


def move(lake: Lake, who: str, where: str) -> str:
    """The code with which moving table t there is refused, "" if it is not; it is moved back by the administrator."""
    table = lake.table_input("moves", "t")
    moved = {**table, "StorageDescriptor": {**table["StorageDescriptor"], "Location": where}}
    code = code_of(lake.as_person(who, "glue").update_table, DatabaseName="moves", TableInput=moved)
    lake.glue.update_table(DatabaseName="moves", TableInput=table)
    return code


def test_moving_a_table_needs_the_right_to_both_locations(moves: Lake) -> None:
    """ALTER alone moves nothing; DATA_LOCATION_ACCESS on one of the two is not enough."""
    lake = moves
    lake.grant(lake.administrator, {"Table": {"DatabaseName": "moves", "Name": "t"}}, ["ALTER"])
    old, new = (
        {"DataLocation": {"ResourceArn": f"arn:aws:s3:::lake/governed/{path}"}} for path in ("moves/t", "elsewhere")
    )
    where = "s3://lake/governed/elsewhere/t/"
    assert move(lake, "mover", where) == DENIED
    lake.grant("mover", new, ["DATA_LOCATION_ACCESS"])
    assert move(lake, "mover", where) == DENIED
    assert move(lake, "mover", "s3://lake/free/") == DENIED
    lake.grant("mover", old, ["DATA_LOCATION_ACCESS"])
    assert move(lake, "mover", where) == ""
    lake.revoke("mover", new, ["DATA_LOCATION_ACCESS"])
    assert move(lake, "mover", where) == DENIED
    assert move(lake, "mover", "s3://lake/free/") == ""


def test_the_location_of_a_database_moves_tables_of_those_only_who_may_create_them(moves: Lake) -> None:
    """Within it CREATE_TABLE needs no further right; ALTER on one table does not reach another table's rows."""
    moves.grant("changer", {"Table": {"DatabaseName": "moves", "Name": "t"}}, ["ALTER", "SELECT"])
    assert move(moves, "changer", f"{ROOT}/f/") == DENIED
    assert move(moves, "builder", f"{ROOT}/f/") == ""
