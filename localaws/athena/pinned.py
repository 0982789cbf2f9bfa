"""Which values a query gives a column by static conditions: what an injected partition column needs.

Source: Athena User Guide, "Supported types for partition projection", Injected type: each query must give the column by
an equality with a constant, in WHERE. Counted are ``column = 'text'`` and ``column IN ('a', 'b')`` among the conditions
that WHERE joins by AND, in the query whose FROM names the table; others give nothing [stricter than AWS may be].
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from sqlglot import exp

Pinned = Mapping[str, Mapping[str, frozenset[str]]]
"""By the table's name as written (lower case, its last part): by column, the values. A column that one use does not
give, or a table that stands where no use is counted, is not in it."""


def pinned(statement: exp.Expr) -> Pinned:
    """The values of every column of every table, of all uses of the table together."""
    uses: dict[str, list[dict[str, frozenset[str]]]] = {}
    for select in statement.find_all(exp.Select):
        sources = list(_sources(select))
        for table in sources:
            if isinstance(table, exp.Table):
                given = _given(select, (table.alias or table.name).lower(), alone=len(sources) == 1)
                uses.setdefault(table.name.lower(), []).append(given)
    written = Counter(table.name.lower() for table in statement.find_all(exp.Table))
    return {name: _together(found) for name, found in uses.items() if len(found) == written[name]}


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    if (from_ := select.args.get("from_")) is not None:
        yield from_.this
    yield from (join.this for join in select.args.get("joins") or ())


def _given(select: exp.Select, alias: str, alone: bool) -> dict[str, frozenset[str]]:
    where = select.args.get("where")
    found: dict[str, frozenset[str]] = {}
    for condition in _conjuncts(where.this) if where is not None else ():
        column, values = _equality(condition)
        if column is None or values is None or not (column.table.lower() == alias or (alone and not column.table)):
            continue
        name = column.name.lower()
        found[name] = found[name] & values if name in found else values
    return found


def _conjuncts(node: exp.Expr) -> Iterator[exp.Expr]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, exp.And):
            waiting += [each.left, each.right]
        elif isinstance(each, exp.Paren):
            waiting.append(each.this)
        else:
            yield each


def _equality(node: exp.Expr) -> tuple[exp.Column | None, frozenset[str] | None]:
    if isinstance(node, exp.EQ):
        for column, value in ((node.left, node.right), (node.right, node.left)):
            if isinstance(column, exp.Column) and isinstance(value, exp.Literal) and value.is_string:
                return column, frozenset([value.this])
    if isinstance(node, exp.In) and isinstance(node.this, exp.Column) and not _more(node):
        values = node.expressions
        if values and all(isinstance(each, exp.Literal) and each.is_string for each in values):
            return node.this, frozenset(each.this for each in values)
    return None, None


def _more(node: exp.In) -> bool:
    """Whether it is more than a list of values: a query, or its contrary."""
    return any(value for name, value in node.args.items() if name not in ("this", "expressions"))


def _together(uses: list[dict[str, frozenset[str]]]) -> dict[str, frozenset[str]]:
    """A column counts if every use of the table gives it."""
    common = set(uses[0]).intersection(*uses[1:])
    return {name: frozenset().union(*(use[name] for use in uses)) for name in common}
