"""``make check-report``: a red report, opened in a real headless Chromium. Needs Node, so not in ``make test``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakeproof.evidence.html_report import render

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "check-report"
SABOTAGE = '''
def pytest_lakeproof_provisioned(plan, target, estate):
    """Grant one hidden column to the person who may not see it."""
    table = {"DatabaseName": plan.dataset.database, "Name": plan.dataset.tables[0].name, "ColumnNames": ["customer_id"]}
    target.client("lakeformation").grant_permissions(
        Principal={"DataLakePrincipalIdentifier": estate.person("data-scientist-limited").execution_role_arn},
        Resource={"TableWithColumns": table}, Permissions=["SELECT"])
'''


@dataclass(frozen=True)
class Red:
    """A red run, its report, and what the browser saw in it."""

    run: Mapping[str, object]
    overview: str
    scenario: str
    history: str
    errors: list[str]
    requests: list[str]


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Red:
    """Sign off an account in which one hidden column was granted, render the report, open it at the failed scenario."""
    folder = tmp_path_factory.mktemp("red")
    (folder / "sabotage.py").write_text(SABOTAGE)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    for sabotage, code in (((), 0), (("-p", "sabotage"), 1)):  # the green run before it is its history
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "features/visibility", "features/grants", *sabotage, "-q"],
            cwd=ROOT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        parts = (ROOT / "build" / name for name in ("allure-results", "run.json"))
        page = render(*parts, folder / "report", folder / "history")
    results = json.loads((page.parent / "test-results.json").read_text())["byId"].values()
    failed = next(
        each["id"] for each in results if each["status"] == "failed" and "is refused customer_id" in each["name"]
    )
    PICTURES.mkdir(parents=True, exist_ok=True)
    opened = subprocess.run(
        [
            str(Path(sys.executable).with_name("node")),
            "tests/report/open_page.mjs",
            str(page),
            failed,
            str(PICTURES / "red"),
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert opened.returncode == 0, opened.stderr
    run = json.loads((ROOT / "build" / "run.json").read_text())
    return Red(run=run, **json.loads(opened.stdout))


def test_page_works_offline(red: Red) -> None:
    """The page opens without a request that leaves the machine, and without an error."""
    assert red.requests == []
    assert red.errors == []


def test_page_counts_what_the_run_counted(red: Red) -> None:
    """The strip at the top shows the run's own verdicts and says that this is no evidence about AWS."""
    verdicts = red.run["verdicts"]
    assert isinstance(verdicts, dict)
    strip = red.overview.splitlines()[0]
    assert "EMBEDDED ACCOUNT: not evidence about AWS" in strip
    for verdict, count in verdicts.items():
        assert f"{count} {verdict}" in strip
    assert verdicts["FAIL"] >= 3


def test_failed_scenario_shows_that_it_passed_before(red: Red) -> None:
    """The run before was green: the scenario, the same in both, leads to it and to when it was."""
    assert "is refused customer_id" in red.history and "History\n1\n" in red.history
    shown = red.history.partition("History\n1\n")[2].partition("Generated")[0]
    assert len(re.findall(r"\d+/\d+/\d{4} at \d\d:\d\d:\d\d", shown)) == 1, shown


def test_failed_scenario_shows_its_steps(red: Red) -> None:
    """A failed scenario shows each Gherkin step, and those after the failure as not reached."""
    assert "When data-scientist-limited selects the column customer_id of amazon_reviews_parquet" in red.scenario
    assert "Then Lake Formation refuses the column" in red.scenario
    assert "And the same query is allowed to somebody who may see customer_id of amazon_reviews_parquet" in red.scenario
    assert "not reached" in red.scenario


def test_failed_scenario_opens_its_attachments(red: Red) -> None:
    """Expected against seen, SQL and query id can be opened at the step that failed."""
    assert "expected: refused, cause LF_COLUMN" in red.scenario
    assert 'SELECT "customer_id" FROM "amazon_reviews_db"."amazon_reviews_parquet" LIMIT 10' in red.scenario
    assert "query id " in red.scenario
