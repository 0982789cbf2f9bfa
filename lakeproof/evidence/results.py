"""What became of a run, as data: every planned scenario, every control, every waiver. ``verdicts.json`` is its file.

    {"schema_version": 1, "run_id", "partial": [why, ...], "exit_code", "signed_off", "planned",
     "counts": {verdict: n}, "residue": [text, ...],
     "scenarios": [{id, feature, title, outline, controls, severity, values, verdict, duration_s, waivers, said}, ...],
     "controls": [{id, framework, title, url, verdict, counts}, ...],
     "waivers": [{id, control, scope, owner, ..., state, why, days_left, scenarios}, ...]}

Scenarios are in the order in which they were planned, controls and waivers sorted. ``said`` is the block of a red one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lakeproof.evidence.controls import controls
from lakeproof.evidence.scenarios import Scenario
from lakeproof.evidence.verdicts import Verdict, of_control, signs_off
from lakeproof.evidence.waivers import INVALID, Use

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Ran:
    """One planned scenario and what became of it. ``waivers`` are the ids of those that cover its failure."""

    scenario: Scenario
    verdict: Verdict
    duration_s: float = 0.0
    said: str = ""
    waivers: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """As ``verdicts.json`` has it."""
        return {
            **self.scenario.facts(),
            "verdict": str(self.verdict),
            "duration_s": round(self.duration_s, 3),
            "waivers": list(self.waivers),
            "said": self.said,
        }


@dataclass(frozen=True)
class Results:
    """Everything that a run came to. ``partial`` says why it does not cover all features; empty if it does."""

    run_id: str
    today: date
    ran: tuple[Ran, ...]
    uses: tuple[Use, ...] = ()
    partial: tuple[str, ...] = ()
    residue: tuple[str, ...] = ()
    exit_code: int = 0
    counts: Counter[Verdict] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", Counter(each.verdict for each in self.ran))

    @property
    def signed_off(self) -> bool:
        """Whether this run may be taken for a sign-off."""
        return signs_off(self.exit_code, bool(self.partial))

    @property
    def invalid_waivers(self) -> tuple[Use, ...]:
        """The waivers that fail the run."""
        return tuple(use for use in self.uses if use.state in INVALID)

    def by_control(self) -> Mapping[str, Counter[Verdict]]:
        """How often each verdict, for each control that a scenario is evidence for, sorted."""
        table: dict[str, Counter[Verdict]] = defaultdict(Counter)
        for each in self.ran:
            for control in each.scenario.controls:
                table[control][each.verdict] += 1
        return dict(sorted(table.items()))

    def document(self) -> dict[str, Any]:
        """The whole, as ``verdicts.json`` has it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "partial": list(self.partial),
            "exit_code": self.exit_code,
            "signed_off": self.signed_off,
            "planned": len(self.ran),
            "counts": _counted(self.counts),
            "residue": list(self.residue),
            "scenarios": [each.facts() for each in self.ran],
            "controls": [_control(name, counts) for name, counts in self.by_control().items()],
            "waivers": [self._waiver(use) for use in sorted(self.uses, key=lambda use: use.waiver.id)],
        }

    def _waiver(self, use: Use) -> dict[str, Any]:
        return {
            **use.waiver.facts(),
            "state": str(use.state),
            "why": use.why,
            "days_left": use.waiver.days_left(self.today),
            "scenarios": list(use.scenarios),
        }


def _control(name: str, counts: Counter[Verdict]) -> dict[str, Any]:
    known = controls().get(name)
    return {
        "id": name,
        "framework": known.framework if known else "",
        "title": known.title if known else "",
        "url": known.url if known else "",
        "verdict": str(of_control(counts)),
        "counts": _counted(counts),
    }


def _counted(counts: Counter[Verdict]) -> dict[str, int]:
    return {str(verdict): counts[verdict] for verdict in Verdict if counts[verdict]}
