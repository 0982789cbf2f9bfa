"""Checks of people and grants that no single field can make: who, on what, and whether it can be proven."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakeproof.plan import names
from lakeproof.plan.document import Document
from lakeproof.plan.problems import Path, Problem, likely, listed, said
from lakeproof.plan.shape import mappings, overlapping, part, texts, twice


def problems(document: Document, completed: dict[str, Any]) -> list[Problem]:
    """Everything wrong with people and grants. ``completed`` is the data with people's resources named."""
    return [*_people(document, completed), *_sign_in(document), *_grants(document), *_twins(document)]


def _people(document: Document, completed: dict[str, Any]) -> Iterator[Problem]:
    people, where = completed.get("people"), ("people",)
    for key, what, cause, same in (
        ("name", "a person's name", "copied and not renamed", str),
        ("user_id", "a user id", "one console identity for two people: nobody could tell them apart", str.lower),
        ("profile", "a profile", "two people would share one Studio profile", str.lower),
    ):
        yield from twice(document, texts(people, where, key), what, cause, same)
    roles = texts(people, where, "execution_role") + texts(people, where, "stand_in_role")
    for path in (("studio", "default_execution_role", "name"), ("verification", "control_reader", "role")):
        if isinstance(part(completed, *path), str):
            roles.append((path, part(completed, *path)))
    yield from twice(
        document,
        roles,
        "a role's name",
        "one role for two: grants and the audit trail could not tell them apart",
        str.lower,
    )
    workgroups, prefixes = texts(people, where, "workgroup"), texts(people, where, "results_prefix")
    if part(completed, "results", "shared") is True:
        workgroups, prefixes = workgroups[:1], prefixes[:1]
    for key, found in (("workgroup", workgroups), ("prefix", prefixes)):
        reader = ("verification", "control_reader", key)
        if isinstance(part(completed, *reader), str):
            found.append((reader, part(completed, *reader)))
    yield from twice(
        document,
        workgroups,
        "a workgroup",
        "a shared workgroup shows one person's queries to another (use {profile}, or say results.shared)",
        str,
    )
    yield from overlapping(document, prefixes, "one person could read another's results (use {profile})")


def _sign_in(document: Document) -> Iterator[Problem]:
    for where, person in mappings(document.data.get("people"), ("people",)):
        way, user_id = person.get("sign_in"), person.get("user_id")
        if way not in ("iam_user", "federated"):
            continue
        if part(document.data, "sign_in", way) is None:
            yield document.problem(
                (*where, "sign_in"),
                "a way of signing in that the plan describes",
                said(way),
                f"the part sign_in.{way} is left out",
            )
        rule = names.EMAIL if way == "federated" else names.USER
        if isinstance(user_id, str) and not rule.accepts(user_id):
            cause = (
                "sign_in should be iam_user"
                if way == "federated" and names.USER.accepts(user_id)
                else "a character that is not allowed"
            )
            yield document.problem((*where, "user_id"), rule.expected(), said(user_id), cause)
        if way == "iam_user" and "stand_in_role" in person:
            yield document.problem(
                (*where, "stand_in_role"),
                "no stand-in role",
                said(person["stand_in_role"]),
                "an IAM user signs in with its own keys",
            )


def _tables(document: Document) -> dict[str, tuple[list[str], list[str]]]:
    """Table name -> (columns, partition keys), as far as the plan says."""
    tables = {}
    for _, table in mappings(part(document.data, "dataset", "tables"), ()):
        if isinstance(table.get("name"), str):
            tables[table["name"]] = (
                [name for _, name in texts(table.get("columns"), (), "name")],
                [name for _, name in texts(table.get("partition_keys"), (), "name")],
            )
    return tables


def _grants(document: Document) -> Iterator[Problem]:
    people = [name for _, name in texts(document.data.get("people"), (), "name")]
    tables = _tables(document)
    given: list[tuple[Path, str]] = []
    for where, grant in mappings(document.data.get("grants"), ("grants",)):
        person, table = grant.get("person"), grant.get("table")
        if isinstance(person, str) and person not in people:
            yield document.problem(
                (*where, "person"),
                f"one of the people: {listed(people)}",
                said(person),
                likely(person, people, "the person is left out under people"),
            )
        if isinstance(table, str) and table not in tables:
            yield document.problem(
                (*where, "table"),
                f"one of the tables: {listed(list(tables))}",
                said(table),
                likely(table, list(tables), "the table is left out under dataset.tables"),
            )
        if isinstance(person, str) and isinstance(table, str):
            given.append((where, f"{person} on {table}"))
        columns = grant.get("columns")
        if isinstance(columns, dict):
            yield from _columns(document, where, grant, columns, tables.get(str(table)))
    yield from twice(
        document,
        given,
        "one grant for each person and table",
        "grants add up in Lake Formation, so the wider one would win",
    )


def _columns(
    document: Document,
    where: Path,
    grant: dict[str, Any],
    columns: dict[str, Any],
    table: tuple[list[str], list[str]] | None,
) -> Iterator[Problem]:
    lists = {key: columns[key] for key in ("include", "exclude") if isinstance(columns.get(key), list)}
    spot = (*where, "columns")
    if not columns or ("include" not in columns and "exclude" not in columns):
        yield document.problem(spot, "all, include: [...] or exclude: [...]", said(columns), "the list is left out")
    if "include" in columns and "exclude" in columns:
        both = [name for name in lists.get("include", []) if name in lists.get("exclude", [])]
        yield document.problem(
            (*spot, "exclude"),
            "include or exclude, not both",
            f"both; in both lists: {listed(both) or 'none'}",
            "Lake Formation takes one list for each grant; keep include, it fails closed",
        )
    for key, wanted in lists.items():
        entries = [((*spot, key, index), name) for index, name in enumerate(wanted) if isinstance(name, str)]
        yield from twice(document, entries, "a column", "copied and not edited")
        for at, name in entries:
            if table and name not in table[0] + table[1]:
                known = table[0] + table[1]
                yield document.problem(
                    at,
                    f"a column of {grant.get('table')}: {listed(known)}",
                    said(name),
                    likely(name, known, "no such column in the plan's dataset"),
                )
            if table and key == "exclude" and name in table[1]:
                yield document.problem(
                    at,
                    "no partition key among the excluded",
                    said(name),
                    "Lake Formation cannot filter a partition key: everybody with SELECT sees it",
                )
    if table and "include" in lists and "exclude" not in columns:
        for name in table[1]:
            if name not in lists["include"]:
                yield document.problem(
                    (*spot, "include"),
                    f"the partition key {name!r} among the included",
                    listed(lists["include"]),
                    "Lake Formation cannot filter a partition key: it is visible with any SELECT, so say so",
                )
    if "exclude" in columns and grant.get("grant_option") is True:
        yield document.problem(
            (*where, "grant_option"),
            "no grant option beside an exclude list",
            "grant_option: true",
            "Lake Formation refuses it; use include, or leave the option out (weakness F8)",
        )


def _twins(document: Document) -> Iterator[Problem]:
    """Every refusal needs somebody who is allowed the same: a person who sees the whole table, or a control reader."""
    if part(document.data, "verification", "control_reader") is not None:
        return
    grants = [grant for _, grant in mappings(document.data.get("grants"), ())]
    for where, table in mappings(part(document.data, "dataset", "tables"), ("dataset", "tables")):
        if not isinstance(table.get("name"), str):
            continue
        if not any(grant.get("table") == table["name"] and grant.get("columns") == "all" for grant in grants):
            yield document.problem(
                (*where, "name"),
                f"somebody with columns: all on {table['name']}, or verification.control_reader",
                "neither",
                "a refusal proves nothing when nobody is allowed: there would be no twin",
            )
