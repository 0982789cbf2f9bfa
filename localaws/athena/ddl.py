"""DDL: databases, external Parquet tables and their partitions, changed with the caller's rights.

Sources: Athena User Guide, "DDL statements" and "Fine-grained access to databases and tables" (the Glue actions each
needs); the text of a refusal is reported by users of live Athena.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from localaws.athena import statements
from localaws.athena.catalog import ATHENA, CallerCatalog
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.files import split_uri
from localaws.athena.reading import check_listing
from localaws.athena.types import parse_hive
from localaws.errors import AwsError
from localaws.glue import catalog as glue

if TYPE_CHECKING:
    from localaws.account import Account

TASK = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."


def run(statement: statements.Statement, catalog: CallerCatalog) -> list[str]:
    """Carry out a DDL statement: the lines of its answer. Raises QueryFailed in Hive's words."""
    account = catalog.account
    try:
        match statement:
            case statements.CreateDatabase():
                return _create_database(account, catalog, statement)
            case statements.DropDatabase():
                return _drop_database(account, catalog, statement)
            case statements.CreateTable():
                return _create_table(account, catalog, statement)
            case statements.DropTable():
                return _drop_table(account, catalog, statement)
            case statements.RepairTable(table):
                return _repair(account, catalog, table)
            case statements.AddPartitions():
                return _add(account, catalog, statement)
            case statements.DropPartitions():
                return _drop(account, catalog, statement)
    except AwsError as error:
        if error.status == 501:
            raise
        raise _refused(error) from None
    raise not_supported(type(statement).__name__)


def _refused(error: AwsError) -> QueryFailed:
    detail = (
        f"(Service: AmazonDataCatalog; Status Code: 400; Error Code: {error.code}; "
        f"Request ID: {uuid.uuid4()}; Proxy: null)"
    )
    kind = "AlreadyExistsException" if error.code == "AlreadyExistsException" else "MetaException"
    return QueryFailed("DDL", f"{TASK} {kind}(message:{error.message} {detail})")


def _may(catalog: CallerCatalog, action: str, database: str, table: str | None = None) -> None:
    """Ask IAM for one Glue action; a refusal comes in Hive's words."""
    resources = ["catalog", f"database/{database}", *([f"table/{database}/{table}"] if table else [])]
    base = f"arn:aws:glue:{catalog.account.region}:{catalog.account.account_id}:"
    acting = catalog.call.acting("glue", action.partition(":")[2], {}, ATHENA)
    for resource in resources:
        catalog.account.authorizer.check(acting, action, base + resource)


def _create_database(account: Account, catalog: CallerCatalog, statement: statements.CreateDatabase) -> list[str]:
    _may(catalog, "glue:CreateDatabase", statement.name)
    document: dict[str, Any] = {"Name": statement.name, "Parameters": statement.properties}
    if statement.comment is not None:
        document["Description"] = statement.comment
    if statement.location is not None:
        document["LocationUri"] = statement.location
    return _created(statement.unless_exists, lambda: glue.create_database(account, catalog.call.caller, document))


def _created(unless_exists: bool, create: Callable[[], object]) -> list[str]:
    try:
        create()
    except AwsError as error:
        if not (unless_exists and error.code == "AlreadyExistsException"):
            raise
    return []


def _drop_database(account: Account, catalog: CallerCatalog, statement: statements.DropDatabase) -> list[str]:
    _may(catalog, "glue:DeleteDatabase", statement.name)
    if glue.database(account, statement.name) is not None and not statement.cascade:
        account.lakeformation.require(catalog.call.caller, "DROP", _database(statement.name))
        if account.lakeformation.catalog.tables(statement.name):
            message = f"Database {statement.name} is not empty. One or more tables exist."
            raise QueryFailed("DDL", f"{TASK} InvalidOperationException(message:{message})")
    try:
        glue.drop_database(account, catalog.call.caller, statement.name)
    except AwsError as error:
        if error.code != "EntityNotFoundException":
            raise
        if not statement.if_exists:
            message = f"FAILED: SemanticException [Error 10072]: Database does not exist: {statement.name}"
            raise QueryFailed("DDL", message) from None
    return []


def _database(name: str) -> Any:
    from localaws.lakeformation.model import database_resource

    return database_resource(name)


def _create_table(account: Account, catalog: CallerCatalog, statement: statements.CreateTable) -> list[str]:
    database, name = statement.table[0] or catalog.database, statement.table[1]
    for column in (*statement.columns, *statement.partition_keys):
        parse_hive(column.type)
    try:
        split_uri(statement.location)
    except ValueError:
        message = f"MetaException(message:{statement.location} is not a valid S3 location)"
        raise QueryFailed("DDL", f"{TASK} {message}") from None
    _may(catalog, "glue:CreateTable", database, name)
    document: dict[str, Any] = {
        "Name": name,
        "Owner": "hadoop",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **statement.properties},
        "PartitionKeys": [_column(c) for c in statement.partition_keys],
        "StorageDescriptor": {
            "Columns": [_column(c) for c in statement.columns],
            "Location": statement.location.rstrip("/"),
            "InputFormat": statements.PARQUET_INPUT,
            "OutputFormat": statements.PARQUET_OUTPUT,
            "Compressed": False,
            "NumberOfBuckets": -1,
            "SerdeInfo": {
                "SerializationLibrary": statements.PARQUET_SERDE,
                "Parameters": {"serialization.format": "1", **statement.serde_properties},
            },
            "StoredAsSubDirectories": False,
        },
    }
    if statement.comment is not None:
        document["Parameters"]["comment"] = statement.comment
    return _created(
        statement.unless_exists, lambda: glue.create_table(account, catalog.call.caller, database, document)
    )


def _column(column: statements.ColumnDef) -> dict[str, str]:
    comment = {} if column.comment is None else {"Comment": column.comment}
    return {"Name": column.name, "Type": column.type, **comment}


def _drop_table(account: Account, catalog: CallerCatalog, statement: statements.DropTable) -> list[str]:
    database, name = statement.table[0] or catalog.database, statement.table[1]
    _may(catalog, "glue:DeleteTable", database, name)
    try:
        glue.drop_table(account, catalog.call.caller, database, name)
    except AwsError as error:
        if error.code != "EntityNotFoundException":
            raise
        if not statement.if_exists:
            message = f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}"
            raise QueryFailed("DDL", message) from None
    return []


def _repair(account: Account, catalog: CallerCatalog, table: statements.Name) -> list[str]:
    """MSCK REPAIR TABLE: every ``key=value/`` below the table's location that is no partition yet becomes one."""
    database, name = table[0] or catalog.database, table[1]
    for action in ("glue:GetTable", "glue:GetPartitions", "glue:BatchCreatePartition"):
        _may(catalog, action, database, name)
    document, visibility = catalog.seen(database, name)
    keys = [key["Name"].lower() for key in document.get("PartitionKeys") or ()]
    if not keys:
        return []
    location = document["StorageDescriptor"]["Location"].rstrip("/")
    bucket, prefix = split_uri(location)
    if not (visibility.governed and account.lakeformation.registered_alike(location, location)):
        check_listing(account, catalog, location)
    known = {tuple(p["Values"]) for p in glue.partitions(account, database, name)}
    found: dict[tuple[str, ...], str] = {}
    for stored in account.store.list_objects(bucket, f"{prefix}/" if prefix else ""):
        folders = stored.key[len(prefix) :].strip("/").split("/")[:-1][: len(keys)]
        pairs = [folder.partition("=") for folder in folders]
        if len(pairs) == len(keys) and all(p[0].lower() == k and p[1] for p, k in zip(pairs, keys, strict=True)):
            values = tuple(unquote(p[2]) for p in pairs)
            if values not in known:
                found.setdefault(values, f"{location}/{'/'.join(folders)}")
    added = [_partition(document, values, place) for values, place in found.items()]
    for start in range(0, len(added), 100):
        glue.add_partitions(account, catalog.call.caller, database, name, added[start : start + 100])
    names = [f"{name}:{'/'.join(f'{k}={v}' for k, v in zip(keys, values, strict=True))}" for values in found]
    if not names:
        return []
    repaired = [f"Repair: Added partition to metastore {n}" for n in names]
    return ["\t".join(["Partitions not in metastore:", *names]), *repaired]


def _partition(document: Mapping[str, Any], values: tuple[str, ...], location: str) -> dict[str, Any]:
    storage = {**document["StorageDescriptor"], "Location": location}
    return {"Values": list(values), "StorageDescriptor": storage, "Parameters": {}}


def _values(document: Mapping[str, Any], specification: Mapping[str, str]) -> tuple[str, ...]:
    keys = [key["Name"].lower() for key in document.get("PartitionKeys") or ()]
    if sorted(keys) != sorted(specification):
        message = "FAILED: SemanticException Partition spec {" + ", ".join(specification) + "} does not fit the table"
        raise QueryFailed("DDL", message)
    return tuple(specification[key] for key in keys)


def _add(account: Account, catalog: CallerCatalog, statement: statements.AddPartitions) -> list[str]:
    database, name = statement.table[0] or catalog.database, statement.table[1]
    for action in ("glue:GetTable", "glue:BatchCreatePartition"):
        _may(catalog, action, database, name)
    document, _ = catalog.seen(database, name)
    home = document["StorageDescriptor"]["Location"].rstrip("/")
    added = []
    for specification, location in statement.partitions:
        values = _values(document, specification)
        keys = [key["Name"].lower() for key in document["PartitionKeys"]]
        place = location or f"{home}/{'/'.join(f'{k}={v}' for k, v in zip(keys, values, strict=True))}"
        added.append(_partition(document, values, place.rstrip("/")))
    errors = glue.add_partitions(account, catalog.call.caller, database, name, added)
    if errors and not statement.unless_exists:
        raise QueryFailed("DDL", f"{TASK} AlreadyExistsException(message:Partition already exists.)")
    return []


def _drop(account: Account, catalog: CallerCatalog, statement: statements.DropPartitions) -> list[str]:
    database, name = statement.table[0] or catalog.database, statement.table[1]
    for action in ("glue:GetTable", "glue:BatchDeletePartition"):
        _may(catalog, action, database, name)
    document, _ = catalog.seen(database, name)
    values = [_values(document, specification) for specification in statement.partitions]
    errors = glue.drop_partitions(account, catalog.call.caller, database, name, values)
    if errors and not statement.if_exists:
        raise QueryFailed("DDL", f"{TASK} NoSuchObjectException(message:Partition does not exist)")
    return []
