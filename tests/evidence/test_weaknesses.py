"""The table of weaknesses and the guide that tells what was changed against them speak of the same."""

from __future__ import annotations

import re
from pathlib import Path

from lakeproof.evidence.weaknesses import weaknesses

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "hardening.md").read_text(encoding="utf-8")
SCENARIO = re.compile(r"^ *((?:@\S+ *)+)\n *Scenario(?: Outline)?: (.+)$", re.M)


def tagged() -> dict[str, list[str]]:
    """The scenarios that carry each weakness's id, as the guide names them."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "features").rglob("*.feature")):
        for tags, title in SCENARIO.findall(path.read_text(encoding="utf-8")):
            link = f'[{path.name}](../{path.relative_to(ROOT).as_posix()}) "{title}"'
            for id in re.findall(r"@weakness:(F\d+)", tags):
                found.setdefault(id, []).append(link)
    return found


def test_the_guide_to_hardening_tells_of_exactly_these_weaknesses() -> None:
    """docs/hardening.md has one row for each id of the table, in its order."""
    changed, _, _ = GUIDE.partition("## What shows it")
    assert re.findall(r"^\| (F\d+) \|", changed, re.M) == list(weaknesses())


def test_a_row_knows_its_controls_and_says_how_to_close_it() -> None:
    """Every weakness breaks a control that there is, and has a remedy; the first eighteen are the published ones."""
    assert list(weaknesses())[:18] == [f"F{number}" for number in range(1, 19)]
    assert all(each.controls and each.remedy and each.title for each in weaknesses().values())


def test_a_weakness_has_a_scenario_or_a_reason_why_none_can_show_it() -> None:
    """Scenarios carry the ids of all weaknesses but those with a reason; these only keep something from working."""
    unshown = {each.id for each in weaknesses().values() if each.unshown}
    assert tagged().keys() == weaknesses().keys() - unshown
    assert {weaknesses()[id].kind for id in unshown} == {"functional"}


def test_the_guide_names_the_scenarios_of_each_weakness() -> None:
    """The second table of docs/hardening.md has every scenario that carries the id, or the reason, and no other row."""
    _, _, shown = GUIDE.partition("## What shows it")
    shows = {id: "; ".join(links) for id, links in tagged().items()}
    rows = [(each.id, shows.get(each.id) or f"none: {each.unshown}") for each in weaknesses().values()]
    assert re.findall(r"^\| (F\d+) \| (.+) \|$", shown, re.M) == rows
