"""The sentence at the top of the HTML report says what the page may be used for, before anybody reads a percentage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lakeproof.evidence.html_report import ReportError, render, strip_text

BANNER = "EMBEDDED ACCOUNT: not evidence about AWS"


def strip(folder: Path, facts: dict[str, Any]) -> str:
    """The sentence for a run with these facts."""
    run = folder / "run.json"
    run.write_text(json.dumps(facts), encoding="utf-8")
    return strip_text(run)


def test_a_report_of_no_run_is_refused(tmp_path: Path) -> None:
    """Without run.json nobody knows which account the results are about."""
    with pytest.raises(ReportError, match=r"run\.json is missing, so the report could not say which account"):
        strip_text(tmp_path / "run.json")


def test_a_report_of_no_results_is_refused(tmp_path: Path) -> None:
    """An empty folder is not a green report; the message says what to do."""
    with pytest.raises(ReportError, match=r"no Allure results in .*: run `make signoff` first"):
        render(tmp_path, tmp_path / "run.json", tmp_path / "report")


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"banner": BANNER}, f"{BANNER} — UNFINISHED RUN: it left no verdicts"),
        ({"banner": "", "verdicts": {}}, "UNFINISHED RUN: it left no verdicts"),
        ({"banner": BANNER, "verdicts": {"PASS": 3, "NOT_RUN": 1}}, f"{BANNER} — 3 PASS · 1 NOT_RUN"),
        ({"banner": "", "verdicts": {"PASS": 3}, "partial": False}, "3 PASS"),
        (
            {"banner": BANNER, "verdicts": {"PASS": 3}, "partial": True},
            f"{BANNER} — PARTIAL RUN: it cannot sign off — 3 PASS",
        ),
    ],
    ids=["unfinished", "unfinished on AWS", "with what did not run", "on AWS", "partial"],
)
def test_it_says_what_the_run_lacks_and_counts_every_verdict(facts: dict[str, Any], text: str, tmp_path: Path) -> None:
    """Banner first, then what is missing, then each verdict: also those that Allure's percentage leaves out."""
    assert strip(tmp_path, facts) == text
