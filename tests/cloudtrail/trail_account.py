"""A trail on a running account: made, looked at, and validated by the AWS CLI."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.conftest import Embedded

NAME = "audit"


def bucket_policy(account: Embedded, bucket: str, name: str = NAME, prefix: str = "") -> str:
    """The policy that AWS documents for a trail's bucket."""
    arn = f"arn:aws:cloudtrail:{account.region}:{account.account_id}:trail/{name}"
    folder = f"{prefix}/AWSLogs" if prefix else "AWSLogs"
    service = {"Service": "cloudtrail.amazonaws.com"}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "s3:GetBucketAcl",
                    "Resource": f"arn:aws:s3:::{bucket}",
                    "Condition": {"StringEquals": {"aws:SourceArn": arn}},
                },
                {
                    "Effect": "Allow",
                    "Principal": service,
                    "Action": "s3:PutObject",
                    "Resource": f"arn:aws:s3:::{bucket}/{folder}/{account.account_id}/*",
                    "Condition": {
                        "StringEquals": {
                            "s3:x-amz-acl": "bucket-owner-full-control",
                            "aws:SourceArn": arn,
                            "aws:SourceAccount": account.account_id,
                        }
                    },
                },
            ],
        }
    )


def make_bucket(account: Embedded, bucket: str, **policy: str) -> str:
    """A bucket that CloudTrail may write to."""
    s3 = account.client("s3")
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": account.region}}
    s3.create_bucket(Bucket=bucket, **({} if account.region == "us-east-1" else elsewhere))
    s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(account, bucket, **policy))
    return bucket


def make_trail(account: Embedded, bucket: str, name: str = NAME, **settings: Any) -> str:
    """A logging multi-Region trail with log file validation. Returns its ARN."""
    cloudtrail = account.client("cloudtrail")
    settings = {"IsMultiRegionTrail": True, "EnableLogFileValidation": True, **settings}
    arn: str = cloudtrail.create_trail(Name=name, S3BucketName=bucket, **settings)["TrailARN"]
    cloudtrail.start_logging(Name=arn)
    return arn


@dataclass(frozen=True)
class Files:
    """What lies in a trail's bucket."""

    account: Embedded
    bucket: str

    def listed(self, kind: str = "CloudTrail") -> list[str]:
        """Keys of log files ("CloudTrail") or digests ("CloudTrail-Digest"), in their order."""
        pages = self.account.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []) if f"/{kind}/" in item["Key"])

    def document(self, key: str) -> dict[str, Any]:
        """The content of a file."""
        body = self.account.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        found: dict[str, Any] = json.loads(gzip.decompress(body))
        return found

    def records(self) -> list[dict[str, Any]]:
        """Every event of every log file."""
        return [record for key in self.listed() for record in self.document(key)["Records"]]


def names(records: list[dict[str, Any]]) -> list[str]:
    """The names of events."""
    return [record["eventName"] for record in records]


def now(account: Embedded) -> datetime:
    """The account's time."""
    return datetime.fromisoformat(account.control("clock")[1]["now"])


def validate_logs(account: Embedded, arn: str, *, since: datetime) -> tuple[int, str]:
    """``aws cloudtrail validate-logs`` up to the account's time: its exit code and what it says."""
    end = now(account).strftime("%Y-%m-%dT%H:%M:%SZ")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "awscli", "cloudtrail", "validate-logs", "--verbose"),
            *("--trail-arn", arn, "--start-time", since.strftime("%Y-%m-%dT%H:%M:%SZ"), "--end-time", end),
        ],
        env=account.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
