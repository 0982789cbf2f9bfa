"""A line of the ledger as the audit reads it: what the trail must say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

OPENING = "CreatePresignedDomainUrl"
DATA_EVENTS = frozenset({"GetObject", "HeadObject", "PutObject", "DeleteObject", "ListObjects", "ListObjectsV2"})
"""Calls on objects: the event history never holds them, only a trail that was told to (CloudTrail user guide,
"Logging data events")."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One probe. ``principal`` is who made it as policies name them, ``session`` as CloudTrail writes them.

    ``started`` and ``ended`` are by the harness's clock. ``outside``: it did not get as far as the service, for its
    session had expired or a front end was out of order, which leaves no record (inferred). ``busy`` are the request ids
    of earlier tries that AWS was too busy for; ``lost`` counts those whose answer did not arrive, so that nobody knows
    whether they had an effect.
    """

    scenario: str
    operation: str
    person: str | None
    principal: str
    session: str
    source_identity: str | None
    sql: str | None
    params: Mapping[str, Any]
    query_id: str | None
    request_id: str | None
    result: str
    columns: tuple[str, ...]
    text: str
    scanned: int
    started: datetime
    ended: datetime
    outside: bool = False
    busy: tuple[str, ...] = ()
    lost: int = 0

    @property
    def is_query(self) -> bool:
        """Whether it was SQL, not a call of an API."""
        return self.sql is not None

    @property
    def denied(self) -> bool:
        """Whether it was refused for a known cause."""
        return self.result == "Denied"

    @property
    def read_data(self) -> bool:
        """Whether it was a query that succeeded on table data. SHOW, DESCRIBE and information_schema read the catalog
        alone, for which nobody asks Lake Formation for access to data."""
        sql = (self.sql or "").lstrip().upper()
        return self.result == "Allowed" and sql.startswith(("SELECT", "WITH")) and "INFORMATION_SCHEMA." not in sql

    @property
    def opened_profile(self) -> bool:
        """Whether it was a successful sign-in to a Studio profile."""
        return self.operation == OPENING and self.result == "Allowed"

    @property
    def traced(self) -> bool:
        """Whether AWS answered, so that the event history must hold a record of the call."""
        return self.request_id is not None and not self.outside and self.operation not in DATA_EVENTS

    @property
    def on_object(self) -> bool:
        """Whether S3 answered a call on objects, which only a trail that was told to holds a record of."""
        return self.request_id is not None and not self.outside and self.operation in DATA_EVENTS

    @property
    def kind(self) -> str:
        """One word for what the probe is to the audit."""
        if self.on_object:
            return "object call"
        if self.is_query:
            return "read" if self.read_data else "refused query" if self.denied else "other query"
        return "sign-in" if self.opened_profile else "refused call" if self.denied else "other call"


def read(line: Mapping[str, Any]) -> Entry:
    """The entry of one line of the ledger. Raises KeyError on a line that the ledger did not write."""
    who, came = line["identity"], line["outcome"]
    return Entry(
        scenario=line["scenario"],
        operation=line["operation"],
        person=who["person"],
        principal=who["principal"],
        session=who["session"],
        source_identity=who["source_identity"],
        sql=line["sql"],
        params=line["params"],
        query_id=line["query_id"],
        request_id=line["request_id"],
        result=came["result"],
        columns=tuple(came.get("columns", ())),
        text=came.get("text", came.get("error", "")),
        scanned=int(line["statistics"].get("DataScannedInBytes", 0)),
        started=datetime.fromisoformat(line["started"]),
        ended=datetime.fromisoformat(line["ended"]),
        outside=came["result"] == "NotObtained" and (came.get("expired", False) or _ends_lost(line)),
        busy=tuple(one["request_id"] for one in line.get("tries", ()) if one["request_id"]),
        lost=sum(one["lost"] and one["operation"] == line["operation"] for one in line.get("tries", ())),
    )


def _ends_lost(line: Mapping[str, Any]) -> bool:
    """Whether the last try of all was not answered by the service."""
    tries = line.get("tries", ())
    return bool(tries) and bool(tries[-1]["lost"])
