"""Exactly the Lake Formation permissions that a plan means: what is granted is what is compared."""

from __future__ import annotations

from dataclasses import dataclass

from lakeproof.plan.models import Plan

DEFAULT_DATABASE = "default"
"""Athena resolves names in the database of the query's context, ``default`` unless it is told otherwise: a caller
needs DESCRIBE on it (Athena user guide, "Fine-grained access to databases and tables")."""


@dataclass(frozen=True)
class Permission:
    """One permission of one role. ``table`` None: on the database. ``include`` and ``exclude`` None: on all columns.

    ``person`` is the plan's person, None for the control reader.
    """

    role: str
    person: str | None
    database: str
    table: str | None
    permission: str
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    grant_option: bool = False


def permissions(plan: Plan) -> tuple[Permission, ...]:
    """Every permission of every role of the plan: grants in order, the control reader's, DESCRIBE on ``default``."""
    database = plan.dataset.database
    found: list[Permission] = []
    for grant in plan.grants:
        some = grant.columns if not isinstance(grant.columns, str) else None
        found.append(
            Permission(
                plan.person(grant.person).execution_role,
                grant.person,
                database,
                grant.table,
                "SELECT",
                some.include if some else None,
                some.exclude if some else None,
                grant.grant_option,
            )
        )
    reader = plan.verification.control_reader
    if reader:
        found += [Permission(reader.role, None, database, table.name, "SELECT") for table in plan.dataset.tables]
    if plan.account.describe_default:
        for person in plan.people:
            found.append(Permission(person.execution_role, person.name, DEFAULT_DATABASE, None, "DESCRIBE"))
    if reader:
        found.append(Permission(reader.role, None, DEFAULT_DATABASE, None, "DESCRIBE"))
    return tuple(found)
