"""Updating a stack, and rolling back an update that failed.

Source: CloudFormation User Guide, "Understand update behaviors of stack resources", "Continue rolling back an update".
New resources are made and changed ones changed first; what is replaced or no longer wanted is deleted last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from localaws.cloudformation.creation import created, finish, planned
from localaws.cloudformation.deployment import Deployment
from localaws.cloudformation.making import Untouched, change, last_first, make, said, unmake
from localaws.cloudformation.problems import Failed, invalid
from localaws.cloudformation.schema import schemas
from localaws.cloudformation.state import Held, Stack
from localaws.errors import AwsError


@dataclass
class Former:
    """The stack before the update: what a rollback returns to."""

    resources: dict[str, Held]
    outputs: list[dict[str, str]]
    imports: frozenset[str]
    text: str
    parameters: dict[str, str]
    tags: list[dict[str, str]]
    capabilities: tuple[str, ...]


def remembered(stack: Stack) -> Former:
    """Copies of what an update changes."""
    return Former(
        {name: replace(held, attributes=dict(held.attributes)) for name, held in stack.resources.items()},
        list(stack.outputs), stack.imports, stack.text, dict(stack.parameters), list(stack.tags), stack.capabilities,
    )  # fmt: skip


@dataclass
class Done:
    """What an update has done so far, in order; ``obsolete`` are resources that others have replaced."""

    steps: list[tuple[Literal["made", "changed", "replaced"], str]] = field(default_factory=list)
    obsolete: list[Held] = field(default_factory=list)


def check_types_kept(deployment: Deployment) -> None:
    """Raises ValidationError for a resource whose type the new template changes."""
    held = deployment.stack.resources
    changed = [name for name in deployment.order if name in held and _entry(deployment, name).type != held[name].type]
    if changed:
        raise invalid(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(changed)}]"
        )


def changes(deployment: Deployment) -> bool:
    """Whether there is anything to do, as far as it can be told beforehand."""
    held = deployment.stack.resources
    if set(held) != set(deployment.order):
        return True
    for name in deployment.order:
        entry = _entry(deployment, name)
        try:
            wanted = deployment.wanted(name)
        except (Failed, AwsError):
            return True
        policies = (entry.deletion_policy, entry.replace_policy)
        if wanted != held[name].properties or policies != (held[name].deletion_policy, held[name].replace_policy):
            return True
        if entry.type == "AWS::CloudFormation::Stack":
            return True
    try:
        return deployment.outputs() != deployment.stack.outputs
    except (Failed, AwsError):
        return True


def update(deployment: Deployment, former: Former, disable_rollback: bool) -> None:
    """Make the stack what the template says, or return it to what it was. Never raises Failed."""
    stack, done = deployment.stack, Done()
    deployment.become("UPDATE_IN_PROGRESS", "User Initiated" if stack.parent_id is None else None)
    try:
        for name, waits_for in deployment.order.items():
            _step(deployment, name, waits_for, done)
        finish(deployment)
    except Failed as problem:
        name = str(problem)
        reason = f"The following resource(s) failed to update: [{name}]. " if name in stack.resources else name
        if disable_rollback:
            deployment.become("UPDATE_FAILED", reason)
        else:
            deployment.become("UPDATE_ROLLBACK_IN_PROGRESS", reason)
            _roll_back(deployment, former, done)
        return
    deployment.become("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    _clean_up(deployment, done)
    deployment.become("UPDATE_COMPLETE")


def _entry(deployment: Deployment, name: str) -> Any:
    return deployment.template.resources[name]


def _step(deployment: Deployment, name: str, waits_for: tuple[str, ...], done: Done) -> None:
    """Bring one resource to what is wanted of it."""
    held, entry = deployment.stack.resources.get(name), _entry(deployment, name)
    if held is None:
        done.steps.append(("made", name))
        make(deployment, planned(deployment, name, waits_for), None)
        return
    wanted = _wanted(deployment, held)
    held.waits_for = waits_for
    nested = held.type == "AWS::CloudFormation::Stack"
    if wanted == held.properties and not nested:
        held.deletion_policy, held.replace_policy = entry.deletion_policy, entry.replace_policy
        return
    schema = schemas()[held.type]
    if schema.replacing(held.properties, wanted):
        _check_name(held, wanted, schema.named_by)
        done.steps.append(("replaced", name))
        done.obsolete.append(held)
        make(deployment, planned(deployment, name, waits_for), wanted, "UPDATE")
        return
    done.steps.append(("changed", name))
    try:
        change(deployment, held, wanted)
    except Untouched:
        done.steps.pop()
        raise
    held.deletion_policy, held.replace_policy = entry.deletion_policy, entry.replace_policy


def _wanted(deployment: Deployment, held: Held) -> Mapping[str, Any]:
    try:
        return deployment.wanted(held.logical_id)
    except (Failed, AwsError) as problem:
        deployment.note(held, "UPDATE_FAILED", said(problem))
        raise Failed(held.logical_id) from problem


def _check_name(held: Held, wanted: Mapping[str, Any], named_by: str | None) -> None:
    """A resource with a name of its own cannot stand beside the one that replaces it (AWS's text)."""
    name = wanted.get(named_by or "")
    if name and name == held.properties.get(named_by or ""):
        raise Failed(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {name} and update the stack again."
        )


def _clean_up(deployment: Deployment, done: Done) -> None:
    """Delete what was replaced, then what is no longer wanted. What will not go stays behind, as on AWS."""
    stack = deployment.stack
    for held in reversed(done.obsolete):
        unmake(deployment, held, held.replace_policy)
    for held in last_first(held for name, held in stack.resources.items() if name not in deployment.order):
        unmake(deployment, held, held.deletion_policy)
        with deployment.account.cloudformation.lock:
            del stack.resources[held.logical_id]


def _roll_back(deployment: Deployment, former: Former, done: Done) -> None:
    """Undo what was done, last step first, and have the stack say what it said."""
    stack, failed = deployment.stack, []
    made: list[Held] = []
    for kind, name in reversed(done.steps):
        held, before = stack.resources[name], former.resources.get(name)
        if kind == "changed" and before is not None:
            try:
                _change_back(deployment, held, before)
            except Failed:
                failed.append(name)
        else:
            made.append(held)
            if before is not None:
                stack.resources[name] = before
                deployment.note(before, "UPDATE_COMPLETE")
    with deployment.account.cloudformation.lock:
        stack.outputs, stack.imports, stack.text = former.outputs, former.imports, former.text
        stack.parameters, stack.tags, stack.capabilities = former.parameters, former.tags, former.capabilities
    if failed:
        deployment.become(
            "UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: [{', '.join(failed)}]. "
        )  # fmt: skip
        return
    deployment.become("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    for held in made:
        unmake(deployment, held, created(held.deletion_policy))
        if held.logical_id not in former.resources:
            with deployment.account.cloudformation.lock:
                del stack.resources[held.logical_id]
    deployment.become("UPDATE_ROLLBACK_COMPLETE")


def _change_back(deployment: Deployment, held: Held, before: Held) -> None:
    """Bring a resource back in place: from what the update wanted of it to what it was."""
    if held.status != "UPDATE_COMPLETE":
        held.properties = _wanted(deployment, held)
    change(deployment, held, before.properties)
    held.deletion_policy, held.replace_policy = before.deletion_policy, before.replace_policy
