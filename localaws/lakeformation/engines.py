"""Query engines outside AWS: whom Lake Formation trusts to filter, and what it hands them.

Source: developer guide, 'Application integration for full table access' and 'External data filtering': the setting
AllowExternalDataFiltering, and a session tag ``LakeFormationAuthorizedCaller`` whose value is one of
AuthorizedSessionTagValueList; or AllowFullTableExternalDataAccess for a caller who may see the whole table.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localaws.caller import Caller
from localaws.errors import AwsError, not_implemented
from localaws.lakeformation import denials
from localaws.lakeformation.resources import own_catalog, uri_as_arn
from localaws.sts.assume_role import assume
from localaws.sts.request import read

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler
    from localaws.lakeformation.model import RegisteredResource
    from localaws.lakeformation.visibility import Visibility

SERVICE = "lakeformation.amazonaws.com"
TRUSTED_TAG = "LakeFormationAuthorizedCaller"
COLUMNS, CELLS = "COLUMN_PERMISSION", "CELL_FILTER_PERMISSION"


def trusted(account: Account, call: Call) -> bool:
    """Whether the caller's session is of an engine that the settings trust to filter data."""
    settings = account.lakeformation.state.settings
    session = call.caller.session
    if not settings.allow_external_data_filtering or session is None:
        return False
    return session.tags.get(TRUSTED_TAG) in settings.authorized_session_tag_values


def require_trusted(account: Account, call: Call) -> None:
    """Raises AccessDeniedException for a caller who is not a trusted engine [text inferred]."""
    if not trusted(account, call):
        raise AwsError("AccessDeniedException", "Caller is not authorized for external data filtering.")


def require_supported(visibility: Visibility, supported: Sequence[str]) -> None:
    """Raises PermissionTypeMismatchException where the engine cannot apply the caller's filters."""
    needed = CELLS if any(cell.row_filter is not None for cell in visibility.cells) else COLUMNS
    whole = visibility.columns == visibility.all_columns and visibility.row_filter is None
    if whole and needed is COLUMNS:
        return
    if needed not in supported:
        raise AwsError("PermissionTypeMismatchException", f"The engine must support {needed} for this table.")


def authorization_id(visibility: Visibility) -> str:
    """A cryptographic handle of what was authorised: the same rights give the same id."""
    text = json.dumps([visibility.principal, visibility.database, visibility.table, repr(visibility.cells)])
    return hashlib.sha256(text.encode()).hexdigest()


def get_temporary_glue_table_credentials(account: Account, call: Call) -> Mapping[str, Any]:
    """GetTemporaryGlueTableCredentials: credentials for the table's data, for a trusted engine or a full reader.

    Raises AccessDeniedException without SELECT, from an untrusted engine, and for a location that is not registered;
    PermissionTypeMismatchException for filters that the engine does not support.
    """
    params = call.params
    database, table = _from_arn(account, params["TableArn"])
    wanted = set(params.get("Permissions") or ["SELECT"])
    visibility = account.lakeformation.visible(call.caller, database, table)
    if not visibility.visible:
        raise denials.required("DESCRIBE", table)
    for permission in sorted(wanted):
        if permission not in visibility.permissions:
            raise denials.required(permission, table)
    whole = visibility.columns == visibility.all_columns and visibility.row_filter is None
    full_access = account.lakeformation.state.settings.allow_full_table_external_data_access and whole
    if not full_access:
        require_trusted(account, call)
        require_supported(visibility, params.get("SupportedPermissionTypes") or ())
    if visibility.registered is None or not visibility.governed:
        raise denials.location(table)
    schema = account.lakeformation.catalog.schema(database, table)
    if schema is None or params.get("S3Path"):
        raise not_implemented("lakeformation", "GetTemporaryGlueTableCredentials.S3Path")
    return _vended(account, call, visibility.registered, schema.location, wanted)


def _vended(
    account: Account, call: Call, registered: RegisteredResource, location: str, permissions: set[str]
) -> dict[str, Any]:
    """A session of the registration's role, scoped down to the table's prefix and to what was asked for."""
    params: dict[str, Any] = {
        "RoleArn": registered.role_arn,
        "RoleSessionName": f"AWSLF-00-GL-{account.account_id}-{secrets.token_urlsafe(8)[:10].replace('-', '_')}",
        "DurationSeconds": call.params.get("DurationSeconds") or 3600,
        "Policy": json.dumps(_scope(uri_as_arn(location), permissions)),
    }
    service = Caller("service", account.account_id, SERVICE, SERVICE)
    assuming = replace(call.acting("sts", "AssumeRole", params, SERVICE), caller=service, invoked_by=None)
    output = assume(account, assuming, read(params))
    account.cloudtrail.record(assuming, output, None)
    credentials = output["Credentials"]
    return {**credentials, "VendedS3Path": [location]}


def _scope(arn: str, permissions: set[str]) -> dict[str, Any]:
    actions = ["s3:GetObject"]
    if permissions & {"INSERT", "DELETE", "ALL"}:
        actions += ["s3:PutObject", "s3:DeleteObject"]
    bucket, _, prefix = arn.removeprefix("arn:aws:s3:::").partition("/")
    listing: dict[str, Any] = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}}
    objects = {"Effect": "Allow", "Action": actions, "Resource": f"{arn}/*"}
    return {"Version": "2012-10-17", "Statement": [objects, listing]}


def _from_arn(account: Account, arn: str) -> tuple[str, str]:
    parts = arn.split(":", 5)
    names = parts[-1].split("/")
    if len(parts) != 6 or parts[2] != "glue" or names[0] != "table" or len(names) != 3:
        raise AwsError("InvalidInputException", f"Invalid table ARN: {arn}")
    own_catalog(parts[4], account.account_id)
    return names[1].lower(), names[2].lower()


HANDLERS: dict[str, Handler] = {
    "GetTemporaryGlueTableCredentials": get_temporary_glue_table_credentials,
}
