"""The soak in small: the same seed grows the same statements, both walls hold, weaker engines are found out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.growing import seeded
from tests.attacks.soak import Found, in_process, soak

ROOT = Path(__file__).resolve().parents[2]


def small(design: str, statements: int, seed: int = 8) -> Found:
    return soak(range(statements), seed, in_process(design), lambda found: None)


@pytest.mark.parametrize("design", ["both walls", "first wall alone", "second wall alone"])
def test_grown_statements_leak_with_neither_wall_taken_away(design: str) -> None:
    """300 statements; a fifth of them at least are answered, so that there was something to see."""
    found = small(design, 300)
    assert not found.leaks and not found.broken, (found.leaks, found.broken)
    assert found.ends["SUCCEEDED"] >= 60
    assert len(found.volatile) <= 15


@pytest.mark.parametrize(("design", "statements"), [("names only", 1500), ("plain views over the files", 3000)])
def test_grown_statements_find_weaker_engines_out(design: str, statements: int) -> None:
    """The same oracle over the same grammar catches what is weaker than either wall."""
    assert small(design, statements, seed=5).leaks


def test_a_seed_gives_the_same_statements_again() -> None:
    """So a leak can be looked at by its seed and number."""
    assert [seeded(3, n) for n in range(50)] == [seeded(3, n) for n in range(50)]
    assert len({seeded(3, n) for n in range(50)} | {seeded(4, n) for n in range(50)}) > 80


def test_the_command_prints_its_seed_and_what_it_saw() -> None:
    """Through boto3: exit code 0, and one line of figures."""
    command = [sys.executable, "-m", "tests.attacks.soak", "--statements", "40", "--seed", "7", "--via", "boto3"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith("seed 7, boto3, both walls\n40 statements (")
    assert run.stdout.endswith("0 internal errors, 0 leaks\n")
