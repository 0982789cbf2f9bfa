"""Lake Formation and the Glue catalog as they are: who was granted what, and what there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakeproof.inventory.pages import listed

IAM_ALLOWED_PRINCIPALS = "IAM_ALLOWED_PRINCIPALS"


@dataclass(frozen=True, slots=True)
class Permission:
    """One entry of ListPermissions. ``kind`` is the resource's member name (``Database``, ``TableWithColumns`` ...).

    ``name`` is a data filter's name, or an LF-Tag's key; ``expression`` the LF-Tags by which a policy grants, keys and
    values sorted (an LF-Tag's own key and values, too). ``columns`` are the included ones, ``excluded`` those of a
    column wildcard; both None where the resource has no
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
    name: str = ""
    expression: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tagged: str = ""
    """``tables`` or ``databases``: what a policy by LF-Tags grants on."""

    def __str__(self) -> str:
        where = ".".join(part for part in (self.database, self.table, self.name) if part) or self.location
        if self.expression:
            where = f"{self.tagged} where {expressed(self.expression)}".lstrip()
        where = where or "the catalog"
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
    tags = [resource] if kind == "LFTag" else resource.get("Expression", ())
    table = "*" if "TableWildcard" in resource else resource.get("TableName") or resource.get("Name", "")
    database = resource.get("DatabaseName") or (resource.get("Name", "") if kind == "Database" else "")
    wildcard = resource.get("ColumnWildcard")
    return Permission(
        principal=row["Principal"]["DataLakePrincipalIdentifier"],
        kind=kind,
        database=database,
        table=table if kind in ("Table", "TableWithColumns", "DataCellsFilter") else "",
        columns=tuple(resource["ColumnNames"]) if resource.get("ColumnNames") else None,
        excluded=tuple(wildcard.get("ExcludedColumnNames", ())) if wildcard is not None else None,
        permissions=tuple(sorted(row.get("Permissions", ()))),
        grantable=tuple(sorted(row.get("PermissionsWithGrantOption", ()))),
        location=resource.get("ResourceArn", ""),
        name=resource.get("Name", "") if kind == "DataCellsFilter" else resource.get("TagKey", ""),
        tagged=f"{resource['ResourceType'].lower()}s" if kind == "LFTagPolicy" else "",
        expression=tuple(sorted((tag["TagKey"], tuple(sorted(tag["TagValues"]))) for tag in tags)),
    )


def expressed(expression: Iterable[tuple[str, Iterable[str]]]) -> str:
    """``area = sales or stock and sensitivity = public``: an LF-Tag expression in words."""
    return " and ".join(f"{key} = {' or '.join(values)}" for key, values in expression)


@dataclass(frozen=True, slots=True)
class StoredFilter:
    """A data filter of a table as the account has it. ``where`` is None for all rows; ``columns`` None means all but
    ``excluded``; both are sorted."""

    table: str
    name: str
    where: str | None
    columns: tuple[str, ...] | None
    excluded: tuple[str, ...]


def data_filters(lakeformation: Any, database: str) -> tuple[StoredFilter, ...]:
    """Every data filter on a table of the database, sorted."""
    found = listed(lakeformation, "list_data_cells_filter", "DataCellsFilters")
    rows = [_data_filter(row) for row in found if row["DatabaseName"] == database]
    return tuple(sorted(rows, key=lambda row: (row.table, row.name)))


def _data_filter(row: Mapping[str, Any]) -> StoredFilter:
    names, wildcard = row.get("ColumnNames"), row.get("ColumnWildcard") or {}
    return StoredFilter(
        table=row["TableName"],
        name=row["Name"],
        where=(row.get("RowFilter") or {}).get("FilterExpression"),
        columns=tuple(sorted(names)) if names else None,
        excluded=tuple(sorted(wildcard.get("ExcludedColumnNames") or ())),
    )


def lf_tags(lakeformation: Any) -> dict[str, tuple[str, ...]]:
    """The LF-Tags that are defined in the account, each with its possible values, sorted."""
    found = listed(lakeformation, "list_lf_tags", "LFTags")
    return {tag["TagKey"]: tuple(sorted(tag["TagValues"])) for tag in found}


def assigned_tags(lakeformation: Any, database: str, tables: Iterable[str]) -> dict[tuple[str, ...], dict[str, str]]:
    """The LF-Tags assigned directly to the database (), to each of the tables (table,) and to their columns
    (table, column); what they inherit is left out, and so is what carries none."""
    answer = lakeformation.get_resource_lf_tags(Resource={"Database": {"Name": database}}, ShowAssignedLFTags=True)
    found: dict[tuple[str, ...], dict[str, str]] = {(): _values(answer.get("LFTagOnDatabase"))}
    for table in tables:
        resource = {"Table": {"DatabaseName": database, "Name": table}}
        answer = lakeformation.get_resource_lf_tags(Resource=resource, ShowAssignedLFTags=True)
        found[(table,)] = _values(answer.get("LFTagsOnTable"))
        for column in answer.get("LFTagsOnColumns") or ():
            found[(table, column["Name"])] = _values(column.get("LFTags"))
    return {where: tags for where, tags in found.items() if tags}


def _values(tags: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    return {tag["TagKey"]: ", ".join(sorted(tag["TagValues"])) for tag in tags or ()}


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
