"""What a principal may see of one table: a pure function over grants, settings, tags, filters and the schema.

Sources, by rule (Lake Formation developer guide unless said otherwise):
  grants add up, a wildcard SELECT defeats a later exclusion     'Data filtering limitations'
  partition keys cannot be filtered                              'Data filtering limitations'
  any permission implies DESCRIBE                                'Lake Formation permissions reference'
  administrators: DESCRIBE on everything, no SELECT              'Implicit Lake Formation permissions'
  IAM_ALLOWED_PRINCIPALS, opt-in, hybrid                         'How hybrid access mode works'
  several data filters: union of rows; a cell is shown only on
  the rows of the filters that list its column                   Glue API, UnfilteredTableMetadata.CellFilters
  a table-wide tag match without the column's own: the column's
  own LF-Tags decide for the column                              'LF-Tag inheritance' ('Assigning LF-Tags')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from localaws.lakeformation.model import (
    IAM_ALLOWED_PRINCIPALS,
    TABLE_PERMISSIONS,
    DataCellsFilter,
    Grant,
    Kind,
    RegisteredResource,
    TableSchema,
)
from localaws.lakeformation.tags import TagBook, matches
from localaws.lakeformation.visibility import Cell, Visibility


@dataclass(frozen=True, slots=True)
class Facts:
    """What bears on one principal and one table.

    ``grants`` are those to the principal and to its groups, on the table, its columns and filters, on all tables of
    its database, and on tables by LF-Tag. ``opted_in`` is about this table.
    """

    principal: str
    grants: tuple[Grant, ...]
    admin: bool = False
    read_only_admin: bool = False
    opted_in: bool = False
    registered: RegisteredResource | None = None
    filters: Mapping[str, DataCellsFilter] = field(default_factory=dict)
    tags: TagBook = field(default_factory=TagBook)


@dataclass(frozen=True, slots=True)
class Given:
    """What one grant gives on the table: permissions, readable cell, and the columns whose metadata shows."""

    permissions: frozenset[str] = frozenset()
    cell: Cell | None = None
    described: tuple[str, ...] = ()


NOTHING = Given()


def visibility(schema: TableSchema, facts: Facts) -> Visibility:
    """Which columns and rows of the table the principal may see, and by which grants."""
    held: set[str] = set()
    cells: list[Cell] = []
    described: set[str] = set()
    by: list[str] = []
    iam_only = False
    if facts.admin or facts.read_only_admin:
        role = "data lake administrator" if facts.admin else "read-only data lake administrator"
        by.append(f"{facts.principal} is a {role}: DESCRIBE on everything, no SELECT")
        held.add("DESCRIBE")
        described.update(schema.all_columns)
    for grant in facts.grants:
        if grant.principal == IAM_ALLOWED_PRINCIPALS:
            if facts.opted_in:
                by.append(f"not counted, {facts.principal} has opted in to Lake Formation permissions: {grant}")
                continue
            iam_only = iam_only or "ALL" in grant.permissions
        given = given_by(grant, schema, facts)
        if not given.permissions:
            continue
        held |= given.permissions
        described.update(given.described)
        if given.cell is not None:
            cells.append(given.cell)
        by.append(str(grant))
    columns = _in_table_order(schema, cells)
    shown = described.union(columns)
    left_to_iam = facts.registered is not None and facts.registered.hybrid and iam_only
    return Visibility(
        principal=facts.principal,
        database=schema.database,
        table=schema.table,
        exists=True,
        all_columns=schema.all_columns,
        columns=columns,
        cells=_reduced(schema, cells),
        permissions=frozenset(held),
        metadata_columns=tuple(c for c in schema.all_columns if c in shown),
        iam_only=iam_only,
        governed=facts.registered is not None and not left_to_iam,
        registered=facts.registered,
        by=tuple(by) or (f"no grant to {facts.principal} on table {schema.database}.{schema.table}",),
    )


def given_by(grant: Grant, schema: TableSchema, facts: Facts) -> Given:
    """What one grant gives on the table; nothing for a grant on something else."""
    match grant.resource.kind:
        case Kind.TABLE | Kind.ALL_TABLES:
            permissions = TABLE_PERMISSIONS if "ALL" in grant.permissions else grant.permissions
            cell = Cell(schema.columns, None) if "SELECT" in permissions else None
            return Given(permissions, cell, schema.all_columns)
        case Kind.COLUMNS:
            return _columns(schema, tuple(c for c in schema.all_columns if c in grant.resource.values))
        case Kind.COLUMNS_EXCEPT:
            return _columns(schema, tuple(c for c in schema.all_columns if c not in grant.resource.values))
        case Kind.FILTER:
            return _filtered(grant, schema, facts.filters.get(grant.resource.name))
        case Kind.TAG_POLICY_TABLE:
            return _tagged(grant, schema, facts.tags)
        case _:
            return NOTHING


def _columns(schema: TableSchema, named: tuple[str, ...]) -> Given:
    """SELECT on the named columns; a list of which nothing exists any more gives nothing [inferred]."""
    if not named:
        return NOTHING
    return Given(frozenset({"SELECT"}), Cell(tuple(c for c in named if c in schema.columns), None))


def _filtered(grant: Grant, schema: TableSchema, data_filter: DataCellsFilter | None) -> Given:
    """SELECT through a data filter. DESCRIBE and DROP are on the filter, not on the table.

    A filter whose row condition names a column that is gone shows nothing [inferred]: there is no row it holds for.
    """
    if data_filter is None or "SELECT" not in grant.permissions:
        return NOTHING
    if not set(data_filter.row_columns) <= set(schema.all_columns):
        return NOTHING
    if data_filter.columns is None:
        columns = tuple(c for c in schema.columns if c not in data_filter.excluded)
    else:
        columns = tuple(c for c in schema.columns if c in data_filter.columns)
    return Given(frozenset({"SELECT"}), Cell(columns, data_filter.row_filter))


def _tagged(grant: Grant, schema: TableSchema, tags: TagBook) -> Given:
    """Permissions by LF-Tags: SELECT and DESCRIBE on the matching columns, the rest if the table itself matches.

    With SELECT a table without a matching column is still readable by its partition keys if its own tags match.
    """
    expression = grant.resource.expression
    table_matches = matches(expression, tags.on_table(schema.database, schema.table))
    matching = tuple(c for c in schema.columns if matches(expression, tags.on_column(schema.database, schema.table, c)))
    if not table_matches and not matching:
        return NOTHING
    permissions = TABLE_PERMISSIONS if "ALL" in grant.permissions else grant.permissions
    cell = Cell(matching, None) if "SELECT" in permissions else None
    if not table_matches:
        permissions &= {"SELECT", "DESCRIBE"}
    return Given(permissions, cell, matching + schema.partition_keys) if permissions else NOTHING


def _in_table_order(schema: TableSchema, cells: list[Cell]) -> tuple[str, ...]:
    """The union of the cells' columns, then the partition keys if there is any SELECT at all."""
    if not cells:
        return ()
    seen = {column for cell in cells for column in cell.columns}
    return tuple(c for c in schema.columns if c in seen) + schema.partition_keys


def _reduced(schema: TableSchema, cells: list[Cell]) -> tuple[Cell, ...]:
    """The cells without those that another covers: one for all rows, one per set of columns with a row filter.

    Every cell carries the partition keys: they cannot be filtered.
    """
    everywhere = {column for cell in cells if cell.row_filter is None for column in cell.columns}
    unfiltered = any(cell.row_filter is None for cell in cells)
    by_columns: dict[tuple[str, ...], list[str]] = {}
    for cell in cells:
        if cell.row_filter is None or (unfiltered and everywhere.issuperset(cell.columns)):
            continue
        filters = by_columns.setdefault(cell.columns, [])
        if cell.row_filter not in filters:
            filters.append(cell.row_filter)
    reduced = []
    if unfiltered:
        reduced.append(Cell(tuple(c for c in schema.columns if c in everywhere) + schema.partition_keys, None))
    for columns, filters in sorted(by_columns.items()):
        reduced.append(Cell(columns + schema.partition_keys, either(filters)))
    return tuple(reduced)


def either(filters: list[str]) -> str:
    """One row filter that holds where any of ``filters`` holds."""
    return filters[0] if len(filters) == 1 else " OR ".join(f"({text})" for text in sorted(filters))
