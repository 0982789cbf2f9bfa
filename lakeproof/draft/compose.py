"""The parts of a draft put together, and written as a plan that somebody reads from top to bottom."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from lakeproof.draft import lake, people, studio
from lakeproof.draft.facts import Draft
from lakeproof.draft.studio import DraftError
from lakeproof.inventory import lake as catalog
from lakeproof.inventory import whole
from lakeproof.plan.models import SCHEMA_VERSION
from lakeproof.target import Target

ORDER = (
    *("dataset", "account", "sign_in", "execution", "studio", "results", "audit", "verification"),
    *("people", "lf_tags", "grants"),
)
REVIEW = "# REVIEW: "


def from_account(target: Target, database: str | None = None, domain: str | None = None) -> Draft:
    """A draft of what the account holds; nothing of it is changed. ``database`` and ``domain`` choose among several.

    Raises DraftError if there is none, or several and none is named; botocore's errors if something cannot be read.
    """
    found = whole.read(target)
    subjects = found["subjects"]
    database = _chosen("database with tables", lake.databases(subjects), database, "--database")
    domain = _chosen("Studio domain", sorted(subjects["domains"]), domain, "--domain")
    glue, partitions, keys = target.client("glue"), {}, {}
    for name, table in catalog.tables(glue, database).items():
        keys[name] = len(table.get("PartitionKeys") or ())
        partitions[name] = catalog.partitions(glue, database, name) if keys[name] else ()
    return compose(found, database, domain, partitions, keys, target.caller_arn or "")


def compose(
    found: Mapping[str, Any],
    database: str,
    domain: str,
    partitions: lake.Partitions,
    keys: Mapping[str, int],
    harness: str,
) -> Draft:
    """The draft of an inventory. ``harness`` is the ARN of whoever will verify."""
    draft, subjects = Draft(), found["subjects"]
    tag = people.profile_tag(subjects, draft)
    those = people.everybody(subjects, tag, draft)
    if not those:
        raise DraftError(
            f"domain {domain} has no profile with an execution role of its own: there is nobody to plan for"
        )
    told = people.told(those)
    data = lake.dataset(subjects, database, partitions, keys, draft)
    tables = [table["name"] for table in data["tables"]]
    reader = studio.control_reader(subjects, tables, those, draft)
    external = people.external_id(subjects, those, harness, draft)
    draft.parts = {
        "schema_version": SCHEMA_VERSION,
        "name": f"drafted-{found['account']}",
        "description": f"Drafted from account {found['account']} in {found['region']}: what is, not what should be",
        "approved": False,
        "provision": "adopt",
        "dataset": data,
        "account": lake.account(subjects, database, those),
        "sign_in": people.sign_in(subjects, those, draft),
        "execution": people.execution(subjects, those, draft),
        "studio": studio.studio(subjects, domain, tag, draft),
        "results": studio.results(subjects, those, told, draft),
        "audit": studio.audit(subjects, draft),
        "verification": {
            **({"external_id": external} if external else {}),
            **({"control_reader": reader} if reader else {}),
        },
        "people": told,
        **({"lf_tags": subjects["LF-Tags"]} if subjects["LF-Tags"] else {}),
        "grants": lake.grants(subjects, database, tables, those, reader and reader["role"], draft),
    }
    return draft


def as_yaml(draft: Draft) -> str:
    """The plan's text, each part under what somebody has to look at."""
    return "\n".join(_lines(draft))


def _lines(draft: Draft) -> Iterator[str]:
    yield "# A DRAFT. It says what the account holds, which may be more than anybody meant. Read every line that begins"
    yield f"# with {REVIEW.strip()} and mend what follows; then take this head and 'approved: false' out."
    yield ""
    for part, value in draft.parts.items():
        if part in ORDER:
            yield ""
        for where, text in draft.reviews:
            if where == part:
                yield from textwrap.wrap(
                    text, 110, initial_indent=REVIEW, subsequent_indent="#   ", break_on_hyphens=False
                )
        yield yaml.safe_dump({part: value}, sort_keys=False, width=110, allow_unicode=True).rstrip()
    yield ""


def _chosen(what: str, there: list[str], named: str | None, option: str) -> str:
    if named is not None and named in there:
        return named
    if named is None and len(there) == 1:
        return there[0]
    told = ", ".join(there) or "none"
    ask = f"there is no {named!r}" if named else f"name one by {option}" if there else "there is nothing to draft from"
    raise DraftError(f"the account has these of the kind {what}: {told}; {ask}")
