"""One sealed pass over a log file: gunzip, SHA-256 and typed decoding on one buffer, which nobody reads again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from lakeproof.audit.logs import records
from lakeproof.audit.logs.inflate import DamagedFile, inflate
from lakeproof.audit.logs.keys import log_name
from lakeproof.audit.logs.records import Record
from lakeproof.audit.logs.wanted import Wanted

KNOWN_VERSIONS = ("1.00", "1.11")
"""Event versions from first to latest (CloudTrail user guide, "CloudTrail record contents": 1.11)."""
SKEW = timedelta(minutes=5)

COLUMNS = (
    "eventversion",
    "eventtime",
    "eventsource",
    "eventname",
    "awsregion",
    "sourceipaddress",
    "useragent",
    "errorcode",
    "errormessage",
    "requestparameters",
    "responseelements",
    "additionaleventdata",
    "requestid",
    "eventid",
    "readonly",
    "eventtype",
    "recipientaccountid",
    "sharedeventid",
    "eventcategory",
    "who_type",
    "who_principalid",
    "who_arn",
    "who_accountid",
    "who_username",
    "who_invokedby",
    "who_userid",
    "issuer_arn",
    "issuer_username",
    "issuer_principalid",
    "sourceidentity",
    "timestamp",
    "$path",
)
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])


@dataclass
class FileReport:
    """What was found in one file. ``gzip_sha256`` is over the file as it lies there, ``sha256`` over the inflated log.

    ``problems`` are pairs of a finding's id and what is wrong. ``unreadable`` counts records that could not be read,
    ``wanted`` those that were kept for the questions.
    """

    key: str
    size: int
    gzip_sha256: str
    sha256: str = ""
    events: int = 0
    wanted: int = 0
    unreadable: int = 0
    first: str = ""
    last: str = ""
    problems: list[tuple[str, str]] = field(default_factory=list)


def extract(path: Path, key: str, wanted: Wanted) -> tuple[FileReport, list[list[str | None]]]:
    """The report on one file and its wanted records as rows of ``COLUMNS``. A damaged file is a problem, not an error.

    Records behind the end of the gzip stream are never read. Raises OSError if the file cannot be.
    """
    data = path.read_bytes()
    report = FileReport(key, len(data), hashlib.sha256(data).hexdigest())
    try:
        raw, behind = inflate(data)
        report.sha256 = hashlib.sha256(raw).hexdigest()
        if behind:
            report.problems.append(("log-appended", f"{behind} bytes follow the end of the gzip stream; not read"))
        found, broken = records.records(raw)
    except DamagedFile as damage:
        report.problems.append((damage.problem, str(damage)))
        return report, []
    _count(report, found, broken)
    name = log_name(key)
    day = name.day if name else ""
    rows = []
    for record in wanted.of(found):
        try:
            rows.append(_row(record, day, key))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            report.unreadable += 1
            report.problems.append(("record-unreadable", f"{record.eventName} {record.eventID}: {error}"))
    report.wanted = len(rows)
    return report, rows


def table(rows: Iterable[list[str | None]]) -> pa.Table:
    """Rows as Arrow, for Parquet."""
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    return pa.Table.from_arrays([_strings(values) for values in columns], schema=SCHEMA)


def _strings(values: Iterable[str | None]) -> pa.StringArray:
    """Not by ``pa.array``: its first call imports pandas, which costs each process half a second."""
    builder = pa.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()


def _count(report: FileReport, found: list[Record], broken: list[str]) -> None:
    report.events = len(found)
    report.unreadable = len(broken)
    report.problems += [("record-unreadable", each) for each in broken]
    times = [each.eventTime for each in found if each.eventTime]
    if times:
        report.first, report.last = min(times), max(times)
    first, last = KNOWN_VERSIONS
    odd = {v for v in {each.eventVersion for each in found} if v is not None and not first <= v <= last}
    if odd:
        report.problems.append(("version-unknown", f"event version {', '.join(sorted(map(str, odd)))}"))
    name = log_name(report.key)
    if name and report.last > f"{name.delivered + SKEW:%Y-%m-%dT%H:%M:%SZ}":
        report.problems.append(("clock-skew", f"an event of {report.last} in a file delivered {name.delivered}"))


def _row(record: Record, day: str, key: str) -> list[str | None]:
    who: Any = records.identity(record.userIdentity)
    session = who.sessionContext
    issuer = session.sessionIssuer if session else None
    read_only = record.readOnly
    if isinstance(read_only, bool):
        read_only = "true" if read_only else "false"
    return [
        record.eventVersion,
        record.eventTime,
        record.eventSource,
        record.eventName,
        record.awsRegion,
        record.sourceIPAddress,
        record.userAgent,
        record.errorCode,
        record.errorMessage,
        records.text(record.requestParameters),
        records.text(record.responseElements),
        records.text(record.additionalEventData),
        record.requestID,
        record.eventID,
        read_only,
        record.eventType,
        record.recipientAccountId,
        record.sharedEventID,
        record.eventCategory,
        who.type,
        who.principalId,
        who.arn,
        who.accountId,
        who.userName,
        who.invokedBy,
        who.onBehalfOf.userId if who.onBehalfOf else None,
        issuer.arn if issuer else None,
        issuer.userName if issuer else None,
        issuer.principalId if issuer else None,
        session.sourceIdentity if session else None,
        day,
        key,
    ]
