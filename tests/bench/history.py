"""How many calls of LookupEvents, and how many minutes, it takes to confirm K queries: the real watch, simulated time.

K queries are started one each ``EVERY_S`` seconds. Each has two records, StartQueryExecution and GetDataAccess, which
appear by AWS's words some five minutes later: drawn here from a log-normal distribution with a median of 3.5 and a
mean of about 4.2 minutes (one in a thousand takes over 20), cut at 60. That is an assumption, AWS promises none.
"""

from __future__ import annotations

import json
import random
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from lakeproof.audit import lookup
from lakeproof.audit.correlate import Trail
from lakeproof.audit.events import ACCESS, START
from lakeproof.audit.lookup import History, Watch, watch

BEGIN = datetime(2026, 11, 24, 8, tzinfo=UTC)
EVERY_S = 2.0
MEDIAN_MIN, SIGMA, LONGEST_MIN = 3.5, 0.6, 60.0
DEADLINE_S = 3600.0
CALL_S = 0.2
SIZES = (10, 100, 1_000, 5_000)


class Clock:
    """Time that passes only when somebody sleeps or waits for an answer. Seconds."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        """The time of day."""
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass(frozen=True, slots=True)
class Query:
    """A query that must be confirmed, as the watch asks for what is open."""

    name: str
    id: str
    start: datetime
    end: datetime


class CloudTrail:
    """LookupEvents over simulated deliveries: 50 a call, latest first."""

    def __init__(self, clock: Clock, queries: list[Query], draw: random.Random) -> None:
        self._clock = clock
        self._rows: dict[str, list[tuple[datetime, float, str]]] = {START: [], ACCESS: []}
        for each in queries:
            minutes = min(draw.lognormvariate(0.0, SIGMA) * MEDIAN_MIN, LONGEST_MIN)
            self._rows[each.name].append((each.start, each.start.timestamp() + 60 * minutes, _record(each)))
        self._times = {name: [at for at, *_ in rows] for name, rows in self._rows.items()}

    def lookup_events(self, **request: Any) -> Mapping[str, Any]:
        """As boto3's client does, and takes ``CALL_S``."""
        self._clock.now += CALL_S
        name = request["LookupAttributes"][0]["AttributeValue"]
        first = bisect_left(self._times[name], request["StartTime"])
        last = bisect_left(self._times[name], request["EndTime"])
        there = [row for _, at, row in reversed(self._rows[name][first:last]) if at <= self._clock.now]
        skip = int(request.get("NextToken", 0))
        more = {"NextToken": str(skip + lookup.PAGE)} if skip + lookup.PAGE < len(there) else {}
        return {"Events": [{"CloudTrailEvent": row} for row in there[skip : skip + lookup.PAGE]], **more}


def simulate(size: int, seed: int) -> tuple[Watch, int]:
    """The watch over ``size`` queries, and how many calls it made."""
    draw = random.Random(seed)
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(size)]
    times = [BEGIN + timedelta(seconds=EVERY_S * number) for number in range(size)]
    queries = [Query(name, each, at, at) for each, at in zip(ids, times, strict=True) for name in (START, ACCESS)]
    clock = Clock((times[-1] + timedelta(seconds=EVERY_S)).timestamp())
    history = History(CloudTrail(clock, queries, draw))

    def wanted(trail: Trail) -> list[Query]:
        there = {START: trail.starts, ACCESS: trail.accesses}
        return [each for each in queries if each.id not in there[each.name]]

    with patch.object(lookup, "time", clock):
        seen = watch(
            history, BEGIN, [START, ACCESS], wanted, DEADLINE_S, DEADLINE_S / 40, lambda text: None, DEADLINE_S / 12
        )
    return seen, history.calls


def rows(seeds: int = 5) -> Iterator[tuple[str, str]]:
    """Rows (what, figure): the range over ``seeds`` draws for each size."""
    for size in SIZES:
        told = [simulate(size, seed) for seed in range(seeds)]
        calls = [count for _, count in told]
        minutes = [seen.waited_s / 60 for seen, _ in told]
        still = sum(seen.polls[-1].open for seen, _ in told)
        yield f"event history: calls to confirm {size} queries, simulated", f"{min(calls)} to {max(calls)}"
        yield f"event history: minutes after the last of {size}", f"{min(minutes):.0f} to {max(minutes):.0f}"
        yield f"event history: records of {seeds} x {size} queries open at the deadline", str(still)


def _record(query: Query) -> str:
    about: dict[str, Any] = {"responseElements": {"queryExecutionId": query.id}}
    if query.name == ACCESS:
        context = {"auditContext": {"additionalAuditContext": f"{{queryId: {query.id}}}"}}
        about = {"requestParameters": context, "additionalEventData": {"requesterService": "ATHENA"}}
    return json.dumps(
        {"eventID": f"{query.name}-{query.id}", "eventName": query.name, "eventTime": query.start.isoformat(), **about}
    )
