"""Actions: what somebody does in one or more probes, as data (``actions.yaml``). Attacks are actions, and so is work.

An action is done step by step until a step is not allowed. It has succeeded if every step was allowed, and it is
refused if one of its steps is: an attack that lacks a step is no attack.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lakeproof.probes.ledger import Attempt
from lakeproof.probes.outcome import Allowed, Cause

TABLE = Path(__file__).with_name("actions.yaml")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Step:
    """One probe of an action: an API call, or SQL. ``of`` is who makes it where that is not whoever does the action.

    ``keep`` names parts of the answer for later steps, by the path to them. ``undo`` is the call by which the harness
    takes back what an allowed step has made.
    """

    service: str = ""
    call: str = ""
    sql: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    of: str = ""
    keep: Mapping[str, str] = field(default_factory=dict)
    undo: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """``prepare`` is the harness's: decoys to aim at. ``refused_by`` are the right causes of a refusal."""

    name: str
    steps: tuple[Step, ...]
    prepare: tuple[Step, ...] = ()
    refused_by: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """An action as somebody has done it: every step up to the first that was not allowed."""

    action: Action
    attempts: tuple[Attempt, ...]

    @property
    def last(self) -> Attempt:
        """The step that decides: the first that was not allowed, or the last."""
        return self.attempts[-1]

    @property
    def succeeded(self) -> bool:
        """Whether every step was allowed."""
        return len(self.attempts) == len(self.action.steps) and isinstance(self.last.outcome, Allowed)


@cache
def actions() -> dict[str, Action]:
    """All actions by name. Raises ValueError or TypeError on a row that is not understood."""
    found: dict[str, Action] = {}
    for row in yaml.safe_load(TABLE.read_text(encoding="utf-8")):
        causes = tuple(Cause(cause) for cause in row.pop("refused_by", ()))
        steps, prepare = (tuple(Step(**step) for step in row.pop(key, ())) for key in ("steps", "prepare"))
        action = Action(name=row.pop("action"), steps=steps, prepare=prepare, refused_by=causes)
        if row or not steps or action.name in found:
            raise ValueError(f"{TABLE.name}: {action.name}: there twice, without steps, or with unknown {sorted(row)}")
        found[action.name] = action
    return found


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """A parameter with its placeholders filled. A text that is one placeholder becomes its value, whatever it is.

    Raises KeyError for a placeholder that nobody knows.
    """
    if isinstance(value, str):
        whole = _PLACEHOLDER.fullmatch(value)
        return values[whole[1]] if whole else _PLACEHOLDER.sub(lambda match: str(values[match[1]]), value)
    if isinstance(value, Mapping):
        return {key: filled(inner, values) for key, inner in value.items()}
    return [filled(inner, values) for inner in value] if isinstance(value, list) else value


def kept(response: Mapping[str, Any], path: str) -> Any:
    """The part of an answer at a path such as ``QueryExecutionIds.0``. Raises LookupError if there is none."""
    found: Any = response
    for part in path.split("."):
        found = found[int(part)] if part.isdigit() else found[part]
    return found
