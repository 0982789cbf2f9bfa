"""The data set as the catalog has it, and who was granted what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lakeproof.draft.facts import Draft, Facts, Someone, Subjects, name_of
from lakeproof.inventory.lake import IAM_ALLOWED_PRINCIPALS
from lakeproof.plan.names import COLUMN_TYPE

DEFAULTS = ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")
Partitions = Mapping[str, Sequence[tuple[str, ...]]]
"""Values of a table's partitions, by table."""


def databases(subjects: Subjects) -> list[str]:
    """The databases that hold tables."""
    return sorted({name.partition(".")[0] for name in subjects["tables"]})


def dataset(subjects: Subjects, database: str, partitions: Partitions, keys: Mapping[str, int], draft: Draft) -> Facts:
    """The data set. ``keys`` is the number of each table's partition keys, its last columns."""
    places = {arn.rpartition(":")[2] for arn in subjects["locations"]}
    tables, buckets = [], set()
    for full, table in subjects["tables"].items():
        base, _, name = full.partition(".")
        if base != database:
            continue
        bucket, _, prefix = str(table["location"] or "").removeprefix("s3://").partition("/")
        if not any(f"{bucket}/{prefix}".startswith(place.rstrip("/")) for place in places):
            draft.review("dataset", f"{name} lies in {table['location']}, which is not registered with Lake Formation")
        odd = [f"{column} ({kind})" for column, kind in table["columns"] if not COLUMN_TYPE.accepts(kind)]
        if odd:
            draft.review("dataset", f"{name} is left out: a plan cannot say the types of {', '.join(odd)}")
            continue
        buckets.add(bucket)
        tables.append(_table(subjects, database, name, table, f"{prefix.rstrip('/')}/", partitions, keys))
    if len(buckets) > 1:
        draft.review("dataset", f"the tables lie in several buckets, and a plan says one: {', '.join(sorted(buckets))}")
    assigned = subjects["LF-Tag assignments"]
    draft.review("dataset", "rows: at least so many rows show in a table to whoever may see all of them")
    return {
        "database": database,
        "bucket": min(buckets, default="BUCKET"),
        "seed": 1,
        "rows": max([1, *(len(values) for values in partitions.values())]),
        **({"lf_tags": assigned[database]} if database in assigned else {}),
        "tables": tables,
    }


def _table(
    subjects: Subjects,
    database: str,
    name: str,
    table: Facts,
    prefix: str,
    partitions: Partitions,
    keys: Mapping[str, int],
) -> dict[str, Any]:
    assigned, count = subjects["LF-Tag assignments"], keys.get(name, 0)

    def column(one: Sequence[str]) -> dict[str, Any]:
        tags = assigned.get(f"{database}.{name}.{one[0]}")
        return {"name": one[0], "type": one[1], **({"lf_tags": tags} if tags else {})}

    columns = [column(one) for one in table["columns"]]
    made: dict[str, Any] = {"name": name, "prefix": prefix, "columns": columns[: len(columns) - count]}
    if f"{database}.{name}" in assigned:
        made["lf_tags"] = assigned[f"{database}.{name}"]
    if count:
        values = [one[0] if len(one) == 1 else list(one) for one in partitions.get(name, ())]
        made |= {"partition_keys": columns[len(columns) - count :], "partitions": values}
    return made


def account(subjects: Subjects, database: str, people: Sequence[Someone]) -> dict[str, Any]:
    """How far IAMAllowedPrincipals has rights, and whether everybody may look into ``default``."""
    everybody = {
        (each["database"], each["table"])
        for each in subjects["permissions"].values()
        if each["principal"] == IAM_ALLOWED_PRINCIPALS
    }
    settings = subjects["data lake settings"]
    standing = any(settings.get(name) for name in DEFAULTS) or any(base in ("", database) for base, _ in everybody)
    on_tables = any(base == database and table for base, table in everybody)
    describers = {
        name_of(each["principal"])
        for each in subjects["permissions"].values()
        if each["database"] == "default" and "DESCRIBE" in each["permissions"]
    }
    return {
        "iam_allowed_principals": "left" if on_tables else "off_tables" if standing else "removed",
        "describe_default": {each.role for each in people} <= describers,
    }


def grants(
    subjects: Subjects,
    database: str,
    tables: Sequence[str],
    people: Sequence[Someone],
    reader: str | None,
    draft: Draft,
) -> list[Any]:
    """SELECT of the people, in the plan's words. What else is granted, but to the control reader ``reader``, is for
    somebody to look at."""
    by_role, found = {each.role: each for each in people}, []
    for row, facts in subjects["permissions"].items():
        person = by_role.get(name_of(facts["principal"])) if ":role/" in facts["principal"] else None
        here = facts["database"] == database or facts["expression"]
        if person is None:
            known = reader is not None and name_of(facts["principal"]) == reader
            if here and not known and {"SELECT", "ALL"} & {*facts["permissions"]}:
                draft.review("grants", f"nobody of the plan, and yet: {row}")
            continue
        if not here:
            if {*facts["permissions"]} != {"DESCRIBE"}:
                draft.review("grants", f"outside {database}: {row}")
            continue
        if set(facts["permissions"]) - {"SELECT", "DESCRIBE"} or "SELECT" not in facts["permissions"]:
            draft.review("grants", f"a plan can say SELECT alone: {row}")
        if "SELECT" in facts["permissions"]:
            found += list(_grants(subjects, database, tables, person, facts, draft))
    return found


def _grants(
    subjects: Subjects, database: str, tables: Sequence[str], person: Someone, facts: Facts, draft: Draft
) -> Iterator[dict[str, Any]]:
    option = {"grant_option": True} if "SELECT" in facts["grantable"] else {}
    if facts["kind"] == "LFTagPolicy":
        yield {
            "person": person.profile,
            "lf_tags": {key: list(values) for key, values in facts["expression"]},
            **option,
        }
        return
    for table in tables if facts["table"] == "*" else [facts["table"]]:
        if table not in tables:
            draft.review("grants", f"{person.profile} may read {table}, which is left out above")
            continue
        told: dict[str, Any] = {"person": person.profile, "table": table}
        if facts["kind"] == "DataCellsFilter":
            row = subjects["data filters"][f"{database}.{table}.{facts['name']}"]
            told |= {"columns": _columns(row)}
            if row["where"] and row["where"].lower() != "true":
                told |= {"row_filter": {"name": facts["name"], "where": row["where"]}}
            else:
                draft.review(
                    "grants", f"filter {facts['name']} shows all rows: a plan says such columns without a filter"
                )
        else:
            told |= {"columns": _columns(facts)}
        yield {**told, **option}


def _columns(facts: Facts) -> Any:
    if facts["columns"]:
        return {"include": list(facts["columns"])}
    return {"exclude": list(facts["excluded"])} if facts["excluded"] else "all"
