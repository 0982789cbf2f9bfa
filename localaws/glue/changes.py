"""Changes of the Data Catalog, each with Lake Formation's check, its default permissions and its creator's rights.

Sources (Lake Formation developer guide): 'Implicit Lake Formation permissions' (creators hold all permissions, with
the grant option), 'Changing the default settings' (default permissions), 'Hybrid access mode' (creating tables and
partitions and updating tables is always checked), 'Lake Formation permissions reference' (CREATE_DATABASE,
CREATE_TABLE, ALTER, DROP). That partitions may be added with ALTER or INSERT, and dropped with ALTER or DELETE, is
inferred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError
from localaws.glue.defaults import database_born, database_with_defaults, table_born
from localaws.glue.placing import (
    check_columns,
    check_form,
    check_location,
    check_move,
    check_partition,
    check_projection,
    check_values,
    leave,
    location_of,
)
from localaws.lakeformation import denials
from localaws.lakeformation.model import CATALOG, database_resource, table_resource
from localaws.lakeformation.service import principal_of

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.caller import Caller

Document = Mapping[str, Any]


def create_database(
    account: Account, who: Caller | str, database_input: Document, tags: Mapping[str, str] | None = None
) -> None:
    """Create a database. ``database_input`` is Glue's DatabaseInput.

    Needs CREATE_DATABASE on the catalog and the right to a registered location. Raises AlreadyExistsException.
    """
    lakeformation = account.lakeformation
    with lakeformation.lock:
        lakeformation.require(who, "CREATE_DATABASE", CATALOG)
        stored = database_with_defaults(account, database_input)
        check_location(account, who, stored.get("LocationUri"), None)
        params: dict[str, Any] = {"DatabaseInput": stored}
        if tags:
            params["Tags"] = dict(tags)
        account.store.invoke("glue", "CreateDatabase", params)
        lakeformation.catalog.forget(stored["Name"])
        database_born(account, principal_of(who), stored["Name"])
        lakeformation.changed()


def update_database(account: Account, who: Caller | str, name: str, database_input: Document) -> None:
    """Replace a database's properties. Needs ALTER. Default permissions that are not given stay [inferred]."""
    lakeformation = account.lakeformation
    name = name.lower()
    with lakeformation.lock:
        former = _existing_database(account, who, name, "ALTER")
        stored = {**database_input, "Name": database_input["Name"].lower()}
        if stored["Name"] != name:
            raise AwsError("InvalidInputException", "Database name cannot be changed.")
        stored.setdefault("CreateTableDefaultPermissions", former.get("CreateTableDefaultPermissions") or [])
        check_form(stored.get("LocationUri"))
        if stored.get("LocationUri") != former.get("LocationUri"):
            check_location(account, who, stored.get("LocationUri"), None)
        account.store.invoke("glue", "UpdateDatabase", {"Name": name, "DatabaseInput": stored})
        lakeformation.catalog.forget(name)
        lakeformation.changed()


def drop_database(account: Account, who: Caller | str, name: str) -> None:
    """Delete a database with its tables, and everything granted on them. Needs DROP."""
    lakeformation = account.lakeformation
    name = name.lower()
    with lakeformation.lock:
        _existing_database(account, who, name, "DROP")
        account.store.invoke("glue", "DeleteDatabase", {"Name": name})
        lakeformation.catalog.forget(name)
        lakeformation.state.forget_database(name)
        lakeformation.changed()


def create_table(account: Account, who: Caller | str, database: str, table_input: Document, **further: Any) -> None:
    """Create a table. ``table_input`` is Glue's TableInput; ``further`` are further members of CreateTable.

    Needs CREATE_TABLE on the database and the right to a registered location. Raises AlreadyExistsException.
    """
    lakeformation = account.lakeformation
    database = database.lower()
    with lakeformation.lock:
        _existing_database(account, who, database, "CREATE_TABLE")
        stored = _folded(table_input)
        check_location(account, who, location_of(stored), database)
        account.store.invoke("glue", "CreateTable", {"DatabaseName": database, "TableInput": stored, **further})
        lakeformation.catalog.forget(database, stored["Name"])
        lakeformation.state.creators[(database, stored["Name"])] = who if isinstance(who, str) else who.arn
        table_born(account, principal_of(who), database, stored["Name"])
        lakeformation.changed()


def update_table(account: Account, who: Caller | str, database: str, table_input: Document) -> None:
    """Replace a table's definition. Needs ALTER; ``check_move`` says what another location needs.

    Columns that data cells filters name are an administrator's to change, and so is the partition projection of a table
    with row filters.
    """
    lakeformation = account.lakeformation
    database = database.lower()
    stored = _folded(table_input)
    with lakeformation.lock:
        former = _existing_table(account, who, database, stored["Name"], "ALTER")
        check_columns(account, who, former, stored)
        check_projection(account, who, former, stored)
        check_move(account, who, former, stored)
        account.store.invoke("glue", "UpdateTable", {"DatabaseName": database, "TableInput": stored})
        lakeformation.catalog.forget(database, stored["Name"])
        lakeformation.changed()


def drop_table(account: Account, who: Caller | str, database: str, name: str) -> None:
    """Delete a table and everything granted on it. Needs DROP."""
    lakeformation = account.lakeformation
    database, name = database.lower(), name.lower()
    with lakeformation.lock:
        _existing_table(account, who, database, name, "DROP")
        account.store.invoke("glue", "DeleteTable", {"DatabaseName": database, "Name": name})
        lakeformation.catalog.forget(database, name)
        lakeformation.state.forget_table(database, name)
        lakeformation.changed()


def drop_table_version(account: Account, who: Caller | str, database: str, name: str, version: str) -> None:
    """Delete an older version of a table. Needs ALTER [inferred]. Raises EntityNotFoundException."""
    lakeformation = account.lakeformation
    named = {"DatabaseName": database.lower(), "TableName": name.lower()}
    with lakeformation.lock:
        current = _existing_table(account, who, database.lower(), name.lower(), "ALTER")
        if current.get("VersionId") == version:
            raise AwsError("InvalidInputException", "The current version of a table cannot be deleted.")
        stored = account.store.invoke("glue", "GetTableVersions", named)["TableVersions"]
        if version not in {one["VersionId"] for one in stored}:
            raise AwsError("EntityNotFoundException", f"Version {version} not found.")
        account.store.invoke("glue", "DeleteTableVersion", {**named, "VersionId": version})


def add_partitions(
    account: Account, who: Caller | str, database: str, table: str, partition_inputs: Sequence[Document]
) -> list[dict[str, Any]]:
    """Add partitions; answers BatchCreatePartition's ``Errors`` (partitions that exist already).

    Needs ALTER or INSERT on the table, and the right to each registered location outside the table's own.
    """
    lakeformation = account.lakeformation
    database, table = database.lower(), table.lower()
    with lakeformation.lock:
        document = _existing_table(account, who, database, table, "ALTER", "INSERT")
        keys = len(document.get("PartitionKeys") or ())
        beside = list(lakeformation.catalog.partitions(database, table))
        for partition in partition_inputs:
            if len(partition.get("Values") or ()) != keys:
                raise AwsError(
                    "InvalidInputException",
                    "The number of partition keys do not match the number of partition values",
                )
            same = [str(value) for value in partition["Values"]]
            check_partition(account, who, document, partition, [one for one in beside if one["Values"] != same])
            beside.append(partition)
        params = {"DatabaseName": database, "TableName": table, "PartitionInputList": list(partition_inputs)}
        errors: list[dict[str, Any]] = account.store.invoke("glue", "BatchCreatePartition", params).get("Errors", [])
        lakeformation.catalog.forget_partitions(database, table)
        return errors


def update_partition(
    account: Account, who: Caller | str, database: str, table: str, values: Sequence[str], partition: Document
) -> None:
    """Replace one partition's definition. Needs ALTER on the table, and the right to its location.

    Where the table has data cells filters, only an administrator may give it other values [our rule].
    """
    lakeformation = account.lakeformation
    database, table = database.lower(), table.lower()
    with lakeformation.lock:
        document = _existing_table(account, who, database, table, "ALTER")
        check_values(account, who, document, values, partition)
        every = lakeformation.catalog.partitions(database, table)
        beside = [one for one in every if one["Values"] != list(values)]
        former = next((one for one in every if one["Values"] == list(values)), None)
        check_partition(account, who, document, {"Values": list(values), **partition}, beside, former)
        params = {
            "DatabaseName": database,
            "TableName": table,
            "PartitionValueList": list(values),
            "PartitionInput": partition,
        }
        account.store.invoke("glue", "UpdatePartition", params)
        if former is not None and location_of(former) != location_of(partition):
            leave(account, document, [former])
        lakeformation.catalog.forget_partitions(database, table)


def drop_partitions(
    account: Account, who: Caller | str, database: str, table: str, values: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """Drop partitions by their values; answers BatchDeletePartition's ``Errors``. Needs ALTER or DELETE."""
    lakeformation = account.lakeformation
    database, table = database.lower(), table.lower()
    with lakeformation.lock:
        document = _existing_table(account, who, database, table, "ALTER", "DELETE")
        listed = [{"Values": list(one)} for one in values]
        gone = [one for one in lakeformation.catalog.partitions(database, table) if {"Values": one["Values"]} in listed]
        params = {"DatabaseName": database, "TableName": table, "PartitionsToDelete": listed}
        errors: list[dict[str, Any]] = account.store.invoke("glue", "BatchDeletePartition", params).get("Errors", [])
        leave(account, document, gone)
        lakeformation.catalog.forget_partitions(database, table)
        return errors


def _existing_database(account: Account, who: Caller | str, name: str, permission: str) -> Document:
    """The database, if the permission is held. A missing one is told only to whoever would see it."""
    lakeformation = account.lakeformation
    document = lakeformation.catalog.database(name)
    if document is None and lakeformation.knows_of_missing(who, None):
        raise AwsError("EntityNotFoundException", f"Database {name} not found.")
    lakeformation.require(who, permission, database_resource(name))
    if document is None:
        raise denials.required(permission, name)
    return document


def _existing_table(account: Account, who: Caller | str, database: str, name: str, *permissions: str) -> Document:
    """The table, if any of the permissions is held. A missing one is told only to whoever would see it."""
    lakeformation = account.lakeformation
    document = lakeformation.catalog.table(database, name)
    if document is None:
        if lakeformation.knows_of_missing(who, database):
            raise AwsError("EntityNotFoundException", f"Table {name} not found.")
        raise denials.required(permissions[0], name)
    if not any(lakeformation.may(who, permission, table_resource(database, name)) for permission in permissions):
        raise denials.required(permissions[0], name)
    return document


def _folded(table_input: Document) -> dict[str, Any]:
    """TableInput with the table's name in lower case, as the catalog stores it."""
    return {**table_input, "Name": table_input["Name"].lower()}
