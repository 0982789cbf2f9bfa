"""CloudTrail's own hand in S3: what the service principal may do with a trail's bucket, and writing there.

Source: CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail" (GetBucketAcl on the bucket, PutObject with
``bucket-owner-full-control`` below ``AWSLogs/``, both with the trail as ``aws:SourceArn``).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.caller import Caller
from localaws.cloudtrail.trails import Trail
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account

SERVICE = "cloudtrail.amazonaws.com"
ACL = "bucket-owner-full-control"
SERVICE_KEYS = ("aws:SourceArn", "aws:SourceAccount")


def check_bucket(account: Account, trail: Trail) -> None:
    """Raises S3BucketDoesNotExistException, InsufficientS3BucketPolicyException."""
    if not account.store.bucket_exists(trail.bucket):
        raise AwsError("S3BucketDoesNotExistException", f"S3 bucket {trail.bucket} does not exist!")
    try:
        _ask(account, trail, "GetBucketAcl", None)
        for folder in ("CloudTrail", *(("CloudTrail-Digest",) if trail.validation else ())):
            _ask(account, trail, "PutObject", f"{trail.folder}{account.account_id}/{folder}/")
    except AwsError as error:
        if error.status == 501:
            raise
        message = f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket}"
        raise AwsError("InsufficientS3BucketPolicyException", message) from None


def put(account: Account, trail: Trail, key: str, body: bytes, metadata: Mapping[str, str]) -> Call:
    """Write one file as CloudTrail does. Returns the call that it was. Raises AwsError: AccessDenied, NoSuchBucket."""
    if not account.store.bucket_exists(trail.bucket):
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404, {"BucketName": trail.bucket})
    call = _ask(account, trail, "PutObject", key)
    account.store.write_object(trail.bucket, key, body, "application/json", metadata, encoding="gzip")
    return call


def _ask(account: Account, trail: Trail, operation: str, key: str | None) -> Call:
    """The service's call, if the bucket's policy allows it. Raises AwsError."""
    params: dict[str, Any] = {"Bucket": trail.bucket}
    resource = f"arn:aws:s3:::{trail.bucket}"
    if key is not None:
        params.update(Key=key, ACL=ACL)
        resource += f"/{key}"
    call = Call(
        caller=Caller("service", account.account_id, SERVICE, SERVICE),
        service="s3",
        operation=operation,
        params=params,
        region=account.region,
        time=account.clock.now(),
        request_id=str(uuid.uuid4()),
        source_ip=SERVICE,
        user_agent=SERVICE,
    )
    given = dict(zip(SERVICE_KEYS, (trail.arn, account.account_id), strict=True))
    account.authorizer.check(call, f"s3:{operation}", resource, given)
    return call
