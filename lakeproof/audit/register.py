"""Who is who, from the plan: the rows that a trail's roles and profiles are held against."""

from __future__ import annotations

from lakeproof.audit.questions.text import Row
from lakeproof.plan import Plan


def rows(plan: Plan) -> list[Row]:
    """One row of ``register`` for each person. Roles are compared by name: the plan may not be resolved.

    An empty source identity says that the domain is not asked to write one.
    """
    prefix = plan.execution.role.partition("{")[0]
    return [
        (
            person.execution_role,
            person.profile,
            person.name,
            person.user_id,
            person.profile if plan.studio.source_identity else "",
            prefix,
            plan.studio.profile_tag,
        )
        for person in plan.people
    ]
