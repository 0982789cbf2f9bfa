"""CloudTrail's event history: every page, never too fast, one wait for everything, and a deadline that is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lakeproof.audit import lookup
from lakeproof.audit.correlate import Trail
from lakeproof.audit.events import TrailError, normalise
from lakeproof.audit.lookup import History, State, Watch, watch
from tests.audit.records import QUERY, TIME, Record, access, start

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Clock:
    """Time that passes only when somebody sleeps, or when CloudTrail takes ``call_s`` to answer."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return START.timestamp() + self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that ``lookup`` reads and sleeps by."""
    made = Clock()
    monkeypatch.setattr(lookup, "time", made)
    return made


@dataclass
class CloudTrail:
    """LookupEvents: each record appears at its time by the clock, ``page`` a call, by event name."""

    clock: Clock
    delivered: list[tuple[float, Record]]
    page: int = 50
    call_s: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    called_at: list[float] = field(default_factory=list)

    def lookup_events(self, **request: Any) -> Mapping[str, Any]:
        """As boto3's client does: NextToken is only there if there is another page."""
        self.asked.append(dict(request))
        self.called_at.append(self.clock.now)
        self.clock.now += self.call_s
        name = request["LookupAttributes"][0]["AttributeValue"]
        there = [each for at, each in self.delivered if at <= self.clock.now and each["eventName"] == name]
        rows = [
            each
            for each in there
            if not each["eventTime"].startswith("2")  # no time at all
            or request["StartTime"] <= (normalise(each).time or START) <= request["EndTime"]
        ]
        first = int(request.get("NextToken", 0))
        found = [{"CloudTrailEvent": json.dumps(each)} for each in rows[first : first + self.page]]
        more = {"NextToken": str(first + self.page)} if first + self.page < len(rows) else {}
        return {"Events": found, **more}


def wait(
    clock: Clock,
    delivered: list[tuple[float, Record]],
    *,
    wanted: Callable[[Trail], list[Wanted]] | None = None,
    deadline_s: float = 900.0,
    names: tuple[str, ...] = ("StartQueryExecution", "GetDataAccess"),
    **trail: Any,
) -> tuple[Watch, CloudTrail, list[str]]:
    """Watch for one query with its data access, or for what is ``wanted``: the watch, the client, what was said."""
    client = CloudTrail(clock, [(clock.now + at, record) for at, record in delivered], **trail)
    said: list[str] = []
    seen = watch(History(client), START, names, wanted or missing, deadline_s, 15.0, said.append)
    return seen, client, said


@dataclass(frozen=True)
class Wanted:
    """An event that must exist, at a time."""

    name: str
    start: datetime = TIME
    end: datetime = TIME


def missing(trail: Trail) -> list[Wanted]:
    """What has not appeared of Alice's query."""
    gone = [Wanted("StartQueryExecution")] * (QUERY not in trail.starts)
    return gone + [Wanted("GetDataAccess")] * (QUERY not in trail.accesses)


def test_an_event_that_never_comes_is_missing_only_after_the_deadline(clock: Clock) -> None:
    """The watch ends at the deadline, not before and not after, and says MISSING; nothing is raised."""
    began = clock.now
    seen, _, said = wait(clock, [(0, start())], deadline_s=900)
    assert clock.now - began == pytest.approx(900, abs=3)
    assert seen.waited_s >= 900
    assert seen.state(False, 900) is State.MISSING
    assert seen.polls[-1].open == 1
    assert said[0].startswith("1 events have not been delivered yet, up to ")


def test_the_last_look_is_at_the_deadline(clock: Clock) -> None:
    """An event that is delivered in the very last moment is still found."""
    seen, _, _ = wait(clock, [(0, start()), (899.9, access())], deadline_s=900)
    assert missing(seen.trail) == []
    assert seen.state(True, 900) is State.CONFIRMED


def test_slow_answers_do_not_stretch_the_deadline_by_more_than_two_scans(clock: Clock) -> None:
    """A history that takes 40 seconds a call: after the scan that runs at the deadline only the whole last look."""
    began = clock.now
    seen, _, _ = wait(clock, [], deadline_s=100, call_s=40.0)
    assert 100 <= clock.now - began <= 100 + 4 * 40.5
    assert seen.state(False, 100) is State.MISSING


@pytest.mark.parametrize(
    ("waited", "state"),
    [(0.0, State.PENDING), (224.9, State.PENDING), (225.0, State.LATE), (899.9, State.LATE), (900.0, State.MISSING)],
)
def test_what_has_not_come_is_pending_then_late_then_missing(waited: float, state: State) -> None:
    """A quarter of the deadline is AWS's ordinary time; only the whole of it makes an event missing."""
    assert Watch(waited_s=waited).state(False, 900) is state
    assert Watch(waited_s=waited).state(True, 900) is State.CONFIRMED


@pytest.mark.parametrize(
    ("waited", "sealed", "state"),
    [
        (10.0, False, State.PENDING),
        (900.0, False, State.UNSEEN),
        (90_000.0, False, State.UNSEEN),
        (10.0, True, State.MISSING),
    ],
)
def test_where_a_trail_has_a_bucket_its_digests_decide(waited: float, sealed: bool, state: State) -> None:
    """Past the deadline an event is unseen, and missing once an unbroken chain covers its time without it."""
    assert Watch(waited_s=waited).state(False, 900, sealed) is state


def test_what_was_polled_stands_in_the_evidence(clock: Clock) -> None:
    """For what, when, how often, how many calls, and what each scan brought."""
    seen, _, _ = wait(clock, [(0, start()), (100, access())])
    first, *lines = str(seen).splitlines()
    assert first == f"{len(seen.polls)} scans in {seen.waited_s:.1f} s for GetDataAccess, StartQueryExecution"
    assert len(lines) == len(seen.polls)
    assert lines[0].endswith(": 2 calls of LookupEvents, 1 new, 1 open")


def test_one_wait_is_enough_for_everything(clock: Clock) -> None:
    """Forty queries, delivered late and out of order: one watch, as long as the latest and hardly longer."""
    ids = [f"{number:08d}-1b2a-4c5d-8e7f-00112233aabb" for number in range(40)]
    delivered = [(300 - 5.0 * number, start(query=each, event=f"s{each}")) for number, each in enumerate(ids)]
    delivered += [(7.0 * number, access(query=each, event=f"a{each}")) for number, each in enumerate(ids)]
    began = clock.now
    seen, client, _ = wait(
        clock,
        delivered,
        wanted=lambda trail: [Wanted("StartQueryExecution") for each in ids if each not in trail.starts],
    )
    assert 300 <= clock.now - began < 2 * 300
    assert len(seen.polls) < 10
    assert len(client.asked) < 2 * len(seen.polls)


def test_nothing_that_is_wanted_needs_no_wait(clock: Clock) -> None:
    """One scan, and no word about waiting."""
    seen, _, said = wait(clock, [(0, start()), (0, access())])
    assert (len(seen.polls), said) == (1, [])


def test_every_page_is_read_and_only_once_each(clock: Clock) -> None:
    """120 events in pages of 50: three calls, with the same question and the page's token."""
    records = [(0.0, start(query=QUERY, event=f"e{number}")) for number in range(120)]
    client = CloudTrail(clock, records)
    clock.now += 1
    found = list(History(client).events("StartQueryExecution", START, START + timedelta(minutes=5)))
    assert len(found) == 120
    assert [request.pop("NextToken", None) for request in client.asked] == [None, "50", "100"]
    assert client.asked[0] == client.asked[1] == client.asked[2]


def test_a_question_names_one_event_name_and_the_window_with_a_margin(clock: Clock) -> None:
    """LookupEvents takes one attribute; the history's times are whole seconds, so two seconds are added."""
    client = CloudTrail(clock, [])
    list(History(client).events("GetDataAccess", START, TIME))
    [asked] = client.asked
    assert asked == {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "GetDataAccess"}],
        "StartTime": START - timedelta(seconds=2),
        "EndTime": TIME + timedelta(seconds=2),
        "MaxResults": 50,
    }


def test_no_two_calls_are_closer_than_the_quota(clock: Clock) -> None:
    """Two calls a second in an account and Region: across pages, names and scans."""
    records = [(float(number), start(query=QUERY, event=f"e{number}")) for number in range(200)]
    _, client, _ = wait(clock, records, deadline_s=60, page=10)
    gaps = [later - earlier for earlier, later in zip(client.called_at, client.called_at[1:], strict=False)]
    assert len(gaps) >= 10
    assert min(gaps) >= lookup.RATE_S - 1e-9


def test_pauses_grow_and_are_never_longer_than_a_quarter_of_an_hour(clock: Clock) -> None:
    """Less and less often: a day's wait costs a hundred scans or so, not tens of thousands."""
    seen, _, _ = wait(clock, [], deadline_s=86_400)
    pauses = [pause for pause in clock.slept if pause > 1]
    assert pauses[:-1] == sorted(pauses[:-1])
    assert max(pauses) <= lookup.LONGEST_PAUSE_S
    assert len(seen.polls) < 120


def test_an_event_that_is_seen_again_is_not_new(clock: Clock) -> None:
    """Every scan reads the window again; what it brought is counted once, and the polls say so."""
    seen, _, _ = wait(clock, [(0, start()), (100, access())])
    assert [poll.new for poll in seen.polls if poll.new] == [1, 1]
    assert len(seen.trail.events) == 2
    assert seen.polls[-1].open == 0
    assert [poll.calls for poll in seen.polls][:2] == [2, 1]


def test_a_record_that_cannot_be_read_ends_the_watch(clock: Clock) -> None:
    """An unreadable record is an error, never a hole in the trail."""
    with pytest.raises(TrailError):
        wait(clock, [(0, {**start(), "eventTime": "noon"})])


def test_a_refused_look_is_an_error(clock: Clock) -> None:
    """Whoever may not read the history learns that, and not that events are missing."""

    class Refusing:
        def lookup_events(self, **request: Any) -> Mapping[str, Any]:
            raise PermissionError("AccessDenied")

    with pytest.raises(PermissionError):
        watch(History(Refusing()), START, ["GetDataAccess"], missing, 900, 15, lambda text: None)


def test_only_the_times_of_what_is_open_are_looked_at_again(clock: Clock) -> None:
    """Two events an hour apart are open: two short windows, of their name alone; the last look is at everything."""
    early, late = TIME + timedelta(minutes=30), TIME + timedelta(minutes=90)
    open_events = [Wanted("GetDataAccess", at, at) for at in (late, early)]
    clock.now += 7200
    seen, client, _ = wait(clock, [(0, start())], wanted=lambda trail: open_events, deadline_s=60)
    names = [each["LookupAttributes"][0]["AttributeValue"] for each in client.asked]
    spans = [(name, each["StartTime"], each["EndTime"]) for name, each in zip(names, client.asked, strict=True)]
    width = lookup.AROUND + lookup.MARGIN
    assert spans[2:4] == [("GetDataAccess", at - width, at + width) for at in (early, late)]
    assert {name for name, *_ in spans[-2:]} == {"GetDataAccess", "StartQueryExecution"}
    assert {first for _, first, _ in spans[-2:]} == {START - lookup.MARGIN}
    assert seen.polls[-1].calls == 2


def test_a_record_whose_time_is_far_off_is_found_by_the_last_look(clock: Clock) -> None:
    """Our clock was an hour wrong: the narrow windows miss the record, the last look does not."""
    clock.now += 7200
    wrong = TIME + timedelta(hours=1)
    seen, _, _ = wait(
        clock,
        [(0, start()), (20, access())],
        wanted=lambda trail: [] if QUERY in trail.accesses else [Wanted("GetDataAccess", wrong, wrong)],
        deadline_s=300,
    )
    assert (QUERY in seen.trail.accesses, seen.waited_s >= 300) == (True, True)


def test_nobody_looks_before_the_ordinary_time_has_passed(clock: Clock) -> None:
    """With something to wait for, the first call comes after the settling time; with nothing, at once."""
    began = clock.now
    client = CloudTrail(clock, [(0, start())])
    watch(History(client), START, ["StartQueryExecution"], missing, 900, 15, lambda text: None, settle_s=300)
    assert client.called_at[0] == began + 300
    client, began = CloudTrail(clock, []), clock.now
    watch(History(client), START, ["GetDataAccess"], lambda trail: [], 900, 15, lambda text: None, settle_s=300)
    assert client.called_at[0] == began


def test_what_the_history_does_not_keep_is_an_error(clock: Clock) -> None:
    """90 days: an earlier window would silently come back empty. A day less is asked."""
    now = datetime.fromtimestamp(clock.time(), UTC)
    history = History(CloudTrail(clock, []))
    with pytest.raises(TrailError, match="keeps 90 days"):
        list(history.events(None, now - timedelta(days=90, seconds=1), now))
    assert list(history.events("GetDataAccess", now - timedelta(days=89), now)) == []
