"""Event selectors: which events each selects, and which selectors AWS refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from localaws.cloudtrail.selectors import Facts, checked
from localaws.errors import AwsError

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "selectors.yaml").read_text("utf-8"))
DATA = {"Field": "eventCategory", "Equals": ["Data"]}
OBJECTS = {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}
REFUSED: dict[str, dict[str, Any]] = {
    "neither kind": {},
    "both kinds": {"basic": [{}], "advanced": [{"FieldSelectors": [DATA, OBJECTS]}]},
    "six selectors": {"basic": [{}] * 6},
    "a read-write type": {"basic": [{"ReadWriteType": "read-only"}]},
    "a source": {"basic": [{"ExcludeManagementEventSources": ["iam.amazonaws.com"]}]},
    "a resource type": {"basic": [{"DataResources": [{"Type": "AWS::S3::Bucket", "Values": ["arn:aws:s3"]}]}]},
    "no values": {"basic": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": []}]}]},
    "a bucket without slash": {
        "basic": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::lake"]}]}]
    },
    "251 resources": {
        "basic": [
            {"DataResources": [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::b{n}/" for n in range(251)]}]}
        ]
    },
    "a selector that selects nothing": {"basic": [{"IncludeManagementEvents": False}]},
    "no category": {"advanced": [{"FieldSelectors": [OBJECTS]}]},
    "data without a type": {"advanced": [{"FieldSelectors": [DATA]}]},
    "a field without operator": {"advanced": [{"FieldSelectors": [DATA, OBJECTS, {"Field": "eventName"}]}]},
    "an operator on readOnly": {
        "advanced": [{"FieldSelectors": [DATA, OBJECTS, {"Field": "readOnly", "NotEquals": ["true"]}]}]
    },
    "a field of another category": {
        "advanced": [
            {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {**OBJECTS}]},
        ]
    },
    "501 values": {
        "advanced": [
            {"FieldSelectors": [DATA, OBJECTS, {"Field": "resources.ARN", "StartsWith": [str(n) for n in range(500)]}]}
        ]
    },
}


def _event(line: str) -> Facts:
    kind, effect, service, name, *about = line.split()
    return Facts(
        management=kind == "management",
        read_only=effect == "read",
        source=f"{service}.amazonaws.com",
        name=name,
        user_arn="arn:aws:iam::111122223333:user/ana",
        arns=tuple(f"arn:aws:s3:::{place}" for place in about),
    )


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_a_selector_selects_exactly_its_events(case: dict[str, Any]) -> None:
    """A selector takes the events that AWS documents, and leaves their twins."""
    advanced = [{"FieldSelectors": fields} for fields in case.get("advanced", [])]
    selectors = checked(case.get("basic"), advanced)
    assert [line for line in case["takes"] if not selectors.take(_event(line))] == []
    assert [line for line in case["leaves"] if selectors.take(_event(line))] == []


@pytest.mark.parametrize("given", REFUSED.values(), ids=REFUSED)
def test_selectors_that_do_not_fit_are_refused(given: dict[str, Any]) -> None:
    """Selectors outside of AWS's limits and vocabulary are refused as InvalidEventSelectorsException."""
    with pytest.raises(AwsError) as refusal:
        checked(given.get("basic"), given.get("advanced"))
    assert refusal.value.code == "InvalidEventSelectorsException"


@pytest.mark.parametrize("field", [{"Field": "eventCategory", "Equals": ["NetworkActivity"]}, DATA])
def test_what_is_valid_on_aws_and_not_served_is_refused_by_name(field: dict[str, Any]) -> None:
    """A category or resource type that the embedded account does not have is NotImplemented, never ignored."""
    tables = {"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]}
    with pytest.raises(AwsError) as refusal:
        checked(None, [{"FieldSelectors": [field, tables] if field is DATA else [field]}])
    assert refusal.value.code == "NotImplemented"
