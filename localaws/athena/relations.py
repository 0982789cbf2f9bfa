"""What stands in FROM: tables, subqueries, VALUES, UNNEST, and their joins.

A table is what the caller's catalog shows of it; there is no other way to a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.expressions import Expressions
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.operators import coerce, comparison, unify
from localaws.athena.scope import Bound, Field, Scope, relation_name, text
from localaws.athena.syntax import only, position
from localaws.athena.types import BIGINT, Type, array, quoted

if TYPE_CHECKING:
    from localaws.athena.queries import Queries, Relation

CATALOG = "awsdatacatalog"


@dataclass(frozen=True, slots=True)
class Source:
    """One item of FROM: its text for the engine, and its fields in order."""

    sql: str
    fields: tuple[Field, ...]


class Relations:
    """Binds the FROM clause of one query."""

    def __init__(self, queries: Queries, parent: Scope | None, ctes: dict[str, Relation]) -> None:
        self.queries = queries
        self.parent = parent
        self.ctes = ctes

    def bind_from(self, node: exp.Expr | None, joins: list[exp.Join]) -> Source:
        """FROM and its joins, comma joins among them."""
        if node is None:
            return Source("", ())
        return self._joined(self.bind(node.this, ()), joins)

    def _joined(self, source: Source, joins: list[exp.Join]) -> Source:
        """A relation and the joins after it, from left to right.

        A comma binds less than JOIN, so where the order would show in the answer the mixture is refused.
        """
        commas = False
        for join in joins:
            side = str(join.args.get("side") or "").upper()
            if commas and (side in ("RIGHT", "FULL") or join.args.get("using")):
                what = f"{side} JOIN" if side in ("RIGHT", "FULL") else "USING"
                raise not_supported(f"{what} after a comma join (write CROSS JOIN for the comma)", self._at(join))
            commas = commas or _is_comma(join)
            source = self._join(source, join)
        return source

    def bind(self, node: exp.Expr, left: tuple[Field, ...]) -> Source:
        """One item. ``left`` are the fields that UNNEST and LATERAL may use."""
        if isinstance(node, exp.Table):
            return self._table(node)
        if isinstance(node, exp.Subquery):
            return self._subquery(node)
        if isinstance(node, exp.Values):
            return self._derived(node, self.queries.values(node, self.parent), node.args.get("alias"))
        if isinstance(node, exp.Unnest):
            return self._unnest(node, left)
        if isinstance(node, exp.Lateral):
            return self._lateral(node, left)
        raise not_supported(f"{type(node).__name__} in FROM", self._at(node))

    def _at(self, node: exp.Expr) -> tuple[int, int] | None:
        return position(node, self.queries.text)

    def _table(self, node: exp.Table) -> Source:
        only(node, "this", "db", "catalog", "alias", "joins")
        if not isinstance(node.this, exp.Identifier):
            name = node.this.name if isinstance(node.this, exp.Anonymous) else type(node.this).__name__
            raise not_supported(f"the table function {name.lower()}", self._at(node))
        named = [p for p in (node.args.get("catalog"), node.args.get("db"), node.this) if p is not None]
        if not all(isinstance(p, exp.Identifier) for p in named):
            raise not_supported("this name of a table", self._at(node))
        parts = [p.name.lower() for p in named]
        if len(parts) == 1 and parts[0] in self.ctes:
            return self._with_joins(self._common_table(node, parts[0]), node)
        table = self.queries.table(parts, self._at(node))
        alias = self.queries.fresh("r")
        source = self._named(
            f"{relation_name(table.database, table.name)} AS {alias}",
            [
                Field(c.name, (CATALOG, table.database, table.name), f"{alias}.{quoted(c.name)}", c.type)
                for c in table.columns
            ],
            node.args.get("alias"),
            node,
        )
        return self._with_joins(source, node)

    def _with_joins(self, source: Source, node: exp.Expr) -> Source:
        """Joins inside parentheses hang on the first table."""
        return self._joined(source, node.args.get("joins") or [])

    def _common_table(self, node: exp.Table, name: str) -> Source:
        relation = self.ctes[name]
        alias = self.queries.fresh("r")
        fields = [Field(label, (name,), f"{alias}.c{i}", type_) for i, (label, type_) in enumerate(relation.outputs)]
        return self._named(f"{relation.sql} AS {alias}", fields, node.args.get("alias"), node)

    def _subquery(self, node: exp.Subquery) -> Source:
        if isinstance(node.this, (exp.Table, exp.Subquery)) and not node.args.get("alias"):
            only(node, "this", "joins")
            inner = self.bind(node.this, ())
            sql = f"({inner.sql})" if " JOIN " in inner.sql else inner.sql
            return self._with_joins(Source(sql, inner.fields), node)
        if not isinstance(node.this, exp.Query):
            raise not_supported("this relation in parentheses", self._at(node))
        alias = node.args.get("alias")
        bare = node.copy()
        bare.set("alias", None)
        joins = bare.args.pop("joins", None)
        relation = self.queries.bind(bare, self.parent, self.ctes)
        return self._joined(self._derived(node, relation, alias), joins or [])

    def _derived(self, node: exp.Expr, relation: Relation, alias: exp.Expr | None) -> Source:
        name = self.queries.fresh("r")
        fields = [Field(label, (), f"{name}.c{i}", type_) for i, (label, type_) in enumerate(relation.outputs)]
        return self._named(f"({relation.sql}) AS {name}", fields, alias, node)

    def _named(self, sql: str, fields: list[Field], alias: exp.Expr | None, node: exp.Expr) -> Source:
        """The alias of a relation and of its columns. The list of columns must be complete."""
        if alias is None or (alias.this is None and not alias.args.get("columns")):
            return Source(sql, tuple(fields))
        only(alias, "this", "columns")
        name = alias.name.lower()
        columns = [c.name.lower() for c in alias.args.get("columns") or []]
        if not all(isinstance(c, exp.Identifier) for c in alias.args.get("columns") or []):
            raise not_supported("types in a list of column aliases", self._at(node))
        if columns and len(columns) != len(fields):
            message = f"Column alias list has {len(columns)} entries but '{name}' has {len(fields)} columns available"
            raise QueryFailed("MISMATCHED_COLUMN_ALIASES", message, self._at(node))
        names: list[str | None] = list(columns) if columns else [f.name for f in fields]
        renamed = (Field(n, (name,), f.sql, f.type) for n, f in zip(names, fields, strict=True))
        return Source(sql, tuple(renamed))

    def _unnest(self, node: exp.Unnest, left: tuple[Field, ...]) -> Source:
        """UNNEST of arrays and maps, side by side, padded with NULL; WITH ORDINALITY counts from 1."""
        only(node, "expressions", "alias", "offset")
        binder = Expressions(self.queries, Scope(left, self.parent), "UNNEST")
        arrays: list[Bound] = []
        for item in node.expressions:
            arrays += self._unnested(binder.bind(item), item)
        name = self.queries.fresh("r")
        items = [f"unnest({value.sql}) AS c{i}" for i, value in enumerate(arrays)]
        types = [value.type.inner() for value in arrays]
        alias = node.args.get("alias")
        offset = node.args.get("offset")
        if offset:
            longest = ", ".join(f"coalesce(len({value.sql}), 0)" for value in arrays)
            items.append(f"unnest(generate_series(1, greatest({longest}))) AS c{len(arrays)}")
            types.append(BIGINT)
        labels: list[str | None] = [None] * len(types)
        if isinstance(offset, exp.Identifier) and alias is not None:  # the parser moves the last column alias here
            alias = alias.copy()
            alias.set("columns", [*(alias.args.get("columns") or []), offset.copy()])
        fields = [Field(n, (), f"{name}.c{i}", t) for i, (n, t) in enumerate(zip(labels, types, strict=True))]
        return self._named(f"LATERAL (SELECT {', '.join(items)}) AS {name}", fields, alias, node)

    def _unnested(self, value: Bound, node: exp.Expr) -> list[Bound]:
        """The columns that UNNEST makes of one argument: an array's elements, a row's fields, a map's keys and values.

        Source: Trino documentation, SELECT, "UNNEST".
        """
        if value.type.name == "map":
            kinds = zip(("map_keys", "map_values"), value.type.args, strict=True)
            return [Bound(f"{f}({value.sql})", array(t), "value", (value,)) for f, t in kinds if isinstance(t, Type)]
        if value.type.name != "array":
            raise not_supported(f"UNNEST of {value.type}", self._at(node))
        inner = value.type.inner()
        if inner.name != "row":
            return [value]
        one = self.queries.fresh("l")
        return [
            Bound(
                f"list_transform({value.sql}, lambda {one}: struct_extract({one}, {text(name)}))",
                array(inner.inner(i)), "value", (value,),
            )
            for i, name in enumerate(inner.fields)
        ]  # fmt: skip

    def _lateral(self, node: exp.Lateral, left: tuple[Field, ...]) -> Source:
        only(node, "this", "alias")
        if not isinstance(node.this, exp.Subquery):
            raise not_supported("LATERAL of anything but a query", self._at(node))
        relation = self.queries.bind(node.this, Scope(left, self.parent), self.ctes)
        source = self._derived(node, relation, node.args.get("alias"))
        return Source(f"LATERAL {source.sql}", source.fields)

    def _join(self, left: Source, join: exp.Join) -> Source:
        only(join, "this", "kind", "side", "method", "on", "using")
        if join.args.get("method"):
            raise not_supported(f"{str(join.args['method']).upper()} JOIN", self._at(join))
        side, kind = str(join.args.get("side") or "").upper(), str(join.args.get("kind") or "").upper()
        if side not in ("", "LEFT", "RIGHT", "FULL") or kind not in ("", "INNER", "CROSS", "OUTER"):
            raise not_supported(f"{side} {kind} JOIN".strip(), self._at(join))
        right = self.bind(join.this, left.fields)
        if right.sql.startswith("LATERAL") and side not in ("", "LEFT"):
            raise not_supported(f"{side} JOIN with UNNEST or LATERAL", self._at(join))
        if join.args.get("using"):
            return self._using(left, right, join, side or "INNER")
        fields = (*left.fields, *right.fields)
        on = join.args.get("on")
        if on is None:
            if side or kind == "INNER":
                raise not_supported(f"{side or kind} JOIN without a condition", self._at(join))
            return Source(f"{left.sql} CROSS JOIN {right.sql}", fields)
        condition = Expressions(self.queries, Scope(fields, self.parent), "JOIN clause").condition(on)
        return Source(f"{left.sql} {side or 'INNER'} JOIN {right.sql} ON {condition.sql}", fields)

    def _using(self, left: Source, right: Source, join: exp.Join, side: str) -> Source:
        """The joined columns once and first, under no relation's name; then the others of both sides."""
        conditions: list[str] = []
        merged: list[Field] = []
        used: list[Field] = []
        for identifier in join.args["using"]:
            name, at = identifier.name.lower(), self._at(identifier)
            sides = [_one(source, name, at) for source in (left, right)]
            used += sides
            a, b = (Bound(f.sql, f.type, "column") for f in sides)
            conditions.append(comparison("=", a, b, at).sql)
            (a, b), type_ = unify([a, b], "USING columns", at)
            value = {"RIGHT": b.sql, "FULL": f"coalesce({a.sql}, {b.sql})"}.get(side, coerce(a, type_).sql)
            merged.append(Field(name, (), value, type_))
        rest = [f for f in (*left.fields, *right.fields) if f not in used]
        return Source(f"{left.sql} {side} JOIN {right.sql} ON ({' AND '.join(conditions)})", (*merged, *rest))


def _is_comma(join: exp.Join) -> bool:
    """Whether a join is written as a comma, which binds less than JOIN does."""
    return not any(join.args.get(k) for k in ("side", "kind", "on", "using", "method"))


def _one(source: Source, name: str, at: tuple[int, int] | None) -> Field:
    scope = Scope(source.fields)
    scope.resolve((name,), at)
    return next(f for f in source.fields if f.name == name)
