"""One CloudTrail record in a shape of ours, the same from every source and for every age of the record format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

START = "StartQueryExecution"
ACCESS = "GetDataAccess"

QUERY_ID = re.compile(
    r"\bqueryId[\"\\\s]*:[\"\\\s]*([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.I
)
"""In ``additionalAuditContext``, which is no JSON: ``{queryId: uuid}`` (captured 2026), JSON text in 2020."""


class TrailError(ValueError):
    """A record that cannot be read: no event name, or a time that is none. The message names the event."""


@dataclass(frozen=True, slots=True)
class Actor:
    """``userIdentity``. Fields that the record does not have are None, never guessed.

    ``arn`` is the session's for a role session; ``role_arn`` and ``role_name`` are those of the session's issuer.
    """

    kind: str
    arn: str | None = None
    account_id: str | None = None
    principal_id: str | None = None
    user_name: str | None = None
    role_arn: str | None = None
    role_name: str | None = None
    source_identity: str | None = None
    on_behalf_of: str | None = None
    invoked_by: str | None = None

    @property
    def principal_arn(self) -> str | None:
        """The ARN that policies and grants name: the role's for a role session, else its own."""
        return self.role_arn or self.arn


@dataclass(frozen=True, slots=True)
class Event:
    """One record. ``raw`` is the record itself, for an attachment; nobody decides by it."""

    event_id: str
    name: str
    source: str
    time: datetime | None
    region: str | None
    account_id: str | None
    actor: Actor
    source_ip: str | None
    user_agent: str | None
    error_code: str | None
    error_message: str | None
    request_id: str | None
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    additional: Mapping[str, Any]
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def refused(self) -> bool:
        """Whether AWS answered with an error of refusal. Services write one of the two codes (captured, inferred)."""
        return (self.error_code or "").split(".")[-1] in (
            "AccessDenied",
            "AccessDeniedException",
            "UnauthorizedOperation",
        )

    @property
    def query_id(self) -> str | None:
        """Athena's id of the query that this event is about, where it is about one."""
        if self.name == ACCESS:
            context = (self.request.get("auditContext") or {}).get("additionalAuditContext") or ""
            found = QUERY_ID.search(context)
            return found.group(1).lower() if found else None
        holder = self.response if self.name == START else self.request
        query_id = holder.get("queryExecutionId")
        return query_id.lower() if isinstance(query_id, str) else None

    @property
    def by_athena(self) -> bool:
        """Whether a GetDataAccess was asked for by Athena. Glue and EMR ask too, and their context is another."""
        if self.additional.get("requesterService"):
            return bool(self.additional["requesterService"] == "ATHENA")
        return "athena.amazonaws.com" in (self.actor.invoked_by, self.source_ip, self.user_agent)


def read(document: Any) -> list[Event]:
    """The events of a document in any shape that CloudTrail gives: a log file, an answer of LookupEvents, one of its
    rows, a list of records, or one record. A row whose record is no JSON gives what the row itself says.

    Raises TrailError for anything else, saying what it has instead.
    """
    if isinstance(document, list):
        return [event for each in document for event in read(each)]
    if not isinstance(document, Mapping):
        raise TrailError(f"no CloudTrail record but {type(document).__name__}")
    for name in ("Records", "Events"):
        if isinstance(document.get(name), list):
            return read(document[name])
    if "CloudTrailEvent" in document:
        return [_row(document)]
    if "eventName" not in document:
        raise TrailError(f"no CloudTrail record: it has {', '.join(sorted(map(str, document))) or 'nothing'}")
    return [normalise(document)]


def _row(row: Mapping[str, Any]) -> Event:
    try:
        return normalise(json.loads(row["CloudTrailEvent"]))
    except (ValueError, TypeError, AttributeError):
        at = row.get("EventTime")
        time = datetime.fromtimestamp(at, UTC) if isinstance(at, int | float) else at
        told = {
            "eventID": row.get("EventId"),
            "eventName": row.get("EventName"),
            "eventSource": row.get("EventSource"),
            "eventTime": time.isoformat() if isinstance(time, datetime) else time,
            "userIdentity": {"userName": row.get("Username")},
        }
        return normalise(told)


def normalise(record: Mapping[str, Any]) -> Event:
    """The event of a record. Raises TrailError if it has no event name or its time cannot be read."""
    name = record.get("eventName")
    if not isinstance(name, str) or not name:
        raise TrailError(f"record {record.get('eventID', 'without id')!r} has no eventName")
    return Event(
        event_id=str(record.get("eventID", "")),
        name=name,
        source=str(record.get("eventSource", "")),
        time=_time(record),
        region=record.get("awsRegion"),
        account_id=record.get("recipientAccountId") or (record.get("userIdentity") or {}).get("accountId"),
        actor=actor(record.get("userIdentity") or {}),
        source_ip=record.get("sourceIPAddress"),
        user_agent=record.get("userAgent"),
        error_code=record.get("errorCode"),
        error_message=record.get("errorMessage"),
        request_id=record.get("requestID"),
        request=_members(record.get("requestParameters")),
        response=_members(record.get("responseElements")),
        additional=_members(record.get("additionalEventData")),
        raw=record,
    )


def actor(identity: Mapping[str, Any]) -> Actor:
    """Who a ``userIdentity`` element names. A fragment of one gives what it has."""
    session = identity.get("sessionContext") or {}
    issuer = session.get("sessionIssuer") or {}
    return Actor(
        kind=str(identity.get("type", "")),
        arn=identity.get("arn"),
        account_id=identity.get("accountId"),
        principal_id=identity.get("principalId"),
        user_name=identity.get("userName"),
        role_arn=issuer.get("arn"),
        role_name=issuer.get("userName"),
        source_identity=session.get("sourceIdentity"),
        on_behalf_of=(identity.get("onBehalfOf") or {}).get("userId"),
        invoked_by=identity.get("invokedBy"),
    )


def _members(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _time(record: Mapping[str, Any]) -> datetime | None:
    text = record.get("eventTime")
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise TrailError(f"record {record.get('eventID', 'without id')!r}: eventTime {text!r} is no time") from error
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)  # CloudTrail's times are UTC
