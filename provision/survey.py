"""What a run would meet in an account: names that somebody else has taken, and what is set differently from then on.

Reads only. It looks at the journal of a rehearsal, whose entries name what a run makes; what holds the run's id in its
name is nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lakeproof.plan import Plan
from lakeproof.plan.permissions import DEFAULT_DATABASE
from lakeproof.target import Target
from provision import lake, lf_tags, principals, results, settings
from provision.create import harness_arn
from provision.journal import Entry, Journal
from provision.site import Kind, Progress, Site

TAKEN: tuple[Kind, ...] = (
    principals.ROLE,
    principals.POLICY,
    principals.USER,
    principals.GROUP,
    lake.BUCKET,
    lake.DATABASE,
    lake.TABLE,
    lf_tags.TAG,
    results.WORKGROUP,
)
"""Kinds whose id is the name that somebody else may have taken."""


@dataclass(frozen=True)
class Survey:
    """``in_the_way``: entries whose name is taken. ``kept``: what a run makes only where there is none, and is there.
    ``changes``: account-wide settings that the run changes for its time, in words."""

    in_the_way: tuple[Entry, ...]
    kept: tuple[Entry, ...]
    changes: tuple[str, ...]


def survey(target: Target, rehearsed: Journal, plan: Plan, progress: Progress = print) -> Survey:
    """Look at the account through the journal of a rehearsal. Raises ClientError where it may not be read."""
    header = replace(rehearsed.header, harness_arn=harness_arn(target))
    site = Site(target, Journal(rehearsed.path, header, rehearsed.entries()), progress)
    named = [entry for entry in site.journal.entries() if site.run_id not in entry.id]
    there = [entry for kind in TAKEN for entry in _there(site, kind, named)]
    roles = [entry for entry in named if entry.kind == settings.SERVICE_LINKED_ROLE.name]
    kept = [entry for entry in there if entry.kind == lake.DATABASE.name and entry.id == DEFAULT_DATABASE]
    kept += roles if settings.service_role_there(site) else []
    return Survey(tuple(entry for entry in there if entry not in kept), tuple(kept), tuple(_changes(site, plan)))


def _there(site: Site, kind: Kind, entries: Sequence[Entry]) -> Iterator[Entry]:
    yield from kind.remaining(site, [entry for entry in entries if entry.kind == kind.name])


def _changes(site: Site, plan: Plan) -> Iterator[str]:
    found = site.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    if site.journal.header.harness_arn not in settings.admins(found):
        yield f"data lake administrators: {site.journal.header.harness_arn} is added"
    if plan.account.iam_allowed_principals != "removed":
        return
    for key in settings.DEFAULTS:
        if settings.without_everybody(found.get(key, [])) != found.get(key, []):
            yield f"{key}: {settings.EVERYBODY} is taken out"
    rights = settings.catalog_rights(site)
    if rights:
        yield f"permissions on the catalog: {', '.join(rights)} of {settings.EVERYBODY} revoked"
