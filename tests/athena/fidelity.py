"""Writes docs/athena-fidelity.md from the case files:

    .venv/bin/python -m tests.athena.fidelity

A test (tests/athena/test_athena_fidelity.py) asks every case and holds the page against the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "athena-fidelity.md"
CASES = Path(__file__).parent / "cases"
SOURCES: dict[str, str] = yaml.safe_load((CASES / "sources.yaml").read_text("utf-8"))
SUBJECTS = sorted(path.stem for path in CASES.glob("*.yaml") if path.stem != "sources")
INTRODUCTION = """# What the embedded Athena answers

The embedded account runs queries on DuckDB, whose answers differ from Trino's in many places: integer division, casts,
dates, JSON, regular expressions, implicit conversions. A statement gets Trino's answer or a refusal that names what is
not served (`NOT_SUPPORTED`): never a silently different answer. Below is what was checked, each with the page that
documents the answer. Nothing here was compared with a live Athena.

Written from `tests/athena/cases/*.yaml` by `.venv/bin/python -m tests.athena.fidelity`; do not edit.
"""


@dataclass(frozen=True)
class Case:
    """A statement and what becomes of it: ``rows`` (texts as a result shows them), ``fails`` with Trino's error code,
    or ``refused`` by name as not served."""

    sql: str
    source: str
    rows: list[list[str | None]] | None = None
    fails: str | None = None
    refused: str | None = None

    @property
    def answer(self) -> str:
        if self.fails is not None:
            return f"fails: {self.fails}"
        if self.refused is not None:
            return f"NOT_SUPPORTED: {self.refused}"
        lines = (", ".join("NULL" if v is None else v for v in row) for row in self.rows or [])
        return "; ".join(lines)


def cases(subject: str) -> list[Case]:
    """The cases of one file. Raises TypeError for a key that is none, KeyError for an unknown source."""
    found: list[dict[str, Any]] = yaml.safe_load((CASES / f"{subject}.yaml").read_text("utf-8"))
    return [Case(**row) for row in found if SOURCES[row["source"]]]


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    every = {subject: cases(subject) for subject in SUBJECTS}
    total = [case for found in every.values() for case in found]
    refused = sum(case.refused is not None for case in total)
    parts.append(f"{len(total)} statements: {len(total) - refused} as documented, {refused} refused by name.\n")
    for subject, found in every.items():
        parts += [f"## {subject.capitalize()}\n", "| statement | answer | documented |", "|---|---|---|"]
        parts += [
            f"| `{_cell(case.sql)}` | {_code(case)} | [{case.source}]({SOURCES[case.source]}) |" for case in found
        ]
        parts.append("")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(case: Case) -> str:
    return f"`{_cell(case.answer)}`" if case.answer.strip() else "an empty text"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
