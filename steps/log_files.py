"""What the trail's log files say of calls on objects, and that nobody changed a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_bdd import given, then

from fixtures.trail import Audit
from lakeproof.audit.entries import Entry
from lakeproof.audit.events import Event
from lakeproof.audit.reconcile import Account, account
from lakeproof.audit.sealed import TrailFiles
from lakeproof.evidence.verdicts import EvidenceNotObtained, NotMet
from provision.estate import Estate
from steps import judge
from steps.audit import some
from steps.trails import lake_and_results
from steps.words import words

FEW = 5
WAIT = "digests come each hour: audit the log bucket when the next one is there"


def of_trail(audit: Audit) -> TrailFiles:
    """The files of the plan's trail."""
    assert audit.files is not None, "scenarios about a trail have rows only where the plan has one"
    return audit.files


def in_sealed_files(broken: Iterable[str], audit: Audit, expected: str) -> None:
    """Nothing may be broken. Raises NotMet if signed digests cover the run, so that it would have to be there, and
    EvidenceNotObtained if they do not yet."""
    found, files = list(broken), of_trail(audit)
    judge.show("Log files", files)
    if not found:
        return
    judge.show("Broken", "\n".join(found))
    seen = f"{len(found)}: {'; '.join(found[:FEW])}"
    if not audit.sealed:
        raise EvidenceNotObtained(expected, seen, likely="signed digests do not cover the run yet", remedy=WAIT)
    raise NotMet(expected, seen, decided="the trail's sealed log files", likely="the call was not recorded")


@given(words("the log and digest files of {trail}"), target_fixture="files")
def the_files(trail: str, audit: Audit) -> TrailFiles:
    return of_trail(audit)


@given(words("the calls of {person} on objects of lake and results"), target_fixture="entries")
def object_calls(person: str, audit: Audit, estate: Estate) -> Sequence[Entry]:
    return some(audit.object_calls(person, lake_and_results(estate)), f"Calls of {person} on objects")


@given("the calls of the harness on objects of the lake", target_fixture="entries")
def harness_calls(audit: Audit, estate: Estate) -> Sequence[Entry]:
    return some(audit.object_calls(None, [estate.lake_bucket]), "Calls of the harness on objects of the lake")


@given(
    words("the records of calls on objects by the identities of {person} in the log files"), target_fixture="accounts"
)
def object_records(person: str, audit: Audit) -> Sequence[Account]:
    data = [event for event in of_trail(audit).events.values() if event.raw.get("eventCategory") == "Data"]
    found = account(data, audit.entries, audit.identities[person], audit.window.start, audit.window.end)
    if not found:
        raise EvidenceNotObtained(f"calls of {person} on objects in the log files", str(of_trail(audit)), remedy=WAIT)
    return found


@then("every file is as its digest says, and an unbroken chain of signed digests covers this run")
def whole(files: TrailFiles, audit: Audit) -> None:
    judge.show("Log files", files)
    first, last = min(entry.started for entry in audit.entries), audit.window.end
    if files.problems:
        raise NotMet(
            "every file as its digest says",
            "; ".join(files.problems),
            decided="the digest chain",
            likely="a log or digest file was changed, removed or added",
            remedy="keep the bucket as it is, and find who touched it: only CloudTrail may write there",
        )
    if not files.covers(first, last):
        expected = f"signed digests from {first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}"
        raise EvidenceNotObtained(expected, str(files), likely="the digests of this run are not due yet", remedy=WAIT)


@then("each is in a sealed log file, with its outcome and the identity that called")
def calls_recorded(entries: Sequence[Entry], audit: Audit) -> None:
    events = of_trail(audit).of_requests(entry.request_id or "" for entry in entries)
    if not any(entry.result == "Allowed" for entry in entries):
        raise EvidenceNotObtained("a call on an object that was allowed", "none was", likely="nobody read a result")
    broken = [each for entry in entries for each in _call(entry, events[entry.request_id or ""])]
    in_sealed_files(broken, audit, "each call on an object is in a sealed log file")


@then("each is in a sealed log file too")
def history_recorded(accounts: Sequence[Account], audit: Audit) -> None:
    there = of_trail(audit).events
    broken = [f"{each}: not in a sealed log file" for each in accounts if each.event.event_id not in there]
    in_sealed_files(broken, audit, "each record of the event history is in a sealed log file")


def _call(entry: Entry, events: Sequence[Event]) -> Iterator[str]:
    told = f"{entry.operation} {entry.params.get('Bucket')} {entry.params.get('Key', '')} {entry.request_id}"
    if len(events) != 1:
        yield f"{told}: {len(events)} records"
        return
    [event] = events
    if event.actor.arn != entry.session:
        yield f"{told}: recorded as {event.actor.arn}, it was {entry.session}"
    if event.refused != entry.denied:
        yield f"{told}: recorded with error code {event.error_code}, it was {entry.result}"
