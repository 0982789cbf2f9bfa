"""Killed at any moment, a sign-off leaves what ``lakeproof destroy`` undoes, and its neighbour in the account is whole.

A few moments of provisioning and tear-down; ``make soak-deaths`` goes through every one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lakeproof.target import Target
from tests.conftest import Embedded
from tests.signoff.deaths import account, survived
from tests.signoff.runs import checkout

Place = tuple[Path, Embedded, Target]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A directory, and an account with a neighbour in it who must be whole at the end."""
    directory = checkout(tmp_path_factory.mktemp("deaths"))
    with account(directory) as (embedded, target):
        yield directory, embedded, target


@pytest.mark.parametrize("step", [9, 46, 79, 110])
def test_killed_after_a_step_destroy_leaves_the_account_as_before(step: int, place: Place) -> None:
    """SIGKILL after so many writes to the journal: destroy ends with 0 and the inventories are the same."""
    assert survived(*place, step), f"the sign-off has fewer than {step} steps"
