"""A large lake: 50 people, 20 tables, 20 workers that probe at the same time; few people see the same columns."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.signoff.runs import REPOSITORY, WALKTHROUGH, SignOff, checkout

PEOPLE, TABLES, WORKERS = 50, 20, 20
COLUMNS = ("review_id", "star_rating", "review_body")
LOAD = "plans/load.yaml"
FEATURES = ("features/grants", "features/visibility/columns.feature", "features/audit/attribution.feature")


def rows() -> Iterator[tuple[str, str]]:
    """Rows (what, figure) of one run. Exits with the run's last words if it is not green."""
    with tempfile.TemporaryDirectory(prefix="lakeproof-load-") as directory:
        root = checkout(Path(directory))
        (root / LOAD).write_text(yaml.safe_dump(plan(root), sort_keys=False), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "--plan", LOAD, "-n", str(WORKERS), *FEATURES]
        environment = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"}
        began = time.perf_counter()
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        minutes = (time.perf_counter() - began) / 60
        if done.returncode != 0:
            sys.exit(
                f"exit code {done.returncode}, so there is nothing to measure:\n{done.stdout[-8000:]}{done.stderr}"
            )
        run = SignOff(root, done.returncode, done.stdout)
        verdicts = Counter(run.verdicts.values())
        [ledger] = (root / "build" / "evidence").glob("*/ledger.jsonl")
        probes = len(ledger.read_text(encoding="utf-8").splitlines())
    name = f"load: {PEOPLE} people, {TABLES} tables, {WORKERS} workers"
    yield f"{name}: verdicts, all of them PASS or not applicable", f"{sum(verdicts.values())}"
    yield f"{name}: probes", f"{probes}"
    yield f"{name}: minutes", f"{minutes:.1f}"


def plan(root: Path) -> dict[str, Any]:
    """The walkthrough's plan for many: of each table a person has all columns, or two, or (one in five) nothing."""
    made: dict[str, Any] = yaml.safe_load((root / WALKTHROUGH).read_text(encoding="utf-8"))
    [table] = made["dataset"]["tables"]
    table["columns"] = [column for column in table["columns"] if column["name"] in COLUMNS]
    table["partitions"] = table["partitions"][:2]
    made["dataset"]["rows"] = 100
    names = [f"table_{number:02}" for number in range(TABLES)]
    made["dataset"]["tables"] = [{**table, "name": name, "prefix": f"{name}/"} for name in names]
    made["people"] = [
        {"name": name, "sign_in": "iam_user", "user_id": name, "profile": name}
        for name in (f"person-{number:02}" for number in range(PEOPLE))
    ]
    made["grants"] = list(_grants(names))
    return made


def _grants(tables: list[str]) -> Iterator[dict[str, Any]]:
    for person in range(PEOPLE):
        for number, table in enumerate(tables):
            kind = (person + number) % 5
            shown: Any = (
                "all" if kind < 2 else {"include": ["product_category", COLUMNS[person % 3], COLUMNS[(person + 1) % 3]]}
            )
            if kind < 4:
                yield {"person": f"person-{person:02}", "table": table, "columns": shown}
