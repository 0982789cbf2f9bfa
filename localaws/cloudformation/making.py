"""One resource: made, changed in place, or deleted, each with its events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localaws.cloudformation.deployment import Deployment
from localaws.cloudformation.dynamic import settled
from localaws.cloudformation.problems import Failed
from localaws.cloudformation.state import Held
from localaws.cloudformation.types import TYPES
from localaws.errors import AwsError

INITIATED = "Resource creation Initiated"
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


class Untouched(Failed):
    """A change failed before the service changed anything: there is nothing to undo."""


def make(deployment: Deployment, held: Held, wanted: Mapping[str, Any] | None, verb: str = "CREATE") -> None:
    """Make a resource. Raises Failed, after an event that says why; what was made of it is in ``held``."""
    replacing = REPLACING if verb == "UPDATE" else None
    deployment.note(held, f"{verb}_IN_PROGRESS", replacing)
    try:
        if wanted is None:
            wanted = deployment.wanted(held.logical_id)
        held.properties = wanted
        shown = deployment.shown(held.logical_id)
        work = deployment.work(held)
        TYPES[held.type].create(work, settled(wanted, work))
        deployment.note(held, f"{verb}_IN_PROGRESS", INITIATED, shown)
    except (Failed, AwsError) as problem:
        deployment.note(held, f"{verb}_FAILED", said(problem))
        raise Failed(held.logical_id) from problem
    deployment.note(held, f"{verb}_COMPLETE", None, shown)


def change(deployment: Deployment, held: Held, wanted: Mapping[str, Any]) -> None:
    """Change a resource in place. Raises Failed, after an event that says why: Untouched where nothing came of it."""
    deployment.note(held, "UPDATE_IN_PROGRESS")
    done: list[str] = []
    try:
        work = deployment.work(held)
        done = work.done
        before, after = held.properties, settled(wanted, work)
        held.properties = settled(before, work) if before != wanted else before
        try:
            TYPES[held.type].update(work, after)
        finally:
            held.properties = before
    except (Failed, AwsError) as problem:
        deployment.note(held, "UPDATE_FAILED", said(problem))
        raise (Failed if done else Untouched)(held.logical_id) from problem
    held.properties = wanted
    deployment.note(held, "UPDATE_COMPLETE")


def unmake(deployment: Deployment, held: Held, policy: str) -> bool:
    """Delete a resource, or retain it where ``policy`` says so. Returns whether it went as wanted.

    A resource that its service never made is gone without a call.
    """
    if policy == "Retain" and held.physical_id:
        deployment.note(held, "DELETE_SKIPPED")
        return True
    deployment.note(held, "DELETE_IN_PROGRESS")
    try:
        if held.physical_id:
            TYPES[held.type].delete(deployment.work(held))
    except (Failed, AwsError) as problem:
        deployment.note(held, "DELETE_FAILED", said(problem))
        return False
    deployment.note(held, "DELETE_COMPLETE")
    return True


def said(problem: Failed | AwsError) -> str:
    """The reason in an event."""
    return problem.message if isinstance(problem, AwsError) else str(problem)


def last_first(resources: Iterable[Held]) -> list[Held]:
    """The resources in the order in which they are deleted: each before those that it waited for."""
    waiting = {held.logical_id: held for held in resources}
    found: list[Held] = []

    def place(held: Held) -> None:
        if waiting.pop(held.logical_id, None) is None:
            return
        for name in held.waits_for:
            if name in waiting:
                place(waiting[name])
        found.append(held)

    for held in list(waiting.values()):
        place(held)
    return found[::-1]
