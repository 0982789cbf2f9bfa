"""CloudTrail: a record of every call, allowed or refused, and the event history that LookupEvents reads."""

from __future__ import annotations

from localaws.call import Handler
from localaws.cloudtrail.lookup import lookup_events
from localaws.cloudtrail.service import CloudTrail

HANDLERS: dict[str, Handler] = {"LookupEvents": lookup_events}

__all__ = ["HANDLERS", "CloudTrail"]
