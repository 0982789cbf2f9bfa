"""The Data Catalog under Lake Formation: who may change it, and that metadata gives nothing hidden away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import localaws.glue
from tests.lakeformation.datalake import ENGINE, Lake, code_of, refusal_of

DENIED = "AccessDeniedException"
UNCHECKED = {"GetTags", "TagResource", "UntagResource"}
"""Glue operations that Lake Formation has no say in."""


def required(what: str) -> tuple[str, str]:
    return DENIED, f"Insufficient Lake Formation permission(s): Required {what}"


@pytest.fixture(scope="module")
def closed(lake: Lake) -> Lake:
    """A lake whose catalog is not open to IAM_ALLOWED_PRINCIPALS, with database hr and table t."""
    lake.revoke("IAM_ALLOWED_PRINCIPALS", {"Catalog": {}}, ["CREATE_DATABASE"])
    lake.put_settings(CreateDatabaseDefaultPermissions=[], CreateTableDefaultPermissions=[])
    lake.glue.create_database(DatabaseInput={"Name": "hr"})
    lake.table("hr")
    return lake


def test_every_served_operation_on_the_catalog_is_checked_by_lake_formation() -> None:
    """No Glue operation that IAM's table lets through goes to the store unfiltered."""
    table = Path(localaws.glue.__file__).parent.parent / "iam" / "operations" / "glue.yaml"
    served = set(yaml.safe_load(table.read_text())["operations"])
    assert served - set(localaws.glue.HANDLERS) <= UNCHECKED


def test_changes_without_permissions_are_refused_each_in_its_words(closed: Lake) -> None:
    """Create Database, Create Table, Alter, Drop: the permission and the object are named."""
    glue = closed.as_person("nobody", "glue")
    table = closed.table_input("hr", "t")
    part = {"DatabaseName": "hr", "TableName": "t"}
    assert refusal_of(glue.create_database, DatabaseInput={"Name": "x"}) == required("Create Database on Catalog")
    assert refusal_of(glue.create_table, DatabaseName="hr", TableInput=table) == required("Create Table on hr")
    assert refusal_of(glue.update_table, DatabaseName="hr", TableInput=table) == required("Alter on t")
    assert refusal_of(glue.delete_table, DatabaseName="hr", Name="t") == required("Drop on t")
    assert refusal_of(glue.delete_database, Name="hr") == required("Drop on hr")
    assert refusal_of(glue.update_database, Name="hr", DatabaseInput={"Name": "hr"}) == required("Alter on hr")
    added = {"Values": ["1"]}
    assert refusal_of(glue.create_partition, **part, PartitionInput=added) == required("Alter on t")
    assert refusal_of(glue.delete_partition, **part, PartitionValues=["1"]) == required("Alter on t")
    assert refusal_of(glue.get_partitions, **part) == required("Describe on t")
    assert refusal_of(glue.get_database, Name="hr") == required("Describe on hr")
    failed = glue.batch_delete_table(DatabaseName="hr", TablesToDelete=["t", "nope"])["Errors"]
    assert [one["ErrorDetail"]["ErrorCode"] for one in failed] == [DENIED, DENIED]
    assert closed.glue.get_table(DatabaseName="hr", Name="t")


def test_a_missing_object_looks_like_a_refused_one(closed: Lake) -> None:
    """Who may not see an object learns nothing of whether it exists; an administrator does."""
    glue = closed.as_person("nobody", "glue")
    assert refusal_of(glue.get_table, DatabaseName="hr", Name="nope") == required("Describe on nope")
    assert refusal_of(glue.get_table, DatabaseName="nope", Name="t") == required("Describe on t")
    assert refusal_of(glue.get_database, Name="nope") == required("Describe on nope")
    assert refusal_of(glue.delete_table, DatabaseName="hr", Name="nope") == required("Drop on nope")
    assert code_of(closed.glue.get_table, DatabaseName="hr", Name="nope") == "EntityNotFoundException"
    assert code_of(closed.glue.get_database, Name="nope") == "EntityNotFoundException"


def test_insert_may_add_partitions_and_not_drop_them(closed: Lake) -> None:
    """INSERT adds partitions, DELETE drops them; neither alters the table."""
    closed.grant("loader", {"Table": {"DatabaseName": "hr", "Name": "t"}}, ["INSERT"])
    glue = closed.as_person("loader", "glue")
    part = {"DatabaseName": "hr", "TableName": "t"}
    given = [{"Values": ["1"]}, {"Values": ["2"]}]
    assert glue.batch_create_partition(**part, PartitionInputList=given)["Errors"] == []
    again = glue.batch_create_partition(**part, PartitionInputList=[{"Values": ["2"]}])["Errors"]
    assert [one["ErrorDetail"]["ErrorCode"] for one in again] == ["AlreadyExistsException"]
    assert code_of(glue.delete_partition, **part, PartitionValues=["1"]) == DENIED
    wrong = code_of(glue.create_partition, **part, PartitionInput={"Values": ["1", "2"]})
    assert wrong == "InvalidInputException"
    paginator = glue.get_paginator("get_partitions")
    pages = paginator.paginate(**part, Expression="p > '1'", PaginationConfig={"PageSize": 1})
    assert [one["Values"] for page in pages for one in page["Partitions"]] == [["2"]]
    closed.grant("loader", {"Table": {"DatabaseName": "hr", "Name": "t"}}, ["DELETE"])
    glue.delete_partition(**part, PartitionValues=["1"])
    assert [one["Values"] for one in glue.get_partitions(**part)["Partitions"]] == [["2"]]


def test_a_registered_location_needs_data_location_access(closed: Lake) -> None:
    """CREATE_TABLE alone may not point into a registered location; outside it, or with the right, it may."""
    closed.grant("builder", {"Database": {"Name": "hr"}}, ["CREATE_TABLE"])
    glue = closed.as_person("builder", "glue")
    refused = refusal_of(glue.create_table, DatabaseName="hr", TableInput=closed.table_input("hr", "b1"))
    assert refused == (DENIED, "Insufficient Lake Formation permission(s) on s3://lake/governed/hr/b1/")
    glue.create_table(DatabaseName="hr", TableInput=closed.table_input("hr", "b2", where="elsewhere"))
    moved = closed.table_input("hr", "b2")
    assert code_of(glue.update_table, DatabaseName="hr", TableInput=moved) == DENIED
    location = {"DataLocation": {"ResourceArn": "arn:aws:s3:::lake/governed/hr"}}
    closed.grant("builder", location, ["DATA_LOCATION_ACCESS"])
    glue.create_table(DatabaseName="hr", TableInput=closed.table_input("hr", "b1"))
    other = closed.table_input("other", "b3")
    assert code_of(glue.create_table, DatabaseName="hr", TableInput=other) == DENIED


def test_a_database_with_a_location_gives_it_to_its_table_makers(closed: Lake) -> None:
    """Within the database's own location no data location permission is needed ('Creating a database')."""
    where = "s3://lake/governed/homes"
    closed.glue.create_database(DatabaseInput={"Name": "homes", "LocationUri": where})
    closed.grant("tenant", {"Database": {"Name": "homes"}}, ["CREATE_TABLE"])
    glue = closed.as_person("tenant", "glue")
    glue.create_table(DatabaseName="homes", TableInput=closed.table_input("homes", "in"))
    outside = closed.table_input("hr", "out")
    assert code_of(glue.create_table, DatabaseName="homes", TableInput=outside) == DENIED


def test_a_prefix_is_not_a_path(closed: Lake) -> None:
    """s3://lake/governed2 is not within the registered s3://lake/governed."""
    closed.grant("builder2", {"Database": {"Name": "hr"}}, ["CREATE_TABLE"])
    glue = closed.as_person("builder2", "glue")
    glue.create_table(DatabaseName="hr", TableInput=closed.table_input("hr", "near", where="governed2"))
    assert glue.get_table(DatabaseName="hr", Name="near")["Table"]["IsRegisteredWithLakeFormation"] is False


def test_what_is_gone_takes_its_grants_along(closed: Lake) -> None:
    """A database that is made again under its old name starts without the old one's grants."""
    closed.glue.create_database(DatabaseInput={"Name": "brief"})
    closed.table("brief")
    closed.grant("visitor", {"Database": {"Name": "brief"}}, ["DESCRIBE"])
    closed.grant("visitor", {"Table": {"DatabaseName": "brief", "Name": "t"}}, ["SELECT"])
    closed.grant("visitor", {"Table": {"DatabaseName": "brief", "TableWildcard": {}}}, ["SELECT"])
    closed.glue.delete_database(Name="brief")
    closed.glue.create_database(DatabaseInput={"Name": "brief"})
    closed.table("brief")
    assert code_of(closed.as_person("visitor", "glue").get_database, Name="brief") == DENIED
    assert closed.listed(Principal={"DataLakePrincipalIdentifier": closed.person("visitor")}) == []


def test_a_table_grant_shows_its_database_and_no_other_table(closed: Lake) -> None:
    """SHOW DATABASES and SHOW TABLES list what was granted only."""
    closed.table("hr", "visible")
    on = {"TableWithColumns": {"DatabaseName": "hr", "Name": "visible", "ColumnNames": ["a"]}}
    closed.grant("viewer", on, ["SELECT"])
    glue = closed.as_person("viewer", "glue")
    assert [one["Name"] for one in glue.get_databases()["DatabaseList"]] == ["hr"]
    (table,) = glue.get_tables(DatabaseName="hr")["TableList"]
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == ["a"]
    assert glue.get_tables(DatabaseName="hr", Expression="t")["TableList"] == []


def test_metadata_gives_no_hidden_column_away(closed: Lake) -> None:
    """No parameter, version, partition, search or statistic names or measures what is hidden."""
    table = closed.table_input("hr", "secretive")
    hidden = "salary_marker"
    table["StorageDescriptor"]["Columns"].append({"Name": hidden, "Type": "string", "Comment": "hidden-comment"})
    table["StorageDescriptor"]["SortColumns"] = [{"Column": hidden, "SortOrder": 1}]
    table["StorageDescriptor"]["BucketColumns"] = [hidden, "a"]
    table["StorageDescriptor"]["SerdeInfo"] = {"Parameters": {"paths": f"a,{hidden}", "field.delim": ","}}
    table["Parameters"] = {
        "spark.sql.sources.schema": f'{{"fields":[{{"name":"{hidden}"}}]}}',
        "avro.schema.literal": f'{{"name":"{hidden}"}}',
        "COLUMN_STATS_ACCURATE": f'{{"COLUMN_STATS":{{"{hidden}":"true"}}}}',
        "recordCount": "4711",
        "owner_note": "kept",
    }
    closed.glue.create_table(DatabaseName="hr", TableInput=table)
    part = {"Values": ["1"], "StorageDescriptor": table["StorageDescriptor"], "Parameters": {"numRows": "4711"}}
    closed.glue.create_partition(DatabaseName="hr", TableName="secretive", PartitionInput=part)
    closed.glue.update_table(DatabaseName="hr", TableInput=table)
    on = {"TableWithColumns": {"DatabaseName": "hr", "Name": "secretive", "ColumnNames": ["a", "b"]}}
    closed.grant("spy", on, ["SELECT"])
    glue = closed.as_person("spy", "glue")
    named = {"DatabaseName": "hr", "TableName": "secretive"}
    seen = [
        glue.get_table(DatabaseName="hr", Name="secretive")["Table"],
        glue.get_tables(DatabaseName="hr")["TableList"],
        glue.get_table_versions(**named)["TableVersions"],
        glue.get_table_version(**named, VersionId="1")["TableVersion"],
        glue.get_partitions(**named)["Partitions"],
        glue.get_partition(**named, PartitionValues=["1"])["Partition"],
        glue.batch_get_partition(**named, PartitionsToGet=[{"Values": ["1"]}])["Partitions"],
        glue.search_tables(SearchText="secretive")["TableList"],
    ]
    assert all(seen)
    for answer in seen:
        for secret in (hidden, "hidden-comment", "4711"):
            assert secret not in str(answer)
    assert seen[0]["Parameters"] == {"owner_note": "kept"}
    assert glue.search_tables(SearchText=hidden)["TableList"] == []
    assert glue.search_tables(SearchText="hidden-comment")["TableList"] == []
    statistics = glue.get_column_statistics_for_table(**named, ColumnNames=["a", hidden, "nope"])
    assert statistics["ColumnStatisticsList"] == []
    assert len({str(one["Error"]) for one in statistics["Errors"]}) == 1
    assert hidden in str(closed.glue.get_table(DatabaseName="hr", Name="secretive"))


def test_an_untrusted_caller_gets_no_unfiltered_metadata(closed: Lake) -> None:
    """Only a session tagged as a trusted engine may ask, and only for filters that it can apply."""
    arguments: dict[str, Any] = {
        "CatalogId": closed.embedded.account_id,
        "DatabaseName": "hr",
        "Name": "t",
        "SupportedPermissionTypes": ["COLUMN_PERMISSION"],
    }
    assert code_of(closed.glue.get_unfiltered_table_metadata, **arguments) == DENIED
    own = {"TableCatalogId": closed.embedded.account_id, "DatabaseName": "hr", "TableName": "t", "Name": "rows"}
    rows = {"ColumnWildcard": {}, "RowFilter": {"FilterExpression": "n = 1"}}
    closed.lf.create_data_cells_filter(TableData={**own, **rows})
    closed.grant("cellist", {"DataCellsFilter": own}, ["SELECT"])
    glue = closed.as_person("cellist", "glue")
    assert code_of(glue.get_unfiltered_table_metadata, **arguments) == "PermissionTypeMismatchException"


def test_credentials_for_a_table_reach_its_prefix_only(closed: Lake) -> None:
    """GetTemporaryGlueTableCredentials vends a session that reads the table's objects, and nothing else."""
    arn = f"arn:aws:glue:{closed.embedded.region}:{closed.embedded.account_id}:table/hr/t"
    closed.s3.put_object(Bucket="lake", Key="governed/hr/t/p=1/x", Body=b"data")
    closed.s3.put_object(Bucket="lake", Key="governed/other/x", Body=b"secret")
    nobody = closed.as_person("nobody", "lakeformation")
    assert code_of(nobody.get_temporary_glue_table_credentials, TableArn=arn) == DENIED
    closed.grant("reader", {"Table": {"DatabaseName": "hr", "Name": "t"}}, ["SELECT"])
    untrusted = closed.embedded.client("lakeformation", closed.embedded.as_role(closed.person("reader"), "plain"))
    assert code_of(untrusted.get_temporary_glue_table_credentials, TableArn=arn) == DENIED
    vended = closed.as_person("reader", "lakeformation").get_temporary_glue_table_credentials(
        TableArn=arn, Permissions=["SELECT"], SupportedPermissionTypes=["COLUMN_PERMISSION"]
    )
    s3 = closed.embedded.client("s3", vended)
    assert s3.get_object(Bucket="lake", Key="governed/hr/t/p=1/x")["Body"].read() == b"data"
    assert code_of(s3.get_object, Bucket="lake", Key="governed/other/x") == "AccessDenied"
    assert code_of(s3.put_object, Bucket="lake", Key="governed/hr/t/p=1/x", Body=b"") == "AccessDenied"


def test_tags_are_managed_by_their_holders_only(closed: Lake) -> None:
    """Creating needs CREATE_LF_TAG, assigning ASSOCIATE, deleting a value that nothing carries it."""
    lf = closed.as_person("steward", "lakeformation")
    assert refusal_of(lf.create_lf_tag, TagKey="zone", TagValues=["raw"]) == required("Create Lf Tag on Catalog")
    closed.grant("steward", {"Catalog": {}}, ["CREATE_LF_TAG"])
    lf.create_lf_tag(TagKey="Zone", TagValues=["Raw", "clean"])
    assert lf.get_lf_tag(TagKey="zone")["TagValues"] == ["clean", "raw"]
    pair = [{"TagKey": "zone", "TagValues": ["raw"]}]
    table = {"Table": {"DatabaseName": "hr", "Name": "t"}}
    failed = closed.lf.add_lf_tags_to_resource(Resource=table, LFTags=pair)["Failures"]
    assert failed[0]["Error"]["ErrorCode"] == DENIED
    associate = {"LFTag": {"TagKey": "zone", "TagValues": ["raw"]}}
    closed.grant(closed.administrator, associate, ["ASSOCIATE"])
    assert "Failures" not in closed.lf.add_lf_tags_to_resource(Resource=table, LFTags=pair)
    assert closed.lf.get_resource_lf_tags(Resource=table)["LFTagsOnTable"][0]["TagValues"] == ["raw"]
    found = closed.lf.search_tables_by_lf_tags(Expression=pair)["TableList"]
    assert [one["Table"]["Name"] for one in found] == ["t"]
    assert code_of(lf.update_lf_tag, TagKey="zone", TagValuesToDelete=["raw"]) == "InvalidInputException"
    lf.update_lf_tag(TagKey="zone", TagValuesToDelete=["clean"])
    lf.delete_lf_tag(TagKey="zone")
    assert not closed.lf.get_resource_lf_tags(Resource=table).get("LFTagsOnTable")
    assert code_of(closed.lf.get_lf_tag, TagKey="zone") == "EntityNotFoundException"


def test_the_trusted_engine_is_named_by_the_settings(closed: Lake) -> None:
    """Taking the value off the settings takes the trust away at once."""
    glue = closed.as_person("reader", "glue")
    arguments = {
        "CatalogId": closed.embedded.account_id,
        "DatabaseName": "hr",
        "Name": "t",
        "SupportedPermissionTypes": ["COLUMN_PERMISSION"],
    }
    closed.grant("reader", {"Table": {"DatabaseName": "hr", "Name": "t"}}, ["SELECT"])
    assert glue.get_unfiltered_table_metadata(**arguments)["AuthorizedColumns"]
    closed.put_settings(AuthorizedSessionTagValueList=["another"])
    assert code_of(glue.get_unfiltered_table_metadata, **arguments) == DENIED
    closed.put_settings(AuthorizedSessionTagValueList=[ENGINE])
