"""Grants, settings and catalog as an account has them: nothing that decides over access is dropped while reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lakeproof.inventory import lake
from tests.inventories.paged import Paged

ENTRIES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("permissions.yaml").read_text(encoding="utf-8"))


def row(resource: dict[str, Any], principal: str = "arn:role", **more: Any) -> dict[str, Any]:
    """One entry of ListPermissions."""
    return {
        "Principal": {"DataLakePrincipalIdentifier": principal},
        "Resource": resource,
        "Permissions": ["SELECT", "DESCRIBE"],
        "PermissionsWithGrantOption": [],
        **more,
    }


@pytest.mark.parametrize("entry", ENTRIES, ids=[f"{n} {each['kind']}" for n, each in enumerate(ENTRIES)])
def test_a_permission_is_read(entry: dict[str, Any]) -> None:
    """What it is about, and which columns it gives or leaves out, for every kind of resource."""
    found = lake.permission(row({entry["kind"]: entry["resource"]}))
    database, table, columns, excluded = entry["reads"]
    assert (found.kind, found.database, found.table) == (entry["kind"], database, table)
    assert found.columns == (tuple(columns) if columns is not None else None)
    assert found.excluded == (tuple(excluded) if excluded is not None else None)
    assert found.location == entry["resource"].get("ResourceArn", "")
    assert found.permissions == ("DESCRIBE", "SELECT")


def test_permissions_that_differ_are_told_apart_in_words_too() -> None:
    """Columns, row filter, LF-Tags, the grant option, principal and location: each shows in the text."""
    base = {"DatabaseName": "lake", "Name": "reviews"}
    rows = [
        row({"Table": base}),
        row({"TableWithColumns": {**base, "ColumnNames": ["a"]}}),
        row({"TableWithColumns": {**base, "ColumnWildcard": {}}}),
        row({"TableWithColumns": {**base, "ColumnWildcard": {"ExcludedColumnNames": ["a"]}}}),
        row({"Table": base}, PermissionsWithGrantOption=["SELECT"]),
        row({"Table": base}, "IAM_ALLOWED_PRINCIPALS"),
        row({"DataLocation": {"ResourceArn": "arn:aws:s3:::a"}}),
        row({"DataLocation": {"ResourceArn": "arn:aws:s3:::b"}}),
        row({"DataCellsFilter": {"DatabaseName": "lake", "TableName": "reviews", "Name": "few"}}),
        row({"DataCellsFilter": {"DatabaseName": "lake", "TableName": "reviews", "Name": "many"}}),
        row({"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "a", "TagValues": ["x"]}]}}),
        row({"LFTagPolicy": {"ResourceType": "DATABASE", "Expression": [{"TagKey": "a", "TagValues": ["x"]}]}}),
        row({"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "a", "TagValues": ["x", "y"]}]}}),
        row({"LFTag": {"TagKey": "a", "TagValues": ["x"]}}),
    ]
    assert len({str(lake.permission(each)) for each in rows}) == len(rows)


def test_every_permission_of_the_account_is_read() -> None:
    """Page after page, sorted, so that two readings compare."""
    rows = [row({"Database": {"Name": name}}) for name in "cab"]
    found = lake.permissions(Paged(list_permissions=("PrincipalResourcePermissions", rows)))
    assert [each.database for each in found] == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions"])
def test_whoever_gets_rights_by_default_is_seen(name: str) -> None:
    """IAMAllowedPrincipals in either default opens every new database or table."""
    principal = {"DataLakePrincipalIdentifier": lake.IAM_ALLOWED_PRINCIPALS}
    settings = lake.settings(
        Paged(get_data_lake_settings={"DataLakeSettings": {name: [{"Principal": principal, "Permissions": ["ALL"]}]}})
    )
    assert lake.default_principals(settings) == (lake.IAM_ALLOWED_PRINCIPALS,)
    assert lake.default_principals({}) == ()


def test_locations_databases_tables_and_partitions_are_read_to_the_end() -> None:
    """Each list has several pages; a location without a role of its own has none."""
    resources = [{"ResourceArn": "arn:a", "RoleArn": "arn:role"}, {"ResourceArn": "arn:b"}]
    assert lake.locations(Paged(list_resources=("ResourceInfoList", resources))) == {"arn:a": "arn:role", "arn:b": ""}
    glue = Paged(
        paginators=("get_databases", "get_tables", "get_partitions"),
        get_databases=("DatabaseList", [{"Name": "default"}, {"Name": "lake"}]),
        get_tables=("TableList", [{"Name": "reviews", "x": 1}, {"Name": "orders"}]),
        get_partitions=("Partitions", [{"Values": ["Toys"]}, {"Values": ["Books"]}]),
    )
    assert lake.databases(glue) == ("default", "lake")
    assert list(lake.tables(glue, "lake")) == ["reviews", "orders"]
    assert lake.partitions(glue, "lake", "reviews") == (("Books",), ("Toys",))
    assert glue.asked[-1][1] == {"DatabaseName": "lake", "TableName": "reviews", "ExcludeColumnSchema": True}


def test_partition_keys_are_columns_and_come_last() -> None:
    """As ``SELECT *`` returns them; a table without partitions has none."""
    table: dict[str, Any] = {
        "StorageDescriptor": {"Columns": [{"Name": "b", "Type": "string"}, {"Name": "a", "Type": "int"}]},
        "PartitionKeys": [{"Name": "c", "Type": "date"}],
    }
    assert lake.columns(table) == (("b", "string"), ("a", "int"), ("c", "date"))
    del table["PartitionKeys"]
    assert lake.columns(table) == (("b", "string"), ("a", "int"))


def test_lf_tags_and_data_filters_are_read_whole() -> None:
    """Each definition with its values, each filter of the database with its rows and columns, page after page."""
    tags = [{"TagKey": "b", "TagValues": ["y", "x"]}, {"TagKey": "a", "TagValues": ["z"]}]
    assert lake.lf_tags(Paged(list_lf_tags=("LFTags", tags))) == {"b": ("x", "y"), "a": ("z",)}
    base = {"TableCatalogId": "1", "DatabaseName": "lake", "TableName": "reviews"}
    filters = [
        {**base, "Name": "some", "RowFilter": {"FilterExpression": "a = 1"}, "ColumnNames": ["b", "a"]},
        {**base, "Name": "all", "RowFilter": {"AllRowsWildcard": {}}, "ColumnWildcard": {"ExcludedColumnNames": ["c"]}},
        {**base, "DatabaseName": "other", "Name": "theirs", "RowFilter": {"AllRowsWildcard": {}}, "ColumnWildcard": {}},
    ]
    assert lake.data_filters(Paged(list_data_cells_filter=("DataCellsFilters", filters)), "lake") == (
        lake.StoredFilter("reviews", "all", None, None, ("c",)),
        lake.StoredFilter("reviews", "some", "a = 1", ("a", "b"), ()),
    )


def test_lf_tags_are_read_where_they_are_assigned() -> None:
    """On the database, on tables and on columns; what carries none is left out."""
    answer = {
        "LFTagOnDatabase": [{"TagKey": "a", "TagValues": ["x"]}],
        "LFTagsOnTable": [],
        "LFTagsOnColumns": [{"Name": "c", "LFTags": [{"TagKey": "b", "TagValues": ["y"]}]}],
    }
    found = lake.assigned_tags(Paged(get_resource_lf_tags=answer), "lake", ["t"])
    assert found == {(): {"a": "x"}, ("t", "c"): {"b": "y"}}
