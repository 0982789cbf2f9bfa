"""With ``-n 2`` a sign-off is the same sign-off: one account, one lake, one wait for the trail, the same verdicts."""

from __future__ import annotations

from pathlib import Path

from tests.signoff.runs import CRASH, SignOff, sign_off

CRASHED = (
    "columns.feature::test_person_reads_column_of_table[data-scientist-limited-amazon_reviews_parquet-star_rating]"
)


def assert_audited_once_by_the_controller(run: SignOff) -> None:
    """Every audit scenario ran once, in the controller, after the last of the workers', with one wait for the trail."""
    ran = run.observed("ran")
    audit = [entry for entry in ran if entry["audit"]]
    assert audit and ran[-len(audit) :] == audit
    assert {entry["worker"] for entry in audit} == {None}
    assert {entry["worker"] for entry in ran[: -len(audit)]} >= {"gw0", "gw1"}
    assert len({entry["nodeid"] for entry in ran}) == len(ran)
    assert [entry["worker"] for entry in run.observed("trail")] == [None]


def test_two_workers_come_to_the_same_verdicts_as_one_process(by_two: SignOff, whole: SignOff) -> None:
    """The same scenarios with the same verdicts, and the same exit code."""
    assert by_two.verdicts == whole.verdicts, by_two.output
    assert by_two.code == whole.code


def test_the_controller_provisions_audits_and_tears_down_once(by_two: SignOff) -> None:
    """Workers do nothing but run scenarios."""
    assert_audited_once_by_the_controller(by_two)
    by_two.assert_torn_down_once()


def test_a_worker_that_dies_leaves_no_evidence_of_its_scenario_and_all_of_the_others(crashed: SignOff) -> None:
    """Exit code 10: the scenario is NOT_OBTAINED, every other one has its verdict, the audit runs, all is undone."""
    assert crashed.code == 10, crashed.output
    assert crashed.those("NOT_OBTAINED") == {CRASHED}
    assert crashed.those("PASS", "NOT_APPLICABLE") == set(crashed.verdicts) - {CRASHED}
    crashed.assert_red()
    assert_audited_once_by_the_controller(crashed)
    crashed.assert_torn_down_once()


def test_the_scenario_of_a_dead_worker_is_visibly_broken_in_the_report(crashed: SignOff) -> None:
    """One broken result with the reason; every planned scenario has exactly one result, and no other is broken."""
    [broken] = [result for result in crashed.allure if result["status"] == "broken"]
    assert broken["fullName"].endswith(CRASHED)
    assert "the process died while running" in broken["statusDetails"]["message"]
    assert len(crashed.allure) == crashed.facts["planned"]


def test_scenarios_that_no_worker_is_left_for_are_not_run(root: Path) -> None:
    """Exit code 12, a result in the report for each of them, and everything is undone once."""
    run = sign_off(root, "-n", "1", "--max-worker-restart", "0", "-k", "reads_column or lists_the", plugin=CRASH)
    assert run.code == 12
    assert run.those("NOT_OBTAINED") == {CRASHED}
    assert run.those("NOT_RUN")
    skipped = {result["fullName"].rpartition("/")[2] for result in run.allure if result["status"] == "skipped"}
    assert skipped == run.those("NOT_RUN")
    run.assert_red()
    run.assert_torn_down_once()
