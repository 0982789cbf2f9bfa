"""The run statement: what was tested, what came of it, what was accepted, and what it does not say.

For somebody who knows neither pytest nor AWS; the report begins with it. ``limits.yaml`` holds what no run can say.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lakeproof.evidence.verdicts import ExitCode, Verdict

LIMITS = Path(__file__).with_name("limits.yaml")
MEANING = {
    Verdict.PASS: "tested, and it holds",
    Verdict.FAIL: "tested, and it does not hold",
    Verdict.WAIVED: "tested, and it does not hold; somebody accepted that until a day",
    Verdict.NOT_OBTAINED: "could not be tested: neither met nor failed",
    Verdict.NOT_RUN: "planned, but the run ended before",
    Verdict.NOT_APPLICABLE: "the plan has nothing of the kind",
}
WHY = {
    ExitCode.OK: "everything that was planned was tested and holds",
    ExitCode.FAILED: "a control was tested and does not hold",
    ExitCode.INTERRUPTED: "the run was interrupted",
    ExitCode.INTERNAL: "the harness itself failed",
    ExitCode.USAGE: "the run was not started as it must be",
    ExitCode.NOTHING_COLLECTED: "nothing was tested",
    ExitCode.EVIDENCE_NOT_OBTAINED: "something could not be tested",
    ExitCode.WAIVER_INVALID: "a waiver has expired, matches nothing or is not needed any more",
    ExitCode.PLANNED_NOT_EXECUTED: "not everything that was planned was run",
    ExitCode.RESIDUE: "the tear-down left something behind",
    ExitCode.SIGNED_OFF_WITH_WAIVERS: "what does not hold was accepted by waivers that have not expired",
}
"""Why a run signs off or not, by its exit code."""


@dataclass(frozen=True)
class Line:
    """One line of the statement. ``red`` if it keeps the run from being simply green."""

    text: str
    red: bool = False


def headline(told: Mapping[str, Any]) -> str:
    """One sentence for the whole run, from its ``verdicts.json``."""
    verdict = "SIGNED OFF" if told["signed_off"] else "NOT SIGNED OFF"
    if told["exit_code"] == ExitCode.SIGNED_OFF_WITH_WAIVERS and told["signed_off"]:
        verdict = "SIGNED OFF WITH WAIVERS"
    code = told["exit_code"]
    partial = told["partial"] and code in (ExitCode.OK, ExitCode.SIGNED_OFF_WITH_WAIVERS)
    why = "this run does not cover every feature" if partial else WHY.get(code, f"exit code {code}")
    return f"{verdict}: {why}"


def scope(run: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Line]:
    """What was tested, where, by which plan, and when that was fixed."""
    target, features = run["target"], {each["feature"] for each in told["scenarios"]}
    yield Line(f"Account {target['account']} in Region {target['region']} ({run['banner'] or 'an AWS account'})")
    yield Line(f"Plan {run['plan']['file']}: what each person may see and do; SHA-256 {run['plan']['sha256']}")
    yield Line(f"{told['planned']} scenarios of {len(features)} features planned; SHA-256 {run['features']['sha256']}")
    yield Line(f"Fixed at {run['fixed']}, before the first attempt; run {run['run_id']}, seed {run['seed']}")
    yield from (Line(f"PARTIAL: {why}", red=True) for why in told["partial"])


def counts(told: Mapping[str, Any]) -> Iterator[Line]:
    """Each verdict with its number and meaning: all six, so that nobody has to guess about what is not there."""
    for verdict, meaning in MEANING.items():
        number = told["counts"].get(verdict, 0)
        fine = verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)
        yield Line(f"{number} {verdict}: {meaning}", red=bool(number) and not fine)
    yield Line(f"{told['planned']} planned in all")


def waivers(told: Mapping[str, Any]) -> Iterator[Line]:
    """Each waiver with its state, end, and who answers for it."""
    for each in told["waivers"]:
        left = f"{each['days_left']} days left" if each["days_left"] >= 0 else "over"
        who = f"owner {each['owner']}, approved by {each['approver']}"
        yield Line(
            f"{each['id']} ({each['control']}) {each['state']}: {each['why']}; until {each['expires']}, {left}; {who}; "
            f"{each['reason']} Risk: {each['risk']}",
            red=True,
        )
    if not told["waivers"]:
        yield Line("No failure was accepted by a waiver")


def limits(run: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Line]:
    """What the run does not say."""
    holds = {
        "always": True,
        "embedded": bool(run["banner"]),
        "aws": not run["banner"],
        "partial": bool(told["partial"]),
        "waived": bool(told["counts"].get(Verdict.WAIVED)),
    }
    yield from (Line(each["text"].strip()) for each in _limits() if holds[each["when"]])
    yield from (Line(f"Left behind: {left}", red=True) for left in told["residue"])


def controls_table(told: Mapping[str, Any]) -> str:
    """Every control with its verdict and counts, as CSV."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["control", "framework", "title", "verdict", *map(str, Verdict)])
    for each in told["controls"]:
        numbers = [each["counts"].get(verdict, 0) for verdict in Verdict]
        writer.writerow([each["id"], each["framework"], each["title"], each["verdict"], *numbers])
    return table.getvalue()


def sections(run: Mapping[str, Any], told: Mapping[str, Any]) -> list[tuple[str, Sequence[Line]]]:
    """The statement: title and lines of each section, from the run's ``run.json`` and ``verdicts.json``."""
    return [
        ("What was tested", list(scope(run, told))),
        ("What came of it", list(counts(told))),
        ("What was accepted", list(waivers(told))),
        ("What this does not say", list(limits(run, told))),
    ]


@cache
def _limits() -> list[dict[str, str]]:
    found: list[dict[str, str]] = yaml.safe_load(LIMITS.read_text(encoding="utf-8"))
    return found
