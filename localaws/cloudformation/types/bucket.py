"""AWS::S3::Bucket and BucketPolicy."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from localaws.cloudformation.problems import Failed
from localaws.cloudformation.work import ResourceType, Work

Properties = Mapping[str, Any]


def _encryption(value: Properties) -> dict[str, Any]:
    renamed = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    rules = [
        {renamed.get(name, name): item for name, item in rule.items()}
        for rule in value["ServerSideEncryptionConfiguration"]
    ]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _lifecycle(value: Properties) -> dict[str, Any]:
    rules = []
    for rule in value["Rules"]:
        sent = {name: item for name, item in rule.items() if name not in ("Id", "Prefix", "ExpirationInDays")}
        sent["Filter"] = {"Prefix": rule.get("Prefix", "")}
        if "Id" in rule:
            sent["ID"] = rule["Id"]
        if "ExpirationInDays" in rule:
            sent["Expiration"] = {"Days": rule["ExpirationInDays"]}
        rules.append(sent)
    return {"LifecycleConfiguration": {"Rules": rules}}


def _logging(value: Properties) -> dict[str, Any]:
    enabled = {"TargetBucket": value.get("DestinationBucketName", ""), "TargetPrefix": value.get("LogFilePrefix", "")}
    return {"BucketLoggingStatus": {"LoggingEnabled": enabled} if value else {}}


def _acl(value: str) -> dict[str, Any]:
    words = [f"-{letter.lower()}" if letter.isupper() else letter for letter in value]
    return {"ACL": "".join(words).lstrip("-")}


SETTINGS: dict[str, tuple[str, Callable[[Any], dict[str, Any]], str | None]] = {
    "OwnershipControls": (
        "PutBucketOwnershipControls",
        lambda value: {"OwnershipControls": value},
        "DeleteBucketOwnershipControls",
    ),
    "PublicAccessBlockConfiguration": (
        "PutPublicAccessBlock",
        lambda value: {"PublicAccessBlockConfiguration": value},
        "DeletePublicAccessBlock",
    ),
    "BucketEncryption": ("PutBucketEncryption", _encryption, "DeleteBucketEncryption"),
    "VersioningConfiguration": (
        "PutBucketVersioning",
        lambda value: {"VersioningConfiguration": value},
        None,
    ),
    "LifecycleConfiguration": ("PutBucketLifecycleConfiguration", _lifecycle, "DeleteBucketLifecycle"),
    "LoggingConfiguration": ("PutBucketLogging", _logging, None),
    "AccessControl": ("PutBucketAcl", _acl, None),
    "Tags": ("PutBucketTagging", lambda value: {"Tagging": {"TagSet": value}}, "DeleteBucketTagging"),
}
"""Property -> the call that sets it, its parameters, and the call that takes it away.

What has no such call goes back to what a new bucket has (``NEW``)."""

NEW: dict[str, Any] = {
    "VersioningConfiguration": {"Status": "Suspended"},
    "LoggingConfiguration": {},
    "AccessControl": "Private",
}


def _create_bucket(work: Work, wanted: Properties) -> None:
    name = work.named(wanted, 63, lower=True)
    region = work.account.region
    elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    if work.account.store.bucket_exists(name):
        raise Failed(f"Resource of type '{work.held.type}' with identifier '{name}' already exists.")
    work.call("s3", "CreateBucket", {"Bucket": name, **elsewhere})
    domain = f"{name}.s3.amazonaws.com"
    work.born(
        name,
        Arn=f"arn:aws:s3:::{name}",
        DomainName=domain,
        DualStackDomainName=f"{name}.s3.dualstack.{region}.amazonaws.com",
        RegionalDomainName=f"{name}.s3.{region}.amazonaws.com",
        WebsiteURL=f"http://{name}.s3-website-{region}.amazonaws.com",
    )
    _settle(work, {}, wanted)


def _update_bucket(work: Work, wanted: Properties) -> None:
    _settle(work, work.held.properties, wanted)


def _settle(work: Work, former: Properties, wanted: Properties) -> None:
    bucket = {"Bucket": work.held.physical_id}
    for name, (put, params, delete) in SETTINGS.items():
        if former.get(name) == wanted.get(name):
            continue
        if name in wanted:
            work.call("s3", put, {**bucket, **params(wanted[name])})
        elif delete is not None:
            work.call("s3", delete, bucket)
        else:
            work.call("s3", put, {**bucket, **params(NEW[name])})


def _delete_bucket(work: Work) -> None:
    work.remove("s3", "DeleteBucket", {"Bucket": work.held.physical_id})


def _create_policy(work: Work, wanted: Properties) -> None:
    bucket = wanted["Bucket"]
    store = work.account.store
    if store.bucket_exists(bucket) and store.bucket_policy(bucket):
        raise Failed(f"The bucket policy already exists on bucket {bucket}.")
    _put_policy(work, wanted)
    work.born(bucket)


def _put_policy(work: Work, wanted: Properties) -> None:
    policy = json.dumps(wanted["PolicyDocument"])
    work.call("s3", "PutBucketPolicy", {"Bucket": wanted["Bucket"], "Policy": policy})


def _delete_policy(work: Work) -> None:
    work.remove("s3", "DeleteBucketPolicy", {"Bucket": work.held.physical_id})


TYPES = {
    "AWS::S3::Bucket": ResourceType(_create_bucket, _update_bucket, _delete_bucket),
    "AWS::S3::BucketPolicy": ResourceType(_create_policy, _put_policy, _delete_policy),
}
