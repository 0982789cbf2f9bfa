"""The second wall: a DuckDB instance that holds nothing but what its callers may see, and cannot reach anything else.

Whatever text it were given, it could show no more than its own tables: files, extensions, Python objects, settings and
the network are out of reach before the first query runs.
"""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from localaws.athena import json_values
from localaws.athena.failure import QueryFailed, engine_failure
from localaws.athena.holding import hold, pack
from localaws.athena.shapes import Shape
from localaws.athena.types import duck

if TYPE_CHECKING:
    import pyarrow as pa

THREADS = 2
MEMORY = "2GB"
LONG = 50_000
"""Characters from which on a statement is executed at once: as a relation, binding it would hold up all other queries.

The price is one copy of the result, and a warning of the engine that says so.
"""
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)
SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET memory_limit = '" + MEMORY + "'",
    "SET max_temp_directory_size = '0KiB'",
    "SET temp_directory = ''",
    "SET allow_persistent_secrets = false",
    "SET allow_community_extensions = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class Engine:
    """One locked instance. ``sizes`` are the bytes of each column that it holds, by (database, table, column)."""

    def __init__(self, tables: Mapping[tuple[str, str], pa.Table], shapes: Sequence[Shape]) -> None:
        import duckdb
        from duckdb.func import SPECIAL

        self.bytes = 0
        self.sizes: dict[tuple[str, str, str], int] = {}
        connection = duckdb.connect(":memory:", config={"threads": THREADS})
        packing = False
        for shape in shapes:
            name = (shape.table.database, shape.table.name)
            rows = tables[name]
            packing |= hold(connection, name, {c.name: duck(c.type) for c in shape.table.columns}, rows)
            for visible in shape.table.columns:
                size = _plain_size(rows.column(visible.name))
                self.sizes[(*name, visible.name)] = size
                self.bytes += size
        text = duckdb.sqltype("VARCHAR")
        connection.create_function(json_values.FUNCTION, json_values.run, [text] * 3, text, null_handling=SPECIAL)
        for setting in SETTINGS:
            connection.execute(setting)
        self._connection = connection
        if packing:
            threading.Thread(target=pack, args=(connection.cursor(),), name="athena-pack", daemon=True).start()

    @contextmanager
    def running(
        self, sql: str, started: Callable[[Callable[[], None]], None]
    ) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
        """Run a query: schema and batches of its result. ``started`` receives what interrupts it.

        Raises QueryFailed with a fixed text for whatever the engine says; its own words stay here.
        """
        import duckdb

        cursor = self._connection.cursor()
        started(cursor.interrupt)
        try:
            try:
                statements = cursor.extract_statements(sql)
                if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                    raise QueryFailed("INTERNAL", "Query engine had an internal error")
                run: Callable[..., Any] = cursor.execute if len(sql) > LONG else cursor.sql
                reader: pa.RecordBatchReader = run(statements[0]).to_arrow_reader(100_000)
            except (duckdb.Error, RuntimeError, OverflowError) as error:
                raise _mapped(error) from None
            yield reader.schema, _batches(reader)
        finally:
            cursor.close()


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    import duckdb
    import pyarrow as pa

    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (duckdb.Error, pa.ArrowException, OSError, RuntimeError) as error:
            raise _mapped(error) from None
        yield batch


class Interrupted(Exception):
    """The query was stopped from outside: by StopQueryExecution or by its time limit."""


def _mapped(error: BaseException) -> QueryFailed | Interrupted:
    text = str(error)
    if type(error).__name__ == "InterruptException" or "INTERRUPT" in text.upper()[:200]:
        return Interrupted()
    return engine_failure(text)


def _plain_size(column: pa.ChunkedArray) -> int:
    """Bytes of the values alone: the same for the same values, however many hidden rows lay between them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    type_ = column.type
    if pa.types.is_string(type_) or pa.types.is_binary(type_):
        return int(pc.sum(pc.binary_length(column)).as_py() or 0) + 4 * len(column)
    if pa.types.is_nested(type_):
        return 8 * len(column)
    return int(len(column) * type_.bit_width / 8) if len(column) else 0


class Engines:
    """Engines by what they hold; the least recently used go first beyond ``most`` engines or ``most_bytes``."""

    def __init__(self, most: int = 400, most_bytes: int = 1_500_000_000) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._lock = threading.Lock()
        self._held: OrderedDict[object, Engine] = OrderedDict()
        self._building: dict[object, threading.Lock] = {}

    def get(self, shapes: Sequence[Shape], load: Callable[[Shape], pa.Table]) -> Engine:
        """The engine for exactly these shapes, built on first use; concurrent callers share the build."""
        key = frozenset(shape.key for shape in shapes)
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
            building = self._building.setdefault(key, threading.Lock())
        try:
            with building:
                with self._lock:
                    if key in self._held:
                        return self._held[key]
                engine = Engine({(s.table.database, s.table.name): load(s) for s in shapes}, shapes)
                with self._lock:
                    self._held[key] = engine
                    while len(self._held) > 1 and (len(self._held) > self._most or self._total() > self._most_bytes):
                        self._held.popitem(last=False)
                return engine
        finally:
            with self._lock:
                self._building.pop(key, None)

    def clear(self) -> None:
        """Let go of every engine; running queries keep theirs until they end."""
        with self._lock:
            self._held.clear()

    def _total(self) -> int:
        return sum(engine.bytes for engine in self._held.values())
