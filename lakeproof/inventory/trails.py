"""CloudTrail's trails as they are: what they record, whether they do, whether their files can be validated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakeproof.inventory.standing import standing

MEMBERS = (
    "HomeRegion",
    "S3BucketName",
    "S3KeyPrefix",
    "IsMultiRegionTrail",
    "IsOrganizationTrail",
    "IncludeGlobalServiceEvents",
    "LogFileValidationEnabled",
    "KmsKeyId",
)


def trails(cloudtrail: Any) -> dict[str, Mapping[str, Any]]:
    """Every trail of the account that this Region shows, by ARN: its settings, ``IsLogging``, and its selectors.

    DescribeTrails has no pages: it answers with all trails (CloudTrail API reference).
    """
    rows: dict[str, Mapping[str, Any]] = {}

    def listed() -> list[str]:
        found = {row["TrailARN"]: row for row in cloudtrail.describe_trails(includeShadowTrails=True)["trailList"]}
        rows.update(found)
        return list(found)

    return dict(standing(listed, lambda arn: _trail(cloudtrail, rows[arn])))


def _trail(cloudtrail: Any, trail: Mapping[str, Any]) -> Mapping[str, Any]:
    arn = trail["TrailARN"]
    selectors = cloudtrail.get_event_selectors(TrailName=arn)
    return {
        **{name: trail.get(name) for name in MEMBERS},
        "IsLogging": cloudtrail.get_trail_status(Name=arn)["IsLogging"],
        "EventSelectors": selectors.get("EventSelectors"),
        "AdvancedEventSelectors": selectors.get("AdvancedEventSelectors"),
    }
