"""Creating a stack, and rolling back one that could not be created.

Source: CloudFormation User Guide, "Stack creation events", "Stack failure options". Here it is done when the call
returns, one resource after the other (AWS: afterwards, side by side) [docs/parity.md].
"""

from __future__ import annotations

from collections.abc import Callable

from localaws.cloudformation.deployment import Deployment, check_exports
from localaws.cloudformation.making import last_first, make, said, unmake
from localaws.cloudformation.problems import Failed
from localaws.cloudformation.state import Held
from localaws.errors import AwsError


def create(deployment: Deployment, on_failure: str) -> None:
    """Make every resource of a new stack. ``on_failure`` is ROLLBACK, DELETE or DO_NOTHING. Never raises Failed."""
    stack = deployment.stack
    deployment.become("CREATE_IN_PROGRESS", "User Initiated" if stack.parent_id is None else None)
    try:
        for name, waits_for in deployment.order.items():
            make(deployment, planned(deployment, name, waits_for), None)
        finish(deployment)
    except Failed as problem:
        _failed(deployment, on_failure, _reason(deployment, problem, "create"))
        return
    deployment.become("CREATE_COMPLETE")


def planned(deployment: Deployment, name: str, waits_for: tuple[str, ...]) -> Held:
    """A resource to be made, now a part of its stack."""
    entry = deployment.template.resources[name]
    held = Held(
        name,
        entry.type,
        deletion_policy=entry.deletion_policy,
        replace_policy=entry.replace_policy,
        waits_for=waits_for,
    )
    with deployment.account.cloudformation.lock:
        deployment.stack.resources[name] = held
    return held


def finish(deployment: Deployment) -> None:
    """Set the outputs and imports of a stack whose resources are all made. Raises Failed."""
    try:
        outputs = deployment.outputs()
        with deployment.account.cloudformation.lock:
            check_exports(deployment, outputs)
            deployment.stack.outputs = outputs
            deployment.stack.imports = frozenset(deployment.imports)
    except AwsError as problem:
        raise Failed(said(problem)) from problem


def _reason(deployment: Deployment, problem: Failed, verb: str) -> str:
    name = str(problem)
    if name not in deployment.stack.resources:
        return name
    return f"The following resource(s) failed to {verb}: [{name}]. "


def _sentences(reason: str, requested: str) -> str:
    """Both as one status reason; that of a service or of an export may end without a full stop or a blank."""
    reason = reason.rstrip()
    return f"{reason}{'' if reason.endswith('.') else '.'} {requested}"


def _failed(deployment: Deployment, on_failure: str, reason: str) -> None:
    if on_failure == "DO_NOTHING":
        deployment.become("CREATE_FAILED", reason)
    elif on_failure == "DELETE":
        deployment.become("DELETE_IN_PROGRESS", _sentences(reason, "Delete requested by user."))
        clear(deployment, "DELETE", lambda held: created(held.deletion_policy))
    else:
        deployment.become("ROLLBACK_IN_PROGRESS", _sentences(reason, "Rollback requested by user."))
        clear(deployment, "ROLLBACK", lambda held: created(held.deletion_policy))


def created(policy: str) -> str:
    """What becomes of a resource when its own creation is undone: RetainExceptOnCreate does not retain it then."""
    return "Delete" if policy == "RetainExceptOnCreate" else policy


def clear(
    deployment: Deployment, verb: str, policy: Callable[[Held], str], retained: frozenset[str] = frozenset()
) -> None:
    """Delete every resource of the stack that is left, as ``policy`` says, but those ``retained``.

    The stack is then ``<verb>_COMPLETE``, or ``<verb>_FAILED`` when a resource would not go. One that others wait
    for is tried all the same: what is left is as little as can be.
    """
    stack = deployment.stack
    failed = []
    for held in last_first(held for held in stack.resources.values() if held.status != "DELETE_COMPLETE"):
        kept = "Retain" if held.logical_id in retained else policy(held)
        if not unmake(deployment, held, kept):
            failed.append(held.logical_id)
    with deployment.account.cloudformation.lock:
        stack.outputs, stack.imports = [], frozenset()
    if failed:
        deployment.become(
            f"{verb}_FAILED", f"The following resource(s) failed to delete: [{', '.join(sorted(failed))}]. "
        )  # fmt: skip
        return
    if verb == "DELETE":
        stack.deleted = deployment.account.clock.now()
    deployment.become(f"{verb}_COMPLETE")
