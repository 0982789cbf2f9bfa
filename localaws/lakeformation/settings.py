"""GetDataLakeSettings, PutDataLakeSettings and GetDataLakePrincipal. Who may call them is IAM's business alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from localaws.errors import not_implemented
from localaws.lakeformation import principals
from localaws.lakeformation.model import IAM_ALLOWED_PRINCIPALS, Settings
from localaws.lakeformation.resources import invalid, own_catalog

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
MOST_ADMINS = 30
PARAMETERS: dict[str, frozenset[str]] = {
    "CROSS_ACCOUNT_VERSION": frozenset("12345"),
    "SET_SOURCE_IDENTITY": frozenset({"TRUE", "FALSE"}),
    "SET_CONTEXT": frozenset({"TRUE", "FALSE"}),
}
IAM_ONLY = [{"Principal": {"DataLakePrincipalIdentifier": IAM_ALLOWED_PRINCIPALS}, "Permissions": ["ALL"]}]
"""The one entry that default permissions may have (API reference, DataLakeSettings)."""


def get_data_lake_settings(account: Account, call: Call) -> Output:
    """GetDataLakeSettings."""
    own_catalog(call.params.get("CatalogId"), account.account_id)
    with account.lakeformation.lock:
        settings = account.lakeformation.state.settings
    return {
        "DataLakeSettings": {
            "DataLakeAdmins": _identifiers(settings.admins),
            "ReadOnlyAdmins": _identifiers(settings.read_only_admins),
            "CreateDatabaseDefaultPermissions": IAM_ONLY if settings.iam_only_databases else [],
            "CreateTableDefaultPermissions": IAM_ONLY if settings.iam_only_tables else [],
            "Parameters": dict(settings.parameters),
            "TrustedResourceOwners": list(settings.trusted_resource_owners),
            "AllowExternalDataFiltering": settings.allow_external_data_filtering,
            "AllowFullTableExternalDataAccess": settings.allow_full_table_external_data_access,
            "ExternalDataFilteringAllowList": _identifiers(settings.external_data_filtering_allow_list),
            "AuthorizedSessionTagValueList": list(settings.authorized_session_tag_values),
        }
    }


def put_data_lake_settings(account: Account, call: Call) -> Output:
    """PutDataLakeSettings replaces all settings; what is not given becomes empty.

    A missing ``Parameters`` entry keeps its value [inferred]. Raises InvalidInputException for a principal that does
    not exist, more than 30 administrators, a default permission that is not ALL to IAM_ALLOWED_PRINCIPALS, or an
    unknown parameter.
    """
    own_catalog(call.params.get("CatalogId"), account.account_id)
    given = call.params["DataLakeSettings"]
    if given.get("ExternalDataFilteringAllowList"):
        for one in given["ExternalDataFilteringAllowList"]:
            if one.get("DataLakePrincipalIdentifier") != account.account_id:
                raise not_implemented("lakeformation", "ExternalDataFilteringAllowList", "serves no other account")
    admins = _principals(account, given.get("DataLakeAdmins"))
    if len(admins) > MOST_ADMINS:
        raise invalid(f"There can be at most {MOST_ADMINS} data lake administrators.")
    lakeformation = account.lakeformation
    with lakeformation.lock:
        parameters = {**lakeformation.state.settings.parameters, **_parameters(given.get("Parameters"))}
        lakeformation.state.settings = Settings(
            admins=admins,
            read_only_admins=_principals(account, given.get("ReadOnlyAdmins")),
            iam_only_databases=is_iam_only(given.get("CreateDatabaseDefaultPermissions")),
            iam_only_tables=is_iam_only(given.get("CreateTableDefaultPermissions")),
            parameters=parameters,
            trusted_resource_owners=tuple(given.get("TrustedResourceOwners") or ()),
            allow_external_data_filtering=bool(given.get("AllowExternalDataFiltering")),
            allow_full_table_external_data_access=bool(given.get("AllowFullTableExternalDataAccess")),
            external_data_filtering_allow_list=tuple(
                one["DataLakePrincipalIdentifier"] for one in given.get("ExternalDataFilteringAllowList") or ()
            ),
            authorized_session_tag_values=tuple(given.get("AuthorizedSessionTagValueList") or ()),
        )
        lakeformation.changed()
    return {}


def get_data_lake_principal(account: Account, call: Call) -> Output:
    """GetDataLakePrincipal: the principal that grants must name to reach the caller, a role's own ARN [inferred]."""
    return {"Identity": call.caller.principal_arn}


def is_iam_only(entries: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether default permissions give ``Super`` to IAM_ALLOWED_PRINCIPALS. Raises for anything but that or none."""
    if not entries:
        return False
    first = entries[0]
    holder = (first.get("Principal") or {}).get("DataLakePrincipalIdentifier")
    if len(entries) == 1 and holder == IAM_ALLOWED_PRINCIPALS:
        permissions = list(first.get("Permissions") or ())
        if permissions == ["ALL"]:
            return True
        if not permissions:
            return False
    raise invalid("Default permissions may only be empty or grant ALL to IAM_ALLOWED_PRINCIPALS.")


def _parameters(given: Mapping[str, str] | None) -> dict[str, str]:
    for key, value in (given or {}).items():
        if value not in PARAMETERS.get(key, frozenset()):
            raise invalid(f"Invalid value for data lake parameter {key}: {value}")
    return dict(given or {})


def _principals(account: Account, given: Sequence[Mapping[str, str]] | None) -> tuple[str, ...]:
    found = [principals.existing(account, one.get("DataLakePrincipalIdentifier")) for one in given or ()]
    if any(not principal.startswith("arn:") for principal in found):
        raise invalid("Data lake administrators must be IAM users or roles.")
    return tuple(dict.fromkeys(found))


def _identifiers(found: Sequence[str]) -> list[dict[str, str]]:
    return [{"DataLakePrincipalIdentifier": principal} for principal in found]


HANDLERS: dict[str, Handler] = {
    "GetDataLakeSettings": get_data_lake_settings,
    "PutDataLakeSettings": put_data_lake_settings,
    "GetDataLakePrincipal": get_data_lake_principal,
}
