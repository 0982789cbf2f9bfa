"""Undoes a run from its journal, last made first, and reads the account back to prove that nothing is left."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from lakeproof.target import Target
from provision import (
    decoys,
    federation,
    filters,
    grants,
    lake,
    lf_tags,
    people,
    principals,
    results,
    settings,
    studio,
    trail,
)
from provision.estate import FILE
from provision.journal import Entry, Journal
from provision.site import Kind, Progress, ProvisionError, Site

_MODULES = (settings, lake, lf_tags, filters, principals, people, results, federation, grants, studio, trail, decoys)
KINDS: dict[str, Kind] = {kind.name: kind for module in _MODULES for kind in module.KINDS}
"""Every kind of thing that a run makes."""

_NEEDS_ADMINISTRATOR = {
    kind.name
    for kind in (
        *(*grants.KINDS, *filters.KINDS, *lf_tags.KINDS),
        *(lake.LOCATION, lake.DATABASE, lake.TABLE, decoys.DATABASES),
    )
}

_ATTEMPTS = 3


@dataclass(frozen=True)
class Residue:
    """Something that a run made and that is still there."""

    kind: str
    id: str
    why: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}: {self.why}"


def destroy(where: Path, target: Target, progress: Progress = print) -> list[Residue]:
    """Undo the run whose journal is ``where`` (its directory, or the file). Returns what is left; nothing, if all is
    well. May be called again, after a failure or a success. Raises JournalError, or ProvisionError when the target is
    not the journal's account."""
    journal = Journal.read(where)
    header = journal.header
    if (header.account_id, header.region) != (target.account_id, target.region):
        raise ProvisionError(
            f"run {header.run_id} is in account {header.account_id}, {header.region}; the target is "
            f"{target.account_id}, {target.region}: nothing was touched"
        )
    left = undo(Site(target, journal, progress))
    if not left:
        (journal.path.parent / FILE).unlink(missing_ok=True)
    return left


def undo(site: Site) -> list[Residue]:
    """Undo every entry of the journal that is not gone. Goes on after a failure, to undo as much as can be.

    Account-wide settings come last, when all else has been read back: as long as something remains that only a data
    lake administrator can remove, the harness stays one, so that the next attempt can succeed.
    """
    todo = in_order(site.journal)
    if not todo:
        site.progress(f"run {site.run_id}: nothing to undo")
        return []
    site.progress(f"run {site.run_id}: undoing {len(todo)} steps")
    account_wide = [entry for entry in todo if KINDS[entry.kind] in settings.KINDS]
    left = _undo(site, [entry for entry in todo if entry not in account_wide])
    if any(residue.kind in _NEEDS_ADMINISTRATOR for residue in left):
        left += [
            Residue(entry.kind, entry.id, "kept until the rest is gone: undo this run again") for entry in account_wide
        ]
    else:
        left += _undo(site, account_wide)
    site.progress(f"run {site.run_id}: {f'{len(left)} things are' if left else 'nothing is'} left")
    return left


def _undo(site: Site, todo: Sequence[Entry]) -> list[Residue]:
    """Remove the entries and read back what is left of them; what is left is tried again, because a call that a killed
    process had under way may have ended since, and AWS may still list what it has just deleted."""
    left: list[Residue] = []
    for attempt in range(_ATTEMPTS):
        left = _undo_once(site, todo)
        if not left:
            break
        gone = {entry.step for entry in site.journal.entries() if entry.state == "gone"}
        todo = [entry for entry in todo if entry.step not in gone]
        if attempt + 1 < _ATTEMPTS:
            site.progress(f"run {site.run_id}: {len(left)} things are left, once more")
            time.sleep(site.target.poll_s * 5)
    return left


def _undo_once(site: Site, todo: Sequence[Entry]) -> list[Residue]:
    """Remove the entries, one rank after the other, and read back what is left of them."""
    failed: dict[int, str] = {}
    for _, entries in groupby(todo, key=lambda entry: KINDS[entry.kind].rank):
        same = list(entries)
        before = len(failed)
        for failure in site.each(lambda batch: _remove(site, batch), _batches(same)):
            failed.update(failure)
        site.progress(
            f"undone: {', '.join(sorted({entry.kind for entry in same}))} ({len(same)})"
            + (f", {len(failed) - before} failed" if len(failed) > before else "")
        )
    return _read_back(site, todo, failed)


def in_order(journal: Journal) -> list[Entry]:
    """What ``undo`` would remove, in its order, without one call to the account."""
    todo = [entry for entry in journal.entries() if entry.state in ("begun", "made")]
    return sorted(todo, key=lambda entry: (-KINDS[entry.kind].rank, entry.kind, -entry.step))


def _batches(entries: Sequence[Entry]) -> Iterable[list[Entry]]:
    """Entries of one rank: together where their kind can remove many in one call, else one by one."""
    for kind, some in groupby(entries, key=lambda entry: entry.kind):
        if KINDS[kind].remove_all:
            yield list(some)
        else:
            yield from ([entry] for entry in some)


def _remove(site: Site, entries: list[Entry]) -> dict[int, str]:
    """Remove some entries. Returns why for each that could not be."""
    kind = KINDS[entries[0].kind]
    try:
        if kind.remove_all and len(entries) > 1:
            kind.remove_all(site, entries)
        else:
            for entry in entries:
                if entry.state == "begun" and not kind.owned(site, entry):
                    continue
                note = kind.remove(site, entry)
                if note:
                    site.progress(f"note: {note}")
    except (ClientError, BotoCoreError, ProvisionError) as error:
        return {entry.step: str(error) for entry in entries}
    return {}


def _read_back(site: Site, todo: Sequence[Entry], failed: dict[int, str]) -> list[Residue]:
    """Which of the entries still exist, by reading the account; the others are gone. What cannot be read is residue."""
    by_kind = [
        (kind, list(entries))
        for kind, entries in groupby(sorted(todo, key=lambda entry: entry.kind), key=lambda entry: entry.kind)
    ]

    def read(item: tuple[str, list[Entry]]) -> list[Residue]:
        kind, entries = KINDS[item[0]], item[1]
        try:
            there = {
                entry.step
                for entry in kind.remaining(site, entries)
                if entry.state == "made" or kind.owned(site, entry)
            }
        except (ClientError, BotoCoreError) as error:
            return [Residue(kind.name, entry.id, f"cannot be read back: {error}") for entry in entries]
        found = []
        for entry in entries:
            if entry.step in there:
                found.append(Residue(kind.name, entry.id, failed.get(entry.step, "still there after it was removed")))
            elif entry.step in failed:
                found.append(Residue(kind.name, entry.id, failed[entry.step]))
            else:
                site.journal.gone(entry)
        return found

    return [residue for found in site.each(read, by_kind) for residue in found]
