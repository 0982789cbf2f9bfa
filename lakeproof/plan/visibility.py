"""What the grants of a plan show to a person: columns on rows. Computed from the plan alone, by Lake Formation's rules.

Sources (Lake Formation developer guide): grants add up ("Data filtering limitations"); several data filters show the
union of their rows, and a value on the rows of those filters that list its column (Glue API,
UnfilteredTableMetadata.CellFilters); partition keys cannot be filtered; a column's LF-Tags override its table's, and
these its database's, key by key ("LF-Tag inheritance"); an expression matches where each of its keys is present with
one of the listed values ("LF-Tag expressions").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeproof.plan.parts import Column, Dataset, Grant, Table, TagGrant

if TYPE_CHECKING:
    from lakeproof.plan.models import Plan


@dataclass(frozen=True)
class Cell:
    """``columns`` (table order, partition keys last) show on the rows where ``where`` holds; None means on all rows."""

    columns: tuple[str, ...]
    where: str | None


def cells(plan: Plan, person: str, table: Table) -> tuple[Cell, ...]:
    """What each grant to the person shows of the table, in the plan's order; grants that show nothing are left out."""
    found = []
    for grant in plan.grants:
        if grant.person != person:
            continue
        if isinstance(grant, TagGrant):
            names = matching(plan.dataset, table, grant.lf_tags)
            where = None
        elif grant.table == table.name:
            names = named(table, grant)
            where = grant.row_filter.where if grant.row_filter else None
        else:
            continue
        if names:
            found.append(Cell(names, where))
    return tuple(found)


def named(table: Table, grant: Grant) -> tuple[str, ...]:
    """The columns of a grant that names its table."""
    if isinstance(grant.columns, str):
        return table.column_names
    keys = set(table.partition_key_names)
    if grant.columns.include is not None:
        seen = keys.union(grant.columns.include)
    else:
        seen = set(table.column_names).difference(grant.columns.exclude or ()) | keys
    return tuple(name for name in table.column_names if name in seen)


def matching(dataset: Dataset, table: Table, expression: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The columns of the table whose LF-Tags match; the partition keys too, if the table or any column matches."""
    columns = [column.name for column in table.columns if matches(expression, effective(dataset, table, column))]
    if not columns and not matches(expression, effective(dataset, table)):
        return ()
    return (*columns, *table.partition_key_names)


def effective(dataset: Dataset, table: Table, column: Column | None = None) -> dict[str, str]:
    """The LF-Tags of a table or of one of its columns, what they inherit included."""
    return {**dataset.lf_tags, **table.lf_tags, **(column.lf_tags if column else {})}


def matches(expression: Mapping[str, tuple[str, ...]], tags: Mapping[str, str]) -> bool:
    """Whether each key of the expression is among the tags with one of its values."""
    return all(tags.get(key) in values for key, values in expression.items())


def either(predicates: Iterable[str | None]) -> str | None:
    """One predicate that holds where any of them holds; None holds everywhere."""
    found = list(dict.fromkeys(predicates))
    if not found or None in found:
        return None
    return str(found[0]) if len(found) == 1 else " OR ".join(f"({text})" for text in found)
