"""The data set as planned, governed by Lake Formation and reachable by no other way."""

from __future__ import annotations

from pytest_bdd import given, then, when

from fixtures.people import People
from lakeproof.evidence.verdicts import NotMet
from lakeproof.inventory import lake
from lakeproof.plan import Plan
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.outcome import Cause
from lakeproof.probes.probe import Prober
from lakeproof.target import Target
from provision.estate import Estate
from steps import judge
from steps.words import words


@given("the catalog as it is", target_fixture="catalog")
def catalog(target: Target, plan: Plan) -> dict[str, object]:
    return dict(lake.tables(target.client("glue"), plan.dataset.database))


@then("it has exactly the planned tables")
def planned_tables(catalog: dict[str, object], plan: Plan) -> None:
    judge.compare("tables", [table.name for table in plan.dataset.tables], catalog)


@then(words("{table} has exactly the planned columns and types, in order"))
def planned_columns(table: str, catalog: dict[str, dict[str, object]], plan: Plan) -> None:
    planned = plan.table(table)
    wanted = [f"{name} {planned.column_type(name)}" for name in planned.column_names]
    judge.compare("columns", wanted, [" ".join(each) for each in lake.columns(catalog[table])], ordered=True)


@then(words("{table} has exactly the planned partitions"))
def planned_partitions(table: str, target: Target, plan: Plan) -> None:
    found = lake.partitions(target.client("glue"), plan.dataset.database, table)
    judge.compare("partitions", map("/".join, plan.table(table).partition_values), map("/".join, found))


@then(words("{table} lies in a location that is registered with Lake Formation"))
def registered(table: str, target: Target, catalog: dict[str, dict[str, dict[str, str]]]) -> None:
    place = catalog[table]["StorageDescriptor"]["Location"].replace("s3://", "arn:aws:s3:::")
    known = lake.locations(target.client("lakeformation"))
    judge.show("Registered locations", "\n".join(known))
    if not any(place == arn or place.startswith(f"{arn.rstrip('/')}/") for arn in known):
        raise NotMet(
            f"a registered location that holds {place}",
            f"registered: {', '.join(known) or 'none'}",
            likely="the location was deregistered",
            remedy="register it with Lake Formation",
        )


@then("IAMAllowedPrincipals has no permission on the planned database or its tables, or by default")
def no_iam_allowed_principals(target: Target, plan: Plan) -> None:
    client = target.client("lakeformation")
    held = [row for row in lake.permissions(client) if row.principal == lake.IAM_ALLOWED_PRINCIPALS]
    ours = [str(row) for row in held if row.database in ("", plan.dataset.database)]
    defaults = [f"default permission of {each}" for each in lake.default_principals(lake.settings(client))]
    judge.compare(
        "permissions of IAMAllowedPrincipals",
        [],
        ours + defaults,
        remedy="revoke them: while they are held, IAM alone decides and nothing is filtered",
    )


@when(words("{person} reads a file of {table} directly from S3 in Studio"), target_fixture="attempt")
def reads_in_studio(person: str, table: str, people: People, prober: Prober, estate: Estate, plan: Plan) -> Attempt:
    return prober.call(people.in_studio(person), "s3", "GetObject", **a_file(prober.target, estate, plan, table))


@when(words("{person} reads a file of {table} directly from S3 at the console"), target_fixture="attempt")
def reads_at_console(person: str, table: str, people: People, prober: Prober, estate: Estate, plan: Plan) -> Attempt:
    return prober.call(people.at_console(person), "s3", "GetObject", **a_file(prober.target, estate, plan, table))


@when(words("{person} lists the files of {table} in S3"), target_fixture="attempt")
def lists_files(person: str, table: str, people: People, prober: Prober, estate: Estate, plan: Plan) -> Attempt:
    return prober.call(people.in_studio(person), "s3", "ListObjectsV2", **place(estate, plan, table))


@then("S3 refuses it")
def refused_by_s3(attempt: Attempt, target: Target) -> None:
    judge.refused(attempt, target, Cause.S3)


def place(estate: Estate, plan: Plan, table: str) -> dict[str, object]:
    """Where the files of a table lie, as the request that lists one of them."""
    return {"Bucket": estate.lake_bucket, "Prefix": plan.table(table).prefix, "MaxKeys": 1}


def a_file(target: Target, estate: Estate, plan: Plan, table: str) -> dict[str, str]:
    """Bucket and key of one file of a table."""
    found = target.client("s3").list_objects_v2(**place(estate, plan, table))["Contents"]
    return {"Bucket": estate.lake_bucket, "Key": found[0]["Key"]}
