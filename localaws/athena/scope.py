"""What a name may mean: the fields in reach of an expression, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from localaws.athena.failure import QueryFailed, column_not_found, not_supported
from localaws.athena.types import UNKNOWN, Type, quoted

Kind = Literal["constant", "column", "outer", "aggregate", "window", "value"]
HIDDEN_COLUMNS = ("$path", "$file_size", "$file_modified_time", "$partition", "$bucket", "$row_id")


@dataclass(frozen=True, slots=True)
class Bound:
    """An expression that was understood: its SQL for the engine, written by us throughout, and its Trino type.

    ``outer`` is a field of an enclosing query. ``literal`` is the value of a string or integer literal.
    """

    sql: str
    type: Type
    kind: Kind = "value"
    children: tuple[Bound, ...] = ()
    literal: str | int | None = None

    def walk(self) -> Iterator[Bound]:
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children)

    def has(self, kind: Kind) -> bool:
        return any(node.kind == kind for node in self.walk())


NULL = Bound("CAST(NULL AS INTEGER)", UNKNOWN, "constant")


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a relation in FROM. ``qualifier`` ends in the relation's alias or name ("db", "table")."""

    name: str | None
    qualifier: tuple[str, ...]
    sql: str
    type: Type


@dataclass(slots=True)
class Scope:
    """The fields of one query's FROM, and the query around it. Names are compared in lower case, as Trino does."""

    fields: Sequence[Field] = ()
    parent: Scope | None = None
    outer: list[Bound] = field(default_factory=list)
    """Fields of enclosing queries that this query uses (a correlated subquery)."""

    def resolve(self, parts: tuple[str, ...], position: tuple[int, int] | None) -> Bound:
        """The column that a dotted name means. Raises QueryFailed COLUMN_NOT_FOUND or AMBIGUOUS_NAME.

        A hidden column is in no scope, so it cannot be told from one that does not exist.
        """
        if parts[-1] in HIDDEN_COLUMNS:
            raise not_supported(f'the hidden column "{parts[-1]}"', position)
        found = self._find(parts, position)
        if found is None:
            raise column_not_found(".".join(parts), position)
        return found

    def _find(self, parts: tuple[str, ...], position: tuple[int, int] | None) -> Bound | None:
        for length in range(len(parts), 0, -1):
            prefix, name = parts[: length - 1], parts[length - 1]
            matches = [f for f in self.fields if f.name == name and _qualified(f, prefix)]
            if len(matches) > 1:
                raise QueryFailed("AMBIGUOUS_NAME", f"Column '{'.'.join(parts)}' is ambiguous", position)
            if matches:
                column = Bound(matches[0].sql, matches[0].type, "column")
                return dereference(column, parts[length:], parts, position)
        if self.parent is None:
            return None
        found = self.parent._find(parts, position)
        if found is None:
            return None
        outer = Bound(found.sql, found.type, "outer")
        self.outer.append(found)
        return outer

    def star(self, prefix: tuple[str, ...], position: tuple[int, int] | None) -> list[Field]:
        """The fields of ``*`` (empty prefix) or ``t.*``, in order."""
        fields = [f for f in self.fields if _qualified(f, prefix)]
        if prefix and not fields:
            raise QueryFailed("TABLE_NOT_FOUND", f"Unable to resolve reference {'.'.join(prefix)}", position)
        if not fields:
            raise QueryFailed("COLUMN_NOT_FOUND", "SELECT * not allowed in queries without FROM clause", position)
        return fields


def _qualified(field_: Field, prefix: tuple[str, ...]) -> bool:
    return not prefix or field_.qualifier[-len(prefix) :] == prefix


def dereference(base: Bound, names: Sequence[str], whole: Sequence[str], position: tuple[int, int] | None) -> Bound:
    """The field of a row, of a row, ... Raises QueryFailed COLUMN_NOT_FOUND for a field that is not there."""
    for name in names:
        if base.type.name != "row" or name not in base.type.fields:
            raise column_not_found(".".join(whole), position)
        inner = base.type.inner(base.type.fields.index(name))
        base = Bound(f"struct_extract({base.sql}, {text(name)})", inner, "value", (base,))
    return base


def text(value: str) -> str:
    """A string literal for the engine. Raises QueryFailed for a NUL character, which the engine cannot hold."""
    if "\0" in value:
        raise not_supported("a string with a NUL character")
    return "'" + value.replace("'", "''") + "'"


def schema_name(database: str) -> str:
    """The engine's name of a database. The prefix keeps databases apart from the engine's own schemas."""
    return quoted("lf_" + database)


def relation_name(database: str, table: str) -> str:
    """The engine's name of a table."""
    return f"{schema_name(database)}.{quoted(table)}"
