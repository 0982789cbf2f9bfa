"""Ways to take a wall away, and engines that are weaker than either: what the oracle must see through.

``observer`` gives for each design the function that says what a principal receives for a statement in one world.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify

from localaws.athena.catalog import CallerCatalog
from localaws.athena.engine import Engine
from localaws.athena.planning import plan
from tests.attacks.oracle import Seen, observe
from tests.attacks.worlds import PRINCIPALS, ROW_FILTER, SCHEMAS, VISIBLE, World

Observer = Callable[[str], Seen]
OPEN = {"threads": 1, "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
"""An instance that can reach files; only the network is left out of it, so that no test goes there."""
VOLATILE = re.compile(r"(?i)\b(random|rand|uuid|now|current_\w+|analyze|txid_current|explain|\w*sample|duckdb_\w+)\b")
CHANGES = re.compile(
    r"(?i)\b(drop|create|alter|insert|update|delete|truncate|attach|use|set|vacuum|merge|call|pragma)\b"
)
DESIGNS = (
    "both walls", "first wall alone", "second wall alone", "neither wall", "names only", "plain views over the files",
)  # fmt: skip


def observer(design: str, world: World, principal: str) -> Observer:
    """What the principal receives for a statement in this world with this design."""
    if design == "both walls":
        return lambda sql: observe(world, PRINCIPALS[principal], sql)
    if design == "first wall alone":
        open_the_engine(world, principal)
        return lambda sql: observe(world, PRINCIPALS[principal], sql)
    if design == "second wall alone":
        return lambda sql: without_the_first(world, principal, sql)
    connection = duckdb.connect(":memory:", config=OPEN)
    if design == "neither wall":
        every_row(world, connection, "lf_db")
        return lambda sql: all_spellings(connection, sql)
    if design == "names only":
        every_row(world, connection, "lf_db")
        if principal == "rows":
            connection.execute(f"DELETE FROM lf_db.reviews WHERE NOT ({ROW_FILTER})")
        return lambda sql: names_only(connection, sql)
    folder = tempfile.TemporaryDirectory()
    views_over_files(world, connection, principal, Path(folder.name))
    return lambda sql: over_files(connection, folder, sql)


def every_row(world: World, connection: duckdb.DuckDBPyConnection, schema: str = "raw") -> None:
    """All tables of the world, whole, as ``<schema>.<table>``."""
    connection.execute(f"CREATE SCHEMA {schema}")
    for (_, table), columns in SCHEMAS.items():
        names = [name for name, _ in columns]
        bodies = [(key, body) for key, body in world.store.objects["lake"].items() if key.startswith(f"{table}/")]
        parts = []
        for key, body in bodies:
            read = pq.read_table(io.BytesIO(body)).select(names)
            found = re.search(r"category=(\w)", key)
            parts.append(read.append_column("category", [[found[1]] * len(read)]) if found else read)
        connection.register("incoming", pa.concat_tables(parts))
        connection.execute(f"CREATE TABLE {schema}.{table} AS SELECT * FROM incoming")
        connection.unregister("incoming")


def views(connection: duckdb.DuckDBPyConnection, principal: str, source: Callable[[str], str]) -> None:
    """What the principal may see, as plain views over everything."""
    connection.execute("CREATE SCHEMA lf_db")
    for table, columns in VISIBLE.items():
        where = f" WHERE {ROW_FILTER}" if table == "reviews" and principal == "rows" else ""
        connection.execute(f"CREATE VIEW lf_db.{table} AS SELECT {', '.join(columns)} FROM {source(table)}{where}")


class Unlocked(Engine):
    """No second wall: everything is in the instance, nothing is locked, plain views stand before it."""

    def __init__(self, world: World, principal: str) -> None:
        self.sizes = {("db", t, c): 1 for t, columns in VISIBLE.items() for c in columns}
        self.bytes = 0
        self._connection = duckdb.connect(":memory:", config=OPEN)
        every_row(world, self._connection)
        views(self._connection, principal, lambda table: f"raw.{table}")


class UnlockedEngines:
    """One unlocked engine for every query that reads a table."""

    def __init__(self, world: World, principal: str, otherwise: Any) -> None:
        self._engine, self._otherwise = Unlocked(world, principal), otherwise

    def get(self, shapes: list[Any], load: Callable[..., Any]) -> Any:
        if any(shape.table.visibility is None for shape in shapes):
            return self._otherwise.get(shapes, load)
        return self._engine

    def clear(self) -> None:
        self._engine._connection.close()
        del self._engine
        self._otherwise.clear()


def open_the_engine(world: World, principal: str) -> None:
    """Take the second wall away from the world's queries."""
    reader = world.athena.runner().reader
    reader.engines = UnlockedEngines(world, principal, reader.engines)  # type: ignore[assignment]


def engine_of(world: World, principal: str) -> Engine:
    """The locked engine that the principal's queries run on."""
    runner = world.athena.runner()
    call = world.call(PRINCIPALS[principal], "StartQueryExecution")
    catalog = CallerCatalog(world, call, runner.tables, "db")  # type: ignore[arg-type]
    shapes = runner.reader.shapes(plan("SELECT 1 FROM reviews, products", catalog), catalog)
    return runner.reader.engines.get(shapes, lambda shape: shape.load(runner.reader.columns))


def without_the_first(world: World, principal: str, sql: str) -> Seen:
    """Every spelling of the statement on the locked engine, its own error text shown; a changed engine is made anew."""
    seen = all_spellings(engine_of(world, principal)._connection, sql)
    if CHANGES.search(sql):
        world.athena.runner().reader.engines.clear()
    return seen


def all_spellings(connection: duckdb.DuckDBPyConnection, sql: str) -> Seen:
    """What the engine says to the statement in each spelling."""
    seen = [raw(connection, text) for text in spellings(sql)]
    return Seen(seen[0].state, "\n".join(one.received for one in seen))


def spellings(sql: str) -> Iterator[str]:
    """The statement as it stands, and in the engine's dialect with the engine's names of tables."""
    texts = [sql]
    with contextlib.suppress(SqlglotError, RecursionError):
        texts += sqlglot.transpile(sql, read="athena", write="duckdb")
    for text in dict.fromkeys(texts):
        yield in_the_engines_names(text)
        yield text


def in_the_engines_names(text: str) -> str:
    """Names of visible tables as the engine calls them; words inside a path or in quotes stay."""
    pattern = r'(?i)(?<![\w."/\'])(?:"?awsdatacatalog"?\.)?(?:"?db"?\.)?"?(reviews|products)"?(?![\w/])'
    return re.sub(pattern, r"lf_db.\1", text)


def raw(connection: duckdb.DuckDBPyConnection, sql: str) -> Seen:
    """What the engine itself says to a statement, its own error text included."""
    cursor = connection.cursor()
    limit = threading.Timer(5, cursor.interrupt)
    limit.start()
    try:
        found = cursor.sql(sql)
        rows = found.to_arrow_table().to_pylist() if found is not None else []
        if "order by" not in sql.lower():  # then the order is nobody's: two threads make it
            rows.sort(key=repr)
        return Seen("SUCCEEDED", repr(([] if found is None else found.columns, rows)))
    except Exception as error:  # noqa: BLE001
        return Seen("FAILED", re.sub(r"0x[0-9a-f]+|'?v?\d+\.\d+s", "", f"{type(error).__name__} {error}"))
    finally:
        limit.cancel()
        cursor.close()


_VISIBLE_SCHEMA = {
    table: {name: "TEXT" if name != "stars" else "INT" for name in columns} for table, columns in VISIBLE.items()
}


def names_only(connection: duckdb.DuckDBPyConnection, sql: str) -> Seen:
    """A weaker design: sqlglot's qualify resolves names against the visible schema, the engine holds every column."""
    try:
        statement = sqlglot.parse_one(sql, read="athena")
        if not isinstance(statement, exp.Query):
            return Seen("REFUSED", "")
        for table in statement.find_all(exp.Table):
            table.set("db", None), table.set("catalog", None)
        text = qualify(statement, schema=_VISIBLE_SCHEMA, dialect="athena").sql("duckdb")
    except (SqlglotError, RecursionError, AttributeError, ValueError, AssertionError, IndexError):
        return Seen("REFUSED", "")
    return raw(connection, in_the_engines_names(text))


def views_over_files(world: World, connection: duckdb.DuckDBPyConnection, principal: str, folder: Path) -> None:
    """A weaker design: plain views over the Parquet files, the files' folder alone allowed, configuration locked."""
    for key, body in world.store.objects["lake"].items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(body)
    views(connection, principal, lambda table: f"read_parquet('{folder}/{table}/**/*.parquet')")
    connection.execute(f"SET allowed_directories = ['{folder}/']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def over_files(connection: duckdb.DuckDBPyConnection, folder: Any, sql: str) -> Seen:
    """The statement over views; files that it names lie in the folder, whose own name tells nothing."""
    text = in_the_engines_names(sql).replace("s3://lake", folder.name)
    text = re.sub(r"'(?=(reviews|products|secrets)/)", f"'{folder.name}/", text)
    seen = raw(connection, text)
    return Seen(seen.state, seen.received.replace(folder.name, "<folder>"))
