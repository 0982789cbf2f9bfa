"""A comparison as a person reads it in a terminal, as a machine does, and as a page of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from lakeproof.evidence.baseline.compare import Change, Comparison

SCHEMA_VERSION = 1
NOT_IN_PLAN, AS_PLANNED = "NOT IN PLAN", "as planned"
STYLE = (
    "body{font-family:system-ui,sans-serif;margin:1.5rem;color:#1d2733}"
    "h2{font-size:1rem;margin:1.2rem 0 .2rem}.no{color:#c0182b}.yes{color:#2f7d4f}"
    "pre{background:#f3f5f7;padding:.5rem;white-space:pre-wrap;margin:.2rem 0}"
)


def headline(found: Comparison) -> str:
    """What came of it, in one line."""
    since = f"since run {found.before.run_id} of {found.before.ended:%Y-%m-%d %H:%M} UTC"
    if not found.changes:
        return f"nothing changed {since}"
    told = f"{len(found.changes)} changes {since}"
    return f"{told}, {len(found.unplanned)} that the plan does not say" if found.unplanned else f"{told}, all planned"


def as_text(found: Comparison) -> str:
    """Headline, what was compared, and a block for each change: those that the plan does not say come first."""
    lines = [headline(found), *_scope(found)]
    for change in _ordered(found):
        lines += ["", f"{_mark(change):<12} {change.title}", *(f"    {line}" for line in _detail(change))]
    return "\n".join(lines) + "\n"


def as_document(found: Comparison) -> dict[str, Any]:
    """{"schema_version": 1, "baseline": {…}, "run": {…}, "compared", "uncompared": {why: n}, "unplanned": n,
    "changes": [{title, kind, subject, name, principal, planned, lines, decided_by, with_it, calls}, …]}"""
    runs = {
        name: {
            "run_id": run.run_id,
            "ended": run.ended.isoformat(),
            "commit": run.commit,
            "lakeproof": run.lakeproof,
        }
        for name, run in (("baseline", found.before), ("run", found.after))
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "plan": found.after.plan.name,
        "account": found.after.account,
        "region": found.after.region,
        **runs,
        "compared": found.compared,
        "uncompared": dict(found.uncompared),
        "unplanned": len(found.unplanned),
        "changes": [_change(each) for each in _ordered(found)],
    }


def as_page(found: Comparison) -> str:
    """One HTML page without any script or outside resource."""
    title = escape(f"Changes of plan {found.after.plan.name}: {headline(found)}")
    body = "".join(_block(each) for each in _ordered(found))
    scope = "".join(f"<p>{escape(line)}</p>" for line in _scope(found))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"</head><body><h1>{title}</h1>{scope}{body}</body></html>\n"
    )


def _ordered(found: Comparison) -> Sequence[Change]:
    return sorted(found.changes, key=lambda each: each.planned)  # stable


def _scope(found: Comparison) -> Iterator[str]:
    yield f"{found.compared} cells of the access matrix and the whole inventory compared"
    for why, count in found.uncompared.items():
        yield f"{count} cells not compared: {why}"
    if found.nobody_named:
        yield f"who did it is not known: {found.nobody_named}"
    for what, then, now in (
        ("commit", found.before.commit, found.after.commit),
        ("Lakeproof", found.before.lakeproof, found.after.lakeproof),
    ):
        if then != now:
            yield f"the {what} was {then or 'unknown'}, is {now or 'unknown'}: what the harness itself makes may differ"


def _mark(change: Change) -> str:
    return AS_PLANNED if change.planned else NOT_IN_PLAN


def _detail(change: Change) -> Iterator[str]:
    yield from change.lines
    yield from (f"decided now by: {each}" for each in change.decided_by)
    yield from (f"changed with it: {each}" for each in change.with_it)
    yield from (f"called: {each}" for each in change.calls)


def _change(change: Change) -> dict[str, Any]:
    return {
        "title": change.title,
        "kind": change.kind,
        "subject": change.subject,
        "name": change.name,
        "principal": change.principal,
        "planned": change.planned,
        "lines": list(change.lines),
        "decided_by": list(change.decided_by),
        "with_it": list(change.with_it),
        "calls": list(change.calls),
    }


def _block(change: Change) -> str:
    said = "yes" if change.planned else "no"
    detail = escape("\n".join(_detail(change)))
    return f'<h2 class="{said}">{escape(f"{_mark(change)}: {change.title}")}</h2><pre>{detail}</pre>'
