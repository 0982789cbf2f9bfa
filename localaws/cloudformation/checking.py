"""What CloudFormation finds wrong with a template before it makes anything, and the capabilities that it asks for."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from botocore.session import get_session

from localaws.cloudformation.document import Template
from localaws.cloudformation.functions import attribute_named, function_of
from localaws.cloudformation.parameters import check_declared
from localaws.cloudformation.problems import invalid
from localaws.cloudformation.references import check_references, order
from localaws.cloudformation.schema import schemas
from localaws.errors import AwsError

TYPE = re.compile(r"AWS::(\w+)::\w+(?:::\w+)?")
OWN = re.compile(r"Custom::[\w@-]{1,60}")


def check(template: Template) -> None:
    """Raises ValidationError, or NotImplemented by name, as CreateStack and ValidateTemplate do."""
    check_declared(template.parameters)
    unknown = {entry.type: None for entry in template.resources.values() if not _recognised(entry.type)}
    if unknown:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    check_references(template)
    for entry in (*template.resources.values(), *template.outputs.values()):
        _check_attributes(template, getattr(entry, "properties", entry))
    order(template, set(template.resources))


def _recognised(name: str) -> bool:
    """Whether AWS may have such a type; what this account does not make fails when the stack is created.

    Whether AWS has the service is told by the services that botocore knows [inferred: the registry is not at hand].
    """
    if name in schemas() or OWN.fullmatch(name):
        return True
    match = TYPE.fullmatch(name)
    return match is not None and match.group(1).lower() in _namespaces()


@functools.cache
def _namespaces() -> frozenset[str]:
    return frozenset(name.replace("-", "") for name in get_session().get_available_services())


def _check_attributes(template: Template, node: object) -> None:
    """Raises ValidationError for an attribute that the resource's type does not have."""
    if function_of(node) == "Fn::GetAtt":
        name, attribute = attribute_named(node["Fn::GetAtt"])  # type: ignore[index]  # function_of says it is a mapping
        schema = schemas().get(template.resources[name].type)
        if schema is not None and isinstance(attribute, str) and not schema.has(attribute):
            raise invalid(
                f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
            )  # fmt: skip
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            _check_attributes(template, item)


def capabilities(template: Template) -> tuple[list[str], str | None]:
    """The capabilities that the template needs, and why: one of IAM's, the second when a resource is named."""
    kinds = {
        entry.type for entry in template.resources.values() if entry.type in schemas() and schemas()[entry.type].iam
    }
    if not kinds:
        return [], None
    named = any(
        schemas()[entry.type].named_by in entry.properties
        for entry in template.resources.values()
        if entry.type in kinds
    )
    why = f"The following resource(s) require capabilities: [{', '.join(sorted(kinds))}]"
    return ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"], why


def check_capabilities(template: Template, given: Iterable[str]) -> None:
    """Raises InsufficientCapabilitiesException. CAPABILITY_NAMED_IAM stands for both."""
    needed, _ = capabilities(template)
    held = set(given)
    if "CAPABILITY_NAMED_IAM" in held:
        held.add("CAPABILITY_IAM")
    lacking = [name for name in needed if name not in held]
    if lacking:
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(lacking)}]")
