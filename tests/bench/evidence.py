"""A run of 5,000 scenarios: rendering its report, closing its bundle, verifying and exporting it.

The results of a real, narrowed sign-off are repeated under other names until there are so many.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.signoff.runs import REPOSITORY, checkout, sign_off

SCENARIOS = 5_000
PART = "reads_column or refused_column"
CHILD = """
import resource, sys, time
from pathlib import Path
from lakeproof.evidence.bundle import close
from lakeproof.evidence.export import FORMATS, export
from lakeproof.evidence.verify import verify
work, bundle, run = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
def timed(what, do):
    began = time.perf_counter()
    do()
    print(f"{what}\\t{time.perf_counter() - began:.1f} s")
timed("closing the bundle", lambda: close(work, bundle, run, None))
def whole():
    assert not verify(bundle).problems
timed("verifying it", whole)
for form in FORMATS:
    timed(f"exporting it as {form}", lambda: export(bundle, form, bundle.parent / "exports"))
print(f"memory at its highest\\t{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
"""
RENDER = """
import sys
from pathlib import Path
from lakeproof.evidence.html_report import render
render(*map(Path, sys.argv[1:]))
"""


def rows() -> Iterator[tuple[str, str]]:
    """Rows (what, figure) of one run. Exits with its last words if the run that is repeated is not green."""
    with tempfile.TemporaryDirectory(prefix="lakeproof-evidence-") as directory:
        run = sign_off(checkout(Path(directory)), "-k", PART)
        if run.code != 0:
            sys.exit(f"exit code {run.code}, so there is nothing to measure:\n{run.output[-8000:]}")
        work = Path(directory) / "work"
        repeat(run.bundle, work)
        name = f"evidence of {SCENARIOS:,} scenarios"
        yield f"{name}: files in the bundle", f"{sum(path.is_file() for path in work.rglob('*')):,}"
        page = Path(directory) / "report"
        if (REPOSITORY / "node_modules" / "allure").exists():
            began = time.perf_counter()
            _python(RENDER, work / "allure-results", work / "run.json", page)
            yield f"{name}: rendering the report", f"{time.perf_counter() - began:.1f} s"
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            yield f"{name}: memory at its highest, of any process until here", f"{peak:.0f} MiB"
        else:
            yield f"{name}: rendering the report (make report installs Allure)", "not measured"
        told = _python(CHILD, work, Path(directory) / "closed" / run.bundle.name, run.bundle.name)
        for line in told.splitlines():
            what, figure = line.split("\t")
            yield f"{name}: {what}", figure


def repeat(bundle: Path, work: Path) -> None:
    """Write a run's directory like ``bundle``'s with ``SCENARIOS`` scenarios, each with its attachments."""
    results = work / "allure-results"
    results.mkdir(parents=True)
    told: dict[str, Any] = json.loads((bundle / "verdicts.json").read_text(encoding="utf-8"))
    known = {each["title"] for each in told["scenarios"]}
    texts = [path.read_text(encoding="utf-8") for path in (bundle / "allure-results").glob("*-result.json")]
    texts = [text for text in texts if json.loads(text)["name"] in known]
    first, told["scenarios"] = told["scenarios"], []
    for number in range(SCENARIOS):
        scenario = first[number % len(first)]
        told["scenarios"].append({**scenario, "id": f"{scenario['id']}-{number}"})
        _result(texts[number % len(texts)], number, bundle / "allure-results", results)
    told["planned"] = SCENARIOS
    (work / "verdicts.json").write_text(json.dumps(told), encoding="utf-8")
    for name in ("run.json", "ledger.jsonl", "judged.jsonl", "matrix.json"):
        (work / name).write_bytes((bundle / name).read_bytes())


def _result(text: str, number: int, source: Path, results: Path) -> None:
    for name in set(re.findall(r'"source": ?"([^"]+)"', text)):
        (results / f"{number}-{name}").write_bytes((source / name).read_bytes())
        text = text.replace(name, f"{number}-{name}")
    result = json.loads(text)
    for key in ("uuid", "historyId", "testCaseId", "fullName"):
        result[key] = f"{number}-{result[key]}"
    (results / f"{number}-result.json").write_text(json.dumps(result), encoding="utf-8")


def _python(code: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"exit code {done.returncode}, so there is nothing to measure:\n{done.stdout}{done.stderr}")
    return done.stdout
