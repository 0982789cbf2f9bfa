"""The names of log and digest files, which say whose they are and when they were delivered.

Source: CloudTrail user guide, "CloudTrail log file examples" and "CloudTrail digest file structure"; an organisation's
trail puts its id before the account's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

LOG = re.compile(
    r"(?P<account>\d{12})_CloudTrail_(?P<region>[a-z0-9-]+)_(?P<time>\d{8}T\d{4})Z_[A-Za-z0-9]{16}\.json(\.gz)?"
)
DIGEST = re.compile(
    r"(?P<account>\d{12})_CloudTrail-Digest_(?P<region>[a-z0-9-]+)_(?P<trail>.+)_(?P<home>[a-z0-9-]+)"
    r"_(?P<time>\d{8}T\d{6})Z(?P<backfill>_backfill)?\.json\.gz"
)
SIDECAR = ".metadata.json"
"""Beside a digest: the metadata of its S3 object, as ``aws s3api head-object`` prints it. It holds the signature."""


@dataclass(frozen=True, slots=True)
class LogName:
    """What a log file's name says. ``delivered`` is to the minute, and may be much later than the events in it."""

    account: str
    region: str
    delivered: datetime

    @property
    def day(self) -> str:
        """The day of delivery, as the key has it and the table is partitioned: ``2026/11/24``."""
        return f"{self.delivered:%Y/%m/%d}"


@dataclass(frozen=True, slots=True)
class DigestName:
    """What a digest's name says: its chain (account, Region, trail) and when its period ended."""

    account: str
    region: str
    trail: str
    home: str
    ended: datetime
    backfill: bool

    @property
    def chain(self) -> tuple[str, str, str, str]:
        """Digests of one chain follow each other, one for each hour."""
        return self.account, self.region, self.trail, self.home


def log_name(key: str) -> LogName | None:
    """What the name of a log file says, None if it is not named as one."""
    found = LOG.fullmatch(file_name(key))
    return found and LogName(found["account"], found["region"], _time(found["time"], "%Y%m%dT%H%M"))


def digest_name(key: str) -> DigestName | None:
    """What the name of a digest says, None if it is not named as one."""
    found = DIGEST.fullmatch(file_name(key))
    if not found:
        return None
    ended = _time(found["time"], "%Y%m%dT%H%M%S")
    return DigestName(
        found["account"], found["region"], found["trail"], found["home"], ended, found["backfill"] is not None
    )


def file_name(key: str) -> str:
    """The last part of a key or path."""
    return key.rpartition("/")[2]


def _time(text: str, form: str) -> datetime:
    return datetime.strptime(text, form).replace(tzinfo=UTC)
