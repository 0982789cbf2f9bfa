"""Data filters: certain columns on certain rows of one table.

Source: API reference, DataCellsFilter; developer guide, 'Creating a data filter' (needs SELECT with the grant option
on the whole table, or an administrator) and 'Data filtering limitations'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError, not_implemented
from localaws.lakeformation import authority, denials, rowfilter
from localaws.lakeformation.catalog import column_types
from localaws.lakeformation.model import DataCellsFilter, Kind, Resource, table_resource
from localaws.lakeformation.paging import page
from localaws.lakeformation.resources import invalid, own_catalog

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]


def create_data_cells_filter(account: Account, call: Call) -> Output:
    """CreateDataCellsFilter. Raises AlreadyExistsException, EntityNotFoundException, InvalidInputException."""
    return _write(account, call, new=True)


def update_data_cells_filter(account: Account, call: Call) -> Output:
    """UpdateDataCellsFilter: replaces columns and rows at once for everybody to whom the filter was granted."""
    return _write(account, call, new=False)


def delete_data_cells_filter(account: Account, call: Call) -> Output:
    """DeleteDataCellsFilter, with what was granted on it. Needs DROP on the filter, or the right to create it."""
    params = call.params
    own_catalog(params.get("TableCatalogId"), account.account_id)
    if not (params.get("DatabaseName") and params.get("TableName") and params.get("Name")):
        raise invalid("DatabaseName, TableName and Name are required.")
    database, table = params["DatabaseName"].lower(), params["TableName"].lower()
    lakeformation = account.lakeformation
    with lakeformation.lock:
        resource = Resource(Kind.FILTER, database, table, params["Name"])
        held = lakeformation.state.grants.get(call.caller.principal_arn, resource)
        if not (held and "DROP" in held.permissions):
            _require_owner(account, call, database, table)
        filters = lakeformation.state.filters.get((database, table), {})
        if params["Name"] not in filters:
            raise _not_found()
        del filters[params["Name"]]
        lakeformation.state.grants.drop_resource(resource)
        lakeformation.changed()
    return {}


def get_data_cells_filter(account: Account, call: Call) -> Output:
    """GetDataCellsFilter, for owners and for those who were granted DESCRIBE or SELECT on the filter."""
    params = call.params
    own_catalog(params.get("TableCatalogId"), account.account_id)
    database, table = params["DatabaseName"].lower(), params["TableName"].lower()
    with account.lakeformation.lock:
        found = account.lakeformation.state.filters.get((database, table), {}).get(params["Name"])
        if found is None or not _shown(account, call, found):
            if _owner(account, call, database, table):
                raise _not_found()
            raise denials.required("DESCRIBE", params["Name"])
        return {"DataCellsFilter": _shape(found, account.account_id)}


def list_data_cells_filter(account: Account, call: Call) -> Output:
    """ListDataCellsFilter, of one table or of all, as far as the caller may see them; paged."""
    params = call.params
    chosen = params.get("Table") or {}
    own_catalog(chosen.get("CatalogId"), account.account_id)
    where = ((chosen.get("DatabaseName") or "").lower(), (chosen.get("Name") or "").lower())
    with account.lakeformation.lock:
        listed = [
            found
            for (database, table), filters in account.lakeformation.state.filters.items()
            if (not where[0] or database == where[0]) and (not where[1] or table == where[1])
            for found in filters.values()
            if _shown(account, call, found)
        ]
    key = lambda found: f"{found.database}\0{found.table}\0{found.name}"  # noqa: E731
    shown, token = page(listed, key, params.get("NextToken"), params.get("MaxResults"), 1000)
    output: dict[str, Any] = {"DataCellsFilters": [_shape(found, account.account_id) for found in shown]}
    return {**output, "NextToken": token} if token else output


def _write(account: Account, call: Call, new: bool) -> Output:
    given = call.params["TableData"]
    own_catalog(given.get("TableCatalogId"), account.account_id)
    database, table, name = given["DatabaseName"].lower(), given["TableName"].lower(), given["Name"]
    lakeformation = account.lakeformation
    with lakeformation.lock:
        _require_owner(account, call, database, table)
        document = lakeformation.catalog.table(database, table)
        if document is None:
            raise AwsError("EntityNotFoundException", "Table not found.")
        filters = lakeformation.state.filters.setdefault((database, table), {})
        if new and name in filters:
            raise AwsError("AlreadyExistsException", f"Data cells filter {name} already exists.")
        if not new and name not in filters:
            raise _not_found()
        types = column_types(document)
        keys = tuple(key["Name"].lower() for key in document.get("PartitionKeys") or ())
        columns, excluded = _columns(given, types)
        row_filter, row_columns = _rows(given, types, keys)
        lakeformation.state.filter_versions += 1
        version = str(lakeformation.state.filter_versions)
        filters[name] = DataCellsFilter(database, table, name, row_filter, columns, excluded, version, row_columns)
        lakeformation.changed()
    return {}


def _columns(given: Mapping[str, Any], types: Mapping[str, str]) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """(included columns or None for a wildcard, excluded columns)."""
    names, wildcard = given.get("ColumnNames"), given.get("ColumnWildcard")
    if bool(names) == (wildcard is not None):
        raise invalid("Either ColumnNames or a ColumnWildcard must be given.")
    listed = tuple(name.lower() for name in names or (wildcard or {}).get("ExcludedColumnNames") or ())
    if any("." in name for name in listed):
        raise not_implemented("lakeformation", "DataCellsFilter", "does not serve nested columns")
    missing = [name for name in listed if name not in types]
    if missing:
        raise invalid(f"Columns do not exist: {', '.join(missing)}")
    return (listed, ()) if names else (None, listed)


def _rows(
    given: Mapping[str, Any], types: Mapping[str, str], partition_keys: tuple[str, ...]
) -> tuple[str | None, tuple[str, ...]]:
    """(the row filter, None for all rows; the columns that it names)."""
    rows = given.get("RowFilter") or {}
    text, every = rows.get("FilterExpression"), rows.get("AllRowsWildcard")
    if bool(text) == (every is not None):
        raise invalid("RowFilter must have either a FilterExpression or an AllRowsWildcard.")
    if not text or text.strip().lower() == "true":
        return None, ()
    return str(text), rowfilter.check(text, types, partition_keys)


def _owner(account: Account, call: Call, database: str, table: str) -> bool:
    """Whether the caller may manage data filters of the table."""
    state = account.lakeformation.state
    whole = table_resource(database, table)
    return authority.may_grant(state, call.caller.principal_arn, whole, frozenset({"SELECT"}))


def _require_owner(account: Account, call: Call, database: str, table: str) -> None:
    if not _owner(account, call, database, table):
        raise denials.not_grantor()


def _shown(account: Account, call: Call, found: DataCellsFilter) -> bool:
    state = account.lakeformation.state
    principal = call.caller.principal_arn
    if state.is_any_admin(principal) or _owner(account, call, found.database, found.table):
        return True
    return state.grants.get(principal, Resource(Kind.FILTER, found.database, found.table, found.name)) is not None


def _shape(found: DataCellsFilter, account_id: str) -> dict[str, Any]:
    rows: dict[str, Any] = {"AllRowsWildcard": {}}
    if found.row_filter is not None:
        rows = {"FilterExpression": found.row_filter}
    shape = {
        "TableCatalogId": account_id,
        "DatabaseName": found.database,
        "TableName": found.table,
        "Name": found.name,
        "RowFilter": rows,
        "VersionId": found.version,
    }
    if found.columns is None:
        return {**shape, "ColumnWildcard": {"ExcludedColumnNames": list(found.excluded)}}
    return {**shape, "ColumnNames": list(found.columns)}


def _not_found() -> AwsError:
    return AwsError("EntityNotFoundException", "Data cells filter not found.")


HANDLERS: dict[str, Handler] = {
    "CreateDataCellsFilter": create_data_cells_filter,
    "UpdateDataCellsFilter": update_data_cells_filter,
    "DeleteDataCellsFilter": delete_data_cells_filter,
    "GetDataCellsFilter": get_data_cells_filter,
    "ListDataCellsFilter": list_data_cells_filter,
}
