"""What a new database or table is born with: the creator's rights and the default permissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.lakeformation.grants import grant_of
from localaws.lakeformation.model import (
    DATABASE_PERMISSIONS,
    IAM_ALLOWED_PRINCIPALS,
    TABLE_PERMISSIONS,
    database_resource,
    table_resource,
)
from localaws.lakeformation.settings import IAM_ONLY, is_iam_only

if TYPE_CHECKING:
    from localaws.account import Account


def database_with_defaults(account: Account, database_input: Mapping[str, Any]) -> dict[str, Any]:
    """DatabaseInput as stored: name in lower case, and the default permissions for its tables.

    Those that the request does not give come from the data lake settings of this moment [inferred]; later changes of
    the settings do not reach an existing database.
    """
    stored = {**database_input, "Name": database_input["Name"].lower()}
    given = stored.get("CreateTableDefaultPermissions")
    iam_only = account.lakeformation.state.settings.iam_only_tables if given is None else is_iam_only(given)
    stored["CreateTableDefaultPermissions"] = IAM_ONLY if iam_only else []
    return stored


def database_born(account: Account, creator: str, database: str) -> None:
    """Grant the creator everything on the new database, and IAM_ALLOWED_PRINCIPALS ``Super`` if so set."""
    state, now = account.lakeformation.state, account.clock.now()
    resource = database_resource(database)
    state.grants.add(grant_of(creator, resource, DATABASE_PERMISSIONS, DATABASE_PERMISSIONS, now, creator))
    if state.settings.iam_only_databases:
        state.grants.add(grant_of(IAM_ALLOWED_PRINCIPALS, resource, {"ALL"}, (), now, creator))


def table_born(account: Account, creator: str, database: str, table: str) -> None:
    """Grant the creator everything on the new table, and IAM_ALLOWED_PRINCIPALS ``Super`` if the database says so."""
    state, now = account.lakeformation.state, account.clock.now()
    resource = table_resource(database, table)
    state.grants.add(grant_of(creator, resource, TABLE_PERMISSIONS, TABLE_PERMISSIONS, now, creator))
    document = account.lakeformation.catalog.database(database) or {}
    if is_iam_only(document.get("CreateTableDefaultPermissions")):
        state.grants.add(grant_of(IAM_ALLOWED_PRINCIPALS, resource, {"ALL"}, (), now, creator))
