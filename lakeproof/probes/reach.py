"""Whether an attack reached what it was after: judged from two answers, the person's and that of somebody who sees all.

Held is a statement that Lake Formation refused while somebody who may is answered; or that was answered exactly as over
what the person may see, so that nothing hidden can have had a part in it; or, of the catalog's names, that was answered
without the hidden one while somebody else is shown it. Everything else is reached, or unclear: never held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lakeproof.probes.attacks import Attack
from lakeproof.probes.outcome import Allowed, Cause, Denied, NotObtained, Outcome

LAKE_FORMATION = frozenset({Cause.LF_COLUMN, Cause.LF_TABLE, Cause.LF_DATABASE, Cause.LF_ROW, Cause.LF_PERMISSION})
NAMES = frozenset({"column_names", "table_names"})


class Reach(StrEnum):
    """What an attack came to."""

    HELD = "held"
    REACHED = "REACHED"
    UNCLEAR = "UNCLEAR"


@dataclass(frozen=True)
class Judged:
    """One attack and what it came to. ``why`` holds no value of any row."""

    attack: Attack
    reach: Reach
    why: str

    def __str__(self) -> str:
        attack = self.attack
        target = attack.table if attack.hides == attack.table else f"{attack.hides} of {attack.table}"
        sql = " ".join(attack.sql.split())
        return f"{self.reach}: {attack.family}, {target}: {sql}: {self.why}"


def question(attack: Attack, answer: Outcome) -> str | None:
    """What somebody who sees everything must be asked, to judge the person's answer; None if that is judged already."""
    if isinstance(answer, Denied) or (isinstance(answer, Allowed) and attack.kind in NAMES):
        return attack.sql
    return attack.world if isinstance(answer, Allowed) else None


def judged(attack: Attack, answer: Outcome, other: Outcome | None, marks: Iterable[str] = ()) -> Judged:
    """What the attack came to. ``other`` is the answer to ``question``; ``marks`` are texts that only hidden values
    hold."""
    if isinstance(answer, NotObtained):
        return Judged(attack, Reach.UNCLEAR, str(answer))
    if isinstance(answer, Denied):
        return _refused(attack, answer, other)
    told = [mark for mark in marks if any(mark in cell for row in answer.rows for cell in row if cell)]
    if told:
        return Judged(attack, Reach.REACHED, f"the answer holds values marked {', '.join(told)}")
    if attack.kind in NAMES:
        return _named(attack, answer, other)
    if attack.world is None:
        return Judged(attack, Reach.REACHED, f"{answer}, though nothing of {attack.table} is granted")
    return _answered(attack, answer, other)


def _refused(attack: Attack, answer: Denied, twin: Outcome | None) -> Judged:
    if answer.cause not in LAKE_FORMATION:
        return Judged(attack, Reach.UNCLEAR, f"refused by another hand: {answer}")
    if attack.kind in ("rows", "outside"):
        return Judged(attack, Reach.UNCLEAR, f"refused, though it asks for granted columns: {answer}")
    if not isinstance(twin, Allowed):
        return Judged(attack, Reach.UNCLEAR, f"refused, and no twin is allowed it: {twin or 'nobody may'}")
    return Judged(attack, Reach.HELD, f"refused, cause {answer.cause}; the twin is allowed it")


def _named(attack: Attack, answer: Allowed, twin: Outcome | None) -> Judged:
    if attack.hides.lower() in _words(answer):
        return Judged(attack, Reach.REACHED, f"the answer names {attack.hides}")
    if not isinstance(twin, Allowed) or attack.hides.lower() not in _words(twin):
        return Judged(attack, Reach.UNCLEAR, f"nobody is shown {attack.hides}: {twin or 'nobody may'}")
    return Judged(attack, Reach.HELD, f"answered without {attack.hides}, which the twin is shown")


def _answered(attack: Attack, answer: Allowed, world: Outcome | None) -> Judged:
    if isinstance(world, Denied):
        return Judged(attack, Reach.REACHED, f"{answer}, though what is granted cannot answer it ({world.cause})")
    if not isinstance(world, Allowed):
        return Judged(attack, Reach.UNCLEAR, f"{answer}; what is granted was not answered: {world or 'nobody may'}")
    differ = sum(1 for one, other in zip(_sorted(answer), _sorted(world), strict=False) if one != other)
    if len(answer.rows) != len(world.rows) or differ:
        seen, wanted = len(answer.rows), len(world.rows)
        return Judged(attack, Reach.REACHED, f"{seen} rows, {wanted} over what is granted; {differ} rows differ")
    return Judged(attack, Reach.HELD, "answered as it is over what is granted")


def _words(answer: Allowed) -> set[str]:
    cells = (cell for row in answer.rows for cell in row if cell)
    return {word.lower() for cell in cells for word in cell.split()}


def _sorted(answer: Allowed) -> list[tuple[str, ...]]:
    return sorted(tuple("" if cell is None else f"={cell}" for cell in row) for row in answer.rows)
