"""Checks of LF-Tags that no single field can make: what is assigned is defined, what is granted shows something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakeproof.plan.document import Document
from lakeproof.plan.models import Plan
from lakeproof.plan.parts import Grant, TagGrant
from lakeproof.plan.problems import Path, Problem, likely, listed, said
from lakeproof.plan.shape import mappings, part, twice
from lakeproof.plan.visibility import matching


def problems(document: Document) -> list[Problem]:
    """Everything wrong with LF-Tags as they are written."""
    return [*_definitions(document), *_assignments(document), *_expressions(document), *_on_partition_keys(document)]


def _defined(document: Document) -> dict[str, list[str]]:
    tags = document.data.get("lf_tags")
    return {key: values for key, values in tags.items() if isinstance(values, list)} if isinstance(tags, dict) else {}


def _definitions(document: Document) -> Iterator[Problem]:
    for key, values in _defined(document).items():
        entries: list[tuple[Path, str]] = [
            (("lf_tags", key, index), value) for index, value in enumerate(values) if isinstance(value, str)
        ]
        yield from twice(document, entries, "an LF-Tag's value", "copied and not edited")


def _assignments(document: Document) -> Iterator[Problem]:
    dataset = part(document.data, "dataset")
    places: list[tuple[Path, Any]] = [(("dataset",), dataset)]
    for where, table in mappings(part(dataset, "tables"), ("dataset", "tables")):
        places.append((where, table))
        places += mappings(table.get("columns"), (*where, "columns"))
    for where, place in places:
        tags = part(place, "lf_tags")
        for key, value in tags.items() if isinstance(tags, dict) else ():
            yield from _unknown(document, (*where, "lf_tags", key), key, [value])


def _expressions(document: Document) -> Iterator[Problem]:
    for where, grant in mappings(document.data.get("grants"), ("grants",)):
        tags = grant.get("lf_tags")
        if not isinstance(tags, dict):
            continue
        for key, values in tags.items():
            yield from _unknown(document, (*where, "lf_tags", key), key, values if isinstance(values, list) else [])


def _unknown(document: Document, where: Path, key: str, values: list[Any]) -> Iterator[Problem]:
    defined = _defined(document)
    if key not in defined:
        yield document.problem(
            where,
            f"one of the LF-Tags: {listed(list(defined)) or 'none is defined'}",
            said(key),
            likely(key, list(defined), "the LF-Tag is left out under lf_tags"),
        )
        return
    for value in values:
        if isinstance(value, str) and value not in defined[key]:
            yield document.problem(
                where,
                f"one of the values of {key}: {listed(defined[key])}",
                said(value),
                likely(value, [str(each) for each in defined[key]], "the value is left out under lf_tags"),
            )


def _on_partition_keys(document: Document) -> Iterator[Problem]:
    for where, table in mappings(part(document.data, "dataset", "tables"), ("dataset", "tables")):
        for spot, key in mappings(table.get("partition_keys"), (*where, "partition_keys")):
            if key.get("lf_tags"):
                yield document.problem(
                    (*spot, "lf_tags"),
                    "no LF-Tags on a partition key",
                    said(key["lf_tags"]),
                    "Lake Formation cannot filter a partition key: everybody with SELECT sees it",
                )


def meaning(document: Document, plan: Plan) -> Iterator[Problem]:
    """What is wrong with grants of an otherwise faultless plan: expressions that show nothing, void row filters."""
    for index, grant in enumerate(plan.grants):
        where: Path = ("grants", index)
        if isinstance(grant, TagGrant):
            shown = {table.name: matching(plan.dataset, table, grant.lf_tags) for table in plan.dataset.tables}
            if not any(shown.values()):
                yield document.problem(
                    (*where, "lf_tags"),
                    "an expression that matches a column of a table",
                    " and ".join(f"{key}: {' or '.join(values)}" for key, values in grant.lf_tags.items()),
                    "every key must match; is an LF-Tag not assigned, or overridden on the columns?",
                )
            if grant.grant_option:
                yield document.problem(
                    (*where, "grant_option"),
                    "no grant option beside LF-Tags",
                    "grant_option: true",
                    "whoever could pass it on would grant whatever carries these LF-Tags later (weakness F8)",
                )
        if isinstance(grant, Grant):
            yield from _void(document, plan, where, grant)


def _void(document: Document, plan: Plan, where: Path, grant: Grant) -> Iterator[Problem]:
    cells = plan.cells(grant.person, grant.table)
    if grant.row_filter and any(cell.where is None for cell in cells):
        yield document.problem(
            (*where, "row_filter"),
            "no grant by LF-Tags that shows the person all rows of the table",
            f"{grant.person} sees every row of {grant.table} by LF-Tags",
            "grants add up in Lake Formation, so the wider one would win: the filter would hide nothing",
        )
