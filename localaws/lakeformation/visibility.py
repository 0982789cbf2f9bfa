"""The answer to "what may this principal see of this table", in a form that engines, metadata and reports can use."""

from __future__ import annotations

from dataclasses import dataclass

from localaws.lakeformation.model import RegisteredResource


@dataclass(frozen=True, slots=True)
class Cell:
    """Columns (in table order, partition keys last) that are readable on the rows where ``row_filter`` holds.

    ``row_filter`` is a SQL predicate in the documented PartiQL subset; None means all rows.
    """

    columns: tuple[str, ...]
    row_filter: str | None


@dataclass(frozen=True, slots=True)
class Visibility:
    """What ``principal`` may see of one table.

    ``columns``: readable columns in table order, partition keys last; empty without any SELECT.
    ``cells``: which columns on which rows. One cell is the common case; with several, a value is shown on the rows
    where any cell that lists its column applies, and is NULL on the other visible rows.
    ``permissions``: held on the table, by whatever way (SELECT may be on some columns only).
    ``metadata_columns``: the columns that metadata shows: the readable ones, and with DESCRIBE all of them.
    ``iam_only``: IAM_ALLOWED_PRINCIPALS holds ``Super`` on the table and the principal has not opted in.
    ``governed``: the data is read with credentials that Lake Formation vends (the location is registered, and hybrid
    access mode does not leave the principal to IAM). Then lakeformation:GetDataAccess is needed and the caller's S3
    rights are not; otherwise it is the caller's own S3 rights that count.
    ``by``: the grants that decide, as text for reports.
    """

    principal: str
    database: str
    table: str
    exists: bool
    all_columns: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[Cell, ...]
    permissions: frozenset[str]
    metadata_columns: tuple[str, ...]
    iam_only: bool
    governed: bool
    registered: RegisteredResource | None
    by: tuple[str, ...]

    @property
    def visible(self) -> bool:
        """Whether the table may be known to the principal at all (any permission implies DESCRIBE)."""
        return bool(self.permissions)

    @property
    def selectable(self) -> bool:
        """Whether the principal has SELECT on anything of the table."""
        return bool(self.cells)

    @property
    def hidden_columns(self) -> tuple[str, ...]:
        """Columns of the table that metadata does not show."""
        shown = set(self.metadata_columns)
        return tuple(c for c in self.all_columns if c not in shown)

    @property
    def row_filter(self) -> str | None:
        """The rows that are visible at all; None means all rows."""
        filters = [cell.row_filter for cell in self.cells]
        texts = sorted({text for text in filters if text is not None})
        if not texts or None in filters:
            return None
        return texts[0] if len(texts) == 1 else " OR ".join(f"({text})" for text in texts)

    @property
    def cell_filters(self) -> dict[str, str | None]:
        """For each readable column the rows on which its value shows; None means on all visible rows."""
        shown: dict[str, str | None] = {}
        overall = self.row_filter
        for column in self.columns:
            texts = {cell.row_filter for cell in self.cells if column in cell.columns}
            if None in texts:
                shown[column] = None
                continue
            known = sorted(text for text in texts if text is not None)
            joined = known[0] if len(known) == 1 else " OR ".join(f"({text})" for text in known)
            shown[column] = None if joined == overall else joined
        return shown

    @property
    def simple(self) -> bool:
        """One column list and at most one row filter say it all."""
        return len(self.cells) <= 1

    @property
    def fingerprint(self) -> tuple[str, str, tuple[Cell, ...]]:
        """Equal for principals who may read exactly the same: key for engines and caches."""
        return (self.database, self.table, self.cells)

    def explain(self) -> str:
        """Readable text: what is visible, and by which grants."""
        if not self.exists:
            return f"table {self.database}.{self.table} does not exist"
        if self.columns:
            what = f"{self.principal} may read {', '.join(self.columns)} of {self.database}.{self.table}"
            rows = self.row_filter
            what += f" where {rows}" if rows else ""
        elif self.visible:
            what = f"{self.principal} may see that {self.database}.{self.table} exists, but read nothing of it"
        else:
            what = f"{self.principal} may see nothing of {self.database}.{self.table}"
        way = "through Lake Formation" if self.governed else "with the principal's own S3 rights"
        return "\n".join([f"{what}; data is read {way}", *(f"  by {reason}" for reason in self.by)])


def nothing(principal: str, database: str, table: str) -> Visibility:
    """The answer for a table that does not exist."""
    return Visibility(
        principal,
        database,
        table,
        False,
        (),
        (),
        (),
        frozenset(),
        (),
        False,
        False,
        None,
        (f"table {database}.{table} does not exist",),
    )


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether something is permitted, and why. True in a condition if it is."""

    allowed: bool
    reasons: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.allowed

    def __str__(self) -> str:
        return "; ".join(self.reasons)
