"""The target's attack budget limits what a run sends, and the seed in its report makes the same attacks again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from lakeproof.target import AWS_ATTACK_BUDGET
from tests.signoff.runs import SignOff, checkout, sign_off

ATTACKS = "features/visibility/attacks.feature"
BUDGETED = f"""
import dataclasses

import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_configure():
    from fixtures import embedded

    made = embedded.local_target
    embedded.local_target = lambda line: dataclasses.replace(made(line), attack_budget={AWS_ATTACK_BUDGET})
"""
"""A plugin that gives the embedded account the attack budget of AWS."""


def queries(run: SignOff) -> Iterator[tuple[str, str]]:
    """Who sent which statement, from the run's ledger: in the order in which they ended, several being sent at once."""
    [ledger] = (run.root / "build" / "evidence").glob("*/ledger.jsonl")
    for line in ledger.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry.get("sql"):
            yield entry["identity"]["person"], entry["sql"]


def reported_seed(run: SignOff) -> str:
    """The seed that Allure's report shows in its environment."""
    facts = (run.root / "build" / "allure-results" / "environment.properties").read_text(encoding="utf-8")
    return next(line.removeprefix("Seed=") for line in facts.splitlines() if line.startswith("Seed="))


def test_the_seed_of_the_report_makes_the_same_attacks_again_within_the_targets_budget(tmp_path: Path) -> None:
    """A plan that allows more queries changes nothing about the target's limit, twins included; nobody gives a seed."""
    folders = [tmp_path / name for name in ("first", "again")]
    for folder in folders:
        folder.mkdir()
    first = sign_off(checkout(folders[0]), ATTACKS, plugin=BUDGETED)
    assert first.code == 0, first.output
    assert AWS_ATTACK_BUDGET - 2 <= len(list(queries(first))) <= AWS_ATTACK_BUDGET
    again = sign_off(checkout(folders[1]), "--seed", reported_seed(first), ATTACKS, plugin=BUDGETED)
    assert again.code == 0, again.output
    assert set(queries(again)) == set(queries(first))
