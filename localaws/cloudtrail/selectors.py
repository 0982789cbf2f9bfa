"""Which events a trail logs: basic and advanced event selectors.

Sources: CloudTrail API reference, PutEventSelectors, EventSelector, AdvancedFieldSelector; CloudTrail User Guide,
"Logging data events", "Filtering data events by using advanced event selectors".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from localaws.errors import AwsError, not_implemented

S3_OBJECT = "AWS::S3::Object"
BASIC_TYPES = (S3_OBJECT, "AWS::Lambda::Function", "AWS::DynamoDB::Table")
READ_WRITE = {"All": (True, False), "ReadOnly": (True,), "WriteOnly": (False,)}
EXCLUDABLE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
ONLY_EQUALS = ("eventCategory", "readOnly", "resources.type")
OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
FIELDS = {
    "Management": ("eventCategory", "readOnly", "eventSource", "eventName", "eventType", "userIdentity.arn"),
    "Data": (
        "eventCategory",
        "readOnly",
        "eventSource",
        "eventName",
        "eventType",
        "userIdentity.arn",
        "resources.type",
        "resources.ARN",
    ),
}
"""Fields of an advanced selector by its category. ``sessionCredentialFromConsole`` is not served."""


@dataclass(frozen=True)
class Facts:
    """What selectors look at: of an event, or of one that is still to be written."""

    management: bool
    read_only: bool
    source: str
    name: str
    user_arn: str
    arns: tuple[str, ...] = ()

    def values(self, field: str) -> tuple[str, ...]:
        """The values of a field of an advanced selector."""
        simple = {
            "eventCategory": "Management" if self.management else "Data",
            "readOnly": "true" if self.read_only else "false",
            "eventSource": self.source,
            "eventName": self.name,
            "eventType": "AwsApiCall",
            "userIdentity.arn": self.user_arn,
            "resources.type": S3_OBJECT,
        }
        return self.arns if field == "resources.ARN" else (simple[field],)


@dataclass(frozen=True)
class Selectors:
    """The selectors of a trail as they were put, one of the two kinds. They are checked; see ``checked``."""

    basic: tuple[Mapping[str, Any], ...] = ()
    advanced: tuple[Mapping[str, Any], ...] = ()

    def take(self, event: Facts) -> bool:
        """Whether any selector selects the event."""
        return any(_basic(one, event) for one in self.basic) or any(_advanced(one, event) for one in self.advanced)

    @cached_property
    def want_data(self) -> bool:
        """Whether any selector asks for data events."""
        return any(bool(one.get("DataResources")) for one in self.basic) or any(
            part["Field"] == "eventCategory" and "Data" in part.get("Equals", ())
            for one in self.advanced
            for part in one["FieldSelectors"]
        )


_EVERY_MANAGEMENT_EVENT: Mapping[str, Any] = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
DEFAULT = Selectors(basic=(_EVERY_MANAGEMENT_EVENT,))
"""A new trail's: all management events, no data events."""


def _basic(selector: Mapping[str, Any], event: Facts) -> bool:
    if event.read_only not in READ_WRITE[selector["ReadWriteType"]]:
        return False
    if event.management:
        return selector["IncludeManagementEvents"] and event.source not in selector["ExcludeManagementEventSources"]
    wanted = [
        "arn:aws:s3:::" if value in ("arn:aws:s3", "arn:aws:s3:::") else value
        for resource in selector["DataResources"]
        if resource["Type"] == S3_OBJECT
        for value in resource["Values"]
    ]
    return any(arn.startswith(tuple(wanted)) for arn in event.arns) if wanted else False


def _advanced(selector: Mapping[str, Any], event: Facts) -> bool:
    """Every field must match. Within a field the positive operators are alternatives; each negative one must hold."""
    return all(_field(part, event.values(part["Field"])) for part in selector["FieldSelectors"])


def _field(part: Mapping[str, Any], values: tuple[str, ...]) -> bool:
    refused = (
        any(value in part.get("NotEquals", ()) for value in values)
        or any(value.startswith(tuple(part.get("NotStartsWith", ()))) for value in values)
        or any(value.endswith(tuple(part.get("NotEndsWith", ()))) for value in values)
    )
    if refused:
        return False
    if not any(part.get(name) for name in ("Equals", "StartsWith", "EndsWith")):
        return True
    return (
        any(value in part.get("Equals", ()) for value in values)
        or any(value.startswith(tuple(part.get("StartsWith", ()))) for value in values)
        or any(value.endswith(tuple(part.get("EndsWith", ()))) for value in values)
    )


def checked(basic: Sequence[Mapping[str, Any]] | None, advanced: Sequence[Mapping[str, Any]] | None) -> Selectors:
    """The selectors of a PutEventSelectors request. Raises InvalidEventSelectorsException (texts inferred).

    Raises NotImplemented for what is valid on AWS and not served here.
    """
    if bool(basic) == bool(advanced):
        raise _invalid("Specify either EventSelectors or AdvancedEventSelectors, and at least one of them.")
    if basic:
        if len(basic) > 5:
            raise _invalid(f"A trail can have up to 5 event selectors, not {len(basic)}.")
        made = tuple(_checked_basic(one) for one in basic)
        count = sum(len(resource["Values"]) for one in made for resource in one["DataResources"])
        if count > 250:
            raise _invalid(f"A trail is limited to 250 data resources, not {count}.")
        return Selectors(basic=made)
    total = sum(
        len(part.get(operator, ()))
        for one in advanced or ()
        for part in one["FieldSelectors"]
        for operator in OPERATORS
    )
    if total > 500:
        raise _invalid(f"A trail is limited to 500 values in advanced event selectors, not {total}.")
    return Selectors(advanced=tuple(_checked_advanced(one) for one in advanced or ()))


def _checked_basic(selector: Mapping[str, Any]) -> Mapping[str, Any]:
    made = {**_EVERY_MANAGEMENT_EVENT, **selector}
    if made["ReadWriteType"] not in READ_WRITE:
        raise _invalid(f"ReadWriteType {made['ReadWriteType']} is not valid: All, ReadOnly or WriteOnly.")
    for source in made["ExcludeManagementEventSources"]:
        if source not in EXCLUDABLE:
            raise _invalid(f"{source} cannot be excluded: only {' and '.join(EXCLUDABLE)} can.")
    for resource in made["DataResources"]:
        kind, values = resource.get("Type"), resource.get("Values") or []
        if kind not in BASIC_TYPES:
            raise _invalid(f"The data resource type {kind} is not valid.")
        service = {"AWS::S3::Object": "s3", "AWS::Lambda::Function": "lambda"}.get(kind, "dynamodb")
        if not values or not all(_is_resource(value, service) for value in values):
            raise _invalid(f"Value {values} for DataResources.Values is not valid for {kind}.")
    if not made["IncludeManagementEvents"] and not made["DataResources"]:
        raise _invalid("An event selector selects management events, data resources, or both.")
    return made


def _is_resource(value: str, service: str) -> bool:
    if value in (f"arn:aws:{service}", f"arn:aws:{service}:::"):
        return True
    if service != "s3":
        return value.startswith(f"arn:aws:{service}:")
    bucket, slash, _ = value.removeprefix("arn:aws:s3:::").partition("/")
    return value.startswith("arn:aws:s3:::") and bool(bucket) and slash == "/"


def _checked_advanced(selector: Mapping[str, Any]) -> Mapping[str, Any]:
    parts = selector["FieldSelectors"]
    categories = [value for part in parts if part["Field"] == "eventCategory" for value in part.get("Equals", ())]
    if len(categories) != 1:
        raise _invalid("An advanced event selector has exactly one eventCategory, with the operator Equals.")
    category = categories[0]
    if category not in FIELDS:
        raise not_implemented("cloudtrail", "PutEventSelectors", f"with the event category {category} is not served")
    for part in parts:
        name, used = part["Field"], [operator for operator in OPERATORS if part.get(operator)]
        if name not in FIELDS[category]:
            raise _invalid(f"The field {name} is not valid for the event category {category}.")
        if not used:
            raise _invalid(f"The field {name} has no operator.")
        if name in ONLY_EQUALS and used != ["Equals"]:
            raise _invalid(f"Equals is the only operator that is valid with the field {name}.")
    types = [value for part in parts if part["Field"] == "resources.type" for value in part["Equals"]]
    if category == "Data" and len(types) != 1:
        raise _invalid("An advanced event selector for data events has exactly one resources.type.")
    if types and types != [S3_OBJECT]:
        raise not_implemented("cloudtrail", "PutEventSelectors", f"with resources.type {types[0]} is not served")
    return selector


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidEventSelectorsException", message)
