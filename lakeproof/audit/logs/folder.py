"""A folder of log files as a source: what lies in it, what is read, and what is left out and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from lakeproof.audit.logs.keys import SIDECAR, digest_name, log_name

LATE = timedelta(days=1)
"""How much later than its events a log file may be delivered and still be found: the file's name has the delivery."""
SHARE_FILES = 96
SHARE_BYTES = 48 << 20


class NoLogs(ValueError):
    """Nothing to read: the folder is missing, or holds no log file in the window. The message says what was there."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file to read. ``key`` is its path below the folder, as S3 has it."""

    path: Path
    key: str
    size: int


@dataclass
class Folder:
    """What lies in a folder. ``left_out`` maps each reason to the keys it applies to."""

    root: Path
    logs: list[LogFile] = field(default_factory=list)
    digests: list[LogFile] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)

    def shares(self) -> Iterator[list[LogFile]]:
        """The logs in shares for the workers: one account, Region and day of delivery each, bounded in size."""
        share: list[LogFile] = []
        size = 0
        for log in self.logs:
            full = len(share) >= SHARE_FILES or size + log.size > SHARE_BYTES
            if share and (full or log.key.rpartition("/")[0] != share[0].key.rpartition("/")[0]):
                yield share
                share, size = [], 0
            share.append(log)
            size += log.size
        if share:
            yield share


def look(root: Path, since: datetime | None = None, until: datetime | None = None) -> Folder:
    """List a folder, or a single file. A log file named as delivered outside the window is left out, and counted.

    Files that are named otherwise but end in ``.json`` or ``.json.gz`` are read too: people rename and unpack logs.
    Raises NoLogs if there is no such folder or no file to read.
    """
    if not root.exists():
        raise NoLogs(f"{root}: no such file or folder; expected CloudTrail log files below it")
    found = Folder(root)
    for path in sorted([root] if root.is_file() else (each for each in root.rglob("*") if each.is_file())):
        key = path.name if root.is_file() else path.relative_to(root).as_posix()
        _sort(found, LogFile(path, key, path.stat().st_size), since, until)
    if not found.logs:
        there = "; ".join(f"{reason}: {len(keys)}" for reason, keys in found.left_out.items()) or "the folder is empty"
        raise NoLogs(f"{root}: no CloudTrail log file to read ({there}; digest files: {len(found.digests)})")
    return found


def _sort(found: Folder, file: LogFile, since: datetime | None, until: datetime | None) -> None:
    reason = ""
    name = log_name(file.key)
    if name is not None:
        outside = (since and name.delivered < since - timedelta(minutes=1)) or (until and name.delivered > until + LATE)
        reason = "delivered outside the window" if outside else ""
    elif digest_name(file.key) is not None:
        found.digests.append(file)
        return
    elif file.key.endswith(SIDECAR):
        return
    elif "CloudTrail-Insight" in file.key:
        reason = "Insights events, which are no API calls"
    elif not file.key.endswith((".json", ".json.gz")):
        reason = "not named as a log file (.json.gz or .json)"
    if reason:
        found.left_out.setdefault(reason, []).append(file.key)
    else:
        found.logs.append(file)
