"""A pytest plugin that changes the trail, or makes one, when the plan has been made true: ``--trail-sabotage NAME``."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest

from fixtures.run import run_of
from lakeproof.plan import Plan, names
from lakeproof.target import Target
from provision.estate import Estate
from tests.signoff.runs import LIMITED, REPOSITORY

Sabotage = Callable[[Plan, Target, Estate], None]
TEMPLATE = REPOSITORY / "provision" / "log_bucket.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--trail-sabotage", choices=sorted(SABOTAGES), help="what to change after provisioning")


def pytest_lakeproof_provisioned(config: pytest.Config, plan: Plan, target: Target, estate: Estate) -> None:
    SABOTAGES[config.option.trail_sabotage](plan, target, estate)


def narrow(plan: Plan, target: Target, estate: Estate) -> None:
    """The trail forgets other Regions, signatures, reads and objects, and is stopped."""
    cloudtrail, name = target.client("cloudtrail"), plan.audit.name
    cloudtrail.update_trail(Name=name, IsMultiRegionTrail=False, EnableLogFileValidation=False)
    cloudtrail.put_event_selectors(TrailName=name, EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    cloudtrail.stop_logging(Name=name)


def forget_objects(plan: Plan, target: Target, estate: Estate) -> None:
    """The trail records management events alone."""
    selectors = [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    target.client("cloudtrail").put_event_selectors(TrailName=plan.audit.name, EventSelectors=selectors)


def hand_over(plan: Plan, target: Target, estate: Estate) -> None:
    """The log bucket's policy lets the account in, and the code in Studio may do anything with buckets and trails."""
    bucket = plan.audit.log_bucket
    account = {"AWS": f"arn:aws:iam::{target.account_id}:root"}
    document = json.loads(target.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    kept = [each for each in document["Statement"] if each["Effect"] == "Allow"]
    opened = {"Effect": "Allow", "Principal": account, "Action": "s3:*", "Resource": [f"arn:aws:s3:::{bucket}/*"]}
    policy = json.dumps({**document, "Statement": [*kept, opened]})
    target.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    planned = json.loads(plan.document(plan.execution.policy.file))
    denies = ("DenyDirectData", "DenyChangingTrails")
    statements = [each for each in planned["Statement"] if each["Sid"] not in denies]
    assert len(statements) + len(denies) == len(planned["Statement"])
    statements.append({"Effect": "Allow", "Action": ["s3:*", "cloudtrail:*"], "Resource": "*"})
    target.client("iam").create_policy_version(
        PolicyArn=estate.execution_policy_arn,
        PolicyDocument=json.dumps({**planned, "Statement": statements}),
        SetAsDefault=True,
    )


def nothing_yet(plan: Plan, target: Target, estate: Estate) -> None:
    """What ``MIDWAY`` names is done when there have been probes."""


def interrupt(plan: Plan, target: Target) -> None:
    """The trail is stopped for a moment, and started again."""
    target.client("cloudtrail").stop_logging(Name=plan.audit.name)
    target.client("cloudtrail").start_logging(Name=plan.audit.name)


def forge_a_log(plan: Plan, target: Target) -> None:
    """A log file loses its records."""
    s3, bucket = target.client("s3"), plan.audit.log_bucket
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="AWSLogs/")["Contents"]]
    key = next(key for key in keys if "/CloudTrail/" in key)
    s3.put_object(Bucket=bucket, Key=key, Body=gzip.compress(b'{"Records": []}'))


MIDWAY: dict[str, Callable[[Plan, Target], None]] = {"interrupt": interrupt, "forge-a-log": forge_a_log}


@pytest.hookimpl
def pytest_runtest_teardown(item: pytest.Item) -> None:
    midway, run = MIDWAY.get(item.config.option.trail_sabotage), run_of(item.config)
    if midway and run and item.name.startswith(f"test_person_cannot_change_the_log_bucket[{LIMITED}"):
        midway(run.resolved(), run.target())


def have_one(plan: Plan, target: Target, estate: Estate) -> None:
    """The account has the trail that the plan adopts, made by somebody else."""
    s3, cloudtrail, audit = target.client("s3"), target.client("cloudtrail"), plan.audit
    s3.create_bucket(Bucket=audit.log_bucket)
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=audit.log_bucket, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))
    arn = f"arn:aws:cloudtrail:{target.region}:{target.account_id}:trail/{audit.name}"
    values = {"bucket": audit.log_bucket, "trail_arn": arn, "account": target.account_id, "harness": estate.harness_arn}
    s3.put_bucket_policy(Bucket=audit.log_bucket, Policy=names.fill(TEMPLATE.read_text(encoding="utf-8"), values))
    cloudtrail.create_trail(
        Name=audit.name, S3BucketName=audit.log_bucket, IsMultiRegionTrail=True, EnableLogFileValidation=True
    )
    objects = [f"arn:aws:s3:::{bucket}/" for bucket in (estate.lake_bucket, estate.results_bucket)]
    resources = [{"Type": "AWS::S3::Object", "Values": objects}]
    cloudtrail.put_event_selectors(
        TrailName=audit.name, EventSelectors=[{"ReadWriteType": "All", "DataResources": resources}]
    )
    cloudtrail.start_logging(Name=audit.name)


SABOTAGES: dict[str, Sabotage] = {
    **{each.__name__.replace("_", "-"): each for each in (narrow, forget_objects, hand_over, have_one)},
    **dict.fromkeys(MIDWAY, nothing_yet),
}
