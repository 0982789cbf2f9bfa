"""Queries: SELECT, WITH, set operations, VALUES, and what they give out. The other half of the first wall.

Every name is resolved here, against what the caller may see. The text that the engine receives is written from the
resolved meaning with names of our own; a star becomes the fields in sight, and a name that is nowhere in sight is
COLUMN_NOT_FOUND whether it exists or not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlglot import exp

from localaws.athena.catalog import VisibleTable
from localaws.athena.expressions import Expressions, parts_of
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.grouping import check_grouped, group_by
from localaws.athena.operators import unify
from localaws.athena.ordering import limits, order_by, order_sql
from localaws.athena.relations import Relations
from localaws.athena.scope import Bound, Scope
from localaws.athena.syntax import only, position
from localaws.athena.types import BOOLEAN, UNKNOWN, Type, common_type, duck

Position = tuple[int, int] | None
MAX_SQL = 1_500_000
"""Characters that a statement may become for the engine (nested CASE and subscripts repeat their operands).

The engine's parser does a million of them in less than a second, and lets no other query go on meanwhile.
"""
MAX_EXPRESSION = 1_000_000
"""The same for one expression: a list of 25,000 numbers is half of it."""
MAX_SECONDS = 30.0
"""How long a statement may take to be planned, however small it is."""
MAX_WRITTEN = 40_000_000
"""The same for all expressions of a statement together, each counted again inside those around it."""
MAX_SET_TERMS = 500


@dataclass(frozen=True, slots=True)
class Relation:
    """A query's text for the engine, whose columns are named c0, c1 ..., and its outputs (name or None, type)."""

    sql: str
    outputs: tuple[tuple[str | None, Type], ...]
    labels: tuple[str, ...] = ()
    """The names as the result shows them: as written, ``_colN`` where there is none."""


class Queries:
    """Binds one statement. ``table`` looks a dotted name up in the caller's catalog, or raises QueryFailed."""

    def __init__(self, text: str, table: Callable[[list[str], Position], VisibleTable]) -> None:
        self.text = text
        self.table = table
        self._fresh = 0
        self._written = 0
        self._deadline = time.monotonic() + MAX_SECONDS
        self._ctes: dict[str, Relation] = {}

    def fresh(self, prefix: str) -> str:
        """A name for the engine that stands nowhere else in the statement."""
        self._fresh += 1
        return f"{prefix}{self._fresh}"

    def at(self, node: exp.Expr) -> Position:
        return position(node, self.text)

    def written(self, size: int, node: exp.Expr) -> None:
        """Count an expression of ``size`` characters, as soon as it is there: some repeat their operands.

        Raises QueryFailed STATEMENT_TOO_LARGE beyond MAX_EXPRESSION, beyond MAX_WRITTEN in all, and after MAX_SECONDS.
        """
        self._written += size
        late = time.monotonic() > self._deadline
        if late or size > MAX_EXPRESSION or self._written > MAX_WRITTEN:
            raise QueryFailed("STATEMENT_TOO_LARGE", "statement is too large once it is planned", self.at(node))

    def bind(self, node: exp.Expr, parent: Scope | None, ctes: dict[str, Relation]) -> Relation:
        """A query, with its WITH, ORDER BY, OFFSET and LIMIT."""
        prefix, ctes = self._with(node, ctes)
        if isinstance(node, exp.Select):
            relation = self._select(node, parent, ctes)
        elif isinstance(node, exp.SetOperation):
            only(node, "this", "expression", "distinct", "with_", "order", "limit", "offset")
            relation = self._tail(node, self._set_operation(node, parent, ctes))
        elif isinstance(node, exp.Subquery):
            only(node, "this", "with_", "order", "limit", "offset")
            relation = self._tail(node, self.bind(node.this, parent, ctes))
        elif isinstance(node, exp.Values):
            relation = self.values(node, parent)
        else:
            raise not_supported(f"{type(node).__name__} as a query", self.at(node))
        if len(relation.sql) > MAX_SQL:
            raise QueryFailed("STATEMENT_TOO_LARGE", "statement is too large once it is planned")
        return replace(relation, sql=prefix + relation.sql) if prefix else relation

    def subquery(self, node: exp.Expr, scope: Scope, at: Position, columns: int | None = 1) -> Bound:
        """A query inside an expression. ``columns`` is how many it must have, None for any number (EXISTS)."""
        inner = Scope((), scope)
        relation = self.bind(node, inner, self._ctes)
        if columns is not None and len(relation.outputs) != columns:
            message = f"Multiple columns returned by subquery are not yet supported. Found {len(relation.outputs)}"
            raise QueryFailed("NOT_SUPPORTED", message, at)
        type_ = relation.outputs[0][1] if columns else BOOLEAN
        return Bound(relation.sql, type_, "value", tuple(inner.outer))

    def _with(self, node: exp.Expr, ctes: dict[str, Relation]) -> tuple[str, dict[str, Relation]]:
        with_ = node.args.get("with_")
        if with_ is None:
            return "", ctes
        only(with_, "expressions", "recursive")
        if with_.args.get("recursive"):
            raise not_supported("WITH RECURSIVE", self.at(with_))
        ctes, parts = dict(ctes), []
        own: set[str] = set()
        for cte in with_.expressions:
            only(cte, "this", "alias")
            alias = cte.args["alias"]
            only(alias, "this", "columns")
            name = alias.name.lower()
            if name in own:
                raise QueryFailed("DUPLICATE_NAMED_QUERY", f"WITH query name '{name}' specified more than once")
            own.add(name)
            relation = self.bind(cte.this, None, dict(ctes))
            columns = [c.name.lower() for c in alias.args.get("columns") or []]
            if columns and len(columns) != len(relation.outputs):
                found = len(relation.outputs)
                message = f"Column alias list has {len(columns)} entries but relation has {found} columns"
                raise QueryFailed("MISMATCHED_COLUMN_ALIASES", message, self.at(cte))
            outputs = relation.outputs
            if columns:
                outputs = tuple((n, t) for n, (_, t) in zip(columns, outputs, strict=True))
            internal = self.fresh("w")
            names = ", ".join(f"c{i}" for i in range(len(outputs)))
            parts.append(f"{internal}({names}) AS ({relation.sql})")
            ctes[name] = Relation(internal, outputs)
        return f"WITH {', '.join(parts)} ", ctes

    def _scoped(self, ctes: dict[str, Relation], bind: Callable[[], Relation]) -> Relation:
        """Subqueries of expressions see the WITH queries of the query that they stand in."""
        before, self._ctes = self._ctes, ctes
        try:
            return bind()
        finally:
            self._ctes = before

    def _select(self, node: exp.Select, parent: Scope | None, ctes: dict[str, Relation]) -> Relation:
        return self._scoped(ctes, lambda: self._select_in(node, parent, ctes))

    def _select_in(self, node: exp.Select, parent: Scope | None, ctes: dict[str, Relation]) -> Relation:
        only(
            node,
            "expressions",
            "from_",
            "joins",
            "where",
            "group",
            "having",
            "order",
            "limit",
            "offset",
            "distinct",
            "with_",
            "windows",
        )
        distinct = node.args.get("distinct")
        if distinct is not None:
            only(distinct)
        source = Relations(self, parent, ctes).bind_from(node.args.get("from_"), node.args.get("joins") or [])
        scope = Scope(source.fields, parent)
        windows = {w.name.lower(): w for w in node.args.get("windows") or []}
        binder = Expressions(self, scope, "SELECT", aggregates=True, windows=windows)
        where = node.args.get("where")
        condition = binder.inside("WHERE clause", aggregates=False).condition(where.this) if where else None
        items, labels = self._items(node, binder)
        groups = group_by(node.args.get("group"), binder.inside("GROUP BY clause", aggregates=False), items)
        having = node.args.get("having")
        kept = binder.inside("HAVING clause").condition(having.this) if having else None
        ordered = order_by(self, node, binder, items, labels, distinct is not None)
        everything = [*items, *([kept] if kept else []), *(value for value, _ in ordered if value is not None)]
        if groups is not None or any(v.has("aggregate") for v in everything):
            keys = groups.keys if groups is not None else ()
            for value in everything:
                check_grouped(value, keys, scope)
        elif kept is not None:
            raise QueryFailed("MISSING_GROUP_BY", "HAVING without GROUP BY and aggregations", self.at(node))
        columns = ", ".join(f"{item.sql} AS c{i}" for i, item in enumerate(items))
        sql = f"SELECT {'DISTINCT ' if distinct is not None else ''}{columns}"
        sql += f" FROM {source.sql}" if source.sql else ""
        sql += f" WHERE {condition.sql}" if condition else ""
        sql += f" GROUP BY {groups.sql}" if groups is not None else ""
        sql += f" HAVING {kept.sql}" if kept else ""
        sql += order_sql(ordered) + limits(self, node)
        outputs = tuple((_output_name(label), item.type) for label, item in zip(labels, items, strict=True))
        names = tuple(label if label is not None else f"_col{i}" for i, label in enumerate(labels))
        return Relation(sql, outputs, names)

    def _items(self, node: exp.Select, binder: Expressions) -> tuple[list[Bound], list[str | None]]:
        """The select list, stars spelt out; names as they are written."""
        items: list[Bound] = []
        labels: list[str | None] = []
        for item in node.expressions:
            if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
                star = item if isinstance(item, exp.Star) else item.this
                only(star)
                prefix = parts_of(item)[:-1] if isinstance(item, exp.Column) else ()
                for field in binder.scope.star(prefix, self.at(item)):
                    items.append(Bound(field.sql, field.type, "column"))
                    labels.append(field.name)
                continue
            if isinstance(item, exp.Alias):
                only(item, "this", "alias")
                items.append(binder.bind(item.this))
                labels.append(item.alias)
                continue
            items.append(binder.bind(item))
            named = item.this if isinstance(item, exp.Paren) else item
            labels.append(named.name if isinstance(named, exp.Column) else _field_name(named))
        return items, labels

    def _tail(self, node: exp.Expr, relation: Relation) -> Relation:
        """ORDER BY, OFFSET and LIMIT of a whole: they may name its outputs only."""
        if not any(node.args.get(k) for k in ("order", "limit", "offset")):
            return relation
        name = self.fresh("q")
        items = [Bound(f"{name}.c{i}", type_, "column") for i, (_, type_) in enumerate(relation.outputs)]
        labels = [n for n, _ in relation.outputs]
        ordered = order_by(self, node, Expressions(self, Scope()), items, labels, False)
        columns = ", ".join(f"{item.sql} AS c{i}" for i, item in enumerate(items))
        sql = f"SELECT {columns} FROM ({relation.sql}) AS {name}{order_sql(ordered)}{limits(self, node)}"
        return replace(relation, sql=sql)

    def _set_operation(self, node: exp.SetOperation, parent: Scope | None, ctes: dict[str, Relation]) -> Relation:
        """UNION, INTERSECT, EXCEPT, ALL or DISTINCT; a chain of one kind is bound without recursion."""
        parts: list[exp.Expr] = []
        left: exp.Expr = node
        while type(left) is type(node) and left.args.get("distinct") == node.args.get("distinct"):
            if left is not node and any(left.args.get(k) for k in ("with_", "order", "limit", "offset")):
                break
            only(left, "this", "expression", "distinct", "with_", "order", "limit", "offset")
            parts.append(left.expression)
            left = left.this
        parts.append(left)
        if len(parts) > MAX_SET_TERMS:
            raise QueryFailed("STATEMENT_TOO_LARGE", f"more than {MAX_SET_TERMS} queries in one set operation")
        relations = [self.bind(part, parent, ctes) for part in reversed(parts)]
        types = self._common_outputs(node, relations)
        word = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}[type(node)]
        word += "" if node.args.get("distinct") else " ALL"
        first = relations[0]
        sql = f" {word} ".join(f"({self._as_types(r, types)})" for r in relations)
        outputs = tuple((name, type_) for (name, _), type_ in zip(first.outputs, types, strict=True))
        alias = self.fresh("u")
        columns = ", ".join(f"{alias}.c{i} AS c{i}" for i in range(len(types)))
        return Relation(f"SELECT {columns} FROM ({sql}) AS {alias}", outputs, first.labels)

    def _common_outputs(self, node: exp.Expr, relations: list[Relation]) -> list[Type]:
        types = [t for _, t in relations[0].outputs]
        for relation in relations[1:]:
            if len(relation.outputs) != len(types):
                message = f"query has different number of fields: {len(types)}, {len(relation.outputs)}"
                raise QueryFailed("TYPE_MISMATCH", message, self.at(node))
            for i, (_, type_) in enumerate(relation.outputs):
                joined = common_type(types[i], type_)
                if joined is None:
                    message = f"column {i + 1} in query has incompatible types: {types[i]}, {type_}"
                    raise QueryFailed("TYPE_MISMATCH", message, self.at(node))
                types[i] = joined
        return types

    def _as_types(self, relation: Relation, types: list[Type]) -> str:
        if all(t == own for t, (_, own) in zip(types, relation.outputs, strict=True)):
            return relation.sql
        name = self.fresh("q")
        columns = ", ".join(f"CAST({name}.c{i} AS {duck(t)}) AS c{i}" for i, t in enumerate(types))
        return f"SELECT {columns} FROM ({relation.sql}) AS {name}"

    def values(self, node: exp.Values, parent: Scope | None) -> Relation:
        """VALUES (1, 'a'), (2, 'b'): columns without names."""
        only(node, "expressions", "alias", "order", "limit", "offset", "with_")
        binder = Expressions(self, Scope((), parent), "VALUES")
        rows: list[list[Bound]] = []
        for row in node.expressions:
            cells = row.expressions if isinstance(row, exp.Tuple) else [row]
            rows.append([binder.bind(c) for c in cells])
        width = len(rows[0])
        if any(len(row) != width for row in rows):
            raise QueryFailed("TYPE_MISMATCH", "Values rows have mismatched sizes", self.at(node))
        columns = [unify([row[i] for row in rows], "Values rows", self.at(node)) for i in range(width)]
        lines = ", ".join(f"({', '.join(column[0][r].sql for column in columns)})" for r in range(len(rows)))
        name = self.fresh("v")
        inner = ", ".join(f"c{i}" for i in range(width))
        picked = ", ".join(f"{name}.c{i} AS c{i}" for i in range(width))
        outputs = tuple((None, column[1] if column[1] != UNKNOWN else UNKNOWN) for column in columns)
        labels = tuple(f"_col{i}" for i in range(width))
        relation = Relation(f"SELECT {picked} FROM (VALUES {lines}) AS {name}({inner})", outputs, labels)
        return self._tail(node, relation)


def _output_name(label: str | None) -> str | None:
    return label.lower() if label is not None else None


def _field_name(node: exp.Expr) -> str | None:
    return node.expression.name if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier) else None
