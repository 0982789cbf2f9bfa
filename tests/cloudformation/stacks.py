"""What the tests of CloudFormation ask of a stack."""

from __future__ import annotations

from typing import Any

CAPABILITIES = ["CAPABILITY_NAMED_IAM"]


def deploy(cfn: Any, name: str, template: str, **parameters: Any) -> dict[str, Any]:
    """Create a stack and describe it."""
    stack_id = cfn.create_stack(StackName=name, TemplateBody=template, Capabilities=CAPABILITIES, **parameters)
    return described(cfn, stack_id["StackId"])


def change(cfn: Any, name: str, template: str, **parameters: Any) -> dict[str, Any]:
    """Update a stack and describe it."""
    cfn.update_stack(StackName=name, TemplateBody=template, Capabilities=CAPABILITIES, **parameters)
    return described(cfn, name)


def described(cfn: Any, name: str) -> dict[str, Any]:
    """The stack as DescribeStacks shows it."""
    stack: dict[str, Any] = cfn.describe_stacks(StackName=name)["Stacks"][0]
    return stack


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    """A stack's outputs by key."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def reasons(cfn: Any, stack_id: str, status: str) -> dict[str, str]:
    """Why resources have come to ``status``, by logical id."""
    events = cfn.describe_stack_events(StackName=stack_id)["StackEvents"]
    return {
        event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
        for event in events
        if event["ResourceStatus"] == status
    }


def steps(cfn: Any, stack_id: str) -> list[tuple[str, str]]:
    """(logical id, status) of every event, oldest first."""
    events = cfn.describe_stack_events(StackName=stack_id)["StackEvents"][::-1]
    return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in events]
