"""Trouble of the account turns into waiting, and changes no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.signoff.runs import SMALL, SignOff, checkout, sign_off, small

SEEDS = (1, 2, 3, 4, 5)
AS_PUBLISHED = "plans/as-published.yaml"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> SignOff:
    """The small plan's sign-off on an account where nothing goes wrong."""
    return sign_off(checkout(tmp_path_factory.mktemp("undisturbed")), "--seed", "faults")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hostile_account_changes_no_verdict(seed: int, undisturbed: SignOff, tmp_path: Path) -> None:
    """Throttled, cut off, stale, late and expired all at once: scenarios keep their verdicts, and the run its code."""
    disturbed = sign_off(checkout(tmp_path), "--seed", "faults", "--fault", f"hostile:{seed}", plan=SMALL)
    assert different(undisturbed, disturbed) == {}, disturbed.output
    assert disturbed.code == 0, disturbed.output
    assert "calls made again" in disturbed.output


def test_the_same_weaknesses_are_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On the walkthrough as published what is red stays red, for the same weaknesses, whatever goes wrong."""
    calm, disturbed = (
        sign_off(root, "--seed", "faults", *arguments, plan=small(root, AS_PUBLISHED))
        for root, arguments in (
            (checkout(tmp_path_factory.mktemp("calm")), ()),
            (checkout(tmp_path_factory.mktemp("disturbed")), ("--fault", "hostile:6")),
        )
    )
    assert calm.code == disturbed.code == 1
    assert different(calm, disturbed) == {}, disturbed.output


def different(one: SignOff, other: SignOff) -> dict[str, str | None]:
    """The verdicts of the other run, where they are not those of the one."""
    return {id: other.verdicts.get(id) for id, verdict in one.verdicts.items() if other.verdicts.get(id) != verdict}
