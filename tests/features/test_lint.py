"""Every way of checking nothing that pytest-bdd lets pass is refused at collection, beside a valid twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.features.folder import Collected, Run, feature

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("vacuous.yaml").read_text(encoding="utf-8"))
NUMBERED = [pytest.param(number, case, id=case["name"]) for number, case in enumerate(CASES)]


@pytest.fixture(scope="module")
def collected(run_features: Run) -> Collected:
    """All cases and all twins, collected by one pytest."""
    files = {}
    for number, case in enumerate(CASES):
        files[f"features/refused_{number}.feature"] = case["refused"] if case.get("whole") else feature(case["refused"])
        files[f"features/valid_{number}.feature"] = feature(case["valid"])
    return run_features(files, "--collect-only", "-q")


@pytest.mark.parametrize(("number", "case"), NUMBERED)
def test_what_checks_nothing_is_refused(number: int, case: dict[str, Any], collected: Collected) -> None:
    """The file is refused, and the error names it and says what is wrong with it."""
    file = f"features/refused_{number}.feature"
    assert file in collected.errors, f"collected instead: {collected.of(file)}"
    assert case["says"] in collected.errors[file]


@pytest.mark.parametrize(("number", "case"), NUMBERED)
def test_its_valid_twin_is_collected(number: int, case: dict[str, Any], collected: Collected) -> None:
    """The same, said properly, is collected: the lint refuses what is wrong, and no more."""
    file = f"features/valid_{number}.feature"
    assert collected.errors.get(file) is None
    assert collected.of(file)


def test_one_refused_file_ends_the_run_before_an_account_is_started(collected: Collected) -> None:
    """Collection errors interrupt pytest (exit code 2), and nothing was started for them."""
    assert collected.code == 2
    assert not collected.started


def test_the_features_of_this_repository_are_accepted(run_features: Run) -> None:
    """Every feature of the sign-off passes its own lint; each file has scenarios."""
    root = Path(__file__).resolve().parents[2]
    files = {path.relative_to(root).as_posix(): path.read_text() for path in (root / "features").rglob("*.feature")}
    collected = run_features(files, "--collect-only", "-q")
    assert collected.code == 0, collected.output
    assert {file for file in files if collected.of(file)} == files.keys()
