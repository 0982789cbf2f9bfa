"""Ledger and trail, both ways: a record that is not there, and a record that nobody can explain."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lakeproof.audit.entries import Entry
from lakeproof.audit.events import normalise
from lakeproof.audit.reconcile import account, explanations, missing, wanted
from tests.audit.records import OTHER_QUERY, QUERY, TIME, Record, access, changed, role, session, start, trail

READ = Entry(
    scenario="a scenario",
    operation="StartQueryExecution",
    person="alice",
    principal=role("alice"),
    session=session("alice"),
    source_identity="alice",
    sql="SELECT 1",
    params={},
    query_id=QUERY.upper(),
    request_id="request-start-1",
    result="Allowed",
    columns=("a",),
    text="",
    scanned=10,
    started=TIME,
    ended=TIME + timedelta(seconds=1),
)
OPENED = replace(READ, operation="CreatePresignedDomainUrl", sql=None, query_id=None, request_id="r-9")
OPENING = {**start(event="o"), "eventName": "CreatePresignedDomainUrl", "requestID": "r-9", "responseElements": None}


def polled(name: str, person: str = "alice", query: str = QUERY, **more: Any) -> Record:
    """A call about a query, by a person's session."""
    record = {**start(person, event=f"{name}-{person}"), "eventName": name, "responseElements": None, **more}
    return {**record, "requestParameters": {"queryExecutionId": query}}


def unexplained(*records: Record, entries: tuple[Entry, ...] = (READ,)) -> list[str]:
    """Names of the records by Alice or Bob that nothing accounts for."""
    both = {role("alice"), role("bob")}
    found = account(map(normalise, records), entries, both, TIME - timedelta(minutes=1), TIME + timedelta(minutes=1))
    return [each.event.name for each in found if not each.by]


def test_a_query_that_read_needs_both_its_records() -> None:
    """Without either, it says which; with both, nothing is missing."""
    assert missing([READ], trail(start(), access())) == []
    assert [each.name for each in missing([READ], trail(start()))] == ["GetDataAccess"]
    assert [each.name for each in missing([READ], trail(access()))] == ["StartQueryExecution"]


@pytest.mark.parametrize("change", [{"result": "Denied"}, {"sql": "SHOW TABLES"}])
def test_a_query_that_read_no_data_needs_one(change: dict[str, Any]) -> None:
    """Refused, or answered from the catalog: there is no data access to wait for."""
    assert missing([replace(READ, **change)], trail(start())) == []


def test_a_call_needs_the_record_of_its_request() -> None:
    """By request id and name."""
    assert missing([OPENED], trail(OPENING)) == []
    assert [str(each) for each in missing([OPENED], trail(start()))] == [
        f"CreatePresignedDomainUrl r-9 by {session('alice')}"
    ]
    assert missing([OPENED], trail({**OPENING, "eventName": "DeleteDomain"}))


def test_a_record_by_another_identity_is_not_the_probes() -> None:
    """The ledger says who probed; a record by somebody else leaves it unrecorded."""
    assert missing([READ], trail(start("bob"), access()))
    assert missing([OPENED], trail(changed(OPENING, "userIdentity", start("bob")["userIdentity"])))


def test_a_probe_without_an_answer_or_on_objects_needs_none() -> None:
    """No request id: AWS never answered. S3's data events are not in the event history."""
    assert wanted([replace(OPENED, request_id=None), replace(OPENED, operation="GetObject")]) == []


def test_a_call_on_an_object_that_did_not_reach_s3_is_none() -> None:
    """With an expired session, say: a front end refuses it, and the trail's log files hold no record."""
    call = replace(OPENED, operation="GetObject")
    assert call.on_object
    assert not replace(call, outside=True, result="NotObtained").on_object


def test_a_record_that_was_delivered_twice_is_told_of_once() -> None:
    """CloudTrail delivers at least once. Another record under the same id is another matter."""
    stranger = STRANGE["any other call"]
    assert unexplained(stranger, stranger) == ["ListWorkGroups"]
    assert unexplained(stranger, {**stranger, "sourceIPAddress": "203.0.113.9"}) == ["ListWorkGroups"] * 2


def test_what_the_run_did_is_explained() -> None:
    """Its own query, Athena's data access for it, and the polling for its end."""
    assert unexplained(start(), access(), polled("GetQueryExecution"), polled("GetQueryResults")) == []


STRANGE: dict[str, Record] = {
    "a query that is not in the ledger": start(query=OTHER_QUERY, event="s2"),
    "data access for a query that is not in the ledger": access(query=OTHER_QUERY),
    "data access by another person than asked the query": access("bob"),
    "data access that Athena did not ask for": changed(access(), "userIdentity.invokedBy", None),
    "results of another person's query": polled("GetQueryResults", "bob"),
    "results of a query that is not in the ledger": polled("GetQueryResults", query=OTHER_QUERY),
    "any other call": {**start(event="x"), "eventName": "ListWorkGroups", "requestID": "r-x"},
    "another call under a request id of the ledger": {**start(event="x"), "eventName": "DeleteWorkGroup"},
    "a record without a time": changed({**start(event="x"), "requestID": "r-x"}, "eventTime", None),
}


@pytest.mark.parametrize("way", STRANGE)
def test_what_nobody_did_is_not(way: str) -> None:
    """One record beside the run's own, and it is the one that is told."""
    record = STRANGE[way]
    assert unexplained(start(), access(), record) == [record["eventName"]]


def test_a_throttled_call_is_explained() -> None:
    """It did nothing, and the SDK made it again."""
    call = {**start(event="x"), "eventName": "ListWorkGroups", "requestID": "r-x"}
    assert unexplained({**call, "errorCode": "ThrottlingException"}) == []
    assert unexplained({**call, "errorCode": "AccessDenied"}) == ["ListWorkGroups"]


def test_athenas_own_reads_are_explained_and_the_persons_are_not() -> None:
    """The catalog read on behalf of the session, and the same call by the session itself."""
    call = {**start(event="x"), "eventName": "GetTable", "eventSource": "glue.amazonaws.com", "requestID": "r-x"}
    assert unexplained(changed(call, "userIdentity.invokedBy", "athena.amazonaws.com")) == []
    assert unexplained(call) == ["GetTable"]


@pytest.mark.parametrize(("off", "told"), [(-62, 0), (-60, 1), (60, 1), (61, 0)])
def test_only_the_time_of_the_run_is_asked_about(off: int, told: int) -> None:
    """And only the plan's identities."""
    record = {**start(event="x", query=OTHER_QUERY), "eventTime": f"{TIME + timedelta(seconds=off):%Y-%m-%dT%H:%M:%SZ}"}
    assert len(unexplained(record)) == told
    assert unexplained(changed(record, "userIdentity.sessionContext.sessionIssuer.arn", role("admin"))) == []


def test_every_explanation_says_why_and_for_what() -> None:
    """A row that fits everything would explain everything."""
    for row in explanations():
        assert row.why and (row.of_query or row.errors or (row.invoked_by and row.sources))


def repeated(event: str, request_id: str, **more: Any) -> Record:
    """Another start of the query by the same session."""
    return {**start(event=event), "requestID": request_id, "responseElements": None, **more}


def test_a_lost_answer_accounts_for_one_record_each() -> None:
    """As many tries as had no answer may have left a record: one more is nobody's."""
    once = replace(READ, lost=1, started=TIME - timedelta(seconds=9))
    assert unexplained(start(), repeated("e-2", "r-2"), entries=(once,)) == []
    assert unexplained(start(), repeated("e-2", "r-2"), repeated("e-3", "r-3"), entries=(once,)) == [
        "StartQueryExecution"
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"lost": 0},
        {"operation": "StopQueryExecution"},
        {"principal": role("bob")},
        {"ended": TIME - timedelta(seconds=5)},
    ],
    ids=["none was lost", "another call", "another person", "before"],
)
def test_a_lost_answer_accounts_for_nothing_else(change: dict[str, Any]) -> None:
    """Only for the same call, by the same identity, in the time of the attempt."""
    entry = replace(READ, **{"lost": 1, "request_id": "gone", "started": TIME - timedelta(seconds=9), **change})
    assert unexplained(repeated("e-2", "r-2"), entries=(entry,)) == ["StartQueryExecution"]


def test_a_try_that_aws_was_too_busy_for_is_the_ledgers() -> None:
    """By its request id, and only if it was refused: what succeeded under that id needs another explanation."""
    entry = replace(READ, busy=("r-2",))
    assert unexplained(start(), repeated("e-2", "r-2", errorCode="Whatever"), entries=(entry,)) == []
    assert unexplained(start(), repeated("e-2", "r-2"), entries=(entry,)) == ["StartQueryExecution"]
