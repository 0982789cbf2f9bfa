"""Attacks that must be refused, and work that must go on: actions of ``lakeproof/probes/actions.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_bdd import then, when

from fixtures.actions import Doer
from fixtures.people import People
from lakeproof.evidence.verdicts import EvidenceNotObtained
from lakeproof.plan import Plan
from lakeproof.probes.actions import Done
from lakeproof.probes.athena import run_pyathena
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.probe import Prober
from lakeproof.target import Target
from steps import judge
from steps.words import words


@dataclass(frozen=True)
class Tried:
    """What a scenario has had done: by whom, where, aimed at whom, and what came of each."""

    person: str
    place: str
    other: str | None
    done: tuple[Done, ...]


def try_all(names: Sequence[str], doer: Doer, person: str, place: str, other: str | None = None) -> Tried:
    """Do each action, one after the other, each from its own beginning. Raises EvidenceNotObtained without decoys."""
    try:
        return Tried(person, place, other, tuple(doer.do(name, person, place, other) for name in names))
    except LookupError as error:
        raise EvidenceNotObtained("something to aim at", str(error), likely="the harness was refused too") from error


@when(words("{person} tries to {action+} at the console"), target_fixture="tried")
def tries_at_console(person: str, action: str, doer: Doer) -> Tried:
    return try_all([action], doer, person, "console")


@when(words("{person} tries to {action+} in Studio"), target_fixture="tried")
def tries_in_studio(person: str, action: str, doer: Doer) -> Tried:
    return try_all([action], doer, person, "studio")


@when(words("{person} tries at the console:"), target_fixture="tried")
def tries_each_at_console(person: str, doer: Doer, datatable: list[list[str]]) -> Tried:
    return try_all([name for (name,) in datatable], doer, person, "console")


@when(words("{person} tries in Studio:"), target_fixture="tried")
def tries_each_in_studio(person: str, doer: Doer, datatable: list[list[str]]) -> Tried:
    return try_all([name for (name,) in datatable], doer, person, "studio")


@when(words("{person} tries at the console, against {other}:"), target_fixture="tried")
def tries_against_at_console(person: str, other: str, doer: Doer, datatable: list[list[str]]) -> Tried:
    return try_all([name for (name,) in datatable], doer, person, "console", other)


@when(words("{person} tries in Studio, against {other}:"), target_fixture="tried")
def tries_against_in_studio(person: str, other: str, doer: Doer, datatable: list[list[str]]) -> Tried:
    return try_all([name for (name,) in datatable], doer, person, "studio", other)


@then("each is refused")
def each_refused(tried: Tried, target: Target) -> None:
    judge.all_hold(lambda done: judge.refused(done.last, target, *done.action.refused_by), tried.done)


@then("each is allowed")
def each_allowed(tried: Tried) -> None:
    judge.all_hold(lambda done: judge.allowed(done.last, f"{tried.person} may {done.action.name}"), tried.done)


@then("the harness may do each")
def harness_twin(tried: Tried, doer: Doer) -> None:
    twins(tried, doer, tried.person, "harness")


@then(words("{other} may do each in Studio"))
def other_twin(tried: Tried, other: str, doer: Doer) -> None:
    twins(tried, doer, other, "studio")


def twins(tried: Tried, doer: Doer, person: str, place: str) -> None:
    """The same actions by somebody who may: each must succeed as a whole, or its refusal proves nothing."""
    for done in tried.done:
        again = doer.again(done, person, place, tried.other)
        judge.twin(done.last, [again.last])


@when(words("{person} runs the walkthrough's notebook on {table}"), target_fixture="notebook")
def runs_notebook(person: str, table: str, people: People, prober: Prober, plan: Plan) -> list[Attempt]:
    database, reader = plan.dataset.database, people.in_studio(person)
    cells = ("SHOW DATABASES", f"SHOW TABLES IN {database}", f"SELECT * FROM {database}.{table} LIMIT 10")
    return [prober.query(reader, sql, run_pyathena) for sql in cells]


@then(words("it finds the database and {table}, and shows {person} the granted columns"))
def notebook_ran(notebook: list[Attempt], table: str, person: str, plan: Plan) -> None:
    databases, tables, reviews = [judge.allowed(each, "the notebook of the walkthrough runs it") for each in notebook]
    found = {row[0] for row in (*databases.rows, *tables.rows)} & {plan.dataset.database, table}
    judge.compare("database and table", [plan.dataset.database, table], found)
    judge.compare("columns", plan.visible_columns(person, table), reviews.columns, ordered=True)
