"""``aws cloudtrail validate-logs`` of awscli over a folder that stands in for the bucket: what it counts as invalid."""

from __future__ import annotations

import contextlib
import io
import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awscli.customizations.cloudtrail.validation import CloudTrailValidateLogs
from botocore.exceptions import ClientError
from dateutil import tz  # noqa: F401  # awscli's own dependency, loaded before its time parsing
from jmespath import search

from tests.audit.bucket import BEGIN, BUCKET, HOUR, REGION, TRAIL, ZULU, public_keys
from tests.audit.records import ACCOUNT


class _S3:
    def __init__(self, root: Path) -> None:
        self._root = root

    def get_client(self, bucket: str) -> _S3:
        return self

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        path = self._root / Key
        if not path.exists():
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": Key}}, "GetObject")
        beside = path.with_name(f"{path.name}.metadata.json")
        metadata = json.loads(beside.read_text())["Metadata"] if beside.exists() else {}
        return {"Body": io.BytesIO(path.read_bytes()), "Metadata": metadata}

    def get_paginator(self, operation: str) -> _S3:
        assert operation == "list_objects"
        return self

    def paginate(self, Bucket: str, Marker: str, Prefix: str) -> _Pages:
        keys = sorted(path.relative_to(self._root).as_posix() for path in self._root.rglob("*.json.gz"))
        return _Pages({"Contents": [{"Key": key} for key in keys if key.startswith(Prefix) and key > Marker]})


class _Pages:
    def __init__(self, page: dict[str, Any]) -> None:
        self._page = page

    def search(self, expression: str) -> Iterator[Any]:
        yield from search(expression, self._page) or [None]


class _CloudTrail:
    def list_public_keys(self, **request: Any) -> dict[str, Any]:
        return public_keys()


class _Validate(CloudTrailValidateLogs):
    def setup_services(self, parsed_globals: Namespace) -> None:
        self._source_region = REGION
        self.cloudtrail_client = _CloudTrail()
        self.organization_client = None


def invalid(root: Path, hours: int = 48) -> int:
    """How many digests and log files validate-logs calls invalid or missing."""
    command = _Validate(None)
    command.s3_client_provider = _S3(root)
    arguments = Namespace(
        trail_arn=f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{TRAIL}",
        verbose=False,
        s3_bucket=BUCKET,
        s3_prefix=None,
        account_id=None,
        start_time=f"{BEGIN:{ZULU}}",
        end_time=f"{BEGIN + hours * HOUR:{ZULU}}",
    )
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        command._run_main(arguments, Namespace(region=REGION))
    return int(command._invalid_digests + command._invalid_backfill_digests + command._invalid_logs)
