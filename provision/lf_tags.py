"""LF-Tags: defined in the account, and assigned to the plan's database, tables and columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from lakeproof.inventory import lake
from lakeproof.plan import Plan, assigned_tags
from provision.journal import Entry
from provision.site import Kind, ProvisionError, Site, gone_is_fine, unheard


def make_tags(site: Site, plan: Plan) -> None:
    """Define the plan's LF-Tags and assign them. Raises ProvisionError when a key is somebody else's: asked beforehand,
    because CreateLFTag says of a key that exists only that the input is not valid."""
    if not plan.lf_tags:
        return
    site.progress(f"LF-Tags: {', '.join(plan.lf_tags)}")
    client = site.client("lakeformation")
    there = lake.lf_tags(client)
    for key, values in plan.lf_tags.items():
        if key in there and site.journal.find(TAG.name, key) is None:
            raise ProvisionError(
                f"the LF-Tag {key!r} exists already and is not this run's: it is left alone. Choose another key in the "
                "plan (placeholder {run} makes it unique)"
            )
        site.make(TAG, key, unheard(client.create_lf_tag, TagKey=key, TagValues=list(values)))
    for where, tags in assigned_tags(plan).items():
        request = {"Resource": _resource(plan.dataset.database, where), "LFTags": _listed(tags)}
        site.make(ASSIGNMENT, ".".join((plan.dataset.database, *where)), partial(_assign, client, request), request)


def _assign(client: Any, request: Mapping[str, Any]) -> None:
    """Raises ProvisionError for what Lake Formation answers with ``Failures``."""
    failures = client.add_lf_tags_to_resource(**request).get("Failures", [])
    if failures:
        raise ProvisionError(f"LF-Tags on {request['Resource']} were refused; the first: {failures[0]}")


def _resource(database: str, where: tuple[str, ...]) -> dict[str, Any]:
    if not where:
        return {"Database": {"Name": database}}
    table = {"DatabaseName": database, "Name": where[0]}
    return {"Table": table} if len(where) == 1 else {"TableWithColumns": {**table, "ColumnNames": [where[1]]}}


def _listed(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"TagKey": key, "TagValues": [value]} for key, value in tags.items()]


def _take_off(site: Site, entry: Entry) -> None:
    """What is not assigned any more, because somebody changed it, goes with the database or with its definition."""
    gone_is_fine(site.client("lakeformation").remove_lf_tags_from_resource, **entry.undo)


def _with_its_definition(site: Site, entries: Sequence[Entry]) -> Iterable[Entry]:
    """An LF-Tag that is not defined any more is on nothing (Lake Formation API, DeleteLFTag)."""
    there = lake.lf_tags(site.client("lakeformation"))
    return (entry for entry in entries if any(tag["TagKey"] in there for tag in entry.undo["LFTags"]))


def _delete(site: Site, entry: Entry) -> None:
    gone_is_fine(site.client("lakeformation").delete_lf_tag, TagKey=entry.id)


def _remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    there = lake.lf_tags(site.client("lakeformation"))
    return (entry for entry in entries if entry.id in there)


TAG = Kind("LF-Tag", 30, _delete, _remaining)
ASSIGNMENT = Kind("LF-Tag assignment", 54, _take_off, _with_its_definition)
KINDS = (TAG, ASSIGNMENT)
