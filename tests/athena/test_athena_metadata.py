"""Metadata shows what the caller may see, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.athena.lake import Lake

WALKTHROUGH = Path(__file__).with_name("walkthrough.sql").read_text("utf-8")


def test_what_is_not_visible_is_not_described(lake: Lake) -> None:
    """Without a grant: DESCRIBE, SHOW COLUMNS, SHOW PARTITIONS and GetTableMetadata refuse, lists leave it out."""
    nobody = lake.role("sees-nothing")
    for sql in ("DESCRIBE reviews", "SHOW COLUMNS IN reviews", "SHOW PARTITIONS reviews", "SHOW TABLES IN db"):
        assert "Insufficient Lake Formation permission(s): Required Describe on db" in lake.failure(sql, nobody)
    assert lake.rows("SHOW DATABASES", nobody) == [["loose"]]
    with pytest.raises(ClientError, match="Insufficient Lake Formation permission"):
        lake.athena(nobody).get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="db", TableName="reviews")


def test_show_and_describe_list_the_permitted_columns(lake: Lake, limited: Any) -> None:
    """Names are padded to 20 characters, as live Athena pads them; the hidden column is in none of them."""
    assert lake.rows("SHOW COLUMNS IN reviews", limited) == [
        ["review_id           "], ["product             "], ["stars               "], ["category            "],
    ]  # fmt: skip
    described = [row[0] for row in lake.rows("DESCRIBE db.reviews", limited)]
    assert described[2] == f"{'stars':<20}\t{'int':<20}\t{'':<20}"
    assert "# Partition Information\t \t " in described
    assert not any("customer" in line for line in described)
    assert lake.rows("SHOW TABLES IN db", limited) == [["reviews"]]
    assert lake.rows("SHOW PARTITIONS reviews", limited) == [["category=Books"], ["category=Music"]]


def test_information_schema_is_made_of_what_is_visible(lake: Lake, limited: Any) -> None:
    """Columns with Trino's names of types, in table order."""
    where = "WHERE table_schema = 'db' ORDER BY ordinal_position"
    sql = f"SELECT column_name, data_type FROM information_schema.columns {where}"
    assert lake.rows(sql, limited) == [
        ["review_id", "varchar"], ["product", "varchar"], ["stars", "integer"], ["category", "varchar"],
    ]  # fmt: skip
    assert lake.rows("SELECT count(*) FROM information_schema.tables WHERE table_name = 'reviews'", limited) == [["1"]]


def test_explain_names_only_what_is_visible(lake: Lake, limited: Any) -> None:
    """EXPLAIN answers for a visible query, and refuses as the query itself would."""
    plan = "\n".join(str(row[0]) for row in lake.rows("EXPLAIN SELECT * FROM reviews", limited))
    assert "awsdatacatalog:db:reviews" in plan
    assert "customer" not in plan
    assert "COLUMN_NOT_FOUND: line 1:16" in lake.failure("EXPLAIN SELECT customer FROM reviews", limited)


def test_athenas_own_catalog_operations_are_filtered(lake: Lake, limited: Any) -> None:
    """ListDatabases, ListTableMetadata and GetTableMetadata, with Hive's names of types."""
    athena, catalog = lake.athena(limited), {"CatalogName": "AwsDataCatalog"}
    assert [d["Name"] for d in athena.list_databases(**catalog)["DatabaseList"]] == ["db", "loose"]
    listed = athena.list_table_metadata(**catalog, DatabaseName="db", Expression="rev.*")["TableMetadataList"]
    assert [t["Name"] for t in listed] == ["reviews"]
    table = athena.get_table_metadata(**catalog, DatabaseName="db", TableName="reviews")["TableMetadata"]
    assert [(c["Name"], c["Type"]) for c in table["Columns"]] == [
        ("review_id", "string"), ("product", "string"), ("stars", "int"),
    ]  # fmt: skip
    assert [c["Name"] for c in table["PartitionKeys"]] == ["category"]


def test_the_walkthroughs_statements_create_its_table(lake: Lake) -> None:
    """CREATE EXTERNAL TABLE to the letter, then MSCK REPAIR TABLE finds the partitions."""
    s3 = lake.embedded.client("s3")
    s3.create_bucket(Bucket="amazon-reviews-pds")
    s3.put_object(Bucket="amazon-reviews-pds", Key="parquet/product_category=Digital_Music/a.parquet", Body=b"x")
    lake.rows("CREATE DATABASE walkthrough")
    create, repair = (part.strip() for part in WALKTHROUGH.split(";") if part.strip())
    assert lake.rows(create, database="walkthrough") == []
    repaired = lake.rows(repair, database="walkthrough")
    assert repaired[1] == ["Repair: Added partition to metastore amazon_reviews_parquet:product_category=Digital_Music"]
    columns = lake.rows("SHOW COLUMNS IN amazon_reviews_parquet", database="walkthrough")
    assert [str(c[0]).strip() for c in columns][-2:] == ["year", "product_category"]
    assert "HIVE_BAD_DATA" in lake.failure("SELECT * FROM amazon_reviews_parquet", database="walkthrough")


def test_ddl_changes_the_catalog_and_says_so(lake: Lake) -> None:
    """IF [NOT] EXISTS, partitions by hand, what is not empty, what is not there."""
    assert lake.rows("CREATE DATABASE IF NOT EXISTS db") == []
    assert "AlreadyExistsException" in lake.failure("CREATE DATABASE db")
    lake.rows("CREATE DATABASE scratch COMMENT 'for a moment'")
    table = "(a int) PARTITIONED BY (d string) STORED AS PARQUET LOCATION 's3://loose/scratch/'"
    lake.rows(f"CREATE EXTERNAL TABLE scratch.t {table}")
    lake.rows(f"CREATE EXTERNAL TABLE IF NOT EXISTS scratch.t {table}")
    lake.rows("ALTER TABLE scratch.t ADD PARTITION (d='1') PARTITION (d='2') LOCATION 's3://loose/elsewhere/'")
    assert "already exists" in lake.failure("ALTER TABLE scratch.t ADD PARTITION (d='1')")
    lake.rows("ALTER TABLE scratch.t DROP PARTITION (d='1')")
    assert lake.rows("SHOW PARTITIONS scratch.t") == [["d=2"]]
    assert "is not empty" in lake.failure("DROP DATABASE scratch")
    assert "Table not found scratch.u" in lake.failure("DROP TABLE scratch.u")
    assert lake.rows("DROP TABLE IF EXISTS scratch.u") == lake.rows("DROP TABLE scratch.t") == []
    lake.rows("DROP DATABASE scratch")
    assert "Database does not exist: scratch" in lake.failure("DROP DATABASE scratch")
