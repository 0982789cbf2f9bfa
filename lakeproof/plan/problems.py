"""What is wrong with a plan, and where: one Problem each, all of them in one PlanError."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Where in the plan: keys and list indexes from the top, such as ("grants", 1, "columns", "include", 0)."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong: file and line (None where there is no line), what was expected, seen, and the likely cause."""

    file: str
    line: int | None
    where: Path
    expected: str
    seen: str
    cause: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        spot = f" {shown(self.where)}:" if self.where else ""
        return f"{place}:{spot} expected {self.expected}; seen: {self.seen}; likely cause: {self.cause}"


class PlanError(Exception):
    """A plan that cannot be used. ``problems`` holds all of them, in the order of the file's lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line or 0, shown(problem.where))))
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the plan; nothing was created"
        super().__init__("\n".join([head, *map(str, self.problems)]))


def shown(where: Path) -> str:
    """``grants[1].columns``: a path as people read it."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def said(value: object) -> str:
    """A value as it stands in the file, with its type where that is the point, cut to a readable length."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return cut(repr(value))
    if isinstance(value, bool):
        return f"{str(value).lower()} (a boolean)"
    if isinstance(value, int | float):
        return f"{value} (a number)"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return cut(f"keys {', '.join(map(str, value))}") if value else "an empty mapping"
    return cut(json.dumps(value, default=str))


def cut(text: str, longest: int = 120) -> str:
    """``text``, its middle left out when it is longer than ``longest``."""
    return text if len(text) <= longest else f"{text[: longest - 30]} ... {text[-20:]}"


def likely(word: object, known: Sequence[str], otherwise: str) -> str:
    """ "did you mean ..." for the nearest of the known words; ``otherwise`` when none is near."""
    near = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    if not near:
        lower = {name.lower(): name for name in known}
        near = [lower[str(word).lower()]] if str(word).lower() in lower else []
    return f"misspelt: did you mean {near[0]!r}?" if near else otherwise


def listed(known: Sequence[str], most: int = 20) -> str:
    """``a, b, c``, cut after ``most`` of them."""
    return ", ".join(known[:most]) + (f" ... ({len(known)} in all)" if len(known) > most else "")
