"""Who sees which column: queries by a person's execution role, and their twins."""

from __future__ import annotations

from pytest_bdd import then, when

from fixtures.people import People
from fixtures.probing import Twins
from fixtures.rows import column_uses
from lakeproof.evidence.verdicts import NotMet
from lakeproof.plan import Plan
from lakeproof.probes.athena import run_pyathena
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.outcome import Cause
from lakeproof.probes.probe import Prober
from lakeproof.probes.seen import everything, named, one_column
from lakeproof.target import Target
from steps import judge
from steps.words import words

REGRANT = "grant or revoke in Lake Formation until it is what the plan says"


@when(words("{person} lists the databases"), target_fixture="attempt")
def lists_databases(person: str, people: People, prober: Prober) -> Attempt:
    return prober.query(people.in_studio(person), "SHOW DATABASES", run_pyathena)


@when(words("{person} lists the tables"), target_fixture="attempt")
def lists_tables(person: str, people: People, prober: Prober, plan: Plan) -> Attempt:
    return prober.query(people.in_studio(person), f"SHOW TABLES IN {plan.dataset.database}", run_pyathena)


@when(words("{person} describes {table}"), target_fixture="attempt")
def describes(person: str, table: str, people: People, prober: Prober, plan: Plan) -> Attempt:
    return prober.query(people.in_studio(person), f"DESCRIBE {plan.dataset.database}.{table}")


@when(words("{person} selects everything from {table}"), target_fixture="attempt")
def selects_everything(person: str, table: str, people: People, prober: Prober, plan: Plan) -> Attempt:
    return prober.query(people.in_studio(person), everything(plan, table), run_pyathena)


@when(words("{person} selects the column {column} of {table}"), target_fixture="attempt")
def selects(person: str, column: str, table: str, people: People, prober: Prober, plan: Plan) -> Attempt:
    return prober.query(people.in_studio(person), one_column(plan, table, column))


@when(words("{person} {use+} the column {column} of {table} without showing it"), target_fixture="attempt")
def uses(person: str, column: str, table: str, use: str, people: People, prober: Prober, plan: Plan) -> Attempt:
    sql = column_uses()[use].format(table=named(plan, table), column=f'"{column}"')
    return prober.query(people.in_studio(person), sql)


@then(words("{person} sees exactly the granted columns of {table}, in order"))
def sees_granted(person: str, table: str, attempt: Attempt, plan: Plan) -> None:
    seen = judge.allowed(attempt, f"{person} may read {table}")
    judge.compare(
        f"columns of {table}", plan.visible_columns(person, table), seen.columns, remedy=REGRANT, ordered=True
    )
    at_least = min(10, plan.dataset.rows) if plan.visible_rows(person, table) is None else 1
    if len(seen.rows) < at_least:
        said = f"{len(seen.rows)} rows of {', '.join(seen.columns)}"
        raise NotMet(f"at least {at_least} rows", said, remedy="is the data still there?")


@then("the column is shown")
def column_shown(attempt: Attempt) -> None:
    seen = judge.allowed(attempt, "the column is granted")
    if not seen.rows:
        raise NotMet("rows", "no row", remedy="is the data still there?")


@then("Lake Formation refuses the column")
def column_refused(attempt: Attempt, target: Target) -> None:
    judge.refused(attempt, target, Cause.LF_COLUMN)


@then("Lake Formation refuses the table")
def table_refused(attempt: Attempt, target: Target) -> None:
    judge.refused(attempt, target, Cause.LF_TABLE, Cause.LF_DATABASE)


@then(words("the same query is allowed to somebody who may see {column} of {table}"))
def column_twin(attempt: Attempt, column: str, table: str, twins: Twins) -> None:
    judge.twin(attempt, twins.of_query(attempt, table, column))


@then(words("the same query is allowed to somebody who may see {table}"))
def table_twin(attempt: Attempt, table: str, twins: Twins) -> None:
    judge.twin(attempt, twins.of_query(attempt, table))


@then(words("{person} sees the planned database, and no other of the account but default"))
def sees_database(person: str, attempt: Attempt, plan: Plan) -> None:
    seen = judge.allowed(attempt, "everybody may list what they may see")
    planned = any(plan.visible_columns(person, table.name) for table in plan.dataset.tables)
    judge.compare(
        "databases", ["default", *[plan.dataset.database] * planned], {row[0] for row in seen.rows} | {"default"}
    )


@then(words("{person} sees exactly the tables that were granted"))
def sees_tables(person: str, attempt: Attempt, plan: Plan) -> None:
    seen = judge.allowed(attempt, "everybody may list what they may see")
    granted = [table.name for table in plan.dataset.tables if plan.visible_columns(person, table.name)]
    judge.compare("tables", granted, [row[0] for row in seen.rows], remedy=REGRANT)


@then(words("no column of {table} is named that {person} may not see"))
def metadata_hidden(attempt: Attempt, table: str, person: str, plan: Plan) -> None:
    seen = judge.allowed(attempt, f"{person} may see {table}")
    named = {word for row in seen.rows for cell in row if cell for word in cell.replace("\t", " ").split()}
    judge.compare(
        "columns", plan.visible_columns(person, table), named & set(plan.table(table).column_names), remedy=REGRANT
    )
