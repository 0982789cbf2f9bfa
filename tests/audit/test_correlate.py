"""Whose query was it? Every link of the chain is broken in turn; then no person is named."""

from __future__ import annotations

from typing import Any

import pytest

from lakeproof.audit.correlate import attribute
from tests.audit.records import (
    OTHER_QUERY,
    QUERY,
    Record,
    access,
    access_of_2020,
    changed,
    identity,
    profiles,
    role,
    session,
    start,
    trail,
)

BROKEN: dict[str, tuple[list[Record], str, str]] = {
    "the query's event is missing": ([access()], "query", "0 events StartQueryExecution"),
    "two events say that they started it": (
        [start(), start(event="start-2"), access()],
        "query",
        "2 events StartQueryExecution",
    ),
    "the query's event carries another id": (
        [start(query=OTHER_QUERY), access()],
        "query",
        f"0 events StartQueryExecution returned {QUERY}",
    ),
    "no data access": ([start()], "data access", f"no GetDataAccess carries {QUERY}"),
    "data access of another query": ([start(), access(query=OTHER_QUERY)], "data access", "no GetDataAccess"),
    "a refused data access": ([start(), {**access(), "errorCode": "AccessDenied"}], "data access", "no GetDataAccess"),
    "data access by Glue": (
        [start(), changed(access(), "additionalEventData.requesterService", "GLUE_JOB")],
        "data access",
        "no GetDataAccess",
    ),
    "another session read the data": (
        [start(), changed(access(), "userIdentity.arn", f"{session('alice')}2")],
        "role session",
        "data was read by",
    ),
    "one of two accesses is another person's": (
        [start(), access(), access("bob", event="access-2")],
        "role session",
        session("bob"),
    ),
    "a user started it, not a role": (
        [start() | {"userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"}}, access()],
        "execution role",
        "is no session of a role",
    ),
    "Lake Formation served another role": (
        [start(), changed(access(), "additionalEventData.lakeFormationPrincipal", role("bob"))],
        "execution role",
        f"Lake Formation served {role('bob')}",
    ),
    "Lake Formation does not say whom it served": (
        [start(), changed(access(), "additionalEventData.lakeFormationPrincipal", None)],
        "execution role",
        "Lake Formation served None",
    ),
    "no profile uses the role": ([start("carol"), access("carol")], "profile", "no Studio profile uses"),
    "the session names another profile": (
        [changed(start(), "userIdentity.sessionContext.sourceIdentity", "bob"), access()],
        "source identity",
        "the session says bob, not alice",
    ),
    "the data access names another profile": (
        [start(), changed(access(), "userIdentity.sessionContext.sourceIdentity", "bob")],
        "source identity",
        "the session says bob, not alice",
    ),
}

WRONG_PROFILES: dict[str, tuple[Record, str, str]] = {
    "the role is tagged with another profile": (
        {"role_tag": "bob"},
        "profile",
        "the role's tag says 'bob', not 'alice'",
    ),
    "the role is not tagged": ({"role_tag": None}, "profile", "the role's tag says None"),
    "the profile names nobody": ({"owner": None}, "person", "profile alice has no tag that names a person"),
    "the profile's tag is empty": ({"owner": ""}, "person", "has no tag that names a person"),
}


@pytest.mark.parametrize(("records", "link", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_link_names_nobody(records: list[Record], link: str, says: str) -> None:
    """The link is named with what is wrong with it, and the chain has no person at its end."""
    found = attribute(QUERY, trail(*records), profiles())
    assert found.person is None
    assert [each.broken for each in found.broken if each.name == link and says in each.broken], str(found)


@pytest.mark.parametrize(("change", "link", "says"), WRONG_PROFILES.values(), ids=WRONG_PROFILES)
def test_a_profile_that_does_not_fit_names_nobody(change: Record, link: str, says: str) -> None:
    """The trail is in order, but the account's tags do not lead from the role to the person."""
    found = attribute(QUERY, trail(start(), access()), profiles("alice", change=lambda told: told | change))
    assert found.person is None
    assert [each.name for each in found.broken] == [link]
    assert says in found.broken[0].broken


@pytest.mark.parametrize(
    "records",
    [
        [start(), access()],
        [access(), start()],
        [start(), access_of_2020()],
        [start(), access(), access(event="access-2")],
        [start(), access(), access()],
        [start(), start(), access()],
        [start(), access(), start("bob", OTHER_QUERY, "start-2"), access("bob", OTHER_QUERY, "access-2")],
    ],
    ids=["whole", "late", "of 2020", "two tables", "twice delivered", "start twice delivered", "beside another's"],
)
def test_a_whole_chain_leads_to_its_person(records: list[Record]) -> None:
    """In any order, of any age, delivered once or twice: the owner of the profile is at the end."""
    found = attribute(QUERY, trail(*records), profiles())
    assert found.person == "alice@example.com", str(found)
    assert [link.name for link in found.links] == [
        "query",
        "data access",
        "role session",
        "execution role",
        "profile",
        "person",
        "source identity",
    ]


def test_a_decoy_leads_to_its_own_person_and_to_no_other() -> None:
    """Bob's query at the same time does not match Alice's: each id leads to one of them."""
    both = trail(start(), access(), start("bob", OTHER_QUERY, "start-2"), access("bob", OTHER_QUERY, "access-2"))
    assert attribute(QUERY, both, profiles()).person == "alice@example.com"
    assert attribute(OTHER_QUERY, both, profiles()).person == "bob@example.com"


def test_a_decoy_that_borrows_the_query_id_is_found_out() -> None:
    """Bob's data access that carries Alice's query id is not hers, and does not make her query his."""
    found = attribute(QUERY, trail(start(), access("bob")), profiles())
    assert found.person is None
    assert {link.name for link in found.broken} >= {"role session", "execution role"}


def test_a_session_without_source_identity_still_leads_to_its_person() -> None:
    """AWS does not promise it in every service's event: role and profile name the person, and the chain says so."""
    path = "userIdentity.sessionContext.sourceIdentity"
    found = attribute(QUERY, trail(changed(start(), path, None), changed(access(), path, None)), profiles())
    assert found.person == "alice@example.com"
    assert "not in the session" in found.links[-1].said


def test_a_query_that_nobody_made_has_no_chain() -> None:
    """An id that the trail does not know breaks at its first link."""
    found = attribute(QUERY, trail(), profiles())
    assert (found.person, found.start, found.accesses) == (None, None, ())
    assert [link.name for link in found.broken] == ["query", "data access"]


def test_events_count_once_by_their_id() -> None:
    """The same event from two pages or two sources is one; ``add`` says how many were new."""
    from lakeproof.audit.events import normalise

    found = trail(start(), access())
    assert found.add([normalise(start()), normalise(access()), normalise(access(event="access-2"))]) == 1
    assert (len(found.starts[QUERY]), len(found.accesses[QUERY]), len(found.events)) == (1, 2, 3)


def test_events_without_an_id_are_told_apart_by_request_and_time() -> None:
    """Old records without an eventID are neither merged with each other nor counted twice."""
    bare = changed(start(), "eventID", None)
    other = changed(bare, "eventTime", "2026-11-24T12:00:01Z")
    assert len(trail(bare, bare, other).events) == 2


@pytest.mark.parametrize(
    ("request_id", "found"),
    [("request-start-1", True), ("request-unknown", False), ("shared", False), (None, False), ("", False)],
)
def test_a_call_is_found_by_its_request_id_if_that_is_its_own(request_id: Any, found: bool) -> None:
    """Two events of one request id leave open which one it was: none is taken."""
    shared = [{**access(event=name), "requestID": "shared"} for name in ("one", "two")]
    known = trail(start(), *shared, {**start(event="without"), "requestID": None, "userIdentity": identity("bob")})
    assert (known.of_request(request_id) is not None) is found


def with_token(event: str, token: str | None, person: str = "alice") -> Record:
    """A start of the query with this client request token."""
    record = start(person, event=event)
    return {**record, "requestParameters": {**record["requestParameters"], "clientRequestToken": token}}


def test_one_request_made_again_is_one_query() -> None:
    """The answer to the first try did not arrive; the client request token makes the second the same query."""
    found = attribute(QUERY, trail(with_token("e-1", "t"), with_token("e-2", "t"), access()), profiles())
    assert found.person == "alice@example.com"
    assert "2 times with one client request token" in str(found)


@pytest.mark.parametrize(
    "second",
    [with_token("e-2", "u"), with_token("e-2", None), with_token("e-2", "t", "bob")],
    ids=["another token", "no token", "another person"],
)
def test_two_starts_of_one_query_are_suspicious(second: Record) -> None:
    """Another token, none, or another session: one of them is not what it says."""
    found = attribute(QUERY, trail(with_token("e-1", "t"), second, access()), profiles())
    assert found.person is None
    assert [link.name for link in found.broken] == ["query"]
