"""What a template's parts refer to: dangling references, conditions, and the order in which resources are made.

Source: CloudFormation User Guide, "Ref", "DependsOn attribute"; the texts are CloudFormation's as users quote them.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from localaws.cloudformation.document import Template
from localaws.cloudformation.functions import (
    NO_VALUE,
    PLACE,
    Scope,
    attribute_named,
    check_known,
    evaluate,
    function_of,
    substitution,
)
from localaws.cloudformation.problems import invalid

PSEUDO = (
    "AWS::AccountId",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
    NO_VALUE,
)
ROOTS = ("Condition", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not")
IN_CONDITIONS = {"Ref", "Condition", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Fn::FindInMap", "Fn::Select",
                 "Fn::Join", "Fn::Split", "Fn::Sub"}  # fmt: skip


def references(node: Any) -> Iterator[tuple[str, str]]:
    """Every (function, name) in an expression: ("Ref", X), ("Fn::GetAtt", X), ("Fn::If", condition). Deep first.

    Raises as ``check_known`` for a function that is not served.
    """
    name = function_of(node)
    if name is not None and not (name == "Condition" and isinstance(node[name], Mapping)):
        check_known(name)
        argument = node[name]
        if name in ("Ref", "Condition"):
            yield name, str(argument)
        elif name == "Fn::GetAtt":
            yield name, attribute_named(argument)[0]
        elif name == "Fn::Sub":
            yield from _substituted(argument)
            return
        elif name == "Fn::If" and isinstance(argument, list) and argument:
            yield name, str(argument[0])
            node = argument[1:]
        else:
            node = argument
    if isinstance(node, Mapping) and name not in ("Ref", "Condition", "Fn::GetAtt"):
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from references(item)


def _substituted(argument: Any) -> Iterator[tuple[str, str]]:
    text, variables = substitution(argument)
    for place in PLACE.findall(text):
        name = place.strip()
        if name not in variables:
            yield ("Fn::GetAtt", name.partition(".")[0]) if "." in name else ("Ref", name)
    yield from references(variables)


def check_references(template: Template) -> None:
    """Raises ValidationError for a name that nothing has, and for functions where they may not stand."""
    resources = [(entry.properties, entry.condition, entry.depends_on) for entry in template.resources.values()]
    outputs = [
        ({name: node for name, node in entry.items() if name != "Condition"}, entry.get("Condition"), ())
        for entry in template.outputs.values()
    ]
    clash = [name for name in template.parameters if name in template.resources]
    if clash:
        raise invalid(f"Template format error: [{', '.join(clash)}] names both a parameter and a resource")
    _check_section(template, "Resources", resources)
    _check_section(template, "Outputs", outputs)
    _check_exports(template)
    _check_conditions(template)


def _check_exports(template: Template) -> None:
    """An export's name may not depend on a resource (CloudFormation User Guide, "Outputs", Export)."""
    for name, entry in template.outputs.items():
        for function, target in references(entry.get("Export")):
            if function == "Fn::GetAtt" or target in template.resources:
                raise invalid(
                    f"Template format error: Output {name} is malformed. "
                    f"The name of an export cannot depend on the resource {target}"
                )


def _check_section(template: Template, section: str, parts: Sequence[tuple[Any, Any, tuple[str, ...]]]) -> None:
    names = {*template.resources, *template.parameters, *PSEUDO}
    missing: list[str] = []
    for node, condition, depends_on in parts:
        for function, name in references(node):
            if function == "Fn::If":
                _check_condition(template, name, "the Fn::If reference")
            elif name not in names or (function == "Fn::GetAtt" and name not in template.resources):
                missing.append(name)
        if condition is not None:
            _check_condition(template, condition, f"the {section} block of the template")
        missing += [name for name in depends_on if name not in template.resources]
    if missing:
        found = ", ".join(dict.fromkeys(missing))
        raise invalid(
            f"Template format error: Unresolved resource dependencies [{found}] in the {section} block of the template"
        )


def _check_condition(template: Template, name: Any, where: str) -> None:
    if name not in template.conditions:
        raise invalid(f"Template format error: Unresolved condition dependency {name} in {where}")


def _check_conditions(template: Template) -> None:
    for name, node in template.conditions.items():
        if function_of(node) not in ROOTS:
            raise invalid(
                "Template format error: Conditions can only be boolean operations on parameters and other conditions"
            )
        for function, target in references(node):
            if function == "Condition":
                _check_condition(template, target, f"the condition {name}")
            elif function not in IN_CONDITIONS or target not in {*template.parameters, *PSEUDO}:
                raise invalid(
                    f"Template format error: Unresolved dependencies [{target}]. "
                    "Cannot reference resources in the Conditions block of the template"
                )


def conditions(template: Template, scope: Scope) -> dict[str, bool]:
    """The value of each condition. Raises ValidationError for conditions that refer to each other in a circle."""
    graph = {
        name: [target for function, target in references(node) if function == "Condition"]
        for name, node in template.conditions.items()
    }
    values: dict[str, bool] = {}
    for name in _sorted(graph, "conditions"):
        values[name] = bool(evaluate(template.conditions[name], Scope(scope.parameters, scope.mappings, dict(values))))
    return values


def order(template: Template, present: set[str]) -> dict[str, tuple[str, ...]]:
    """The resources that the conditions leave, in the order in which they are made, each with those it waits for.

    Raises ValidationError for a circle: ``Circular dependency between resources: [A, B]``.
    """
    graph = {
        name: [target for target in depends_on(template, name) if target in present]
        for name in template.resources
        if name in present
    }
    return {name: tuple(graph[name]) for name in _sorted(graph, "resources")}


def depends_on(template: Template, name: str) -> list[str]:
    """The resources that a resource waits for: DependsOn, Ref, Fn::GetAtt and Fn::Sub."""
    entry = template.resources[name]
    named = [target for function, target in references(entry.properties) if function in ("Ref", "Fn::GetAtt")]
    return list(dict.fromkeys([*entry.depends_on, *(target for target in named if target in template.resources)]))


def _sorted(graph: Mapping[str, list[str]], what: str) -> list[str]:
    """Dependencies first; otherwise as the template has them."""
    sorter = graphlib.TopologicalSorter(graph)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        circle = sorted(set(error.args[1]))
        raise invalid(f"Circular dependency between {what}: [{', '.join(circle)}]") from error
    place = {name: index for index, name in enumerate(graph)}
    found: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=place.__getitem__)
        name = ready.pop(0)
        found.append(name)
        sorter.done(name)
    return found
