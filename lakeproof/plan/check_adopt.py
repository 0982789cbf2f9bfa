"""Checks of a plan that adopts a lake: nothing in it can be this run's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakeproof.plan.document import Document
from lakeproof.plan.problems import Path, Problem, said
from lakeproof.plan.shape import part

RUN = "{run}"
MADE_BY_RUN = ("description",)
"""Parts in which the placeholder means nothing."""


def problems(document: Document) -> list[Problem]:
    """Everything that cannot be said of a lake that is there already, or only of such a one."""
    if document.data.get("provision") != "adopt":
        return list(_only_when_adopting(document))
    return [*_no_trail_of_its_own(document), *_no_run(document, document.data, ())]


def _only_when_adopting(document: Document) -> Iterator[Problem]:
    external = part(document.data, "verification", "external_id")
    if external is not None:
        cause = "a run that makes its roles draws an external id for them; this one is for roles that are there already"
        yield document.problem(("verification", "external_id"), "provision: adopt with it", said(external), cause)


def _no_trail_of_its_own(document: Document) -> Iterator[Problem]:
    if part(document.data, "audit", "trail") == "create":
        cause = "an adopted lake is verified and nothing is made for it: adopt its trail, or say none"
        yield document.problem(("audit", "trail"), "adopt or none with provision: adopt", "'create'", cause)


def _no_run(document: Document, value: Any, where: Path) -> Iterator[Problem]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _no_run(document, each, (*where, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _no_run(document, each, (*where, number))
    elif isinstance(value, str) and RUN in value and where[:1] not in [(name,) for name in MADE_BY_RUN]:
        cause = "copied from a plan that makes its lake: nothing that is there already has the id of this run"
        yield document.problem(where, f"a name without {RUN}", said(value), cause)
