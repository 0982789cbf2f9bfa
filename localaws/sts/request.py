"""AssumeRole's parameters: their limits, and what they may not say together.

Source: STS API Reference, AssumeRole; IAM User Guide, "Pass session tags in AWS STS" and "Chaining roles with
session tags". Texts of validation errors follow the form that AWS's services share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws.caller import RoleSession
from localaws.errors import AwsError, not_implemented

DEFAULT_DURATION = 3600
"""Seconds, as all durations here."""
CHAINED_DURATION = 3600
MAX_TAGS = 50
MAX_POLICY_ARNS = 10
MAX_INLINE_POLICY = 2048
"""Characters."""

NAME = r"[\w+=,.@-]*"
TEXTS: dict[str, tuple[int, int, str | None]] = {
    "RoleArn": (20, 2048, None),
    "RoleSessionName": (2, 64, NAME),
    "ExternalId": (2, 1224, r"[\w+=,.@:\/-]*"),
    "SourceIdentity": (2, 64, NAME),
    "Policy": (1, 100_000, None),
}
"""Least and greatest length, and pattern, of the text parameters."""

UNSERVED = ("SerialNumber", "TokenCode", "ProvidedContexts")
ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/((?:[\w+=,.@/-]*/)?)([\w+=,.@-]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class AssumeRoleRequest:
    """A well-formed request. ``tags`` are those passed now; ``duration`` is None where none was asked for."""

    role_arn: str
    role_name: str
    session_name: str
    duration: int | None = None
    external_id: str | None = None
    source_identity: str | None = None
    tags: Mapping[str, str] | None = None
    transitive_tag_keys: frozenset[str] = frozenset()
    inline_policy: str | None = None
    policy_arns: tuple[str, ...] = ()


def read(params: Mapping[str, Any]) -> AssumeRoleRequest:
    """The request that ``params`` make.

    Raises AwsError ValidationError, InvalidParameterValue, PackedPolicyTooLarge, or NotImplemented for ``UNSERVED``.
    """
    for name in UNSERVED:
        if name in params:
            raise not_implemented("sts", "AssumeRole", f"with {name} is not served by the embedded account")
    for name, (least, most, pattern) in TEXTS.items():
        if name in params:
            _check_text(name, params[name], least, most, pattern)
    arn = ROLE_ARN.fullmatch(params["RoleArn"])
    if arn is None:
        raise AwsError("ValidationError", f"{params['RoleArn']} is invalid")
    duration = params.get("DurationSeconds")
    if duration is not None and not 900 <= duration <= 43200:
        bound = "greater than or equal to 900" if duration < 900 else "less than or equal to 43200"
        raise _invalid(str(duration), "durationSeconds", f"Member must have value {bound}")
    tags = _tags(params.get("Tags", []))
    transitive = frozenset(params.get("TransitiveTagKeys", []))
    if not transitive <= set(tags):
        raise AwsError(
            "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."
        )
    return AssumeRoleRequest(
        role_arn=params["RoleArn"],
        role_name=arn.group(3),
        session_name=params["RoleSessionName"],
        duration=duration,
        external_id=params.get("ExternalId"),
        source_identity=params.get("SourceIdentity"),
        tags=tags,
        transitive_tag_keys=transitive,
        inline_policy=_inline_policy(params.get("Policy")),
        policy_arns=_policy_arns(params.get("PolicyArns", [])),
    )


def inherited(request: AssumeRoleRequest, parent: RoleSession | None) -> tuple[dict[str, str], frozenset[str]]:
    """Tags and transitive keys of the new session: the parent's transitive tags go on, and cannot be overridden.

    Raises AwsError InvalidParameterValue when the request passes a tag that is inherited.
    """
    tags = dict(request.tags or {})
    if parent is None or not parent.transitive_tag_keys:
        return tags, request.transitive_tag_keys
    kept = {key: parent.tags[key] for key in parent.transitive_tag_keys}
    if {key.lower() for key in kept} & {key.lower() for key in tags}:
        raise AwsError(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            "from the calling session.",
        )
    if len(kept) + len(tags) > MAX_TAGS:
        raise _too_many("tags", MAX_TAGS)
    return {**kept, **tags}, request.transitive_tag_keys | parent.transitive_tag_keys


def duration_of(request: AssumeRoleRequest, role_maximum: int, chained: bool) -> int:
    """Seconds that the session lasts. Raises AwsError ValidationError beyond the role's or role chaining's limit."""
    asked = request.duration
    if chained and asked is not None and asked > CHAINED_DURATION:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        )
    if asked is not None and asked > role_maximum:
        raise AwsError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return DEFAULT_DURATION if asked is None else asked


def _tags(entries: list[Mapping[str, str]]) -> dict[str, str]:
    if len(entries) > MAX_TAGS:
        raise _too_many("tags", MAX_TAGS)
    tags: dict[str, str] = {}
    for index, entry in enumerate(entries, 1):
        key, value = entry["Key"], entry["Value"]
        _check_text(f"tags.{index}.member.key", key, 1, 128, r"[\w\s.:/=+@-]+")
        _check_text(f"tags.{index}.member.value", value, 0, 256, r"[\w\s.:/=+@-]*")
        if key.lower().startswith("aws:"):
            raise AwsError("InvalidParameterValue", "Tag keys that begin with 'aws:' are reserved.")
        if key.lower() in {known.lower() for known in tags}:
            raise AwsError(
                "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        tags[key] = value
    return tags


def _inline_policy(policy: str | None) -> str | None:
    if policy is not None and len(policy) > MAX_INLINE_POLICY:
        percent = len(policy) * 100 // MAX_INLINE_POLICY
        raise AwsError(
            "PackedPolicyTooLarge",
            f"Packed policy consumes {percent}% of allotted space, please use smaller policy.",
        )
    return policy


def _policy_arns(entries: list[Mapping[str, str]]) -> tuple[str, ...]:
    if len(entries) > MAX_POLICY_ARNS:
        raise _too_many("policyArns", MAX_POLICY_ARNS)
    return tuple(entry.get("arn", "") for entry in entries)


def _check_text(name: str, value: str, least: int, most: int, pattern: str | None) -> None:
    where = name[:1].lower() + name[1:]
    if len(value) < least:
        raise _invalid(value, where, f"Member must have length greater than or equal to {least}")
    if len(value) > most:
        raise _invalid(value, where, f"Member must have length less than or equal to {most}")
    if pattern is not None and not re.fullmatch(pattern, value, re.ASCII if pattern == NAME else 0):
        raise _invalid(value, where, f"Member must satisfy regular expression pattern: {pattern}")


def _too_many(where: str, most: int) -> AwsError:
    return AwsError(
        "ValidationError",
        f"1 validation error detected: Value at '{where}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {most}",
    )


def _invalid(value: str, where: str, constraint: str) -> AwsError:
    return AwsError(
        "ValidationError",
        f"1 validation error detected: Value '{value}' at '{where}' failed to satisfy constraint: {constraint}",
    )
