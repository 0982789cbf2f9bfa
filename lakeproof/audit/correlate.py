"""Whose query was it? The links from a query id to a person, each stated and each checked.

query id → StartQueryExecution → GetDataAccess → role session → execution role → Studio profile → person
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lakeproof.audit.events import ACCESS, START, Event


@dataclass(frozen=True, slots=True)
class Profile:
    """A Studio profile as the account has it (DescribeUserProfile, ListTags): not as the plan wants it.

    ``owner`` is the value of the tag that names the person; ``role_tag`` the profile name in the role's own tag.
    """

    name: str
    execution_role_arn: str
    owner: str | None
    role_tag: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """One link of an attribution: what it ties to what, and what is wrong with it if it does not hold."""

    name: str
    said: str
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Attribution:
    """The chain of one query. ``person`` is the owner at its end, None unless every link holds."""

    query_id: str
    links: tuple[Link, ...]
    person: str | None
    start: Event | None = None
    accesses: tuple[Event, ...] = ()

    @property
    def broken(self) -> tuple[Link, ...]:
        """The links that do not hold."""
        return tuple(link for link in self.links if link.broken)

    def __str__(self) -> str:
        return "\n".join(f"{link.name}: {link.broken or link.said}" for link in self.links)


@dataclass
class Trail:
    """The events of a window, each once however often it was delivered, indexed for correlation."""

    events: dict[str, Event] = field(default_factory=dict)
    starts: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    accesses: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    requests: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))

    def add(self, events: Iterable[Event]) -> int:
        """Take in events; returns how many were new. A record without an event id is told apart by its request id."""
        before = len(self.events)
        for event in events:
            key = event.event_id or f"{event.name} {event.request_id} {event.time}"
            if key in self.events:
                continue
            self.events[key] = event
            if event.request_id:
                self.requests[event.request_id].append(event)
            query_id = event.query_id
            if query_id and event.name == START:
                self.starts[query_id].append(event)
            elif query_id and event.name == ACCESS and event.by_athena:
                self.accesses[query_id].append(event)
        return len(self.events) - before

    def of_request(self, request_id: str | None) -> Event | None:
        """The event of one API call, by the request id that the caller got; None if it is not there or not alone."""
        found = self.requests.get(request_id or "", [])
        return found[0] if len(found) == 1 else None


def attribute(query_id: str, trail: Trail, profiles: Mapping[str, Profile]) -> Attribution:
    """The chain of a query that read table data. ``profiles`` are by the ARN of their execution role."""
    starts = trail.starts.get(query_id, [])
    accesses = tuple(event for event in trail.accesses.get(query_id, ()) if not event.error_code)  # refused: no access
    start = starts[0] if starts and repeated(starts) else None
    links = [_query(query_id, starts), _access(query_id, accesses)]
    if start is None or not accesses:
        return Attribution(query_id, tuple(links), None, start, accesses)
    role = start.actor.role_arn
    profile = profiles.get(role or "")
    links += [_session(start, accesses), _role(start, accesses), _profile(role, profile)]
    if profile is not None:
        links += [_person(profile), _source_identity(start, accesses, profile)]
    whole = not any(link.broken for link in links)
    return Attribution(query_id, tuple(links), profile.owner if whole and profile else None, start, accesses)


def _query(query_id: str, starts: list[Event]) -> Link:
    if starts and repeated(starts):
        again = f", asked for {len(starts)} times with one client request token" if len(starts) > 1 else ""
        return Link("query", f"{START} returned {query_id}{again}")
    return Link("query", "", f"{len(starts)} events {START} returned {query_id}, expected one")


def repeated(starts: list[Event]) -> bool:
    """Whether the starts of one query are one request of one session, made again because an answer did not arrive:
    the client request token makes it the same query (Athena API reference, StartQueryExecution)."""
    asked = {(event.actor.arn, event.request.get("clientRequestToken")) for event in starts}
    return len(starts) == 1 or (len(asked) == 1 and all(token for _, token in asked))


def _access(query_id: str, accesses: tuple[Event, ...]) -> Link:
    tables = sorted({str(event.request.get("tableArn")) for event in accesses})
    broken = "" if accesses else f"no {ACCESS} carries {query_id}"
    return Link("data access", f"{ACCESS} of {', '.join(tables)} carries {query_id}", broken)


def _session(start: Event, accesses: tuple[Event, ...]) -> Link:
    others = sorted({str(event.actor.arn) for event in accesses} - {str(start.actor.arn)})
    broken = f"the query was started by {start.actor.arn}, data was read by {', '.join(others)}" if others else ""
    return Link("role session", f"both by {start.actor.arn}", broken)


def _role(start: Event, accesses: tuple[Event, ...]) -> Link:
    role = start.actor.role_arn
    if not role:
        return Link("execution role", "", f"{start.actor.arn} is no session of a role")
    principals = {event.additional.get("lakeFormationPrincipal") for event in accesses}
    roles = {event.actor.role_arn for event in accesses}
    odd = sorted(str(other) for other in (principals | roles) - {role})
    return Link("execution role", role, f"Lake Formation served {', '.join(odd)}, not {role}" if odd else "")


def _profile(role: str | None, profile: Profile | None) -> Link:
    if profile is None:
        return Link("profile", "", f"no Studio profile uses {role}")
    broken = (
        "" if profile.role_tag == profile.name else f"the role's tag says {profile.role_tag!r}, not {profile.name!r}"
    )
    return Link("profile", f"{profile.name}, by DescribeUserProfile and the role's tag", broken)


def _person(profile: Profile) -> Link:
    broken = "" if profile.owner else f"profile {profile.name} has no tag that names a person"
    return Link("person", f"{profile.owner}, by the profile's tag", broken)


def _source_identity(start: Event, accesses: tuple[Event, ...], profile: Profile) -> Link:
    """Studio writes the profile's name; AWS does not promise it in every service's event, so absence breaks nothing."""
    said = {event.actor.source_identity for event in (start, *accesses)} - {None}
    wrong = sorted(str(text) for text in said - {profile.name})
    text = f"{profile.name} in the session" if said else "not in the session; role and profile name the person"
    return Link("source identity", text, f"the session says {', '.join(wrong)}, not {profile.name}" if wrong else "")
