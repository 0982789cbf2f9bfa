"""The controls that a scenario may be evidence for: ``@control:<id>`` in a feature, one row in ``controls.csv``.

Titles of NIST's controls are the catalogue's; the others say in our words what the scenarios use them for.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("controls.csv")


@dataclass(frozen=True, slots=True)
class Control:
    """``url`` is empty where the framework's text is not public or its address was not verified."""

    id: str
    framework: str
    title: str
    url: str


@cache
def controls() -> dict[str, Control]:
    """All controls by id. Raises TypeError on a table with other columns."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return {row["id"]: Control(**row) for row in csv.DictReader(lines)}
