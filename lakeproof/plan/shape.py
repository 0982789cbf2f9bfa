"""Checks of the dataset that no single field can make: duplicates, partitions, overlapping places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lakeproof.plan.document import Document
from lakeproof.plan.problems import Path, Problem, likely, said, shown


def mappings(value: Any, where: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The mappings in a list that may be no list at all, each with its path."""
    for index, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, dict):
            yield (*where, index), item


def part(data: Any, *steps: str) -> Any:
    """What stands at these keys, or None."""
    for step in steps:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def twice(
    document: Document,
    found: list[tuple[Path, str]],
    what: str,
    cause: str,
    same: Callable[[str], str] = lambda text: text,
) -> Iterator[Problem]:
    """A problem for each value that stands in the list before. ``same`` makes equal what AWS takes for equal."""
    first: dict[str, Path] = {}
    for where, value in found:
        if same(value) in first:
            before = first[same(value)]
            yield document.problem(
                where,
                f"{what} once",
                f"{said(value)} again (first as {shown(before)}, line {document.line(before)})",
                cause,
            )
        else:
            first[same(value)] = where


def texts(value: Any, where: Path, key: str) -> list[tuple[Path, str]]:
    """The text under ``key`` of each mapping of a list, with its path."""
    return [((*spot, key), item[key]) for spot, item in mappings(value, where) if isinstance(item.get(key), str)]


def problems(document: Document) -> list[Problem]:
    """Everything wrong with the dataset as a whole."""
    dataset = part(document.data, "dataset")
    tables = list(mappings(part(dataset, "tables"), ("dataset", "tables")))
    found = list(
        twice(
            document,
            texts(part(dataset, "tables"), ("dataset", "tables"), "name"),
            "a table's name",
            "copied and not renamed",
        )
    )
    prefixes = texts(part(dataset, "tables"), ("dataset", "tables"), "prefix")
    found += overlapping(document, prefixes, "a table would read another table's files")
    for where, table in tables:
        found += _columns(document, where, table)
        found += _partitions(document, where, table)
        found += _rows(document, where, table, part(dataset, "rows"))
    bucket = part(dataset, "bucket")
    if isinstance(bucket, str) and bucket == part(document.data, "results", "bucket"):
        found.append(
            document.problem(
                ("results", "bucket"),
                "another bucket than the lake's",
                said(bucket),
                "copied: results in the lake's bucket would lie under its registered location",
            )
        )
    return found


def _rows(document: Document, where: Path, table: dict[str, Any], rows: object) -> Iterator[Problem]:
    partitions = table.get("partitions")
    if isinstance(rows, int) and isinstance(partitions, list) and 0 < rows < len(partitions):
        yield document.problem(
            ("dataset", "rows"),
            f"at least {len(partitions)}, one for each partition of {table.get('name')}",
            said(rows),
            "a partition without rows could not be verified",
        )


def overlapping(document: Document, prefixes: list[tuple[Path, str]], harm: str) -> Iterator[Problem]:
    """A problem for each prefix that lies inside another one or is the same."""
    for index, (where, prefix) in enumerate(prefixes):
        for other_where, other in prefixes[:index]:
            if prefix.startswith(other) or other.startswith(prefix):
                yield document.problem(
                    where,
                    "a prefix outside every other one",
                    f"{said(prefix)} beside {said(other)} (line {document.line(other_where)})",
                    f"copied and not edited: {harm}",
                )


def _columns(document: Document, where: Path, table: dict[str, Any]) -> Iterator[Problem]:
    columns = texts(table.get("columns"), (*where, "columns"), "name")
    keys = texts(table.get("partition_keys"), (*where, "partition_keys"), "name")
    yield from twice(
        document,
        columns + keys,
        "a column's name",
        "copied and not renamed; a partition key is no column of the files",
        str.lower,
    )
    for spot, key in mappings(table.get("partition_keys"), (*where, "partition_keys")):
        if key.get("type") not in (None, "string", "int", "bigint", "date"):
            yield document.problem(
                (*spot, "type"),
                "a partition key of type string, int, bigint or date",
                said(key.get("type")),
                "the value is part of a directory's name",
            )


def _partitions(document: Document, where: Path, table: dict[str, Any]) -> Iterator[Problem]:
    keys, values = table.get("partition_keys") or [], table.get("partitions") or []
    if not isinstance(keys, list) or not isinstance(values, list):
        return
    if bool(keys) != bool(values):
        there, missing = ("partition_keys", "partitions") if keys else ("partitions", "partition_keys")
        yield document.problem(
            (*where, there),
            "partition keys and partitions, or neither",
            f"{there} without {missing}",
            likely(missing, list(table), f"{missing} left out"),
        )
        return
    plain: list[tuple[Path, str]] = []
    for index, value in enumerate(values):
        spot = (*where, "partitions", index)
        count = len(value) if isinstance(value, list) else 1
        if count != len(keys):
            yield document.problem(
                spot,
                f"{len(keys)} value(s), one for each partition key",
                said(value),
                "a value left out or too many; write several as [a, b]",
            )
        if value == "" or (isinstance(value, list) and "" in value):
            yield document.problem(spot, "a value", "an empty text", "Hive has another name for an empty partition")
        if isinstance(value, str | list):
            plain.append((spot, value if isinstance(value, str) else "/".join(map(str, value))))
    yield from twice(document, plain, "a partition", "copied and not edited")
