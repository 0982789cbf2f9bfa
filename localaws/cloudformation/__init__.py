"""CloudFormation: templates, stacks and what they make. Each resource is made by the calls of its own service.

So IAM decides about the deployer's rights, CloudTrail records what was done, and deleting or rolling back a stack
really takes its resources away. What is not known here, a resource type, a property, a function, is refused by name.
"""

from __future__ import annotations

from localaws.call import Handler
from localaws.cloudformation.calls import create_stack, delete_stack, update_stack, update_termination_protection
from localaws.cloudformation.describing import (
    describe_stack_events,
    describe_stack_resource,
    describe_stack_resources,
    describe_stacks,
    get_template,
    get_template_summary,
    list_exports,
    list_imports,
    list_stack_resources,
    list_stacks,
    validate_template,
)
from localaws.cloudformation.service import CloudFormation

HANDLERS: dict[str, Handler] = {
    "CreateStack": create_stack,
    "UpdateStack": update_stack,
    "DeleteStack": delete_stack,
    "UpdateTerminationProtection": update_termination_protection,
    "DescribeStacks": describe_stacks,
    "ListStacks": list_stacks,
    "DescribeStackEvents": describe_stack_events,
    "ListStackResources": list_stack_resources,
    "DescribeStackResources": describe_stack_resources,
    "DescribeStackResource": describe_stack_resource,
    "GetTemplate": get_template,
    "GetTemplateSummary": get_template_summary,
    "ValidateTemplate": validate_template,
    "ListExports": list_exports,
    "ListImports": list_imports,
}

__all__ = ["HANDLERS", "CloudFormation"]
