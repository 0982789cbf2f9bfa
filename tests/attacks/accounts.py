"""The two worlds as embedded accounts of their own, seen through boto3 by a data scientist with a role.

Everything is provisioned as a user would: buckets, Glue tables, Lake Formation grants, a data cells filter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from tests.attacks.oracle import Seen
from tests.attacks.worlds import ROW_FILTER, SCHEMAS, SERDE, VISIBLE, World
from tests.conftest import Embedded, running

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RESULTS = "s3://results/q/"
ALLOWED = {
    "*": ["athena:*", "glue:Get*", "glue:SearchTables", "lakeformation:GetDataAccess"],
    "arn:aws:s3:::results": ["s3:GetBucketLocation", "s3:ListBucket"],
    "arn:aws:s3:::results/*": ["s3:GetObject", "s3:PutObject"],
}
"""What the data scientist's role may do, by resource."""


class Account:
    """One world in a running account."""

    def __init__(self, embedded: Embedded) -> None:
        self.embedded = embedded

    @classmethod
    @contextmanager
    def running(cls, world: World) -> Iterator[Account]:
        """A fresh account with the world's data, closed to everybody who was granted nothing."""
        with running() as embedded:
            account = cls(embedded)
            account._provision(world)
            yield account

    def observer(self, principal: str) -> Callable[[str], Seen]:
        """What a new role with the principal's grants receives for a statement."""
        credentials = self.role(principal)
        athena, s3 = (self.embedded.client(service, credentials) for service in ("athena", "s3"))
        return lambda sql: self._observe(athena, s3, sql)

    def role(self, principal: str) -> dict[str, Any]:
        """Credentials of a role named after the principal, with its grants."""
        arn = reading_role(self.embedded, principal)
        for table, columns in VISIBLE.items():
            resource: dict[str, Any] = {
                "TableWithColumns": {"DatabaseName": "db", "Name": table, "ColumnNames": list(columns)}
            }
            if principal == "rows" and table == "reviews":
                resource = {"DataCellsFilter": self._filter(columns)}
            self._grant(arn, resource, "SELECT")
        return self.embedded.as_role(arn, "analyst")

    def _provision(self, world: World) -> None:
        s3, glue = self.embedded.client("s3"), self.embedded.client("glue")
        administered(self.embedded)
        for key, body in world.store.objects["lake"].items():
            s3.put_object(Bucket="lake", Key=key, Body=body)
        for database in ("db", "hidden"):
            glue.create_database(DatabaseInput={"Name": database})
        for (database, table), _ in SCHEMAS.items():
            document = world.lakeformation.catalog.table(database, table)
            table_input: Any = {key: value for key, value in document.items() if key != "DatabaseName"}
            glue.create_table(DatabaseName=database, TableInput=table_input)
        for stored in world.lakeformation.catalog.partitions("db", "reviews"):
            storage: Any = {**stored["StorageDescriptor"], "SerdeInfo": {"SerializationLibrary": SERDE}}
            partition = {"Values": stored["Values"], "StorageDescriptor": storage}
            glue.create_partition(DatabaseName="db", TableName="reviews", PartitionInput=partition)

    def _filter(self, columns: tuple[str, ...]) -> dict[str, Any]:
        named = {
            "TableCatalogId": self.embedded.account_id, "DatabaseName": "db", "TableName": "reviews", "Name": "open",
        }  # fmt: skip
        listed = [column for column in columns if column != "category"]
        self.embedded.client("lakeformation").create_data_cells_filter(
            TableData={**named, "ColumnNames": listed, "RowFilter": {"FilterExpression": ROW_FILTER}}
        )
        return named

    def _grant(self, principal: str, resource: dict[str, Any], permission: str) -> None:
        who: Any = {"DataLakePrincipalIdentifier": principal}
        self.embedded.client("lakeformation").grant_permissions(
            Principal=who, Resource=resource, Permissions=[permission]
        )

    def _observe(self, athena: Any, s3: Any, sql: str) -> Seen:
        """Answer, status, bytes scanned, pages, and the result object read with the caller's own rights."""
        try:
            query_id = athena.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Database": "db"},
                ResultConfiguration={"OutputLocation": RESULTS},
            )["QueryExecutionId"]
        except ClientError as error:
            return Seen("REFUSED", _ID.sub("<id>", repr(error.response["Error"])))
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        status = execution["Status"]
        received: list[Any] = [{k: v for k, v in status.items() if not k.endswith("DateTime")}]
        received += [execution["Statistics"].get("DataScannedInBytes"), execution.get("SubstatementType")]
        if status["State"] == "SUCCEEDED":
            pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
            received += [page["ResultSet"] for page in pages]
            bucket, _, key = execution["ResultConfiguration"]["OutputLocation"][len("s3://") :].partition("/")
            received.append(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return Seen(status["State"], _ID.sub("<id>", repr(received)))


def administered(embedded: Embedded) -> None:
    """A data lake administrator, closed defaults, and two buckets of which ``lake`` is registered."""
    lakeformation, s3 = embedded.client("lakeformation"), embedded.client("s3")
    settings: Any = {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": administrator(embedded)}]}
    closed: Any = {"CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": []}
    lakeformation.put_data_lake_settings(DataLakeSettings={**settings, **closed})
    for bucket in ("lake", "results"):
        s3.create_bucket(Bucket=bucket)
    lakeformation.register_resource(ResourceArn="arn:aws:s3:::lake", UseServiceLinkedRole=True)


def reading_role(embedded: Embedded, name: str) -> str:
    """The ARN of a new role whom IAM lets read with Athena; nothing is granted to it."""
    iam = embedded.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": administrator(embedded)}, "Action": "sts:AssumeRole"}
    arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy([trust]))["Role"]["Arn"])
    allowed = [{"Effect": "Allow", "Action": a, "Resource": r} for r, a in ALLOWED.items()]
    iam.put_role_policy(RoleName=name, PolicyName="reads", PolicyDocument=_policy(allowed))
    return arn


def administrator(embedded: Embedded) -> str:
    return f"arn:aws:iam::{embedded.account_id}:user/administrator"


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
