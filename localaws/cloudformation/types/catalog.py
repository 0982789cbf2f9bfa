"""AWS::Glue::Database, Table and Partition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.problems import Failed
from localaws.cloudformation.work import ResourceType, Work

Properties = Mapping[str, Any]


def _create_database(work: Work, wanted: Properties) -> None:
    name = wanted.get("DatabaseName") or wanted["DatabaseInput"].get("Name") or work.named(wanted, 255, lower=True)
    definition = {**wanted["DatabaseInput"], "Name": name}
    work.call("glue", "CreateDatabase", {"CatalogId": wanted["CatalogId"], "DatabaseInput": definition})
    work.born(name)


def _update_database(work: Work, wanted: Properties) -> None:
    name = work.held.physical_id
    if wanted["DatabaseInput"].get("Name", name) != name:
        raise Failed("Update of the database's Name is not supported: rename DatabaseName, which replaces it")
    definition = {**wanted["DatabaseInput"], "Name": name}
    work.call(
        "glue", "UpdateDatabase", {"CatalogId": wanted["CatalogId"], "Name": name, "DatabaseInput": definition}
    )  # fmt: skip


def _delete_database(work: Work) -> None:
    catalog = work.held.properties["CatalogId"]
    work.remove("glue", "DeleteDatabase", {"CatalogId": catalog, "Name": work.held.physical_id})


def _table_input(work: Work, wanted: Properties, name: str) -> dict[str, Any]:
    return {
        "CatalogId": wanted["CatalogId"],
        "DatabaseName": wanted["DatabaseName"],
        "TableInput": {**wanted["TableInput"], "Name": name},
    }


def _create_table(work: Work, wanted: Properties) -> None:
    name = wanted.get("Name") or wanted["TableInput"].get("Name") or work.named(wanted, 255, lower=True)
    work.call("glue", "CreateTable", _table_input(work, wanted, name))
    work.born(name)


def _update_table(work: Work, wanted: Properties) -> None:
    work.call("glue", "UpdateTable", _table_input(work, wanted, work.held.physical_id))


def _delete_table(work: Work) -> None:
    held = work.held.properties
    work.remove(
        "glue",
        "DeleteTable",
        {"CatalogId": held["CatalogId"], "DatabaseName": held["DatabaseName"], "Name": work.held.physical_id},
    )


def _place(properties: Properties) -> dict[str, Any]:
    return {name: properties[name] for name in ("CatalogId", "DatabaseName", "TableName")}


def _create_partition(work: Work, wanted: Properties) -> None:
    work.call("glue", "CreatePartition", {**_place(wanted), "PartitionInput": wanted["PartitionInput"]})
    values = wanted["PartitionInput"].get("Values", [])
    work.born(
        "|".join([*_place(wanted).values(), str(values)]), IdentifierPartitionInputValues=values
    )  # fmt: skip


def _update_partition(work: Work, wanted: Properties) -> None:
    values = work.held.properties["PartitionInput"].get("Values", [])
    work.call(
        "glue",
        "UpdatePartition",
        {**_place(wanted), "PartitionValueList": values, "PartitionInput": wanted["PartitionInput"]},
    )


def _delete_partition(work: Work) -> None:
    held = work.held.properties
    values = held["PartitionInput"].get("Values", [])
    work.remove("glue", "DeletePartition", {**_place(held), "PartitionValues": values})


TYPES = {
    "AWS::Glue::Database": ResourceType(_create_database, _update_database, _delete_database),
    "AWS::Glue::Table": ResourceType(_create_table, _update_table, _delete_table),
    "AWS::Glue::Partition": ResourceType(_create_partition, _update_partition, _delete_partition),
}
