"""Records of a log file, decoded as far as they are asked for: typed names, and the rest as the bytes it is."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from lakeproof.audit.logs.inflate import DamagedFile

RAW_NULL = msgspec.Raw(b"null")


class Record(msgspec.Struct, gc=False):
    """One record. Members that are objects stay JSON; members that are not listed here are passed over."""

    eventName: str
    eventSource: str = ""
    eventTime: str | None = None
    eventID: str | None = None
    eventVersion: str | None = None
    userIdentity: msgspec.Raw = RAW_NULL
    awsRegion: str | None = None
    sourceIPAddress: str | None = None
    userAgent: str | None = None
    errorCode: str | None = None
    errorMessage: str | None = None
    requestParameters: msgspec.Raw = RAW_NULL
    responseElements: msgspec.Raw = RAW_NULL
    additionalEventData: msgspec.Raw = RAW_NULL
    requestID: str | None = None
    readOnly: bool | str | None = None
    eventType: str | None = None
    recipientAccountId: str | None = None
    sharedEventID: str | None = None
    eventCategory: str | None = None


class Issuer(msgspec.Struct):
    """``sessionIssuer`` of a role session."""

    arn: str | None = None
    userName: str | None = None
    principalId: str | None = None


class Session(msgspec.Struct):
    """``sessionContext``."""

    sessionIssuer: Issuer | None = None
    sourceIdentity: str | None = None


class Behalf(msgspec.Struct):
    """``onBehalfOf``: a person of IAM Identity Center."""

    userId: str | None = None
    identityStoreArn: str | None = None


class Identity(msgspec.Struct):
    """``userIdentity``."""

    type: str | None = None
    principalId: str | None = None
    arn: str | None = None
    accountId: str | None = None
    userName: str | None = None
    invokedBy: str | None = None
    onBehalfOf: Behalf | None = None
    sessionContext: Session | None = None


class _File(msgspec.Struct, gc=False):
    Records: list[Record]


class _Loose(msgspec.Struct):
    Records: list[msgspec.Raw]


_file = msgspec.json.Decoder(_File)
_loose = msgspec.json.Decoder(_Loose)
_one = msgspec.json.Decoder(Record)
_identity = msgspec.json.Decoder(Identity | None)


def records(raw: bytes) -> tuple[list[Record], list[str]]:
    """The records of a log file, and what is wrong with those that cannot be read (number and reason).

    Besides ``{"Records": […]}`` a single record, a list of records, and an answer of LookupEvents are read.
    Raises DamagedFile if the text is no JSON, or JSON without records.
    """
    try:
        return _file.decode(raw).Records, []
    except msgspec.DecodeError:
        pass  # one of the records, or the file itself: find out which
    read: list[Record] = []
    broken: list[str] = []
    for number, part in enumerate(_parts(raw)):
        try:
            read.append(_one.decode(part))
        except msgspec.DecodeError as error:
            broken.append(f"record {number}: {error}")
    return read, broken


def identity(raw: msgspec.Raw) -> Identity:
    """``userIdentity`` of a record; empty if the record has none. Raises msgspec.DecodeError."""
    return _identity.decode(raw) or Identity()


def text(raw: msgspec.Raw) -> str | None:
    """A member as JSON text, None for null."""
    told = bytes(raw)
    return None if told == b"null" else told.decode()


def _parts(raw: bytes) -> Iterator[bytes | msgspec.Raw]:
    try:
        yield from _loose.decode(raw).Records
        return
    except msgspec.DecodeError:
        pass  # not a log file's shape
    try:
        whole = msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise DamagedFile("log-broken", f"broken JSON: {error}") from error
    yield from map(msgspec.json.encode, _found(whole))


def _found(whole: object) -> list[object]:
    if isinstance(whole, list):
        return whole
    if isinstance(whole, dict) and "eventName" in whole:
        return [whole]
    rows = whole.get("Events", [whole]) if isinstance(whole, dict) else []
    texts = [row["CloudTrailEvent"] for row in rows if isinstance(row, dict) and "CloudTrailEvent" in row]
    if not texts:
        raise DamagedFile("not-a-log", "JSON, but no CloudTrail records: neither Records, Events nor eventName")
    try:
        return [msgspec.json.decode(text) for text in texts]
    except (msgspec.DecodeError, TypeError) as error:
        raise DamagedFile("log-broken", f"CloudTrailEvent is no JSON: {error}") from error
