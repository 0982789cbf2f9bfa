"""The table of least privilege: who may do what on which resource, all else being refused. A file of its own beside
the policies, written down and never made from them, so that a policy which became too wide disagrees with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from lakeproof.plan import names
from lakeproof.plan.document import Document, read
from lakeproof.plan.parts import Part
from lakeproof.plan.problems import Path, PlanError, Problem, likely
from lakeproof.plan.shape import part

WHERE: Path = ("verification", "least_privilege")
PLACEHOLDERS = (
    *("account", "region", "domain", "domain_arn", "database", "lake_bucket", "results_bucket", "profile_tag"),
    "external_id",
    *(
        f"{whose}_{what}"
        for whose in ("own", "their")
        for what in ("profile_arn", "user_id", "profile", "workgroup", "prefix", "role_arn", "role")
    ),
)
"""What a row may say of the account, of the person whom it is about (own) and of somebody else (their)."""

Place = Literal["at the console", "in Studio"]
Places = Annotated[tuple[Place, ...], Field(min_length=1)]
Action = Annotated[str, Field(pattern=r"^[a-z0-9-]+:[A-Za-z0-9*]+$")]
Answer = Literal["allowed", "IAM_EXPLICIT", "IAM_IMPLICIT", "TRUST_POLICY", "S3"]
FITTING: dict[str, set[Answer]] = {
    "allowed": {"allowed"},
    "explicitDeny": {"IAM_EXPLICIT", "TRUST_POLICY", "S3"},
    "refused": {"IAM_IMPLICIT", "TRUST_POLICY", "S3"},
}
"""Answers that can go with what a row says of the action."""


class Row(Part):
    """One resource, and every action that is allowed on it."""

    where: Places
    about: str
    resource: str
    """Its ARN; ``*`` for requests that name none."""
    context: dict[str, str] = Field(default_factory=dict)
    """What the request carries beside the usual: a tag of the resource, the account that owns it."""
    allowed: tuple[Action, ...] = ()
    locked: tuple[Action, ...] = ()
    """What an explicit Deny refuses, whatever is attached later."""

    def expected(self, action: str) -> str:
        """``allowed``, ``explicitDeny`` or ``refused``, whoever refuses."""
        if any(fnmatchcase(action, pattern) for pattern in self.locked):
            return "explicitDeny"
        return "allowed" if any(fnmatchcase(action, pattern) for pattern in self.allowed) else "refused"


class Request(Part):
    """A request that harms nothing, whatever comes of it: sent, and its action simulated on the row's resource."""

    where: Places
    about: str
    """The row that it belongs to."""
    call: Action
    parameters: dict[str, Any] = Field(default_factory=dict)
    action: Action | None = None
    """The action that it needs, where that has another name than the operation."""
    answer: Answer | tuple[Answer, ...]
    """What comes of it: allowed, or who refuses it; several where AWS does not always say which."""

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers that are right."""
        return self.answer if isinstance(self.answer, tuple) else (self.answer,)


class Table(Part):
    """``services``: all their operations are actions. ``actions``: more of them. What no row allows is refused."""

    services: Annotated[tuple[str, ...], Field(min_length=1)]
    actions: tuple[Action, ...] = ()
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    requests: tuple[Request, ...] = ()

    def row(self, place: Place, about: str) -> Row:
        """The row about something at a place. Raises LookupError if there is none."""
        for each in self.rows:
            if place in each.where and each.about == about:
                return each
        raise LookupError(f"no row about {about!r} {place}")


def parse(text: str) -> Table:
    """The table in a text that ``texts`` has found nothing wrong with."""
    return Table.model_validate_json(json.dumps(yaml.safe_load(text)))


def texts(document: Document, folder: FilePath) -> tuple[dict[str, str], list[Problem]]:
    """The table's text, by the name that the plan uses, and what is wrong with it. Nothing if the plan names none."""
    name = part(document.data, *map(str, WHERE))
    if not isinstance(name, str) or not name:
        return {}, []
    path = folder / name
    try:
        table = read(path)
        text = path.read_text(encoding="utf-8")
    except PlanError as error:
        return {}, [*error.problems]
    return {name: text}, [*table.problems, *_wrong(table)]


def _wrong(table: Document) -> Iterator[Problem]:
    try:
        found = Table.model_validate_json(json.dumps(table.data))
    except ValidationError as error:
        for entry in error.errors(include_url=False):
            yield table.problem(entry["loc"], entry["msg"], str(entry["input"]), "misspelt, left out or out of place")
        return
    for kind in ("rows", "requests"):
        for number, raw in enumerate(table.data.get(kind, ())):
            for unknown in sorted(names.placeholders(str(raw)) - set(PLACEHOLDERS)):
                cause = likely(unknown, PLACEHOLDERS, "no such placeholder")
                yield table.problem((kind, number), f"one of {', '.join(PLACEHOLDERS)}", f"{{{unknown}}}", cause)
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(found.rows):
        for place in row.where:
            if (place, row.about) in seen:
                yield table.problem(
                    ("rows", number), "one row about a thing", f"a second {row.about!r} {place}", "copied"
                )
            seen.add((place, row.about))
    for number, request in enumerate(found.requests):
        for place in request.where:
            yield from _belongs(table, number, request, place, found, seen)


def _belongs(
    table: Document, number: int, request: Request, place: Place, found: Table, seen: set[tuple[str, str]]
) -> Iterator[Problem]:
    where: Path = ("requests", number)
    if (place, request.about) not in seen:
        cause = likely(request.about, sorted(about for at, about in seen if at == place), "no such row")
        yield table.problem(where, f"a row about it {place}", repr(request.about), cause)
        return
    listed = found.row(place, request.about).expected(request.action or request.call)
    if not FITTING[listed].issuperset(request.answers):
        cause = "row and request contradict each other"
        yield table.problem(where, f"an answer that goes with the row: {listed}", " ".join(request.answers), cause)
