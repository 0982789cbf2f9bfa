"""A governed table reads through Lake Formation what its own registration covers, and nothing of another's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.athena.lake import Lake


@pytest.fixture(scope="module")
def athena_lake(embedded: Any) -> Lake:
    """Athena's data lake: bucket ``lake`` registered as a whole, bucket ``loose`` not yet."""
    return Lake(embedded).provision()


def test_a_partition_in_another_registration_needs_the_callers_own_s3_rights(athena_lake: Lake) -> None:
    """Files that another registration covers are not vended to the readers of this table."""
    lake = athena_lake
    lake.embedded.client("lakeformation").register_resource(
        ResourceArn="arn:aws:s3:::loose/notes", UseServiceLinkedRole=True
    )
    lake.run("CREATE EXTERNAL TABLE db.apart (note string) PARTITIONED BY (day string) STORED AS PARQUET "
             "LOCATION 's3://lake/apart/'")  # fmt: skip
    added = lake.run("ALTER TABLE db.apart ADD PARTITION (day = 'one') LOCATION 's3://loose/notes/'")
    assert added["Status"]["State"] == "SUCCEEDED", added["Status"]
    table = {"Table": {"DatabaseName": "db", "Name": "apart"}}
    reader = lake.role("apart-reader")
    lake.grant(f"arn:aws:iam::{lake.account}:role/apart-reader", ["SELECT"], table)
    reason = lake.failure("SELECT note FROM db.apart", reader)
    assert 'is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::loose"' in reason
    assert len(lake.rows("SELECT note FROM db.apart")) == 3


def test_a_statement_takes_no_location_in_another_spelling(athena_lake: Lake) -> None:
    """DDL is checked as the catalog's own operations are."""
    created = athena_lake.run("CREATE EXTERNAL TABLE db.odd (a int) STORED AS PARQUET LOCATION 's3://lake//reviews/'")
    assert created["Status"]["State"] == "FAILED"
    assert "not a valid Amazon S3 location" in created["Status"]["StateChangeReason"]
