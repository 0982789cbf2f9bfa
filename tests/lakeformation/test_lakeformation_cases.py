"""The table of cases: grants, tags, filters, opt-ins, and what a principal may see after them, through boto3."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lakeformation.datalake import COLUMNS, Lake, code_of, refusal_of

FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in FILES
    for case in yaml.safe_load(file.read_text("utf-8"))
]
NUMBERS = itertools.count()
TAGS = {"level": ["low", "high"], "team": ["x", "y"]}


@pytest.fixture(scope="module")
def with_tags(lake: Lake) -> Lake:
    """The lake with two LF-Tags."""
    for key, values in TAGS.items():
        lake.lf.create_lf_tag(TagKey=key, TagValues=values)
    return lake


@pytest.fixture
def tagged(with_tags: Lake) -> Iterator[Lake]:
    """Takes grants by LF-Tag back after each case: they reach every database."""
    yield with_tags
    for row in with_tags.listed(ResourceType="LF_TAG_POLICY"):
        with_tags.revoke(row["Principal"]["DataLakePrincipalIdentifier"], row["Resource"], row["Permissions"])


@pytest.mark.parametrize("case", CASES)
def test_a_principal_sees_what_the_case_says(case: dict[str, Any], tagged: Lake) -> None:
    """After the steps the principal sees exactly what the case says, and a refused step changes nothing."""
    lake, database = tagged, f"db{next(NUMBERS)}"
    lake.database(database, iam_only=case.get("iam_only", False))
    lake.table(database, where=case.get("where", "governed"))
    for number, step in enumerate(case["steps"], 1):
        last = number == len(case["steps"])
        assert code_of(take, lake, database, step) == (case.get("refused", "") if last else "")
    glue = lake.as_person("alice", "glue")
    named = {"DatabaseName": database, "Name": "t"}
    if case.get("hidden"):
        refused = ("AccessDeniedException", "Insufficient Lake Formation permission(s): Required Describe on t")
        assert refusal_of(glue.get_table, **named) == refused
        return
    table = glue.get_table(**named)["Table"]
    shown = [column["Name"] for column in table["StorageDescriptor"]["Columns"] + table["PartitionKeys"]]
    assert shown == case.get("metadata", case["sees"])
    if "registered" in case:
        assert table["IsRegisteredWithLakeFormation"] is case["registered"]
    answer = glue.get_unfiltered_table_metadata(
        CatalogId=lake.embedded.account_id,
        SupportedPermissionTypes=["COLUMN_PERMISSION", "CELL_FILTER_PERMISSION"],
        **named,
    )
    assert answer["AuthorizedColumns"] == case["sees"]
    assert answer.get("RowFilter") == case.get("rows")
    cells = {one["ColumnName"]: one["RowFilterExpression"] for one in answer["CellFilters"]}
    assert cells == case.get("cells", {})


def take(lake: Lake, database: str, step: dict[str, Any]) -> None:
    """Carry out one step of a case."""
    ((name, given),) = step.items()
    match name:
        case "grant" | "revoke":
            who, on, permissions, *option = given
            modify = lake.grant if name == "grant" else lake.revoke
            who = who.replace("{account}", lake.embedded.account_id)
            modify(who, completed(on, database), permissions, *option)
        case "columns":
            kinds = dict(COLUMNS)
            columns = [(column, kinds.get(column, "string")) for column in given]
            lake.glue.update_table(DatabaseName=database, TableInput=lake.table_input(database, "t", columns=columns))
        case "recreate":
            lake.glue.delete_table(DatabaseName=database, Name="t")
            lake.table(database)
        case "filter":
            own = {"TableCatalogId": lake.embedded.account_id, "DatabaseName": database, "TableName": "t"}
            lake.lf.create_data_cells_filter(TableData={**own, "Name": given[0], **given[1]})
        case "drop_filter":
            own = {"TableCatalogId": lake.embedded.account_id, "DatabaseName": database, "TableName": "t"}
            lake.lf.delete_data_cells_filter(**own, Name=given)
        case "tag" | "untag":
            target, key, value = given
            call = lake.lf.add_lf_tags_to_resource if name == "tag" else lake.lf.remove_lf_tags_from_resource
            tags = [{"TagKey": key, "TagValues": [value]}]
            assert not call(Resource=tag_target(target, database), LFTags=tags).get("Failures")
        case "opt_in" | "opt_out":
            lf = lake.lf
            call = lf.create_lake_formation_opt_in if name == "opt_in" else lf.delete_lake_formation_opt_in
            principal = {"DataLakePrincipalIdentifier": lake.person(given[0])}
            call(Principal=principal, Resource=completed(given[1], database))
        case _:
            raise AssertionError(f"unknown step {name}")


def completed(on: dict[str, Any], database: str) -> dict[str, Any]:
    """The resource of a case with this run's database, and the table t unless it names another."""
    filled = {}
    for member, content in on.items():
        own: dict[str, Any] = {}
        if member == "Database":
            own = {"Name": database}
        elif member in ("Table", "TableWithColumns"):
            own = {"DatabaseName": database} | ({} if "TableWildcard" in content else {"Name": "t"})
        elif member == "DataCellsFilter":
            own = {"DatabaseName": database, "TableName": "t"}
        filled[member] = {**own, **content}
    return filled


def tag_target(target: Any, database: str) -> dict[str, Any]:
    if target == "database":
        return {"Database": {"Name": database}}
    if target == "table":
        return {"Table": {"DatabaseName": database, "Name": "t"}}
    return {"TableWithColumns": {"DatabaseName": database, "Name": "t", "ColumnNames": target}}
