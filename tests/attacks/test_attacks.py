"""No statement reaches a column or row that was not granted; the valid ones beside them work."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from localaws.athena.syntax import QUERY_WORDS, first_word
from tests.attacks.growing import grown
from tests.attacks.oracle import attacks, families, leak, observe
from tests.attacks.worlds import PRINCIPALS, World, pair


@pytest.fixture(scope="module")
def worlds() -> dict[str, tuple[World, World]]:
    """For each principal two accounts that differ in nothing visible to it."""
    return {name: pair(name) for name in PRINCIPALS}


def test_there_are_at_least_300_attacks_in_every_family_valid_and_invalid_side_by_side() -> None:
    """Each family holds allowed and refused statements."""
    found = {family: attacks(family) for family in families()}
    assert sum(not a.allowed for every in found.values() for a in every) >= 300
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


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_a_prepared_statement_gives_what_its_query_gives(
    principal: str, worlds: dict[str, tuple[World, World]]
) -> None:
    """Every attack that is a query, prepared and executed: word for word the answer or refusal of asking directly."""
    world, who, wrong, same = worlds[principal][0], PRINCIPALS[principal], [], 0
    for sql in (attack.sql for family in families() for attack in attacks(family)):
        if first_word(sql) not in QUERY_WORDS or "?" in sql or len(sql) > 5000:
            continue
        direct = observe(world, who, sql)
        if observe(world, who, f"PREPARE again FROM {sql}").state == "SUCCEEDED":
            deferred, same = observe(world, who, "EXECUTE again"), same + 1
            if deferred != direct:
                wrong.append(f"{sql[:200]}\n  {direct}\n  {deferred}")
        elif direct.state == "SUCCEEDED":
            wrong.append(f"{sql[:200]}\n  cannot be prepared")
    assert same >= 200
    assert not wrong, "\n\n".join(wrong)


def test_what_is_hidden_cannot_be_told_from_what_does_not_exist() -> None:
    """An account whose catalog holds nothing hidden answers every attack, word for word, as the one that hides it."""
    hiding, bare = World(1, hidden_rows=False), World(1, hidden_rows=False, bare=True)
    wrong = []
    for attack in (attack for family in families() for attack in attacks(family) if len(attack.sql) < 5000):
        why = leak(attack.sql, *(observe(world, PRINCIPALS["columns"], attack.sql) for world in (hiding, bare)))
        if why is not None:
            wrong.append(f"{attack.sql[:200]}\n  {why[:900]}")
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


@settings(max_examples=250, deadline=None)
@given(draw=st.randoms(use_true_random=False))
def test_grown_statements_do_not_leak(draw: random.Random, worlds: dict[str, tuple[World, World]]) -> None:
    """Statements grown from a grammar around the attacks tell nothing hidden to the principal with a row filter."""
    sql = grown(draw.choice)
    note(sql)
    seen = [observe(world, PRINCIPALS["rows"], sql) for world in worlds["rows"]]
    assert leak(sql, *seen) is None
