"""LF-Tags: definitions, assignments, inheritance, and whether an expression matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from localaws.lakeformation.model import Expression

Target = tuple[str, str, str]
"""(database, table or "", column or ""): what an LF-Tag is assigned to."""


@dataclass(slots=True)
class TagDefinition:
    """An LF-Tag's possible values, and its creator, who has implicit rights on it."""

    values: set[str]
    creator: str


@dataclass(slots=True)
class TagBook:
    """All LF-Tags of the account and where they are assigned; one value per key and target (AddLFTagsToResource)."""

    definitions: dict[str, TagDefinition] = field(default_factory=dict)
    assigned: dict[Target, dict[str, str]] = field(default_factory=dict)

    def on_database(self, database: str) -> Mapping[str, str]:
        """The database's LF-Tags."""
        return self.assigned.get((database, "", ""), {})

    def on_table(self, database: str, table: str) -> Mapping[str, str]:
        """The table's effective LF-Tags: its own override those of its database."""
        return {**self.on_database(database), **self.assigned.get((database, table, ""), {})}

    def on_column(self, database: str, table: str, column: str) -> Mapping[str, str]:
        """The column's effective LF-Tags: its own override those of its table."""
        own = self.assigned.get((database, table, column))
        tags = self.on_table(database, table)
        return {**tags, **own} if own else tags

    def assign(self, target: Target, key: str, value: str) -> None:
        """Assign, replacing the key's former value on that target."""
        self.assigned.setdefault(target, {})[key] = value

    def remove(self, target: Target, key: str) -> None:
        """Take the key off the target; what it inherits stays."""
        own = self.assigned.get(target, {})
        own.pop(key, None)
        if not own:
            self.assigned.pop(target, None)

    def forget(self, database: str, table: str = "") -> None:
        """Drop the assignments of a database, or of one table, with everything in it."""
        gone = [t for t in self.assigned if t[0] == database and (not table or t[1] == table)]
        for target in gone:
            del self.assigned[target]

    def used(self, key: str, value: str) -> bool:
        """Whether the value is assigned anywhere."""
        return any(own.get(key) == value for own in self.assigned.values())

    def forget_key(self, key: str) -> None:
        """Take a deleted LF-Tag off everything."""
        for target in [t for t, own in self.assigned.items() if key in own]:
            self.remove(target, key)


def matches(expression: Expression, tags: Mapping[str, str]) -> bool:
    """Every key of the expression is on the resource with one of the listed values; ``*`` is any value."""
    return bool(expression) and all(
        key in tags and (tags[key] in values or "*" in values) for key, values in expression
    )
