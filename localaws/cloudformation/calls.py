"""CreateStack, UpdateStack, DeleteStack and what belongs to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.cloudformation import parameters, sources
from localaws.cloudformation.checking import check, check_capabilities
from localaws.cloudformation.creation import clear, create
from localaws.cloudformation.deployment import Deployment, check_unused, prepared
from localaws.cloudformation.document import parsed
from localaws.cloudformation.problems import invalid, unserved
from localaws.cloudformation.roles import deployer
from localaws.cloudformation.state import Stack
from localaws.cloudformation.updating import changes, check_types_kept, remembered, update
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account

NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
UNSERVED = (
    "ResourceTypes",
    "RollbackConfiguration",
    "StackPolicyBody",
    "StackPolicyURL",
    "StackPolicyDuringUpdateBody",
    "StackPolicyDuringUpdateURL",
    "DeletionMode",
)
UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "CREATE_FAILED",
             "IMPORT_COMPLETE")  # fmt: skip


def create_stack(account: Account, call: Call, parent: Stack | None = None) -> Mapping[str, Any]:
    """CreateStack; done when it returns. Raises ValidationError, AlreadyExistsException, InsufficientCapabilities...

    ``parent`` is the stack that nests this one.
    """
    params, service = call.params, account.cloudformation
    _check_served(params)
    if not NAME.fullmatch(params["StackName"]):
        raise invalid(
            f"1 validation error detected: Value '{params['StackName']}' at 'stackName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    on_failure = params.get("OnFailure")
    if on_failure and params.get("DisableRollback") is not None:
        raise invalid("You can specify only one of DisableRollback or OnFailure parameters")
    text = sources.text(account, call, params)
    template = parsed(text)
    check(template)
    values = parameters.resolved(template.parameters, params.get("Parameters") or [])
    check_capabilities(template, params.get("Capabilities") or ())
    stack = Stack(
        stack_id=service.new_stack_id(params["StackName"]),
        name=params["StackName"],
        text=text,
        created=call.time,
        parameters=values,
        capabilities=tuple(params.get("Capabilities") or ()),
        tags=list(params.get("Tags") or []),
        notification_arns=list(params.get("NotificationARNs") or []),
        role_arn=params.get("RoleARN"),
        disable_rollback=bool(params.get("DisableRollback")),
        protected=bool(params.get("EnableTerminationProtection")),
        timeout=params.get("TimeoutInMinutes"),
        parent_id=parent.stack_id if parent else None,
        root_id=(parent.root_id or parent.stack_id) if parent else None,
        status="CREATE_IN_PROGRESS",
    )
    deployment = prepared(account, call, stack, template, values)
    with service.lock:
        if service.state.find(stack.name) is not None:
            raise AwsError("AlreadyExistsException", f"Stack [{stack.name}] already exists")
        deployment.actor = deployer(account, call, stack)
        service.state.stacks[stack.stack_id] = stack
    create(deployment, on_failure or ("DO_NOTHING" if stack.disable_rollback else "ROLLBACK"))
    return {"StackId": stack.stack_id}


def update_stack(account: Account, call: Call) -> Mapping[str, Any]:
    """UpdateStack; done when it returns. Raises ValidationError, also ``No updates are to be performed.``"""
    params, service = call.params, account.cloudformation
    _check_served(params)
    with service.lock:
        stack = service.state.get(params["StackName"])
        _check_ready(stack, "updated", UPDATABLE)
    former = remembered(stack)
    text = sources.text(account, call, params, stack.text)
    template = parsed(text)
    check(template)
    values = parameters.resolved(template.parameters, _kept(params, template.parameters), stack.parameters)
    capabilities = tuple(params.get("Capabilities") or ())
    check_capabilities(template, capabilities)
    tags = stack.tags if params.get("Tags") is None else list(params["Tags"])
    wanted = replace(stack, text=text, parameters=values, capabilities=capabilities, tags=tags)
    trial = prepared(account, call, wanted, template, values)
    check_types_kept(trial)
    if not changes(trial) and tags == stack.tags:
        raise invalid("No updates are to be performed.")
    with service.lock:
        _check_ready(stack, "updated", UPDATABLE)
        stack.role_arn = params.get("RoleARN") or stack.role_arn
        actor = deployer(account, call, stack)
        stack.text, stack.parameters, stack.capabilities, stack.tags = text, values, capabilities, tags
        stack.status, stack.updated = "UPDATE_IN_PROGRESS", call.time
    update(prepared(account, actor, stack, template, values), former, bool(params.get("DisableRollback")))
    return {"StackId": stack.stack_id}


def _kept(params: Mapping[str, Any], declared: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [entry for entry in params.get("Parameters") or [] if entry["ParameterKey"] in declared or
            not entry.get("UsePreviousValue")]  # fmt: skip


def delete_stack(account: Account, call: Call) -> Mapping[str, Any]:
    """DeleteStack; done when it returns. A stack that does not exist is deleted already."""
    params, service = call.params, account.cloudformation
    _check_served(params)
    retained = frozenset(params.get("RetainResources") or ())
    with service.lock:
        stack = service.state.find(params["StackName"])
        if stack is None or not stack.alive:
            return {}
        if stack.protected:
            raise invalid(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )  # fmt: skip
        if retained and stack.status != "DELETE_FAILED":
            raise invalid("Specified list of resources to retain, but the stack is not in the DELETE_FAILED state")
        _check_ready(stack, "deleted", None)
        check_unused(stack, service.state)
        stack.role_arn = params.get("RoleARN") or stack.role_arn
        actor = deployer(account, call, stack)
        stack.status = "DELETE_IN_PROGRESS"
    deployment = _clearing(account, actor, stack)
    deployment.become("DELETE_IN_PROGRESS", "User Initiated" if stack.parent_id is None else None)
    clear(deployment, "DELETE", lambda held: "Retain" if held.deletion_policy != "Delete" else "Delete", retained)
    return {}


def _clearing(account: Account, actor: Call, stack: Stack) -> Deployment:
    """A deployment that wants nothing: for deleting, a template need not even be readable."""
    template = parsed(stack.text)
    return prepared(account, actor, stack, template, stack.parameters)


def update_termination_protection(account: Account, call: Call) -> Mapping[str, Any]:
    """Whether DeleteStack is refused."""
    service = account.cloudformation
    with service.lock:
        stack = service.state.get(call.params["StackName"])
        if stack.parent_id is not None:
            raise invalid("Termination protection cannot be enabled on a nested stack")
        stack.protected = bool(call.params["EnableTerminationProtection"])
    return {"StackId": stack.stack_id}


def _check_ready(stack: Stack, verb: str, statuses: tuple[str, ...] | None) -> None:
    """Raises ValidationError for a stack that something is being done to, or that is in no state for it."""
    busy = stack.status.endswith("_IN_PROGRESS")
    if busy or not stack.alive or (statuses is not None and stack.status not in statuses):
        raise invalid(f"Stack:{stack.stack_id} is in {stack.status} state and can not be {verb}.")


def _check_served(params: Mapping[str, Any]) -> None:
    for name in UNSERVED:
        if params.get(name):
            raise unserved(f"the parameter {name}")
