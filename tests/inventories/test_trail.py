"""What a trail records is read from its selectors, and never taken for more than they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakeproof.inventory.trail import Trail, trails
from tests.cloudtrail.trail_account import make_bucket
from tests.conftest import running

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("selectors.yaml").read_text(encoding="utf-8"))
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def trail(*selectors: Mapping[str, Any], **changed: Any) -> Trail:
    """A logging, validated multi-Region trail with these selectors."""
    usual = {
        "name": "t",
        "arn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/t",
        "home_region": "us-east-1",
        "bucket": "logs",
        "prefix": "",
        "multi_region": True,
        "global_events": True,
        "validated": True,
        "logging": True,
        "started": STARTED,
        "stopped": None,
        "delivery_error": "",
        "digest_error": "",
    }
    return Trail(**{**usual, "selectors": selectors, **changed})


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_selectors_record_what_they_say_and_no_more(case: dict[str, Any]) -> None:
    """Of management events and of the objects of ``lake``: reads, writes, both or neither."""
    found = trail(*case["selectors"])
    assert sorted(found.recorded()) == case.get("management", [])
    assert sorted(found.recorded("lake")) == case.get("lake", [])


def test_a_whole_trail_lacks_nothing_and_each_lack_is_named() -> None:
    """What keeps a trail from being the audit trail is told in words, one for each."""
    whole = (
        [{"Field": "eventCategory", "Equals": ["Management"]}],
        [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        ],
    )
    selectors = [{"FieldSelectors": each} for each in whole]
    assert trail(*selectors).lacks("us-east-1", ["lake", "results"]) == ()
    poor = trail(selectors[0], multi_region=False, validated=False, logging=False, global_events=False)
    assert poor.lacks("eu-west-1", ["lake"]) == (
        "it is not logging",
        "it is not multi-Region",
        "it leaves out global services' events",
        "it records us-east-1 alone",
        "log file validation is off",
        "read and write of objects of lake not recorded",
    )


def test_a_trail_that_goes_while_trails_are_read_is_left_out() -> None:
    """Another run's decoy may be deleted at any moment; the other trails are read all the same."""
    with running() as account:
        for name in ("audit", "passing"):
            make_bucket(account, f"logs-{name}", name=name)
            account.client("cloudtrail").create_trail(Name=name, S3BucketName=f"logs-{name}")
        cloudtrail, passing = account.client("cloudtrail"), ["passing"]

        def delete(**_: Any) -> None:
            if passing:  # the list is read again
                account.client("cloudtrail").delete_trail(Name=passing.pop())

        cloudtrail.meta.events.register_last("after-call.cloudtrail.DescribeTrails", delete)
        assert [each.name for each in trails(cloudtrail)] == ["audit"]
