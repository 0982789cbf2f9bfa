"""Lake Formation and the Glue catalog as they are: who was granted what, and what there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakeproof.inventory.pages import listed

IAM_ALLOWED_PRINCIPALS = "IAM_ALLOWED_PRINCIPALS"


@dataclass(frozen=True, slots=True)
class Permission:
    """One entry of ListPermissions. ``kind`` is the resource's member name (``Database``, ``TableWithColumns`` ...).

    ``columns`` are the included ones, ``excluded`` those of a column wildcard; both None where the resource has no
    columns. ``permissions`` and ``grantable`` are sorted.
    """

    principal: str
    kind: str
    database: str
    table: str
    columns: tuple[str, ...] | None
    excluded: tuple[str, ...] | None
    permissions: tuple[str, ...]
    grantable: tuple[str, ...]
    location: str = ""

    def __str__(self) -> str:
        where = ".".join(part for part in (self.database, self.table) if part) or self.location or "the catalog"
        some = f" ({', '.join(self.columns)})" if self.columns else ""
        some += f" (all but {', '.join(self.excluded)})" if self.excluded else ""
        option = f", grantable {', '.join(self.grantable)}" if self.grantable else ""
        return f"{self.principal}: {', '.join(self.permissions)} on {self.kind} {where}{some}{option}"


def permissions(lakeformation: Any) -> tuple[Permission, ...]:
    """All permissions of the account, sorted."""
    rows = listed(lakeformation, "list_permissions", "PrincipalResourcePermissions")
    return tuple(sorted(map(permission, rows), key=str))


def permission(row: Mapping[str, Any]) -> Permission:
    """One entry of ListPermissions. ``Table`` with a wildcard has the table ``*``."""
    [(kind, resource)] = row["Resource"].items()
    table = "*" if "TableWildcard" in resource else resource.get("TableName") or resource.get("Name", "")
    database = resource.get("DatabaseName") or (resource.get("Name", "") if kind == "Database" else "")
    wildcard = resource.get("ColumnWildcard")
    return Permission(
        principal=row["Principal"]["DataLakePrincipalIdentifier"],
        kind=kind,
        database=database,
        table=table if kind in ("Table", "TableWithColumns") else "",
        columns=tuple(resource["ColumnNames"]) if resource.get("ColumnNames") else None,
        excluded=tuple(wildcard.get("ExcludedColumnNames", ())) if wildcard is not None else None,
        permissions=tuple(sorted(row.get("Permissions", ()))),
        grantable=tuple(sorted(row.get("PermissionsWithGrantOption", ()))),
        location=resource.get("ResourceArn", ""),
    )


def settings(lakeformation: Any) -> dict[str, Any]:
    """The data lake settings: administrators and default permissions."""
    found: dict[str, Any] = lakeformation.get_data_lake_settings()["DataLakeSettings"]
    return found


def default_principals(lake_settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Who gets rights on every new database or table by default."""
    names = ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")
    entries = [entry for name in names for entry in lake_settings.get(name, ())]
    return tuple(sorted({entry["Principal"]["DataLakePrincipalIdentifier"] for entry in entries}))


def locations(lakeformation: Any) -> dict[str, str]:
    """The registered locations: ARN to the ARN of the role that reads there."""
    found = listed(lakeformation, "list_resources", "ResourceInfoList")
    return {row["ResourceArn"]: row.get("RoleArn", "") for row in found}


def databases(glue: Any) -> tuple[str, ...]:
    """The names of all databases that the reader may see."""
    return tuple(row["Name"] for row in listed(glue, "get_databases", "DatabaseList"))


def tables(glue: Any, database: str) -> dict[str, Mapping[str, Any]]:
    """The tables of a database, as Glue describes them, by name."""
    return {row["Name"]: row for row in listed(glue, "get_tables", "TableList", DatabaseName=database)}


def columns(table: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Name and type of every column of a table as Glue describes it, partition keys last."""
    described = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", ())]
    return tuple((column["Name"], column["Type"]) for column in described)


def partitions(glue: Any, database: str, table: str) -> tuple[tuple[str, ...], ...]:
    """The values of all partitions of a table, sorted."""
    found = listed(
        glue, "get_partitions", "Partitions", DatabaseName=database, TableName=table, ExcludeColumnSchema=True
    )
    return tuple(sorted(tuple(row["Values"]) for row in found))
