"""GROUP BY: its keys, and the rule that everything else stands inside an aggregation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.scope import Bound, Scope

if TYPE_CHECKING:
    from localaws.athena.expressions import Expressions


@dataclass(frozen=True, slots=True)
class Groups:
    """GROUP BY for the engine, and the texts of its keys."""

    sql: str
    keys: tuple[str, ...]


def group_by(node: exp.Expr | None, binder: Expressions, items: list[Bound]) -> Groups | None:
    """Keys, ordinals, ROLLUP, CUBE and GROUPING SETS. An output's alias is no key, as in Trino."""
    from localaws.athena.expressions import only

    if node is None:
        return None
    only(node, "expressions", "rollup", "cube", "grouping_sets")
    keys: list[str] = []

    def key(expression: exp.Expr) -> str:
        if isinstance(expression, exp.Literal) and not expression.is_string:
            place = str(expression.this)
            if not place.isdigit() or not 1 <= int(place) <= len(items):
                message = f"GROUP BY position {place[:20]} is not in select list"
                raise QueryFailed("INVALID_COLUMN_REFERENCE", message, binder.at(expression))
            bound = items[int(place) - 1]
            if bound.has("aggregate") or bound.has("window"):
                message = "GROUP BY clause cannot contain aggregations, window functions or grouping operations"
                raise QueryFailed("EXPRESSION_NOT_SCALAR", message, binder.at(expression))
        else:
            bound = binder.bind(expression)
        if bound.type.name in ("map",):
            raise QueryFailed("TYPE_MISMATCH", f"{bound.type} is not comparable", binder.at(expression))
        keys.append(bound.sql)
        return bound.sql

    def keyset(expression: exp.Expr) -> str:
        inner = expression.this if isinstance(expression, exp.Paren) else expression
        members = inner.expressions if isinstance(inner, exp.Tuple) else [inner]
        return f"({', '.join(key(m) for m in members)})"

    def nested(word: str, members: list[exp.Expr]) -> str:
        return f"{word} ({', '.join(keyset(m) for m in members)})"

    parts: list[str] = []
    for expression in node.expressions:
        if isinstance(expression, (exp.Tuple, exp.Paren)):
            inner = expression.this if isinstance(expression, exp.Paren) else expression
            members = inner.expressions if isinstance(inner, exp.Tuple) else [inner]
            if not members:
                raise not_supported("GROUP BY ()", binder.at(node))
            parts += [key(m) for m in members]
        else:
            parts.append(key(expression))
    for argument, word in (("rollup", "ROLLUP"), ("cube", "CUBE"), ("grouping_sets", "GROUPING SETS")):
        for clause in node.args.get(argument) or []:
            if not isinstance(clause, exp.Expr) or not clause.expressions:
                raise not_supported(word, binder.at(node))
            for member in clause.expressions:
                if isinstance(member, (exp.Rollup, exp.Cube, exp.GroupingSets)):
                    raise not_supported(f"nested {word}", binder.at(node))
            parts.append(nested(word, clause.expressions))
    return Groups(", ".join(parts), tuple(keys))


def check_grouped(value: Bound, keys: tuple[str, ...], scope: Scope) -> None:
    """Raises QueryFailed EXPRESSION_NOT_AGGREGATE for a column that is neither a key nor inside an aggregation."""
    own = {field.sql: field for field in scope.fields}
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if node.sql in keys or node.kind == "aggregate":
            continue
        if node.kind == "column" and node.sql in own:
            name = own[node.sql].name
            message = f"'{name}' must be an aggregate expression or appear in GROUP BY clause"
            raise QueryFailed("EXPRESSION_NOT_AGGREGATE", message)
        waiting.extend(node.children)
