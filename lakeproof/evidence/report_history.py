"""The runs before: one line each, as Allure 3 keeps them, so that the report shows what became of a scenario lately.

A line is Allure's own history data point, with the run's id beside it: a report that is rendered twice counts once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lakeproof.evidence.files import write_whole

KEPT = 20
"""Runs that the report looks back on, this one not among them."""
RUN = "lakeproofRun"


class HistoryError(Exception):
    """The history cannot be read; the message names the file and the line."""


def earlier(file: Path, run_id: str) -> list[dict[str, Any]]:
    """The last ``KEPT`` runs in a history but this one, oldest first; none if there is no file. Raises HistoryError."""
    return [point for point in _points(file) if point.get(RUN) != run_id][-KEPT:]


def write(file: Path, points: list[dict[str, Any]]) -> None:
    """Write a history, whole or not at all. Raises EvidenceError."""
    text = "".join(f"{json.dumps(point, ensure_ascii=False)}\n" for point in points)
    write_whole(file, text.encode(errors="backslashreplace"))


def with_this(file: Path, run_id: str) -> list[dict[str, Any]]:
    """What Allure has made of a history: its last line is of this run, and gets its id. Raises HistoryError."""
    *before, last = _points(file)
    return [*before, {**last, RUN: run_id}]


def _points(file: Path) -> Iterator[dict[str, Any]]:
    if not file.exists():
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            point = json.loads(line)
        except ValueError:
            point = None
        if not isinstance(point, dict) or not isinstance(point.get("testResults"), dict):
            raise HistoryError(f"{file}, line {number} is no run of a report's history: take the line out, or the file")
        yield point
