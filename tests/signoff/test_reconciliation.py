"""A record that nobody can explain turns the sign-off red."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.signoff.runs import LIMITED, SignOff, sign_off

SCENARIO = f"reconciliation.feature::test_everything_that_the_trail_says_of_person_is_in_the_ledger[{LIMITED}]"


def audited(root: Path, sabotage: str) -> SignOff:
    """The audit scenarios alone, of the small plan."""
    return sign_off(root, "-p", "tests.signoff.sabotages", "--sabotage", sabotage, "features/audit")


def kept(run: SignOff) -> list[dict[str, Any]]:
    """The records that the run left with its evidence, and what accounts for each."""
    file = run.bundle / "trail.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_an_unexplained_record_turns_the_sign_off_red(root: Path) -> None:
    """Somebody assumed a person's role and made one call: that person's scenario fails, and names call and session."""
    run = audited(root, "use a persons session")
    assert run.code == 1
    assert run.those("FAIL", "NOT_OBTAINED") == {SCENARIO}
    assert "athena.amazonaws.com:ListWorkGroups by arn:aws:sts::" in run.output
    assert "/somebody, request id" in run.output
    [strange] = [each["record"] for each in kept(run) if not each["accounted_for_by"]]
    assert strange["eventName"] == "ListWorkGroups"


def test_the_same_call_by_somebody_else_does_not(root: Path) -> None:
    """The twin: an identity that the plan does not name made it. What was polled stands with the evidence."""
    run = audited(root, "use another session")
    assert run.code == 0, run.output
    assert all(each["accounted_for_by"] for each in kept(run))
    [file] = (root / "build" / "evidence").glob("*/trail.json")
    told = json.loads(file.read_text(encoding="utf-8"))
    assert set(told["states"]) == {"CONFIRMED"}
    assert told["polls"][-1]["open"] == 0 and {"at", "calls", "new"} <= set(told["polls"][0])
