"""A small data lake in a running account: one governed table, one that is not, and roles with different rights."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

RESULTS = "s3://results/q/"
COLUMNS = (
    ("review_id", "string"), ("product", "string"), ("stars", "int"), ("price", "decimal(10,2)"),
    ("customer", "string"),
)  # fmt: skip
READER = {
    "athena": ["athena:*"],
    "glue": ["glue:Get*"],
    "results": ["s3:GetBucketLocation", "s3:GetObject", "s3:PutObject", "s3:ListBucket"],
    "data access": ["lakeformation:GetDataAccess"],
}
"""What a reader's policy allows, by name, so that a test can leave one out."""


class Lake:
    """``embedded`` is the running account; the administrator provisions through Athena and Lake Formation."""

    def __init__(self, embedded: Any) -> None:
        self.embedded = embedded
        self.account = embedded.account_id
        self._clients: dict[str, Any] = {}

    def provision(self) -> Lake:
        """Buckets, data, tables, grants: ``db.reviews`` governed, ``loose.notes`` on an unregistered location."""
        s3, lf = self.embedded.client("s3"), self.embedded.client("lakeformation")
        for bucket in ("lake", "loose", "results", "forbidden"):
            s3.create_bucket(Bucket=bucket)
        for category in ("Books", "Music"):
            s3.put_object(Bucket="lake", Key=f"reviews/category={category}/a.parquet", Body=_reviews(category))
        s3.put_object(Bucket="loose", Key="notes/a.parquet", Body=_parquet({"note": ["one", None, 'say "hi"']}))
        columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS)
        for sql in (
            "CREATE DATABASE db", "CREATE DATABASE loose",
            f"CREATE EXTERNAL TABLE db.reviews ({columns}) PARTITIONED BY (category string) STORED AS PARQUET "
            "LOCATION 's3://lake/reviews/'",
            "MSCK REPAIR TABLE db.reviews",
            "CREATE EXTERNAL TABLE loose.notes (note string) STORED AS PARQUET LOCATION 's3://loose/notes/'",
        ):  # fmt: skip
            assert self.run(sql)["Status"]["State"] == "SUCCEEDED", sql
        administrator = f"arn:aws:iam::{self.account}:user/administrator"
        lf.put_data_lake_settings(
            DataLakeSettings={
                "DataLakeAdmins": [{"DataLakePrincipalIdentifier": administrator}],
                "CreateDatabaseDefaultPermissions": [],
                "CreateTableDefaultPermissions": [],
            }
        )
        lf.register_resource(ResourceArn="arn:aws:s3:::lake", UseServiceLinkedRole=True)
        everybody = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
        table = {"Table": {"DatabaseName": "db", "Name": "reviews"}}
        lf.revoke_permissions(Principal=everybody, Resource=table, Permissions=["ALL"])
        lf.revoke_permissions(Principal=everybody, Resource={"Database": {"Name": "db"}}, Permissions=["ALL"])
        lf.revoke_permissions(Principal=everybody, Resource={"Catalog": {}}, Permissions=["CREATE_DATABASE"])
        self.grant(administrator, ["SELECT"], {"Table": {"DatabaseName": "db", "Name": "reviews"}})
        return self

    def role(self, name: str, without: str | None = None, columns: tuple[str, ...] = ()) -> dict[str, Any]:
        """Credentials of a role that may read; ``without`` leaves a part of its policy out, ``columns`` are granted."""
        iam = self.embedded.client("iam")
        administrator = f"arn:aws:iam::{self.account}:user/administrator"
        trust = _policy([{"Effect": "Allow", "Principal": {"AWS": administrator}, "Action": "sts:AssumeRole"}])
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        allowed = [action for part, actions in READER.items() if part != without for action in actions]
        results = ["arn:aws:s3:::results", "arn:aws:s3:::results/*"]
        statements = [
            {"Effect": "Allow", "Action": [a for a in allowed if not a.startswith("s3:")], "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": [a for a in allowed if a.startswith("s3:")] or ["s3:None"],
                "Resource": results,
            },
        ]
        iam.put_role_policy(RoleName=name, PolicyName="reads", PolicyDocument=_policy(statements))
        if columns:
            resource = {"DatabaseName": "db", "Name": "reviews", "ColumnNames": list(columns)}
            self.grant(arn, ["SELECT"], {"TableWithColumns": resource})
        return self.embedded.as_role(arn, "tester")

    def grant(self, principal: str, permissions: list[str], resource: dict[str, Any]) -> None:
        """Grant through Lake Formation."""
        lf = self.embedded.client("lakeformation")
        who = {"DataLakePrincipalIdentifier": principal}
        lf.grant_permissions(Principal=who, Resource=resource, Permissions=permissions)

    def athena(self, credentials: dict[str, Any] | None = None) -> Any:
        """A client, made once for the same credentials."""
        key = (credentials or {}).get("AccessKeyId", "administrator")
        if key not in self._clients:
            self._clients[key] = self.embedded.client("athena", credentials)
        return self._clients[key]

    def start(self, sql: str, credentials: dict[str, Any] | None = None, database: str = "db", **more: Any) -> str:
        """The id of a started query."""
        given = {"ResultConfiguration": {"OutputLocation": RESULTS}, **more}
        context = {"Database": database}
        answer = self.athena(credentials).start_query_execution(
            QueryString=sql, QueryExecutionContext=context, **{k: v for k, v in given.items() if v is not None}
        )
        return str(answer["QueryExecutionId"])

    def run(self, sql: str, credentials: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """The query execution, ended."""
        query_id = self.start(sql, credentials, **more)
        execution: dict[str, Any] = self.athena(credentials).get_query_execution(QueryExecutionId=query_id)[
            "QueryExecution"
        ]
        return execution

    def rows(self, sql: str, credentials: dict[str, Any] | None = None, **more: Any) -> list[list[str | None]]:
        """The rows of a query that succeeds, as text, without the header of a SELECT."""
        execution = self.run(sql, credentials, **more)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"].get("StateChangeReason")
        pages = self.athena(credentials).get_paginator("get_query_results")
        found = [
            [cell.get("VarCharValue") for cell in row["Data"]]
            for page in pages.paginate(QueryExecutionId=execution["QueryExecutionId"])
            for row in page["ResultSet"]["Rows"]
        ]
        return found[1:] if execution["StatementType"] == "DML" else found

    def failure(self, sql: str, credentials: dict[str, Any] | None = None, **more: Any) -> str:
        """The reason of a query that fails; AthenaError says the same."""
        status = self.run(sql, credentials, **more)["Status"]
        assert status["State"] == "FAILED", status
        assert status["AthenaError"]["ErrorMessage"] == status["StateChangeReason"]
        return str(status["StateChangeReason"])


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _parquet(columns: dict[str, Any]) -> bytes:
    body = io.BytesIO()
    pq.write_table(pa.table(columns), body)
    return body.getvalue()


def _reviews(category: str) -> bytes:
    ids = [f"{category[0]}{i}" for i in range(6)]
    price = pa.array([f"{i}.50" for i in range(6)]).cast(pa.decimal128(10, 2))
    stars = pa.array([1 + i % 5 if i else None for i in range(6)], pa.int32())
    products = [f"p{i % 2}" for i in range(6)]
    customers = [f"HIDDEN-{category}-{i}" for i in range(6)]
    columns = {"review_id": ids, "product": products, "stars": stars, "price": price, "customer": customers}
    return _parquet(columns)
