"""Event selectors put and read, and the public keys of digests. Source: CloudTrail API reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.cloudtrail.selectors import Selectors, checked
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler
    from localaws.cloudtrail.trails import Trail

Output = Mapping[str, Any]


def put_event_selectors(account: Account, call: Call) -> Output:
    """PutEventSelectors: the whole of a trail's selectors, basic or advanced. They hold for events from now on."""
    with account.cloudtrail.lock:
        trail = account.cloudtrail.find(call.params["TrailName"])
        trail.selectors = checked(call.params.get("EventSelectors"), call.params.get("AdvancedEventSelectors"))
        return _shown(trail, trail.selectors)


def get_event_selectors(account: Account, call: Call) -> Output:
    """GetEventSelectors."""
    with account.cloudtrail.lock:
        trail = account.cloudtrail.find(call.params["TrailName"])
        return _shown(trail, trail.selectors)


def _shown(trail: Trail, selectors: Selectors) -> Output:
    if selectors.basic:
        return {"TrailARN": trail.arn, "EventSelectors": list(selectors.basic)}
    return {"TrailARN": trail.arn, "AdvancedEventSelectors": list(selectors.advanced)}


def list_public_keys(account: Account, call: Call) -> Output:
    """ListPublicKeys that were valid in the range; it begins and ends now where a time is not given."""
    now = account.clock.now()
    start, end = call.params.get("StartTime") or now, call.params.get("EndTime") or now
    if start > end:
        raise AwsError("InvalidTimeRangeException", "The start time is after the end time.")
    listed = account.cloudtrail.signing_key().listed()
    valid = listed["ValidityStartTime"] <= end and start <= listed["ValidityEndTime"]
    return {"PublicKeyList": [listed] if valid else []}


HANDLERS: dict[str, Handler] = {
    "PutEventSelectors": put_event_selectors,
    "GetEventSelectors": get_event_selectors,
    "ListPublicKeys": list_public_keys,
}
