"""AWS::CloudFormation::Stack: a stack within a stack. Its template lies in the account's S3."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from localaws.cloudformation.problems import Failed
from localaws.cloudformation.state import Stack
from localaws.cloudformation.work import Refused, ResourceType, Work, made_up

Properties = Mapping[str, Any]
CFN = "cloudformation"
NO_UPDATES = "No updates are to be performed."


def _request(work: Work, wanted: Properties) -> dict[str, Any]:
    """The parameters of CreateStack and UpdateStack; capabilities and role are those of the stack around it."""
    given = [
        {"ParameterKey": name, "ParameterValue": ",".join(value) if isinstance(value, list) else str(value)}
        for name, value in wanted.get("Parameters", {}).items()
    ]
    return {
        "TemplateURL": wanted["TemplateURL"],
        "Parameters": given,
        "Capabilities": list(work.stack.capabilities),
        "Tags": wanted.get("Tags"),
        "NotificationARNs": wanted.get("NotificationARNs"),
    }


def _create(work: Work, wanted: Properties) -> None:
    from localaws.cloudformation.calls import create_stack  # it makes stacks, and so this type, itself

    request = {
        **_request(work, wanted),
        "StackName": made_up(work.stack.name, work.held.logical_id, 128),
        "OnFailure": "DO_NOTHING",
        "TimeoutInMinutes": wanted.get("TimeoutInMinutes"),
    }
    made = work.call(CFN, "CreateStack", request, partial(create_stack, parent=work.stack))
    work.born(made["StackId"])
    _settled(work, "CREATE_COMPLETE", "created")


def _update(work: Work, wanted: Properties) -> None:
    try:
        work.call(CFN, "UpdateStack", {**_request(work, wanted), "StackName": work.held.physical_id})
    except Refused as refused:
        if NO_UPDATES not in str(refused):
            raise
        return
    _settled(work, "UPDATE_COMPLETE", "updated")


def _settled(work: Work, status: str, verb: str) -> None:
    """Take over the outputs. Raises Failed when the stack has not come to ``status``."""
    stack = _stack(work)
    if stack.status != status:
        raise Failed(f"Embedded stack {stack.stack_id} was not successfully {verb}: {stack.reason or stack.status}")
    outputs = {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in stack.outputs}
    kept = {name: value for name, value in work.held.attributes.items() if not name.startswith("Outputs.")}
    work.held.attributes = {**kept, **outputs}


def _stack(work: Work) -> Stack:
    with work.account.cloudformation.lock:
        return work.account.cloudformation.state.get(work.held.physical_id)


def _delete(work: Work) -> None:
    work.remove(CFN, "DeleteStack", {"StackName": work.held.physical_id})
    stack = _stack(work)
    if stack.alive:
        raise Failed(f"Embedded stack {stack.stack_id} was not successfully deleted: {stack.reason or stack.status}")


TYPES = {"AWS::CloudFormation::Stack": ResourceType(_create, _update, _delete)}
