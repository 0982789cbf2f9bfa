"""The Data Catalog's schemas as Lake Formation needs them, kept in memory beside the store that owns them.

Everything that writes to the catalog goes through ``localaws.glue.catalog``, which tells this cache.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError
from localaws.lakeformation.model import TableSchema

if TYPE_CHECKING:
    from localaws.store import Store

Document = Mapping[str, Any]
"""A database, table or partition as Glue's API shapes it. Read only: it is shared."""

GONE = "EntityNotFoundException"


class CatalogCache:
    """Databases, tables and partitions as stored, unfiltered; read from the store once after each change."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._databases: dict[str, Document] | None = None
        self._tables: dict[str, dict[str, Document]] = {}
        self._schemas: dict[tuple[str, str], TableSchema] = {}
        self._partitions: dict[tuple[str, str], tuple[Document, ...]] = {}

    def forget(self, database: str | None = None, table: str | None = None) -> None:
        """Read again: everything, one database, or the partitions and schema of one table."""
        with self._lock:
            if database is None:
                self._tables.clear()
                self._schemas.clear()
                self._partitions.clear()
            else:
                self._tables.pop(database, None)
                for cache in (self._schemas, self._partitions):
                    for key in [k for k in cache if k[0] == database and (table is None or k[1] == table)]:
                        del cache[key]
            if table is None:
                self._databases = None

    def forget_partitions(self, database: str, table: str) -> None:
        """Read the partitions of one table again."""
        with self._lock:
            self._partitions.pop((database, table), None)

    def databases(self) -> dict[str, Document]:
        """All databases by name."""
        with self._lock:
            if self._databases is None:
                listed = self._store().invoke("glue", "GetDatabases", {})["DatabaseList"]
                self._databases = {document["Name"]: document for document in listed}
            return self._databases

    def database(self, name: str) -> Document | None:
        """One database, or None."""
        return self.databases().get(name.lower())

    def tables(self, database: str) -> dict[str, Document]:
        """All tables of a database by name; empty if there is no such database."""
        database = database.lower()
        with self._lock:
            if database not in self._tables:
                try:
                    listed = self._store().invoke("glue", "GetTables", {"DatabaseName": database})["TableList"]
                except AwsError as error:
                    if error.code != GONE:
                        raise
                    return {}
                self._tables[database] = {document["Name"]: document for document in listed}
            return self._tables[database]

    def table(self, database: str, name: str) -> Document | None:
        """One table, or None."""
        return self.tables(database).get(name.lower())

    def schema(self, database: str, table: str) -> TableSchema | None:
        """The table's schema, or None if there is no such table."""
        key = (database.lower(), table.lower())
        with self._lock:
            found = self._schemas.get(key)
            if found is None:
                document = self.table(*key)
                if document is None:
                    return None
                found = self._schemas[key] = schema_of(document)
            return found

    def partitions(self, database: str, table: str) -> tuple[Document, ...]:
        """All partitions of a table, in the order of their creation. Raises EntityNotFoundException without one."""
        key = (database.lower(), table.lower())
        with self._lock:
            if key not in self._partitions:
                found = self._store().invoke("glue", "GetPartitions", {"DatabaseName": key[0], "TableName": key[1]})
                self._partitions[key] = tuple(found["Partitions"])
            return self._partitions[key]


def schema_of(document: Document) -> TableSchema:
    """The schema in a table document."""
    storage = document.get("StorageDescriptor") or {}
    return TableSchema(
        database=document["DatabaseName"].lower(),
        table=document["Name"].lower(),
        columns=tuple(column["Name"].lower() for column in storage.get("Columns") or ()),
        partition_keys=tuple(column["Name"].lower() for column in document.get("PartitionKeys") or ()),
        location=storage.get("Location") or "",
    )


def column_types(document: Document) -> dict[str, str]:
    """Hive types by column name, partition keys included."""
    storage = document.get("StorageDescriptor") or {}
    columns = [*(storage.get("Columns") or ()), *(document.get("PartitionKeys") or ())]
    return {column["Name"].lower(): column.get("Type", "string") for column in columns}
