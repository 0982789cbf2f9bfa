"""What Athena needs to read a log bucket, made for one audit and dropped after it: table, database, workgroup, results.

The table is the one that AWS publishes for partition projection, with each account and Region as a partition beside the
day (Athena User Guide, "Create a table for CloudTrail logs in Athena using partition projection"). Nobody but its maker
holds a right on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from lakeproof.target import Target
from provision.create import harness_arn
from provision.destroy import undo
from provision.journal import Journal, RunHeader, new_run_id
from provision.lake import DATABASE, make_bucket
from provision.results import WORKGROUP
from provision.site import Progress, ProvisionError, Site, unheard

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class LogTable:
    """Where to ask: the table ``cloudtrail_logs`` of a database, in a workgroup of its own."""

    database: str
    workgroup: str


@contextmanager
def log_table(
    target: Target,
    location: str,
    accounts: Sequence[str],
    regions: Sequence[str],
    first_day: str,
    runs: Path,
    progress: Progress,
) -> Iterator[LogTable]:
    """The table over ``location`` (``s3://bucket/prefix/AWSLogs/``), days from ``first_day`` (``2026/11/24``) on.

    Its journal lies below ``runs``; ``lakeproof destroy`` undoes it where this process could not. Raises ProvisionError
    when something cannot be made, or is left afterwards, and ClientError.
    """
    site = _site(target, runs, progress)
    try:
        yield _made(site, location, accounts, regions, first_day)
    finally:
        left = undo(site)
    if left:
        what = "; ".join(map(str, left))
        raise ProvisionError(f"what the audit made is still there: {what}. Run 'lakeproof destroy {site.run_id}'")


def _made(site: Site, location: str, accounts: Sequence[str], regions: Sequence[str], first_day: str) -> LogTable:
    run, account = site.run_id, site.target.account_id
    named = LogTable(f"lakeproof_audit_{run}", f"lakeproof-audit-{run}")
    results = f"lakeproof-audit-{account}-{site.target.region}-{run}"
    make_bucket(site, results)
    output = {"OutputLocation": f"s3://{results}/", "ExpectedBucketOwner": account}
    site.make(
        WORKGROUP,
        named.workgroup,
        unheard(
            site.client("athena").create_work_group,
            Name=named.workgroup,
            Description="One audit of a log bucket, made by Lakeproof",
            Tags=site.tags(),
            Configuration={
                "EnforceWorkGroupConfiguration": True,
                "PublishCloudWatchMetricsEnabled": False,
                "ResultConfiguration": output,
            },
        ),
    )
    glue = site.client("glue")
    database = {"Name": named.database, "Parameters": site.tag_map, "CreateTableDefaultPermissions": []}
    site.make(DATABASE, named.database, unheard(glue.create_database, DatabaseInput=database, Tags=site.tag_map))
    glue.create_table(DatabaseName=named.database, TableInput=table_input(location, accounts, regions, first_day))
    return named


def table_input(location: str, accounts: Sequence[str], regions: Sequence[str], first_day: str) -> dict[str, Any]:
    """Glue's TableInput of ``cloudtrail_logs`` over a location that ends with ``AWSLogs/``."""
    table: dict[str, Any] = json.loads(files("provision").joinpath("log_table.json").read_text(encoding="utf-8"))
    table["StorageDescriptor"]["Location"] = location
    table["Parameters"] |= {
        "projection.account.values": ",".join(accounts),
        "projection.region.values": ",".join(regions),
        "projection.timestamp.range": f"{first_day},NOW",
        "storage.location.template": f"{location}${{account}}/CloudTrail/${{region}}/${{timestamp}}",
    }
    return table


def _site(target: Target, runs: Path, progress: Progress) -> Site:
    now = datetime.now(UTC).replace(microsecond=0)
    run_id = new_run_id()
    header = RunHeader(
        run_id=run_id,
        plan="audit",
        plan_sha256="",
        account_id=target.account_id,
        region=target.region,
        endpoint_url=target.endpoint_url,
        profile=target.profile,
        harness_arn=harness_arn(target),
        external_id="",
        started=now.isoformat().replace("+00:00", "Z"),
        expires=(now + LIFETIME).isoformat().replace("+00:00", "Z"),
    )
    return Site(target, Journal.start(runs / run_id, header), progress)
