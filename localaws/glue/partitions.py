"""Glue operations on partitions: those that may hold a visible row, with column lists filtered like the table's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError, not_implemented
from localaws.glue import catalog, changes
from localaws.lakeformation.paging import page
from localaws.lakeformation.resources import own_catalog

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
MOST = 1000
"""GetPartitions answers at most 1000 partitions a page (Glue API, MaxResults)."""


def get_partitions(account: Account, call: Call) -> Output:
    """GetPartitions, by ``Expression`` over partition keys. Segments are refused by name."""
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    for member in ("Segment", "TransactionId", "QueryAsOfTime"):
        if params.get(member) is not None:
            raise not_implemented("glue", f"GetPartitions.{member}")
    database, table = _table(call)
    listed = catalog.visible_partitions(account, call.caller, database, table, params.get("Expression") or None)
    key = lambda partition: json.dumps(partition["Values"])  # noqa: E731
    found, token = page(listed, key, params.get("NextToken"), params.get("MaxResults"), MOST)
    if params.get("ExcludeColumnSchema"):
        for partition in found:
            if "StorageDescriptor" in partition:
                storage = partition["StorageDescriptor"]
                partition["StorageDescriptor"] = {k: v for k, v in storage.items() if k != "Columns"}
    return {"Partitions": found, "NextToken": token} if token else {"Partitions": found}


def get_partition(account: Account, call: Call) -> Output:
    """GetPartition. Raises EntityNotFoundException for values that no partition has."""
    wanted = list(call.params["PartitionValues"])
    for partition in _seen(account, call):
        if list(partition["Values"]) == wanted:
            return {"Partition": partition}
    raise AwsError("EntityNotFoundException", "Partition not found.")


def batch_get_partition(account: Account, call: Call) -> Output:
    """BatchGetPartition: those that exist, in the order asked for."""
    by_values = {tuple(partition["Values"]): partition for partition in _seen(account, call)}
    wanted = [tuple(one["Values"]) for one in call.params["PartitionsToGet"]]
    return {"Partitions": [by_values[values] for values in wanted if values in by_values]}


def create_partition(account: Account, call: Call) -> Output:
    """CreatePartition. Raises AlreadyExistsException."""
    database, table = _table(call)
    own_catalog(call.params.get("CatalogId"), account.account_id)
    errors = changes.add_partitions(account, call.caller, database, table, [call.params["PartitionInput"]])
    _raise_first(errors)
    return {}


def batch_create_partition(account: Account, call: Call) -> Output:
    """BatchCreatePartition: at most 100; those that exist already are in ``Errors``."""
    database, table = _table(call)
    own_catalog(call.params.get("CatalogId"), account.account_id)
    given, errors = [], []
    for entry in call.params["PartitionInputList"]:
        try:
            account.faults.fail_entry(call.service, call.operation)
            given.append(entry)
        except AwsError as error:
            detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
            errors.append({"PartitionValues": entry.get("Values", []), "ErrorDetail": detail})
    return {"Errors": [*errors, *changes.add_partitions(account, call.caller, database, table, given)]}


def update_partition(account: Account, call: Call) -> Output:
    """UpdatePartition."""
    database, table = _table(call)
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    values = params["PartitionValueList"]
    changes.update_partition(account, call.caller, database, table, values, params["PartitionInput"])
    return {}


def batch_update_partition(account: Account, call: Call) -> Output:
    """BatchUpdatePartition: each by itself; partitions that do not exist are in ``Errors``."""
    database, table = _table(call)
    own_catalog(call.params.get("CatalogId"), account.account_id)
    errors = []
    for entry in call.params["Entries"]:
        values = entry["PartitionValueList"]
        try:
            changes.update_partition(account, call.caller, database, table, values, entry["PartitionInput"])
        except AwsError as error:
            if error.code == "AccessDeniedException":
                raise
            detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
            errors.append({"PartitionValueList": values, "ErrorDetail": detail})
    return {"Errors": errors}


def delete_partition(account: Account, call: Call) -> Output:
    """DeletePartition. Raises EntityNotFoundException."""
    database, table = _table(call)
    own_catalog(call.params.get("CatalogId"), account.account_id)
    _raise_first(changes.drop_partitions(account, call.caller, database, table, [call.params["PartitionValues"]]))
    return {}


def batch_delete_partition(account: Account, call: Call) -> Output:
    """BatchDeletePartition: those that do not exist are in ``Errors``."""
    database, table = _table(call)
    own_catalog(call.params.get("CatalogId"), account.account_id)
    values = [one["Values"] for one in call.params["PartitionsToDelete"]]
    return {"Errors": changes.drop_partitions(account, call.caller, database, table, values)}


def _seen(account: Account, call: Call) -> list[dict[str, Any]]:
    own_catalog(call.params.get("CatalogId"), account.account_id)
    database, table = _table(call)
    return catalog.visible_partitions(account, call.caller, database, table)


def _table(call: Call) -> tuple[str, str]:
    return call.params["DatabaseName"], call.params["TableName"]


def _raise_first(errors: list[dict[str, Any]]) -> None:
    for error in errors:
        raise AwsError(error["ErrorDetail"]["ErrorCode"], error["ErrorDetail"]["ErrorMessage"])


HANDLERS: dict[str, Handler] = {
    "GetPartition": get_partition,
    "GetPartitions": get_partitions,
    "BatchGetPartition": batch_get_partition,
    "CreatePartition": create_partition,
    "BatchCreatePartition": batch_create_partition,
    "UpdatePartition": update_partition,
    "BatchUpdatePartition": batch_update_partition,
    "DeletePartition": delete_partition,
    "BatchDeletePartition": batch_delete_partition,
}
