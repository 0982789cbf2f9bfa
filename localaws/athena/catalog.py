"""The Data Catalog as one caller's query sees it: what is not visible is not there.

Every lookup asks IAM (the Glue action on catalog, database and table) and Lake Formation, with the caller's rights.
Sources of the texts: error-message reports of live Athena; that an invisible table and a missing one give the same
text is reported too (awswrangler issue 677).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.types import Type, parse_hive
from localaws.errors import AwsError
from localaws.glue import catalog as glue

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call
    from localaws.lakeformation.visibility import Visibility

ATHENA = "athena.amazonaws.com"
CATALOG = "awsdatacatalog"
INFORMATION = "information_schema"
Position = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Column:
    """A readable column. ``hive`` is its type as the catalog writes it."""

    name: str
    hive: str
    type: Type
    comment: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class VisibleTable:
    """A table, cut to what may be read of it: partition keys last. Equal rights share one object.

    ``document`` is the stored table; ``visibility`` says which rows; both are None for information_schema.
    """

    database: str
    name: str
    columns: tuple[Column, ...]
    partition_keys: tuple[str, ...] = ()
    document: Mapping[str, Any] | None = None
    visibility: Visibility | None = None
    rows: tuple[tuple[str | int | None, ...], ...] = ()


class VisibleTables:
    """The visible tables that were asked for, shared by all callers with the same rights. Bounded."""

    MOST = 5_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[object, VisibleTable] = {}

    def get(self, document: Mapping[str, Any], visibility: Visibility) -> VisibleTable:
        """The table as ``visibility`` shows it. Raises QueryFailed NOT_SUPPORTED for a readable column's type."""
        key = visibility.fingerprint
        with self._lock:
            known = self._known.get(key)
            if known is not None and known.document is document:
                return known
        table = _cut(document, visibility)
        with self._lock:
            if len(self._known) >= self.MOST:
                self._known.clear()
            return self._known.setdefault(key, table) if key not in self._known else self._replace(key, table)

    def _replace(self, key: object, table: VisibleTable) -> VisibleTable:
        known = self._known[key]
        if known.document is table.document:
            return known
        self._known[key] = table
        return table


def described(document: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], tuple[str, ...]]:
    """All columns of a table document in order, partition keys last, and the keys' names."""
    storage = document.get("StorageDescriptor") or {}
    keys = list(document.get("PartitionKeys") or ())
    return [*(storage.get("Columns") or ()), *keys], tuple(key["Name"].lower() for key in keys)


def _cut(document: Mapping[str, Any], visibility: Visibility) -> VisibleTable:
    every, keys = described(document)
    shown = set(visibility.columns)
    columns = tuple(
        Column(c["Name"].lower(), c.get("Type", "string"), parse_hive(c.get("Type", "string")), c.get("Comment", ""))
        for c in every
        if c["Name"].lower() in shown
    )
    database, name = visibility.database, visibility.table
    return VisibleTable(database, name, columns, tuple(k for k in keys if k in shown), document, visibility)


@dataclass
class CallerCatalog:
    """One query's view. ``call`` carries the caller; ``database`` is the query context's, "default" if none."""

    account: Account
    call: Call
    tables: VisibleTables
    database: str = "default"
    _checked: set[tuple[str, str]] = field(default_factory=set)
    _shown: dict[str, VisibleTable] = field(default_factory=dict)

    def table(self, parts: Sequence[str], position: Position) -> VisibleTable:
        """The table that a dotted name means. Raises QueryFailed with the text that AWS gives for what is missing."""
        database, name = self._names(parts, position)
        if database == INFORMATION:
            return self._information(name, position)
        self._iam(database, name, "glue:GetDatabase", "glue:GetTable")
        document, visibility = self.seen(database, name, position)
        if not visibility.selectable or not visibility.columns:
            raise insufficient("Select", name)
        table = self.tables.get(document, visibility)
        if document.get("PartitionKeys"):
            self._iam(database, name, "glue:GetPartitions")
        return table

    def seen(self, database: str, name: str, position: Position = None) -> tuple[Mapping[str, Any], Visibility]:
        """A table that the caller may know of. Raises QueryFailed otherwise, alike for a missing and a hidden one."""
        lakeformation, who = self.account.lakeformation, self.call.caller
        self.known_database(database, position)
        visibility = lakeformation.visible(who, database, name)
        document = glue.table(self.account, database, name)
        if document is not None and visibility.visible:
            return document, visibility
        if document is None and lakeformation.knows_of_missing(who, database):
            raise QueryFailed("TABLE_NOT_FOUND", f"Table '{CATALOG}.{database}.{name}' does not exist", position)
        raise insufficient("Describe", name)

    def known_database(self, database: str, position: Position = None) -> Mapping[str, Any]:
        """A database that the caller may know of."""
        lakeformation, who = self.account.lakeformation, self.call.caller
        document = glue.database(self.account, database)
        if document is not None and lakeformation.database_visible(who, database):
            return document
        if document is None and lakeformation.knows_of_missing(who, None):
            raise QueryFailed("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist", position)
        raise insufficient("Describe", database)

    def check_context(self) -> None:
        """The query context's database must be visible, if it exists.

        Source: Athena User Guide, "Use Athena with Lake Formation": queries need the database of their context, and
        ``default`` is the context of a query that names none.
        """
        if glue.database(self.account, self.database) is None:
            return
        self._iam_database(self.database, "glue:GetDatabase")
        self.known_database(self.database)

    def _names(self, parts: Sequence[str], position: Position) -> tuple[str, str]:
        if len(parts) > 3:
            raise QueryFailed("SYNTAX_ERROR", f"Too many dots in table name: {'.'.join(parts)}", position)
        if len(parts) == 3 and parts[0] != CATALOG:
            raise QueryFailed("CATALOG_NOT_FOUND", f"Catalog '{parts[0]}' does not exist", position)
        return (parts[-2] if len(parts) > 1 else self.database), parts[-1]

    def _iam(self, database: str, name: str, *actions: str) -> None:
        table = f"table/{database}/{name}"
        for action in actions:
            resources = ("catalog", f"database/{database}")
            self.check(action, resources if action == "glue:GetDatabase" else (*resources, table))

    def _iam_database(self, database: str, action: str) -> None:
        self.check(action, ("catalog", f"database/{database}"))

    def check(self, action: str, resources: Iterable[str]) -> None:
        """Ask IAM for a Glue action on resources of this account's catalog, with the caller's rights."""
        base = f"arn:aws:glue:{self.account.region}:{self.account.account_id}:"
        for resource in resources:
            if (action, resource) in self._checked:
                continue
            acting = self.call.acting("glue", action.partition(":")[2], {}, ATHENA)
            try:
                self.account.authorizer.check(acting, action, base + resource)
            except AwsError as error:
                if error.status == 501:
                    raise
                message = f"Insufficient permissions to execute the query. {error.message}"
                raise QueryFailed("IAM", message) from None
            self._checked.add((action, resource))

    def databases(self) -> list[Mapping[str, Any]]:
        """The databases that the caller may know of, by name."""
        self.check("glue:GetDatabases", ("catalog", "database/*"))
        return list(glue.visible_databases(self.account, self.call.caller))

    def table_documents(self, database: str) -> list[dict[str, Any]]:
        """The tables of a database that the caller may know of, by name, with the columns that metadata shows."""
        self.check("glue:GetTables", ("catalog", f"database/{database}", f"table/{database}/*"))
        self.known_database(database)
        return list(glue.visible_tables(self.account, self.call.caller, database))

    def _information(self, name: str, position: Position) -> VisibleTable:
        from localaws.athena import information

        if name in self._shown:
            return self._shown[name]
        columns = information.COLUMNS.get(name)
        if columns is None:
            if name in information.UNSERVED:
                raise not_supported(f"{INFORMATION}.{name}", position)
            message = f"Table '{CATALOG}.{INFORMATION}.{name}' does not exist"
            raise QueryFailed("TABLE_NOT_FOUND", message, position)
        self._shown[name] = VisibleTable(INFORMATION, name, columns, rows=information.rows(self, name))
        return self._shown[name]


def insufficient(permission: str, name: str) -> QueryFailed:
    """Lake Formation's refusal (reported wording). The same for what is hidden and what is not there."""
    return QueryFailed("LAKE_FORMATION", f"Insufficient Lake Formation permission(s): Required {permission} on {name}")
