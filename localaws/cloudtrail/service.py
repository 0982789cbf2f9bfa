"""The service object: records every call, keeps what it recorded, and has the trails deliver it."""

from __future__ import annotations

import bisect
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.cloudtrail.delivery import deliver
from localaws.cloudtrail.digests import SigningKey
from localaws.cloudtrail.event import compose, encode, resource_entries
from localaws.cloudtrail.history import MAX_EVENTS, History, Row, pack
from localaws.cloudtrail.identity import lookup_username
from localaws.cloudtrail.lookup import KEPT
from localaws.cloudtrail.rules import data_event
from localaws.cloudtrail.s3_request import object_arns
from localaws.cloudtrail.selectors import Facts
from localaws.cloudtrail.tampering import Tampering
from localaws.cloudtrail.trails import Pending, Trail, Trails
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account

AWAITING = 20_000
"""Events of a trail in a Region, after each so many of which what is due is written without being asked for."""


class CloudTrail:
    """``history`` holds the management events that LookupEvents shows, ``trails`` what goes to log files.

    Both are guarded by ``lock``; ``delivering`` is held while files are written, and taken first.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.lock = threading.RLock()
        self.delivering = threading.RLock()
        self.history = History()
        self.trails = Trails()
        self.tampering = Tampering()

    def record(self, call: Call, output: Mapping[str, Any] | None, error: AwsError | None) -> None:
        """Write a call down, once: answered with ``output``, or refused with ``error``. Its time is ``call.time``.

        A data event goes to the trails that select it, and nowhere else.
        """
        self._record(call, output, error, None)

    def record_own(self, call: Call, trail: Trail) -> None:
        """Write down that a trail's file was put into its bucket; the trail itself may not want to know of it."""
        self._record(call, {}, None, None if trail.recursive else trail)

    def _record(
        self, call: Call, output: Mapping[str, Any] | None, error: AwsError | None, unheard: Trail | None
    ) -> None:
        data = data_event(call.service, call.operation)
        if data and not self.want_data:
            return
        event = compose(call, output, error, self._account.account_id, self._account.region)
        if self.tampering.loses(event):
            return
        packed = pack(encode(self.tampering.blanked(event)))
        named = [] if data else resource_entries("event", call.service, call.operation, event)
        named += [] if data else resource_entries("row", call.service, call.operation, event)
        facts = Facts(
            management=not data,
            read_only=event["readOnly"],
            source=event["eventSource"],
            name=event["eventName"],
            user_arn=event["userIdentity"].get("arn", ""),
            arns=object_arns(call) if data else (),
        )
        faults = self._account.faults
        times = 2 if faults.draw("twice", call.service, call.operation) else 1
        full = []
        with self.lock:
            now = self._account.clock.now()
            if not data:
                self.history.forget_before(int((now - KEPT).timestamp()))
            for _ in range(times):
                late = faults.delay("late", call.service, call.operation)
                due = now.timestamp() + self._account.trail_delay + late + self.tampering.delay
                if not data:
                    self._add(call, event, packed, tuple(named), due)
                pending = Pending(due, int(call.time.timestamp()), event["awsRegion"], packed)
                full += [self._keep(trail, call, facts, pending) for trail in self._listening() if trail is not unheard]
        if any(full):
            self.deliver()

    def _listening(self) -> Iterator[Trail]:
        return (trail for trail in self.trails.by_name.values() if trail.started is not None)

    def _keep(self, trail: Trail, call: Call, facts: Facts, pending: Pending) -> bool:
        """Keep an event for a trail that wants it. Returns whether enough wait to be written."""
        wanted = (
            trail.records_at(call.time) and trail.covers(pending.region, facts.source) and trail.selectors.take(facts)
        )
        if not wanted:
            return False
        waiting = trail.pending.setdefault(pending.region, [])
        bisect.insort(waiting, pending, key=lambda one: one.due)
        return len(waiting) % AWAITING == 0

    @property
    def want_data(self) -> bool:
        """Whether any trail selects data events."""
        return any(trail.selectors.want_data for trail in list(self.trails.by_name.values()))

    def find(self, name_or_arn: str) -> Trail:
        """A trail by name or ARN. Raises AwsError as ``Trails.find``."""
        return self.trails.find(name_or_arn, self._account.account_id, self._account.region)

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a trail, for policies; empty for one that does not exist."""
        with self.lock:
            return next((dict(trail.tags) for trail in self.trails.by_name.values() if trail.arn == arn), {})

    def signing_key(self) -> SigningKey:
        """The key of the account's digests, made when first asked for."""
        with self.lock:
            if self.trails.key is None:
                self.trails.key = SigningKey.generate(self._account.clock.now())
            return self.trails.key

    def deliver(self) -> None:
        """Have every trail write the files that are due."""
        with self.delivering:
            for trail in list(self.trails.by_name.values()):
                deliver(self._account, trail)

    def look(self, bucket: str | None) -> None:
        """Somebody is about to list or change a bucket: if it is a trail's, it gets what is due first."""
        if bucket is not None and any(trail.bucket == bucket for trail in list(self.trails.by_name.values())):
            self.deliver()

    @contextmanager
    def standing(self, name_or_arn: str) -> Iterator[Trail]:
        """A trail to change, with what is due delivered, and nothing recorded or delivered meanwhile."""
        with self.delivering, self.lock:
            trail = self.find(name_or_arn)
            deliver(self._account, trail)
            yield trail

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
