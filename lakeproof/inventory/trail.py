"""The account's trails as they are: what they record, where it goes, whether they are logging, and what they lack.

A selector that narrows by anything not understood here counts for nothing: a trail is never taken for wider than it is.
Sources: CloudTrail API reference, Trail, EventSelector, AdvancedEventSelector; CloudTrail user guide, "Logging data
events", "Security best practices in AWS CloudTrail".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakeproof.inventory.standing import standing

S3_OBJECT = "AWS::S3::Object"
UNUSED = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
"""The only sources that management events can leave out, which no part of a lake depends on."""
BOTH = frozenset({"read", "write"})
_BASIC = {"All": BOTH, "ReadOnly": frozenset({"read"}), "WriteOnly": frozenset({"write"})}


@dataclass(frozen=True, slots=True)
class Trail:
    """One trail as DescribeTrails, GetEventSelectors and GetTrailStatus show it. ``started`` and ``stopped`` are by
    CloudTrail's clock; the errors are S3's codes, empty after a success."""

    name: str
    arn: str
    home_region: str
    bucket: str
    prefix: str
    multi_region: bool
    global_events: bool
    validated: bool
    logging: bool
    started: datetime | None
    stopped: datetime | None
    delivery_error: str
    digest_error: str
    selectors: tuple[Mapping[str, Any], ...]

    def recorded(self, bucket: str | None = None) -> frozenset[str]:
        """Whether reads, writes or both are recorded: of objects in a bucket, of management events for None."""
        kinds: Iterator[frozenset[str]] = (_selected(selector, bucket) for selector in self.selectors)
        return frozenset().union(*kinds)

    def lacks(self, region: str, buckets: Iterable[str]) -> tuple[str, ...]:
        """What keeps it from being the audit trail of these buckets in that Region; nothing if it is."""
        found = [] if self.logging else ["it is not logging"]
        if not self.multi_region:
            found.append("it is not multi-Region")
        if not self.global_events:
            found.append("it leaves out global services' events")
        if not self.multi_region and self.home_region != region:
            found.append(f"it records {self.home_region} alone")
        if not self.validated:
            found.append("log file validation is off")
        wanted = [("management events", self.recorded())]
        wanted += [(f"objects of {bucket}", self.recorded(bucket)) for bucket in buckets]
        found += [
            f"{' and '.join(sorted(BOTH - kinds))} of {what} not recorded" for what, kinds in wanted if kinds < BOTH
        ]
        return tuple(found)


def trails(cloudtrail: Any) -> tuple[Trail, ...]:
    """Every trail that records this Region of the account, those at home elsewhere or of an organisation included.

    One that is deleted while this reads is left out.
    """
    rows: dict[str, Mapping[str, Any]] = {}

    def listed() -> list[str]:
        found = {row["TrailARN"]: row for row in cloudtrail.describe_trails(includeShadowTrails=True)["trailList"]}
        rows.update(found)
        return sorted(found)

    return tuple(trail for _, trail in standing(listed, lambda arn: _trail(cloudtrail, rows[arn])))


def trail(cloudtrail: Any, name: str) -> Trail:
    """The trail of that name. Raises LookupError naming those there are."""
    there = trails(cloudtrail)
    for each in there:
        if each.name == name:
            return each
    raise LookupError(f"no trail {name!r} in the account; there are {', '.join(each.name for each in there) or 'none'}")


def _trail(cloudtrail: Any, row: Mapping[str, Any]) -> Trail:
    arn = row["TrailARN"]
    status = cloudtrail.get_trail_status(Name=arn)
    selectors = cloudtrail.get_event_selectors(TrailName=arn)
    return Trail(
        name=row["Name"],
        arn=arn,
        home_region=row["HomeRegion"],
        bucket=row["S3BucketName"],
        prefix=row.get("S3KeyPrefix", ""),
        multi_region=row["IsMultiRegionTrail"],
        global_events=row["IncludeGlobalServiceEvents"],
        validated=row["LogFileValidationEnabled"],
        logging=status["IsLogging"],
        started=status.get("StartLoggingTime"),
        stopped=status.get("StopLoggingTime"),
        delivery_error=status.get("LatestDeliveryError", ""),
        digest_error=status.get("LatestDigestDeliveryError", ""),
        selectors=(*selectors.get("EventSelectors", ()), *selectors.get("AdvancedEventSelectors", ())),
    )


def _selected(selector: Mapping[str, Any], bucket: str | None) -> frozenset[str]:
    """What one selector records of objects in a bucket, or of management events."""
    if "FieldSelectors" in selector:
        return _advanced(selector["FieldSelectors"], bucket)
    kinds = _BASIC[selector["ReadWriteType"]]
    if bucket is None:
        whole = selector["IncludeManagementEvents"] and UNUSED.issuperset(selector["ExcludeManagementEventSources"])
        return kinds if whole else frozenset()
    values = [
        value for each in selector["DataResources"] if each["Type"] == S3_OBJECT for value in each.get("Values", ())
    ]
    return kinds if _within(bucket, values) else frozenset()


def _advanced(parts: Iterable[Mapping[str, Any]], bucket: str | None) -> frozenset[str]:
    fields = {
        part["Field"]: {name: value for name, value in part.items() if name != "Field" and value} for part in parts
    }
    kinds = _kinds(fields.pop("readOnly", {}))
    if fields.pop("eventCategory", {}) != {"Equals": ["Management" if bucket is None else "Data"]}:
        return frozenset()
    if bucket is None:
        narrowed = fields.pop("eventSource", {})
        whole = narrowed.keys() <= {"NotEquals"} and UNUSED.issuperset(narrowed.get("NotEquals", ()))
    else:
        objects = fields.pop("resources.type", {}) == {"Equals": [S3_OBJECT]}
        arns = fields.pop("resources.ARN", None)
        whole = objects and (arns is None or (arns.keys() == {"StartsWith"} and _within(bucket, arns["StartsWith"])))
    return kinds if whole and not fields else frozenset()


def _kinds(read_only: Mapping[str, Any]) -> frozenset[str]:
    if not read_only:
        return BOTH
    said = {"true": "read", "false": "write"}
    return frozenset(said[value] for value in read_only.get("Equals", ()) if value in said)


def _within(bucket: str, values: Iterable[str]) -> bool:
    """Whether every object of the bucket begins with one of the ARNs (``arn:aws:s3`` and the like: every bucket)."""
    everything = ("arn:aws:s3", "arn:aws:s3:::")
    return any(value in everything or f"arn:aws:s3:::{bucket}/".startswith(value) for value in values)
