"""The audit trail of a run: its log bucket, which nobody but CloudTrail and the harness reaches, and the trail itself.

It is made before all else, so that it sees the rest being made, and goes first: what it has still to deliver arrives
before its bucket is emptied. Sources: CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail", "Logging data
events"; IAM user guide, "AWS global condition context keys" (aws:PrincipalIsAWSService).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from botocore.exceptions import ClientError

from lakeproof.inventory.pages import listed
from lakeproof.plan import Plan, names
from provision.estate import TrailEstate
from provision.journal import Entry
from provision.lake import make_bucket
from provision.site import Kind, Site, absent, gone_is_fine

DECOY = "lakeproof-decoy"
"""What the names of the trails and of the bucket begin with that scenarios try to stop, redirect and delete."""
DECOY_FILE = "decoys/nothing.json"
"""A file in the log bucket of a run that is no log: what scenarios try to read and delete."""


def make_trail(site: Site, plan: Plan) -> TrailEstate | None:
    """What the plan says: a trail of this run's own, or nothing but decoys beside an adopted one, or nothing at all.

    Raises ProvisionError when the name of a bucket or of the trail is somebody else's.
    """
    audit = plan.audit
    if not audit.has_trail:
        site.progress("trail: none, CloudTrail's event history alone")
        return None
    if audit.trail == "create":
        site.progress(f"trail: {audit.name}, its log files in {audit.log_bucket}")
        _make_log_bucket(site, audit.log_bucket, trail_arn(site, audit.name))
        site.make(TRAIL, audit.name, lambda: _create(site, plan))
    else:
        site.progress(f"trail: {audit.name} of the account is adopted, and nothing of it is changed")
    place = site.target
    decoys = f"{DECOY}-{place.account_id}-{place.region}-{site.run_id}"
    _make_log_bucket(site, decoys, trail_arn(site, f"{decoy_prefix(site)}*"))
    site.make(DECOYS, decoy_prefix(site), lambda: None)
    return TrailEstate(
        name=audit.name,
        log_bucket=audit.log_bucket,
        created=audit.trail == "create",
        decoy_prefix=decoy_prefix(site),
        decoy_bucket=decoys,
    )


def decoy_prefix(site: Site) -> str:
    """What the names of this run's decoy trails begin with."""
    return f"{DECOY}-{site.run_id}-"


def trail_arn(site: Site, name: str) -> str:
    """A trail's ARN (Service Authorization Reference, CloudTrail)."""
    return f"arn:aws:cloudtrail:{site.target.region}:{site.target.account_id}:trail/{name}"


def _make_log_bucket(site: Site, bucket: str, arn: str) -> None:
    """A bucket that one trail writes to and nobody but the harness and the account's root user touches."""
    make_bucket(site, bucket)
    template = files("provision").joinpath("log_bucket.json").read_text(encoding="utf-8")
    account, harness = site.target.account_id, site.journal.header.harness_arn
    values = {"bucket": bucket, "trail_arn": arn, "account": account, "harness": harness}
    s3 = site.client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=names.fill(template, values), ExpectedBucketOwner=account)
    s3.put_object(Bucket=bucket, Key=DECOY_FILE, Body=b"{}", ExpectedBucketOwner=account)


def _create(site: Site, plan: Plan) -> None:
    """The trail, what it records, and its start. A policy that was just put may not be known yet: patience."""
    cloudtrail, name = site.client("cloudtrail"), plan.audit.name
    site.patiently(
        ("InsufficientS3BucketPolicyException",),
        cloudtrail.create_trail,
        Name=name,
        S3BucketName=plan.audit.log_bucket,
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        TagsList=site.tags(),
    )
    cloudtrail.put_event_selectors(TrailName=name, AdvancedEventSelectors=selectors(plan))
    cloudtrail.start_logging(Name=name)


def selectors(plan: Plan) -> list[dict[str, Any]]:
    """All management events, and the S3 data events of lake and results; the log bucket's own would have no end."""
    data = [f"arn:aws:s3:::{bucket}/" for bucket in (plan.dataset.bucket, plan.results.bucket)]
    return [
        {
            "Name": "management events",
            "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
        },
        {
            "Name": "objects of lake and results",
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Data"]},
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                {"Field": "resources.ARN", "StartsWith": data},
            ],
        },
    ]


def trails(site: Site) -> Iterator[dict[str, Any]]:
    """Every trail that the account lists in this Region: Name, TrailARN, HomeRegion."""
    return listed(site.client("cloudtrail"), "list_trails", "Trails")


def tags(site: Site, arn: str) -> list[dict[str, str]]:
    """A trail's tags; none for one that is gone or that another account owns."""
    try:
        found = site.client("cloudtrail").list_tags(ResourceIdList=[arn])["ResourceTagList"]
    except ClientError as error:
        if not absent(error):
            raise
        return []
    return [tag for each in found for tag in each.get("TagsList", ())]


def _remove(site: Site, entry: Entry) -> None:
    gone_is_fine(site.client("cloudtrail").delete_trail, Name=entry.id)


def _owned(site: Site, entry: Entry) -> bool:
    return site.ours(tags(site, trail_arn(site, entry.id)))


def _remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    there = {trail["Name"] for trail in trails(site)}
    return (entry for entry in entries if entry.id in there)


def _remove_decoys(site: Site, entry: Entry) -> None:
    for trail in list(trails(site)):
        if trail["Name"].startswith(entry.id):
            gone_is_fine(site.client("cloudtrail").delete_trail, Name=trail["Name"])


def _decoys_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    there = [trail["Name"] for trail in trails(site)]
    return (entry for entry in entries if any(name.startswith(entry.id) for name in there))


TRAIL = Kind("trail", 90, _remove, _remaining, _owned)
DECOYS = Kind("decoy trails", 91, _remove_decoys, _decoys_remaining)
KINDS = (TRAIL, DECOYS)
