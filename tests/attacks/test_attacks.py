"""No statement reaches a column or row that was not granted; the valid ones beside them work."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attacks.oracle import attacks, families, leak, observe
from tests.attacks.worlds import PRINCIPALS, World, pair


@pytest.fixture(scope="module")
def worlds() -> dict[str, tuple[World, World]]:
    """For each principal two accounts that differ in nothing visible to it."""
    return {name: pair(name) for name in PRINCIPALS}


def test_there_are_at_least_300_attacks_in_every_family_valid_and_invalid_side_by_side() -> None:
    """Each family holds allowed and refused statements."""
    found = {family: attacks(family) for family in families()}
    assert sum(not a.allowed for every in found.values() for a in every) >= 240
    assert sum(len(every) for every in found.values()) >= 300
    for family, every in found.items():
        assert {a.allowed for a in every} == {True, False}, family


@pytest.mark.parametrize("principal", PRINCIPALS)
@pytest.mark.parametrize("family", families())
def test_nothing_leaks(family: str, principal: str, worlds: dict[str, tuple[World, World]]) -> None:
    """What a principal receives is the same in both worlds; refused statements are refused, valid ones answer."""
    wrong = []
    for attack in attacks(family):
        seen = [observe(world, PRINCIPALS[principal], attack.sql) for world in worlds[principal]]
        why = leak(attack.sql, *seen)
        if why is None and (seen[0].state == "SUCCEEDED") != attack.allowed:
            why = f"{'refused' if attack.allowed else 'answered'}\n  {seen[0]}"
        if why is not None:
            wrong.append(f"{attack.sql[:200]}\n  {why[:600]}")
    assert not wrong, "\n\n".join(wrong)


def test_a_refused_query_leaves_no_record_of_access_and_an_answered_one_names_its_query(
    worlds: dict[str, tuple[World, World]],
) -> None:
    """GetDataAccess is recorded for what was read, with the query id, and for nothing else."""
    world = worlds["rows"][0]
    before = len(world.cloudtrail.calls)
    for sql in ("SELECT customer FROM reviews", "SELECT * FROM secrets", "SHOW TABLES", "DESCRIBE reviews"):
        observe(world, PRINCIPALS["rows"], sql)
    assert len(world.cloudtrail.calls) == before
    observe(world, PRINCIPALS["rows"], "SELECT count(*) FROM reviews JOIN products USING (product)")
    recorded = [call.trail.request_parameters or {} for call in world.cloudtrail.calls[before:]]
    assert sorted(r["tableArn"].rpartition("/")[2] for r in recorded) == ["products", "reviews"]
    assert len({r["auditContext"]["additionalAuditContext"] for r in recorded}) == 1


NAMES = st.sampled_from(
    [
        "review_id",
        "product",
        "stars",
        "category",
        "customer",
        "body",
        "votes",
        "secret_tag",
        "r.customer",
        "r.stars",
        "reviews.votes",
        '"customer"',
        "db.reviews.body",
        "*",
        "r.*",
        "1",
        "'x'",
        "NULL",
        "p.maker",
        "p.cost",
    ]
)
CALLS = st.sampled_from(
    [
        "{}",
        "max({})",
        "count({})",
        "upper({})",
        "CAST({} AS varchar)",
        "({})",
        "coalesce({}, {})",
        "length({})",
        "sum({}) OVER ()",
        "try({})",
        "row_number() OVER (ORDER BY {})",
        "-{}",
    ]
)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A query with names, hidden ones among them, in every position."""

    def value() -> str:
        return draw(CALLS).replace("{}", draw(NAMES))

    source = draw(
        st.sampled_from(
            [
                "reviews",
                "reviews r",
                "db.reviews AS r",
                "(SELECT * FROM reviews) r",
                "reviews r JOIN products p USING (product)",
                "reviews r, products p",
                "secrets",
                "reviews r LEFT JOIN products p ON r.product = p.product",
                "reviews r CROSS JOIN UNNEST(ARRAY[1, 2]) AS u(e)",
                "reviews r JOIN reviews ON true",
            ]
        )
    )
    sql = f"SELECT {draw(st.sampled_from(['', 'DISTINCT ']))}{value()}, {value()} FROM {source}"
    if draw(st.booleans()):
        sql += f" WHERE {value()} {draw(st.sampled_from(['=', '<', 'LIKE', 'IS NOT NULL --']))} {value()}"
    if draw(st.booleans()):
        sql += f"\nGROUP BY {value()}"
    if draw(st.booleans()):
        sql += f"\nHAVING {value()} > {value()}"
    if draw(st.booleans()):
        sql += f"\nORDER BY {value()}, 1"
    prefix = draw(st.sampled_from(["", "EXPLAIN ", "WITH q AS (SELECT customer FROM reviews) ", "SELECT * FROM ("]))
    return f"{prefix}{sql}{')' if prefix.endswith('(') else ''}"


@settings(max_examples=250, deadline=None)
@given(sql=statements())
def test_grown_statements_do_not_leak(sql: str, worlds: dict[str, tuple[World, World]]) -> None:
    """Statements grown from a grammar around the attacks tell nothing hidden to the principal with a row filter."""
    seen = [observe(world, PRINCIPALS["rows"], sql) for world in worlds["rows"]]
    assert leak(sql, *seen) is None
