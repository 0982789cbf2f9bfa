"""What counts as a kill, and what as equivalent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lakeproof.mutants.model import Mutant, Outcomes, Red, Result, Rights, Status

SHOWN = 10
"""So many differences of a survivor are told."""


@cache
def subjects() -> dict[str, list[str]]:
    """The controls that a change of each subject weakens, as patterns."""
    found: dict[str, list[str]] = _data("subjects.yaml")
    return found


@cache
def equivalents() -> list[dict[str, str]]:
    """The survivors that are known to change nothing, with the reason."""
    found: list[dict[str, str]] = _data("equivalents.yaml")
    return found


def about(mutant: Mutant, controls: Iterable[str]) -> bool:
    """Whether a scenario with these controls is evidence for one that the mutant weakens. Raises KeyError for a
    subject that ``subjects.yaml`` does not know."""
    patterns = [pattern for subject in mutant.subjects for pattern in subjects()[subject]]
    return any(fnmatchcase(control, pattern) for control in controls for pattern in patterns)


def otherwise(original: Outcomes, outcomes: Outcomes) -> tuple[str, ...]:
    """The attempts that came out otherwise than on the original. One that was not made again says nothing."""
    return tuple(
        f"{' '.join(filter(None, key))}: {before} became {outcomes[key]}"
        for key, before in original.items()
        if key in outcomes and outcomes[key] != before
    )


def finished(
    mutant: Mutant,
    killer: Red | None,
    reds: tuple[Red, ...],
    ran: int,
    configuration: bool,
    found: tuple[str, ...] | None,
) -> Result:
    """The result of a mutant whose scenarios have run: killed, or a survivor that ``compared`` has to look at."""
    status: Status = "killed" if killer else "survived"
    return Result(mutant.id, mutant.subject, mutant.operator, status, killer, reds, ran, configuration, found)


def compared(survivor: Result, original: Rights, rights: Rights) -> Result:
    """A survivor, equivalent if a reason is recorded and neither an attempt nor a right differs from the original's.

    ``rights`` are those under the mutant. A difference beside a recorded reason leaves it a survivor that says so.
    """
    found = [*(survivor.differences or ())]
    found += [
        f"{request}: {before} became {rights.get(request)}"
        for request, before in original.items()
        if rights.get(request) != before
    ]
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return reasoned(replace(survivor, differences=(*found[:SHOWN], *more)))


def reasoned(survivor: Result) -> Result:
    """A result that was not killed, its differences known: judged by the equivalents as they are recorded now."""
    reason = _reason(survivor.id)
    equivalent = bool(reason) and not survivor.differences
    if reason and not equivalent:
        reason = f"equivalents.yaml says: {reason}; but it behaves otherwise"
    return replace(survivor, status="equivalent" if equivalent else "survived", reason=reason)


def _reason(name: str) -> str:
    parts = name.split(" + ")
    reasons = [
        next((each["reason"] for each in equivalents() if fnmatchcase(part, _pattern(each["mutant"]))), None)
        for part in parts
    ]
    return "; ".join(each for each in reasons if each) if all(reasons) else ""


def _pattern(text: str) -> str:
    """A pattern in which only ``*`` is special."""
    return text.replace("[", "[[]").replace("?", "[?]")


def _data(name: str) -> Any:
    return yaml.safe_load(Path(__file__).with_name(name).read_text(encoding="utf-8"))
