"""Log and digest files of a bucket, copied below a folder: the days that are asked for, each file once.

A digest's signature is metadata of its S3 object, so it is written beside the digest (``folder.SIDECAR``).
Sources: CloudTrail user guide, "CloudTrail log file examples" (the layout, an organisation's too) and "CloudTrail
digest file structure".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lakeproof.audit.logs.folder import LATE
from lakeproof.audit.logs.keys import SIDECAR, digest_name, log_name

LOGS, DIGESTS = "CloudTrail", "CloudTrail-Digest"
PLACE = re.compile(r"(?P<prefix>[^?#]*?/)?AWSLogs/(?:o-[a-z0-9]+/)?(?P<account>\d{12})/")
URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")
SAFE = re.compile(r"(?:[A-Za-z0-9!_'()@=+-][A-Za-z0-9!_.*'()@=+-]*/)*[A-Za-z0-9!_'()@=+-][A-Za-z0-9!_.*'()@=+-]*")
"""Keys that can be paths below a folder: no empty part, none that begins with a dot."""
PARALLEL = 8
LARGEST = 256 << 20
"""Bytes of one file. CloudTrail's own are a few megabytes; whoever may write there shall not fill the memory."""


@dataclass
class Fetched:
    """What was copied: the folder, how many files are new in it, and the keys that were left out and why."""

    root: Path
    fresh: int = 0
    left_out: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """What lies below ``base`` (a prefix that ends with ``AWSLogs/``, or an organisation's folder in it): accounts, the
    Regions of any of them, and the first day of delivery, ``2026/11/24``."""

    base: str
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    first_day: str


def layout(s3: Any, bucket: str, prefix: str) -> Layout:
    """How the logs below a prefix are laid out, without reading one. Raises ClientError, and ValueError if there are
    none, or if they lie in folders of several organisations."""
    accounts = list(_accounts(s3, bucket, prefix))
    places = [place for account in accounts for place in _folders(s3, bucket, f"{account}{LOGS}/")]
    days = [item["Key"][len(place) :][:10] for place in places for item in _first(s3, bucket, place)]
    bases = {account[: -len("123456789012/")] for account in accounts}
    if not days or len(bases) != 1:
        what = f"logs of {len(bases)} organisations: name one" if len(bases) > 1 else "no CloudTrail log files"
        raise ValueError(f"s3://{bucket}/{prefix}: {what}; expected a prefix at or above an account's AWSLogs folder")
    return Layout(
        bases.pop(),
        tuple(sorted(account.rstrip("/").rpartition("/")[2] for account in accounts)),
        tuple(sorted({place.rstrip("/").rpartition("/")[2] for place in places})),
        min(days),
    )


def _first(s3: Any, bucket: str, prefix: str) -> list[dict[str, Any]]:
    """The first object below a prefix: S3 lists in the order of keys, so it is the earliest day's."""
    found: list[dict[str, Any]] = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("Contents", [])
    return found


def parse(uri: str) -> tuple[str, str]:
    """Bucket and prefix of ``s3://bucket/prefix``. Raises ValueError."""
    found = URI.fullmatch(uri)
    if not found:
        raise ValueError(f"{uri!r} is no S3 location, such as s3://my-trail-bucket/AWSLogs/")
    return found["bucket"], found["prefix"] or ""


def fetch(
    s3: Any,
    bucket: str,
    prefix: str,
    root: Path,
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Callable[[int, int], None] = lambda files, size: None,
) -> Fetched:
    """Copy what lies below ``prefix`` and was delivered from ``since`` to ``until`` (and a day, for late files).

    A file that is below ``root`` already in the same size is not copied again: CloudTrail never writes a key twice.
    Below a prefix that holds ``AWSLogs/``, only the days that are asked for are listed. Raises ClientError.
    """
    result = Fetched(root)
    todo = []
    for item in _listed(s3, bucket, prefix, since, until):
        key, size = item["Key"], int(item["Size"])
        if reason := _left_out(key, since, until) or ("larger than any log file" if size > LARGEST else ""):
            result.left_out.setdefault(reason, []).append(key)
        elif not _is_there(root / key, size, key):
            todo.append((key, size))

    def copy(item: tuple[str, int]) -> None:
        _copy(s3, bucket, item[0], root)
        progress(1, item[1])

    with ThreadPoolExecutor(PARALLEL) as threads:
        list(threads.map(copy, todo))
    result.fresh = len(todo)
    return result


def _listed(
    s3: Any, bucket: str, prefix: str, since: datetime | None, until: datetime | None
) -> Iterator[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2")
    for place in _places(s3, bucket, prefix, since, until):
        for page in pages.paginate(Bucket=bucket, Prefix=place):
            yield from page.get("Contents", [])


def _places(s3: Any, bucket: str, prefix: str, since: datetime | None, until: datetime | None) -> Iterator[str]:
    """The prefixes to list: one for each account, kind, Region and day; the whole prefix without a period.

    Digests come first, as they do in the order of keys: a log file that a digest lists was there before the digest, so
    that none looks missing because CloudTrail delivers while the bucket is listed.
    """
    if since is None or until is None:
        yield prefix
        return
    accounts = list(_accounts(s3, bucket, prefix))
    if not accounts:
        yield prefix  # another layout, or deeper than an account: nothing to choose by
        return
    days = [since + timedelta(days=number) for number in range((until + LATE - since).days + 2)]
    for account in accounts:
        for kind in (DIGESTS, LOGS):
            for region in _folders(s3, bucket, f"{account}{kind}/"):
                yield from (f"{region}{day:%Y/%m/%d}/" for day in days if day.date() <= (until + LATE).date())


def _accounts(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    """The folders of accounts below a prefix that ends above them, an organisation's included."""
    if PLACE.fullmatch(prefix):
        yield prefix
    elif prefix.endswith("AWSLogs/") or re.search(r"AWSLogs/o-[a-z0-9]+/$", prefix):
        for folder in _folders(s3, bucket, prefix):
            yield from _accounts(s3, bucket, folder)
    elif (not prefix or prefix.endswith("/")) and f"{prefix}AWSLogs/" in _folders(s3, bucket, prefix):
        yield from _accounts(s3, bucket, f"{prefix}AWSLogs/")


def _folders(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    return [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]


def _left_out(key: str, since: datetime | None, until: datetime | None) -> str:
    if not SAFE.fullmatch(key):
        return "a key that is no path below a folder"
    if digest_name(key) is not None:
        return ""
    name = log_name(key)
    if name is None:
        return "not named as a log or digest file"
    outside = (since and name.delivered < since - timedelta(minutes=1)) or (until and name.delivered > until + LATE)
    return "delivered outside the window" if outside else ""


def _is_there(path: Path, size: int, key: str) -> bool:
    whole = path.is_file() and path.stat().st_size == size
    return whole and (digest_name(key) is None or path.with_name(path.name + SIDECAR).is_file())


def _copy(s3: Any, bucket: str, key: str, root: Path) -> None:
    """One file, whole or not at all."""
    answer = s3.get_object(Bucket=bucket, Key=key)
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    if digest_name(key) is not None:
        beside = json.dumps({"Metadata": answer.get("Metadata", {})})
        path.with_name(path.name + SIDECAR).write_text(beside, encoding="utf-8")
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(answer["Body"].read())
    fresh.replace(path)
