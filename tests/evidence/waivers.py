"""Waivers and scenarios to try waivers with."""

from __future__ import annotations

from datetime import date
from typing import Any

from lakeproof.evidence.scenarios import Scenario
from lakeproof.evidence.waivers import Waiver

TODAY = date(2026, 11, 25)


def waiver(**changes: Any) -> Waiver:
    """A waiver for the limited person's customer_id, which holds until the end of the year."""
    values: dict[str, Any] = {
        "id": "W-1",
        "control": "NIST-AC-3",
        "owner": "data platform",
        "approver": "head of compliance",
        "reason": "Needed for the migration.",
        "risk": "One analyst sees customer ids.",
        "created": date(2026, 11, 1),
        "expires": date(2026, 12, 31),
        "person": "limited",
        "column": "customer_id",
        **changes,
    }
    return Waiver(**values)


def scenario(name: str = "refused", **values: str) -> Scenario:
    """A scenario about the limited person's customer_id, unless ``values`` say otherwise."""
    row = {"person": "limited", "table": "reviews", "column": "customer_id", **values}
    return Scenario(
        id=f"features/a.feature::test_{name}[{'-'.join(row.values())}]",
        feature="Columns",
        title=f"{row['person']} is {name} {row['column']}",
        outline=f"<person> is {name} <column>",
        controls=("NIST-AC-3", "NIST-AC-6"),
        values=row,
    )
