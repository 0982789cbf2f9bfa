"""The table of weaknesses and the guide that tells what was changed against them speak of the same."""

from __future__ import annotations

import re
from pathlib import Path

from lakeproof.evidence.weaknesses import weaknesses

ROOT = Path(__file__).resolve().parents[2]


def test_the_guide_to_hardening_tells_of_exactly_these_weaknesses() -> None:
    """docs/hardening.md has one row for each id of the table, in its order."""
    told = re.findall(r"^\| (F\d+) \|", (ROOT / "docs" / "hardening.md").read_text(encoding="utf-8"), re.M)
    assert told == list(weaknesses())


def test_a_row_knows_its_controls_and_says_how_to_close_it() -> None:
    """Every weakness breaks a control that there is, and has a remedy; the first eighteen are the published ones."""
    assert list(weaknesses())[:18] == [f"F{number}" for number in range(1, 19)]
    assert all(each.controls and each.remedy and each.title for each in weaknesses().values())
