"""Where a template's text comes from: the request, an object in the account's S3, or the stack as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from localaws.call import Call
from localaws.cloudformation.document import MOST_IN_BODY, MOST_IN_S3
from localaws.cloudformation.problems import invalid
from localaws.cloudformation.work import SERVICE
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account

PATH_STYLE = re.compile(r"s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com")
VIRTUAL = re.compile(r"(.+)\.s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com")


def text(account: Account, call: Call, params: Mapping[str, Any], former: str | None = None) -> str:
    """The template that a call means, by TemplateBody, TemplateURL or UsePreviousTemplate. Raises ValidationError."""
    body, url = params.get("TemplateBody"), params.get("TemplateURL")
    if params.get("UsePreviousTemplate") and former is not None and body is None and url is None:
        return former
    if (body is None) == (url is None):
        raise invalid("Either Template URL or Template Body must be specified.")
    if body is not None:
        if len(body.encode()) > MOST_IN_BODY:
            raise invalid(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
                f"Member must have length less than or equal to {MOST_IN_BODY}"
            )
        return str(body)
    return fetched(account, call, str(url))


def fetched(account: Account, call: Call, url: str) -> str:
    """The text of an object in the account's S3, read with the caller's rights. Raises ValidationError."""
    from localaws.dispatch import perform  # every service is behind it, this one too

    bucket, key = located(call, url)
    reading = call.acting("s3", "GetObject", {"Bucket": bucket, "Key": key}, SERVICE)
    if not account.store.bucket_exists(bucket):
        raise invalid(f"S3 error: The specified bucket does not exist: {bucket}")
    try:
        found = perform(account, reading, lambda account, call: _read(account, call.params))
    except AwsError as error:
        raise invalid(f"S3 error: {error.message}\nFor more information check "
                      "http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html") from error  # fmt: skip
    content: bytes = found["Body"]
    if len(content) > MOST_IN_S3:
        raise invalid(f"Template may not exceed {MOST_IN_S3} bytes in size.")
    return content.decode("utf-8", "replace")


def _read(account: Account, params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Body": account.store.read_object(params["Bucket"], params["Key"])}


def located(call: Call, url: str) -> tuple[str, str]:
    """Bucket and key of a TemplateURL: one of S3's, or one of this account's own endpoint (path style)."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path).lstrip("/")
    virtual = VIRTUAL.fullmatch(host)
    if virtual and not PATH_STYLE.fullmatch(host):
        bucket, key = virtual.group(1), path
    elif PATH_STYLE.fullmatch(host) or parts.netloc == call.host:
        bucket, _, key = path.partition("/")
    else:
        bucket, key = "", ""
    if parts.scheme not in ("http", "https") or not bucket or not key:
        raise invalid("TemplateURL must be a supported URL.")
    return bucket, key
