"""Glue operations that show databases and tables, filtered to what Lake Formation lets the caller see."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError, not_implemented
from localaws.glue import catalog
from localaws.glue.metadata import table_seen
from localaws.lakeformation.catalog import schema_of
from localaws.lakeformation.paging import page
from localaws.lakeformation.resources import own_catalog

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
Document = Mapping[str, Any]
MOST = 100
"""GetDatabases, GetTables and SearchTables answer at most 100 objects a page (Glue API, MaxResults)."""


def get_database(account: Account, call: Call) -> Output:
    """GetDatabase, for whoever may know of the database."""
    own_catalog(call.params.get("CatalogId"), account.account_id)
    return {"Database": catalog.visible_database(account, call.caller, call.params["Name"])}


def get_databases(account: Account, call: Call) -> Output:
    """GetDatabases: those that the caller may know of."""
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    if params.get("ResourceShareType") in ("FOREIGN", "FEDERATED"):
        return {"DatabaseList": []}
    listed: list[Document] = catalog.visible_databases(account, call.caller)
    found, token = page(listed, _name, params.get("NextToken"), params.get("MaxResults"), MOST)
    if params.get("AttributesToGet"):
        found = [{"Name": document["Name"]} for document in found]
    return _paged("DatabaseList", found, token)


def get_table(account: Account, call: Call) -> Output:
    """GetTable: permitted columns only, IsRegisteredWithLakeFormation and CreatedBy included."""
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    _no_time_travel(call)
    seen = catalog.visible_table(account, call.caller, params["DatabaseName"], params["Name"])
    return {"Table": _created(account, seen)}


def get_tables(account: Account, call: Call) -> Output:
    """GetTables: the tables that the caller may see; ``Expression`` is a regular expression on names."""
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    _no_time_travel(call)
    listed = catalog.visible_tables(account, call.caller, params["DatabaseName"])
    if params.get("Expression"):
        chosen = _name_pattern(params["Expression"])
        listed = [document for document in listed if chosen(document["Name"])]
    found, token = page(listed, _name, params.get("NextToken"), params.get("MaxResults"), MOST)
    return _paged("TableList", [_created(account, document) for document in found], token)


def get_table_versions(account: Account, call: Call) -> Output:
    """GetTableVersions: each version with the columns of it that the caller may see now."""
    params = call.params
    listed = _versions(account, call)
    found, token = page(listed, _version_order, params.get("NextToken"), params.get("MaxResults"), MOST)
    return _paged("TableVersions", found, token)


def get_table_version(account: Account, call: Call) -> Output:
    """GetTableVersion: one version, the latest if none is named."""
    versions = sorted(_versions(account, call), key=_version_order)
    wanted = call.params.get("VersionId")
    for version in reversed(versions):
        if wanted in (None, version["VersionId"]):
            return {"TableVersion": version}
    raise AwsError("EntityNotFoundException", f"Version {wanted} not found.")


def search_tables(account: Account, call: Call) -> Output:
    """SearchTables: over the tables that the caller may see, and only over what they may see of them.

    ``SearchText`` matches names, descriptions, parameters and columns, in quotes exactly. ``Filters`` know the keys
    DatabaseName, Name and TableType with EQUALS; ``SortCriteria`` are refused by name.
    """
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    if params.get("SortCriteria"):
        raise not_implemented("glue", "SearchTables.SortCriteria")
    wanted = [_search_filter(one) for one in params.get("Filters") or ()]
    text = (params.get("SearchText") or "").lower()
    listed = [
        table
        for database in catalog.visible_databases(account, call.caller)
        for table in catalog.visible_tables(account, call.caller, database["Name"])
        if _found_by(text, table) and all(chosen(table) for chosen in wanted)
    ]
    key = lambda table: f"{table['DatabaseName']}\0{table['Name']}"  # noqa: E731
    found, token = page(listed, key, params.get("NextToken"), params.get("MaxResults"), MOST)
    return _paged("TableList", [_created(account, document) for document in found], token)


def get_column_statistics(account: Account, call: Call) -> Output:
    """GetColumnStatisticsForTable and ...ForPartition: no statistics are ever stored, so each column has none.

    The answer is the same for a permitted, a hidden and a missing column.
    """
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    catalog.visibility_of(account, call.caller, params["DatabaseName"], params["TableName"])
    missing = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Column statistics not found."}
    errors = [{"ColumnName": name, "Error": missing} for name in params["ColumnNames"]]
    return {"ColumnStatisticsList": [], "Errors": errors}


def _versions(account: Account, call: Call) -> list[dict[str, Any]]:
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    database, name = params["DatabaseName"].lower(), params["TableName"].lower()
    catalog.visibility_of(account, call.caller, database, name)
    stored = account.store.invoke("glue", "GetTableVersions", {"DatabaseName": database, "TableName": name})
    seen = []
    for version in stored["TableVersions"]:
        document = version["Table"]
        visibility = account.lakeformation.visible_with(call.caller, schema_of(document))
        table = table_seen(document, visibility, registered=visibility.governed)
        seen.append({"Table": table, "VersionId": version["VersionId"]})
    return seen


def _created(account: Account, document: dict[str, Any]) -> dict[str, Any]:
    creator = account.lakeformation.state.creators.get((document["DatabaseName"], document["Name"]))
    return {**document, "CreatedBy": creator} if creator else document


def _no_time_travel(call: Call) -> None:
    for member in ("TransactionId", "QueryAsOfTime"):
        if call.params.get(member) is not None:
            raise not_implemented("glue", f"{call.operation}.{member}")


def _name_pattern(expression: str) -> Callable[[str], bool]:
    """Glue's name expression: a regular expression on the whole name, in which a bare ``*`` stands for anything."""
    pattern = re.sub(r"(?<![.\])])\*", ".*", expression)
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise AwsError("InvalidInputException", f"Invalid expression: {expression}") from error
    return lambda name: compiled.fullmatch(name) is not None


def _search_filter(one: Mapping[str, Any]) -> Callable[[Document], bool]:
    key, value = one.get("Key"), one.get("Value")
    if key not in ("DatabaseName", "Name", "TableType") or one.get("Comparator", "EQUALS") != "EQUALS":
        raise not_implemented("glue", f"SearchTables.Filters {key} {one.get('Comparator', 'EQUALS')}")
    return lambda table: str(table.get(key, "")).lower() == str(value).lower()


def _found_by(text: str, table: Document) -> bool:
    if not text:
        return True
    storage = table.get("StorageDescriptor") or {}
    columns = [*(storage.get("Columns") or ()), *(table.get("PartitionKeys") or ())]
    words = [table["DatabaseName"], table["Name"], table.get("Description") or "", table.get("Owner") or ""]
    words += [part for column in columns for part in (column["Name"], column.get("Comment") or "")]
    words += [part for pair in (table.get("Parameters") or {}).items() for part in pair]
    if len(text) > 1 and text[0] == text[-1] == '"':
        return any(word.lower() == text[1:-1] for word in words)
    return any(text in word.lower() for word in words)


def _name(document: Document) -> str:
    return str(document["Name"])


def _version_order(version: Document) -> str:
    return str(version["VersionId"]).zfill(12)


def _paged(member: str, found: list[Any], token: str | None) -> Output:
    return {member: found, "NextToken": token} if token else {member: found}


HANDLERS: dict[str, Handler] = {
    "GetDatabase": get_database,
    "GetDatabases": get_databases,
    "GetTable": get_table,
    "GetTables": get_tables,
    "GetTableVersion": get_table_version,
    "GetTableVersions": get_table_versions,
    "SearchTables": search_tables,
    "GetColumnStatisticsForTable": get_column_statistics,
    "GetColumnStatisticsForPartition": get_column_statistics,
}
