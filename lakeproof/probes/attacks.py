"""Statements that try to reach what was not granted, drawn from data by a seed: ``attack_families/``.

A family has statements for each thing that can be hidden: a column, rows, a whole table, their names. Equal seeds,
plans and people give equal statements. Every statement has an answer for somebody who sees everything; what a person
must answer with instead is ``world``, the same statement over what they may see (``lakeproof.probes.seen``).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from lakeproof.plan import Plan
from lakeproof.probes.seen import named, view

FAMILIES = Path(__file__).with_name("attack_families")
WORDS = Path(__file__).with_name("attack_words.yaml")
WORD = re.compile(r"\{(\w+)\}")
DRAWS = 40
"""So often a family is asked for a statement that was not drawn before; then it has no more."""

Kind = Literal["column", "rows", "outside", "table", "column_names", "table_names"]


@dataclass(frozen=True)
class Attack:
    """One statement. ``world`` is what must be answered instead, None where nothing can be: then it must be refused.
    Of the kinds ``*_names``, the answer must do without the word ``hides`` (a column, or a table)."""

    family: str
    kind: Kind
    table: str
    hides: str
    sql: str
    world: str | None = None


@dataclass(frozen=True)
class Target:
    """Something hidden: a column of a table, its rows, or all of it. ``words`` are those that the plan fills in."""

    kinds: tuple[Kind, ...]
    table: str
    hides: str
    words: Mapping[str, list[str]]


def attacks(plan: Plan, person: str, seed: str, most: int) -> tuple[Attack, ...]:
    """At most ``most`` different statements against what is hidden from the person; the families take turns.

    Empty when nothing is hidden from them.
    """
    draw = random.Random(f"{seed}/{person}")  # reproducible by the seed, no secret
    targets = tuple(hidden(plan, person))
    turns = [name for name in families() if any(_statements(name, target) for target in targets)]
    draw.shuffle(turns)
    found: dict[str, Attack] = {}
    while turns and len(found) < most:
        name = turns.pop(0)
        attack = _new(plan, person, name, targets, draw, found)
        if attack is not None:
            found[attack.sql] = attack
            turns.append(name)
    return tuple(found.values())


def hidden(plan: Plan, person: str) -> Iterator[Target]:
    """Everything of the plan's tables that is hidden from the person."""
    open_tables = [table.name for table in plan.dataset.tables if plan.visible_columns(person, table.name)]
    for table in plan.dataset.tables:
        words = {
            "table": [f"{{{table.name}}}"],
            "database": [plan.dataset.database],
            "name": [table.name],
            "open": [named(plan, name) for name in open_tables] or ["nothing"],
        }
        visible = plan.visible_columns(person, table.name)
        if not visible:
            yield Target(("table", "table_names"), table.name, table.name, words)
            continue
        words["visible"] = [f'"{name}"' for name in visible]
        words["aliases"] = [", ".join(f"z{number + 1}" for number in range(len(visible)))]
        columns = plan.hidden_columns(person, table.name)
        for name in columns:
            own = {**words, "c": [name], "C": [name.upper()]}
            yield Target(("column", "column_names"), table.name, name, own)
        where = plan.visible_rows(person, table.name)
        if where is not None:
            own = {**words, "c": list(columns) or ["anything"], "outside": [f"NOT ({where})"]}
            kinds: tuple[Kind, ...] = (
                ("rows", "outside") if _names_only(plan, where, table.name, visible) else ("rows",)
            )
            yield Target(kinds, table.name, "rows", own)


def _names_only(plan: Plan, where: str, table: str, visible: tuple[str, ...]) -> bool:
    """Whether a predicate of the plan names no column of the table that is not among the visible ones."""
    from sqlglot import exp, parse_one

    named_there = {column.name.lower() for column in parse_one(where, read="athena").find_all(exp.Column)}
    return named_there <= set(visible) <= set(plan.table(table).column_names)


def _new(
    plan: Plan, person: str, family: str, targets: tuple[Target, ...], draw: random.Random, known: Mapping[str, Attack]
) -> Attack | None:
    apt = [target for target in targets if _statements(family, target)]
    for _ in range(DRAWS):
        target = draw.choice(apt)
        kind, statement = draw.choice(_statements(family, target))
        text = filled(statement, {**words(), **target.words}, draw)
        place = f"{{{target.table}}}"
        sql = text.replace(place, draw.choice(_spellings(plan, target.table)))
        if sql not in known:
            shown = None
            if kind in ("column", "rows", "outside"):
                shown = text.replace(place, view(plan, person, target.table))
            return Attack(family, kind, target.table, target.hides, sql, shown)
    return None


def _statements(family: str, target: Target) -> list[tuple[Kind, str]]:
    return [(kind, text) for kind in target.kinds for text in families()[family].get(kind, ())]


def filled(text: str, vocabulary: Mapping[str, list[str]], draw: random.Random) -> str:
    """``text`` with every word replaced, until only the table's place is left. A name stands for one thing in all of a
    statement (``visible``), a figure of speech for another each time."""
    fixed = {name: draw.choice(vocabulary[name]) for name in ("visible", "c") if name in vocabulary}
    fixed |= {"C": fixed["c"].upper()} if "c" in fixed else {}

    def one(found: re.Match[str]) -> str:
        name = found[1]
        return fixed[name] if name in fixed else draw.choice(vocabulary[name]) if name in vocabulary else found[0]

    before = ""
    while before != text:
        before, text = text, WORD.sub(one, text)
    return text


def _spellings(plan: Plan, table: str) -> list[str]:
    database = plan.dataset.database
    return [
        named(plan, table),
        f"{database}.{table}",
        f"{database.upper()}.{table.upper()}",
        f'"{database.upper()}"."{table}"',
        f"awsdatacatalog.{database}.{table}",
        f'"awsdatacatalog".{named(plan, table)}',
    ]


@cache
def words() -> dict[str, list[str]]:
    """The vocabulary of ``attack_words.yaml``."""
    found: dict[str, list[str]] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return found


@cache
def families() -> dict[str, dict[str, Any]]:
    """The families by name, in order: statements by kind, and ``about``."""
    paths = sorted(FAMILIES.glob("*.yaml"))
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths}
