"""One deployment of one stack: who deploys, what the template wants, and the events that tell of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.cloudformation import parameters
from localaws.cloudformation.document import Template
from localaws.cloudformation.functions import REMOVED, Scope, evaluate, text_of
from localaws.cloudformation.problems import Failed, invalid
from localaws.cloudformation.references import conditions, order
from localaws.cloudformation.schema import schemas
from localaws.cloudformation.state import Event, Held, Stack
from localaws.cloudformation.work import Work

if TYPE_CHECKING:
    from localaws.account import Account

STACK = "AWS::CloudFormation::Stack"


@dataclass
class Deployment:
    """``order`` are the wanted resources, each with those it waits for. ``imports`` grow as they are evaluated."""

    account: Account
    actor: Call
    stack: Stack
    template: Template
    scope: Scope
    order: Mapping[str, tuple[str, ...]]
    imports: set[str] = field(default_factory=set)
    exporting: bool = True

    def work(self, held: Held) -> Work:
        """The work on one resource. Raises Failed for a type that is not served."""
        schema = schemas().get(held.type)
        if schema is None:
            raise Failed(f"NotImplemented: resource type {held.type} is not served by the embedded account")
        return Work(self.account, self.actor, self.stack, held, schema)

    def wanted(self, logical_id: str) -> dict[str, Any]:
        """A resource's properties, fitted, with its stack's tags; dynamic references are still references."""
        entry = self.template.resources[logical_id]
        schema = schemas().get(entry.type)
        if schema is None:
            raise Failed(f"NotImplemented: resource type {entry.type} is not served by the embedded account")
        wanted = schema.fitted(evaluate(entry.properties, self.scope))
        if schema.tagged and self.stack.tags:
            own = {tag["Key"]: tag["Value"] for tag in (*self.stack.tags, *wanted.get("Tags", []))}
            wanted["Tags"] = [{"Key": key, "Value": value} for key, value in own.items()]
        return wanted

    def shown(self, logical_id: str) -> str:
        """The properties as an event shows them: NoEcho parameters hidden, secrets as references."""
        hidden = {
            name: parameters.HIDDEN
            for name, entry in self.template.parameters.items()
            if parameters.no_echo(entry)
        }  # fmt: skip
        scope = replace(self.scope, parameters={**self.scope.parameters, **hidden})
        return json.dumps(evaluate(self.template.resources[logical_id].properties, scope), default=str)

    def note(self, held: Held, status: str, reason: str | None = None, shown: str | None = None) -> None:
        """A resource has a new status: write it down, with an event."""
        now = self.account.clock.now()
        with self.account.cloudformation.lock:
            held.status, held.reason, held.changed = status, reason, now
            self.stack.events.append(
                Event(
                    id=f"{held.logical_id}-{status}-{uuid.uuid4()}",
                    time=now,
                    logical_id=held.logical_id,
                    physical_id=held.physical_id,
                    type=held.type,
                    status=status,
                    reason=reason,
                    properties=shown,
                    token=self.actor.params.get("ClientRequestToken"),
                )
            )

    def become(self, status: str, reason: str | None = None) -> None:
        """The stack has a new status."""
        now = self.account.clock.now()
        with self.account.cloudformation.lock:
            self.stack.status, self.stack.reason = status, reason
            self.stack.events.append(
                Event(
                    str(uuid.uuid4()), now, self.stack.name, self.stack.stack_id, STACK, status, reason,
                    token=self.actor.params.get("ClientRequestToken"),
                )
            )  # fmt: skip

    def outputs(self) -> list[dict[str, str]]:
        """The outputs that the conditions leave, as DescribeStacks lists them. Raises Failed."""
        found: list[dict[str, str]] = []
        for name, entry in self.template.outputs.items():
            if "Condition" in entry and not self.scope.conditions[entry["Condition"]]:
                continue
            value = evaluate(entry["Value"], self.scope)
            if value is REMOVED:
                continue
            output = {"OutputKey": name, "OutputValue": text_of(value, f"the output {name}")}
            if entry.get("Description"):
                output["Description"] = entry["Description"]
            if "Export" in entry:
                output["ExportName"] = text_of(evaluate(entry["Export"]["Name"], self.scope), "Export")
                if any(output["ExportName"] == other.get("ExportName") for other in found):
                    raise Failed(f"Duplicate export name {output['ExportName']} in account and Region. ")
            found.append(output)
        return found


def prepared(account: Account, actor: Call, stack: Stack, template: Template, values: Mapping[str, str]) -> Deployment:
    """Evaluate what can be evaluated before anything is made. Raises ValidationError.

    ``values`` are the parameters' texts. Source of the pseudo parameters: "Pseudo parameters reference".
    """
    known: dict[str, Any] = {
        "AWS::AccountId": account.account_id,
        "AWS::NotificationARNs": stack.notification_arns,
        "AWS::Partition": "aws",
        "AWS::Region": account.region,
        "AWS::StackId": stack.stack_id,
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": "amazonaws.com",
    }
    known |= {name: parameters.value(template.parameters[name], text) for name, text in values.items()}
    scope = Scope(known, template.mappings)
    scope.conditions = conditions(template, scope)
    present = {
        name for name, entry in template.resources.items() if not entry.condition or scope.conditions[entry.condition]
    }
    deployment = Deployment(account, actor, stack, template, scope, order(template, present))
    scope.resource = lambda name, attribute: _resource(deployment, name, attribute)
    scope.imported = lambda name: _imported(deployment, name)
    return deployment


def _resource(deployment: Deployment, name: str, attribute: str | None) -> Any:
    held = deployment.stack.resources.get(name)
    if name not in deployment.order or held is None:
        raise Failed(f"Unresolved resource dependencies [{name}] in the Resources block of the template")
    if attribute is None:
        return held.physical_id
    if attribute not in held.attributes:
        raise Failed(f"Resource {name} does not support attribute type {attribute} in Fn::GetAtt")
    return held.attributes[attribute]


def _imported(deployment: Deployment, name: str) -> str:
    state = deployment.account.cloudformation.state
    with deployment.account.cloudformation.lock:
        exporter = state.exporter(name)
    if exporter is None or exporter is deployment.stack:
        raise Failed(f"No export named {name} found.")
    deployment.imports.add(name)
    return exporter.exports[name]


def check_exports(deployment: Deployment, outputs: list[dict[str, str]]) -> None:
    """Raises Failed for an export that another stack has, and for one in use that would be changed or gone."""
    stack, state = deployment.stack, deployment.account.cloudformation.state
    exports = {output["ExportName"]: output["OutputValue"] for output in outputs if "ExportName" in output}
    for name in exports:
        owner = state.exporter(name)
        if owner is not None and owner is not stack:
            raise Failed(
                f"Export with name {name} is already exported by stack {owner.name}. "
                "Rename or remove the existing export."
            )
    for name, value in stack.exports.items():
        users = state.importers(name)
        if users and exports.get(name) != value:
            verb = "updated" if name in exports else "deleted"
            raise Failed(f"Export {name} cannot be {verb} as it is in use by {users[0].name}")


def check_unused(stack: Stack, state: Any) -> None:
    """Raises ValidationError when another stack imports what this one exports: it cannot be deleted."""
    for name in stack.exports:
        users = state.importers(name)
        if users:
            raise invalid(f"Export {name} cannot be deleted as it is in use by {users[0].name}")
