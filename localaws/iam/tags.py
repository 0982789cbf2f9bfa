"""The tags of a resource, asked of the service that holds it, for the condition keys that read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from urllib.parse import parse_qsl

from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account

NONE: Mapping[str, str] = {}
MISSING = ("NoSuchKey", "NoSuchBucket", "NoSuchEntity", "ResourceNotFoundException", "EntityNotFoundException")


def resource_tags(account: Account, arn: str) -> Mapping[str, str]:
    """The tags of a resource; empty for one without tags, one that does not exist, or a pattern of ARNs."""
    parts = arn.split(":", 5)
    owner = OWNERS.get(parts[2]) if len(parts) == 6 else None
    return account.faults.settled("tags", arn, owner(account, arn), account.clock.now()) if owner else NONE


def object_tags(account: Account, arn: str) -> Mapping[str, str]:
    """The tags of an S3 object (``s3:ExistingObjectTag/k``); empty for a bucket or a missing object."""
    bucket, slash, key = arn.removeprefix("arn:aws:s3:::").partition("/")
    if not slash:
        return NONE
    return _unless_missing(lambda: account.store.object_tags(bucket, key))


def as_mapping(tags: Any) -> dict[str, str]:
    """Tags of a request in any of AWS's forms: a list of Key and Value, a mapping, or ``k=v&k2=v2``."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    if isinstance(tags, str):
        return dict(parse_qsl(tags, keep_blank_values=True))
    return {str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", ""))) for tag in tags or ()}


def _iam(account: Account, arn: str) -> Mapping[str, str]:
    kind, _, name = arn.split(":", 5)[5].partition("/")
    name = name.rpartition("/")[2]
    if kind == "role":
        role = account.store.role(name)
        return role.tags if role else NONE
    if kind == "user":
        user = account.store.user(name)
        return user.tags if user else NONE
    if kind == "policy" and arn.split(":")[4] == account.account_id:
        answer = _unless_missing(lambda: account.store.invoke("iam", "ListPolicyTags", {"PolicyArn": arn}))
        return as_mapping(answer.get("Tags"))
    return NONE


def _glue(account: Account, arn: str) -> Mapping[str, str]:
    answer = _unless_missing(lambda: account.store.invoke("glue", "GetTags", {"ResourceArn": arn}))
    return as_mapping(answer.get("Tags"))


def _secret(account: Account, arn: str) -> Mapping[str, str]:
    return _unless_missing(lambda: account.store.secret_tags(arn))


def _unless_missing(read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return read()
    except AwsError as error:
        if error.code not in MISSING:
            raise
        return NONE


@runtime_checkable
class HoldsTags(Protocol):
    """A service that keeps tags."""

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a resource; empty when it has none or does not exist."""


def _held_by(service: str) -> Callable[[Account, str], Mapping[str, str]]:
    """Ask the account's service object of that name; one that keeps no tags has none to give."""

    def ask(account: Account, arn: str) -> Mapping[str, str]:
        owner = getattr(account, service)
        return owner.tags(arn) if isinstance(owner, HoldsTags) else NONE

    return ask


OWNERS: dict[str, Callable[[Account, str], Mapping[str, str]]] = {
    "athena": _held_by("athena"),
    "cloudformation": _held_by("cloudformation"),
    "cloudtrail": _held_by("cloudtrail"),
    "glue": _glue,
    "iam": _iam,
    "sagemaker": _held_by("sagemaker"),
    "secretsmanager": _secret,
    "sso": _held_by("sso"),
}
"""Who answers for the resources of a service. S3 buckets are not here: their tags are no condition key by default."""
