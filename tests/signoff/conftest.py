"""The sign-offs that several modules read, each run once, and a fresh directory for a run of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.signoff.runs import CRASH, HARVEST, WALKTHROUGH, SignOff, checkout, sign_off


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory in which a sign-off can run."""
    return checkout(tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SignOff:
    """The whole sign-off of the default plan, in one process; its evidence is kept as a baseline."""
    keep = ("--keep-baseline", "build/baseline/walkthrough")
    return sign_off(checkout(tmp_path_factory.mktemp("whole")), *HARVEST, *keep, plan=WALKTHROUGH)


@pytest.fixture(scope="session")
def by_two(tmp_path_factory: pytest.TempPathFactory) -> SignOff:
    """The whole sign-off of the default plan, by a controller and two workers."""
    return sign_off(checkout(tmp_path_factory.mktemp("by-two")), "-n", "2", plan=WALKTHROUGH)


@pytest.fixture(scope="session")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> SignOff:
    """A sign-off by two workers, one of which dies in the middle of a scenario."""
    return sign_off(checkout(tmp_path_factory.mktemp("crashed")), *HARVEST, "-n", "2", plugin=CRASH)
