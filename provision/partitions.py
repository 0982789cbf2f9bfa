"""The partitions of a table, made in batches of which AWS may take a part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lakeproof.plan import Plan, Table
from lakeproof.retries import noted
from provision.site import DENIED, ProvisionError, Site, busy

PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}
_PARTITIONS_A_CALL = 100
"""Glue API, BatchCreatePartition: at most 100 partitions."""


def add_partitions(site: Site, plan: Plan, table: Table, columns: Sequence[Mapping[str, str]], place: str) -> None:
    """Every partition of a table that has just been made at ``place``. Raises ProvisionError when one is refused."""
    from provision.dataset import partition_directory

    partitions = [
        {
            "Values": list(values),
            "StorageDescriptor": {
                "Columns": columns,
                **PARQUET,
                "Location": f"{place}{partition_directory(table.partition_key_names, values)}/",
            },
        }
        for values in table.partition_values
    ]
    for start in range(0, len(partitions), _PARTITIONS_A_CALL):
        left = site.until_taken(
            partitions[start : start + _PARTITIONS_A_CALL], lambda entries: _send(site, plan, table, entries)
        )
        if left:
            raise ProvisionError(f"Glue was too busy for {len(left)} partitions of {table.name}")


def _send(site: Site, plan: Plan, table: Table, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the entries that Glue was too busy for. One that exists because an answer was lost is fine."""
    with noted() as tries:
        answer = site.patiently(
            DENIED,
            site.client("glue").batch_create_partition,
            DatabaseName=plan.dataset.database,
            TableName=table.name,
            PartitionInputList=list(entries),
        )
    why = {tuple(error["PartitionValues"]): error["ErrorDetail"] for error in answer.get("Errors", [])}
    again = {values for values, detail in why.items() if busy(detail["ErrorCode"])}
    fine = {"AlreadyExistsException"} if any(one.lost for one in tries) else frozenset()
    refused = [values for values, detail in why.items() if values not in again and detail["ErrorCode"] not in fine]
    if refused:
        raise ProvisionError(
            f"{len(refused)} partitions of {table.name} were refused; the first, {refused[0]}: {why[refused[0]]}"
        )
    return [entry for entry in entries if tuple(entry["Values"]) in again]
