"""The access matrix: identity by table and column, and identity by action, expected beside observed.

    {"schema_version": 1, "run_id", "plan",
     "columns": [{identity, principal, table, column, rows, expected, observed, causes, agrees, probes}, …],
     "actions": [{identity, principal, action, on, expected, observed, causes, agrees, probes, simulated}, …]}

``expected`` is visible or hidden, allowed or refused: for columns by the plan, for actions by the scenario that judged
them. ``observed`` has the same words, or ``not obtained`` (it was tried, and proved nothing), ``not probed``, or
``both`` (it was not the same every time). ``agrees`` is None where nothing was observed. ``causes`` say who refused.
``rows`` is the plan's predicate of the rows that show, None for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakeproof.plan import Plan
from lakeproof.probes.seen import everything, one_column

SCHEMA_VERSION = 1
VISIBLE, HIDDEN = "visible", "hidden"
ALLOWED, REFUSED = "allowed", "refused"
NOT_OBTAINED, NOT_PROBED, BOTH = "not obtained", "not probed", "both"
UNSEEN = (NOT_OBTAINED, NOT_PROBED)
CONTROL_READER = "the control reader"
QUERY = "athena:StartQueryExecution"

Matrix = Mapping[str, Any]
Cell = dict[str, Any]


@dataclass
class _Seen:
    """What came of the probes of one cell."""

    words: set[str] = field(default_factory=set)
    causes: set[str] = field(default_factory=set)
    probes: int = 0

    def add(self, word: str, cause: str | None = None) -> None:
        self.words.add(word)
        self.probes += 1
        if cause:
            self.causes.add(cause)

    def facts(self, expected: str) -> Cell:
        said = self.words - {NOT_OBTAINED}
        observed = BOTH if len(said) > 1 else next(iter(said or self.words), NOT_PROBED)
        return {
            "expected": expected,
            "observed": observed,
            "causes": sorted(self.causes),
            "agrees": None if observed in UNSEEN else observed == expected,
            "probes": self.probes,
        }


def build(plan: Plan, ledger: Iterable[Mapping[str, Any]], judged: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The matrix of a run from its resolved plan, its ledger and its judgements, each line as it was written.

    Raises KeyError on a line of another shape.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": plan.run_id,
        "plan": plan.name,
        "columns": list(_columns(plan, ledger)),
        "actions": list(_actions(judged)),
    }


def disagreeing(matrix: Matrix) -> list[Cell]:
    """The cells in which something else was observed than was expected."""
    return [cell for cell in (*matrix["columns"], *matrix["actions"]) if cell["agrees"] is False]


def _columns(plan: Plan, ledger: Iterable[Mapping[str, Any]]) -> Iterator[Cell]:
    seen = _observed(plan, ledger)
    for name, principal in _readers(plan):
        for table in plan.dataset.tables:
            reads_all = name == CONTROL_READER
            visible = table.column_names if reads_all else plan.visible_columns(name, table.name)
            rows = None if reads_all or not visible else plan.visible_rows(name, table.name)
            for column in table.column_names:
                expected = VISIBLE if column in visible else HIDDEN
                yield {
                    "identity": name,
                    "principal": principal,
                    "table": table.name,
                    "column": column,
                    "rows": rows if expected == VISIBLE else None,
                    **seen[name, table.name, column].facts(expected),
                }


def _readers(plan: Plan) -> Iterator[tuple[str, str]]:
    for person in plan.people:
        yield person.name, plan.role_arn(person.execution_role)
    if plan.verification.control_reader is not None:
        yield CONTROL_READER, plan.role_arn(plan.verification.control_reader.role)


def _observed(plan: Plan, ledger: Iterable[Mapping[str, Any]]) -> Mapping[tuple[str, str, str], _Seen]:
    asks = {everything(plan, table.name): (table.name, table.column_names) for table in plan.dataset.tables}
    for table in plan.dataset.tables:
        asks |= {one_column(plan, table.name, column): (table.name, (column,)) for column in table.column_names}
    seen: dict[tuple[str, str, str], _Seen] = defaultdict(_Seen)
    for line in ledger:
        who, came = line["identity"], line["outcome"]
        name = who["person"] if who["kind"] == "execution" else CONTROL_READER if who["kind"] == "control" else None
        if name is not None and line["sql"] in asks:
            asked, columns = asks[line["sql"]]
            for column in columns:
                seen[name, asked, column].add(_word(came, column), came.get("cause"))
    return seen


def _word(came: Mapping[str, Any], column: str) -> str:
    if came["result"] == "Allowed":
        return VISIBLE if column in came["columns"] else HIDDEN
    return HIDDEN if came["result"] == "Denied" else NOT_OBTAINED


def _actions(judged: Iterable[Mapping[str, Any]]) -> Iterator[Cell]:
    found: dict[tuple[str, str, str, str, bool], tuple[str, _Seen]] = {}
    for line in judged:
        if line["action"] == QUERY:
            continue
        key = (line["identity"], line["action"], line["on"], line["expected"], line["simulated"])
        _, seen = found.setdefault(key, (line["principal"], _Seen()))
        seen.add(line["seen"], line["cause"])
    for (identity, action, on, expected, simulated), (principal, seen) in sorted(
        found.items(), key=lambda each: each[0]
    ):
        cell = {"identity": identity, "principal": principal, "action": action, "on": on}
        yield {**cell, **seen.facts(expected), "simulated": simulated}
