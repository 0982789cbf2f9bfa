"""The files of a log bucket, copied: the right ones, once, with their signatures, and never outside the folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakeproof.audit import sealed
from lakeproof.audit.integrity.digests import PublicKeys
from lakeproof.audit.logs.bucket import fetch, parse
from tests.audit.bucket import BEGIN, HOUR, Trail, public_keys
from tests.audit.records import ACCOUNT, access, start
from tests.conftest import Embedded, running

KEYS = PublicKeys.of(public_keys()["PublicKeyList"])


@pytest.fixture(scope="module")
def embedded() -> Iterator[Embedded]:
    """An account to keep buckets in."""
    with running() as account:
        yield account


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    """Five hours from noon, a log and a digest in each."""
    made = Trail(tmp_path / "made")
    for hour in range(5):
        made.log(start(event=f"s{hour}"), access(event=f"a{hour}"))
        made.digest()
    return made


def uploaded(embedded: Embedded, trail: Trail, bucket: str, prefix: str = "") -> Any:
    """The trail's files as objects of a bucket, digests with their metadata. Returns a client of S3."""
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket=bucket)
    for key in (*trail.logs, *trail.digests):
        beside = trail.path(f"{key}.metadata.json")
        metadata = json.loads(beside.read_text())["Metadata"] if beside.exists() else {}
        s3.put_object(Bucket=bucket, Key=f"{prefix}{key}", Body=trail.path(key).read_bytes(), Metadata=metadata)
    return s3


def names(root: Path) -> set[str]:
    """The files below a folder."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_bucket_is_copied_whole_and_once(embedded: Embedded, trail: Trail, tmp_path: Path) -> None:
    """Logs, digests and beside each its signature; a second time nothing is fetched; the copy is sealed."""
    s3 = uploaded(embedded, trail, "whole")
    s3.put_object(Bucket="whole", Key="decoys/nothing.json", Body=b"{}")
    first = fetch(s3, "whole", "", tmp_path / "copy")
    assert first.fresh == 10 and first.left_out == {"not named as a log or digest file": ["decoys/nothing.json"]}
    assert names(tmp_path / "copy") == names(trail.root)
    assert fetch(s3, "whole", "", tmp_path / "copy").fresh == 0
    files = sealed.read(tmp_path / "copy", KEYS, trail.hour, BEGIN)
    assert files.problems == [] and len(files.events) == 10 and files.unsealed == {}
    assert files.covers(BEGIN, trail.hour) and not files.covers(BEGIN, trail.hour + timedelta(seconds=1))


def test_a_window_needs_no_earlier_digest(embedded: Embedded, trail: Trail, tmp_path: Path) -> None:
    """From the third hour on: earlier logs are not fetched, and the digest that lists them is no finding."""
    since = BEGIN + 2 * HOUR + timedelta(minutes=30)
    s3 = uploaded(embedded, trail, "window")
    copied = fetch(s3, "window", "", tmp_path / "copy", since, trail.hour)
    assert [len(each) for each in copied.left_out.values()] == [2]
    files = sealed.read(tmp_path / "copy", KEYS, trail.hour, since)
    assert files.problems == [] and set(files.events) == {"s2", "a2", "s3", "a3", "s4", "a4"}


def test_a_missing_first_digest_is_a_gap_all_the_same(embedded: Embedded, trail: Trail, tmp_path: Path) -> None:
    """A window whose first digest begins after it has a hole, and so has one whose second digest is gone."""
    s3 = uploaded(embedded, trail, "gap")
    for gone in trail.digests[:3]:
        s3.delete_object(Bucket="gap", Key=gone)
    fetch(s3, "gap", "", tmp_path / "copy")
    files = sealed.read(tmp_path / "copy", KEYS, trail.hour, BEGIN + HOUR)
    assert any(problem.startswith("digest-missing") for problem in files.problems)
    assert not files.covers(BEGIN + 3 * HOUR, trail.hour)


@pytest.mark.parametrize("since", [None, BEGIN], ids=["whole", "by day"])
def test_what_is_delivered_while_the_bucket_is_listed_is_no_finding(
    embedded: Embedded, trail: Trail, tmp_path: Path, since: datetime | None
) -> None:
    """The last log and its digest arrive between two listings: none of them is taken for missing."""
    bucket = f"meanwhile-{'day' if since else 'whole'}"
    s3 = uploaded(embedded, trail, bucket)
    late = {key: s3.get_object(Bucket=bucket, Key=key) for key in (trail.logs[-1], trail.digests[-1])}
    late = {key: {"Body": found["Body"].read(), "Metadata": found["Metadata"]} for key, found in late.items()}
    for key in late:
        s3.delete_object(Bucket=bucket, Key=key)

    def deliver(parsed: dict[str, Any], **_: Any) -> None:
        if any("json.gz" in item["Key"] for item in parsed.get("Contents", [])):
            while late:
                key, what = late.popitem()
                embedded.client("s3").put_object(Bucket=bucket, Key=key, **what)

    s3.meta.events.register("after-call.s3.ListObjectsV2", deliver)
    fetch(s3, bucket, "", tmp_path / "copy", since, trail.hour if since else None)
    assert not late
    assert sealed.read(tmp_path / "copy", KEYS, trail.hour - HOUR, BEGIN).problems == []


@pytest.mark.parametrize(
    "prefix", ["", "audit/", "audit/AWSLogs/", "audit/AWSLogs/o-abc123/", f"audit/AWSLogs/{ACCOUNT}/"]
)
def test_a_day_is_found_below_any_prefix(embedded: Embedded, tmp_path: Path, prefix: str, request: Any) -> None:
    """An account's folder is found from above, an organisation's too, and only the days of the window are listed."""
    made = Trail(tmp_path / "made")
    made.log(start(event="s"))
    made.digest()
    bucket = f"days{len(prefix)}"
    s3 = uploaded(embedded, made, bucket, prefix[: prefix.find("AWSLogs/")] if "AWSLogs/" in prefix else prefix)
    if "o-abc123" in prefix:
        for key in (*made.logs, *made.digests):
            s3.copy_object(
                Bucket=bucket,
                CopySource=f"{bucket}/audit/{key}",
                Key=f"audit/{key.replace('AWSLogs/', 'AWSLogs/o-abc123/')}",
            )
    far = f"{prefix}AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2020/01/01/x.json.gz"
    s3.put_object(Bucket=bucket, Key=far, Body=b"x")
    copied = fetch(s3, bucket, prefix, tmp_path / "copy", BEGIN, BEGIN + HOUR)
    assert copied.fresh == 2 and copied.left_out == {}


@pytest.mark.parametrize(
    "key",
    ["../escaped_{name}", "AWSLogs/../../escaped_{name}", "/absolute_{name}", "a//{name}", "AWSLogs/.hidden/{name}"],
)
def test_a_key_never_leaves_the_folder(embedded: Embedded, tmp_path: Path, key: str, trail: Trail) -> None:
    """A key that would be a path elsewhere is left out and told; nothing is written beside the folder."""
    name = trail.logs[0].rpartition("/")[2]
    s3 = embedded.client("s3")
    bucket = f"escape{len(key)}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key.format(name=name), Body=b"x")
    before = names(tmp_path)
    copied = fetch(s3, bucket, "", tmp_path / "copy")
    assert copied.fresh == 0 and list(copied.left_out) == ["a key that is no path below a folder"]
    assert names(tmp_path) == before


@pytest.mark.parametrize("uri", ["logs/", "s3:/bucket", "s3://", "s3://B/x", "https://bucket/x", "s3://bucket?x"])
def test_what_is_no_location_is_refused(uri: str) -> None:
    """Anything but s3://bucket/prefix is told."""
    with pytest.raises(ValueError, match="is no S3 location"):
        parse(uri)


def test_a_location_is_a_bucket_and_a_prefix() -> None:
    """The prefix may be empty."""
    assert parse("s3://trail-bucket") == parse("s3://trail-bucket/") == ("trail-bucket", "")
    assert parse("s3://trail-bucket/AWSLogs/") == ("trail-bucket", "AWSLogs/")
