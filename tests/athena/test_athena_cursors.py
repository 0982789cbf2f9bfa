"""PyAthena's cursors, its SQLAlchemy dialect and the AWS CLI, unmodified, for somebody who sees some columns."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars
import pytest
import sqlalchemy
from pyathena import aio_connect, connect
from pyathena.arrow.async_cursor import AsyncArrowCursor
from pyathena.arrow.cursor import ArrowCursor
from pyathena.async_cursor import AsyncCursor, AsyncDictCursor
from pyathena.cursor import DictCursor
from pyathena.pandas.async_cursor import AsyncPandasCursor
from pyathena.polars.cursor import PolarsCursor

from tests.athena.lake import RESULTS, Lake

BEST = "SELECT category, max(stars) AS best FROM reviews GROUP BY category ORDER BY category"
ROWS = [("Books", 5), ("Music", 5)]
SEEN = ["review_id", "product", "stars", "category"]


@pytest.fixture
def place(lake: Lake, limited: Any) -> Iterator[dict[str, Any]]:
    """What a client is told: keys and endpoint by the environment, the rest as PyAthena takes it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in lake.embedded.environment(limited).items():
            patch.setenv(name, value)
        yield {"s3_staging_dir": RESULTS, "region_name": lake.embedded.region, "schema_name": "db"}


@pytest.fixture
def managed(lake: Lake, place: dict[str, Any]) -> dict[str, Any]:
    """The same in a workgroup that keeps results itself: pyarrow's own S3 client knows no endpoint but AWS's."""
    athena = lake.embedded.client("athena")
    if "managed" not in {group["Name"] for group in athena.list_work_groups()["WorkGroups"]}:
        athena.create_work_group(Name="managed", Configuration={"ManagedQueryResultsConfiguration": {"Enabled": True}})
    return {name: value for name, value in place.items() if name != "s3_staging_dir"} | {"work_group": "managed"}


def test_arrow(managed: dict[str, Any]) -> None:
    """ArrowCursor reads the result as a table, types and NULL kept."""
    connection = connect(**managed)
    table = connection.cursor(ArrowCursor).execute(BEST).as_arrow()
    assert table.to_pydict() == {"category": ["Books", "Music"], "best": [5, 5]}
    everything = connection.cursor(ArrowCursor).execute("SELECT * FROM reviews").as_arrow()
    assert everything.column_names == SEEN and everything.num_rows == 12 and everything["stars"].null_count > 0


def test_polars(place: dict[str, Any]) -> None:
    """PolarsCursor gives a data frame."""
    frame = connect(**place).cursor(PolarsCursor).execute(BEST).as_polars()
    assert isinstance(frame, polars.DataFrame) and frame.rows() == ROWS


@pytest.mark.parametrize("kind", [AsyncCursor, AsyncDictCursor, AsyncPandasCursor, AsyncArrowCursor])
def test_cursors_that_answer_later(kind: type[Any], managed: dict[str, Any]) -> None:
    """A query id at once, the result as a future; several at a time."""
    with connect(**managed).cursor(kind) as cursor:
        started = [cursor.execute(BEST) for _ in range(3)]
        assert len({query_id for query_id, _ in started}) == 3
        for _, future in started:
            rows = future.result().fetchall()
            assert [tuple(row.values()) if isinstance(row, dict) else tuple(row) for row in rows] == ROWS


def test_asyncio(place: dict[str, Any]) -> None:
    """PyAthena's native asyncio cursor."""

    async def best() -> list[Any]:
        async with await aio_connect(**place) as connection, connection.cursor() as cursor:
            await cursor.execute(BEST)
            return list(await cursor.fetchall())

    assert asyncio.run(best()) == ROWS


def test_what_pyathenas_documentation_shows(place: dict[str, Any]) -> None:
    """Batches, iteration, execution parameters, the query's id as it starts, its facts, reuse of results."""
    connection, ids = connect(**place), []
    cursor = connection.cursor(on_start_query_execution=ids.append)
    cursor.execute("SELECT stars FROM reviews WHERE category = ? AND stars > ?", ["'Books'", "2"], paramstyle="qmark")
    assert ids == [cursor.query_id] and cursor.state == "SUCCEEDED" and cursor.completion_date_time is not None
    assert cursor.data_scanned_in_bytes > 0 and cursor.output_location.startswith(RESULTS)
    first = cursor.fetchmany(2)
    assert len(first) == 2 and len([*first, *cursor]) == 3
    again = connection.cursor(DictCursor, result_reuse_enable=True, result_reuse_minutes=5).execute(BEST).fetchall()
    assert [tuple(row.values()) for row in again] == ROWS
    tables = connection.cursor().list_table_metadata(schema_name="db")
    assert [table.name for table in tables] == ["reviews"]
    assert [column.name for column in tables[0].columns] == SEEN[:-1]


def test_sqlalchemy_asks_and_reflects(lake: Lake, place: dict[str, Any]) -> None:
    """The dialect awsathena+rest: a query with parameters, and what reflection finds: the granted columns alone."""
    url = f"awsathena+rest://:@athena.{lake.embedded.region}.amazonaws.com:443/db?s3_staging_dir={RESULTS}"
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sqlalchemy.text(f"SELECT * FROM ({BEST}) WHERE best > :least"), {"least": 1}).all()
        assert [tuple(row) for row in found] == ROWS
        inspector = sqlalchemy.inspect(engine)
        assert "db" in inspector.get_schema_names() and inspector.get_table_names("db") == ["reviews"]
        assert inspector.has_table("reviews", "db")
        assert [column["name"] for column in inspector.get_columns("reviews", "db")] == SEEN
        reviews = sqlalchemy.Table("reviews", sqlalchemy.MetaData(), autoload_with=engine, schema="db")
        counted = sqlalchemy.select(sqlalchemy.func.count()).select_from(reviews).where(reviews.c.stars >= 1)
        assert connection.execute(counted).scalar_one() > 0


def test_the_aws_cli(lake: Lake, limited: Any, tmp_path: Path) -> None:
    """Start, wait by polling, read page by page, as a script does it."""
    environment = {**os.environ, **lake.embedded.environment(limited), "AWS_PAGER": "", "HOME": str(tmp_path)}

    def aws(*arguments: str) -> Any:
        command = [str(Path(sys.executable).with_name("aws")), "athena", *arguments, "--output", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    location = f"OutputLocation={RESULTS}"
    given = ("--query-string", BEST, "--query-execution-context", "Database=db", "--result-configuration", location)
    query = aws("start-query-execution", *given)["QueryExecutionId"]
    while aws("get-query-execution", "--query-execution-id", query)["QueryExecution"]["Status"]["State"] == "RUNNING":
        pass
    pages = aws("get-query-results", "--query-execution-id", query, "--page-size", "2")
    rows = [tuple(cell["VarCharValue"] for cell in row["Data"]) for row in pages["ResultSet"]["Rows"]]
    assert rows == [("category", "best"), *((name, str(best)) for name, best in ROWS)]
