"""S3 tells of an object that is not there only to those who may list its bucket; to all others it refuses.

Source: S3 API Reference, GetObject, HeadObject, GetObjectAttributes ("If you don't have the s3:ListBucket permission,
Amazon S3 returns an HTTP status code 403"). For the source of a copy it is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.iam.lookups import FILTERS

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call
    from localaws.store import Raw

READS = frozenset({"GetObject", "GetObjectAttributes", "HeadObject"})
COPIES = frozenset({"CopyObject", "UploadPartCopy"})


def check_missing(account: Account, call: Call, raw: Raw) -> None:
    """Look at the store's answer to an authorised call. Raises AwsError AccessDenied, by s3:ListBucket, if it tells
    that an object is missing to somebody who may not list the bucket."""
    if call.service != "s3" or raw.status != 404:
        return
    bucket = call.params.get("Bucket")
    if call.operation in COPIES and b"NoSuchKey" in raw.body:
        copied = FILTERS["copied_object"](account, call, call.params["CopySource"])
        bucket = copied and copied.partition("/")[0]
    elif call.operation not in READS:
        return
    if bucket and account.store.bucket_exists(bucket):
        account.authorizer.check(call, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
