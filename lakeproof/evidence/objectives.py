"""What a scenario determines of its control, one by one: the objectives of an assessor, rows of ``objectives.csv``.

For NIST's controls an objective has the id of its part in the catalogue of SP 800-53 r5 with the assessment procedures
of 800-53A (OSCAL content: ``ac-3_obj``, ``au-3_obj.f``), and is the narrowest part that the scenarios speak for; for
FINOS CCC that of the assessment requirement. The texts are ours. A control without a row is its own objective.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lakeproof.evidence.controls import controls

TABLE = Path(__file__).with_name("objectives.csv")


@dataclass(frozen=True, slots=True)
class Objective:
    """``fact`` is the value of a scenario's row that this objective is about, empty if it is about all of them."""

    id: str
    control: str
    fact: str
    text: str

    def __str__(self) -> str:
        return f"{self.id}: {self.text}"


@cache
def objectives() -> tuple[Objective, ...]:
    """All objectives, in the table's order. Raises ValueError on an unknown control, TypeError on other columns."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        found = tuple(Objective(**row) for row in csv.DictReader(lines))
    unknown = sorted({each.control for each in found} - controls().keys())
    if unknown:
        raise ValueError(f"{TABLE.name}: no control {', '.join(unknown)} in controls.csv")
    return found


def objective(control: str, values: Mapping[str, str]) -> Objective:
    """What a scenario with the row ``values`` determines of a control."""
    rows = [each for each in objectives() if each.control == control]
    for each in rows:
        if each.fact in ("", values.get("fact", "")):
            return each
    known = controls().get(control)
    return Objective(control, control, "", known.title if known else control)
