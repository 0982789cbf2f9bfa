"""What a person may see of a table, as SQL that somebody who sees all of it can ask: the same rows, the same columns.

A query over a table, asked by the person, must have the answer that the same query has over this view of the table,
asked by somebody who sees everything. That is the measure of row filters, and of every answer to an attack.
"""

from __future__ import annotations

from collections.abc import Iterable

from lakeproof.plan import Plan
from lakeproof.probes.outcome import Allowed, Cause, Denied, NotObtained, Outcome

HEX = "0123456789ABCDEF"
DIGITS = 10
"""Of each row's MD5, as many hexadecimal digits as can be added up in a bigint for 10 million rows."""


def named(plan: Plan, table: str) -> str:
    """The table as a query names it."""
    return f'"{plan.dataset.database}"."{table}"'


def everything(plan: Plan, table: str) -> str:
    """The query that shows which columns somebody sees of a table."""
    return f"SELECT * FROM {named(plan, table)} LIMIT 10"


def one_column(plan: Plan, table: str, column: str) -> str:
    """The query that shows whether somebody sees a column."""
    return f'SELECT "{column}" FROM {named(plan, table)} LIMIT 10'


def view(plan: Plan, person: str, table: str) -> str:
    """A subquery, in parentheses, over the whole table: what the person may see of it, and NULL where a column shows on
    other rows only. Raises LookupError when the person may see nothing of the table."""
    where = plan.visible_rows(person, table)
    columns = []
    for name in plan.visible_columns(person, table):
        on = plan.shown_on(person, table, name)
        columns.append(f'"{name}"' if on is None else f'CASE WHEN {on} THEN "{name}" END AS "{name}"')
    rows = f" WHERE {where}" if where else ""
    return f"(SELECT {', '.join(columns)} FROM {named(plan, table)}{rows})"


def counted(relation: str, columns: Iterable[str]) -> str:
    """A query that counts the rows of a relation, and adds up a part of the MD5 of each: equal for equal rows in any
    order, and it shows no value of any row."""
    texts = [f"""coalesce(CAST("{name}" AS varchar), 'NULL')""" for name in columns]
    row = " || '|' || ".join(texts)
    digits = [f"strpos('{HEX}', substr(h, {at + 1}, 1)) * {16**at}" for at in range(DIGITS)]
    inner = f"SELECT to_hex(md5(to_utf8({row}))) AS h FROM {relation} AS seen"
    return f"SELECT count(*) AS rows, sum({' + '.join(digits)}) AS digest FROM ({inner}) AS hashed"


def kept_back(seen: Allowed, granted: Allowed, whole: Allowed) -> Outcome:
    """Whether a row filter refused rows, from three counts (``counted``): what the person was shown, what the plan
    grants, and the whole table. Fewer than all, and exactly the granted, is a refusal of the others."""
    shown, wanted, there = (int(each.rows[0][0] or 0) for each in (seen, granted, whole))
    if wanted >= there:
        return NotObtained(
            f"the row filter lets all {there} rows through: there is none to keep back", "plan data that it filters"
        )
    if shown >= there:
        return seen
    if shown != wanted:
        return NotObtained(f"{shown} rows were shown, neither all {there} nor the {wanted} that are granted")
    return Denied(Cause.LF_ROW, f"answered with {shown} of {there} rows, as granted")
