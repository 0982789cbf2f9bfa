"""Each wall holds alone, with the other taken away; and the oracle sees what weaker designs give away."""

from __future__ import annotations

import contextlib
import io
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot.errors import SqlglotError

from localaws.athena.catalog import CallerCatalog
from localaws.athena.engine import Engine, _mapped
from localaws.athena.failure import QueryFailed
from localaws.athena.planning import plan
from tests.attacks.oracle import Attack, Seen, attacks, families, leak, observe
from tests.attacks.worlds import MARKER, PRINCIPALS, ROW_FILTER, SCHEMAS, VISIBLE, World, pair

OPEN = {"threads": 1, "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
"""An instance that can reach files; only the network is left out of it, so that no test goes there."""
ALL = [attack for family in families() for attack in attacks(family) if len(attack.sql) < 5000]


def every_row(world: World, connection: duckdb.DuckDBPyConnection) -> None:
    """All tables of the world, whole, as ``raw.<table>``."""
    connection.execute("CREATE SCHEMA raw")
    for (_, table), columns in SCHEMAS.items():
        names = [name for name, _ in columns]
        bodies = [(key, body) for key, body in world.store.objects["lake"].items() if key.startswith(f"{table}/")]
        parts = []
        for key, body in bodies:
            read = pq.read_table(io.BytesIO(body)).select(names)
            found = re.search(r"category=(\w)", key)
            parts.append(read.append_column("category", [[found[1]] * len(read)]) if found else read)
        connection.register("incoming", pa.concat_tables(parts))
        connection.execute(f"CREATE TABLE raw.{table} AS SELECT * FROM incoming")
        connection.unregister("incoming")


def views(connection: duckdb.DuckDBPyConnection, principal: str) -> None:
    """What the principal may see, as plain views over everything."""
    connection.execute("CREATE SCHEMA lf_db")
    for table, columns in VISIBLE.items():
        where = f" WHERE {ROW_FILTER}" if table == "reviews" and principal == "rows" else ""
        connection.execute(f"CREATE VIEW lf_db.{table} AS SELECT {', '.join(columns)} FROM raw.{table}{where}")


class Unlocked(Engine):
    """No second wall: everything is in the instance, nothing is locked, plain views stand before it."""

    def __init__(self, world: World, principal: str) -> None:
        self.sizes = {("db", t, c): 1 for t, columns in VISIBLE.items() for c in columns}
        self.bytes = 0
        self._connection = duckdb.connect(":memory:", config=OPEN)
        every_row(world, self._connection)
        views(self._connection, principal)


class UnlockedEngines:
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


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_the_first_wall_holds_alone(principal: str) -> None:
    """With an engine that holds everything and locks nothing, names, nodes and functions keep every attack out."""
    worlds = pair(principal)
    for world in worlds:
        reader = world.athena.runner().reader
        reader.engines = UnlockedEngines(world, principal, reader.engines)  # type: ignore[assignment]
    leaks = []
    for attack in ALL:
        why = leak(attack.sql, *(observe(world, PRINCIPALS[principal], attack.sql) for world in worlds))
        if why:
            leaks.append(f"{attack.sql[:200]}\n  {why[:400]}")
    assert not leaks, "\n\n".join(leaks)


def engine_of(world: World, principal: str) -> Engine:
    """The locked engine that the principal's queries run on."""
    runner = world.athena.runner()
    call = world.call(PRINCIPALS[principal], "StartQueryExecution")
    catalog = CallerCatalog(world, call, runner.tables, "db")  # type: ignore[arg-type]
    shapes = runner.reader.shapes(plan("SELECT 1 FROM reviews, products", catalog), catalog)
    return runner.reader.engines.get(shapes, lambda shape: shape.load(runner.reader.columns))


def spellings(attack: Attack) -> Iterator[str]:
    """The statement as it stands, and in the engine's dialect with the engine's names of tables."""
    texts = [attack.sql]
    with contextlib.suppress(SqlglotError, RecursionError):
        texts += sqlglot.transpile(attack.sql, read="athena", write="duckdb")
    for text in dict.fromkeys(texts):
        yield re.sub(
            r'(?i)(?<![\w."])(?:"?awsdatacatalog"?\.)?(?:"?db"?\.)?"?(reviews|products)"?(?!\w)', r"lf_db.\1", text
        )
        yield text


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


VOLATILE = re.compile(r"(?i)\b(random|rand|uuid|now|current_\w+|analyze|txid_current|explain|\w*sample|duckdb_\w+)\b")


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_the_second_wall_holds_alone(principal: str) -> None:
    """Raw text of every attack, run on the engine with its own errors shown, tells nothing hidden."""
    worlds = pair(principal)
    leaks = []
    for attack in ALL:
        for sql in spellings(attack):
            engines = [engine_of(world, principal) for world in worlds]
            seen = [raw(engine._connection, sql) for engine in engines]
            if VOLATILE.search(sql):
                seen[1] = seen[0] if MARKER not in seen[1].received else seen[1]
            why = leak(sql, *seen)
            if why:
                leaks.append(f"{sql[:200]}\n  {why[:500]}")
            for world, engine in zip(worlds, engines, strict=True):
                if re.match(
                    r"(?i)\s*(drop|create|alter|insert|update|delete|truncate|attach|use|set|vacuum|merge)", sql
                ):
                    world.athena.runner().reader.engines.clear()
                    del engine
    assert not leaks, "\n\n".join(leaks)


def test_the_engine_takes_nothing_but_one_select() -> None:
    """A text of several statements, or of anything but a query, is not run at all."""
    engine = engine_of(World(1), "rows")
    for sql in (
        "SELECT 1; SELECT 2",
        "CREATE TABLE x (a int)",
        "SET threads = 1",
        "DROP TABLE lf_db.reviews",
        "CHECKPOINT",
    ):
        with pytest.raises(QueryFailed, match="internal error"), engine.running(sql, lambda _: None):
            pass


def test_no_engine_text_is_ever_passed_on() -> None:
    """Whatever the engine says, the caller receives a text from the table."""
    for text in (
        f"Conversion Error: Could not convert string '{MARKER}'",
        f"unheard of {MARKER}",
        f"Binder Error: {MARKER}",
    ):
        mapped = _mapped(RuntimeError(text))
        assert isinstance(mapped, QueryFailed)
        assert MARKER not in mapped.reason


@pytest.mark.parametrize("design", ["names only", "plain views over everything"])
def test_the_oracle_sees_what_weaker_designs_give_away(design: str) -> None:
    """Engines weakened on purpose are caught: by values, by differences, or by both."""
    worlds = pair("rows")
    connections = []
    for world in worlds:
        connection = duckdb.connect(":memory:", config=OPEN)
        every_row(world, connection)
        if design == "names only":
            connection.execute("CREATE SCHEMA lf_db")
            for table in VISIBLE:
                connection.execute(f"CREATE VIEW lf_db.{table} AS SELECT * FROM raw.{table}")
        else:
            views(connection, "rows")
        connections.append(connection)
    harmless = re.compile(r"(?i)\s*(select|with|from|summarize|explain|values)")
    probes = [*ALL, *(Attack("raw", sql, False) for sql in RAW_PROBES)]
    caught = [
        sql
        for attack in probes
        if harmless.match(attack.sql)
        for sql in spellings(attack)
        if not VOLATILE.search(sql) and leak(sql, *(raw(connection, sql) for connection in connections))
    ]
    assert len(caught) >= (100 if design == "names only" else 5), caught


RAW_PROBES = (
    "SELECT * FROM raw.reviews",
    "SELECT customer FROM raw.reviews",
    "SELECT count(*) FROM raw.secrets",
    "SELECT stats(stars) FROM reviews",
    "SELECT token FROM raw.secrets ORDER BY 1",
    "SUMMARIZE raw.reviews",
    "SELECT * FROM query('SELECT body FROM raw.reviews')",
)
