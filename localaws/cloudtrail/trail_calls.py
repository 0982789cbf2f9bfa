"""Making, changing and reading trails. Source: CloudTrail API reference; reported texts of its errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localaws.cloudtrail import delivery
from localaws.cloudtrail.log_bucket import check_bucket
from localaws.cloudtrail.selectors import DEFAULT
from localaws.cloudtrail.tagging import checked_tags
from localaws.cloudtrail.trails import MAX_TRAILS, Trail, check_name
from localaws.errors import AwsError, not_implemented

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
UNSERVED = ("SnsTopicName", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId", "IsOrganizationTrail")


def create_trail(account: Account, call: Call) -> Output:
    """CreateTrail. The trail does not log until StartLogging.

    Raises InvalidTrailNameException, TrailAlreadyExistsException, MaximumNumberOfTrailsExceededException, and what
    ``_checked`` raises.
    """
    params, cloudtrail = call.params, account.cloudtrail
    name = params["Name"]
    check_name(name)
    with cloudtrail.lock:
        if name in cloudtrail.trails.by_name:
            message = f"Trail {name} already exists for customer: {account.account_id}"
            raise AwsError("TrailAlreadyExistsException", message)
        if len(cloudtrail.trails.by_name) >= MAX_TRAILS:
            message = f"User: {account.account_id} already has {MAX_TRAILS} trails in {account.region}."
            raise AwsError("MaximumNumberOfTrailsExceededException", message)
        arn = f"arn:aws:cloudtrail:{account.region}:{account.account_id}:trail/{name}"
        trail = Trail(name, arn, account.region, params["S3BucketName"])
        _settings(trail, params)
        trail.tags = checked_tags({}, params.get("TagsList") or ())
        _checked(account, call, trail)
        cloudtrail.trails.by_name[name] = trail
        return trail.described()


def update_trail(account: Account, call: Call) -> Output:
    """UpdateTrail. What is due goes to the bucket of before; digests begin or end with the validation flag."""
    cloudtrail = account.cloudtrail
    with cloudtrail.standing(call.params["Name"]) as before:
        trail = replace(before)
        _settings(trail, call.params)
        _checked(account, call, trail)
        cloudtrail.trails.by_name[trail.name] = trail
        if trail.validation and trail.logging:
            delivery.start_chain(trail, call.time)
        elif before.validation and not trail.validation:
            delivery.end_chain(trail, call.time.timestamp())
        return trail.described()


def delete_trail(account: Account, call: Call) -> Output:
    """DeleteTrail. The rest of its events is delivered first; the files stay where they are."""
    cloudtrail = account.cloudtrail
    with cloudtrail.standing(call.params["Name"]) as trail:
        delivery.deliver(account, trail, everything=True)
        del cloudtrail.trails.by_name[trail.name]
    return {}


def start_logging(account: Account, call: Call) -> Output:
    """StartLogging. A trail that logs already goes on."""
    with account.cloudtrail.standing(call.params["Name"]) as trail:
        if not trail.logging:
            trail.logging, trail.started = True, call.time
            if trail.validation:
                delivery.start_chain(trail, call.time)
    return {}


def stop_logging(account: Account, call: Call) -> Output:
    """StopLogging. This call is the last event that is delivered; the digest that lists it is the last one."""
    with account.cloudtrail.standing(call.params["Name"]) as trail:
        if trail.logging:
            trail.logging, trail.stopped = False, call.time
            delivery.end_chain(trail, account.clock.now().timestamp() + account.trail_delay + 1)
    return {}


def describe_trails(account: Account, call: Call) -> Output:
    """DescribeTrails: all, or those that are named; a name without a trail is left out."""
    cloudtrail, names = account.cloudtrail, call.params.get("trailNameList") or []
    with cloudtrail.lock:
        trails: Iterable[Trail] = cloudtrail.trails.by_name.values()
        return {"trailList": [_document(one) for one in trails if not names or {one.name, one.arn} & set(names)]}


def get_trail(account: Account, call: Call) -> Output:
    """GetTrail."""
    with account.cloudtrail.lock:
        return {"Trail": _document(account.cloudtrail.find(call.params["Name"]))}


def list_trails(account: Account, call: Call) -> Output:
    """ListTrails. All of them are one page: there are five at most."""
    with account.cloudtrail.lock:
        trails = account.cloudtrail.trails.by_name.values()
        return {"Trails": [{"TrailARN": t.arn, "Name": t.name, "HomeRegion": t.home_region} for t in trails]}


def get_trail_status(account: Account, call: Call) -> Output:
    """GetTrailStatus, after delivering what is due. An error is S3's code, and goes with the next success."""
    account.cloudtrail.deliver()
    with account.cloudtrail.lock:
        trail = account.cloudtrail.find(call.params["Name"])
        told = {
            "LatestDeliveryTime": trail.logs.delivered,
            "LatestDeliveryError": trail.logs.error,
            "LatestDigestDeliveryTime": trail.digests.delivered,
            "LatestDigestDeliveryError": trail.digests.error,
            "StartLoggingTime": trail.started,
            "StopLoggingTime": trail.stopped,
        }
        return {"IsLogging": trail.logging, **{name: value for name, value in told.items() if value is not None}}


def _document(trail: Trail) -> dict[str, Any]:
    return {
        **trail.described(),
        "HomeRegion": trail.home_region,
        "HasCustomEventSelectors": trail.selectors != DEFAULT,
        "HasInsightSelectors": False,
    }


def _settings(trail: Trail, params: Mapping[str, Any]) -> None:
    """Take over what a CreateTrail or UpdateTrail request says."""
    trail.bucket = params.get("S3BucketName", trail.bucket)
    if "S3KeyPrefix" in params:
        trail.prefix = params["S3KeyPrefix"] or None
    trail.include_global = params.get("IncludeGlobalServiceEvents", trail.include_global)
    trail.multi_region = params.get("IsMultiRegionTrail", trail.multi_region)
    trail.validation = params.get("EnableLogFileValidation", trail.validation)
    trail.recursive = params.get("RecursiveLogging", trail.recursive)


def _checked(account: Account, call: Call, trail: Trail) -> None:
    """Raises what AWS raises for settings that do not fit; NotImplemented for those that are not served."""
    for member in UNSERVED:
        if call.params.get(member):
            raise not_implemented("cloudtrail", call.operation, f"with {member} is not served")
    if not re.fullmatch(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", trail.bucket):
        raise AwsError("InvalidS3BucketNameException", f"Bucket name {trail.bucket} is not valid.")
    if trail.prefix is not None and (len(trail.prefix) > 200 or trail.prefix.startswith("/")):
        raise AwsError("InvalidS3PrefixException", f"S3 prefix {trail.prefix} is not valid.")
    if trail.multi_region and not trail.include_global:
        raise AwsError("InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
    check_bucket(account, trail)


HANDLERS: dict[str, Handler] = {
    "CreateTrail": create_trail,
    "UpdateTrail": update_trail,
    "DeleteTrail": delete_trail,
    "StartLogging": start_logging,
    "StopLogging": stop_logging,
    "DescribeTrails": describe_trails,
    "GetTrail": get_trail,
    "ListTrails": list_trails,
    "GetTrailStatus": get_trail_status,
}
