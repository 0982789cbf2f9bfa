"""The six verdicts, the exceptions that lead to them, and the exit code of a run. The only list of exit codes.

A scenario that raises ``NotMet`` (or any AssertionError) is a FAIL: the control was tested and does not hold. Whatever
else it raises is NOT_OBTAINED: it could not be tested. Both are red, and they are counted apart everywhere.

    AssertionError
    └── NotMet                 expected, seen, and who decided are known
    Exception
    └── EvidenceNotObtained    a probe ended in something that proves nothing
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """What became of one planned scenario."""

    PASS = "PASS"
    FAIL = "FAIL"
    NOT_OBTAINED = "NOT_OBTAINED"
    WAIVED = "WAIVED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    NOT_RUN = "NOT_RUN"


class ExitCode(IntEnum):
    """pytest's own codes 0 to 5, and ours from 10 on."""

    OK = 0
    FAILED = 1
    INTERRUPTED = 2
    INTERNAL = 3
    USAGE = 4
    NOTHING_COLLECTED = 5
    EVIDENCE_NOT_OBTAINED = 10
    WAIVER_INVALID = 11
    PLANNED_NOT_EXECUTED = 12
    RESIDUE = 13
    SIGNED_OFF_WITH_WAIVERS = 14


class Finding(Exception):
    """A red result that explains itself in one block."""

    def __init__(self, expected: str, seen: str, *, decided: str = "", likely: str = "", remedy: str = "") -> None:
        super().__init__(expected, seen)
        self.expected = expected
        self.seen = seen
        self.decided = decided
        self.likely = likely
        self.remedy = remedy

    def lines(self) -> list[tuple[str, str]]:
        """Label and text of each part of the block that is known, in reading order."""
        parts = [
            ("expected", self.expected),
            ("seen", self.seen),
            ("who decided", self.decided),
            ("likely cause", self.likely),
            ("remedy", self.remedy),
        ]
        return [(label, text) for label, text in parts if text]

    def __str__(self) -> str:
        return "\n".join(f"{label}: {text}" for label, text in self.lines())


class NotMet(Finding, AssertionError):
    """The control was tested and does not hold: FAIL."""


class EvidenceNotObtained(Finding):
    """The control could not be tested: NOT_OBTAINED."""


def of_exception(error: BaseException) -> Verdict:
    """The verdict of a scenario that raised ``error``. A timeout is an AssertionError to nobody: it proves nothing."""
    return Verdict.FAIL if isinstance(error, AssertionError) else Verdict.NOT_OBTAINED


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a scenario from those of its set-up, call and tear-down."""
    order = [Verdict.FAIL, Verdict.NOT_OBTAINED, Verdict.NOT_RUN, Verdict.WAIVED, Verdict.NOT_APPLICABLE, Verdict.PASS]
    return min(verdicts, key=order.index)


def of_control(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a control from those of its scenarios: the worst; what does not apply counts only if it is all."""
    found = list(verdicts)
    return worst([each for each in found if each is not Verdict.NOT_APPLICABLE] or found)


def exit_code(
    pytest_code: int,
    counts: Counter[Verdict],
    residue: int = 0,
    *,
    outside: int = 0,
    unplanned: int = 0,
    lapsed: int = 0,
    invalid_waivers: int = 0,
) -> int:
    """The exit code of a run: pytest's own 1 to 5 stay as they are, then DESIGN's order.

    ``pytest_code`` 1 stands only if a scenario failed its control, or if something ``outside`` the scenarios failed;
    with nothing but NOT_OBTAINED it becomes 10. ``unplanned`` counts what changed since the baseline though the plan
    does not say it: a failure like a scenario's. ``lapsed`` counts the FAILs that only an expired waiver covers: the
    waiver decides the code, 11. ``residue`` counts the resources that the teardown left behind. A run of which nothing
    applies, or nothing ran, is no success.
    """
    told = counts[Verdict.NOT_OBTAINED] + counts[Verdict.NOT_RUN] + counts[Verdict.WAIVED] + lapsed
    if pytest_code == ExitCode.FAILED and told and not outside:
        pytest_code = ExitCode.OK
    if pytest_code != ExitCode.OK:
        return pytest_code
    if outside or unplanned or counts[Verdict.FAIL] > lapsed:
        return ExitCode.FAILED
    executed = sum(counts.values()) - counts[Verdict.NOT_RUN] - counts[Verdict.NOT_APPLICABLE]
    if counts[Verdict.NOT_RUN] or not executed:
        return ExitCode.PLANNED_NOT_EXECUTED
    if invalid_waivers or lapsed:
        return ExitCode.WAIVER_INVALID
    if counts[Verdict.NOT_OBTAINED]:
        return ExitCode.EVIDENCE_NOT_OBTAINED
    if residue:
        return ExitCode.RESIDUE
    return ExitCode.SIGNED_OFF_WITH_WAIVERS if counts[Verdict.WAIVED] else ExitCode.OK


def signs_off(code: int, partial: bool) -> bool:
    """Whether a run signs off: whole, and green or with waivers for all that is red."""
    return not partial and code in (ExitCode.OK, ExitCode.SIGNED_OFF_WITH_WAIVERS)
