"""LookupEvents: the event history by one attribute and a time range, newest first, in pages."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.cloudtrail.history import History, Key, Row
from localaws.errors import AwsError, not_implemented

if TYPE_CHECKING:
    from localaws.account import Account

ATTRIBUTES = (
    "EventId",
    "EventName",
    "ReadOnly",
    "Username",
    "ResourceType",
    "ResourceName",
    "EventSource",
    "AccessKeyId",
)
PAGE = 50
KEPT = timedelta(days=90)
_BEYOND_ALL: Key = (2**62, 0)


def lookup_events(account: Account, call: Call) -> dict[str, Any]:
    """One page of events. There is one endpoint, so the events of global services (us-east-1) are listed too.

    An event shows ``account.trail_delay`` seconds of the account's clock after it was recorded, and for 90 days.
    The pages of one walk list exactly the events that could be seen when its first page was made.
    Raises InvalidLookupAttributesException, InvalidTimeRangeException, InvalidMaxResultsException,
    InvalidNextTokenException, InvalidEventCategoryException. Source: API reference, LookupEvents (texts inferred).
    """
    params = call.params
    _check_category(params.get("EventCategory"))
    attribute = _attribute(params.get("LookupAttributes") or [])
    start, end = _time_range(params.get("StartTime"), params.get("EndTime"))
    size = params.get("MaxResults", PAGE)
    if not 1 <= size <= PAGE:
        raise AwsError("InvalidMaxResultsException", f"MaxResults must be between 1 and {PAGE}, not {size}.")
    now = account.clock.now()
    question = _fingerprint(attribute, params.get("StartTime"), params.get("EndTime"))
    below, horizon = (_BEYOND_ALL, now.timestamp())
    if token := params.get("NextToken"):
        below, horizon = _read_token(token, question)
    start = max(start, int((now - KEPT).timestamp()))
    cloudtrail = account.cloudtrail
    with cloudtrail.lock:
        page, more = _page(cloudtrail.history, attribute, (start, end), below, horizon, size)
    answer: dict[str, Any] = {"Events": [_event(row) for row in page]}
    if more:
        answer["NextToken"] = _token(page[-1].key, horizon, question)
    return answer


def _page(
    history: History,
    attribute: tuple[str, str] | None,
    times: tuple[int, int],
    below: Key,
    horizon: float,
    size: int,
) -> tuple[list[Row], bool]:
    start, end = times
    rows: list[Row] = []
    for row in history.newest_first(attribute, min(below, (end + 1, 0))):
        if row.key[0] < start:
            break
        if row.delivered > horizon:
            continue
        if len(rows) == size:
            return rows, True
        rows.append(row)
    return rows, False


def _event(row: Row) -> dict[str, Any]:
    event: dict[str, Any] = {
        "EventId": row.event_id,
        "EventName": row.name,
        "ReadOnly": "true" if row.read_only else "false",
        "EventTime": datetime.fromtimestamp(row.key[0], UTC),
        "EventSource": row.source,
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in row.resources],
        "CloudTrailEvent": row.text,
    }
    if row.access_key_id:
        event["AccessKeyId"] = row.access_key_id
    if row.username:
        event["Username"] = row.username
    return event


def _check_category(category: str | None) -> None:
    if category == "insight":
        raise not_implemented("cloudtrail", "LookupEvents", "with EventCategory=insight is not served")
    if category is not None:
        raise AwsError("InvalidEventCategoryException", f"The event category {category} is not valid.")


def _attribute(given: list[dict[str, str]]) -> tuple[str, str] | None:
    if not given:
        return None
    if len(given) > 1:
        raise AwsError("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    key, value = given[0].get("AttributeKey", ""), given[0].get("AttributeValue", "")
    if key not in ATTRIBUTES:
        raise AwsError("InvalidLookupAttributesException", f"{key} is not a lookup attribute.")
    if not value or (key == "ReadOnly" and value not in ("true", "false")):
        raise AwsError("InvalidLookupAttributesException", f"{value!r} is not a value of the lookup attribute {key}.")
    return key, value


def _time_range(start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Both ends belong to the range ("at or after", "at or before")."""
    first = int(start.timestamp()) if start else 0
    last = int(end.timestamp()) if end else 2**61
    if first > last:
        raise AwsError("InvalidTimeRangeException", "The start time is after the end time.")
    return first, last


def _fingerprint(*question: Any) -> str:
    return hashlib.sha256(repr(question).encode()).hexdigest()[:16]


def _token(last: Key, horizon: float, question: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([*last, horizon, question]).encode()).decode()


def _read_token(token: str, question: str) -> tuple[Key, float]:
    try:
        seconds, order, horizon, asked = json.loads(base64.urlsafe_b64decode(token.encode()))
        key, seen = (int(seconds), int(order)), float(horizon)
    except (ValueError, TypeError) as broken:
        raise AwsError("InvalidNextTokenException", "The NextToken is not valid.") from broken
    if asked != question:
        raise AwsError("InvalidNextTokenException", "The NextToken was used with other parameters before.")
    return key, seen
