"""Query engines outside AWS: whom Lake Formation trusts to filter, and what it hands them.

Source: developer guide, 'Application integration for full table access' and 'External data filtering': the setting
AllowExternalDataFiltering, and a session tag ``LakeFormationAuthorizedCaller`` whose value is one of
AuthorizedSessionTagValueList; or AllowFullTableExternalDataAccess for a caller who may see the whole table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError, not_implemented
from localaws.lakeformation import denials
from localaws.lakeformation.resources import own_catalog, uri_as_arn

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler
    from localaws.lakeformation.visibility import Visibility

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
    PermissionTypeMismatchException for filters that the engine does not support. Vending needs a scoped session of the
    registration's role, which this account's STS does not give yet: refused by name where AWS would vend.
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
        schema = account.lakeformation.catalog.schema(database, table)
        raise denials.location(uri_as_arn(schema.location) if schema else table)
    raise not_implemented("lakeformation", "GetTemporaryGlueTableCredentials", "does not vend credentials here")


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
