"""What a trail is, and where an account keeps its trails.

Source: CloudTrail API reference, Trail and GetTrailStatus; CloudTrail User Guide, "Quotas in AWS CloudTrail".
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from localaws.cloudtrail.digests import Chain, SigningKey
from localaws.cloudtrail.selectors import DEFAULT, Selectors
from localaws.errors import AwsError

MAX_TRAILS = 5
"""Trails in a Region, not adjustable."""
GLOBAL_SOURCES = frozenset({"iam.amazonaws.com"})
"""Event sources without a Region: a trail takes their events only as ``takes`` says."""
LEADER = "us-east-1"
"""The Region that global services' events are written in."""


class Pending(NamedTuple):
    """An event on its way into a log file. ``due`` is when CloudTrail has it ready; both are seconds of the epoch.

    ``packed`` is the event as ``history.pack`` makes it.
    """

    due: float
    time: int
    region: str
    packed: bytes


@dataclass
class Deliveries:
    """What GetTrailStatus tells of one kind of file (log or digest). ``error`` is S3's code, None after a success."""

    delivered: datetime | None = None
    error: str | None = None


@dataclass
class Trail:
    """One trail. ``started`` and ``stopped`` are by the account's clock; ``chains`` are digest chains by Region.

    ``pending`` are events by Region, in the order in which they are due.
    """

    name: str
    arn: str
    home_region: str
    bucket: str
    prefix: str | None = None
    include_global: bool = True
    multi_region: bool = False
    validation: bool = False
    recursive: bool = True
    tags: dict[str, str] = field(default_factory=dict)
    selectors: Selectors = DEFAULT
    logging: bool = False
    started: datetime | None = None
    stopped: datetime | None = None
    pending: dict[str, list[Pending]] = field(default_factory=dict)
    chains: dict[str, Chain] = field(default_factory=dict)
    logs: Deliveries = field(default_factory=Deliveries)
    digests: Deliveries = field(default_factory=Deliveries)

    def records_at(self, time: datetime) -> bool:
        """Whether the trail is logging at a time: from StartLogging to StopLogging, both calls included."""
        if self.started is None or time < self.started:
            return False
        return self.logging or (self.stopped is not None and time <= self.stopped)

    def covers(self, region: str, source: str) -> bool:
        """Whether events of a Region and a source belong to the trail.

        Global services' events go to a multi-Region trail, or to one at home in us-east-1, that includes them.
        """
        if source in GLOBAL_SOURCES:
            return self.include_global and (self.multi_region or self.home_region == LEADER)
        return self.multi_region or region == self.home_region

    @property
    def regions(self) -> tuple[str, ...]:
        """The Regions of this account that the trail writes files for."""
        others = (LEADER,) if self.multi_region and self.home_region != LEADER else ()
        return (self.home_region, *others)

    @property
    def folder(self) -> str:
        """The key prefix of all of the trail's files, up to the account's folder."""
        return f"{self.prefix}/AWSLogs/" if self.prefix else "AWSLogs/"

    def described(self) -> dict[str, Any]:
        """The trail as CreateTrail and UpdateTrail answer it, and all but four members of DescribeTrails."""
        document: dict[str, Any] = {
            "Name": self.name,
            "S3BucketName": self.bucket,
            "IncludeGlobalServiceEvents": self.include_global,
            "IsMultiRegionTrail": self.multi_region,
            "TrailARN": self.arn,
            "LogFileValidationEnabled": self.validation,
            "IsOrganizationTrail": False,
            "RecursiveLogging": self.recursive,
        }
        return {**document, "S3KeyPrefix": self.prefix} if self.prefix else document


@dataclass
class Trails:
    """The trails of an account by name, and the key that signs their digests. Guarded by ``CloudTrail.lock``."""

    by_name: dict[str, Trail] = field(default_factory=dict)
    key: SigningKey | None = None

    def find(self, name_or_arn: str, account_id: str, region: str) -> Trail:
        """A trail by name or ARN.

        Raises TrailNotFoundException, InvalidTrailNameException, CloudTrailARNInvalidException.
        """
        name = name_or_arn
        if name.startswith("arn:"):
            match = re.fullmatch(r"arn:aws:cloudtrail:([a-z0-9-]+):(\d{12}):trail/(.+)", name)
            if match is None:
                raise AwsError("CloudTrailARNInvalidException", f"Invalid CloudTrail ARN: {name}")
            name = match[3] if (match[1], match[2]) == (region, account_id) else ""
        else:
            check_name(name)
        if name not in self.by_name:
            message = f"Unknown trail: {name_or_arn} for the user: {account_id}"
            raise AwsError("TrailNotFoundException", message)
        return self.by_name[name]


def check_name(name: str) -> None:
    """Raises InvalidTrailNameException, in the words of the service where they are reported."""
    if len(name) < 3:
        problem = f"too short. Minimum allowed length: 3 characters. Specified name length: {len(name)} characters."
    elif len(name) > 128:
        problem = f"too long. Maximum allowed length: 128 characters. Specified name length: {len(name)} characters."
    elif not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise AwsError(
            "InvalidTrailNameException",
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens "
            "(-), and underscores (_).",
        )
    elif not re.match(r"[A-Za-z0-9]", name):
        problem = "must starts with a letter or number."
    elif not re.search(r"[A-Za-z0-9]$", name):
        problem = "must ends with a letter or number."
    elif re.search(r"[._-]{2}", name) or _is_address(name):
        problem = "cannot have adjacent periods, hyphens or underscores, or be an IP address."
    else:
        return
    raise AwsError("InvalidTrailNameException", f"Trail name {problem}")


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
