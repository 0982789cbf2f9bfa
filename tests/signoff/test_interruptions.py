"""However a sign-off is cut short, it is red, says what did not run, and undoes everything exactly once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.signoff.runs import SignOff, sign_off

SOME = "selects_everything or reads_column or lists_the or every_query"
"""Scenarios of two features, and of the audit, which comes last."""

HERE = "reads_column_of_table[data-scientist-limited-amazon_reviews_parquet-star_rating]"
"""The scenario in which it happens."""


def audit(run: SignOff) -> set[str]:
    """The planned audit scenarios."""
    return {nodeid for nodeid in run.verdicts if nodeid.startswith("attribution.feature")}


def assert_cut_short(run: SignOff) -> None:
    """Some scenarios ran, the rest are NOT_RUN, the audit among them; nothing is left of the run."""
    run.assert_red()
    assert audit(run) and audit(run) <= run.those("NOT_RUN")
    assert run.those("PASS")
    assert not run.observed("trail")


@pytest.mark.parametrize(("workers", "code"), [("0", 1), ("2", 2)])
def test_the_first_failure_stops_the_run_if_so_asked(workers: str, code: int, root: Path) -> None:
    """``-x``: the failure is told, the rest is NOT_RUN, everything is undone once."""
    run = sign_off(root, "-x", "-n", workers, "-k", SOME, plugin=FAIL)
    assert run.code == code
    assert {nodeid.partition("test_person_")[2] for nodeid in run.those("FAIL")} == {HERE}
    assert_cut_short(run)
    run.assert_torn_down_once()


FAIL = f"""
def pytest_runtest_call(item):
    assert not item.nodeid.endswith({HERE!r}), "as told"
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_in_a_scenario_ends_the_run_in_order(name: str, root: Path) -> None:
    """Exit code 2; what did not run is NOT_RUN; everything is undone once."""
    run = sign_off(root, "-k", SOME, plugin=SIGNAL, SIGNAL=name)
    assert run.code == 2
    assert_cut_short(run)
    run.assert_torn_down_once()


SIGNAL = f"""
import os
import signal

def pytest_runtest_call(item):
    if item.nodeid.endswith({HERE!r}):
        signal.raise_signal(signal.Signals[os.environ["SIGNAL"]])
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_second_signal_does_not_stop_the_teardown(workers: str, root: Path) -> None:
    """Ctrl-C reaches every process of the run; whoever presses it again while things are undone leaves no residue."""
    run = sign_off(root, "-n", workers, "-k", SOME, plugin=TWICE)
    assert run.code == 2
    assert_cut_short(run)
    run.assert_torn_down_once()


TWICE = f"""
import os
import signal

from tests.signoff.observer import around

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        from fixtures import lake
        around(lake, "destroy", before=lambda *_: os.killpg(os.getpgrp(), signal.SIGINT))

def pytest_runtest_logreport(report):
    if report.when == "call" and report.nodeid.endswith({HERE!r}) and "PYTEST_XDIST_WORKER" not in os.environ:
        os.killpg(os.getpgrp(), signal.SIGINT)
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_account_that_dies_ends_the_run_without_a_false_pass(workers: str, root: Path) -> None:
    """The message names the account and its exit code; no scenario passes after its death; the rest is NOT_RUN."""
    run = sign_off(root, "-n", workers, "-k", SOME, plugin=KILL)
    assert run.code == 2
    assert "the embedded account (process " in run.output
    assert "has ended in the middle of the run: exit code -9" in run.output
    assert "nothing to tear down: the embedded account is gone" in run.output
    assert not run.those("FAIL"), "an account that is gone proves nothing about a control"
    assert_cut_short(run)
    assert not run.observed("undone")
    run.assert_ended()
    if workers == "0":
        ran = [entry["nodeid"].rpartition("/")[2] for entry in run.observed("ran")]
        assert [run.verdicts[nodeid] for nodeid in ran] == ["PASS"] * (len(ran) - 1) + ["NOT_OBTAINED"]


KILL = f"""
import os
import signal

def kill(config):
    from fixtures.target import ACCOUNT
    pid = config.stash[ACCOUNT].pid
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

def pytest_runtest_call(item):
    if item.nodeid.endswith({HERE!r}) and not hasattr(item.config, "workerinput"):
        kill(item.config)

def pytest_sessionstart(session):
    if session.config.pluginmanager.has_plugin("dsession"):
        session.config.pluginmanager.register(Controller(session.config))

class Controller:
    def __init__(self, config):
        self.config = config

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.nodeid.endswith({HERE!r}):
            kill(self.config)
"""
