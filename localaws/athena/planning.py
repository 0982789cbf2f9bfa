"""From query text to a plan: the first wall as one function, and a bounded cache of its answers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from localaws.athena.catalog import VisibleTable
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.pinned import Pinned, pinned
from localaws.athena.projection import is_projected
from localaws.athena.queries import Queries
from localaws.athena.syntax import parse_query
from localaws.athena.types import DAY_TIME, YEAR_MONTH, Type

Position = tuple[int, int] | None


class Tables(Protocol):
    """Where names of tables are looked up: the caller's catalog."""

    database: str

    def table(self, parts: Sequence[str], position: Position) -> VisibleTable: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """A query that may run. ``sql`` is for the engine; ``columns`` are the result's labels and types.

    ``lookups`` are the names of tables in the order in which they were resolved, ``tables`` what they were; ``pinned``
    says which values the query gives their columns.
    """

    sql: str
    columns: tuple[tuple[str, Type], ...]
    lookups: tuple[tuple[tuple[str, ...], Position], ...]
    tables: tuple[VisibleTable, ...]
    pinned: Pinned = field(default_factory=dict)


def plan(text: str, catalog: Tables) -> Plan:
    """Understand a query against what the caller may see. Raises QueryFailed, or MalformedQuery for no query."""
    statement = parse_query(text)
    lookups: list[tuple[tuple[str, ...], Position]] = []
    tables: list[VisibleTable] = []

    def table(parts: list[str], position: Position) -> VisibleTable:
        found = catalog.table(parts, position)
        lookups.append((tuple(parts), position))
        tables.append(found)
        return found

    try:
        relation = Queries(text, table).bind(statement, None, {})
    except RecursionError:
        message = "statement is too large (stack overflow while planning)"
        raise QueryFailed("STATEMENT_TOO_LARGE", message) from None
    labels = relation.labels or tuple(name or f"_col{i}" for i, (name, _) in enumerate(relation.outputs))
    columns = tuple((label, type_) for label, (_, type_) in zip(labels, relation.outputs, strict=True))
    for _, type_ in columns:
        if type_ in (DAY_TIME, YEAR_MONTH):
            raise not_supported(f"a result of type {type_}")
    return Plan(relation.sql, columns, tuple(lookups), tuple(tables), pinned(statement) if _injects(tables) else {})


def _injects(tables: Sequence[VisibleTable]) -> bool:
    """Whether any table may have injected partition columns."""
    documents = [table.document for table in tables if table.document is not None]
    return any(is_projected(document) for document in documents)


class Plans:
    """Plans by text and context. A plan is used again only where each name still means the same visible table.

    The names are looked up anew for every query, with the caller's rights at that moment; so a revoked grant counts at
    the next query, and principals with equal rights share plans.
    """

    MOST = 500
    LONGEST = 20_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: OrderedDict[tuple[str, str], list[Plan]] = OrderedDict()

    def get(self, text: str, catalog: Tables) -> Plan:
        """The plan of a query for this caller. Raises as ``plan``."""
        key = (text, catalog.database)
        with self._lock:
            known = list(self._plans.get(key, ()))
        if known:
            tables = [catalog.table(parts, position) for parts, position in known[0].lookups]
            for candidate in known:
                if all(a is b for a, b in zip(candidate.tables, tables, strict=True)):
                    return candidate
        made = plan(text, catalog)
        if len(text) <= self.LONGEST and not any(table.rows for table in made.tables):
            with self._lock:
                variants = self._plans.setdefault(key, [])
                variants.append(made)
                del variants[:-20]
                self._plans.move_to_end(key)
                while len(self._plans) > self.MOST:
                    self._plans.popitem(last=False)
        return made
