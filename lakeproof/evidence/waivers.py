"""Waivers: failures that somebody accepted, each with owner, approver, reason, risk, control, scope and an end.

They stand beside the plan, ``plans/NAME.waivers.yaml`` for ``plans/NAME.yaml``. A waived failure stays red and is told
with the days that are left; only the exit code differs. A waiver holds through the whole day of ``expires``, by UTC.
What a waiver does not do: turn missing evidence into anything, or hide a failure that it does not name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from lakeproof.evidence.scenarios import Scenario
from lakeproof.evidence.verdicts import Verdict
from lakeproof.evidence.waiver_file import WaiverError, problems_of
from lakeproof.plan import Plan, PlanError
from lakeproof.plan.document import read
from lakeproof.plan.problems import Problem

SUFFIX = ".waivers.yaml"


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted failure. ``person``, ``column`` and ``scenario`` are its scope; at least one of them is set."""

    id: str
    control: str
    owner: str
    approver: str
    reason: str
    risk: str
    created: date
    expires: date
    person: str | None = None
    column: str | None = None
    scenario: str | None = None
    where: str = ""
    """File and line, for messages."""

    def covers(self, scenario: Scenario) -> bool:
        """Whether a scenario is in its scope: the control, and everything that the scope names."""
        return (
            self.control in scenario.controls
            and self.person in (None, scenario.values.get("person"))
            and self.column in (None, scenario.values.get("column"))
            and self.scenario in (None, scenario.id, scenario.title, scenario.outline)
        )

    def days_left(self, today: date) -> int:
        """0 on its last day, negative when it has expired."""
        return (self.expires - today).days

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.days_left(today) < 0

    def told(self, today: date) -> str:
        """One sentence for the reader of a red result."""
        left = self.days_left(today)
        end = f"EXPIRED on {self.expires}" if left < 0 else f"expires {self.expires}, {days(left)} left"
        return f"{self.id}, {end}; owner {self.owner}, approved by {self.approver}; {self.reason} Risk: {self.risk}"

    def facts(self) -> dict[str, Any]:
        """Everything about it, as ``verdicts.json`` has it."""
        return {
            "id": self.id,
            "control": self.control,
            "scope": {"person": self.person, "column": self.column, "scenario": self.scenario},
            "owner": self.owner,
            "approver": self.approver,
            "reason": self.reason,
            "risk": self.risk,
            "created": self.created.isoformat(),
            "expires": self.expires.isoformat(),
        }


class State(StrEnum):
    """What became of a waiver in a run. EXPIRED, UNMATCHED and UNNEEDED fail it."""

    APPLIED = "APPLIED"
    EXPIRED = "EXPIRED"
    UNMATCHED = "UNMATCHED"
    UNNEEDED = "UNNEEDED"
    NOT_JUDGED = "NOT_JUDGED"


INVALID = (State.EXPIRED, State.UNMATCHED, State.UNNEEDED)


@dataclass(frozen=True, slots=True)
class Use:
    """A waiver at the end of a run: its state, why, and the failed scenarios that it covers."""

    waiver: Waiver
    state: State
    why: str
    scenarios: tuple[str, ...] = ()


def beside(plan: Path) -> Path:
    """Where the waivers of a plan stand."""
    return plan.with_name(plan.stem + SUFFIX)


def load(path: Path, plan: Plan, today: date) -> tuple[Waiver, ...]:
    """The waivers of a file, checked against the plan. Raises WaiverError with every problem, by file and line."""
    try:
        document = read(path)
    except PlanError as error:
        raise WaiverError(map(_in_our_words, error.problems)) from None
    problems = [*document.problems, *problems_of(document, plan, today)]
    if problems:
        raise WaiverError(problems)
    return tuple(
        _waiver(entry, f"{path.name}:{document.line(('waivers', number))}")
        for number, entry in enumerate(document.data["waivers"])
    )


def orphans(folder: Path) -> list[Path]:
    """Waiver files of a folder without a plan of that name beside them: nothing would ever read them."""
    return [file for file in sorted(folder.glob(f"*{SUFFIX}")) if not file.with_name(_plan_of(file)).exists()]


def waiving(waivers: Iterable[Waiver], scenario: Scenario, today: date) -> tuple[list[Waiver], list[Waiver]]:
    """The waivers that cover a failed scenario: those that hold today, and those that have expired."""
    found = [waiver for waiver in waivers if waiver.covers(scenario)]
    return [each for each in found if not each.expired(today)], [each for each in found if each.expired(today)]


def assess(
    waivers: Iterable[Waiver], ran: Mapping[Scenario, Verdict], unselected: Iterable[Scenario], whole: bool, today: date
) -> list[Use]:
    """What became of each waiver. ``ran`` holds every planned scenario, ``unselected`` those that were left out by
    ``-k``, ``-m`` or alike. ``whole`` is False if features were not even collected, so that nobody knows what else a
    waiver covers."""
    left_out = list(unselected)
    return [_use(waiver, ran, left_out, whole, today) for waiver in waivers]


def days(count: int) -> str:
    """``1 day``, ``2 days``."""
    return f"{count} day" if count == 1 else f"{count} days"


def _use(waiver: Waiver, ran: Mapping[Scenario, Verdict], left_out: list[Scenario], whole: bool, today: date) -> Use:
    covered = {scenario: verdict for scenario, verdict in ran.items() if waiver.covers(scenario)}
    failed = tuple(each.id for each, verdict in covered.items() if verdict in (Verdict.FAIL, Verdict.WAIVED))
    if waiver.expired(today):
        return Use(waiver, State.EXPIRED, f"its last day was {waiver.expires}: renew it or mend the failure", failed)
    if failed:
        left = waiver.days_left(today)
        return Use(waiver, State.APPLIED, f"{len(failed)} failed, {days(left)} left", failed)
    if not whole or any(map(waiver.covers, left_out)):
        return Use(waiver, State.NOT_JUDGED, "partial run: not everything that it may cover ran")
    if {Verdict.NOT_RUN, Verdict.NOT_OBTAINED} & set(covered.values()):
        return Use(waiver, State.NOT_JUDGED, "what it covers was not run, or gave no evidence, which nobody can waive")
    if Verdict.PASS in covered.values():
        return Use(waiver, State.UNNEEDED, "what it covers passes: remove it")
    return Use(waiver, State.UNMATCHED, f"no scenario is in its scope (control {waiver.control}): correct or remove it")


def _waiver(entry: Mapping[str, Any], where: str) -> Waiver:
    values = {**entry, **entry["scope"], "where": where}
    del values["scope"]
    return Waiver(
        **{
            **values,
            "created": date.fromisoformat(values["created"]),
            "expires": date.fromisoformat(values["expires"]),
        }
    )


def _plan_of(file: Path) -> str:
    return file.name.removesuffix(SUFFIX) + ".yaml"


def _in_our_words(problem: Problem) -> Problem:
    """The YAML reader speaks of plans."""
    if problem.expected == "a plan file":
        return replace(problem, expected="a waiver file")
    if problem.expected.startswith("a mapping"):
        return replace(problem, expected="a mapping with schema_version and waivers", cause="not a waiver file")
    return problem
