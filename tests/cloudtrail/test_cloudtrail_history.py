"""The event history as a data structure: paging, order, limits."""

from __future__ import annotations

import json
import pickle
import threading
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.cloudtrail import history as history_module
from tests.cloudtrail.bench import Bench, call


def walk(bench: Bench, size: int, **params: Any) -> list[str]:
    """The event ids of all pages."""
    ids: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = bench.lookup(MaxResults=size, **params, **token)
        ids += [row["EventId"] for row in page["Events"]]
        if "NextToken" not in page:
            return ids
        token = {"NextToken": page["NextToken"]}


@settings(deadline=None, max_examples=30)
@given(seconds=st.lists(st.integers(-100, 0), max_size=120), size=st.integers(1, 50))
def test_paging_is_complete_whatever_the_order_of_recording(seconds: list[int], size: int) -> None:
    """Every event is listed exactly once, newest first, also when events are recorded out of order."""
    bench = Bench()
    now = bench.clock.now()
    for second in seconds:
        bench.cloudtrail.record(call("iam", "ListUsers", {}, time=now + timedelta(seconds=second)), {}, None)
    ids = walk(bench, size)
    assert len(ids) == len(set(ids)) == len(seconds)
    times = [row["EventTime"] for row in bench.lookup(MaxResults=50)["Events"]]
    assert times == sorted(times, reverse=True)


def test_a_walk_is_not_disturbed_by_events_that_arrive_meanwhile() -> None:
    """A walk over the pages lists what could be seen at its start, once each, while other threads record."""
    bench = Bench()
    for _ in range(200):
        bench.cloudtrail.record(call("iam", "ListUsers", {}), {}, None)
    before = walk(bench, 50)
    over = threading.Event()

    def record() -> None:
        while not over.is_set():
            bench.cloudtrail.record(call("iam", "ListUsers", {}), {}, None)

    threads = [threading.Thread(target=record) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        during = walk(bench, 7)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert len(during) == len(set(during))
    assert set(before) <= set(during)
    assert during[-200:] == before


def test_the_oldest_events_go_when_the_history_is_full(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beyond its limit the history drops the oldest events, says so once, and still finds the others by attribute."""
    monkeypatch.setattr(history_module, "MAX_EVENTS", 100)
    for number in range(150):
        bench.cloudtrail.record(call("iam", "GetUser", {"UserName": f"u{number}"}), {}, None)
    assert len(bench.cloudtrail.history.everything) <= 100
    assert bench.lookup(LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "u0"}])["Events"] == []
    found = bench.lookup(LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "u149"}])["Events"]
    assert len(found) == 1
    assert capsys.readouterr().err.count("the oldest are dropped") == 1


def test_what_is_older_than_ninety_days_is_forgotten(bench: Bench) -> None:
    """Events of more than 90 days ago do not stay in memory."""
    for _ in range(20):
        bench.cloudtrail.record(call("iam", "ListUsers", {}, time=bench.clock.now()), {}, None)
    bench.clock.advance(timedelta(days=91).total_seconds())
    bench.cloudtrail.record(call("iam", "ListUsers", {}, time=bench.clock.now()), {}, None)
    assert len(bench.cloudtrail.history.rows) == 1


def test_a_packed_event_is_small(bench: Bench) -> None:
    """A typical event takes less than 500 bytes in memory, and comes out as it went in."""
    event = bench.event(call("athena", "StartQueryExecution", {"WorkGroup": "w"}), {"QueryExecutionId": "q"})
    row = next(iter(bench.cloudtrail.history.rows.values()))
    assert len(row.packed) < 500
    assert json.loads(row.text) == event


def test_elements_of_more_than_100_kb_are_left_out(bench: Bench) -> None:
    """Request parameters of more than 100 KB become null; a long user agent is cut at 1 KB."""
    made = call("iam", "PutRolePolicy", {"RoleName": "r", "PolicyDocument": "x" * 200_000})
    made.user_agent = "a" * 5000
    event = bench.event(made, {})
    assert event["requestParameters"] is None
    assert len(event["userAgent"]) == 1024


def test_the_history_is_plain_data(bench: Bench) -> None:
    """The event history can be written to disk and read back."""
    bench.cloudtrail.record(call("iam", "ListUsers", {}), {}, None)
    assert pickle.loads(pickle.dumps(bench.cloudtrail.history)) == bench.cloudtrail.history
