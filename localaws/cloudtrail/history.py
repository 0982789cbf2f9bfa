"""The event history: the management events of 90 days, kept small and found by one attribute."""

from __future__ import annotations

import bisect
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

Key = tuple[int, int]
"""An event's place in time: its ``eventTime`` in whole seconds of the epoch, then the order of recording."""

MAX_EVENTS = 200_000
"""Beyond this many the oldest are dropped: about 230 MB, at 1.2 KB an event with its index entries (measured)."""

_TYPICAL = (
    b'{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA","arn":"arn:aws:sts::123456789012'
    b':assumed-role/","accountId":"123456789012","accessKeyId":"ASIA","sessionContext":{"sessionIssuer":{"type":"Role",'
    b'"principalId":"AROA","arn":"arn:aws:iam::123456789012:role/","accountId":"123456789012","userName":""},'
    b'"attributes":{"creationDate":"2026-01-01T00:00:00Z","mfaAuthenticated":"false"},"sourceIdentity":""},'
    b'"invokedBy":"athena.amazonaws.com"},"eventTime":"2026-01-01T00:00:00Z","eventSource":".amazonaws.com",'
    b'"eventName":"Get","awsRegion":"us-east-1","sourceIPAddress":"127.0.0.1","userAgent":"Boto3/ md/Botocore# ua/2.1 '
    b'os/linux","errorCode":"AccessDeniedException","errorMessage":"User: arn:aws:iam::123456789012:user/ is not '
    b'authorized to perform: on resource: because no identity-based policy allows the action","requestParameters":null,'
    b'"responseElements":null,"requestID":"","eventID":"","readOnly":true,"eventType":"AwsApiCall",'
    b'"managementEvent":true,"recipientAccountId":"123456789012","eventCategory":"Management",'
    b'"tlsDetails":{"clientProvidedHostHeader":"127.0.0.1:"}}'
)
"""What most events have in common, so that each can be compressed alone (to about a third)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event as LookupEvents lists it. ``delivered`` is the time (epoch seconds) from which it can be seen."""

    key: Key
    delivered: float
    event_id: str
    name: str
    source: str
    read_only: bool
    username: str | None
    access_key_id: str | None
    resources: tuple[tuple[str, str], ...]
    packed: bytes

    @property
    def text(self) -> str:
        """The event as JSON text."""
        return unpack(self.packed)

    def attributes(self) -> Iterator[tuple[str, str]]:
        """(lookup attribute, value) under which the event is found."""
        yield "EventId", self.event_id
        yield "EventName", self.name
        yield "EventSource", self.source
        yield "ReadOnly", "true" if self.read_only else "false"
        if self.username:
            yield "Username", self.username
        if self.access_key_id:
            yield "AccessKeyId", self.access_key_id
        for resource_type, name in self.resources:
            yield "ResourceType", resource_type
            yield "ResourceName", name


def pack(text: str) -> bytes:
    """An event's JSON text as ``Row.packed`` holds it."""
    press = zlib.compressobj(level=1, zdict=_TYPICAL)
    return press.compress(text.encode("utf-8")) + press.flush()


def unpack(packed: bytes) -> str:
    """The JSON text that ``pack`` made small."""
    return zlib.decompressobj(zdict=_TYPICAL).decompress(packed).decode("utf-8")


@dataclass
class History:
    """Rows by key, and for each attribute value the sorted keys of its events. Not thread-safe."""

    rows: dict[Key, Row] = field(default_factory=dict)
    everything: list[Key] = field(default_factory=list)
    by_attribute: dict[tuple[str, str], list[Key]] = field(default_factory=dict)
    recorded: int = 0
    dropped: int = 0

    def next_key(self, event_time: int) -> Key:
        """A key that no other event has."""
        self.recorded += 1
        return event_time, self.recorded

    def add(self, row: Row) -> None:
        """Take an event in, wherever its time places it."""
        self.rows[row.key] = row
        bisect.insort(self.everything, row.key)
        for attribute in row.attributes():
            keys = self.by_attribute.setdefault(attribute, [])
            if not keys or keys[-1] != row.key:
                bisect.insort(keys, row.key)
        if len(self.everything) > MAX_EVENTS:
            self._drop_oldest(len(self.everything) // 10)

    def forget_before(self, event_time: int) -> None:
        """Drop the events older than a time, once they are a tenth of all."""
        old = bisect.bisect_left(self.everything, (event_time, 0))
        if old * 10 > len(self.everything):
            self._drop_oldest(old)

    def _drop_oldest(self, count: int) -> None:
        gone, self.everything = self.everything[:count], self.everything[count:]
        self.dropped += len(gone)
        for key in gone:
            del self.rows[key]
        first = self.everything[0] if self.everything else (0, self.recorded + 1)
        for attribute, keys in list(self.by_attribute.items()):
            del keys[: bisect.bisect_left(keys, first)]
            if not keys:
                del self.by_attribute[attribute]

    def newest_first(self, attribute: tuple[str, str] | None, below: Key) -> Iterator[Row]:
        """The rows under an attribute value (all of them when None), newest first, with keys smaller than ``below``."""
        keys = self.everything if attribute is None else self.by_attribute.get(attribute, [])
        for index in range(bisect.bisect_left(keys, below) - 1, -1, -1):
            yield self.rows[keys[index]]
