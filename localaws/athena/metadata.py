"""Athena's own view of the catalog (ListDatabases, GetTableMetadata ...), through IAM's and Lake Formation's checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.athena.catalog import ATHENA
from localaws.athena.locations import invalid
from localaws.errors import AwsError
from localaws.glue import catalog as glue
from localaws.lakeformation.paging import page

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
MOST = 50
CATALOG = "AwsDataCatalog"


def _allowed(account: Account, call: Call, action: str, *resources: str) -> None:
    """The Glue action, with the caller's rights. Raises MetadataException, as Athena wraps a refusal [inferred]."""
    if call.params["CatalogName"].lower() != CATALOG.lower():
        raise invalid(f"Data catalog {call.params['CatalogName'][:100]} was not found", "DATACATALOG_NOT_FOUND")
    acting = call.acting("glue", action, {}, ATHENA)
    base = f"arn:aws:glue:{account.region}:{account.account_id}:"
    for resource in ("catalog", *resources):
        try:
            account.authorizer.check(acting, f"glue:{action}", base + resource)
        except AwsError as error:
            raise _wrapped(error) from None


def _wrapped(error: AwsError) -> AwsError:
    if error.status == 501:
        return error
    return AwsError("MetadataException", f"{error.message} (Service: AmazonDataCatalog; Error Code: {error.code})")


def list_data_catalogs(account: Account, call: Call) -> Output:
    """ListDataCatalogs: the account's own Glue catalog."""
    return {"DataCatalogsSummary": [{"CatalogName": CATALOG, "Type": "GLUE", "Status": "CREATE_COMPLETE"}]}


def get_data_catalog(account: Account, call: Call) -> Output:
    """GetDataCatalog."""
    if call.params["Name"].lower() != CATALOG.lower():
        raise invalid(f"Data catalog {call.params['Name'][:100]} was not found", "DATACATALOG_NOT_FOUND")
    return {"DataCatalog": {"Name": CATALOG, "Type": "GLUE", "Parameters": {"catalog-id": account.account_id}}}


def list_databases(account: Account, call: Call) -> Output:
    """ListDatabases: those that the caller may know of."""
    _allowed(account, call, "GetDatabases", "database/*")
    found = [_database(d) for d in glue.visible_databases(account, call.caller)]
    return _paged("DatabaseList", found, call)


def get_database(account: Account, call: Call) -> Output:
    """GetDatabase."""
    name = call.params["DatabaseName"].lower()
    _allowed(account, call, "GetDatabase", f"database/{name}")
    try:
        return {"Database": _database(glue.visible_database(account, call.caller, name))}
    except AwsError as error:
        raise _wrapped(error) from None


def list_table_metadata(account: Account, call: Call) -> Output:
    """ListTableMetadata: tables that the caller may know of; ``Expression`` is a regular expression on the name."""
    name = call.params["DatabaseName"].lower()
    _allowed(account, call, "GetTables", f"database/{name}", f"table/{name}/*")
    try:
        tables = glue.visible_tables(account, call.caller, name)
    except AwsError as error:
        raise _wrapped(error) from None
    expression = call.params.get("Expression")
    if expression:
        try:
            pattern = re.compile(expression.replace("*", ".*") if ".*" not in expression else expression, re.IGNORECASE)
        except re.error:
            raise invalid("Invalid expression", "INVALID_INPUT") from None
        tables = [table for table in tables if pattern.fullmatch(table["Name"])]
    return _paged("TableMetadataList", [_table(t) for t in tables], call)


def get_table_metadata(account: Account, call: Call) -> Output:
    """GetTableMetadata: the columns that the caller's metadata shows."""
    database, name = call.params["DatabaseName"].lower(), call.params["TableName"].lower()
    _allowed(account, call, "GetTable", f"database/{database}", f"table/{database}/{name}")
    try:
        return {"TableMetadata": _table(glue.visible_table(account, call.caller, database, name))}
    except AwsError as error:
        raise _wrapped(error) from None


def _paged(member: str, found: list[dict[str, Any]], call: Call) -> Output:
    shown, token = page(found, lambda d: d["Name"], call.params.get("NextToken"), call.params.get("MaxResults"), MOST)
    answer: dict[str, Any] = {member: shown}
    if token:
        answer["NextToken"] = token
    return answer


def _database(document: Mapping[str, Any]) -> dict[str, Any]:
    return {k: document[k] for k in ("Name", "Description", "Parameters") if document.get(k)}


def _table(document: Mapping[str, Any]) -> dict[str, Any]:
    storage = document.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    parameters = dict(document.get("Parameters") or {})
    for name, value in (
        ("inputformat", storage.get("InputFormat")),
        ("outputformat", storage.get("OutputFormat")),
        ("location", storage.get("Location")),
        ("serde.serialization.lib", serde.get("SerializationLibrary")),
    ):
        if value:
            parameters[name] = value
    for key, value in (serde.get("Parameters") or {}).items():
        parameters[f"serde.param.{key}"] = value
    seen = {
        "Name": document["Name"],
        "TableType": document.get("TableType", ""),
        "Columns": [_column(c) for c in storage.get("Columns") or ()],
        "PartitionKeys": [_column(c) for c in document.get("PartitionKeys") or ()],
        "Parameters": parameters,
    }
    times = {member: document[member] for member in ("CreateTime", "LastAccessTime") if document.get(member)}
    return seen | times


def _column(column: Mapping[str, Any]) -> dict[str, str]:
    return {k: column[k] for k in ("Name", "Type", "Comment") if column.get(k)}


HANDLERS: dict[str, Handler] = {
    "GetDataCatalog": get_data_catalog,
    "GetDatabase": get_database,
    "GetTableMetadata": get_table_metadata,
    "ListDataCatalogs": list_data_catalogs,
    "ListDatabases": list_databases,
    "ListTableMetadata": list_table_metadata,
}
