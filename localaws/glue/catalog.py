"""The Data Catalog under Lake Formation: plain functions for everybody who shows or changes catalog objects.

``who`` is a Caller (its ``arn`` is recorded as CreatedBy) or a principal's ARN. Names are folded to lower case.
Documents are Glue API shapes and read only. No IAM check happens here; Lake Formation's does, with its own texts.

Trusted reads, unfiltered, None if absent:
    database(account, name) · table(account, database, name) · partitions(account, database, table, expression=None)
What a principal may see (AccessDeniedException "... Required Describe on NAME" otherwise):
    visible_databases(account, who) · visible_database(account, who, name)
    visible_tables(account, who, database) · visible_table(account, who, database, name)
    visible_partitions(account, who, database, table, expression=None)
Changes, each checked (AccessDeniedException "... Required Create Table on NAME" and so on), in ``changes``:
    create_database(account, who, database_input) · update_database · drop_database
    create_table(account, who, database, table_input) · update_table · drop_table
    add_partitions(account, who, database, table, partition_inputs) · update_partition · drop_partitions
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError
from localaws.glue.changes import (
    add_partitions,
    create_database,
    create_table,
    drop_database,
    drop_partitions,
    drop_table,
    update_database,
    update_partition,
    update_table,
)
from localaws.glue.metadata import partition_seen, table_seen
from localaws.lakeformation import denials
from localaws.lakeformation.partitionrows import may_hold

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.caller import Caller
    from localaws.lakeformation.visibility import Visibility

__all__ = [
    "add_partitions",
    "create_database",
    "create_table",
    "database",
    "drop_database",
    "drop_partitions",
    "drop_table",
    "partitions",
    "table",
    "update_database",
    "update_partition",
    "update_table",
    "visible_database",
    "visible_databases",
    "visible_partitions",
    "visible_table",
    "visible_tables",
]

Document = Mapping[str, Any]


def database(account: Account, name: str) -> Document | None:
    """The database as stored, or None."""
    return account.lakeformation.catalog.database(name)


def table(account: Account, database: str, name: str) -> Document | None:
    """The table as stored, unfiltered, or None."""
    return account.lakeformation.catalog.table(database, name)


def partitions(account: Account, database: str, table: str, expression: str | None = None) -> Sequence[Document]:
    """The partitions as stored, unfiltered, in the order of their creation.

    ``expression`` is Glue's partition predicate. Raises EntityNotFoundException without such a table, and
    InvalidInputException for a predicate that Glue does not accept.
    """
    if expression is None:
        return account.lakeformation.catalog.partitions(database, table)
    params = {"DatabaseName": database.lower(), "TableName": table.lower(), "Expression": expression}
    found: Sequence[Document] = account.store.invoke("glue", "GetPartitions", params)["Partitions"]
    return found


def visible_databases(account: Account, who: Caller | str) -> list[Document]:
    """The databases that the principal may know of, by name."""
    lakeformation = account.lakeformation
    every = lakeformation.catalog.databases()
    return [every[name] for name in sorted(every) if lakeformation.database_visible(who, name)]


def visible_database(account: Account, who: Caller | str, name: str) -> Document:
    """The database, if the principal may know of it.

    Raises AccessDeniedException otherwise, also where there is no such database, unless the principal would see it if
    there were: then EntityNotFoundException.
    """
    name = name.lower()
    found = database(account, name)
    if found is None:
        if account.lakeformation.knows_of_missing(who, None):
            raise AwsError("EntityNotFoundException", f"Database {name} not found.")
        raise denials.required("DESCRIBE", name)
    if not account.lakeformation.database_visible(who, name):
        raise denials.required("DESCRIBE", name)
    return found


def visible_tables(account: Account, who: Caller | str, database: str) -> list[dict[str, Any]]:
    """The tables of a database that the principal may see, by name, each with its permitted columns only.

    IsRegisteredWithLakeFormation is false in all of them, as GetTables answers (known issue of AWS).
    """
    visible_database(account, who, database)
    lakeformation = account.lakeformation
    every = lakeformation.catalog.tables(database)
    seen = []
    for name in sorted(every):
        visibility = lakeformation.visible(who, database, name)
        if visibility.visible:
            seen.append(table_seen(every[name], visibility, registered=False))
    return seen


def visible_table(account: Account, who: Caller | str, database: str, name: str) -> dict[str, Any]:
    """The table with its permitted columns only. Raises as ``visibility_of``."""
    visibility = visibility_of(account, who, database, name)
    document = table(account, database, name)
    if document is None:
        raise denials.required("DESCRIBE", name.lower())
    return table_seen(document, visibility, registered=visibility.governed)


def visibility_of(account: Account, who: Caller | str, database: str, name: str) -> Visibility:
    """What the principal may see of the table, if anything.

    Raises AccessDeniedException where it may see nothing, and where there is no such table, unless the principal would
    see it if there were: then EntityNotFoundException.
    """
    lakeformation = account.lakeformation
    visibility = lakeformation.visible(who, database, name)
    if visibility.visible:
        return visibility
    if not visibility.exists and lakeformation.knows_of_missing(who, database):
        where = "Table" if lakeformation.catalog.database(database) else "Database"
        missing = name.lower() if where == "Table" else database.lower()
        raise AwsError("EntityNotFoundException", f"{where} {missing} not found.")
    raise denials.required("DESCRIBE", name.lower())


def visible_partitions(
    account: Account, who: Caller | str, database: str, table: str, expression: str | None = None
) -> list[dict[str, Any]]:
    """The table's partitions, with its permitted columns only. Raises as ``visibility_of`` and ``partitions``.

    Whoever has nothing but SELECT through row filters sees no partition whose keys alone say that it holds no row of
    theirs [stricter than what is documented: other rows, and that there are any, are hidden].
    """
    visibility = visibility_of(account, who, database, table)
    listed = partitions(account, database, table, expression)
    filters = {cell.row_filter for cell in visibility.cells}
    if filters and visibility.permissions <= {"SELECT"}:
        keys = (account.lakeformation.catalog.table(database, table) or {}).get("PartitionKeys") or ()
        types = {key["Name"].lower(): key.get("Type", "string") for key in keys}
        listed = [one for one in listed if _holds_rows(one, filters, types)]
    return [partition_seen(found, visibility) for found in listed]


def _holds_rows(partition: Document, filters: set[str | None], types: Mapping[str, str]) -> bool:
    values = dict(zip(types, partition["Values"], strict=False))
    return any(text is None or may_hold(text, values, types) for text in filters)
