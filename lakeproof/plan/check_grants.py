"""Checks of grants on tables that no single field can make: who, on what, which rows, and whether it can be proven."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakeproof.plan import predicates
from lakeproof.plan.document import Document
from lakeproof.plan.problems import Path, Problem, likely, listed, said
from lakeproof.plan.shape import mappings, part, texts, twice

Known = dict[str, tuple[list[str], list[str]]]
"""Table name -> (columns, partition keys), as far as the plan says."""


def problems(document: Document) -> list[Problem]:
    """Everything wrong with the grants, those by LF-Tags apart (``check_tags``)."""
    return [*_grants(document), *_filters(document), *_twins(document)]


def known_tables(document: Document) -> Known:
    """The tables of the plan with their columns."""
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
    tables = known_tables(document)
    given: list[tuple[Path, str, bool]] = []
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
            several = isinstance(part(grant, "row_filter"), dict)
            given.append((where, f"{person} on {table}", several))
        columns = grant.get("columns")
        if isinstance(columns, dict):
            yield from _columns(document, where, grant, columns, tables.get(str(table)))
    yield from _adding_up(document, given)


def _adding_up(document: Document, given: list[tuple[Path, str, bool]]) -> Iterator[Problem]:
    """Several grants of one person on one table make sense only if each has a row filter: their rows add up."""
    for pair in dict.fromkeys(pair for _, pair, _ in given):
        those = [(where, filtered) for where, other, filtered in given if other == pair]
        if len(those) > 1 and not all(filtered for _, filtered in those):
            where, before = those[-1][0], those[0][0]
            yield document.problem(
                where,
                "one grant for each person and table, or a row filter in each of them",
                f"{pair} again (first as {before[0]}[{before[1]}], line {document.line(before)})",
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


def _filters(document: Document) -> Iterator[Problem]:
    """Row filters: an expression that Lake Formation takes, on columns that there are; one meaning for each name."""
    types = _types(document)
    first: dict[tuple[str, str], tuple[Path, Any]] = {}
    for where, grant in mappings(document.data.get("grants"), ("grants",)):
        row_filter, table = grant.get("row_filter"), grant.get("table")
        if not isinstance(row_filter, dict):
            continue
        spot = (*where, "row_filter")
        if grant.get("grant_option") is True:
            yield document.problem(
                (*where, "grant_option"),
                "no grant option beside a row filter",
                "grant_option: true",
                "whoever could pass it on would decide who sees these rows; leave the option out (weakness F8)",
            )
        text = row_filter.get("where")
        if isinstance(text, str) and text and table in types:
            columns, keys = types[table]
            for wrong in predicates.wrong(text, columns, keys):
                yield document.problem((*spot, "where"), *wrong)
        if isinstance(table, str) and isinstance(row_filter.get("name"), str):
            meaning = (row_filter.get("where"), grant.get("columns"))
            before = first.setdefault((table, row_filter["name"]), (spot, meaning))
            if before[1] != meaning:
                yield document.problem(
                    (*spot, "name"),
                    f"the same rows and columns wherever {table} is granted by this filter",
                    f"{said(row_filter['name'])} with others on line {document.line(before[0])}",
                    "one name is one data filter in the account: give this one a name of its own",
                )


def _types(document: Document) -> dict[str, tuple[dict[str, str], tuple[str, ...]]]:
    """Table name -> (types by column, partition keys included; the partition keys)."""
    found = {}
    for _, table in mappings(part(document.data, "dataset", "tables"), ()):
        columns = [column for key in ("columns", "partition_keys") for _, column in mappings(table.get(key), ())]
        types = {str(column.get("name")): str(column.get("type")) for column in columns}
        keys = tuple(name for _, name in texts(table.get("partition_keys"), (), "name"))
        if isinstance(table.get("name"), str):
            found[table["name"]] = (types, keys)
    return found


def _twins(document: Document) -> Iterator[Problem]:
    """Every refusal needs somebody who is allowed the same: a person who sees the whole table, or a control reader."""
    if part(document.data, "verification", "control_reader") is not None:
        return
    grants = [grant for _, grant in mappings(document.data.get("grants"), ())]
    for where, table in mappings(part(document.data, "dataset", "tables"), ("dataset", "tables")):
        if not isinstance(table.get("name"), str):
            continue
        whole = [grant for grant in grants if grant.get("columns") == "all" and "row_filter" not in grant]
        if not any(grant.get("table") == table["name"] for grant in whole):
            yield document.problem(
                (*where, "name"),
                f"somebody with columns: all on {table['name']}, or verification.control_reader",
                "neither",
                "a refusal proves nothing when nobody is allowed: there would be no twin",
            )
