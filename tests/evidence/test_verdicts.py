"""From what a scenario raised to its verdict, and from all verdicts to the exit code of the run."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakeproof.evidence.verdicts import (
    EvidenceNotObtained,
    ExitCode,
    NotMet,
    Verdict,
    exit_code,
    of_control,
    of_exception,
    worst,
)

TABLE: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("exit_codes.yaml").read_text(encoding="utf-8"))
ROWS = [pytest.param(row, id=f"{number} {row['code']} {row['why']}") for number, row in enumerate(TABLE)]


@pytest.mark.parametrize("row", ROWS)
def test_the_exit_code(row: dict[str, Any]) -> None:
    """The row's verdicts give the row's code."""
    counts = Counter({Verdict(name): count for name, count in row["verdicts"].items()})
    others = {name: row[name] for name in ("outside", "lapsed", "invalid_waivers") if name in row}
    assert exit_code(row["pytest"], counts, row["residue"], **others) == row["code"]


def test_only_a_run_in_which_something_passed_and_nothing_else_was_wrong_is_a_success() -> None:
    """Over every combination of verdicts, pytest's code and residue: 0 and 14 are never given away."""
    for pytest_code, residue, invalid, outside, *present in product(range(6), *[(0, 1)] * (3 + len(Verdict))):
        counts = Counter(dict(zip(Verdict, present, strict=True)))
        code = exit_code(pytest_code, counts, residue, outside=outside, invalid_waivers=invalid)
        clean = pytest_code in (0, counts[Verdict.WAIVED]) and not (residue or invalid or outside)
        clean = clean and not (counts[Verdict.FAIL] + counts[Verdict.NOT_OBTAINED] + counts[Verdict.NOT_RUN])
        ran = counts[Verdict.PASS] + counts[Verdict.WAIVED]
        assert (code == ExitCode.OK) == bool(clean and ran and not counts[Verdict.WAIVED])
        assert (code == ExitCode.SIGNED_OFF_WITH_WAIVERS) == bool(clean and counts[Verdict.WAIVED])
        assert code in list(ExitCode)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (NotMet("allowed", "refused"), Verdict.FAIL),
        (AssertionError("1 == 2"), Verdict.FAIL),
        (EvidenceNotObtained("an answer", "a throttle"), Verdict.NOT_OBTAINED),
        (RuntimeError("no such role"), Verdict.NOT_OBTAINED),
        (TimeoutError(), Verdict.NOT_OBTAINED),
        (KeyboardInterrupt(), Verdict.NOT_OBTAINED),
        (ExceptionGroup("several", [AssertionError()]), Verdict.NOT_OBTAINED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_only_a_control_that_was_tested_fails(error: BaseException, verdict: Verdict) -> None:
    """An AssertionError says that the control does not hold; whatever else it was, it could not be tested."""
    assert of_exception(error) is verdict


@pytest.mark.parametrize(
    ("phases", "verdict"),
    [
        ([Verdict.PASS], Verdict.PASS),
        ([Verdict.PASS, Verdict.NOT_OBTAINED], Verdict.NOT_OBTAINED),
        ([Verdict.NOT_OBTAINED, Verdict.FAIL], Verdict.FAIL),
        ([Verdict.NOT_APPLICABLE, Verdict.PASS], Verdict.NOT_APPLICABLE),
        ([Verdict.NOT_RUN, Verdict.NOT_OBTAINED], Verdict.NOT_OBTAINED),
        ([Verdict.WAIVED, Verdict.PASS], Verdict.WAIVED),
    ],
)
def test_a_scenario_has_the_worst_verdict_of_its_phases(phases: list[Verdict], verdict: Verdict) -> None:
    """A tear-down that fails is not hidden by a call that passed."""
    assert worst(phases) is verdict


@pytest.mark.parametrize(
    ("scenarios", "verdict"),
    [
        ([Verdict.PASS, Verdict.NOT_APPLICABLE], Verdict.PASS),
        ([Verdict.NOT_APPLICABLE], Verdict.NOT_APPLICABLE),
        ([Verdict.PASS, Verdict.WAIVED, Verdict.NOT_APPLICABLE], Verdict.WAIVED),
        ([Verdict.WAIVED, Verdict.NOT_RUN], Verdict.NOT_RUN),
        ([Verdict.NOT_RUN, Verdict.NOT_OBTAINED], Verdict.NOT_OBTAINED),
        ([Verdict.NOT_OBTAINED, Verdict.FAIL], Verdict.FAIL),
    ],
)
def test_a_control_has_the_worst_verdict_of_its_scenarios(scenarios: list[Verdict], verdict: Verdict) -> None:
    """What does not apply takes nothing from a control, unless nothing applies."""
    assert of_control(scenarios) is verdict


def test_a_red_result_is_one_block_of_what_is_known() -> None:
    """Expected, seen, who decided, likely cause, remedy: in this order, without the parts that nobody knows."""
    found = NotMet("refused", "allowed", likely="a grant", remedy="revoke it")
    assert str(found) == "expected: refused\nseen: allowed\nlikely cause: a grant\nremedy: revoke it"
    assert [label for label, _ in EvidenceNotObtained("a", "b", decided="c").lines()] == [
        "expected",
        "seen",
        "who decided",
    ]
