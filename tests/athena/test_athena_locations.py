"""Where rows are read from: after a table has moved, and where no credentials are vended."""

from __future__ import annotations

import json

from tests.athena.lake import Lake


def test_after_a_move_the_tables_grants_hold_for_the_rows_of_the_new_place(lake: Lake) -> None:
    """Readers keep their columns and get the new rows; in a place that is not registered, by their own S3 rights."""
    lake.run("CREATE EXTERNAL TABLE db.mine (note string, more string) STORED AS PARQUET LOCATION 's3://lake/mine/'")
    glue = lake.embedded.client("glue")
    reader = lake.role("moves-reader")
    arn = f"arn:aws:iam::{lake.account}:role/moves-reader"
    lake.grant(arn, ["SELECT"], {"TableWithColumns": {"DatabaseName": "db", "Name": "mine", "ColumnNames": ["note"]}})
    table_resource = {"Table": {"DatabaseName": "db", "Name": "mine"}}
    everybody = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
    lake.embedded.client("lakeformation").revoke_permissions(
        Principal=everybody, Resource=table_resource, Permissions=["ALL"]
    )
    lake.grant(f"arn:aws:iam::{lake.account}:user/administrator", ["ALTER"], table_resource)
    body = lake.embedded.client("s3").get_object(Bucket="loose", Key="notes/a.parquet")["Body"].read()
    lake.embedded.client("s3").put_object(Bucket="lake", Key="moved/a.parquet", Body=body)
    sql = "SELECT * FROM db.mine ORDER BY 1"
    assert lake.rows(sql, reader) == []
    shown = glue.get_table(DatabaseName="db", Name="mine")["Table"]
    table = {key: shown[key] for key in ("Name", "StorageDescriptor", "TableType", "Parameters")}
    table["StorageDescriptor"]["Location"] = "s3://lake/moved/"
    glue.update_table(DatabaseName="db", TableInput=table)
    assert lake.rows(sql, reader) == [["one"], ['say "hi"'], [None]]
    table["StorageDescriptor"]["Location"] = "s3://loose/notes/"
    glue.update_table(DatabaseName="db", TableInput=table)
    assert "s3:ListBucket" in lake.failure(sql, reader)


def test_a_location_that_is_not_registered_is_listed_with_the_callers_own_right(lake: Lake) -> None:
    """Whoever may create tables but not list the bucket learns no object's name; who may list reads on."""
    reader = lake.role("lister")
    notes = {"Table": {"DatabaseName": "loose", "Name": "notes"}}
    lake.grant(f"arn:aws:iam::{lake.account}:role/lister", ["SELECT"], notes)
    refused = lake.failure("SELECT * FROM notes", reader, database="loose")
    assert refused.startswith("PERMISSION_DENIED: User: ") and "s3:ListBucket" in refused
    assert "a.parquet" not in refused
    _allow(lake, "ListBucket", "arn:aws:s3:::loose")
    assert "s3:GetObject" in lake.failure("SELECT * FROM notes", reader, database="loose")
    _allow(lake, "GetObject", "arn:aws:s3:::loose/*")
    assert len(lake.rows("SELECT * FROM notes", reader, database="loose")) == 3


def _allow(lake: Lake, action: str, resource: str) -> None:
    statement = {"Effect": "Allow", "Action": f"s3:{action}", "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    lake.embedded.client("iam").put_role_policy(RoleName="lister", PolicyName=action, PolicyDocument=document)
