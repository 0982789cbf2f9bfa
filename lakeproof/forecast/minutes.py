"""How long a sign-off takes on AWS: its calls, and what has to be waited for, from ``latencies.csv``.

Provisioning and tear-down make ``SIDE_BY_SIDE`` calls at once; probes follow one another, as with one process. Every
latency says whether AWS documents it or somebody assumed it: a forecast, and no promise.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lakeproof.forecast.calls import PHASES, Call, Calls

SIDE_BY_SIDE: Mapping[str, int] = {"provisioning": 4, "teardown": 4}
"""How many calls of a phase are under way at once; one in every other phase."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds of one call (``service:Operation``, ``service:*`` or ``*``) or of one thing that is waited for."""

    kind: str
    name: str
    seconds: float
    known: str
    source: str


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a run: its phase, what is done or waited for, how long, and where the figure comes from."""

    phase: str
    what: str
    seconds: float
    known: str


@cache
def latencies() -> tuple[Latency, ...]:
    """The table, in its order."""
    text = files("lakeproof.forecast").joinpath("latencies.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(Latency(row["kind"], row["name"], float(row["seconds"]), row["known"], row["source"]) for row in rows)


def of_call(call: Call) -> Latency:
    """The latency of a call: its own, its service's, or any call's."""
    known = {each.name: each for each in latencies() if each.kind == "call"}
    return known.get(str(call)) or known.get(f"{call.service}:*") or known["*"]


def of_wait(name: str) -> Latency:
    """The latency of something that is waited for. Raises KeyError if the table does not have it."""
    return {each.name: each for each in latencies() if each.kind == "wait"}[name]


def spans(calls: Calls, propagation_s: float, *, profiles: bool, trail: bool, service_role: bool) -> list[Span]:
    """The run's parts in order, without those that take no time. ``profiles``: a domain with profiles is made;
    ``trail``: digests of a trail are waited for; ``service_role``: Lake Formation's role is made and goes."""
    waits = [
        ("provisioning", "domain", profiles),
        ("provisioning", "profile", profiles),
        ("audit", "trail", True),
        ("audit", "digest", trail),
        ("teardown", "profile_gone", profiles),
        ("teardown", "domain_gone", profiles),
        ("teardown", "service_role_gone", service_role),
    ]
    found: list[Span] = []
    for phase in PHASES:
        found += _asked(calls, phase)
        found += [
            Span(phase, f"wait: {name.replace('_', ' ')}", of_wait(name).seconds, of_wait(name).known)
            for where, name, due in waits
            if where == phase and due
        ]
        if phase == "provisioning" and profiles:
            found.append(Span(phase, "wait: rights are felt everywhere", propagation_s, "--propagation"))
    return [each for each in found if each.seconds]


def _asked(calls: Calls, phase: str) -> list[Span]:
    seconds = sum(of_call(each).seconds * number for each, number in calls.items() if each.phase == phase)
    number = sum(number for each, number in calls.items() if each.phase == phase)
    return [Span(phase, f"{number} calls", seconds / SIDE_BY_SIDE.get(phase, 1), "assumed")]


def minutes(found: list[Span]) -> float:
    """All of them together."""
    return sum(each.seconds for each in found) / 60


def bound(found: list[Span]) -> Span:
    """The longest part: what bounds the run."""
    return max(found, key=lambda each: each.seconds)
