"""The plain data of Lake Formation: resources, grants, settings, registered locations, filters, opt-ins.

Everything here is immutable or a container of immutable values, and can be pickled. Names of databases, tables
and columns are lower case throughout: the Data Catalog folds them (Glue API, ``DatabaseInput.Name``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

IAM_ALLOWED_PRINCIPALS = "IAM_ALLOWED_PRINCIPALS"
"""The group of everybody whom IAM lets in. ``Super`` for it means: IAM alone decides (Data Catalog settings page)."""

ALL_TABLES_NAME = "ALL_TABLES"
"""The table name that ListPermissions shows for a table wildcard (comment in Terraform's AWS provider, observed)."""


class Kind(StrEnum):
    """What a grant is on. COLUMNS is an include list, COLUMNS_EXCEPT a wildcard with excluded names."""

    CATALOG = "CATALOG"
    DATABASE = "DATABASE"
    TABLE = "TABLE"
    ALL_TABLES = "ALL_TABLES"
    COLUMNS = "COLUMNS"
    COLUMNS_EXCEPT = "COLUMNS_EXCEPT"
    FILTER = "FILTER"
    LOCATION = "LOCATION"
    TAG = "TAG"
    TAG_POLICY_DATABASE = "TAG_POLICY_DATABASE"
    TAG_POLICY_TABLE = "TAG_POLICY_TABLE"


_TABLE_OF_PERMISSIONS = json.loads(Path(__file__).with_name("permissions.json").read_text("utf-8"))
VALID: dict[str, frozenset[str]] = {kind: frozenset(names) for kind, names in _TABLE_OF_PERMISSIONS["valid"].items()}
UNSERVED: dict[str, frozenset[str]] = {
    kind: frozenset(names) for kind, names in _TABLE_OF_PERMISSIONS["accepted_by_aws_but_not_served"].items()
}
TABLE_PERMISSIONS = VALID[Kind.TABLE]
DATABASE_PERMISSIONS = VALID[Kind.DATABASE]

Expression = tuple[tuple[str, tuple[str, ...]], ...]
"""An LF-Tag expression: every key must match, by any of its values (developer guide, 'LF-Tag expressions')."""


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """What a grant, a question or an opt-in is about. Which fields mean something follows from ``kind``.

    ``name`` is the filter's name, the location's ARN without a final slash, or the LF-Tag's key.
    ``values`` are column names (COLUMNS, COLUMNS_EXCEPT) or LF-Tag values; sorted for an LF-Tag.
    """

    kind: Kind
    database: str = ""
    table: str = ""
    name: str = ""
    values: tuple[str, ...] = ()
    expression: Expression = ()

    def __str__(self) -> str:
        listed = ", ".join(self.values)
        match self.kind:
            case Kind.CATALOG:
                return "the catalog"
            case Kind.DATABASE:
                return f"database {self.database}"
            case Kind.TABLE:
                return f"table {self.database}.{self.table}"
            case Kind.ALL_TABLES:
                return f"all tables of database {self.database}"
            case Kind.COLUMNS:
                return f"columns {listed} of table {self.database}.{self.table}"
            case Kind.COLUMNS_EXCEPT:
                return f"all columns but {listed} of table {self.database}.{self.table}"
            case Kind.FILTER:
                return f"data filter {self.name} of table {self.database}.{self.table}"
            case Kind.LOCATION:
                return f"location {self.name}"
            case Kind.TAG:
                return f"LF-Tag {self.name}={listed}"
            case Kind.TAG_POLICY_DATABASE | Kind.TAG_POLICY_TABLE:
                objects = "databases" if self.kind is Kind.TAG_POLICY_DATABASE else "tables"
                return f"{objects} where " + " and ".join(f"{k}={'|'.join(v)}" for k, v in self.expression)


CATALOG = Resource(Kind.CATALOG)


def database_resource(database: str) -> Resource:
    """The database as a resource."""
    return Resource(Kind.DATABASE, database.lower())


def table_resource(database: str, table: str) -> Resource:
    """The whole table as a resource."""
    return Resource(Kind.TABLE, database.lower(), table.lower())


@dataclass(frozen=True, slots=True)
class Grant:
    """``permissions`` of ``principal`` on ``resource``; ``grantable`` is the part held with the grant option."""

    principal: str
    resource: Resource
    permissions: frozenset[str]
    grantable: frozenset[str]
    updated: datetime
    updated_by: str

    def __str__(self) -> str:
        option = f" (with grant option: {', '.join(sorted(self.grantable))})" if self.grantable else ""
        return (
            f"grant of {', '.join(sorted(self.permissions))} on {self.resource} to {self.principal}{option}, "
            f"made by {self.updated_by} at {self.updated:%Y-%m-%dT%H:%M:%SZ}"
        )


@dataclass(frozen=True, slots=True)
class TableSchema:
    """What the rules need of a table: data columns and partition keys in table order, and where its data is.

    ``location`` is the storage descriptor's (``s3://...``), empty when it has none.
    """

    database: str
    table: str
    columns: tuple[str, ...]
    partition_keys: tuple[str, ...] = ()
    location: str = ""

    @property
    def all_columns(self) -> tuple[str, ...]:
        """Data columns, then partition keys: the order of ``SELECT *`` (captured result in the walkthrough)."""
        return self.columns + self.partition_keys


@dataclass(frozen=True, slots=True)
class RegisteredResource:
    """A registered location. ``arn`` is as registered; ``role_arn`` is the role that Lake Formation reads with."""

    arn: str
    role_arn: str
    service_linked: bool
    hybrid: bool
    with_federation: bool
    modified: datetime


@dataclass(frozen=True, slots=True)
class DataCellsFilter:
    """A data filter. ``row_filter`` None means all rows. ``columns`` None means all but ``excluded``.

    ``row_columns`` are the columns that the row filter names.
    """

    database: str
    table: str
    name: str
    row_filter: str | None
    columns: tuple[str, ...] | None
    excluded: tuple[str, ...]
    version: str
    row_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptIn:
    """A principal for whom Lake Formation's permissions are enforced on a resource in hybrid access mode."""

    principal: str
    resource: Resource
    modified: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Data lake settings. A fresh account's are the defaults here (developer guide, 'Default settings')."""

    admins: tuple[str, ...] = ()
    read_only_admins: tuple[str, ...] = ()
    iam_only_databases: bool = True
    iam_only_tables: bool = True
    parameters: Mapping[str, str] = field(default_factory=lambda: {"CROSS_ACCOUNT_VERSION": "4", "SET_CONTEXT": "TRUE"})
    trusted_resource_owners: tuple[str, ...] = ()
    allow_external_data_filtering: bool = False
    allow_full_table_external_data_access: bool = False
    external_data_filtering_allow_list: tuple[str, ...] = ()
    authorized_session_tag_values: tuple[str, ...] = ()
