"""Where a query's result goes, and whether the caller may put it there.

Sources: Athena User Guide, "Specify a query result location" and "Override client-side settings"; texts reported by
users of live Athena ("Unable to verify/create output bucket", "Access denied when writing output to url").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.athena.catalog import ATHENA
from localaws.athena.failure import QueryFailed
from localaws.athena.files import split_uri
from localaws.athena.state import WorkGroup
from localaws.errors import AwsError, not_implemented

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call

NO_LOCATION = (
    "No output location provided. An output location is required either through the Workgroup result configuration "
    "setting or as an API input."
)


def invalid(message: str, code: str | None = None) -> AwsError:
    """InvalidRequestException, with Athena's own error code where it has one."""
    return AwsError("InvalidRequestException", message, members={"AthenaErrorCode": code} if code else {})


def managed(workgroup: WorkGroup) -> bool:
    """Whether the workgroup keeps results itself (managed query results)."""
    return bool((workgroup.configuration.get("ManagedQueryResultsConfiguration") or {}).get("Enabled"))


def result_configuration(given: dict[str, Any], workgroup: WorkGroup) -> dict[str, Any]:
    """The configuration in force: the workgroup's where it is enforced, else the client's, else the workgroup's.

    Raises InvalidRequestException where neither names a location.
    """
    own = workgroup.configuration.get("ResultConfiguration") or {}
    if workgroup.configuration.get("EnforceWorkGroupConfiguration") and own.get("OutputLocation"):
        return dict(own)
    chosen = dict(given) if given.get("OutputLocation") else {**own, **given}
    if not chosen.get("OutputLocation"):
        raise invalid(NO_LOCATION, "INVALID_INPUT")
    return chosen


def checked_location(location: str) -> tuple[str, str]:
    """Bucket and key prefix (empty, or ending with a slash) of an output location. Raises InvalidRequestException."""
    try:
        bucket, prefix = split_uri(location)
    except ValueError:
        raise invalid("outputLocation is not a valid S3 path.", "INVALID_INPUT") from None
    return bucket, prefix.rstrip("/") + "/" if prefix.rstrip("/") else ""


def check_bucket(account: Account, call: Call, bucket: str, configuration: dict[str, Any]) -> None:
    """The bucket must be there, be the expected owner's, and the caller must have s3:GetBucketLocation on it."""
    unreachable = invalid(f"Unable to verify/create output bucket {bucket}", "INVALID_INPUT")
    for option in ("EncryptionConfiguration", "AclConfiguration"):
        if configuration.get(option):
            encryption = (configuration.get("EncryptionConfiguration") or {}).get("EncryptionOption")
            if option == "EncryptionConfiguration" and encryption == "SSE_S3":
                continue
            raise not_implemented("athena", f"ResultConfiguration.{option}")
    if not account.store.bucket_exists(bucket):
        raise unreachable
    if configuration.get("ExpectedBucketOwner") not in (None, account.account_id):
        raise unreachable
    acting = call.acting("s3", "GetBucketLocation", {"Bucket": bucket}, ATHENA)
    try:
        account.authorizer.check(acting, "s3:GetBucketLocation", f"arn:aws:s3:::{bucket}")
    except AwsError as error:
        if error.status == 501:
            raise
        raise unreachable from None


def check_put(account: Account, call: Call, uri: str) -> None:
    """The caller must have s3:PutObject on the result object. Raises QueryFailed with Athena's text."""
    bucket, key = split_uri(uri)
    acting = call.acting("s3", "PutObject", {"Bucket": bucket, "Key": key}, ATHENA)
    try:
        account.authorizer.check(acting, "s3:PutObject", f"arn:aws:s3:::{bucket}/{key}")
    except AwsError as error:
        if error.status == 501:
            raise
        raise _no_writing(uri) from None


def write(account: Account, uri: str, body: bytes, content_type: str) -> None:
    """Put the result object. Raises QueryFailed where the bucket went away meanwhile."""
    bucket, key = split_uri(uri)
    try:
        account.store.write_object(bucket, key, body, content_type)
    except AwsError:
        raise _no_writing(uri) from None


def _no_writing(uri: str) -> QueryFailed:
    message = (
        f"Access denied when writing output to url: {uri} . Please ensure you are allowed to access the S3 bucket. "
        "If you are encrypting query results with KMS key, please ensure you are allowed to access your KMS key"
    )
    return QueryFailed("RESULT_LOCATION", message)
