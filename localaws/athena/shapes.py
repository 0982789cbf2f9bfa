"""What an engine may hold of one table: its visible columns and rows, and nothing else.

A shape is keyed by rights and file versions, so equal rights share it, and a changed file or grant makes a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from localaws.athena.catalog import VisibleTable, described
from localaws.athena.expressions import Expressions
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.files import Columns, File, arrow_type, declared_types
from localaws.athena.queries import Queries
from localaws.athena.scope import Field, Scope
from localaws.athena.syntax import MalformedQuery, parse_query
from localaws.athena.types import Type, quoted

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Shape:
    """One table for one engine. ``key`` is equal exactly where what it holds is equal."""

    table: VisibleTable
    files: tuple[File, ...] = ()
    key: object = field(init=False)

    def __post_init__(self) -> None:
        table = self.table
        rights = table.visibility.fingerprint if table.visibility else (table.database, table.name, table.rows)
        columns = tuple((c.name, c.hive) for c in table.columns)
        object.__setattr__(self, "key", (rights, columns, self.files))

    def load(self, columns: Columns) -> pa.Table:
        """The visible columns and rows. Raises QueryFailed where a file cannot be read."""
        import pyarrow as pa

        table = self.table
        visible = {c.name: c.type for c in table.columns}
        if table.visibility is None:
            arrays = [pa.array([row[i] for row in table.rows], arrow_type(c.type)) for i, c in enumerate(table.columns)]
            return pa.Table.from_arrays(arrays, schema=pa.schema([(n, arrow_type(t)) for n, t in visible.items()]))
        cells = table.visibility.cells
        if all(cell.row_filter is None for cell in cells):
            return self._read(columns, visible).select(list(visible))
        return self._filtered(columns, visible)

    def _read(self, columns: Columns, wanted: Mapping[str, Type]) -> pa.Table:
        """The wanted columns; partition keys are always there, since each file has their values at hand."""
        assert self.table.document is not None
        keys = described(self.table.document)[1]
        types = declared_types(self.table, (*wanted, *keys))
        plain = {n: t for n, t in types.items() if n not in keys}
        return columns.read(self.files, plain, {k: types[k] for k in keys})

    def _filtered(self, columns: Columns, visible: Mapping[str, Type]) -> pa.Table:
        """Rows where any cell applies; a value only where a cell with its column does (NULL elsewhere)."""
        import duckdb

        visibility = self.table.visibility
        assert visibility is not None
        conditions: dict[str, str] = {}
        needed: dict[str, Type] = dict(visible)
        for cell in visibility.cells:
            if cell.row_filter is not None and cell.row_filter not in conditions:
                sql, used = condition(cell.row_filter, self.table)
                conditions[cell.row_filter] = sql
                needed |= used
        on_rows = [conditions[cell.row_filter] if cell.row_filter else None for cell in visibility.cells]
        where = _either(on_rows) if visibility.row_filter else None
        shown = visibility.cell_filters
        selected = []
        for name in visible:
            text = f"s.{quoted(name)}"
            if shown.get(name) is not None:
                holders = [c for c in visibility.cells if name in c.columns]
                only = _either([conditions[c.row_filter] if c.row_filter else None for c in holders])
                text = f"CASE WHEN {only} THEN {text} END"
            selected.append(f"{text} AS {quoted(name)}")
        source = self._read(columns, needed)
        with duckdb.connect(config={"threads": 2, "python_enable_replacements": "false"}) as trusted:
            trusted.register("source", source)
            sql = f"SELECT {', '.join(selected)} FROM source AS s" + (f" WHERE {where}" if where else "")
            try:
                kept = trusted.sql(sql).to_arrow_table()
            except duckdb.Error:
                raise QueryFailed("HIVE_BAD_DATA", "The row filter of the table cannot be applied") from None
        wanted = {n: arrow_type(t) for n, t in visible.items()}
        return kept.select(list(visible)).cast(_schema(wanted)).combine_chunks()


def _schema(fields: Mapping[str, pa.DataType]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema(list(fields.items()))


def _either(conditions: list[str | None]) -> str:
    return " OR ".join(f"({c})" if c is not None else "true" for c in dict.fromkeys(conditions))


def condition(row_filter: str, table: VisibleTable) -> tuple[str, dict[str, Type]]:
    """A row filter for the trusted connection, and the columns it reads, visible or not.

    Raises QueryFailed for a filter that does not fit the table as it is now.
    """
    types = declared_types(table)
    text = f"SELECT 1 WHERE {row_filter}"
    try:
        statement = parse_query(text)
        fields = [Field(n, (), f"s.{quoted(n)}", t) for n, t in types.items()]
        names = {c.name.lower() for c in statement.find_all(exp.Column)}
        binder = Expressions(Queries(text, _no_table), Scope(fields), "Row filter")
        bound = binder.condition(statement.args["where"].this)
    except (MalformedQuery, QueryFailed):
        raise QueryFailed("HIVE_BAD_DATA", "The row filter of the table cannot be applied") from None
    return bound.sql, {n: types[n] for n in names}


def _no_table(parts: object, position: object) -> VisibleTable:
    raise not_supported("a query inside a row filter")
