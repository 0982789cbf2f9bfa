"""Reading stacks: DescribeStacks, DescribeStackEvents, DescribeStackResources, GetTemplate, ValidateTemplate ..."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.cloudformation import parameters, sources
from localaws.cloudformation.checking import capabilities, check
from localaws.cloudformation.document import Template, parsed
from localaws.cloudformation.problems import invalid, unserved
from localaws.cloudformation.state import Event, Held, Stack

if TYPE_CHECKING:
    from localaws.account import Account

PAGE = 100


def describe_stacks(account: Account, call: Call) -> Mapping[str, Any]:
    """One stack by name or id (a deleted one by id), or every living one. Raises ValidationError."""
    service, name = account.cloudformation, call.params.get("StackName")
    with service.lock:
        stacks = [service.state.get(name)] if name else [*service.state.living()][::-1]
        return _page([_stack(one) for one in stacks], call.params, "Stacks")


def list_stacks(account: Account, call: Call) -> Mapping[str, Any]:
    """Every stack, deleted ones too, newest first; only those of the wanted statuses."""
    wanted = call.params.get("StackStatusFilter")
    with account.cloudformation.lock:
        stacks = [one for one in account.cloudformation.state.stacks.values() if not wanted or one.status in wanted]
        return _page([_summary(one) for one in stacks[::-1]], call.params, "StackSummaries")


def describe_stack_events(account: Account, call: Call) -> Mapping[str, Any]:
    """A stack's events, newest first."""
    with account.cloudformation.lock:
        stack = account.cloudformation.state.get(_name(call))
        events = [_event(stack, event) for event in stack.events[::-1]]
    return _page(events, call.params, "StackEvents")


def list_stack_resources(account: Account, call: Call) -> Mapping[str, Any]:
    """A stack's resources."""
    with account.cloudformation.lock:
        stack = account.cloudformation.state.get(_name(call))
        found = [_resource(held, "LastUpdatedTimestamp") for held in stack.resources.values()]
    return _page(found, call.params, "StackResourceSummaries")


def describe_stack_resources(account: Account, call: Call) -> Mapping[str, Any]:
    """The resources of one stack, by its name or by the physical id of any resource of it."""
    params, service = call.params, account.cloudformation
    with service.lock:
        if params.get("StackName"):
            stack = service.state.get(params["StackName"])
        else:
            stack = _owner(service.state.living(), params.get("PhysicalResourceId"))
        wanted = params.get("LogicalResourceId")
        held = [one for name, one in stack.resources.items() if wanted in (None, name)]
        return {"StackResources": [{**_stack_of(stack), **_resource(one, "Timestamp")} for one in held]}


def describe_stack_resource(account: Account, call: Call) -> Mapping[str, Any]:
    """One resource. Raises ValidationError."""
    name = call.params["LogicalResourceId"]
    with account.cloudformation.lock:
        stack = account.cloudformation.state.get(_name(call))
        if name not in stack.resources:
            raise invalid(f"Resource {name} does not exist for stack {stack.name}")
        detail = {**_stack_of(stack), **_resource(stack.resources[name], "LastUpdatedTimestamp"), "Metadata": "{}"}
        return {"StackResourceDetail": detail}


def get_template(account: Account, call: Call) -> Mapping[str, Any]:
    """The template as it was given: nothing in it is evaluated."""
    if call.params.get("ChangeSetName"):
        raise unserved("the parameter ChangeSetName")
    with account.cloudformation.lock:
        stack = account.cloudformation.state.get(_name(call))
    return {"TemplateBody": stack.text, "StagesAvailable": ["Original", "Processed"]}


def validate_template(account: Account, call: Call) -> Mapping[str, Any]:
    """What CreateStack would refuse beforehand, and what it would ask for. Raises ValidationError."""
    template = _checked(sources.text(account, call, call.params))
    needed, why = capabilities(template)
    answer: dict[str, Any] = {"Parameters": _declared(template), "Description": template.description or ""}
    if needed:
        answer |= {"Capabilities": needed, "CapabilitiesReason": why}
    return answer


def get_template_summary(account: Account, call: Call) -> Mapping[str, Any]:
    """A template's parameters, types and capabilities, or those of a stack."""
    params = call.params
    if params.get("StackName"):
        with account.cloudformation.lock:
            text = account.cloudformation.state.get(params["StackName"]).text
    else:
        text = sources.text(account, call, params)
    template = _checked(text)
    needed, why = capabilities(template)
    declared = [
        {
            "ParameterKey": name,
            "ParameterType": entry["Type"],
            "NoEcho": parameters.no_echo(entry),
            "Description": entry.get("Description"),
            "DefaultValue": None if "Default" not in entry else str(entry["Default"]),
            "ParameterConstraints": {"AllowedValues": [str(one) for one in entry.get("AllowedValues", [])]},
        }
        for name, entry in template.parameters.items()
    ]
    summary = {
        "Parameters": [{key: item for key, item in one.items() if item is not None} for one in declared],
        "Description": template.description,
        "Capabilities": needed or None,
        "CapabilitiesReason": why,
        "ResourceTypes": sorted({entry.type for entry in template.resources.values()}),
        "Version": "2010-09-09",
    }
    return {name: item for name, item in summary.items() if item is not None}


def list_exports(account: Account, call: Call) -> Mapping[str, Any]:
    """Every export of the account's Region."""
    with account.cloudformation.lock:
        exports = [
            {"ExportingStackId": stack.stack_id, "Name": name, "Value": value}
            for stack in account.cloudformation.state.living()
            for name, value in stack.exports.items()
        ]
    return _page(sorted(exports, key=lambda one: one["Name"]), call.params, "Exports")


def list_imports(account: Account, call: Call) -> Mapping[str, Any]:
    """The stacks that import a name. Raises ValidationError when there is none."""
    name = call.params["ExportName"]
    with account.cloudformation.lock:
        users = [stack.name for stack in account.cloudformation.state.importers(name)]
    if not users:
        raise invalid(f"Export '{name}' is not imported by any stack.")
    return _page(users, call.params, "Imports")


def _checked(text: str) -> Template:
    template = parsed(text)
    check(template)
    return template


def _declared(template: Template) -> list[dict[str, Any]]:
    found = []
    for name, entry in template.parameters.items():
        one: dict[str, Any] = {"ParameterKey": name, "NoEcho": parameters.no_echo(entry)}
        if "Default" in entry:
            one["DefaultValue"] = str(entry["Default"])
        if entry.get("Description"):
            one["Description"] = entry["Description"]
        found.append(one)
    return found


def _name(call: Call) -> str:
    name = call.params.get("StackName")
    if not name:
        raise invalid("Stack name must be specified")
    return str(name)


def _owner(stacks: Iterable[Stack], physical_id: str | None) -> Stack:
    for stack in stacks:
        if physical_id and any(held.physical_id == physical_id for held in stack.resources.values()):
            return stack
    raise invalid(f"Stack for {physical_id} does not exist")


def _stack(stack: Stack) -> dict[str, Any]:
    template = parsed(stack.text)
    found = {
        **_summary(stack),
        "Description": template.description,
        "Parameters": parameters.shown(template.parameters, stack.parameters),
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": stack.notification_arns,
        "Capabilities": list(stack.capabilities),
        "Outputs": stack.outputs,
        "Tags": stack.tags,
        "RoleARN": stack.role_arn,
        "TimeoutInMinutes": stack.timeout,
        "EnableTerminationProtection": stack.protected,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "RollbackConfiguration": {},
    }
    found.pop("TemplateDescription", None)
    return {name: value for name, value in found.items() if value is not None}


def _summary(stack: Stack) -> dict[str, Any]:
    found = {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "ParentId": stack.parent_id,
        "RootId": stack.root_id,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
    return {name: value for name, value in found.items() if value is not None}


def _stack_of(stack: Stack) -> dict[str, Any]:
    return {"StackName": stack.name, "StackId": stack.stack_id}


def _event(stack: Stack, event: Event) -> dict[str, Any]:
    found = {
        **_stack_of(stack),
        "EventId": event.id,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.time,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceProperties": event.properties,
        "ClientRequestToken": event.token,
    }
    return {name: value for name, value in found.items() if value is not None}


def _resource(held: Held, time: str) -> dict[str, Any]:
    found = {
        "LogicalResourceId": held.logical_id,
        "PhysicalResourceId": held.physical_id or None,
        "ResourceType": held.type,
        time: held.changed,
        "ResourceStatus": held.status,
        "ResourceStatusReason": held.reason,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }
    return {name: value for name, value in found.items() if value is not None}


def _page(entries: list[Any], params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A page of a list; the token is the place where the next one begins."""
    token = params.get("NextToken") or "0"
    if not token.isdecimal() or int(token) > len(entries):
        raise invalid("NextToken is invalid")
    start = int(token)
    page: dict[str, Any] = {name: entries[start : start + PAGE]}
    if start + PAGE < len(entries):
        page["NextToken"] = str(start + PAGE)
    return page
