"""The statements that Athena carries out, as data: queries, SHOW, DESCRIBE, EXPLAIN and DDL."""

from __future__ import annotations

from dataclasses import dataclass, field

Name = tuple[str | None, str]
"""A table: (database or None, table), lower case."""


@dataclass(frozen=True)
class Query:
    """A SELECT, WITH, VALUES; ``text`` keeps every character at its place."""

    text: str


@dataclass(frozen=True)
class Explain:
    text: str


@dataclass(frozen=True)
class Prepare:
    """``text`` is the query to keep, with its question marks."""

    name: str
    text: str


@dataclass(frozen=True)
class Execute:
    """``values`` are literals as they are written, in order."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Deallocate:
    name: str


@dataclass(frozen=True)
class ShowDatabases:
    pattern: str | None


@dataclass(frozen=True)
class ShowTables:
    database: str | None
    pattern: str | None


@dataclass(frozen=True)
class ShowColumns:
    table: Name


@dataclass(frozen=True)
class ShowPartitions:
    table: Name


@dataclass(frozen=True)
class Describe:
    table: Name


@dataclass(frozen=True)
class CreateDatabase:
    name: str
    unless_exists: bool
    comment: str | None = None
    location: str | None = None
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DropDatabase:
    name: str
    if_exists: bool
    cascade: bool


@dataclass(frozen=True)
class ColumnDef:
    name: str
    type: str
    comment: str | None = None


@dataclass(frozen=True)
class CreateTable:
    table: Name
    unless_exists: bool
    columns: tuple[ColumnDef, ...]
    partition_keys: tuple[ColumnDef, ...]
    location: str
    comment: str | None = None
    serde_properties: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DropTable:
    table: Name
    if_exists: bool


@dataclass(frozen=True)
class RepairTable:
    table: Name


@dataclass(frozen=True)
class AddPartitions:
    table: Name
    unless_exists: bool
    partitions: tuple[tuple[dict[str, str], str | None], ...]


@dataclass(frozen=True)
class DropPartitions:
    table: Name
    if_exists: bool
    partitions: tuple[dict[str, str], ...]


Statement = (
    Query
    | Explain
    | Prepare
    | Execute
    | Deallocate
    | ShowDatabases
    | ShowTables
    | ShowColumns
    | ShowPartitions
    | Describe
    | CreateDatabase
    | DropDatabase
    | CreateTable
    | DropTable
    | RepairTable
    | AddPartitions
    | DropPartitions
)

KINDS: dict[type, tuple[str, str]] = {
    Query: ("DML", "SELECT"),
    Explain: ("UTILITY", "EXPLAIN"),
    Prepare: ("DDL", "PREPARE"),
    Execute: ("DML", "SELECT"),
    Deallocate: ("DDL", "DEALLOCATE"),
    ShowDatabases: ("UTILITY", "SHOW_DATABASES"),
    ShowTables: ("UTILITY", "SHOW_TABLES"),
    ShowColumns: ("UTILITY", "SHOW_COLUMNS"),
    ShowPartitions: ("UTILITY", "SHOW_PARTITIONS"),
    Describe: ("UTILITY", "DESCRIBE_TABLE"),
    CreateDatabase: ("DDL", "CREATE_DATABASE"),
    DropDatabase: ("DDL", "DROP_DATABASE"),
    CreateTable: ("DDL", "CREATE_TABLE"),
    DropTable: ("DDL", "DROP_TABLE"),
    RepairTable: ("DDL", "MSCK_REPAIR_TABLE"),
    AddPartitions: ("DDL", "ALTER_TABLE_ADD_PARTITION"),
    DropPartitions: ("DDL", "ALTER_TABLE_DROP_PARTITION"),
}
"""StatementType and SubstatementType. The types are documented; the names of most substatements are inferred."""

PARQUET_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
PARQUET_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
