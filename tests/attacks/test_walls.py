"""Each wall holds alone, with the other taken away; and the oracle sees what weaker designs give away."""

from __future__ import annotations

import pytest

from localaws.athena.engine import _mapped
from localaws.athena.failure import QueryFailed
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


RAW_PROBES = (
    "SELECT * FROM read_parquet('s3://lake/reviews/**/*.parquet')",
    "SELECT * FROM read_parquet('s3://lake/secrets/a.parquet')",
    "SELECT * FROM parquet_metadata('s3://lake/reviews/category=A/a.parquet')",
    "SELECT * FROM 's3://lake/secrets/a.parquet'",
    "SELECT product FROM reviews GROUP BY product HAVING max(votes) > 8",
    "SELECT COLUMNS('cust.*') FROM reviews",
    "SELECT x.d FROM reviews AS x(a, b, c, d, e, f, g, h)",
)
