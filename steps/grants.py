"""Lake Formation's permissions, compared with the plan both ways."""

from __future__ import annotations

from pytest_bdd import given, then

from lakeproof.inventory import lake
from lakeproof.plan import Permission, Plan, assigned_tags, data_filters, permissions
from lakeproof.target import Target
from provision.estate import Estate
from steps import judge
from steps.words import words

REMEDY = "grant what is missing and revoke what is extra in Lake Formation"
GRANTABLE = " with grant option"


def planned(plan: Plan, person: str | None = None) -> list[str]:
    """The planned permissions in words, of one person or of all."""
    return [
        f"{plan.role_arn(each.role)}: {each.permission} on {_planned_place(each)}"
        f"{GRANTABLE if each.grant_option else ''}"
        for each in permissions(plan)
        if person is None or each.person == person
    ]


def found(rows: tuple[lake.Permission, ...], plan: Plan, harness: str, principals: set[str]) -> list[str]:
    """The account's permissions in the same words: by anybody on the planned database, on the plan's LF-Tags or by an
    expression that could match them; and by the planned people on anything. What the harness holds as the creator of
    the lake is left out."""
    tags = {key for place in assigned_tags(plan).values() for key in place}.union(plan.lf_tags)
    return [
        f"{row.principal}: {permission} on {_place(row)}{GRANTABLE if permission in row.grantable else ''}"
        for row in rows
        if row.principal != harness
        and (row.database == plan.dataset.database or row.principal in principals or _by_tags(row, tags))
        for permission in row.permissions
    ]


def _by_tags(row: lake.Permission, tags: set[str]) -> bool:
    """Whether an entry is about LF-Tags that the data set carries."""
    return bool(row.expression) and {key for key, _ in row.expression} <= tags


def _planned_place(each: Permission) -> str:
    if each.expression is not None:
        return f"tables where {lake.expressed(each.expression)}"
    if each.filter is not None:
        return f"{each.database}.{each.table} through the row filter {each.filter}"
    where = f"{each.database}.{each.table}" if each.table else each.database
    return where + (_columns(each.include, each.exclude) if each.table else "")


def _place(row: lake.Permission) -> str:
    if row.kind == "LFTag":
        return f"the LF-Tag {lake.expressed(row.expression)}"
    if row.expression:
        return f"{row.tagged} where {lake.expressed(row.expression)}"
    if row.kind == "DataCellsFilter":
        return f"{row.database}.{row.table} through the row filter {row.name}"
    where = ".".join(filter(None, (row.database, row.table))) or row.location or row.kind
    return where + (_columns(row.columns, row.excluded or None) if row.table else "")


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


@then("none of them on the data set is with grant option")
def none_to_grant(rows: tuple[lake.Permission, ...], plan: Plan, estate: Estate) -> None:
    roles = {plan.role_arn(each.role) for each in permissions(plan)}
    theirs = found(tuple(row for row in rows if row.grantable), plan, estate.harness_arn, roles)
    seen = [each for each in theirs if each.endswith(GRANTABLE)]
    judge.compare("permissions with grant option", [], seen, remedy="revoke the grant option and grant without it")


@then(words("those of {person} are exactly the planned ones"))
def exactly_of_person(person: str, rows: tuple[lake.Permission, ...], plan: Plan, estate: Estate) -> None:
    role = plan.role_arn(plan.person(person).execution_role)
    theirs = tuple(row for row in rows if row.principal == role)
    judge.compare("permissions", planned(plan, person), found(theirs, plan, estate.harness_arn, {role}), remedy=REMEDY)


@then("the row filters of the data set are exactly the planned ones")
def exactly_filters(target: Target, plan: Plan) -> None:
    seen = lake.data_filters(target.client("lakeformation"), plan.dataset.database)
    wanted = [f"{e.name} on {e.table}: {e.where}{_columns(e.include, e.exclude)}" for e in data_filters(plan)]
    there = [f"{e.name} on {e.table}: {e.where or 'all rows'}{_columns(e.columns, e.excluded)}" for e in seen]
    judge.compare("row filters", wanted, there, remedy="correct the data filter in Lake Formation")


@then("the LF-Tags of the data set are exactly the planned ones")
def exactly_tags(target: Target, plan: Plan) -> None:
    client = target.client("lakeformation")
    tables = lake.tables(target.client("glue"), plan.dataset.database)
    seen = lake.assigned_tags(client, plan.dataset.database, tables)
    judge.compare("LF-Tags", _tag_lines(assigned_tags(plan)), _tag_lines(seen), remedy="assign the planned LF-Tags")
    known = {key: values for key, values in lake.lf_tags(client).items() if key in plan.lf_tags}
    defined = {key: tuple(sorted(values)) for key, values in plan.lf_tags.items()}
    judge.compare("definitions of LF-Tags", defined.items(), known.items(), remedy="define the planned values")


def _tag_lines(tags: dict[tuple[str, ...], dict[str, str]]) -> list[str]:
    return [
        f"{'.'.join(where) or 'the database'}: {key} = {value}"
        for where, own in tags.items()
        for key, value in own.items()
    ]


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
