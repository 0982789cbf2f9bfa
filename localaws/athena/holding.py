"""How an engine holds its tables: small ones as they are, large ones so that text that repeats is stored once.

DuckDB groups, compares and filters dictionary-encoded text many times faster. It encodes when it checkpoints, which
goes on beside queries; so the first query after a grant does not wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from localaws.athena.scope import relation_name, schema_name
from localaws.athena.types import quoted

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LOG = logging.getLogger(__name__)
LARGE = 300_000
"""Rows from which on text is worth encoding."""
PACKED = "packed"
"""The engine's name of the database that holds large tables; it cannot be that of a schema, which begin with lf_."""
SAMPLES, SAMPLE = 10, 5_000
REPEATS = 5
"""Text that stands so often in a sample, on average, is stored once."""


def hold(
    connection: duckdb.DuckDBPyConnection, name: tuple[str, str], columns: Mapping[str, str], rows: pa.Table
) -> bool:
    """Make the table (database, table) of ``rows`` with these columns and types. Whether ``pack`` should follow."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema_name(name[0])}")
    connection.register("incoming", rows)
    selected = ", ".join(f"CAST({quoted(c)} AS {type_}) AS {quoted(c)}" for c, type_ in columns.items())
    repeated = [c for c in columns if _repeats(rows.column(c))] if rows.num_rows >= LARGE else []
    if not repeated:
        connection.execute(f"CREATE TABLE {relation_name(*name)} AS SELECT {selected} FROM incoming")
    else:
        connection.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {PACKED} (COMPRESS)")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {PACKED}.{schema_name(name[0])}")
        kept = f"{PACKED}.{relation_name(*name)}"
        defined = ", ".join(
            f"{quoted(c)} {type_} USING COMPRESSION {'dict_fsst' if c in repeated else 'uncompressed'}"
            for c, type_ in columns.items()
        )
        connection.execute(f"CREATE TABLE {kept} ({defined})")
        connection.execute(f"INSERT INTO {kept} SELECT {selected} FROM incoming")
        connection.execute(f"CREATE VIEW {relation_name(*name)} AS SELECT * FROM {kept}")
    connection.unregister("incoming")
    return bool(repeated)


def pack(cursor: duckdb.DuckDBPyConnection) -> None:
    """Encode what large tables repeat. Queries go on meanwhile; without it they are only slower."""
    import duckdb

    try:
        cursor.execute(f"CHECKPOINT {PACKED}")
    except duckdb.Error:
        LOG.warning("a large table stays as it is", exc_info=True)
    finally:
        cursor.close()


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether the column is text of which the same comes again and again, by samples from all over it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.type):
        return False
    step = max(len(column) // SAMPLES, 1)
    sample = pa.chunked_array([c for start in range(0, len(column), step) for c in column.slice(start, SAMPLE).chunks])
    return bool(pc.count_distinct(sample, mode="all").as_py() * REPEATS <= len(sample))
