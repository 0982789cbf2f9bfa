"""Exactly the Lake Formation permissions that a plan means: what is granted is what is compared."""

from __future__ import annotations

from dataclasses import dataclass

from lakeproof.plan.models import Plan
from lakeproof.plan.parts import Columns, Grant, TagGrant

DEFAULT_DATABASE = "default"
"""Athena resolves names in the database of the query's context, ``default`` unless it is told otherwise: a caller
needs DESCRIBE on it (Athena user guide, "Fine-grained access to databases and tables")."""

Expression = tuple[tuple[str, tuple[str, ...]], ...]
"""An LF-Tag expression: keys in order, each with its values in order."""


@dataclass(frozen=True)
class Permission:
    """One permission of one role.

    On a database (``table`` None); on a table, all its columns or those of ``include`` or all but those of ``exclude``;
    on the table's data filter ``filter``; or, with an ``expression``, on all tables by their LF-Tags (``database`` is
    empty then). ``person`` is the plan's person, None for the control reader.
    """

    role: str
    person: str | None
    database: str
    table: str | None
    permission: str
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    filter: str | None = None
    expression: Expression | None = None
    grant_option: bool = False


@dataclass(frozen=True)
class DataFilter:
    """One data filter of a table: the columns that it shows (both None: all) on the rows where ``where`` holds."""

    table: str
    name: str
    where: str
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None


def permissions(plan: Plan) -> tuple[Permission, ...]:
    """Every permission of every role of the plan: grants in order, the control reader's, DESCRIBE on ``default``."""
    database = plan.dataset.database
    found = [_permission(plan, grant) for grant in plan.grants]
    reader = plan.verification.control_reader
    if reader:
        found += [Permission(reader.role, None, database, table.name, "SELECT") for table in plan.dataset.tables]
    if plan.account.describe_default:
        for person in plan.people:
            found.append(Permission(person.execution_role, person.name, DEFAULT_DATABASE, None, "DESCRIBE"))
    if reader:
        found.append(Permission(reader.role, None, DEFAULT_DATABASE, None, "DESCRIBE"))
    return tuple(found)


def data_filters(plan: Plan) -> tuple[DataFilter, ...]:
    """Every data filter of the plan, in the order of the grants; one that several grants name comes once."""
    return tuple(
        dict.fromkeys(
            DataFilter(grant.table, grant.row_filter.name, grant.row_filter.where, *_lists(grant.columns))
            for grant in plan.grants
            if isinstance(grant, Grant) and grant.row_filter
        )
    )


def assigned_tags(plan: Plan) -> dict[tuple[str, ...], dict[str, str]]:
    """The LF-Tags that the plan assigns: to the database (), to (table,) and to (table, column); none is empty."""
    found: dict[tuple[str, ...], dict[str, str]] = {(): plan.dataset.lf_tags}
    for table in plan.dataset.tables:
        found[(table.name,)] = table.lf_tags
        found |= {(table.name, column.name): column.lf_tags for column in table.columns}
    return {where: dict(tags) for where, tags in found.items() if tags}


def _permission(plan: Plan, grant: Grant | TagGrant) -> Permission:
    role, option = plan.person(grant.person).execution_role, grant.grant_option
    if isinstance(grant, TagGrant):
        expression = tuple(sorted((key, tuple(sorted(values))) for key, values in grant.lf_tags.items()))
        return Permission(role, grant.person, "", None, "SELECT", expression=expression, grant_option=option)
    database, (include, exclude) = plan.dataset.database, _lists(grant.columns)
    if grant.row_filter:
        return Permission(role, grant.person, database, grant.table, "SELECT", filter=grant.row_filter.name)
    return Permission(role, grant.person, database, grant.table, "SELECT", include, exclude, grant_option=option)


def _lists(columns: str | Columns) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    return (None, None) if isinstance(columns, str) else (columns.include, columns.exclude)
