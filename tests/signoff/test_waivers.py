"""A sign-off with waivers: what is waived stays red, and nothing else is let through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.signoff.runs import LIMITED, SMALL, SignOff, labelled, sign_off

GRANT = ("-p", "tests.signoff.sabotages", "--sabotage", "add one grant")
"""The limited person is granted customer_id behind the plan's back."""
REFUSED = "is_refused_column"
FAILED = f"columns.feature::test_person_is_refused_column_of_table[{LIMITED}-amazon_reviews_parquet-customer_id]"
SOME = f"{REFUSED} and customer_id"


def accept(root: Path, days: int, *others: dict[str, object], **changes: object) -> None:
    """Write a waiver for the failure that GRANT makes, which holds for so many more days, and ``others`` like it."""
    today = datetime.now(UTC).date()
    entry: dict[str, object] = {
        "id": "W-1",
        "control": "NIST-AC-3",
        "scope": {"person": LIMITED, "column": "customer_id"},
        "owner": "data platform",
        "approver": "head of compliance",
        "reason": "Needed for the migration.",
        "risk": "One analyst sees customer ids.",
        "created": str(today - timedelta(days=30)),
        "expires": str(today + timedelta(days=days)),
        **changes,
    }
    waivers = [entry, *({**entry, **other} for other in others)]
    text = yaml.safe_dump({"schema_version": 1, "waivers": waivers}, sort_keys=False)
    (root / SMALL).with_name("small.waivers.yaml").write_text(text, encoding="utf-8")


def test_a_waived_failure_stays_red_and_the_run_is_signed_off_with_waivers(root: Path) -> None:
    """Exit code 14; the failure is listed, counted as WAIVED and, in the report, failed, with the days left."""
    accept(root, days=12)
    run = sign_off(root, *GRANT, "-n", "2", "-k", SOME)
    assert run.code == 14, run.output
    assert run.those("WAIVED") == {FAILED} and not run.those("FAIL", "NOT_OBTAINED", "NOT_RUN")
    assert f"WAIVED         features/visibility/{FAILED}  (W-1)" in run.output
    [result] = [each for each in run.allure if each["fullName"].endswith("test_person_is_refused_column_of_table")]
    assert result["status"] == "failed"
    assert labelled(result, "verdict") == ["WAIVED"] and labelled(result, "category") == ["Waived"]
    assert "WAIVED: W-1" in result["statusDetails"]["message"] and "12 days left" in result["statusDetails"]["message"]
    told = run.told
    [control] = [each for each in told["controls"] if each["id"] == "NIST-AC-3"]
    assert control["verdict"] == "WAIVED"
    [waiver] = told["waivers"]
    assert (waiver["state"], waiver["days_left"], waiver["approver"]) == ("APPLIED", 12, "head of compliance")
    assert told["signed_off"] is False and told["partial"], "a narrowed run signs nothing off"
    run.assert_torn_down_once()


def test_an_expired_waiver_fails_the_run_and_waives_nothing(root: Path) -> None:
    """Exit code 11; the failure is a FAIL again, and says which waiver expired when."""
    accept(root, days=-1)
    run = sign_off(root, *GRANT, "-k", SOME)
    assert run.code == 11, run.output
    assert run.those("FAIL") == {FAILED}
    assert "EXPIRED    W-1 (small.waivers.yaml:3): its last day was " in run.output
    assert f"EXPIRED on {datetime.now(UTC).date() - timedelta(days=1)}" in run.output
    assert [labelled(each, "category") for each in run.allure if each["status"] == "failed"] == [["Expired waiver"]]
    run.assert_red()


def test_waivers_that_nobody_needs_fail_the_run(root: Path) -> None:
    """Exit code 11, although every scenario passed: one waiver's failure is gone, the other never had a scenario."""
    outline, nothing = "<person> is refused <column> of <table>", "nobody is refused anything"
    accept(root, 12, {"id": "W-2", "scope": {"scenario": nothing}}, scope={"scenario": outline})
    run = sign_off(root, "-k", REFUSED)
    assert run.code == 11, run.output
    assert run.those("PASS") == set(run.verdicts)
    assert "UNNEEDED   W-1 (small.waivers.yaml:3)" in run.output and "UNMATCHED  W-2" in run.output
    assert {each["id"]: each["state"] for each in run.told["waivers"]} == {"W-1": "UNNEEDED", "W-2": "UNMATCHED"}


def test_missing_evidence_cannot_be_waived(root: Path) -> None:
    """Exit code 10: a waiver accepts a failure that was seen, not one that nobody could see."""
    accept(root, days=12)
    run = sign_off(root, "-p", "tests.signoff.sabotages", "--sabotage", "no twin is left", "-k", SOME)
    assert run.code == 10, run.output
    assert run.those("NOT_OBTAINED") == {FAILED}
    assert "NOT_JUDGED W-1" in run.output


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("small", {"expires": "2027-02-30"}, "small.waivers.yaml:13: waivers[0].expires: expected a date, YYYY-MM-DD"),
        ("smal", {}, "smal.waivers.yaml: no plan of that name stands beside it"),
    ],
    ids=["impossible-date", "lost"],
)
def test_waivers_that_are_wrong_end_the_run_before_it_begins(
    name: str, changes: dict[str, object], words: str, root: Path
) -> None:
    """Exit code 4, one message with file and line, and no account."""
    accept(root, days=12, **changes)
    (root / "plans" / "small.waivers.yaml").rename(root / "plans" / f"{name}.waivers.yaml")
    run: SignOff = sign_off(root)
    assert run.code == 4
    assert words in run.output and "Traceback" not in run.output
    assert not run.observed("account") and not (root / "build").exists()
