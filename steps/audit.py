"""What the trail says of the run's queries and calls, held against the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_bdd import given, then

from fixtures.trail import Audit
from lakeproof.audit.correlate import Attribution
from lakeproof.audit.entries import Entry
from lakeproof.audit.events import Event
from lakeproof.audit.facts import FACTS
from lakeproof.audit.lookup import State
from lakeproof.evidence.verdicts import EvidenceNotObtained, NotMet
from lakeproof.plan import Plan
from steps import judge
from steps.words import words


def some(entries: Sequence[Entry], what: str) -> Sequence[Entry]:
    """The entries, of which there must be at least one. Raises EvidenceNotObtained."""
    judge.show(
        what,
        "\n".join(f"{entry.query_id or entry.request_id}  {entry.operation}  {entry.sql or ''}" for entry in entries),
    )
    if not entries:
        raise EvidenceNotObtained(what, "none in the ledger of this run", likely="the probes were not run")
    return entries


def whole(broken: Iterable[str], audit: Audit, expected: str) -> None:
    """Nothing may be broken: raises NotMet, or EvidenceNotObtained if an event may still be on its way."""
    found = list(broken)
    if not found:
        return
    judge.show("Broken", "\n".join(found))
    judge.show("What was polled", audit.seen)
    state = audit.state(False)
    if state is not State.MISSING and any("no event" in each or "0 events" in each for each in found):
        raise EvidenceNotObtained(
            expected, "; ".join(found), likely=f"not delivered yet: {state}", remedy="wait longer"
        )
    raise NotMet(
        expected, "; ".join(found), decided="the audit trail", likely="an event is missing or names another identity"
    )


def broken_links(entry: Entry, chain: Attribution, owner: str) -> Iterable[str]:
    """What is wrong with the chain of one query that must lead to ``owner``."""
    judge.show(f"Chain of {entry.query_id}", chain)
    yield from (f"{entry.query_id}: {link.name}: {link.broken}" for link in chain.broken)
    if not chain.broken and chain.person != owner:
        yield f"{entry.query_id}: leads to {chain.person}, not to {owner}"


def event_of(audit: Audit, entry: Entry) -> Event | None:
    """The record of one API call, by its request id."""
    return audit.trail.of_request(entry.request_id)


@given(words("the queries by which {person} read table data"), target_fixture="entries")
def reads(person: str, audit: Audit) -> Sequence[Entry]:
    return some(audit.reads(person), f"Queries by which {person} read table data")


@given(words("the queries that Lake Formation refused to {person}"), target_fixture="entries")
def refused_queries(person: str, audit: Audit) -> Sequence[Entry]:
    return some(audit.refused_queries(person), f"Queries that were refused to {person}")


@given(words("the API calls that were refused to {person}"), target_fixture="entries")
def refused_calls(person: str, audit: Audit) -> Sequence[Entry]:
    return some(
        [entry for entry in audit.refused_calls(person) if entry.traced], f"Calls that were refused to {person}"
    )


@given(words("the times that {person} opened their Studio profile"), target_fixture="entries")
def sign_ins(person: str, audit: Audit) -> Sequence[Entry]:
    return some(audit.sign_ins(person), f"Sign-ins of {person}")


@then(words("each has one query event and its data access, and leads by role session, role and profile to {person}"))
def attributed(person: str, entries: Sequence[Entry], audit: Audit, plan: Plan) -> None:
    owner = plan.person(person).user_id
    found = [each for entry in entries for each in broken_links(entry, audit.attribution(entry.query_id or ""), owner)]
    whole(found, audit, f"every query leads to {owner}")


@then(words("none of them leads to {other}"))
def decoys(other: str, entries: Sequence[Entry], audit: Audit, plan: Plan) -> None:
    stranger = plan.person(other).user_id
    chains = [audit.attribution(entry.query_id or "") for entry in entries]
    whole(
        [f"{chain.query_id} leads to {stranger}" for chain in chains if chain.person == stranger],
        audit,
        f"no query leads to {stranger}",
    )
    if not any(chain.person for chain in chains):
        raise EvidenceNotObtained("chains that lead to somebody", "none does", likely="events are missing")


@then("each has its query event, and no data access")
def no_access(entries: Sequence[Entry], audit: Audit) -> None:
    ids = [entry.query_id or "" for entry in entries if entry.query_id]
    missing = [f"{query_id}: no event StartQueryExecution" for query_id in ids if not audit.trail.starts.get(query_id)]
    reached = [f"{query_id}: GetDataAccess was recorded" for query_id in ids if audit.trail.accesses.get(query_id)]
    whole(missing + reached, audit, "refused queries are recorded, and read nothing")


@then(words("the records of each say {fact}"))
def facts(fact: str, entries: Sequence[Entry], audit: Audit) -> None:
    found = []
    for entry in entries:
        records = [
            *audit.trail.starts.get(entry.query_id or "", []),
            *audit.trail.accesses.get(entry.query_id or "", []),
        ]
        said = [(event, FACTS[fact](event, audit.window)) for event in records]
        found += [f"{entry.query_id}: {event.name}: {each.missing}" for event, each in said if each.missing]
        found += [f"{entry.query_id}: no event"] if len(records) < 2 else []
    whole(found, audit, f"every record says {fact}")


@then("each is recorded with an error code and the identity that tried")
def refusals(entries: Sequence[Entry], audit: Audit) -> None:
    whole(
        [each for entry in entries for each in _refusal(entry, event_of(audit, entry))],
        audit,
        "every refused call is recorded with error code and identity",
    )


@then(words("each is recorded as {person}, for the profile whose role and queries are theirs"))
def one_chain(person: str, entries: Sequence[Entry], audit: Audit, plan: Plan) -> None:
    found = [each for entry in entries for each in _sign_in(entry, event_of(audit, entry), plan, person)]
    profiles = {str(entry.params.get("UserProfileName")) for entry in entries}
    for entry in audit.reads(person):
        profile = next(
            (link.said for link in audit.attribution(entry.query_id or "").links if link.name == "profile"), ""
        )
        found += [] if any(profile.startswith(f"{name},") for name in profiles) else [f"{entry.query_id}: {profile}"]
    whole(found, audit, "sign-in, profile and queries are one person's")


def _refusal(entry: Entry, event: Event | None) -> Iterable[str]:
    if event is None:
        yield f"{entry.operation} {entry.request_id}: no event"
    elif not event.refused:
        yield f"{entry.operation} {entry.request_id}: recorded with error code {event.error_code}"
    elif event.actor.arn != entry.session:
        yield f"{entry.operation} {entry.request_id}: recorded as {event.actor.arn}, it was {entry.session}"


def _sign_in(entry: Entry, event: Event | None, plan: Plan, person: str) -> Iterable[str]:
    planned = plan.person(person)
    if event is None:
        yield f"{entry.operation} {entry.request_id}: no event"
        return
    if event.actor.arn != entry.session or planned.user_id not in str(event.actor.arn):
        yield f"{entry.request_id}: recorded as {event.actor.arn}, not as {planned.user_id}"
    if event.request.get("userProfileName") != planned.profile:
        yield f"{entry.request_id}: for profile {event.request.get('userProfileName')}, not {planned.profile}"
