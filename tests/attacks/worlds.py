"""Two worlds that agree in everything visible and differ in every hidden column and in the hidden rows.

Each is an Athena with light doubles around it: a catalog, grants, S3 and IAM that lets everything through, so that
nothing but the two walls stands between a principal and the data.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from localaws.athena import Athena
from localaws.call import Call
from localaws.caller import Caller
from localaws.clock import Clock
from localaws.errors import AwsError
from localaws.faults import Faults
from localaws.lakeformation import denials
from localaws.lakeformation.visibility import Cell, Explanation, Visibility, nothing
from localaws.store.records import StoredObject

ACCOUNT = "111122223333"
COLUMNS_ONLY = f"arn:aws:iam::{ACCOUNT}:role/columns"
COLUMNS_AND_ROWS = f"arn:aws:iam::{ACCOUNT}:role/rows"
PRINCIPALS = {"columns": COLUMNS_ONLY, "rows": COLUMNS_AND_ROWS}
MARKER = "HIDDEN"
VISIBLE = {"reviews": ("review_id", "product", "stars", "category"), "products": ("product", "maker")}
ROW_FILTER = "secret_tag = 'open' AND votes < 1000 AND category < 'C'"
SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"

SCHEMAS: dict[tuple[str, str], list[tuple[str, str]]] = {
    ("db", "reviews"): [
        ("review_id", "string"),
        ("product", "string"),
        ("stars", "int"),
        ("customer", "string"),
        ("body", "string"),
        ("votes", "int"),
        ("secret_tag", "string"),
    ],
    ("db", "products"): [("product", "string"), ("maker", "string"), ("cost", "int")],
    ("db", "secrets"): [("review_id", "string"), ("token", "string")],
    ("hidden", "things"): [("name", "string")],
}


def rows(world: int, category: str, hidden_rows: bool) -> list[tuple[Any, ...]]:
    """The rows of one partition of ``reviews``. Visible: 8 in each; hidden values and hidden rows hang on ``world``."""
    found: list[tuple[Any, ...]] = []
    for i in range(8):
        hidden = (f"{MARKER}-{world}-c{(i * (3 + world)) % 7}", f"{MARKER} body {world} {i}", (i * (world + 2)) % 11)
        found.append((f"{category}{i}", f"p{i % 3}", 1 + i % 5, *hidden, "open"))
        for extra in range(world + (i % 2) if hidden_rows else 0):
            secret = (f"{MARKER}-{world}-x{extra}", f"{MARKER} row", 2000 + i, "closed")
            found.append((f"{MARKER}-{category}{i}{extra}", f"p{extra}", 9, *secret))
    return found


class Store:
    """S3, as far as queries use it."""

    def __init__(self) -> None:
        self.objects: dict[str, OrderedDict[str, bytes]] = {"lake": OrderedDict(), "results": OrderedDict()}

    def bucket_exists(self, bucket: str) -> bool:
        return bucket in self.objects

    def list_objects(self, bucket: str, prefix: str = "") -> list[StoredObject]:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        return [
            StoredObject(key, len(body), f'"{hash(body):x}"', now)
            for key, body in sorted(self.objects[bucket].items())
            if key.startswith(prefix)
        ]

    def read_object(self, bucket: str, key: str) -> bytes:
        try:
            return self.objects[bucket][key]
        except KeyError:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404) from None

    def write_object(self, bucket: str, key: str, body: bytes, content_type: str) -> None:
        self.objects[bucket][key] = body


class Catalog:
    """The stored catalog; ``categories`` are the partitions of ``reviews``."""

    def __init__(self, categories: str) -> None:
        self._databases = {name: {"Name": name} for name in ("db", "hidden")}
        self._tables: dict[str, dict[str, dict[str, Any]]] = {"db": {}, "hidden": {}}
        for (database, table), columns in SCHEMAS.items():
            keys = [{"Name": "category", "Type": "string"}] if table == "reviews" else []
            storage = {
                "Columns": [{"Name": n, "Type": t} for n, t in columns],
                "Location": f"s3://lake/{table}",
                "SerdeInfo": {"SerializationLibrary": SERDE},
            }
            self._tables[database][table] = {
                "Name": table,
                "DatabaseName": database,
                "StorageDescriptor": storage,
                "PartitionKeys": keys,
                "TableType": "EXTERNAL_TABLE",
            }
        self._partitions = tuple(
            {"Values": [v], "StorageDescriptor": {"Location": f"s3://lake/reviews/category={v}"}} for v in categories
        )

    def drop_the_hidden(self) -> None:
        """Nothing is there but what somebody may see: no hidden database, table or column."""
        del self._databases["hidden"], self._tables["hidden"], self._tables["db"]["secrets"]
        for name, table in self._tables["db"].items():
            storage = table["StorageDescriptor"]
            storage["Columns"] = [column for column in storage["Columns"] if column["Name"] in VISIBLE[name]]

    def databases(self) -> dict[str, Any]:
        return self._databases

    def database(self, name: str) -> Any:
        return self._databases.get(name)

    def tables(self, database: str) -> dict[str, Any]:
        return self._tables.get(database, {})

    def table(self, database: str, name: str) -> Any:
        return self.tables(database).get(name)

    def partitions(self, database: str, table: str) -> tuple[Any, ...]:
        return self._partitions if table == "reviews" else ()


class LakeFormation:
    """Grants: some columns of ``reviews`` and ``products``, to one principal with a row filter; nothing else."""

    def __init__(self, categories: str) -> None:
        self.lock = threading.RLock()
        self.catalog = Catalog(categories)

    def visible(self, who: Caller, database: str, table: str) -> Visibility:
        document = self.catalog.table(database, table)
        principal = who.principal_arn
        if document is None:
            return nothing(principal, database, table)
        every = tuple(c["Name"] for c in (*document["StorageDescriptor"]["Columns"], *document["PartitionKeys"]))
        columns = VISIBLE.get(table, ())
        filtered = ROW_FILTER if table == "reviews" and principal == COLUMNS_AND_ROWS else None
        cells = (Cell(columns, filtered),) if columns else ()
        held = frozenset({"SELECT"}) if columns else frozenset()
        return Visibility(principal, database, table, True, every, columns, cells, held, columns, False, True, None, ())

    def database_visible(self, who: Caller, database: str) -> bool:
        return database == "db"

    def knows_of_missing(self, who: Caller, database: str | None) -> bool:
        return False

    def registered(self, uri: str) -> bool:
        return uri.startswith("s3://lake/")

    def registered_alike(self, uri: str, home: str) -> bool:
        return self.registered(uri) == self.registered(home)

    def may(self, who: Caller, permission: str, resource: Any) -> Explanation:
        return Explanation(False, ())

    def require(self, who: Caller, permission: str, resource: Any) -> None:
        raise denials.required(permission, resource)


class LetsThrough:
    """IAM that allows everything."""

    def check(self, *_: Any) -> None:
        return None


class Trail:
    """Keeps what was recorded."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def record(self, call: Call, output: Any, error: Any) -> None:
        self.calls.append(call)


def pair(principal: str) -> tuple[World, World]:
    """Two worlds that the principal cannot tell apart: for one without a row filter they hold the same rows."""
    hidden_rows = principal == "rows"
    return World(1, hidden_rows), World(2, hidden_rows)


class World:
    """An account as far as Athena sees one. ``hidden_rows``: whether there are rows that the row filter hides.

    In a ``bare`` one nothing hidden exists in the catalog; it is for a principal without a row filter.
    """

    def __init__(self, number: int, hidden_rows: bool = True, bare: bool = False) -> None:
        self.number, self.hidden_rows = number, hidden_rows
        self.account_id, self.region = ACCOUNT, "us-east-1"
        self.clock = Clock()
        self.store = Store()
        self._hidden_categories = ("D", "CEF")[number - 1] if hidden_rows else ""
        self.lakeformation = LakeFormation("AB" + self._hidden_categories)
        if bare:
            self.lakeformation.catalog.drop_the_hidden()
        self.faults = Faults()
        self.authorizer = LetsThrough()
        self.cloudtrail = Trail()
        self._fill()
        self.athena = Athena(self)  # type: ignore[arg-type]

    def _fill(self) -> None:
        for category in "AB":
            data = rows(self.number, category, self.hidden_rows)
            self._put(f"reviews/category={category}/a.parquet", "reviews", data[: len(data) // 2])
            self._put(f"reviews/category={category}/b.parquet", "reviews", data[len(data) // 2 :])
        for category in self._hidden_categories:
            data = [row for row in rows(self.number, category, True) if row[6] == "closed"]
            self._put(f"reviews/category={category}/a.parquet", "reviews", data)
        self._put("products/a.parquet", "products", [(f"p{i}", f"maker {i}", self.number * 7 + i) for i in range(3)])
        self._put("secrets/a.parquet", "secrets", [("A0", f"{MARKER} token {self.number}")] * self.number)
        self._put("things/a.parquet", "things", [(f"{MARKER} thing",)])

    def _put(self, key: str, table: str, data: list[tuple[Any, ...]]) -> None:
        columns = next(c for (_, name), c in SCHEMAS.items() if name == table)
        types = {"string": pa.string(), "int": pa.int32()}
        arrays = [pa.array([row[i] for row in data], types[t]) for i, (_, t) in enumerate(columns)]
        body = io.BytesIO()
        pq.write_table(pa.Table.from_arrays(arrays, [n for n, _ in columns]), body)
        self.store.write_object("lake", key, body.getvalue(), "application/octet-stream")

    def call(self, principal: str, operation: str, **params: Any) -> Call:
        """A call of Athena by a principal."""
        caller = Caller("user", ACCOUNT, principal, "AIDA")
        return Call(caller, "athena", operation, params, self.region, self.clock.now(), "request")
