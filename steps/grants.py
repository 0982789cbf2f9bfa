"""Lake Formation's permissions, compared with the plan both ways."""

from __future__ import annotations

from pytest_bdd import given, then

from lakeproof.inventory import lake
from lakeproof.plan import Plan, permissions
from lakeproof.target import Target
from provision.estate import Estate
from steps import judge
from steps.words import words

REMEDY = "grant what is missing and revoke what is extra in Lake Formation"


def planned(plan: Plan, person: str | None = None) -> list[str]:
    """The planned permissions in words, of one person or of all."""
    found = []
    for each in permissions(plan):
        if person is None or each.person == person:
            where = f"{each.database}.{each.table}" if each.table else each.database
            some = _columns(each.include, each.exclude) if each.table else ""
            option = " with grant option" if each.grant_option else ""
            found.append(f"{plan.role_arn(each.role)}: {each.permission} on {where}{some}{option}")
    return found


def found(rows: tuple[lake.Permission, ...], plan: Plan, harness: str, principals: set[str]) -> list[str]:
    """The account's permissions in the same words: on the planned database by anybody, and by the planned people on
    anything. What the harness holds as the creator of the lake is left out."""
    return [
        f"{row.principal}: {permission} on {_place(row)}"
        f"{_columns(row.columns, row.excluded or None) if row.table else ''}"
        f"{' with grant option' if permission in row.grantable else ''}"
        for row in rows
        if row.principal != harness and (row.database == plan.dataset.database or row.principal in principals)
        for permission in row.permissions
    ]


def _place(row: lake.Permission) -> str:
    return ".".join(filter(None, (row.database, row.table))) or row.location or row.kind


def _columns(include: tuple[str, ...] | None, exclude: tuple[str, ...] | None) -> str:
    if include:
        return f" ({', '.join(sorted(include))})"
    return f" (all but {', '.join(sorted(exclude))})" if exclude else " (all columns)"


@given("every Lake Formation permission of the account", target_fixture="rows")
def every_permission(target: Target) -> tuple[lake.Permission, ...]:
    return lake.permissions(target.client("lakeformation"))


@then("they are exactly the planned ones")
def exactly_planned(rows: tuple[lake.Permission, ...], plan: Plan, estate: Estate) -> None:
    roles = {plan.role_arn(each.role) for each in permissions(plan)}
    judge.compare("permissions", planned(plan), found(rows, plan, estate.harness_arn, roles), remedy=REMEDY)


@then(words("those of {person} are exactly the planned ones"))
def exactly_of_person(person: str, rows: tuple[lake.Permission, ...], plan: Plan, estate: Estate) -> None:
    role = plan.role_arn(plan.person(person).execution_role)
    theirs = tuple(row for row in rows if row.principal == role)
    judge.compare("permissions", planned(plan, person), found(theirs, plan, estate.harness_arn, {role}), remedy=REMEDY)


@then("no person of the plan is a data lake administrator")
def no_administrator(target: Target, estate: Estate) -> None:
    settings = lake.settings(target.client("lakeformation"))
    keys = ("DataLakeAdmins", "ReadOnlyAdmins")
    admins = [each["DataLakePrincipalIdentifier"] for key in keys for each in settings.get(key, ())]
    judge.show("Administrators", "\n".join(admins))
    ours = {
        arn
        for person in estate.people
        for arn in (person.execution_role_arn, person.user_arn, person.stand_in_role_arn)
    }
    judge.compare("administrators among the people", [], [arn for arn in admins if arn in ours], remedy=REMEDY)
