"""The weaknesses of the published walkthrough: ``@weakness:<id>`` in a feature, one row in ``weaknesses.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lakeproof.evidence.controls import controls

TABLE = Path(__file__).with_name("weaknesses.yaml")
KINDS = ("access", "audit", "functional")
SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Weakness:
    """``kind`` says whether it lets somebody in (access), hides them (audit), or only keeps something from working.
    ``unshown`` says why no scenario carries its id, empty if one does."""

    id: str
    kind: str
    title: str
    severity: str
    controls: tuple[str, ...]
    remedy: str
    unshown: str = ""

    def __str__(self) -> str:
        return f"{self.id} ({self.severity}): {self.title}"


@cache
def weaknesses() -> dict[str, Weakness]:
    """All weaknesses by id, in the table's order. Raises ValueError or TypeError on a row that is not understood."""
    rows: list[dict[str, Any]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return {row["id"]: _weakness(row) for row in rows}


def _weakness(row: dict[str, Any]) -> Weakness:
    found = Weakness(**{**row, "controls": tuple(row["controls"])})
    unknown = [control for control in found.controls if control not in controls()]
    if unknown or found.kind not in KINDS or found.severity not in SEVERITIES:
        raise ValueError(f"{TABLE.name}: {found.id}: unknown kind, severity or control ({', '.join(unknown)})")
    if found.unshown and found.kind != "functional":
        raise ValueError(
            f"{TABLE.name}: {found.id} is about {found.kind}: a scenario has to show it, no reason will do"
        )
    return found
