"""The service object: records every call, and keeps what it recorded."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.cloudtrail.event import compose, encode, resource_entries
from localaws.cloudtrail.history import MAX_EVENTS, History, Row, pack
from localaws.cloudtrail.identity import lookup_username
from localaws.cloudtrail.lookup import KEPT
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account


class CloudTrail:
    """``history`` holds the management events; ``data_events`` the packed data events, which LookupEvents never shows.

    Both are guarded by ``lock``.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.lock = threading.RLock()
        self.history = History()
        self.data_events: deque[bytes] = deque(maxlen=MAX_EVENTS)

    def record(self, call: Call, output: Mapping[str, Any] | None, error: AwsError | None) -> None:
        """Write a call down, once: answered with ``output``, or refused with ``error``. Its time is ``call.time``."""
        event = compose(call, output, error, self._account.account_id, self._account.region)
        packed = pack(encode(event))
        if not event["managementEvent"]:
            with self.lock:
                self.data_events.append(packed)
            return
        named = resource_entries("event", call.service, call.operation, event)
        named += resource_entries("row", call.service, call.operation, event)
        now = self._account.clock.now()
        with self.lock:
            self.history.forget_before(int((now - KEPT).timestamp()))
            self._add(call, event, packed, tuple(named), now.timestamp() + self._account.trail_delay)

    def _add(
        self, call: Call, event: Mapping[str, Any], packed: bytes, named: tuple[tuple[str, str], ...], delivered: float
    ) -> None:
        before = self.history.dropped
        self.history.add(
            Row(
                key=self.history.next_key(int(call.time.timestamp())),
                delivered=delivered,
                event_id=event["eventID"],
                name=event["eventName"],
                source=event["eventSource"],
                read_only=event["readOnly"],
                username=lookup_username(call.caller),
                access_key_id=call.caller.access_key_id or None,
                resources=named,
                packed=packed,
            )
        )
        if before == 0 and self.history.dropped:
            print(f"localaws: the event history is full ({MAX_EVENTS} events); the oldest are dropped", file=sys.stderr)
