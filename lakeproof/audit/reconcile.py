"""Ledger and trail held against each other, both ways: nothing unrecorded, and nothing recorded that nobody did.

The first way finds what the run did and the trail lacks. The second is the auditor's question: is there any access, by
an identity of the plan and in the time of the run, that the ledger cannot explain?
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

import yaml

from lakeproof.audit.correlate import Trail
from lakeproof.audit.entries import Entry
from lakeproof.audit.events import ACCESS, START, Event

SECOND = timedelta(seconds=1)
"""Times of records are whole seconds: one of the run's first moment may say the second in which it began."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A record that the ledger says must be on the trail: its event name, the id of query or request, and whose."""

    name: str
    id: str
    entry: Entry

    @property
    def start(self) -> datetime:
        """When the probe began, by our clock."""
        return self.entry.started

    @property
    def end(self) -> datetime:
        """When it had been answered."""
        return self.entry.ended

    def __str__(self) -> str:
        return f"{self.name} {self.id} by {self.entry.session}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A row of ``explanations.yaml``, which says what the members mean. Empty ones fit everything."""

    why: str
    names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    invoked_by: str = ""
    errors: tuple[str, ...] = ()
    of_query: bool = False

    def fits(self, event: Event, asked: Mapping[str, str]) -> bool:
        """Whether the row explains the record. ``asked`` maps the ledger's query ids to who asked."""
        return (
            (not self.names or event.name in self.names)
            and (not self.sources or event.source in self.sources)
            and (not self.invoked_by or event.actor.invoked_by == self.invoked_by)
            and (not self.errors or event.error_code in self.errors)
            and (not self.of_query or asked.get(event.query_id or "") == event.actor.principal_arn)
        )


@dataclass(frozen=True, slots=True)
class Account:
    """What a record is accounted for by: a ledger entry, an explanation, or nothing (an empty ``by``)."""

    event: Event
    by: str

    def __str__(self) -> str:
        event = self.event
        said = f"{event.time:%Y-%m-%dT%H:%M:%SZ}" if event.time else "no time"
        return f"{said} {event.source}:{event.name} by {event.actor.arn}, request id {event.request_id}"


def wanted(entries: Iterable[Entry]) -> list[Wanted]:
    """Every record that the ledger says must be on the trail."""
    found = []
    for entry in entries:
        if entry.query_id:
            found.append(Wanted(START, entry.query_id, entry))
        elif entry.traced:
            found.append(Wanted(entry.operation, entry.request_id or "", entry))
        if entry.query_id and entry.read_data:
            found.append(Wanted(ACCESS, entry.query_id, entry))
    return found


def missing(entries: Iterable[Entry], trail: Trail) -> list[Wanted]:
    """What must be on the trail and is not, or is there by another identity than the ledger's."""
    return [each for each in wanted(entries) if not any(_by(each, event) for event in _recorded(each, trail))]


def account(
    events: Iterable[Event], entries: Sequence[Entry], identities: Collection[str], start: datetime, end: datetime
) -> list[Account]:
    """Every record by one of ``identities`` (ARNs of roles and users) from ``start`` to ``end``, and what accounts for
    it. A record without a time is held against the ledger too; one that was delivered twice is told of once."""
    requests: dict[tuple[str | None, str], Entry] = {
        (entry.request_id, entry.principal): entry for entry in entries if entry.request_id
    }
    tried: dict[tuple[str | None, str], Entry] = {
        (request_id, entry.principal): entry for entry in entries for request_id in entry.busy
    }
    lost = [_Lost(entry, entry.lost) for entry in entries if entry.lost]
    asked = {entry.query_id.lower(): entry.principal for entry in entries if entry.query_id}
    told: list[Account] = []
    delivered: dict[str, Event] = {}
    for event in events:
        if delivered.setdefault(event.event_id, event) is not event and delivered[event.event_id].raw == event.raw:
            continue
        actor = event.actor.principal_arn
        if actor is None or actor not in identities or (event.time and not start - SECOND <= event.time <= end):
            continue
        entry = requests.get((event.request_id, actor))
        if entry is not None and entry.operation == event.name:
            by = f"ledger: {entry.scenario}"
        elif (busy := tried.get((event.request_id, actor))) is not None and event.error_code:
            by = f"ledger: {busy.scenario}, a try that AWS was too busy for"
        elif (found := next((one for one in lost if one.may_be(event)), None)) is not None:
            found.left -= 1
            by = f"ledger: {found.entry.scenario}, a try whose answer did not arrive"
        else:
            by = next((row.why for row in explanations() if row.fits(event, asked)), "")
        told.append(Account(event, by))
    return told


@dataclass
class _Lost:
    """A ledger entry of which tries had no answer: each of them may have left one record."""

    entry: Entry
    left: int

    def may_be(self, event: Event) -> bool:
        """Whether the record may be of such a try: same identity and operation, in the time of the attempt."""
        entry = self.entry
        same = event.actor.principal_arn == entry.principal and event.name == entry.operation
        during = event.time is None or entry.started - SECOND <= event.time <= entry.ended
        return self.left > 0 and same and during


@cache
def explanations() -> tuple[Explanation, ...]:
    """The rows of ``explanations.yaml``."""
    rows = yaml.safe_load(files("lakeproof.audit").joinpath("explanations.yaml").read_text(encoding="utf-8"))
    lists = ("names", "sources", "errors")
    return tuple(Explanation(**{**row, **{name: tuple(row.get(name, ())) for name in lists}}) for row in rows)


def _recorded(each: Wanted, trail: Trail) -> Sequence[Event]:
    if each.name == START and each.entry.query_id:
        return trail.starts.get(each.id.lower(), [])
    if each.name == ACCESS:
        return trail.accesses.get(each.id.lower(), [])
    event = trail.of_request(each.id)
    return [event] if event is not None and event.name == each.name else []


def _by(each: Wanted, event: Event) -> bool:
    return event.actor.principal_arn == each.entry.principal
