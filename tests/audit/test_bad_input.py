"""Bad input: each a named finding or a clear error with the file's name; what was not read is counted, and why."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakeproof.__main__ import main
from tests.audit.bucket import Trail, public_keys
from tests.audit.records import access, changed, start

WHOLE = [start(), access()]


def audit(root: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the JSON, and what was said on standard error."""
    code = main(["audit", str(root), "--format", "json", "--cache", str(root.parent / "cache"), *options])
    told = capsys.readouterr()
    return code, json.loads(told.out) if told.out else {}, told.err


def only(told: dict[str, Any]) -> tuple[str, str]:
    """Id and file of the one finding."""
    [found] = told["found"]
    return found["id"], found["subject"]


def _cut(trail: Trail, key: str) -> None:
    trail.path(key).write_bytes(trail.path(key).read_bytes()[:-30])


def _append(trail: Trail, key: str) -> None:
    forged = gzip.compress(
        json.dumps({"Records": [access(event="forged", query="f" * 8 + access()["eventID"])]}).encode()
    )
    trail.path(key).write_bytes(trail.path(key).read_bytes() + forged)


DAMAGE: dict[str, tuple[Callable[[Trail, str], object], str]] = {
    "truncated gzip": (_cut, "log-truncated"),
    "a second gzip member": (_append, "log-appended"),
    "no gzip": (lambda trail, key: trail.path(key).write_bytes(b"\x00\x01"), "log-damaged"),
    "an empty file": (lambda trail, key: trail.path(key).write_bytes(b""), "log-damaged"),
    "a corrupt stream": (
        lambda trail, key: trail.path(key).write_bytes(trail.path(key).read_bytes()[:12] + b"\xff" * 40),
        "log-damaged",
    ),
}


@pytest.mark.parametrize("way", DAMAGE)
def test_a_damaged_file_is_a_finding_with_its_name(
    way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other file is read all the same."""
    trail = Trail(tmp_path / "logs")
    trail.log(*WHOLE)
    bad = trail.log(start(event="other"))
    damage, finding = DAMAGE[way]
    damage(trail, bad)
    code, told, _ = audit(trail.root, capsys)
    assert (code, only(told)) == (1, (finding, bad))
    assert told["events"] == 2 + (finding == "log-appended")


CONTENTS: dict[str, tuple[bytes, str, int]] = {
    "broken JSON": (b'{"Records": [{"eventName": "X"', "log-broken", 0),
    "no records": (b'{"hello": 1}', "not-a-log", 0),
    "one broken record": (b'{"Records": [{"eventName": "X"}, {"eventName": 7}]}', "record-unreadable", 1),
    "a record without a name": (b'{"Records": [{"eventSource": "x"}]}', "record-unreadable", 0),
    "an unknown version": (b'{"Records": [{"eventName": "X", "eventVersion": "9.1"}]}', "version-unknown", 1),
    "a clock that is ahead": (
        b'{"Records": [{"eventName": "X", "eventTime": "2027-01-01T00:00:00Z"}]}',
        "clock-skew",
        1,
    ),
}


@pytest.mark.parametrize("way", CONTENTS)
def test_odd_contents_are_a_finding_with_the_files_name(
    way: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What can be read of the file is read and counted."""
    raw, finding, events = CONTENTS[way]
    trail = Trail(tmp_path / "logs")
    bad = trail.log(raw=raw)
    code, told, _ = audit(trail.root, capsys)
    assert (code, only(told), told["events"]) == (1, (finding, bad), events)


def test_an_event_of_a_megabyte_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Size alone is nothing wrong."""
    trail = Trail(tmp_path / "logs")
    trail.log(
        *WHOLE,
        {
            **start(event="big", query="0" * 8 + start()["responseElements"]["queryExecutionId"][8:]),
            "x": "y" * (1 << 20),
        },
    )
    code, told, _ = audit(trail.root, capsys)
    assert (code, told["events"], told["found"]) == (0, 3, [])


def test_an_event_that_is_delivered_twice_counts_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In two files, out of order: the later file holds the query, the earlier one its data access."""
    trail = Trail(tmp_path / "logs")
    trail.log(access(), access())
    trail.log(access(), start())
    code, told, _ = audit(trail.root, capsys)
    assert (code, told["events"], told["duplicates"]) == (0, 4, 2)
    assert told["use"][0]["queries"] == 1


def test_other_files_in_the_folder_are_counted_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Notes, pictures, JSON that is no log: left out, never silently; a log that was unpacked or renamed is read."""
    trail = Trail(tmp_path / "logs")
    trail.log(start())
    (trail.root / "notes.txt").write_text("x")
    (trail.root / "other.json").write_text('{"a": 1}')
    (trail.root / "unpacked.json").write_text(json.dumps({"Records": [access()]}))
    code, told, _ = audit(trail.root, capsys)
    assert (code, told["events"], told["found"]) == (0, 2, [])
    assert told["skipped"] == {
        "files: not named as a log file (.json.gz or .json)": 1,
        "files: JSON, but no CloudTrail records: neither Records, Events nor eventName": 1,
    }


def test_a_folder_without_logs_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says where it looked and what was there."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "notes.txt").write_text("x")
    code, _, said = audit(tmp_path / "logs", capsys)
    assert code == 2
    assert f"{tmp_path / 'logs'}: no CloudTrail log file to read (not named as a log file" in said
    code, _, said = audit(tmp_path / "nowhere", capsys)
    assert (code, "nowhere: no such file or folder" in said) == (2, True)


def test_an_empty_window_is_an_error_or_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file was delivered in it: an error. Files, but no record in the period: a note, and no finding."""
    trail = Trail(tmp_path / "logs")
    trail.log(access())
    code, _, said = audit(trail.root, capsys, "--since", "2027-01-01")
    assert (code, "delivered outside the window: 1" in said) == (2, True)
    code, _, said = audit(trail.root, capsys, "--since", "2026-12-01", "--until", "2026-11-01")
    assert (code, "the period is empty" in said) == (2, True)
    code, told, _ = audit(trail.root, capsys, "--since", "2026-11-24T12:30", "--until", "2026-11-24")
    assert (code, told["found"]) == (0, [])
    assert "no record in the period that a question is about: the answers below are about nothing" in told["notes"]
    code, told, _ = audit(trail.root, capsys, "--since", "2026-11-24", "--until", "2026-11-24")
    assert (code, [each["id"] for each in told["found"]]) == (1, ["access-without-query"])


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--since", "yesterday", "'yesterday' is no ISO 8601 time"),
        ("--plan", "nowhere.yaml", "nowhere.yaml"),
        ("--queries", "nowhere.json", "nowhere.json"),
        ("--public-keys", "nowhere.json", "nowhere.json"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(
    option: str, value: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and what was wrong with it."""
    trail = Trail(tmp_path / "logs")
    trail.log(*WHOLE)
    code, _, error = audit(trail.root, capsys, option, value)
    assert (code, said in error) == (2, True)


def test_a_changed_log_is_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The copy is keyed by contents: the second question reads nothing, a changed file is read anew."""
    trail = Trail(tmp_path / "logs")
    key = trail.log(*WHOLE)
    assert [audit(trail.root, capsys)[1]["fresh"] for _ in range(2)] == [1, 0]
    trail.path(key).write_bytes(gzip.compress(json.dumps({"Records": [access()]}).encode()))
    code, told, _ = audit(trail.root, capsys)
    assert (code, told["fresh"], only(told)[0]) == (1, 1, "access-without-query")


def test_only_sealed_records_count_as_sealed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A forged log explains nothing; a log whose digest is not due counts apart, and the finding says so."""
    trail = Trail(tmp_path / "logs")
    trail.log(access())
    trail.digest()
    trail.hour -= trail.hour - trail.hour.replace(hour=12)
    forged = trail.log(start(), listed=False)
    trail.hour = trail.hour.replace(hour=13)
    trail.log(changed(access(event="late"), "requestParameters.tableArn", "t"), listed=False)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(public_keys()))
    _, told, _ = audit(trail.root, capsys, "--public-keys", str(keys), "--latest-digest", "2026-11-24T13:05:00Z")
    found = {each["id"]: each for each in told["found"]}
    assert set(found) == {"access-without-query", "log-not-listed"}
    assert found["log-not-listed"]["subject"] == forged
    assert told["sealed"]["sealed"] == 1
    assert sorted(told["sealed"].values()) == [1, 1, 1]
    assert found["access-without-query"]["sealed"] is False


@pytest.mark.parametrize("form", ["text", "csv", "html"])
def test_every_format_tells_the_finding(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And what a record says never becomes markup or a formula."""
    trail = Trail(tmp_path / "logs")
    trail.log(changed(access(), "userIdentity.arn", "=<script>[red]"))
    assert main(["audit", str(trail.root), "--format", form, "--cache", str(tmp_path / "cache")]) == 1
    told = capsys.readouterr().out
    assert "access-without-query" in told
    assert ("<script>" in told) is (form != "html")
    assert form != "text" or "[red]" in told
