"""The journal: on the disk before the account is touched, readable after a crash, without a secret."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from provision.journal import Journal, JournalError, RunHeader

HEADER = RunHeader(
    run_id="0a1b2c3d",
    plan="p",
    plan_sha256="",
    account_id="123456789012",
    region="eu-west-1",
    endpoint_url=None,
    profile=None,
    harness_arn="arn:aws:iam::123456789012:user/h",
    external_id="x",
    started="",
    expires="",
)


def test_what_is_begun_is_on_the_disk_before_begin_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each begin is one fsync, whatever number of things it announces, and a reader sees them at once."""
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr("provision.journal.os.fsync", lambda fd: (synced.append(fd), real(fd)))
    journal = Journal.start(tmp_path, HEADER)
    journal.begin([("role", "a", {}), ("role", "b", {"attached": []})])
    assert len(synced) == 2
    assert [(entry.kind, entry.id, entry.state) for entry in Journal.read(tmp_path).entries()] == [
        ("role", "a", "begun"),
        ("role", "b", "begun"),
    ]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """Mode 0600: names and ids are nobody else's business."""
    journal = Journal.start(tmp_path, HEADER)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_states_survive_reading(tmp_path: Path) -> None:
    """Made, foreign and gone are read back with what was learned; what is gone is found no more."""
    journal = Journal.start(tmp_path, HEADER)
    domain, bucket, role = journal.begin([("domain", "d", {}), ("bucket", "b", {}), ("role", "r", {})])
    journal.made(domain, {"domain_id": "d-1"})
    journal.foreign(bucket, "EntityAlreadyExists")
    journal.gone(journal.made(role, {}))
    read = Journal.read(tmp_path)
    assert [entry.state for entry in read.entries()] == ["made", "foreign", "gone"]
    found = read.find("domain", "d")
    assert found is not None
    assert found.made == {"domain_id": "d-1"}
    assert read.find("role", "r") is None


def test_a_line_cut_off_by_a_crash_is_left_out(tmp_path: Path) -> None:
    """Half a line announces nothing: the call that it was for had not been made."""
    journal = Journal.start(tmp_path, HEADER)
    journal.begin([("role", "a", {})])
    with journal.path.open("a") as file:
        file.write('{"step": 2, "make": "ro')
    assert [entry.id for entry in Journal.read(tmp_path).entries()] == ["a"]


def test_a_new_entry_after_a_cut_off_line_stands_on_its_own(tmp_path: Path) -> None:
    """A run that goes on after a crash does not glue its first entry to the half line."""
    journal = Journal.start(tmp_path, HEADER)
    with journal.path.open("a") as file:
        file.write('{"step": 1, "make": "ro')
    Journal.read(tmp_path).begin([("role", "b", {})])
    assert [entry.id for entry in Journal.read(tmp_path).entries()] == ["b"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json\n",
        '{"step": 1, "make": "role", "id": "x", "undo": {}}\n',
        json.dumps({"run": {"version": 99}}) + "\n",
    ],
)
def test_what_is_no_journal_is_refused(text: str, tmp_path: Path) -> None:
    """Nothing is undone from a file that is not a journal of this version."""
    (tmp_path / "journal.jsonl").write_text(text)
    with pytest.raises(JournalError):
        Journal.read(tmp_path)


def test_no_journal_at_all(tmp_path: Path) -> None:
    """A missing journal is told with its path."""
    with pytest.raises(JournalError, match=r"no journal at .*journal\.jsonl"):
        Journal.read(tmp_path)


def test_a_full_disk_stops_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the journal cannot be kept, nothing more is created, and the message says how to clean up."""
    journal = Journal.start(tmp_path, HEADER)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("provision.journal.os.fsync", full)
    with pytest.raises(JournalError, match=r"No space left on device.*lakeproof destroy"):
        journal.begin([("role", "a", {})])


def test_a_journal_is_not_overwritten(tmp_path: Path) -> None:
    """A directory that has a journal keeps it."""
    Journal.start(tmp_path, HEADER)
    with pytest.raises(JournalError, match="nothing was created"):
        Journal.start(tmp_path, HEADER)
