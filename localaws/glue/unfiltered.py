"""GetUnfilteredTableMetadata and its siblings: for engines that Lake Formation trusts to filter by themselves.

The whole table and what the caller is authorised to see of it. Served only to trusted callers
(``localaws.lakeformation.engines``); the caller's filters must be of a type that the engine supports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError
from localaws.glue import catalog
from localaws.lakeformation import engines
from localaws.lakeformation.paging import page
from localaws.lakeformation.resources import own_catalog

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler
    from localaws.lakeformation.visibility import Visibility

Output = Mapping[str, Any]


def get_unfiltered_table_metadata(account: Account, call: Call) -> Output:
    """GetUnfilteredTableMetadata: the full table, AuthorizedColumns, RowFilter, CellFilters, Permissions."""
    visibility = _authorised(account, call, "Name")
    document = catalog.table(account, call.params["DatabaseName"], call.params["Name"])
    output: dict[str, Any] = {
        "Table": {**(document or {}), "IsRegisteredWithLakeFormation": visibility.governed},
        "AuthorizedColumns": list(visibility.columns),
        "IsRegisteredWithLakeFormation": visibility.governed,
        "Permissions": sorted(visibility.permissions - {"DESCRIBE"}),
        "QueryAuthorizationId": engines.authorization_id(visibility),
        "CellFilters": [
            {"ColumnName": column, "RowFilterExpression": text}
            for column, text in visibility.cell_filters.items()
            if text is not None
        ],
    }
    if visibility.row_filter is not None:
        output["RowFilter"] = visibility.row_filter
    return output


def get_unfiltered_partition_metadata(account: Account, call: Call) -> Output:
    """GetUnfilteredPartitionMetadata. Raises EntityNotFoundException for values that no partition has."""
    visibility = _authorised(account, call, "TableName")
    wanted = list(call.params["PartitionValues"])
    for stored in catalog.partitions(account, call.params["DatabaseName"], call.params["TableName"]):
        if list(stored["Values"]) == wanted:
            return _partition(stored, visibility)
    raise AwsError("EntityNotFoundException", "Partition not found.")


def get_unfiltered_partitions_metadata(account: Account, call: Call) -> Output:
    """GetUnfilteredPartitionsMetadata, by ``Expression``, paged."""
    visibility = _authorised(account, call, "TableName")
    params = call.params
    expression = params.get("Expression") or None
    stored = catalog.partitions(account, params["DatabaseName"], params["TableName"], expression)
    key = lambda partition: json.dumps(partition["Values"])  # noqa: E731
    found, token = page(stored, key, params.get("NextToken"), params.get("MaxResults"), 1000)
    output: dict[str, Any] = {"UnfilteredPartitions": [_partition(one, visibility) for one in found]}
    return {**output, "NextToken": token} if token else output


def _authorised(account: Account, call: Call, table: str) -> Visibility:
    own_catalog(call.params["CatalogId"], account.account_id)
    engines.require_trusted(account, call)
    visibility = catalog.visibility_of(account, call.caller, call.params["DatabaseName"], call.params[table])
    engines.require_supported(visibility, call.params["SupportedPermissionTypes"])
    return visibility


def _partition(stored: Mapping[str, Any], visibility: Visibility) -> dict[str, Any]:
    return {
        "Partition": stored,
        "AuthorizedColumns": list(visibility.columns),
        "IsRegisteredWithLakeFormation": visibility.governed,
    }


HANDLERS: dict[str, Handler] = {
    "GetUnfilteredTableMetadata": get_unfiltered_table_metadata,
    "GetUnfilteredPartitionMetadata": get_unfiltered_partition_metadata,
    "GetUnfilteredPartitionsMetadata": get_unfiltered_partitions_metadata,
}
