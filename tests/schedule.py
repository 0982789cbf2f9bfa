"""Which worker takes which test of ``make test``: a scheduler for pytest-xdist, in force with ``-p tests.schedule``.

A module's tests share a worker, so that an account of a module starts once (xdist's ``--dist loadfile`` does as much);
but some modules hold long tests that stand alone, and several modules read the same finished sign-offs.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

APART = {
    "tests/signoff/test_deaths.py",
    "tests/signoff/test_filters_and_tags.py",
    "tests/signoff/test_interruptions.py",
    "tests/signoff/test_named_account.py",
    "tests/signoff/test_sabotage.py",
    "tests/signoff/test_trail.py",
    "tests/signoff/test_waivers.py",
}
"""Each test of these runs a sign-off of its own."""
TOGETHER = {
    "tests/signoff/test_baseline.py",
    "tests/signoff/test_evidence.py",
    "tests/signoff/test_exit_codes.py",
    "tests/signoff/test_report_results.py",
    "tests/signoff/test_secrets.py",
    "tests/signoff/test_workers.py",
}
"""These read the finished sign-offs of tests/signoff/conftest.py."""


class Schedule(LoadScopeScheduling):
    """Hands out modules, but for those of APART and TOGETHER."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        if module in TOGETHER:
            return "finished sign-offs"
        return nodeid if module in APART else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Schedule:
    return Schedule(config, log)
