"""Checks of the trail that no single field can make: what an adopted one needs, and where logs must not lie."""

from __future__ import annotations

from collections.abc import Iterator

from lakeproof.plan.document import Document
from lakeproof.plan.problems import Problem, said
from lakeproof.plan.shape import part

NAMED = ("name", "log_bucket")
"""What says which trail it is."""


def problems(document: Document) -> list[Problem]:
    """Everything wrong with the trail."""
    return [*_named(document), *_apart(document)]


def _named(document: Document) -> Iterator[Problem]:
    audit = part(document.data, "audit")
    if not isinstance(audit, dict):
        return
    trail = audit.get("trail", "none")
    for key in NAMED:
        if trail == "adopt" and key not in audit:
            cause = "left out: which trail is adopted is the plan's to say, and nobody guesses it"
            yield document.problem(("audit", key), f"the key {key!r}", "nothing", cause)
        if trail == "none" and key in audit:
            cause = "trail: none has neither name nor bucket; say create or adopt"
            yield document.problem(("audit", key), "no such key without a trail", said(audit[key]), cause)


def _apart(document: Document) -> Iterator[Problem]:
    bucket = part(document.data, "audit", "log_bucket")
    others = {"lake": part(document.data, "dataset", "bucket"), "results": part(document.data, "results", "bucket")}
    for whose, other in others.items():
        if isinstance(bucket, str) and bucket == other:
            cause = (
                f"copied: whoever reaches the {whose} bucket would reach the logs, and each log file would be logged"
            )
            yield document.problem(("audit", "log_bucket"), f"another bucket than the {whose} one", said(bucket), cause)
