"""The audit of a folder of logs: read, seal, ask, and say what was found and what was not looked at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from lakeproof.audit import executions as executed
from lakeproof.audit import register
from lakeproof.audit.executions import Execution
from lakeproof.audit.integrity.chain import SEALED, Sealing, seal
from lakeproof.audit.integrity.digests import PublicKeys
from lakeproof.audit.logs.copy import Copy, Progress, copy
from lakeproof.audit.logs.folder import look
from lakeproof.audit.logs.keys import log_name
from lakeproof.audit.logs.wanted import wanted
from lakeproof.audit.questions.local import Local, Period
from lakeproof.audit.questions.text import Question, Row, changes, questions, statement
from lakeproof.plan import Plan

GRAVE = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Found:
    """A finding. ``events`` are the ids of its records; ``sealed`` whether every one of them stands in a sealed log."""

    question: Question
    subject: str
    at: str
    said: str
    events: tuple[str, ...] = ()
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """What one person read of one table. ``columns`` is None where the SQL of a query is not known."""

    person: str
    table: str
    queries: int
    columns: tuple[str, ...] | None


@dataclass
class Report:
    """Everything that an audit has to say. ``unasked`` maps a finding's id to what was missing to look for it."""

    source: str
    files: int = 0
    fresh: int = 0
    events: int = 0
    wanted: int = 0
    duplicates: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    sealed: dict[str, int] = field(default_factory=dict)
    chains: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    use: list[Use] = field(default_factory=list)
    unasked: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Inputs:
    """What an audit may know besides the logs. ``latest_digest`` anchors the end of the digest chain."""

    plan: Plan | None = None
    executions: tuple[Execution, ...] = ()
    keys: PublicKeys = field(default_factory=lambda: PublicKeys({}))
    latest_digest: datetime | None = None
    begins: datetime | None = None
    """The folder holds what was delivered from then on: earlier digests are not expected."""


class Engine(Protocol):
    """Who answers questions in Athena's dialect: ``Local`` on this machine, ``Cloud`` in Athena."""

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a question."""

    def counts(self) -> tuple[int, int]:
        """Records delivered more than once, and records that the questions are asked of."""

    def paths(self, event_ids: Collection[str]) -> dict[str, str]:
        """Which log file each of these events stands in, where that is known."""


def tables_of(inputs: Inputs) -> dict[str, list[Row]]:
    """The tables that questions use beside the evidence."""
    return {
        "register": register.rows(inputs.plan) if inputs.plan else [],
        "executions": executed.rows(inputs.executions, _schema(inputs.plan)),
        "changes": changes(),
    }


def ask_all(engine: Engine, inputs: Inputs, report: Report, sealing: Sealing) -> Report:
    """Ask every question that can be asked, and who read what. Fills in the report and returns it."""
    tables = tables_of(inputs)
    report.duplicates, asked = engine.counts()
    if not asked:
        report.notes.append("no record in the period that a question is about: the answers below are about nothing")
    report.found += _asked(engine, tables, sealing, report)
    report.found.sort(key=lambda each: (GRAVE.index(each.question.severity), each.question.id, each.at, each.subject))
    report.use = _use(engine, inputs, _schema(inputs.plan) or {})
    return report


def audit(
    logs: Path,
    period: Period,
    inputs: Inputs,
    cache: Path,
    workers: int | None = None,
    progress: Progress = lambda f, b: None,
) -> Report:
    """Audit the logs below a folder. Raises NoLogs if there are none to read in the period."""
    folder = look(logs, period.since, period.until)
    made = copy(folder, wanted(), cache, workers, progress)
    sealing = seal(folder, made.files, inputs.keys, inputs.latest_digest, inputs.begins)
    report = Report(str(logs), files=len(made.files), fresh=made.fresh)
    _count(report, made, folder.left_out, sealing)
    report.notes += _notes(sealing, inputs, bool(folder.digests))
    report.found += _of_files(made, sealing)
    local = Local(made.parquet, tables_of(inputs), period, sealing.excluded, cache)
    return ask_all(local, inputs, report, sealing)


def _count(report: Report, made: Copy, left_out: Mapping[str, list[str]], sealing: Sealing) -> None:
    report.events = sum(each.events for each in made.files)
    report.wanted = sum(each.wanted for each in made.files)
    unreadable = sum(each.unreadable for each in made.files)
    if unreadable:
        report.skipped["records that cannot be read"] = unreadable
    for reason, keys in left_out.items():
        report.skipped[f"files: {reason}"] = len(keys)
    states: Counter[str] = Counter()
    for each in made.files:
        for finding, said in each.problems:
            if finding == "not-a-log" and log_name(each.key) is None:
                report.skipped[f"files: {said}"] = report.skipped.get(f"files: {said}", 0) + 1
        states[sealing.states[each.key]] += each.events
    report.sealed = dict(states)
    report.chains = [
        f"{' '.join(chain.name[:3])}: {chain.sound} of {chain.digests} digests sound"
        + "".join(f", {start:%Y-%m-%dT%H:%M:%SZ} to {end:%Y-%m-%dT%H:%M:%SZ}" for start, end in chain.spans)
        for chain in sealing.chains
    ]


def _notes(sealing: Sealing, inputs: Inputs, digests: bool) -> list[str]:
    if not digests:
        return ["integrity is not claimed: there are no digest files here"]
    if not inputs.keys:
        return ["integrity is not claimed: no signature was checked (give --public-keys)"]
    if inputs.latest_digest is None:
        return ["the end of the chain is not anchored: digests deleted last are not seen (give --latest-digest)"]
    return []


def _of_files(made: Copy, sealing: Sealing) -> Iterable[Found]:
    known = questions()
    for each in made.files:
        for finding, said in each.problems:
            if finding != "not-a-log" or log_name(each.key):
                yield Found(known[finding], each.key, each.first, said)
    for problem in sealing.problems:
        yield Found(known[problem.finding], problem.key, "", problem.said)


def _asked(local: Engine, tables: Mapping[str, list[Row]], sealing: Sealing, report: Report) -> list[Found]:
    found = []
    for question in questions().values():
        missing = [name for name in question.needs if not tables[name]]
        if missing:
            report.unasked[question.id] = NEEDED[missing[0]]
        elif question.sql:
            for subject, at, said, events in local.ask(question.sql):
                found.append(Found(question, subject, at, said, tuple((events or "").split(","))))
    paths = local.paths({event for each in found for event in each.events})
    return [Found(f.question, f.subject, f.at, f.said, f.events, _sealed(f.events, paths, sealing)) for f in found]


NEEDED = {
    "register": "needs --plan: who is who",
    "executions": "needs --queries: how each query ended and what it scanned, from GetQueryExecution",
}


def _sealed(events: Iterable[str], paths: Mapping[str, str], sealing: Sealing) -> bool:
    return all(sealing.states.get(paths.get(event, "")) == SEALED for event in events)


def _use(local: Engine, inputs: Inputs, schema: executed.Schema) -> list[Use]:
    """People, tables, queries, columns. Columns come from the SQL, which only some queries may have."""
    texts = {each.query_id.lower(): each for each in inputs.executions if each.sql}
    ids: dict[tuple[str, str], list[str]] = defaultdict(list)
    for person, table, query_id in local.ask(statement("use")):
        ids[person, table.partition(":table/")[2].replace("/", ".") or table].append(query_id)
    use = []
    for (person, table), queries in sorted(ids.items()):
        columns = None
        if schema and all(query in texts for query in queries):
            own = f"{table.rpartition('.')[2]}."
            read = {column for query in queries for column in executed.columns_of(texts[query], schema)}
            columns = tuple(sorted(each.removeprefix(own) for each in read if each.startswith(own)))
        use.append(Use(person, table, len(queries), columns))
    return use


def _schema(plan: Plan | None) -> executed.Schema | None:
    if plan is None:
        return None
    return {
        plan.dataset.database.lower(): {
            table.name.lower(): tuple(name.lower() for name in table.column_names) for table in plan.dataset.tables
        }
    }
