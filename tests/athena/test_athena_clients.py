"""The clients that data scientists use, unmodified, with nothing but endpoint and keys."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas
import pytest
from pyathena import connect
from pyathena.cursor import DictCursor
from pyathena.error import DatabaseError, OperationalError
from pyathena.pandas.cursor import PandasCursor

from tests.athena.lake import RESULTS, Lake


@pytest.fixture
def connection(lake: Lake, limited: Any) -> Iterator[Any]:
    """PyAthena's connection for the limited role; S3 is found by AWS_ENDPOINT_URL alone."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in lake.embedded.environment(limited).items():
            patch.setenv(name, value)
        yield connect(s3_staging_dir=RESULTS, region_name=lake.embedded.region, schema_name="db")


def test_pyathena_raises_what_athena_says(connection: Any) -> None:
    """A failed query is an OperationalError with the reason; a refused one a DatabaseError."""
    with pytest.raises(OperationalError, match="COLUMN_NOT_FOUND: line 1:8: Column 'customer' cannot be resolved"):
        connection.cursor().execute("SELECT customer FROM reviews")
    with pytest.raises(DatabaseError, match="mismatched input"):
        connection.cursor().execute("SELEC 1")


def test_pyathena_cursor_gives_typed_rows(connection: Any) -> None:
    """Cursor and DictCursor, with the header left out and types converted."""
    cursor = connection.cursor()
    cursor.execute(
        "SELECT review_id, stars, DATE '2020-01-02' d, 1.5e0 x, true b, 1.25 n FROM reviews ORDER BY 1 LIMIT 2"
    )
    row = cursor.fetchall()[1]
    assert row[:2] == ("B1", 2)
    assert row[3:] == (1.5, True, Decimal("1.25"))
    assert [c[1] for c in cursor.description] == ["varchar", "integer", "date", "double", "boolean", "decimal"]
    found = connection.cursor(DictCursor).execute("SELECT count(*) AS n FROM reviews").fetchall()
    assert found == [{"n": 12}]


def test_pyathena_shows_what_live_athena_shows(connection: Any) -> None:
    """The description and the padding that PyAthena's own tests expect of live Athena."""
    cursor = connection.cursor().execute("SHOW COLUMNS IN reviews")
    assert cursor.description == [("field", "string", None, None, 0, 0, "UNKNOWN")]
    assert cursor.fetchone() == ("review_id           ",)


def test_pandas_reads_the_result_file(connection: Any) -> None:
    """PandasCursor reads the CSV in S3 by HEAD and ranged GET; pandas.read_sql works on the plain connection."""
    frame = connection.cursor(PandasCursor).execute("SELECT * FROM reviews ORDER BY review_id").as_pandas()
    assert list(frame.columns) == ["review_id", "product", "stars", "category"]
    assert len(frame) == 12
    assert pandas.isna(frame["stars"][0])
    with pytest.warns(UserWarning, match="SQLAlchemy"):
        assert pandas.read_sql("SHOW TABLES IN db", connection)["tab_name"].tolist() == ["reviews"]


def test_parameters_in_the_client_are_bound(connection: Any) -> None:
    """PyAthena's pyformat parameters become literals."""
    sql = "SELECT count(*) FROM reviews WHERE category = %(category)s AND stars > %(stars)d"
    assert connection.cursor().execute(sql, {"category": "Books", "stars": 2}).fetchone() == (3,)
