"""GROUP BY: its keys, and the rule that everything else stands inside an aggregation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.scope import Bound, Scope
from localaws.athena.syntax import only

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions

SETS: dict[type[exp.Expr], str] = {exp.Rollup: "ROLLUP", exp.Cube: "CUBE", exp.GroupingSets: "GROUPING SETS"}


@dataclass(frozen=True, slots=True)
class Groups:
    """GROUP BY for the engine, and the texts of its keys."""

    sql: str
    keys: tuple[str, ...]


@dataclass
class _Keys:
    """Binds the keys; ``items`` are the select list, which ordinals name. An output's alias is no key, as in Trino."""

    binder: Expressions
    items: list[Bound]
    found: list[str] = field(default_factory=list)

    def element(self, node: exp.Expr) -> str:
        """A key, several in parentheses, or ROLLUP, CUBE, GROUPING SETS of them."""
        if type(node) in SETS:
            if not node.expressions or any(type(member) in SETS for member in node.expressions):
                raise not_supported(f"this form of {SETS[type(node)]}", self.binder.at(node))
            return f"{SETS[type(node)]} ({', '.join(self.keyset(member) for member in node.expressions)})"
        members = _members(node)
        if not members:
            raise not_supported("GROUP BY ()", self.binder.at(node))
        return ", ".join(self.key(member) for member in members)

    def keyset(self, node: exp.Expr) -> str:
        return f"({', '.join(self.key(member) for member in _members(node))})"

    def key(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Literal) and not node.is_string:
            bound = self.ordinal(node)
        else:
            bound = self.binder.bind(node)
        if bound.type.name == "map":
            raise QueryFailed("TYPE_MISMATCH", f"{bound.type} is not comparable", self.binder.at(node))
        self.found.append(bound.sql)
        return bound.sql

    def ordinal(self, node: exp.Literal) -> Bound:
        place = str(node.this)
        if not place.isdigit() or not 1 <= int(place) <= len(self.items):
            message = f"GROUP BY position {place[:20]} is not in select list"
            raise QueryFailed("INVALID_COLUMN_REFERENCE", message, self.binder.at(node))
        bound = self.items[int(place) - 1]
        if bound.has("aggregate") or bound.has("window"):
            message = "GROUP BY clause cannot contain aggregations, window functions or grouping operations"
            raise QueryFailed("EXPRESSION_NOT_SCALAR", message, self.binder.at(node))
        return bound


def _members(node: exp.Expr) -> list[exp.Expr]:
    inner = node.this if isinstance(node, exp.Paren) else node
    return list(inner.expressions) if isinstance(inner, exp.Tuple) else [inner]


def group_by(node: exp.Expr | None, binder: Expressions, items: list[Bound]) -> Groups | None:
    """GROUP BY, None without one. Raises QueryFailed for what is no key."""
    if node is None:
        return None
    only(node, "expressions")
    keys = _Keys(binder, items)
    sql = ", ".join(keys.element(expression) for expression in node.expressions)
    return Groups(sql, tuple(keys.found))


def check_grouped(value: Bound, keys: tuple[str, ...], scope: Scope) -> None:
    """Raises QueryFailed EXPRESSION_NOT_AGGREGATE for a column that is neither a key nor inside an aggregation."""
    own = {field.sql: field for field in scope.fields}
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if node.sql in keys or node.kind == "aggregate":
            continue
        if node.kind == "column" and node.sql in own:
            message = f"'{own[node.sql].name}' must be an aggregate expression or appear in GROUP BY clause"
            raise QueryFailed("EXPRESSION_NOT_AGGREGATE", message)
        waiting.extend(node.children)
