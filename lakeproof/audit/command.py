"""``lakeproof audit LOGS``: what CloudTrail logs tell about who read what, and whether they are whole."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lakeproof.audit import executions, remote
from lakeproof.audit.formats import FORMATS
from lakeproof.audit.integrity.digests import PublicKeys
from lakeproof.audit.logs.copy import Progress as Tell
from lakeproof.audit.logs.folder import NoLogs
from lakeproof.audit.questions.local import Period
from lakeproof.audit.report import Inputs, audit
from lakeproof.plan import PlanError, load

FINE, FINDINGS, USAGE = 0, 1, 2
CACHE = Path(".lakeproof/audit")


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("logs", metavar="LOGS", help="folder, one file, or s3://BUCKET/PREFIX of CloudTrail log files")
    parser.add_argument("--since", metavar="TIME", help="events from this day or time on (ISO 8601, UTC)")
    parser.add_argument("--until", metavar="TIME", help="events up to this time, or to the end of this day")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="the plan that says which role is whose")
    parser.add_argument("--format", choices=sorted(FORMATS), default="text")
    parser.add_argument(
        "--queries", type=Path, metavar="FILE", help="answers of athena get-query-execution, or a run's ledger.jsonl"
    )
    parser.add_argument("--public-keys", type=Path, metavar="FILE", help="answer of cloudtrail list-public-keys")
    parser.add_argument(
        "--latest-digest", metavar="TIME", help="LatestDigestDeliveryTime of cloudtrail get-trail-status"
    )
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help=f"the Parquet copy (default: {CACHE})")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one for each core)")
    remote.options(parser)


def run(chosen: argparse.Namespace, table: remote.Tables) -> int:
    """Audit, print the report. Returns 0, 1 with findings, 2 if something that was named cannot be used.

    ``table`` makes what ``--engine athena`` asks, and takes it away again.
    """
    try:
        period = Period(_time(chosen.since, last=False), _time(chosen.until, last=True))
        if period.since and period.until and period.since > period.until:
            raise ValueError(f"the period is empty: --since {chosen.since} is after --until {chosen.until}")
        inputs = Inputs(
            plan=load(chosen.plan) if chosen.plan else None,
            executions=tuple(executions.read(chosen.queries)) if chosen.queries else (),
            keys=PublicKeys.file(chosen.public_keys) if chosen.public_keys else PublicKeys({}),
            latest_digest=_time(chosen.latest_digest, last=False),
        )
        with _progress() as tell:
            if chosen.logs.startswith("s3:"):
                report = remote.audit_bucket(chosen, period, inputs, tell, table)
            else:
                report = audit(Path(chosen.logs), period, inputs, chosen.cache, chosen.workers, tell)
    except (NoLogs, PlanError, ClientError, BotoCoreError, ValueError, LookupError, OSError) as error:
        print(f"lakeproof audit: {error}", file=sys.stderr)
        return USAGE
    sys.stdout.write(FORMATS[chosen.format](report))
    return FINDINGS if report.found else FINE


def _time(text: str | None, last: bool) -> datetime | None:
    """A time, UTC unless it says otherwise; a day is its beginning, or its last second. Raises ValueError."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no ISO 8601 time, such as 2026-11-24 or 2026-11-24T12:00:00Z") from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    only_day = len(text) <= len("2026-11-24")
    return found + timedelta(days=1, seconds=-1) if last and only_day and found.time() == time() else found


@contextmanager
def _progress() -> Iterator[Tell]:
    """A bar on standard error, where there is a terminal."""
    console = Console(stderr=True)
    parts = (TextColumn("reading logs"), BarColumn(), MofNCompleteColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*parts, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("logs", total=None)
        yield lambda files, size: bar.advance(task, size)
