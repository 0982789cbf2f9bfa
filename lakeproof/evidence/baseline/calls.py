"""Who changed it, and when: the calls in CloudTrail's event history since the baseline that name the changed thing.

A managed policy's new version names the policy and not who holds it, and some calls name a resource by an id of its
own: no call found means that none was recognised, not that there was none. Nothing is decided by it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

from lakeproof.audit.events import Event
from lakeproof.evidence.baseline.compare import CELLS, Change, Comparison

FILE = Path(__file__).with_name("calls.yaml")
MOST = 5
"""Calls told of one change: the latest."""


@cache
def changing() -> Mapping[str, tuple[str, ...]]:
    """The names of the calls that change what an inventory holds, by its subjects."""
    return {subject: tuple(names) for subject, names in yaml.safe_load(FILE.read_text(encoding="utf-8")).items()}


def with_calls(found: Comparison, history: Callable[[str], Iterable[Event]]) -> Comparison:
    """The comparison with the calls that did it. ``history`` gives all events of a name since the baseline; it is asked
    only for the names that matter, once each. What it raises is raised."""
    subjects = {each.subject for each in found.changes} - {*CELLS}
    names = sorted({name for subject in subjects for name in changing()[subject]})
    events = [event for name in names for event in history(name) if event.error_code is None]
    told = [replace(each, calls=_told(each, events, found.after.names)) for each in found.changes]
    by_title = {each.title: each.calls for each in told}
    return replace(found, changes=tuple(replace(each, calls=_of_all(each, by_title)) for each in told))


def _of_all(change: Change, by_title: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """A cell's calls are those of what changed with it."""
    if change.subject not in CELLS:
        return change.calls
    return tuple(sorted({call for title in change.with_it for call in by_title[title]}))[-MOST:]


def _told(change: Change, events: Iterable[Event], placeholders: Mapping[str, str]) -> tuple[str, ...]:
    if change.subject in CELLS:
        return ()
    named = change.principal if change.subject == "permissions" else _named(change)
    for placeholder, value in placeholders.items():
        named = named.replace(placeholder, value)
    those = [each for each in events if each.name in changing()[change.subject] and _about(each, named)]
    those.sort(key=lambda each: (str(each.time), each.event_id))
    return tuple(
        f"{each.time:%Y-%m-%dT%H:%M:%SZ} {each.source.partition('.')[0]}:{each.name} "
        f"by {each.actor.arn or 'nobody named'} (event {each.event_id})"
        for each in those[-MOST:]
    )


def _named(change: Change) -> str:
    """What a call about the thing has in its request: a name without its kind, Region and account."""
    if change.subject == "data lake settings":
        return ""
    if change.subject in ("tables", "data filters", "LF-Tag assignments"):
        return change.name.split(".")[-1]
    if change.subject == "locations":
        return change.name.rpartition(":")[2]
    return change.name.rpartition("/")[2].removesuffix("_{id}")


def _about(event: Event, named: str) -> bool:
    return named in json.dumps(event.request, ensure_ascii=False)
