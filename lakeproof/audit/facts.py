"""The six facts of NIST AU-3, checked one by one on a record: what, when, where, source, outcome, identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakeproof.audit.events import ACCESS, START, Event

SKEW = timedelta(minutes=5)
"""How far AWS's clock and ours may disagree. SigV4 refuses a request that is further off."""


@dataclass(frozen=True, slots=True)
class Fact:
    """``said`` is what the record says; ``missing`` is why that is not enough, empty when it is."""

    name: str
    said: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """When the run made its probes, by our clock."""

    start: datetime
    end: datetime

    def holds(self, time: datetime) -> bool:
        """Whether ``time`` lies in the window, give or take the clocks' skew."""
        return self.start - SKEW <= time <= self.end + SKEW


def what(event: Event, window: Window) -> Fact:
    """AU-3a, the type of event: its name and service, and for data access the table and the query."""
    said = f"{event.source}:{event.name}"
    if event.name == ACCESS:
        table = event.request.get("tableArn") or event.request.get("dataLocations")
        said += f" of {table} for query {event.query_id}"
        return Fact("what", said, "" if table and event.query_id else "the table or the query id is not there")
    if event.name == START and not event.error_code:
        return Fact("what", f"{said} {event.query_id}", "" if event.query_id else "the query id is not there")
    return Fact("what", said, "" if event.source else "the service is not there")


def when(event: Event, window: Window) -> Fact:
    """AU-3b, the time: in the window in which the run made its probes."""
    if event.time is None:
        return Fact("when", "", "no time")
    inside = window.holds(event.time)
    return Fact("when", event.time.isoformat(), "" if inside else f"outside {window.start} to {window.end}")


def where(event: Event, window: Window) -> Fact:
    """AU-3c, the place: Region and account."""
    place = f"{event.region or ''} {event.account_id or ''}".strip()
    return Fact("where", place, "" if event.region and event.account_id else "Region or account is not there")


def source(event: Event, window: Window) -> Fact:
    """AU-3d, the source: the address, and the agent where there is one."""
    said = " ".join(text for text in (event.source_ip, event.user_agent) if text)
    return Fact("source", said, "" if event.source_ip else "no source address")


def outcome(event: Event, window: Window) -> Fact:
    """AU-3e, the outcome: an error code with its message, or a success.

    Athena answers StartQueryExecution before the query runs: its record says that the query began. How it ended
    stands in GetQueryExecution (the ledger), and whether data was read in GetDataAccess.
    """
    if event.error_code:
        return Fact(
            "outcome", f"{event.error_code}: {event.error_message}", "" if event.error_message else "no message"
        )
    if event.name == START:
        return Fact("outcome", "started", "" if event.query_id else "neither an error nor a query id")
    return Fact("outcome", "succeeded")


NAMED = frozenset({"Root", "IAMUser", "AssumedRole", "FederatedUser"})
"""Kinds of identity that always have a unique id and an account."""


def identity(event: Event, window: Window) -> Fact:
    """AU-3f, the identity: the session and its role, or the user; and what no name says, for names are given again: the
    principal's unique id and its account (CloudTrail user guide, "CloudTrail userIdentity element")."""
    actor = event.actor
    said = " ".join(text for text in (actor.kind, actor.arn, actor.source_identity) if text)
    enough = actor.arn and (actor.kind != "AssumedRole" or actor.role_arn)
    if not enough:
        return Fact("identity", said, "neither a user nor a session with its role")
    unique = {"principalId": actor.principal_id, "accountId": actor.account_id} if actor.kind in NAMED else {}
    lacking = ", ".join(name for name, value in unique.items() if not value)
    return Fact("identity", said, f"no {lacking}" if lacking else "")


FACTS: dict[str, Callable[[Event, Window], Fact]] = {
    "what": what,
    "when": when,
    "where": where,
    "source": source,
    "outcome": outcome,
    "identity": identity,
}
