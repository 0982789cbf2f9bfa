"""Sixty-four clients at once: everybody gets their own answers, and the account holds what all of them made of it."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.config import Config

from provision.partitions import PARQUET
from tests.conftest import CLIENT, Embedded

CLIENTS = 64
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}'
WIDE = CLIENT.merge(Config(max_pool_connections=CLIENTS))
MAY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["athena:*", "glue:Get*", "lakeformation:GetDataAccess", "s3:*"],
                "Resource": "*",
            }
        ],
    }
)


class Crowd:
    """One account, and the clients that everybody shares."""

    def __init__(self, account: Embedded) -> None:
        self.account = account
        names = ("iam", "sts", "s3", "glue", "lakeformation", "athena", "cloudtrail")
        self.of = {name: account.client(name, config=WIDE) for name in names}
        self.start = Barrier(CLIENTS)
        admin = f"arn:aws:iam::{account.account_id}:user/administrator"
        self.of["lakeformation"].put_data_lake_settings(
            DataLakeSettings={
                "DataLakeAdmins": [{"DataLakePrincipalIdentifier": admin}],
                "CreateDatabaseDefaultPermissions": [],
                "CreateTableDefaultPermissions": [],
            }
        )
        self.of["glue"].create_database(DatabaseInput={"Name": "shared"})
        self.of["s3"].create_bucket(Bucket="crowd")

    def live(self, number: int) -> list[str]:
        """One client's life: a role, a table and a file of its own, and what it sees. The request ids of its calls."""
        of, name = self.of, f"client{number}"
        self.start.wait()
        ids = []
        trust = TRUST % f"arn:aws:iam::{self.account.account_id}:root"
        role = of["iam"].create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        arn = role["Role"]["Arn"]
        ids.append(_id(role))
        ids.append(_id(of["iam"].put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=MAY)))
        rows = _rows(number)
        of["s3"].put_object(Bucket="crowd", Key=f"{name}/data.parquet", Body=rows)
        ids.append(_id(of["glue"].create_table(DatabaseName="shared", TableInput=_table(name))))
        for resource, permission in (
            ({"Name": "shared"}, "DESCRIBE"),
            ({"DatabaseName": "shared", "Name": name}, "SELECT"),
        ):
            kind = "Database" if permission == "DESCRIBE" else "Table"
            granted = of["lakeformation"].grant_permissions(
                Principal={"DataLakePrincipalIdentifier": arn}, Resource={kind: resource}, Permissions=[permission]
            )
            ids.append(_id(granted))
        session = of["sts"].assume_role(RoleArn=arn, RoleSessionName=name)
        ids.append(_id(session))
        me = self.account.client("athena", session["Credentials"])
        assert self.ask(me, "SHOW TABLES IN shared") == [name]
        assert self.ask(me, f"SELECT count(*), max(a), min(a) FROM shared.{name}")[1:] == [
            f"{number + 1},{number},{number}"
        ]
        stored = of["s3"].get_object(Bucket="crowd", Key=f"{name}/data.parquet")["Body"].read()
        assert stored == rows
        return ids

    def ask(self, athena: Any, sql: str) -> list[str]:
        """The lines of a query's answer."""
        where = {"OutputLocation": "s3://crowd/results/"}
        query = athena.start_query_execution(QueryString=sql, ResultConfiguration=where)["QueryExecutionId"]
        state = "QUEUED"
        while state in ("QUEUED", "RUNNING"):
            status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
            state = status["State"]
        assert state == "SUCCEEDED", status
        rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
        return [",".join(cell.get("VarCharValue", "") for cell in row["Data"]) for row in rows]


@pytest.fixture(scope="module")
def crowd(start_embedded: Callable[..., AbstractContextManager[Embedded]]) -> Iterator[tuple[Crowd, list[list[str]]]]:
    """Everybody has lived, at the same time."""
    with start_embedded("--trail-delay", "0") as account:
        crowd = Crowd(account)
        with ThreadPoolExecutor(CLIENTS) as pool:
            yield crowd, list(pool.map(crowd.live, range(CLIENTS)))


def test_everybody_sees_their_own(crowd: tuple[Crowd, list[list[str]]]) -> None:
    """Each client saw its own table, rows and files and nobody else's, while all others were at it."""
    assert len(crowd[1]) == CLIENTS


def test_the_state_is_the_sum_of_all(crowd: tuple[Crowd, list[list[str]]]) -> None:
    """Every role, table and grant is there once, and no other."""
    of = crowd[0].of
    names = {f"client{number}" for number in range(CLIENTS)}
    roles = [role["RoleName"] for page in of["iam"].get_paginator("list_roles").paginate() for role in page["Roles"]]
    assert {name for name in roles if name.startswith("client")} == names
    pages = of["glue"].get_paginator("get_tables").paginate(DatabaseName="shared")
    assert sorted(table["Name"] for page in pages for table in page["TableList"]) == sorted(names)
    granted: Counter[tuple[str, str, str]] = Counter()
    token: dict[str, str] = {}
    while True:
        page = of["lakeformation"].list_permissions(**token)
        for row in page["PrincipalResourcePermissions"]:
            who = row["Principal"]["DataLakePrincipalIdentifier"].rpartition("/")[2]
            if who in names:
                [(kind, resource)] = row["Resource"].items()
                granted[who, kind, resource["Name"]] += 1
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    wanted = [(name, *what) for name in names for what in (("Database", "shared"), ("TableWithColumns", name))]
    assert granted == Counter(wanted)


def test_every_call_is_recorded_once(crowd: tuple[Crowd, list[list[str]]]) -> None:
    """The event history holds each call of each client under its request id, exactly once."""
    asked = Counter(request_id for ids in crowd[1] for request_id in ids)
    found: Counter[str] = Counter()
    for name in ("CreateRole", "PutRolePolicy", "CreateTable", "GrantPermissions", "AssumeRole"):
        lookup = [{"AttributeKey": "EventName", "AttributeValue": name}]
        for page in crowd[0].of["cloudtrail"].get_paginator("lookup_events").paginate(LookupAttributes=lookup):
            found.update(json.loads(row["CloudTrailEvent"])["requestID"] for row in page["Events"])
    assert found == asked


def _rows(number: int) -> bytes:
    """A Parquet file of one row more than the number."""
    buffer = io.BytesIO()
    table = pa.table({"a": pa.array([number] * (number + 1), pa.int32()), "b": pa.array(range(number + 1), pa.int32())})
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _id(answer: dict[str, Any]) -> str:
    return str(answer["ResponseMetadata"]["RequestId"])


def _table(name: str) -> dict[str, Any]:
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": {
            "Columns": [{"Name": "a", "Type": "int"}, {"Name": "b", "Type": "int"}],
            "Location": f"s3://crowd/{name}/",
            **PARQUET,
        },
    }
