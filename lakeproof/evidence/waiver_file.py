"""What is wrong with a waiver file, by file and line: every key, every date, every name that it mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from lakeproof.evidence.controls import controls
from lakeproof.plan import Plan
from lakeproof.plan.document import Document
from lakeproof.plan.problems import Path, Problem, likely, listed, said, shown
from lakeproof.plan.shape import texts, twice

SCHEMA_VERSION = 1
TEXTS = ("id", "control", "owner", "approver", "reason", "risk")
DATES = ("created", "expires")
SCOPE = ("person", "column", "scenario")
TOP = ("schema_version", "waivers")
DATE = re.compile(r"\d{4}-\d\d-\d\d")


class WaiverError(Exception):
    """A waiver file that cannot be used. ``problems`` holds all of them, in the order of the file's lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line or 0, shown(problem.where))))
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the waivers; nothing was created"
        super().__init__("\n".join([head, *map(str, self.problems)]))


def problems_of(document: Document, plan: Plan, today: date) -> Iterator[Problem]:
    """Everything that is wrong with a waiver file. ``today`` is the day of the run, by UTC."""
    yield from _keys(document, (), document.data, TOP, required=TOP)
    version = document.data.get("schema_version")
    if version is not None and (version != SCHEMA_VERSION or isinstance(version, bool)):
        yield document.problem(
            ("schema_version",), f"{SCHEMA_VERSION}", said(version), "written for another version of Lakeproof"
        )
    waivers = document.data.get("waivers")
    if "waivers" in document.data and (not isinstance(waivers, list) or not waivers):
        yield document.problem(("waivers",), "a list of waivers", said(waivers), "none left: remove the file")
        return
    yield from twice(document, texts(waivers, ("waivers",), "id"), "a waiver's id", "copied and not renamed")
    for number, entry in enumerate(waivers or ()):
        where: Path = ("waivers", number)
        if isinstance(entry, dict):
            yield from _entry(document, where, entry, plan, today)
        else:
            yield document.problem(where, "a mapping with id, control, scope ...", said(entry), "the indentation")


def _entry(document: Document, where: Path, entry: dict[str, Any], plan: Plan, today: date) -> Iterator[Problem]:
    every = (*TEXTS, "scope", *DATES)
    yield from _keys(document, where, entry, every, required=every)
    for key in TEXTS:
        yield from _text(document, (*where, key), entry, key)
    if entry.get("control") and entry["control"] not in controls():
        cause = likely(entry["control"], list(controls()), "no row of lakeproof/evidence/controls.csv has it")
        yield document.problem((*where, "control"), "the id of a control", said(entry["control"]), cause)
    if isinstance(entry.get("owner"), str) and entry.get("owner") == entry.get("approver"):
        yield document.problem(
            (*where, "approver"), "somebody else than the owner", said(entry["approver"]), "nobody approves their own"
        )
    if "scope" in entry:
        yield from _scope(document, (*where, "scope"), entry["scope"], plan)
    yield from _dates(document, where, entry, today)


def _scope(document: Document, where: Path, scope: object, plan: Plan) -> Iterator[Problem]:
    if not isinstance(scope, dict) or not scope:
        yield document.problem(
            where, f"at least one of {listed(SCOPE)}", said(scope), "a waiver for everything would hide everything"
        )
        return
    yield from _keys(document, where, scope, SCOPE, required=())
    for key in SCOPE:
        yield from _text(document, (*where, key), scope, key)
    known = {
        "person": [person.name for person in plan.people],
        "column": sorted({name for table in plan.dataset.tables for name in table.column_names}),
    }
    for key, names in known.items():
        if isinstance(scope.get(key), str) and scope[key] not in names:
            cause = likely(scope[key], names, f"the plan {plan.name} has no such {key}")
            yield document.problem((*where, key), f"a {key} of the plan: {listed(names)}", said(scope[key]), cause)


def _dates(document: Document, where: Path, entry: dict[str, Any], today: date) -> Iterator[Problem]:
    found: dict[str, date] = {}
    for key in DATES:
        value = entry.get(key)
        if key not in entry:
            continue
        try:
            if not isinstance(value, str) or not DATE.fullmatch(value):
                raise ValueError("it is written YYYY-MM-DD")
            found[key] = date.fromisoformat(value)
        except ValueError as error:
            yield document.problem((*where, key), "a date, YYYY-MM-DD", said(value), f"no day of the calendar: {error}")
    if "created" in found and found["created"] > today:
        yield document.problem(
            (*where, "created"), f"a day up to today, {today} by UTC", said(entry["created"]), "a slip in the year?"
        )
    if len(found) == len(DATES) and found["expires"] < found["created"]:
        yield document.problem(
            (*where, "expires"), f"a day from {found['created']} on", said(entry["expires"]), "the dates are swapped"
        )


def _keys(
    document: Document, where: Path, found: dict[str, Any], known: tuple[str, ...], required: tuple[str, ...]
) -> Iterator[Problem]:
    for key in found:
        if key not in known:
            yield document.problem(
                (*where, key), f"one of the keys {listed(known)}", f"the key {key!r}", likely(key, known, "unknown")
            )
    for key in required:
        if key not in found:
            yield document.problem((*where, key), f"the key {key!r}", "nothing", "left out")


def _text(document: Document, where: Path, entry: dict[str, Any], key: str) -> Iterator[Problem]:
    if key in entry and (not isinstance(entry[key], str) or not entry[key].strip()):
        yield document.problem(where, "text", said(entry[key]), "left empty, or in need of quotes")
