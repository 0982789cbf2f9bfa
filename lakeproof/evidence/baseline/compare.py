"""What is not as it was: who sees or may do something else, and what in the account is another.

Cells of the matrix are compared by what was observed. A cell that was not observed in both runs is counted, never
taken for unchanged. A change of a cell is said by the plan when what is observed now is what the plan of now expects.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakeproof.evidence.baseline.planned import sayings, thing
from lakeproof.evidence.baseline.snapshot import Snapshot
from lakeproof.evidence.deciders import ACTIONS, READING, names
from lakeproof.evidence.matrix import ALLOWED, BOTH, HIDDEN, REFUSED, UNSEEN, VISIBLE
from lakeproof.inventory import identity
from lakeproof.inventory.lake import IAM_ALLOWED_PRINCIPALS

ABSENT = "absent"
NEW, GONE, OTHER = "new", "gone", "changed"
KINDS = {
    VISIBLE: "newly visible",
    HIDDEN: "no longer visible",
    ALLOWED: "newly allowed",
    REFUSED: "newly refused",
    BOTH: "not the same every time",
    ABSENT: "no longer visible",
}


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was.

    ``subject`` is ``columns``, ``actions`` or an inventory's subject; ``name`` the thing's, or the cell's in words.
    ``lines`` say from what (``-``) to what (``+``); ``decided_by`` which grant or statement decides now; ``with_it``
    names the changes of the inventory about the same principal; ``calls`` the API calls that did it, as far as known.
    """

    kind: str
    subject: str
    name: str
    principal: str
    planned: bool
    lines: tuple[str, ...]
    decided_by: tuple[str, ...] = ()
    with_it: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """``newly visible: data-scientist-limited, reviews.customer_id``."""
        return f"{self.kind}: {self.name}" if self.subject in CELLS else f"{self.kind} in {self.subject}: {self.name}"


CELLS = {"columns": ("identity", "table", "column"), "actions": ("identity", "action", "on", "simulated")}
"""What tells one cell of the matrix from another."""


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side. ``uncompared`` counts the cells that were not observed in both, by why."""

    before: Snapshot
    after: Snapshot
    changes: tuple[Change, ...]
    compared: int
    uncompared: Mapping[str, int]
    nobody_named: str = ""
    """Why it is not known who did it, if the event history could not be asked."""

    @property
    def unplanned(self) -> tuple[Change, ...]:
        """The changes that the plan does not say."""
        return tuple(each for each in self.changes if not each.planned)


def compare(before: Snapshot, after: Snapshot) -> Comparison:
    """Everything that changed, what people see first, then what they may do, then the account."""
    account = tuple(_things(before, after))
    counts: dict[str, int] = defaultdict(int)
    cells = [change for part in CELLS for change in _cells(part, before, after, account, counts)]
    compared = counts.pop("compared", 0)
    return Comparison(before, after, (*cells, *account), compared, dict(sorted(counts.items())))


def _cells(
    part: str, before: Snapshot, after: Snapshot, account: tuple[Change, ...], counts: dict[str, int]
) -> Iterator[Change]:
    then, now = _observed(part, before), _observed(part, after)
    for key in sorted({*then, *now}, key=str):
        old, new = then.get(key), now.get(key)
        if part == "columns" and VISIBLE in {each.word for each in (old, new) if each} and not (old and new):
            yield _cell(part, key, old or _absent(new), new or _absent(old), after, account)
        elif old is None or new is None:
            counts["only in this run" if old is None else "only in the baseline"] += 1
        elif (unseen := old.word in UNSEEN) or new.word in UNSEEN:
            counts["not observed in the baseline" if unseen else "not observed in this run"] += 1
        else:
            counts["compared"] += 1
            if old.word != new.word:
                yield _cell(part, key, old, new, after, account)


@dataclass(frozen=True)
class _Observed:
    word: str
    expected: str
    cell: Mapping[str, Any]


def _observed(part: str, snapshot: Snapshot) -> dict[tuple[Any, ...], _Observed]:
    """One word for each cell; several scenarios may have judged the same one, and not all have expected the same."""
    cells: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for cell in snapshot.matrix[part]:
        cells[tuple(cell[name] for name in CELLS[part])].append(cell)
    return {key: _one(those) for key, those in cells.items()}


def _one(cells: list[Mapping[str, Any]]) -> _Observed:
    said = {cell["observed"] for cell in cells} - {*UNSEEN} or {cells[0]["observed"]}
    expected = {cell["expected"] for cell in cells}
    return _Observed(_word(said), _word(expected), cells[0])


def _word(words: set[str]) -> str:
    return next(iter(words)) if len(words) == 1 else BOTH


def _absent(other: _Observed | None) -> _Observed:
    """What is said of a column, or of a person, that one of the two runs does not know: its plan does not name it."""
    assert other is not None
    return _Observed(ABSENT, ABSENT, other.cell)


def _cell(
    part: str, key: tuple[Any, ...], old: _Observed, new: _Observed, after: Snapshot, account: tuple[Change, ...]
) -> Change:
    cell, principal = new.cell, new.cell["principal"]
    if part == "columns":
        name, decided = f"{key[0]}, {key[1]}.{key[2]}", tuple(_grants(cell, after))
    else:
        simulated = ", by simulation" if cell["simulated"] else ""
        name, decided = f"{key[0]}, {key[1]} ({key[2]}{simulated})", tuple(_statements(cell, after))
    return Change(
        KINDS[new.word],
        part,
        name,
        principal,
        new.word == new.expected,
        (f"- {old.word}", f"+ {new.word}; the plan says {new.expected}"),
        decided or ("no grant that names it" if part == "columns" else "no statement that names it",),
        tuple(each.title for each in account if each.principal in (principal, IAM_ALLOWED_PRINCIPALS)),
    )


def _grants(cell: Mapping[str, Any], after: Snapshot) -> Iterator[str]:
    for row, facts in after.subjects["permissions"].items():
        somebody = facts["principal"] in (cell["principal"], IAM_ALLOWED_PRINCIPALS)
        if somebody and READING & {*facts["permissions"]} and facts["table"] in ("", "*", cell["table"]):
            yield f"Lake Formation: {row}"


def _statements(cell: Mapping[str, Any], after: Snapshot) -> Iterator[str]:
    service, _, operation = cell["action"].partition(":")
    action = f"{service}:{ACTIONS.get(operation, operation)}"
    for holder, policies in _policies(cell["principal"], after.subjects):
        for name, policy in policies.items():
            for statement in identity.statements(policy["document"]):
                if names(statement, action):
                    yield f"policy {name} of {holder}: {_short(statement)}"


def _policies(principal: str, subjects: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    kind, _, path = principal.rpartition(":")[2].partition("/")
    name = path.rpartition("/")[2]
    holder = subjects["users" if kind == "user" else "roles"].get(name)
    if holder is None:
        return
    yield name, holder["policies"]
    for group in holder.get("groups", ()):
        yield group, subjects["groups"].get(group, {"policies": {}})["policies"]


def _things(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    said_then, said_now = sayings(before.plan), sayings(after.plan)
    for subject in sorted({*before.subjects, *after.subjects}):
        then, now = before.subjects.get(subject, {}), after.subjects.get(subject, {})
        for name in sorted({*then, *now}):
            old, new = then.get(name), now.get(name)
            if old == new and (name in then) == (name in now):
                continue
            about = thing(subject, name, now.get(name) or then.get(name))
            lines = sorted({*_flat(old)} ^ {*_flat(new)})
            yield Change(
                NEW if name not in then else GONE if name not in now else OTHER,
                subject,
                name,
                _principal(subject, about[1], after),
                said_then.get(about) != said_now.get(about),
                tuple(f"{'-' if line in {*_flat(old)} else '+'} {line}" for line in lines),
            )


def _principal(subject: str, name: str, snapshot: Snapshot) -> str:
    kinds = {"roles": "role", "users": "user", "groups": "group"}
    return f"arn:aws:iam::{snapshot.account}:{kinds[subject]}/{name}" if subject in kinds else name


def _flat(value: Any, path: str = "") -> Iterator[str]:
    """Every fact of a thing as one line. A list is a set of facts: none of an inventory means anything by its order."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for each in value:
            yield f"{path}: {_short(each)}"
    elif value is not None:
        yield f"{path}: {_short(value)}" if path else _short(value)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= 400 else f"{text[:400]}…"
