"""Glue operations that create, change and delete databases and tables; ``changes`` checks and carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError, not_implemented
from localaws.glue import changes
from localaws.lakeformation.resources import own_catalog

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]


def create_database(account: Account, call: Call) -> Output:
    """CreateDatabase. Resource links and federated databases are refused by name."""
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    for member in ("TargetDatabase", "FederatedDatabase"):
        if params["DatabaseInput"].get(member):
            raise not_implemented("glue", f"CreateDatabase.{member}")
    changes.create_database(account, call.caller, params["DatabaseInput"], params.get("Tags"))
    return {}


def update_database(account: Account, call: Call) -> Output:
    """UpdateDatabase."""
    own_catalog(call.params.get("CatalogId"), account.account_id)
    changes.update_database(account, call.caller, call.params["Name"], call.params["DatabaseInput"])
    return {}


def delete_database(account: Account, call: Call) -> Output:
    """DeleteDatabase, with its tables."""
    own_catalog(call.params.get("CatalogId"), account.account_id)
    changes.drop_database(account, call.caller, call.params["Name"])
    return {}


def create_table(account: Account, call: Call) -> Output:
    """CreateTable. Open table formats, resource links and what else is not in TableInput are refused by name."""
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    table_input = _table_input(call)
    further = {}
    for member, value in params.items():
        if member == "PartitionIndexes":
            further[member] = value
        elif member not in ("CatalogId", "DatabaseName", "TableInput") and value not in (None, [], {}):
            raise not_implemented("glue", f"CreateTable.{member}")
    changes.create_table(account, call.caller, params["DatabaseName"], table_input, **further)
    return {}


def update_table(account: Account, call: Call) -> Output:
    """UpdateTable: a new version of the table. Renaming is refused by name."""
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    for member, value in params.items():
        known = member in ("CatalogId", "DatabaseName", "TableInput", "SkipArchive", "Force", "Name")
        if not known and value not in (None, [], {}):
            raise not_implemented("glue", f"UpdateTable.{member}")
    table_input = _table_input(call)
    if (params.get("Name") or table_input["Name"]).lower() != table_input["Name"].lower():
        raise not_implemented("glue", "UpdateTable.Name", "does not rename tables")
    changes.update_table(account, call.caller, params["DatabaseName"], table_input)
    return {}


def delete_table(account: Account, call: Call) -> Output:
    """DeleteTable."""
    own_catalog(call.params.get("CatalogId"), account.account_id)
    changes.drop_table(account, call.caller, call.params["DatabaseName"], call.params["Name"])
    return {}


def batch_delete_table(account: Account, call: Call) -> Output:
    """BatchDeleteTable: each table by itself; what was refused or missing is in ``Errors``."""
    own_catalog(call.params.get("CatalogId"), account.account_id)
    errors = []
    for name in call.params["TablesToDelete"]:
        try:
            changes.drop_table(account, call.caller, call.params["DatabaseName"], name)
        except AwsError as error:
            detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
            errors.append({"TableName": name, "ErrorDetail": detail})
    return {"Errors": errors}


def delete_table_version(account: Account, call: Call) -> Output:
    """DeleteTableVersion, with ALTER on the table [inferred]. The current version cannot be deleted."""
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    changes.drop_table_version(account, call.caller, params["DatabaseName"], params["TableName"], params["VersionId"])
    return {}


def _table_input(call: Call) -> dict[str, Any]:
    table_input = call.params.get("TableInput")
    if not table_input:
        raise AwsError("InvalidInputException", "TableInput is required.")
    for member in ("TargetTable", "FederatedTable", "ViewDefinition"):
        if table_input.get(member):
            raise not_implemented("glue", f"{call.operation}.TableInput.{member}")
    return dict(table_input)


HANDLERS: dict[str, Handler] = {
    "CreateDatabase": create_database,
    "UpdateDatabase": update_database,
    "DeleteDatabase": delete_database,
    "CreateTable": create_table,
    "UpdateTable": update_table,
    "DeleteTable": delete_table,
    "BatchDeleteTable": batch_delete_table,
    "DeleteTableVersion": delete_table_version,
}
