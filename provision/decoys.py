"""What scenarios make to aim at and undo themselves, unless their process dies: then its name tells, by the run's id.

Nothing is made here. One step of the journal per kind stands for all that may be made under the run's prefix, so that
the tear-down after a worker's death, and ``lakeproof destroy`` after the run's own, look for what is left of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lakeproof.inventory.pages import listed
from lakeproof.inventory.studio import profile_names
from provision import lake, principals, results, studio
from provision.journal import Entry
from provision.site import Kind, Site


def prefix(run_id: str) -> str:
    """What the names of a run's decoys begin with; in the Data Catalog with underscores for hyphens."""
    return f"decoy-{run_id}-"


def expect(site: Site, domain_id: str) -> None:
    """Write down that scenarios will make decoys, before the first of them can."""
    for kind in KINDS:
        name = prefix(site.run_id)
        name = name.replace("-", "_") if kind is DATABASES else name
        site.make(kind, name, lambda: None, {"attached": [], "inline": [], "domain_id": domain_id})


def _decoys(kind: Kind, names: Callable[[Site, Mapping[str, Any]], Iterable[str]]) -> Kind:
    """All of a kind that begins with an entry's id, removed as one of that kind is."""

    def left(site: Site, entry: Entry) -> Iterator[str]:
        return (name for name in names(site, entry.undo) if name.startswith(entry.id))

    def remove(site: Site, entry: Entry) -> None:
        for name in list(left(site, entry)):
            kind.remove(site, replace(entry, kind=kind.name, id=name))

    def remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
        return (entry for entry in entries if list(left(site, entry)))

    return Kind(f"decoy {kind.name}s", kind.rank, remove, remaining)


def _profiles(site: Site, undo: Mapping[str, Any]) -> Iterable[str]:
    """None of a domain that is gone, and every profile with it."""
    there = {domain["DomainId"] for domain in studio.domains(site)}
    return profile_names(site.client("sagemaker"), undo["domain_id"]) if undo["domain_id"] in there else ()


def _databases(site: Site, _: Mapping[str, Any]) -> Iterable[str]:
    return (each["Name"] for each in listed(site.client("glue"), "get_databases", "DatabaseList"))


BUCKETS = _decoys(lake.BUCKET, lambda site, _: [each["Name"] for each in site.client("s3").list_buckets()["Buckets"]])
DATABASES = _decoys(lake.DATABASE, _databases)
ROLES = _decoys(
    principals.ROLE, lambda site, _: [each["RoleName"] for each in listed(site.client("iam"), "list_roles", "Roles")]
)
WORKGROUPS = _decoys(results.WORKGROUP, lambda site, _: results.workgroups(site))
PROFILES = _decoys(studio.PROFILE, _profiles)
KINDS = (BUCKETS, DATABASES, ROLES, WORKGROUPS, PROFILES)
