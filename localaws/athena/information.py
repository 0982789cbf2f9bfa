"""information_schema, made from what the caller may see. Columns as Trino documents them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from localaws.athena.types import BIGINT, VARCHAR, parse_hive

if TYPE_CHECKING:
    from localaws.athena.catalog import CallerCatalog, Column

CATALOG = "awsdatacatalog"
UNSERVED = ("views", "applicable_roles", "enabled_roles", "roles", "role_authorization_descriptors", "table_privileges")
_NAMES = {
    "schemata": ("catalog_name", "schema_name"),
    "tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "columns": (
        "table_catalog",
        "table_schema",
        "table_name",
        "column_name",
        "ordinal_position",
        "column_default",
        "is_nullable",
        "data_type",
    ),
}


def _columns() -> dict[str, tuple[Column, ...]]:
    from localaws.athena.catalog import Column

    return {
        table: tuple(
            Column(n, "bigint", BIGINT) if n == "ordinal_position" else Column(n, "string", VARCHAR) for n in names
        )
        for table, names in _NAMES.items()
    }


COLUMNS = _columns()


def rows(catalog: CallerCatalog, table: str) -> tuple[tuple[str | int | None, ...], ...]:
    """The rows of ``schemata``, ``tables`` or ``columns`` that the caller may know of."""
    return tuple(_ROWS[table](catalog))


def _schemata(catalog: CallerCatalog) -> Iterator[tuple[str | int | None, ...]]:
    for database in catalog.databases():
        yield CATALOG, database["Name"]
    yield CATALOG, "information_schema"


def _tables(catalog: CallerCatalog) -> Iterator[tuple[str | int | None, ...]]:
    for database in catalog.databases():
        for table in catalog.table_documents(database["Name"]):
            view = table.get("TableType") == "VIRTUAL_VIEW"
            yield CATALOG, database["Name"], table["Name"], "VIEW" if view else "BASE TABLE"


def _every_column(catalog: CallerCatalog) -> Iterator[tuple[str | int | None, ...]]:
    from localaws.athena.catalog import described

    for database in catalog.databases():
        for table in catalog.table_documents(database["Name"]):
            for place, column in enumerate(described(table)[0], 1):
                type_ = str(parse_hive(column.get("Type", "string")))
                where = (CATALOG, database["Name"], table["Name"])
                yield *where, column["Name"].lower(), place, None, "YES", type_


_ROWS = {"schemata": _schemata, "tables": _tables, "columns": _every_column}
