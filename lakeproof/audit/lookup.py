"""CloudTrail's event history (LookupEvents) as a source: one wait for everything that a run is looking for.

LookupEvents gives 50 events a call, twice a second an account and Region, by one attribute, for 90 days, and an event
appears minutes after the call (CloudTrail user guide, "Viewing events with event history", "Quotas"). So nobody waits
query by query: the event names are scanned once over the run's window, then again, less and less often, only around
the times of what is still open, until that has all appeared or the target's deadline has passed. The last look is at
the whole window: clocks may disagree by more than the narrow ones allow for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from lakeproof.audit.correlate import Trail
from lakeproof.audit.events import Event, TrailError, normalise

RATE_S = 0.5
"""Seconds between two calls: the quota of two a second, which no account can raise."""
PAGE = 50
GROWTH = 1.6
LONGEST_PAUSE_S = 900.0
MARGIN = timedelta(seconds=2)
"""Times in the history are whole seconds."""
AROUND = timedelta(seconds=60)
"""How far from a probe's time by our clock its record is looked for, but for the first and the last look."""
KEPT = timedelta(days=90)
"""How long the event history keeps a record (CloudTrail user guide, "Viewing events with event history")."""
Windows = Mapping[str, list[tuple[datetime, datetime]]]
"""Event name → the times to look at, apart from each other and in order."""


class Open(Protocol):
    """An event that must exist and has not appeared: its name, and between which times by our clock it happened."""

    @property
    def name(self) -> str:
        """The event's name."""

    @property
    def start(self) -> datetime:
        """Not before."""

    @property
    def end(self) -> datetime:
        """Not after."""


class State(StrEnum):
    """What is known of an event that must exist. Only MISSING fails anything.

    PENDING: AWS's ordinary time has not passed. LATE: the deadline has not. UNSEEN: it has, but a trail's bucket, which
    decides, has not delivered the time of the event yet, or its chain of digests is not whole.
    """

    CONFIRMED = "CONFIRMED"
    PENDING = "PENDING"
    LATE = "LATE"
    UNSEEN = "UNSEEN"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class Poll:
    """One scan of the history: when it ended, how many calls it took, what it brought, and what was open after it."""

    at: datetime
    calls: int
    new: int
    open: int

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ}: {self.calls} calls of LookupEvents, {self.new} new, {self.open} open"


@dataclass
class Watch:
    """What was polled and what came of it, for the evidence. ``waited_s`` counts up to the end of the last poll."""

    trail: Trail = field(default_factory=Trail)
    polls: list[Poll] = field(default_factory=list)
    waited_s: float = 0.0
    names: tuple[str, ...] = ()

    def state(self, found: bool, deadline_s: float, sealed: bool | None = None) -> State:
        """The state of a wanted event. PENDING for a quarter of the deadline (AWS: 15 of 60 minutes), then LATE.

        ``sealed``: whether an unbroken, validated chain of digests covers the time of the event
        (``integrity.chain.Sealing.covers``), so that it would have to be in its logs; None if there is no trail whose
        bucket could tell, and the deadline decides.
        """
        if found:
            return State.CONFIRMED
        if sealed or (sealed is None and self.waited_s >= deadline_s):
            return State.MISSING
        if self.waited_s >= deadline_s:
            return State.UNSEEN
        return State.LATE if self.waited_s >= deadline_s / 4 else State.PENDING

    def __str__(self) -> str:
        polled = f"{len(self.polls)} scans in {self.waited_s:.1f} s for {', '.join(self.names)}"
        return "\n".join([polled, *map(str, self.polls)])


class History:
    """LookupEvents of one account and Region, never faster than one call in ``interval_s``."""

    def __init__(self, client: Any, interval_s: float = RATE_S) -> None:
        self._client = client
        self._interval_s = interval_s
        self._last = 0.0
        self.calls = 0

    def events(self, name: str | None, start: datetime, end: datetime) -> Iterator[Event]:
        """All events of that name in the window, of any name for None, every page of them.

        Raises TrailError on an unreadable record, and for a window that begins before what the history keeps.
        """
        if start < _now() - KEPT:
            raise TrailError(f"the event history keeps {KEPT.days} days, not back to {start}: read log files instead")
        request: dict[str, Any] = {"StartTime": start - MARGIN, "EndTime": end + MARGIN, "MaxResults": PAGE}
        if name is not None:
            request["LookupAttributes"] = [{"AttributeKey": "EventName", "AttributeValue": name}]
        while True:
            page: Mapping[str, Any] = self._call(request)
            for row in page["Events"]:
                yield normalise(json.loads(row["CloudTrailEvent"]))
            if not page.get("NextToken"):
                return
            request["NextToken"] = page["NextToken"]

    def _call(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        pause = self._last + self._interval_s - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        self.calls += 1
        answer: Mapping[str, Any] = self._client.lookup_events(**request)
        self._last = time.monotonic()
        return answer


def watch(
    history: History,
    start: datetime,
    names: Collection[str],
    wanted: Callable[[Trail], Collection[Open]],
    deadline_s: float,
    first_pause_s: float,
    progress: Callable[[str], None],
    settle_s: float = 0.0,
) -> Watch:
    """Scan the history for ``names`` since ``start`` until nothing that is ``wanted`` is open, or the deadline.

    ``wanted`` is asked after each scan and returns what has not appeared yet. Nobody looks in the first ``settle_s``
    unless nothing is wanted; the pauses between scans grow from ``first_pause_s``. Never raises for what is missing:
    the caller judges by ``Watch.state``.
    """
    seen = Watch(names=tuple(sorted(names)))
    since = time.monotonic()
    if settle_s and wanted(seen.trail):
        time.sleep(min(settle_s, deadline_s))
    pause, whole, still = first_pause_s, True, wanted(seen.trail)
    while True:
        before, new = history.calls, 0
        end = _now()
        windows: Windows = {name: [(start, end)] for name in seen.names} if whole else around(still, start, end)
        for name, spans in windows.items():
            for span in spans:
                new += seen.trail.add(history.events(name, *span))
        still = wanted(seen.trail)
        seen.polls.append(Poll(_now(), history.calls - before, new, len(still)))
        seen.waited_s = time.monotonic() - since  # a clock that nobody sets
        left = deadline_s - seen.waited_s
        if not still or (left <= 0 and whole):
            return seen
        progress(f"{len(still)} events have not been delivered yet, up to {max(left, 0):.0f} s left")
        whole = left <= pause
        time.sleep(max(0.0, min(pause, left)))
        pause = min(pause * GROWTH, LONGEST_PAUSE_S)


def around(still: Iterable[Open], start: datetime, end: datetime) -> Windows:
    """The times to look at again for each name: around what is open, not outside ``start`` to ``end``."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for each in sorted(still, key=lambda one: (one.name, one.start)):
        first, last = max(start, each.start - AROUND), min(end, each.end + AROUND)
        spans = found.setdefault(each.name, [])
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], last))
        else:
            spans.append((first, last))
    return found


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
