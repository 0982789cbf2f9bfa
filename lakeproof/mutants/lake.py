"""Mutants of the lake: grants, data filters, LF-Tags, data lake settings and the registered location."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from lakeproof.mutants.model import CannotApply, Mutant, Touches, names
from lakeproof.mutants.world import World
from lakeproof.plan import Grant, Person, Plan, permissions
from lakeproof.plan.permissions import Permission, assigned_tags, data_filters
from provision.grants import resource

EVERYBODY = "IAM_ALLOWED_PRINCIPALS"
READING = frozenset({"athena:*", "glue:*", "lakeformation:*"})


def mutants(world: World) -> Iterator[Mutant]:
    """All of them."""
    yield from _grants(world.plan)
    yield from _options(world.plan)
    yield from _filters(world.plan)
    yield from _lf_tags(world.plan)
    yield from _settings(world)


def _touches(people: frozenset[str], *named: str) -> Touches:
    return Touches(frozenset({"execution"}), people, READING, names(named))


def _grants(plan: Plan) -> Iterator[Mutant]:
    for person in plan.people:
        for table in plan.dataset.tables:
            visible = plan.visible_columns(person.name, table.name)
            for column in plan.hidden_columns(person.name, table.name):
                yield _mutant(
                    "grant", "add column", f"{person.name}: {table.name}: {column} added", person, table.name, column,
                    partial(_add_column, person=person, table=table.name, column=column),
                )  # fmt: skip
            if visible and plan.hidden_columns(person.name, table.name):
                yield _mutant(
                    "grant", "add column", f"{person.name}: {table.name}: all columns added", person, table.name, "",
                    partial(_grant_table, person=person, table=table.name),
                )  # fmt: skip
    for permission in permissions(plan):
        if permission.person is None:
            continue
        person = plan.person(permission.person)
        what = f"{person.name}: {_words(permission)}"
        yield _mutant(
            "grant", "drop grant", f"{what} revoked", person, permission.table or permission.database, "",
            partial(_revoke, permission=permission),
        )  # fmt: skip
        if permission.table and permission.filter is None:
            keys = plan.table(permission.table).partition_key_names
            shown = [name for name in plan.visible_columns(person.name, permission.table) if name not in keys]
            for column in shown if len(shown) > 1 else ():
                yield _mutant(
                    "grant", "drop column", f"{person.name}: {permission.table}: {column} dropped", person,
                    permission.table, column, partial(_drop_column, permission=permission, shown=shown, column=column),
                )  # fmt: skip


def _mutant(
    subject: str,
    operator: str,
    what: str,
    person: Person,
    table: str,
    column: str,
    change: Callable[[World], None],
) -> Mutant:
    touches = _touches(names([person.name]), column or table)
    return Mutant(f"{subject}: {what}", subject, operator, f"{person.name} {table} {column}".strip(), touches, change)


def _words(permission: Permission) -> str:
    where = permission.table or permission.database or "LF-Tags"
    return f"{permission.permission} on {where}{f', filter {permission.filter}' if permission.filter else ''}"


def _principal(world: World, role: str) -> dict[str, str]:
    return {"DataLakePrincipalIdentifier": world.plan.role_arn(role)}


def _columns(world: World, table: str, columns: list[str]) -> dict[str, Any]:
    return {"TableWithColumns": {**_table(world, table), "ColumnNames": columns}}


def _table(world: World, table: str) -> dict[str, str]:
    return {"DatabaseName": world.plan.dataset.database, "Name": table}


def _give(world: World, principal: dict[str, str], where: dict[str, Any], *rights: str, option: bool = False) -> None:
    world.client("lakeformation").grant_permissions(
        Principal=principal,
        Resource=where,
        Permissions=list(rights),
        PermissionsWithGrantOption=list(rights) if option else [],
    )


def _add_column(world: World, person: Person, table: str, column: str) -> None:
    if column in world.plan.table(table).partition_key_names:
        _grant_table(world, person, table)
    else:
        _give(world, _principal(world, person.execution_role), _columns(world, table, [column]), "SELECT")


def _grant_table(world: World, person: Person, table: str) -> None:
    _give(world, _principal(world, person.execution_role), {"Table": _table(world, table)}, "SELECT")


def _drop_column(world: World, permission: Permission, shown: list[str], column: str) -> None:
    _revoke(world, permission)
    rest = [name for name in shown if name != column]
    _give(world, _principal(world, permission.role), _columns(world, str(permission.table), rest), "SELECT")


def _options(plan: Plan) -> Iterator[Mutant]:
    for permission in permissions(plan):
        if permission.person is None or permission.grant_option:
            continue
        person = plan.person(permission.person)
        yield _mutant(
            "grant", "grant option", f"{person.name}: {_words(permission)} with the grant option", person,
            permission.table or permission.database, "", partial(_with_option, permission=permission),
        )  # fmt: skip


def _with_option(world: World, permission: Permission) -> None:
    _give(
        world,
        _principal(world, permission.role),
        resource(permission, world.estate.account_id),
        permission.permission,
        option=True,
    )


def _revoke(world: World, permission: Permission) -> None:
    world.client("lakeformation").revoke_permissions(
        Principal=_principal(world, permission.role),
        Resource=resource(permission, world.estate.account_id),
        Permissions=[permission.permission],
    )


def _filters(plan: Plan) -> Iterator[Mutant]:
    for each in data_filters(plan):
        people = names(
            grant.person
            for grant in plan.grants
            if isinstance(grant, Grant) and grant.row_filter and grant.row_filter.name == each.name
        )
        for operator, wider in (
            ("widen row filter", {"RowFilter": {"AllRowsWildcard": {}}}),
            ("widen columns of a filter", {"ColumnWildcard": {}}),
        ):
            if "ColumnWildcard" in wider and each.include is None and each.exclude is None:
                continue
            yield Mutant(
                f"row filter: {each.name}: {operator}", "row filter", operator, f"filter {each.name}",
                _touches(people, each.table), partial(_widen_filter, table=each.table, name=each.name, wider=wider),
            )  # fmt: skip


def _widen_filter(world: World, table: str, name: str, wider: dict[str, Any]) -> None:
    client = world.client("lakeformation")
    where = {"TableCatalogId": world.estate.account_id, **_in(world, table), "Name": name}
    old = client.get_data_cells_filter(**where)["DataCellsFilter"]
    kept = {key: value for key, value in old.items() if value and key not in ("VersionId", "ResponseMetadata", *wider)}
    if "ColumnWildcard" in wider:
        kept.pop("ColumnNames", None)
    client.update_data_cells_filter(TableData={**kept, **wider})


def _in(world: World, table: str) -> dict[str, str]:
    return {"DatabaseName": world.plan.dataset.database, "TableName": table}


def _lf_tags(plan: Plan) -> Iterator[Mutant]:
    """Each assigned LF-Tag with each other value that the plan uses for its key, and without it where it can go."""
    assigned = assigned_tags(plan)
    values: dict[str, set[str]] = {}
    for tags in assigned.values():
        for key, value in tags.items():
            values.setdefault(key, set()).add(value)
    for where, tags in assigned.items():
        for key, value in tags.items():
            place = ".".join(where) or plan.dataset.database
            for other in sorted(values[key] - {value}):
                yield Mutant(
                    f"LF-Tag: {place}: {key} {value} changed to {other}", "LF-Tag", "change LF-Tag",
                    f"LF-Tag {place} {key}", _touches(frozenset(), *where),
                    partial(_retag, where=where, key=key, value=other),
                )  # fmt: skip
            yield Mutant(
                f"LF-Tag: {place}: {key} removed", "LF-Tag", "drop LF-Tag", f"LF-Tag {place} {key}",
                _touches(frozenset(), *where), partial(_untag, where=where, key=key, value=value),
            )  # fmt: skip


def _tagged(world: World, where: tuple[str, ...]) -> dict[str, Any]:
    if not where:
        return {"Database": {"Name": world.plan.dataset.database}}
    if len(where) == 1:
        return {"Table": _table(world, where[0])}
    return _columns(world, where[0], [where[1]])


def _retag(world: World, where: tuple[str, ...], key: str, value: str) -> None:
    _settled(
        world.client("lakeformation").add_lf_tags_to_resource(
            Resource=_tagged(world, where), LFTags=[{"TagKey": key, "TagValues": [value]}]
        )
    )


def _untag(world: World, where: tuple[str, ...], key: str, value: str) -> None:
    _settled(
        world.client("lakeformation").remove_lf_tags_from_resource(
            Resource=_tagged(world, where), LFTags=[{"TagKey": key, "TagValues": [value]}]
        )
    )


def _settled(answer: dict[str, Any]) -> None:
    if answer.get("Failures"):
        raise CannotApply(f"LF-Tags were refused: {answer['Failures']}")


def _settings(world: World) -> Iterator[Mutant]:
    plan = world.plan
    database: dict[str, Any] = {"Database": {"Name": plan.dataset.database}}
    yield _setting("IAMAllowedPrincipals", "creates databases", partial(_everybody, {"Catalog": {}}, "CREATE_DATABASE"))
    yield _setting("IAMAllowedPrincipals", "holds all on the database", partial(_everybody, database, "ALL"))
    for table in plan.dataset.tables:
        yield _setting(
            "IAMAllowedPrincipals", f"holds all on {table.name}", partial(_everybody_on, table.name), table.name
        )
    for member in ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions"):
        yield _setting("IAMAllowedPrincipals", f"back in {member}", partial(_default, member))
    yield _setting("location", "unregistered", _unregister, world.estate.registered_location)
    yield _setting("location", "in hybrid access mode", _hybrid, world.estate.registered_location)
    for person in world.estate.people:
        for arn in filter(None, (person.execution_role_arn, person.user_arn, person.stand_in_role_arn)):
            yield Mutant(
                f"data lake settings: {arn.rpartition('/')[2]} administers the lake", "data lake settings",
                "add administrator", f"administrator {arn}",
                Touches(frozenset({"execution", "console"}), names([person.name]), READING),
                partial(_administer, arn),
            )  # fmt: skip


def _setting(subject: str, what: str, change: Callable[[World], None], *named: str) -> Mutant:
    return Mutant(f"{subject}: {what}", subject, "restore default", f"{subject} {what}",
                  Touches(frozenset({"execution"}), frozenset(), READING, names(named)), change)  # fmt: skip


def _everybody(where: dict[str, Any], right: str, world: World) -> None:
    _give(world, {"DataLakePrincipalIdentifier": EVERYBODY}, where, right)


def _everybody_on(table: str, world: World) -> None:
    _everybody({"Table": _table(world, table)}, "ALL", world)


def _change_settings(world: World, **members: Any) -> None:
    client = world.client("lakeformation")
    client.put_data_lake_settings(DataLakeSettings={**client.get_data_lake_settings()["DataLakeSettings"], **members})


def _default(member: str, world: World) -> None:
    entry = {"Principal": {"DataLakePrincipalIdentifier": EVERYBODY}, "Permissions": ["ALL"]}
    _change_settings(world, **{member: [entry]})


def _administer(arn: str, world: World) -> None:
    settings = world.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    admins = [*settings["DataLakeAdmins"], {"DataLakePrincipalIdentifier": arn}]
    _change_settings(world, DataLakeAdmins=admins)


def _unregister(world: World) -> None:
    world.client("lakeformation").deregister_resource(ResourceArn=world.estate.registered_location)


def _hybrid(world: World) -> None:
    """A location of the service-linked role cannot be changed, only registered anew."""
    client, arn = world.client("lakeformation"), world.estate.registered_location
    client.deregister_resource(ResourceArn=arn)
    client.register_resource(ResourceArn=arn, UseServiceLinkedRole=True, HybridAccessEnabled=True)
