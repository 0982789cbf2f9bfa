"""What the tests of CloudTrail stand on."""

from __future__ import annotations

import pytest

from tests.cloudtrail.bench import Bench


@pytest.fixture
def bench() -> Bench:
    """An account that has CloudTrail and a clock, and nothing else."""
    return Bench()
