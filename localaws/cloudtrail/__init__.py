"""CloudTrail: a record of every call, allowed or refused; the event history; trails that deliver log files to S3."""

from __future__ import annotations

from localaws.call import Handler
from localaws.cloudtrail import selector_calls, tagging, trail_calls
from localaws.cloudtrail.lookup import lookup_events
from localaws.cloudtrail.service import CloudTrail

HANDLERS: dict[str, Handler] = {
    "LookupEvents": lookup_events,
    **trail_calls.HANDLERS,
    **selector_calls.HANDLERS,
    **tagging.HANDLERS,
}

__all__ = ["HANDLERS", "CloudTrail"]
