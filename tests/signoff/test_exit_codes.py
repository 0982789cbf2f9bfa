"""The exit code of a sign-off says what became of it; nothing but a whole, green run is 0 without a word of warning."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.signoff.runs import SignOff, labelled, sign_off

SABOTAGE = ("-p", "tests.signoff.sabotages", "--sabotage")
ONE = "reads_column and product_id"


def made_nothing(run: SignOff) -> bool:
    """Whether the run created nothing in any account and wrote no evidence."""
    return not run.observed("made") and not run.observed("undone") and not (run.root / "build" / "run.json").exists()


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("        - review_headline\n", "        - review_headlin\n", "review_headline"),
        ("  - person: federated-full\n", "  - person: federated-fool\n", "federated-full"),
        ("    profile: federated-full\n", "    profile: federated_full\n", "hyphens"),
    ],
    ids=["column", "person", "profile"],
)
def test_a_plan_that_is_wrong_is_refused_with_file_and_line_before_anything_is_started(
    right: str, wrong: str, expected: str, root: Path
) -> None:
    """Exit code 4, one message with the place and what was expected, and no account."""
    text = (root / "plans" / "walkthrough.yaml").read_text(encoding="utf-8")
    (root / "plans" / "mine.yaml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    line = text[: text.index(right)].count("\n") + 1
    run = sign_off(root, plan="plans/mine.yaml")
    assert run.code == 4
    assert f"plans/mine.yaml:{line}" in run.output or f"mine.yaml, line {line}" in run.output
    assert expected in run.output
    assert "Traceback" not in run.output
    assert made_nothing(run) and not run.observed("account")


def test_a_port_that_is_taken_ends_the_run_before_it_begins(root: Path) -> None:
    """Exit code 4; the message names the port; no scenario has a verdict."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = sign_off(root, "--local-port", str(port), "-k", ONE)
    assert run.code == 4
    assert "nothing was verified" in run.output and str(port) in run.output
    assert " passed" not in run.output
    assert made_nothing(run)
    run.assert_ended()


def test_a_plugin_that_breaks_after_provisioning_ends_the_run_and_everything_is_undone(root: Path) -> None:
    """Exit code 4, the reason, and an account as it was before."""
    run = sign_off(root, *SABOTAGE, "fail", "-k", ONE)
    assert run.code == 4
    assert "nothing was verified: RuntimeError: the plugin of the team broke" in run.output
    assert not run.observed("ran")
    run.assert_torn_down_once()


def test_a_selection_that_matches_nothing_is_no_success(root: Path) -> None:
    """Exit code 5, and nothing is created."""
    run = sign_off(root, "-k", "no_such_scenario")
    assert run.code == 5
    assert made_nothing(run)
    run.assert_ended()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_collect_only_touches_no_account(workers: str, root: Path) -> None:
    """Exit code 0, the scenarios of the plan, audit included, and no account is started."""
    run = sign_off(root, "--collect-only", "-q", "-n", workers)
    assert run.code == 0
    assert "test_person_reads_column_of_table[data-scientist-limited-amazon_reviews_parquet-product_id]" in run.output
    assert "test_every_query_of_person_that_read_data_leads_to_them[federated-full]" in run.output
    assert made_nothing(run) and not run.observed("account")


def test_a_refusal_that_nobody_can_be_the_twin_of_is_no_evidence(root: Path) -> None:
    """Exit code 10: an account that refuses everybody does not pass, and does not fail its control either."""
    run = sign_off(root, *SABOTAGE, "no twin is left", "-k", "is_refused and customer_id")
    assert run.code == 10
    assert run.those("NOT_OBTAINED") == set(run.verdicts)
    assert "the account refuses everybody" in run.output
    run.assert_red()
    run.assert_torn_down_once()


def test_a_scenario_that_was_planned_and_did_not_run_is_red(root: Path) -> None:
    """Exit code 12, although nothing failed."""
    run = sign_off(root, "-k", ONE, plugin=SWALLOW)
    assert run.code == 12
    assert run.those("NOT_RUN") == {
        "columns.feature::test_person_reads_column_of_table[federated-full-amazon_reviews_parquet-product_id]"
    }
    assert run.those("PASS")
    run.assert_red()
    run.assert_torn_down_once()


SWALLOW = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item):
    return True if "[federated-full-" in item.nodeid else None
"""


def test_what_the_teardown_leaves_behind_is_named_and_red(root: Path) -> None:
    """Exit code 13, with the resource and why it could not be removed, although every scenario passed."""
    run = sign_off(root, *SABOTAGE, "keep a bucket from being deleted", "-k", ONE)
    assert run.code == 13
    assert run.those("PASS") == set(run.verdicts)
    [left] = run.facts["residue"]
    assert "bucket lakeproof-lake-" in left and "AccessDenied" in left
    assert f"LEFT BEHIND    {left}" in run.output
    [shown] = [each for each in run.every_result if labelled(each, "category") == ["Left behind by the tear-down"]]
    assert shown["status"] == "broken" and left in shown["statusDetails"]["message"]
    run.assert_ended()


def test_a_narrowed_run_says_that_it_cannot_sign_off(root: Path) -> None:
    """Exit code 0, but the output and the evidence call it partial."""
    run = sign_off(root, "-k", ONE)
    assert run.code == 0
    assert "PARTIAL RUN: it does not cover every feature, and cannot sign off" in run.output
    assert run.facts["partial"] is True
    run.assert_torn_down_once()


def test_the_whole_sign_off_of_the_default_plan_is_green_and_leaves_nothing(whole: SignOff) -> None:
    """Exit code 0, at least 150 scenarios passed, none red, made once, undone once, and the banner of the account."""
    assert whole.code == 0, whole.output
    assert len(whole.those("PASS")) >= 150
    assert whole.those("PASS", "NOT_APPLICABLE") == set(whole.verdicts)
    assert whole.facts["partial"] is False and "PARTIAL" not in whole.output
    assert "EMBEDDED ACCOUNT: not evidence about AWS" in whole.output
    assert whole.facts["banner"] == "EMBEDDED ACCOUNT: not evidence about AWS"
    whole.assert_torn_down_once()
