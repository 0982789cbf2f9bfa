"""Tags of trails. Source: CloudTrail API reference, AddTags, ListTags, RemoveTags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler
    from localaws.cloudtrail.trails import Trail

Output = Mapping[str, Any]
MAX_TAGS = 50


def checked_tags(held: Mapping[str, str], added: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """``held`` with the tags of a request. Raises InvalidTagParameterException, TagsLimitExceededException."""
    tags, seen = dict(held), set()
    for tag in added:
        key, value = tag["Key"], tag.get("Value", "")
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:") or key in seen:
            raise AwsError("InvalidTagParameterException", f"The tag {key} is not valid, or given twice.")
        seen.add(key)
        tags[key] = value
    if len(tags) > MAX_TAGS:
        raise AwsError("TagsLimitExceededException", f"A trail can have {MAX_TAGS} tags, not {len(tags)}.")
    return tags


def add_tags(account: Account, call: Call) -> Output:
    """AddTags: a tag of the same key is replaced."""
    with account.cloudtrail.lock:
        trail = _resource(account, call.params["ResourceId"])
        trail.tags = checked_tags(trail.tags, call.params["TagsList"])
    return {}


def remove_tags(account: Account, call: Call) -> Output:
    """RemoveTags, by key; a key that is not there is no error."""
    with account.cloudtrail.lock:
        trail = _resource(account, call.params["ResourceId"])
        gone = {tag["Key"] for tag in call.params["TagsList"]}
        trail.tags = {key: value for key, value in trail.tags.items() if key not in gone}
    return {}


def list_tags(account: Account, call: Call) -> Output:
    """ListTags of up to 20 trails, by ARN."""
    wanted = call.params["ResourceIdList"]
    if len(wanted) > 20:
        raise AwsError("InvalidParameterException", f"At most 20 resources can be listed, not {len(wanted)}.")
    with account.cloudtrail.lock:
        return {
            "ResourceTagList": [
                {
                    "ResourceId": arn,
                    "TagsList": [{"Key": k, "Value": v} for k, v in _resource(account, arn).tags.items()],
                }
                for arn in wanted
            ]
        }


def _resource(account: Account, arn: str) -> Trail:
    """The trail of an ARN. Raises CloudTrailARNInvalidException, ResourceNotFoundException."""
    if not arn.startswith("arn:"):
        raise AwsError("CloudTrailARNInvalidException", f"Invalid CloudTrail ARN: {arn}")
    try:
        return account.cloudtrail.find(arn)
    except AwsError as error:
        if error.code != "TrailNotFoundException":
            raise
        raise AwsError("ResourceNotFoundException", error.message) from None


HANDLERS: dict[str, Handler] = {"AddTags": add_tags, "RemoveTags": remove_tags, "ListTags": list_tags}
