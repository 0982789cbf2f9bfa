"""Each wall holds alone, with the other taken away; and the oracle sees what weaker designs give away."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from localaws.athena import holding
from localaws.athena.engine import _mapped
from localaws.athena.failure import QueryFailed
from localaws.athena.service import WORKERS
from tests.attacks.oracle import Attack, attacks, families, leak
from tests.attacks.weakened import VOLATILE, engine_of, observer
from tests.attacks.worlds import MARKER, PRINCIPALS, World, pair

ALL = [attack for family in families() for attack in attacks(family) if len(attack.sql) < 5000]


def given_away(design: str, principal: str, probes: list[Attack]) -> list[str]:
    """What the probes give away with this design, as text."""
    looks = [observer(design, world, principal) for world in pair(principal)]
    leaks = []
    for attack in probes:
        why = leak(attack.sql, *(look(attack.sql) for look in looks))
        if why and not (why.startswith("differs") and design != "first wall alone" and VOLATILE.search(attack.sql)):
            leaks.append(f"{attack.sql[:200]}\n  {why[:500]}")
    return leaks


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_the_first_wall_holds_alone(principal: str) -> None:
    """With an engine that holds everything and locks nothing, names, nodes and functions keep every attack out."""
    leaks = given_away("first wall alone", principal, ALL)
    assert not leaks, "\n\n".join(leaks)


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_the_second_wall_holds_alone(principal: str) -> None:
    """Raw text of every attack, run on the engine with its own errors shown, tells nothing hidden."""
    leaks = given_away("second wall alone", principal, ALL)
    assert not leaks, "\n\n".join(leaks)


def test_the_second_wall_holds_alone_where_text_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that are held as large ones are hold no dictionary of hidden values, and nothing else hidden either."""
    monkeypatch.setattr(holding, "LARGE", 1)
    monkeypatch.setattr(holding, "REPEATS", 1)
    measuring = [attack for family in ("metadata", "row_filters", "statistics") for attack in attacks(family)]
    probes = [*measuring, *(Attack("packed", sql, False) for sql in PACKED_PROBES)]
    leaks = given_away("second wall alone", "rows", probes)
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


@pytest.mark.parametrize("principal", PRINCIPALS)
@pytest.mark.parametrize("design", ["names only", "plain views over the files"])
def test_the_oracle_sees_what_weaker_designs_give_away(design: str, principal: str) -> None:
    """Engines weakened on purpose are caught by the attacks: by values, by differences, or by both."""
    assert len(given_away(design, principal, [*ALL, *(Attack("raw", sql, False) for sql in RAW_PROBES)])) >= 3


def test_with_both_walls_taken_away_the_oracle_sees_the_hidden() -> None:
    """What each wall alone keeps back is there to be seen: nothing else stands between a statement and the data."""
    assert len(given_away("neither wall", "rows", attacks("projection"))) >= 3


PACKED_PROBES = (
    "SELECT * FROM packed.lf_db.reviews",
    "SELECT count(*) FROM packed.lf_db.reviews",
    "SELECT segment_type, compression, count FROM pragma_storage_info('packed.lf_db.reviews')",
    "SELECT stats(product), stats(stars), stats(review_id) FROM packed.lf_db.reviews",
    "SELECT database_name, schema_name, table_name, estimated_size, column_count, sql FROM duckdb_tables()",
    "SELECT rowid, review_id FROM packed.lf_db.reviews",
    "SELECT * FROM packed.information_schema.columns",
    "SELECT * FROM lf_db.reviews ORDER BY review_id",
    "SELECT product, count(*) FROM lf_db.reviews GROUP BY product ORDER BY 1",
)
RAW_PROBES = (
    "SELECT * FROM read_parquet('s3://lake/reviews/**/*.parquet')",
    "SELECT * FROM read_parquet('s3://lake/secrets/a.parquet')",
    "SELECT * FROM parquet_metadata('s3://lake/reviews/category=A/a.parquet')",
    "SELECT * FROM 's3://lake/secrets/a.parquet'",
    "SELECT product FROM reviews GROUP BY product HAVING max(votes) > 8",
    "SELECT COLUMNS('cust.*') FROM reviews",
    "SELECT x.d FROM reviews AS x(a, b, c, d, e, f, g, h)",
)


def test_an_account_that_nobody_holds_leaves_nothing() -> None:
    """When the account goes, so do its workers and its engines: many in one process do not fill its memory."""
    before = set(threading.enumerate())
    world = World(1)
    look = observer("both walls", world, "columns")
    assert look("SELECT count(*) FROM db.reviews").state == "SUCCEEDED"
    workers = [each for each in set(threading.enumerate()) - before if each.name.removeprefix("athena-").isdecimal()]
    assert len(workers) == WORKERS
    gone = weakref.ref(world.athena), weakref.ref(world.athena.runner().reader.engines)
    del world, look
    for each in workers:
        gc.collect()
        each.join(30)
    assert not any(each.is_alive() for each in workers)
    assert [each() for each in gone] == [None, None]
