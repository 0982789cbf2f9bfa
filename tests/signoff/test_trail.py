"""The trail's scenarios can fail, each for its own reason; an adopted trail is verified, and left alone."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.signoff.runs import FULL, LIMITED, SMALL, SignOff, sign_off

FEATURES = ("features/audit/trail.feature", "features/isolation/trail.feature")
PEOPLE = (LIMITED, FULL)
HOURLY = """
from dataclasses import replace
from fixtures import embedded

embedded.LOCAL_DIGEST_INTERVAL_S = 3600
ready = embedded.local_target
embedded.local_target = lambda line: replace(ready(line), digest_deadline_s=0.5)
"""
"""A plugin with which digests come each hour, as on AWS, and nobody waits for one."""
CHANGES = ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail")


def run(root: Path, sabotage: str, *arguments: str) -> SignOff:
    """The scenarios about the trail of the small plan, after a change of the account."""
    return sign_off(root, "-p", "tests.signoff.trail_sabotages", "--trail-sabotage", sabotage, *arguments or FEATURES)


def red(done: SignOff) -> set[str]:
    """What is red, by the test's name alone."""
    return {nodeid.partition("::")[2].removeprefix("test_") for nodeid in done.those("FAIL", "NOT_OBTAINED")}


def test_a_trail_that_forgets_is_red_in_each_respect(root: Path) -> None:
    """One Region, no signatures, writes alone, no objects, stopped: each has its scenario, and all of them are F12."""
    done = run(root, "narrow", FEATURES[0])
    name = "[lakeproof-{run}]"
    assert done.code == 1, done.output
    assert {
        "the_account_keeps_a_trail_of_the_lake_and_of_its_results",
        f"trail_records_every_management_event_of_every_region{name}",
        f"trail_records_every_call_on_objects_of_lake_and_results{name}",
        f"trail_signs_its_log_files{name}",
        f"trail_is_logging_into_the_planned_bucket{name}",
        f"trail_was_logging_all_the_time{name}",
    } <= red(done)
    assert not any("log_bucket" in each for each in red(done))
    for lack in ("it is not logging", "it is not multi-Region", "log file validation is off", "read of management"):
        assert lack in done.output
    assert "F12" in done.output.partition("weaknesses found")[2]
    done.assert_torn_down_once()


def test_a_trail_handed_over_to_studio_is_red_by_what_its_code_can_do(root: Path) -> None:
    """Everything that the code in Studio can do to trails and logs is red; what the console cannot is green."""
    done = run(root, "hand-over", FEATURES[1])
    calls = ("DeleteObject", "GetObject", "ListObjectsV2", "PutObject")
    assert done.code == 1, done.output
    assert red(done) == {
        *(f"person_cannot_call_change_on_a_trail_from_studio[{who}-{each}]" for who in PEOPLE for each in CHANGES),
        *(f"person_cannot_call_call_on_the_log_bucket_from_studio[{who}-{each}]" for who in PEOPLE for each in calls),
        *(f"person_cannot_change_the_log_bucket[{who}]" for who in PEOPLE),
    }
    done.assert_torn_down_once()


def test_calls_on_objects_that_are_not_recorded_are_missed(root: Path) -> None:
    """By what the trail is told to record, and by what its sealed files lack: FAIL, for digests cover the run."""
    done = run(root, "forget-objects", FEATURES[0])
    name = "[lakeproof-{run}]"
    assert done.code == 1, done.output
    assert {nodeid.partition("::test_")[2] for nodeid in done.those("FAIL")} == {
        "the_account_keeps_a_trail_of_the_lake_and_of_its_results",
        f"trail_records_every_call_on_objects_of_lake_and_results{name}",
        f"every_read_of_the_lake_by_the_harness_is_in_the_log_files_of_trail{name}",
        *(f"every_call_of_person_on_objects_of_lake_and_results_is_in_the_log_files[{who}]" for who in PEOPLE),
    }
    assert done.those("NOT_OBTAINED")
    assert "0 records" in done.output


def test_an_interruption_is_seen(root: Path) -> None:
    """A trail that was stopped and started again is as planned, and red all the same."""
    done = run(root, "interrupt", *FEATURES, "-k", "logging or change_the_log_bucket")
    assert red(done) == {"trail_was_logging_all_the_time[lakeproof-{run}]"}, done.output


def test_a_changed_log_file_is_seen(root: Path) -> None:
    """A log file that lost its records is not what its digest says, and what it held is missed."""
    done = run(root, "forge-a-log", *FEATURES, "-k", "file or change_the_log_bucket")
    assert done.code == 1, done.output
    assert "no_file_of_trail_was_changed_removed_or_added[lakeproof-{run}]" in red(done)
    assert "log-changed: AWSLogs/" in done.output and "SHA-256" in done.output
    assert not done.those("NOT_OBTAINED")


def test_digests_that_are_not_due_are_not_claimed(root: Path) -> None:
    """With a digest each hour, none covers a run of seconds: NOT_OBTAINED and exit code 10, never a pass."""
    done = sign_off(root, FEATURES[0], plugin=HOURLY)
    assert done.code == 10, done.output
    assert done.those("FAIL") == set()
    assert "no_file_of_trail_was_changed_removed_or_added[lakeproof-{run}]" in red(done)
    assert "the digests of this run are not due yet" in done.output
    [file] = (root / "build" / "evidence").glob("*/trail-files.json")
    assert json.loads(file.read_text(encoding="utf-8"))["records_in_sealed_files"] == 0


def test_an_adopted_trail_is_verified_and_nothing_of_it_is_destroyed(root: Path) -> None:
    """With the trail that the plan names all is green; nothing tries to write or delete a file of its bucket."""
    adopt(root)
    done = run(root, "have-one")
    assert done.code == 0, done.output
    [ledger] = (root / "build" / "evidence").glob("*/ledger.jsonl")
    told = ledger.read_text(encoding="utf-8")
    assert '"operation": "GetObject"' in told and '"operation": "DeleteTrail"' in told
    assert '"operation": "PutObject"' not in told and '"operation": "DeleteObject"' not in told
    assert '"Name": "company"' not in told.replace('"operation": "GetTrail"', "")


def test_a_trail_to_adopt_that_is_not_there_is_red(root: Path) -> None:
    """The account has no trail of that name: that is a failure, not a trail made in its place."""
    adopt(root)
    done = sign_off(root, FEATURES[0])
    assert done.code == 1, done.output
    assert "no trail 'company' in the account; there are none" in done.output
    done.assert_torn_down_once()


def adopt(root: Path) -> None:
    """Make the small plan adopt a trail."""
    plan = yaml.safe_load((root / SMALL).read_text(encoding="utf-8"))
    plan["audit"] = {"trail": "adopt", "name": "company", "log_bucket": "company-logs"}
    (root / SMALL).write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")
