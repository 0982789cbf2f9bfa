"""SHOW, DESCRIBE and EXPLAIN: answered from what the caller may see, never from the engine.

Sources: PyAthena's own tests of live Athena (SHOW COLUMNS pads to 20 characters; column names and types of the
answers), Hive's output format for DESCRIBE. What a restricted principal sees in them is inferred: Glue filters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localaws.athena import statements
from localaws.athena.catalog import CallerCatalog, described
from localaws.athena.ddl import TASK
from localaws.athena.failure import QueryFailed
from localaws.athena.planning import Plan
from localaws.glue import catalog as glue

Answer = tuple[tuple[str, ...], list[str]]
"""Names of the columns, and one line a row."""


def answer(statement: statements.Statement, catalog: CallerCatalog) -> Answer | None:
    """The answer to a SHOW or DESCRIBE; None for any other statement. Raises QueryFailed."""
    match statement:
        case statements.ShowDatabases(pattern):
            names = [document["Name"] for document in catalog.databases()]
            return ("database_name",), _chosen(names, pattern)
        case statements.ShowTables(database, pattern):
            documents = catalog.table_documents(database or catalog.database)
            return ("tab_name",), _chosen([document["Name"] for document in documents], pattern)
        case statements.ShowColumns(table):
            columns, _ = described(_document(catalog, table))
            return ("field",), [f"{column['Name'].lower():<20}" for column in columns]
        case statements.ShowPartitions(table):
            return ("partition",), _partitions(catalog, table)
        case statements.Describe(table):
            return ("col_name", "data_type", "comment"), _description(_document(catalog, table))
    return None


def explain(plan: Plan) -> Answer:
    """A plan in words of our own: what comes out, and which visible columns of which tables are read."""
    lines = [
        "Fragment 0 [SINGLE]",
        f"    Output layout: [{', '.join(label for label, _ in plan.columns)}]",
        "    Output partitioning: SINGLE []",
        f"    Output[columnNames = [{', '.join(label for label, _ in plan.columns)}]]",
    ]
    for table in dict.fromkeys((t.database, t.name) for t in plan.tables):
        lines.append(f"    └─ TableScan[table = awsdatacatalog:{table[0]}:{table[1]}]")
    return ("Query Plan",), lines


def _chosen(names: list[str], pattern: str | None) -> list[str]:
    """Hive's patterns: ``*`` for anything, ``|`` between choices, no case."""
    if pattern is None:
        return sorted(names)
    choices = "|".join(re.escape(choice).replace(r"\*", ".*") for choice in pattern.split("|"))
    return sorted(name for name in names if re.fullmatch(choices, name, re.IGNORECASE))


def _document(catalog: CallerCatalog, table: statements.Name) -> Mapping[str, Any]:
    """A table's document with the columns that the caller's metadata shows."""
    database = table[0] or catalog.database
    catalog.check("glue:GetTable", ("catalog", f"database/{database}", f"table/{database}/{table[1]}"))
    catalog.seen(database, table[1])
    return glue.visible_table(catalog.account, catalog.call.caller, database, table[1])


def _partitions(catalog: CallerCatalog, table: statements.Name) -> list[str]:
    database = table[0] or catalog.database
    document = _document(catalog, table)
    keys = [key["Name"].lower() for key in document.get("PartitionKeys") or ()]
    if not keys:
        raise QueryFailed("DDL", f"{TASK} Table {table[1]} is not a partitioned table")
    catalog.check("glue:GetPartitions", ("catalog", f"database/{database}", f"table/{database}/{table[1]}"))
    found = glue.visible_partitions(catalog.account, catalog.call.caller, database, table[1])
    return sorted("/".join(f"{k}={v}" for k, v in zip(keys, p["Values"], strict=True)) for p in found)


def _description(document: Mapping[str, Any]) -> list[str]:
    def line(column: Mapping[str, Any]) -> str:
        return f"{column['Name'].lower():<20}\t{column.get('Type', 'string'):<20}\t{column.get('Comment', ''):<20}"

    columns, keys = described(document)
    lines = [line(column) for column in columns]
    if keys:
        lines += ["\t \t ", "# Partition Information\t \t ", f"{'# col_name':<20}\t{'data_type':<20}\t{'comment':<20}"]
        lines += ["\t \t ", *(line(column) for column in columns if column["Name"].lower() in keys)]
    return lines
