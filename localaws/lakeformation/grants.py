"""The book of grants: who was granted what, indexed so that no question scans all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from localaws.lakeformation.model import Grant, Kind, Resource

Place = tuple[str, ...]
"""What a grant hangs on: ("TABLE", db, table) for a table, its columns and its filters; one for all tag policies."""

_TABLE_KINDS = {Kind.TABLE, Kind.COLUMNS, Kind.COLUMNS_EXCEPT, Kind.FILTER}
_POLICY_KINDS = {Kind.TAG_POLICY_DATABASE, Kind.TAG_POLICY_TABLE}


def place(resource: Resource) -> Place:
    """Where grants on ``resource`` are indexed."""
    if resource.kind in _TABLE_KINDS:
        return ("TABLE", resource.database, resource.table)
    if resource.kind in _POLICY_KINDS:
        return ("TAG_POLICY",)
    return (resource.kind.value, resource.database, resource.name)


class GrantBook:
    """At most one grant per principal and resource; include lists of a table are merged, per grant option.

    AWS keeps a permission per column, so an include list grows and shrinks by column [inferred]. An exclude list
    is a grant of its own.
    """

    def __init__(self) -> None:
        self._at: dict[Place, dict[str, dict[Resource, Grant]]] = {}
        self._tables: dict[tuple[str, str], dict[Place, int]] = {}

    def __iter__(self) -> Iterator[Grant]:
        for holders in self._at.values():
            for grants in holders.values():
                yield from grants.values()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def at(self, where: Place, principal: str) -> Iterable[Grant]:
        """The grants that ``principal`` itself holds at a place."""
        holders = self._at.get(where)
        grants = holders.get(principal) if holders else None
        return grants.values() if grants else ()

    def everybody_at(self, where: Place) -> Iterator[Grant]:
        """All grants at a place."""
        for grants in self._at.get(where, {}).values():
            yield from grants.values()

    def get(self, principal: str, resource: Resource) -> Grant | None:
        """The grant to exactly this principal on exactly this resource."""
        return self._at.get(place(resource), {}).get(principal, {}).get(resource)

    def holds_in_database(self, principal: str, database: str) -> bool:
        """Whether the principal was granted anything on a table, or on all tables, of the database."""
        return bool(self._tables.get((principal, database)))

    def add(self, grant: Grant) -> None:
        """Add permissions to what the principal already holds on the resource."""
        if grant.resource.kind is Kind.COLUMNS:
            self._merge_columns(grant)
            return
        held = self.get(grant.principal, grant.resource)
        if held is not None:
            grant = replace(
                grant, permissions=held.permissions | grant.permissions, grantable=held.grantable | grant.grantable
            )
        self._put(grant)

    def set(self, grant: Grant) -> None:
        """Replace what the principal holds on the resource; a grant without permissions is removed."""
        if grant.permissions:
            self._put(grant)
        else:
            self._remove(grant.principal, grant.resource)

    def columns_of(self, principal: str, database: str, table: str) -> dict[str, bool]:
        """Columns that the principal holds by include list, each with whether it may grant them on."""
        held: dict[str, bool] = {}
        for grant in self.at(("TABLE", database, table), principal):
            if grant.resource.kind is Kind.COLUMNS:
                for column in grant.resource.values:
                    held[column] = held.get(column, False) or bool(grant.grantable)
        return held

    def set_columns(self, grant: Grant, columns: dict[str, bool]) -> None:
        """Replace the principal's include lists of the table by ``columns`` (name -> grantable)."""
        database, table = grant.resource.database, grant.resource.table
        for old in list(self.at(("TABLE", database, table), grant.principal)):
            if old.resource.kind is Kind.COLUMNS:
                self._remove(old.principal, old.resource)
        for option in (True, False):
            names = tuple(name for name, grantable in columns.items() if grantable is option)
            if names:
                select = frozenset({"SELECT"})
                self._put(
                    replace(
                        grant,
                        resource=Resource(Kind.COLUMNS, database, table, values=names),
                        permissions=select,
                        grantable=select if option else frozenset(),
                    )
                )

    def drop(self, where: Place) -> None:
        """Forget every grant at a place (its table, database or filter is gone)."""
        for grant in list(self.everybody_at(where)):
            self._remove(grant.principal, grant.resource)

    def drop_resource(self, resource: Resource) -> None:
        """Forget every grant on exactly this resource."""
        for grant in list(self.everybody_at(place(resource))):
            if grant.resource == resource:
                self._remove(grant.principal, resource)

    def _merge_columns(self, grant: Grant) -> None:
        held = self.columns_of(grant.principal, grant.resource.database, grant.resource.table)
        for column in grant.resource.values:
            held[column] = held.get(column, False) or bool(grant.grantable)
        self.set_columns(grant, held)

    def _put(self, grant: Grant) -> None:
        where = place(grant.resource)
        grants = self._at.setdefault(where, {}).setdefault(grant.principal, {})
        if grant.resource not in grants and grant.resource.database and grant.resource.kind is not Kind.DATABASE:
            places = self._tables.setdefault((grant.principal, grant.resource.database), {})
            places[where] = places.get(where, 0) + 1
        grants[grant.resource] = grant

    def _remove(self, principal: str, resource: Resource) -> None:
        where = place(resource)
        holders = self._at.get(where, {})
        grants = holders.get(principal, {})
        if grants.pop(resource, None) is None:
            return
        if not grants:
            del holders[principal]
        if not holders:
            del self._at[where]
        places = self._tables.get((principal, resource.database))
        if places and where in places:
            places[where] -= 1
            if not places[where]:
                del places[where]
            if not places:
                del self._tables[(principal, resource.database)]


def grant_of(
    principal: str, resource: Resource, permissions: Iterable[str], grantable: Iterable[str], at: datetime, by: str
) -> Grant:
    """A grant, with its permissions as sets."""
    return Grant(principal, resource, frozenset(permissions), frozenset(grantable), at, by)
