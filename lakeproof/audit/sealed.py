"""The records of a trail's files, those of sealed files apart from the rest. For what fits into memory: one run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lakeproof.audit.events import Event, normalise
from lakeproof.audit.integrity.chain import SEALED, Sealing, seal
from lakeproof.audit.integrity.digests import PublicKeys
from lakeproof.audit.logs.extract import FileReport, extract
from lakeproof.audit.logs.folder import Folder, LogFile, NoLogs, look
from lakeproof.audit.logs.inflate import DamagedFile, inflate
from lakeproof.audit.logs.wanted import Row, Wanted

NOTHING = Wanted({"": {"": Row()}}, "nothing")
"""A selection that keeps no record: the reports on the files are all that is wanted of them."""


@dataclass
class TrailFiles:
    """What the files of a trail say. ``events`` are those of sealed files, ``unsealed`` those of the others, each once.

    ``reports`` tell of damaged files, ``sealing`` of the digests.
    """

    events: dict[str, Event] = field(default_factory=dict)
    unsealed: dict[str, Event] = field(default_factory=dict)
    reports: list[FileReport] = field(default_factory=list)
    sealing: Sealing = field(default_factory=Sealing)
    logs: int = 0
    digests: int = 0

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong with a file, in words."""
        damaged = [f"{why}: {each.key}: {said}" for each in self.reports for why, said in each.problems]
        return damaged + [f"{each.finding}: {each.key}: {each.said}" for each in self.sealing.problems]

    def of_requests(self, request_ids: Iterable[str]) -> dict[str, list[Event]]:
        """The sealed events of these requests, by request id."""
        found: dict[str, list[Event]] = {each: [] for each in request_ids}
        for event in self.events.values():
            if event.request_id in found:
                found[event.request_id].append(event)
        return found

    def covers(self, start: datetime, end: datetime, lateness: timedelta = timedelta(0)) -> bool:
        """Whether one unbroken chain of signed digests covers the time from ``start`` to ``end``, and the ``lateness``
        after it: only then must every event of that time be in a sealed file."""
        return self.sealing.covers(start, end + lateness - start)

    def __str__(self) -> str:
        spans = [f"{first} to {last}" for chain in self.sealing.chains for first, last in chain.spans]
        return (
            f"{self.logs} log files, {self.digests} digests: {len(self.events)} records in sealed files, "
            f"{len(self.unsealed)} in others; signed digests cover {', '.join(spans) or 'nothing'}"
        )


def read(root: Path, keys: PublicKeys, latest_digest: datetime | None, since: datetime) -> TrailFiles:
    """The files below a folder, from ``since`` on: of earlier digests nothing is asked. No file at all is no error."""
    try:
        folder = look(root)
    except NoLogs:
        return TrailFiles()
    reports = [extract(log.path, log.key, NOTHING)[0] for log in folder.logs]
    sealing = seal(folder, reports, keys, latest_digest, since)
    found = TrailFiles(reports=reports, sealing=sealing, logs=len(folder.logs), digests=len(folder.digests))
    _events(folder, found)
    return found


def _events(folder: Folder, found: TrailFiles) -> None:
    for log in folder.logs:
        into = found.events if found.sealing.states[log.key] == SEALED else found.unsealed
        for record in _records(log):
            event = normalise(record)
            into.setdefault(event.event_id, event)


def _records(log: LogFile) -> list[dict[str, Any]]:
    """The records of a file; none of one that is damaged, which its report says."""
    try:
        said = json.loads(inflate(log.path.read_bytes())[0])
    except (DamagedFile, ValueError):
        return []
    records = said.get("Records", []) if isinstance(said, dict) else []
    return [each for each in records if isinstance(each, dict) and each.get("eventName")]
