"""The embedded Athena through boto3: large tables beside raw DuckDB, many people, and memory.

Every figure is a ratio within one run, or is named after its unit. The account is a process of its own.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import boto3
import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bench.edge import embedded

FILES = 10
ROUNDS = 5
TABLES, FEW, MANY = 100, 2, 200
SOME = 400
COLUMNS = (
    ("review_id", "string"), ("product_id", "string"), ("stars", "int"), ("votes", "int"), ("price", "double"),
    ("day", "date"), ("customer", "string"),
)  # fmt: skip
VISIBLE = ("review_id", "product_id", "stars", "votes", "price", "day")
QUERIES = {
    "one partition": "SELECT avg(stars), count(*) FROM {} WHERE category = 'c1'",
    "group all": "SELECT stars, count(*), sum(votes) FROM {} GROUP BY stars ORDER BY stars",
    "group strings": "SELECT product_id, count(*) n FROM {} GROUP BY product_id ORDER BY n DESC, product_id LIMIT 10",
    "top n": "SELECT review_id, price FROM {} ORDER BY price DESC, review_id LIMIT 10",
    "point": "SELECT review_id, stars FROM {} WHERE review_id = 'r7'",
}


class Lake:
    """An account with one bucket of data, one of results, and an administrator who grants."""

    def __init__(self, account: dict[str, Any]) -> None:
        self.account = account
        self.administrator = f"arn:aws:iam::{account['account_id']}:user/administrator"
        lakeformation, s3 = self.client("lakeformation"), self.client("s3")
        for bucket in ("lake", "results"):
            s3.create_bucket(Bucket=bucket)
        settings: Any = {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": self.administrator}]}
        closed: Any = {"CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": []}
        lakeformation.put_data_lake_settings(DataLakeSettings={**settings, **closed})
        lakeformation.register_resource(ResourceArn="arn:aws:s3:::lake", UseServiceLinkedRole=True)
        self.client("glue").create_database(DatabaseInput={"Name": "db"})

    def client(self, service: str, credentials: dict[str, Any] | None = None) -> Any:
        """A client of the administrator, or with STS's credentials."""
        own = credentials or {
            "AccessKeyId": self.account["access_key_id"],
            "SecretAccessKey": self.account["secret_access_key"],
        }
        session: Any = boto3.Session(
            own["AccessKeyId"], own["SecretAccessKey"], own.get("SessionToken"), self.account["region"]
        )
        return session.client(service, endpoint_url=self.account["endpoint_url"])

    def table(self, name: str, partitions: dict[str, bytes]) -> None:
        """A Parquet table with one object in each partition."""
        columns = ", ".join(f"{column} {kind}" for column, kind in COLUMNS)
        for value, body in partitions.items():
            self.client("s3").put_object(Bucket="lake", Key=f"{name}/category={value}/a.parquet", Body=body)
        run(
            self.client("athena"),
            f"CREATE EXTERNAL TABLE db.{name} ({columns}) PARTITIONED BY (category string) STORED AS PARQUET "
            f"LOCATION 's3://lake/{name}/'",
        )
        run(self.client("athena"), f"MSCK REPAIR TABLE db.{name}")

    def person(self, name: str, table: str, columns: tuple[str, ...]) -> Any:
        """An Athena client of a new role that may read these columns of the table."""
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": self.administrator}, "Action": "sts:AssumeRole"}
        allowed = {
            "Effect": "Allow",
            "Action": ["athena:*", "glue:Get*", "lakeformation:GetDataAccess", "s3:*"],
            "Resource": "*",
        }
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="reads", PolicyDocument=_policy(allowed))
        who: Any = {"DataLakePrincipalIdentifier": arn}
        granted: Any = {"TableWithColumns": {"DatabaseName": "db", "Name": table, "ColumnNames": list(columns)}}
        self.client("lakeformation").grant_permissions(Principal=who, Resource=granted, Permissions=["SELECT"])
        answer = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="bench")
        return self.client("athena", answer["Credentials"])


def run(athena: Any, sql: str) -> None:
    """Start a query, wait for its end, and read the first page of its result. It must succeed."""
    context, location = {"Database": "db"}, {"OutputLocation": "s3://results/q/"}
    query_id = athena.start_query_execution(
        QueryString=sql, QueryExecutionContext=context, ResultConfiguration=location
    )["QueryExecutionId"]
    status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
    while status["State"] not in ("SUCCEEDED", "FAILED", "CANCELLED"):
        status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
    if status["State"] != "SUCCEEDED":
        raise RuntimeError(f"{sql}: {status}")
    athena.get_query_results(QueryExecutionId=query_id)


def rows(count: int) -> Iterator[tuple[str, str]]:
    """All figures; ``count`` is the number of rows of the large table."""
    yield from beside_duckdb(count)
    yield from fixed_cost()
    yield from many_people()
    yield from memory()


def beside_duckdb(count: int) -> Iterator[tuple[str, str]]:
    """The same Parquet, read by DuckDB through a view, and by a person with six of eight columns through Athena."""
    partitions = {f"c{i}": _parquet(i, count // FILES) for i in range(FILES)}
    with tempfile.TemporaryDirectory() as folder, embedded() as account:
        for value, body in partitions.items():
            path = Path(folder, f"category={value}", "a.parquet")
            path.parent.mkdir()
            path.write_bytes(body)
        raw = duckdb.connect(config={"threads": 2})
        source = f"read_parquet('{folder}/*/*.parquet', hive_partitioning = true)"
        raw.execute(f"CREATE VIEW reviews AS SELECT {', '.join(VISIBLE)}, category FROM {source}")
        lake = Lake(account)
        lake.table("reviews", partitions)
        del partitions
        athena = lake.person("reader", "reviews", VISIBLE)
        first = QUERIES["group all"].format("reviews")
        after_grant = _seconds(lambda: run(athena, first))
        plain = _seconds(lambda: raw.execute(first).fetchall())
        copy = _seconds(lambda: raw.execute("CREATE TABLE copied AS SELECT * FROM reviews"))
        raw.execute("DROP TABLE copied")
        yield f"walls: first query after a grant, {count:,} rows, s", f"{after_grant:.2f}"
        yield "walls: that to raw DuckDB and one copy (goal: at most 1)", f"{after_grant / (plain + copy):.2f}"
        for _ in range(ROUNDS):  # warm on both sides: large tables are encoded beside the first queries
            for template in QUERIES.values():
                run(athena, template.format("reviews"))
                raw.execute(template.format("reviews")).fetchall()
        for name, template in QUERIES.items():
            sql = template.format("reviews")
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(ROUNDS):
                times[0].append(_seconds(lambda sql=sql: run(athena, sql)))  # type: ignore[misc]
                times[1].append(_seconds(lambda sql=sql: raw.execute(sql).fetchall()))  # type: ignore[misc]
            ours, theirs = map(median, times)
            yield f"walls: warm query, {name}, ms beside raw ms", f"{ours * 1000:.0f} / {theirs * 1000:.0f}"
            yield f"walls: ratio of the two, {name} (goal: at most 1.2)", f"{ours / theirs:.2f}"
        raw.close()


def fixed_cost() -> Iterator[tuple[str, str]]:
    """A query over ten rows (three calls), beside three calls that moto answers inside the same account."""
    with embedded() as account:
        lake = Lake(account)
        lake.table("tiny", {"c0": _parquet(0, 10)})
        athena, s3 = lake.person("reader", "tiny", VISIBLE), lake.client("s3")
        run(athena, "SELECT stars FROM tiny")
        query, calls = [], []
        for number in range(60):
            query.append(_seconds(lambda n=number: run(athena, f"SELECT stars + {n} FROM tiny")))  # type: ignore[misc]
            calls.append(_seconds(lambda: [s3.head_bucket(Bucket="lake") for _ in range(3)]))
        yield "walls: fixed cost of a query never seen before, ms", f"{median(query) * 1000:.1f}"
        yield (
            "walls: that above three calls that moto answers, ms (goal: at most 15)",
            (f"{(median(query) - median(calls)) * 1000:.1f}"),
        )


def many_people() -> Iterator[tuple[str, str]]:
    """Queries by 200 people with 200 different grants over 100 tables, beside queries by two of them, in turns."""
    with embedded() as account:
        lake = Lake(account)
        for table in range(TABLES):
            lake.table(f"t{table}", {"c0": _parquet(table, 1000)})
        people = []
        for number in range(MANY):
            columns = VISIBLE[: 2 + number % 3] if number < TABLES else VISIBLE[: 3 + number % 3]
            athena = lake.person(f"p{number}", f"t{number % TABLES}", columns)
            people.append((athena, f"SELECT product_id, count(*) FROM t{number % TABLES} GROUP BY product_id"))
        building = _seconds(lambda: [run(*person) for person in people]) / MANY
        few, many = [], []
        for _ in range(2):
            many.append(_seconds(lambda: [run(*person) for person in people]) / MANY)
            few.append(_seconds(lambda: [run(*people[n % FEW]) for n in range(MANY)]) / MANY)
        yield f"walls: a query by each of {FEW} people in turn, ms", f"{median(few) * 1000:.1f}"
        yield (
            f"walls: {MANY} people with different grants over {TABLES} tables to that (goal: at most 1.2)",
            (f"{median(many) / median(few):.2f}"),
        )
        yield "walls: the first query of each of them to that", f"{building / median(few):.2f}"


def memory() -> Iterator[tuple[str, str]]:
    """What the process holds more after each query, results deleted: the history keeps the last 10,000."""
    with embedded() as account:
        lake = Lake(account)
        lake.table("tiny", {"c0": _parquet(0, 10)})
        athena, s3 = lake.person("reader", "tiny", VISIBLE), lake.client("s3")

        def some(number: int) -> int:
            for n in range(SOME):
                run(athena, f"SELECT stars + {number * SOME + n} FROM tiny")
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket="results"):
                listed = [{"Key": one["Key"]} for one in page.get("Contents") or ()]
                if listed:
                    s3.delete_objects(Bucket="results", Delete={"Objects": listed})
            return _resident(account["pid"])

        held = [some(number) for number in range(5)]
        yield f"walls: memory after {SOME} queries, MB", f"{held[0] / 1e6:.0f}"
        yield (
            f"walls: more of it after each further {SOME} queries, MB",
            ", ".join(f"{(b - a) / 1e6:.1f}" for a, b in pairwise(held)),
        )


def _resident(pid: int) -> int:
    """Resident bytes of a process (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


def _seconds(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _parquet(partition: int, count: int) -> bytes:
    """The rows of one partition, the same for the same number."""
    draw = np.random.default_rng(partition)
    numbers = np.arange(count) + partition * count
    products = pa.array([f"product-{i:05d}" for i in range(5000)])
    columns = {
        "review_id": pa.array(np.char.add("r", numbers.astype(str))),
        "product_id": products.take(pa.array(draw.integers(0, 5000, count))),
        "stars": pa.array(draw.integers(1, 6, count, dtype=np.int32)),
        "votes": pa.array(draw.integers(0, 100, count, dtype=np.int32)),
        "price": pa.array(draw.random(count).round(4)),
        "day": pa.array(draw.integers(10_000, 16_000, count, dtype=np.int32)).cast(pa.date32()),
        "customer": products.take(pa.array(draw.integers(0, 5000, count))),
    }
    body = io.BytesIO()
    pq.write_table(pa.table(columns), body)
    return body.getvalue()
