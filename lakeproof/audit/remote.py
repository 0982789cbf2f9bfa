"""``lakeproof audit s3://BUCKET/PREFIX``: the files copied and asked here, or Athena asked over the bucket."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from lakeproof.audit.integrity.chain import Sealing
from lakeproof.audit.integrity.digests import PublicKeys
from lakeproof.audit.logs import bucket
from lakeproof.audit.logs.copy import Progress
from lakeproof.audit.questions.athena import Cloud
from lakeproof.audit.questions.local import Period
from lakeproof.audit.report import Inputs, Report, ask_all, audit, tables_of
from lakeproof.target import Target, aws_target

LAUNCHED = datetime(2013, 11, 13, tzinfo=UTC)
"""CloudTrail's first day: no key and no log file is older."""
UNSEALED = (
    "integrity is not claimed: Athena reads every file in the bucket, whether or not a digest lists it "
    "(--engine duckdb verifies them)"
)


class Table(Protocol):
    """Where Athena is asked."""

    @property
    def database(self) -> str:
        """The database that holds ``cloudtrail_logs``."""

    @property
    def workgroup(self) -> str:
        """The workgroup that queries run in."""


Tables = Callable[[Target, str, bucket.Layout], AbstractContextManager[Table]]
"""Makes the table over a location (``s3://bucket/…/AWSLogs/``) of that layout, and drops it at the end."""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of an audit of a bucket."""
    parser.add_argument(
        "--engine",
        choices=("duckdb", "athena"),
        default="duckdb",
        help="of an s3:// location: copy the files and ask here, or ask Athena over the bucket (default: duckdb)",
    )
    parser.add_argument("--profile", help="AWS CLI profile to take the keys from, for an s3:// location")
    parser.add_argument("--region", help="Region of the bucket and of Athena")
    parser.add_argument("--endpoint-url", help="of the account, if it is not AWS's own")


def audit_bucket(
    chosen: argparse.Namespace, period: Period, inputs: Inputs, progress: Progress, table: Tables
) -> Report:
    """Audit the logs of a bucket. Raises ValueError, LookupError, NoLogs, botocore's errors."""
    name, prefix = bucket.parse(chosen.logs)
    target = aws_target(profile=chosen.profile, region=chosen.region, endpoint_url=chosen.endpoint_url)
    if chosen.engine == "athena":
        return _in_athena(target, name, prefix, period, inputs, table)
    if not inputs.keys:
        inputs = replace(inputs, keys=_public_keys(target, period))
    root = chosen.cache / "buckets" / name
    bucket.fetch(target.client("s3"), name, prefix, root, period.since, period.until, progress)
    inputs = replace(inputs, begins=period.since)
    folder = root / prefix
    return audit(folder if folder.is_dir() else root, period, inputs, chosen.cache, chosen.workers, progress)


def _in_athena(target: Target, name: str, prefix: str, period: Period, inputs: Inputs, table: Tables) -> Report:
    found = bucket.layout(target.client("s3"), name, prefix)
    if period.since is not None:
        found = replace(found, first_day=max(found.first_day, period.days()[0]))
    location = f"s3://{name}/{found.base}"
    with table(target, location, found) as made:
        client = target.client("athena")
        cloud = Cloud(client, made.database, made.workgroup, tables_of(inputs), period, _tell, target.poll_s)
        report = Report(f"{location} (Athena)", events=cloud.events(), notes=[UNSEALED])
        return ask_all(cloud, inputs, report, Sealing())


def _public_keys(target: Target, period: Period) -> PublicKeys:
    """CloudTrail's keys of the period and of the time around it, as the account lists them."""
    now = datetime.now(UTC)
    since = (period.since or LAUNCHED) - timedelta(days=1)
    until = min(now, (period.until or now) + timedelta(days=1))
    answer = target.client("cloudtrail").list_public_keys(StartTime=since, EndTime=max(since, until))
    return PublicKeys.of(answer["PublicKeyList"])


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(text, file=sys.stderr)
