"""The table of objectives, and the categories of red results."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lakeproof.audit.facts import FACTS
from lakeproof.evidence import objectives as table
from lakeproof.evidence.categories import Category, category
from lakeproof.evidence.objectives import objective, objectives
from lakeproof.evidence.verdicts import Verdict

ROOT = Path(__file__).resolve().parents[2]


def test_an_objective_of_an_unknown_control_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would ever be told of it."""
    file = tmp_path / "objectives.csv"
    file.write_text("id,control,fact,text\nx,NIST-XX-1,,y\n", encoding="utf-8")
    monkeypatch.setattr(table, "TABLE", file)
    with pytest.raises(ValueError, match=r"no control NIST-XX-1 in controls\.csv"):
        objectives.__wrapped__()


def test_each_fact_of_an_audit_record_has_an_objective_of_its_own() -> None:
    """NIST AU-3 is six questions; a scenario answers one of them."""
    found = [objective("NIST-AU-3", {"fact": fact}).id for fact in FACTS]
    assert sorted(found) == [f"au-3_obj.{letter}" for letter in "abcdef"]


def test_a_control_without_a_row_is_its_own_objective() -> None:
    """And one that is not in the table of controls at all, too."""
    assert str(objective("CCC.IAM.CN02", {})) == "CCC.IAM.CN02: IAM: no privilege escalation"
    assert objective("AC-1", {}).id == "AC-1"
    assert len({each.id for each in objectives()}) == len(objectives())


@pytest.mark.parametrize(
    ("verdict", "audit", "lapsed", "expected"),
    [
        (Verdict.PASS, True, False, None),
        (Verdict.FAIL, False, False, Category.CONTROL_FAILED),
        (Verdict.FAIL, True, False, Category.ATTRIBUTION_MISSING),
        (Verdict.FAIL, True, True, Category.EXPIRED_WAIVER),
        (Verdict.WAIVED, True, False, Category.WAIVED),
        (Verdict.NOT_OBTAINED, True, False, Category.NOT_OBTAINED),
        (Verdict.NOT_RUN, False, False, Category.NOT_RUN),
        (Verdict.NOT_APPLICABLE, False, False, Category.NOT_APPLICABLE),
    ],
)
def test_each_verdict_has_its_category(verdict: Verdict, audit: bool, lapsed: bool, expected: Category | None) -> None:
    """What somebody has to do about it differs."""
    assert category(verdict, audit=audit, lapsed=lapsed) is expected


def test_the_report_lists_the_same_categories() -> None:
    """allurerc.mjs cannot import them; a name that differs would match nothing."""
    [listed] = re.findall(r"const categories = \[(.*?)\];", (ROOT / "allurerc.mjs").read_text(encoding="utf-8"), re.S)
    assert re.findall(r'"(.*?)"', listed) == [str(each) for each in Category]
