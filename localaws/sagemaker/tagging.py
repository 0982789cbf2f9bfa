"""Tags of any resource of SageMaker, by ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError
from localaws.sagemaker.listing import listed
from localaws.sagemaker.state import as_tags

if TYPE_CHECKING:
    from localaws.account import Account

MOST = 50
"""Tags on a resource. Source: SageMaker API reference, AddTags."""


def add_tags(account: Account, call: Call) -> dict[str, Any]:
    """Adds, and overwrites a tag of the same key (API reference, AddTags). Returns all tags of the resource.

    Raises ValidationException for a resource that does not exist (code inferred) and beyond 50 tags.
    """
    new = as_tags(call.params["Tags"])
    with account.sagemaker.lock:
        tags = {**_tags(account, call), **new}
        if len(tags) > MOST:
            raise AwsError("ValidationException", f"A resource can have at most {MOST} tags.")
        account.sagemaker.state.tags[call.params["ResourceArn"]] = tags
    return {"Tags": _as_list(tags)}


def list_tags(account: Account, call: Call) -> dict[str, Any]:
    """The tags of a resource, in pages. Raises ValidationException for a resource that does not exist."""
    with account.sagemaker.lock:
        tags = _as_list(_tags(account, call))
    return listed(tags, {"MaxResults": MOST, **call.params}, "Tags", ("Key", "Value"))


def delete_tags(account: Account, call: Call) -> dict[str, Any]:
    """Removes the tags of these keys; a key that is not there is no error."""
    gone = set(call.params["TagKeys"])
    with account.sagemaker.lock:
        kept = {key: value for key, value in _tags(account, call).items() if key not in gone}
        account.sagemaker.state.tags[call.params["ResourceArn"]] = kept
    return {}


def _tags(account: Account, call: Call) -> dict[str, str]:
    arn = call.params["ResourceArn"]
    tags = account.sagemaker.state.tags.get(arn)
    if tags is None:
        raise AwsError("ValidationException", f"Could not find resource {arn}.")
    return tags


def _as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
