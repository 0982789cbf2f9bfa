"""What a run is about to make, written down and on the disk before it is made: all that is needed to undo it.

One JSON object per line. The first line is the run; every other one is a step of it:
``{"step": 3, "make": kind, "id": ..., "undo": {...}}`` before the call, then ``{"step": 3, "made": {...}}``, or
``{"step": 3, "foreign": why}`` when the name was somebody else's, and later ``{"step": 3, "gone": true}``.
It holds no secret: no key, no password, no session token.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

FILE = "journal.jsonl"
VERSION = 1

State = Literal["begun", "made", "foreign", "gone"]


class JournalError(Exception):
    """A journal that cannot be used: missing, of another version, or the disk refuses to keep it."""


@dataclass(frozen=True)
class RunHeader:
    """The run that a journal belongs to, and how to reach its account again; never its keys."""

    run_id: str
    plan: str
    plan_sha256: str
    account_id: str
    region: str
    endpoint_url: str | None
    profile: str | None
    harness_arn: str
    external_id: str
    started: str
    expires: str
    version: int = VERSION


@dataclass(frozen=True)
class Entry:
    """One thing made or about to be made. ``undo`` was known before; ``made`` is what AWS answered (ids, mostly)."""

    step: int
    kind: str
    id: str
    undo: Mapping[str, Any]
    state: State = "begun"
    made: Mapping[str, Any] = field(default_factory=dict)


def new_run_id() -> str:
    """Eight hexadecimal digits: short enough for every name that it becomes part of."""
    return secrets.token_hex(4)


class Journal:
    """A journal on disk, and its entries as they stand. Safe to write from several threads of one process."""

    def __init__(self, path: Path, header: RunHeader, entries: Iterable[Entry] = ()) -> None:
        self.path = path
        self.header = header
        self._entries = {entry.step: entry for entry in entries}
        self._latest = {(entry.kind, entry.id): entry.step for entry in self._entries.values()}
        self._lock = threading.Lock()
        self._torn = False

    @classmethod
    def start(cls, run_dir: Path, header: RunHeader) -> Journal:
        """A new journal in ``run_dir``, readable by its owner alone. Raises JournalError when it cannot be written."""
        path = run_dir / FILE
        try:
            run_dir.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise JournalError(f"cannot start a journal at {path}: {error}; nothing was created") from error
        journal = cls(path, header)
        journal._append([{"run": asdict(header)}], durable=True)
        return journal

    @classmethod
    def read(cls, where: Path) -> Journal:
        """The journal of a run directory, or that file itself. A line cut off by a crash is left out: what it announced
        was not begun. Raises JournalError when there is none or it is of another version."""
        path = where / FILE if where.is_dir() else where
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise JournalError(f"no journal at {path}: {error.strerror}") from error
        records = [record for record in map(_parsed, text.splitlines()) if record is not None]
        if not records or "run" not in records[0]:
            raise JournalError(f"{path} is no journal of Lakeproof: its first line names no run")
        if records[0]["run"].get("version") != VERSION:
            raise JournalError(
                f"{path} is of version {records[0]['run'].get('version')}, this Lakeproof reads "
                f"{VERSION}: use the Lakeproof that wrote it"
            )
        journal = cls(path, RunHeader(**records[0]["run"]))
        journal._torn = not text.endswith("\n")
        for record in records[1:]:
            journal._take(record)
        return journal

    def entries(self) -> list[Entry]:
        """Every entry in the order in which it was begun, the latest state of each."""
        return [self._entries[step] for step in sorted(self._entries)]

    def find(self, kind: str, id: str) -> Entry | None:
        """The latest entry of that kind and id, None if there is none or it is gone."""
        step = self._latest.get((kind, id))
        entry = self._entries[step] if step is not None else None
        return entry if entry and entry.state != "gone" else None

    def begin(self, wanted: Iterable[tuple[str, str, Mapping[str, Any]]]) -> list[Entry]:
        """Write down (kind, id, undo) of what is about to be made; on the disk when this returns."""
        with self._lock:
            first = max(self._entries, default=0) + 1
            found = [Entry(first + index, kind, id, undo) for index, (kind, id, undo) in enumerate(wanted)]
            self._append(
                [{"step": entry.step, "make": entry.kind, "id": entry.id, "undo": dict(entry.undo)} for entry in found],
                durable=True,
            )
            for entry in found:
                self._put(entry)
        return found

    def made(self, entry: Entry, answer: Mapping[str, Any]) -> Entry:
        """It exists. Should this line be lost, the entry counts as begun, and undoing it asks who owns the thing."""
        return self._note(entry, {"made": dict(answer)})

    def foreign(self, entry: Entry, why: str) -> Entry:
        """The name belongs to somebody else: never undo it."""
        return self._note(entry, {"foreign": why})

    def gone(self, entry: Entry) -> Entry:
        """It does not exist any more."""
        return self._note(entry, {"gone": True})

    def _note(self, entry: Entry, news: Mapping[str, Any]) -> Entry:
        record = {"step": entry.step, **news}
        with self._lock:
            self._append([record], durable=False)
            self._take(record)
            return self._entries[entry.step]

    def _take(self, record: Mapping[str, Any]) -> None:
        step = record["step"]
        if "make" in record:
            self._put(Entry(step, record["make"], record["id"], record["undo"]))
            return
        before = self._entries[step]
        state: State = "made" if "made" in record else "foreign" if "foreign" in record else "gone"
        self._put(Entry(step, before.kind, before.id, before.undo, state, record.get("made", before.made)))

    def _put(self, entry: Entry) -> None:
        self._entries[entry.step] = entry
        self._latest[entry.kind, entry.id] = entry.step

    def _append(self, records: Iterable[Mapping[str, Any]], *, durable: bool) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n" * self._torn + "".join(json.dumps(record) + "\n" for record in records))
                file.flush()
                self._torn = False
                if durable:
                    os.fsync(file.fileno())
        except OSError as error:
            raise JournalError(
                f"the journal {self.path} cannot be written ({error.strerror}): stopped before creating "
                f"anything more; 'lakeproof destroy {self.path}' undoes what was made"
            ) from error


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
