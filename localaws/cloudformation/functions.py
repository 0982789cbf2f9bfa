"""Intrinsic functions: from a template's expression to a value.

Source: CloudFormation User Guide, "Intrinsic function reference" and "Pseudo parameters reference". A function that
is not here is refused by name, whether AWS has it or not.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.cloudformation.problems import Failed, invalid, unserved

NO_VALUE = "AWS::NoValue"
PLACE = re.compile(r"\$\{([^!{}][^{}]*)\}")
"""A place in Fn::Sub's text; ``${!x}`` is the literal ``${x}``."""
UNSERVED = ("Fn::Cidr", "Fn::GetAZs", "Fn::Transform", "Fn::Length", "Fn::ToJsonString", "Fn::GetStackOutput")


class _Removed:
    """What AWS::NoValue stands for: the member or item that has it does not exist."""


REMOVED: Any = _Removed()


@dataclass(slots=True)
class Scope:
    """What expressions may name. ``resource`` gives a resource's reference (attribute None) or attribute.

    ``parameters`` are values, lists already split; pseudo parameters are among them. ``imported`` finds an export.
    """

    parameters: Mapping[str, Any]
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    resource: Callable[[str, str | None], Any] = lambda name, _attribute: _unresolved(name)
    imported: Callable[[str], str] = lambda name: _unresolved(name)


def function_of(node: Any) -> str | None:
    """The function that a node calls; None for plain data."""
    if isinstance(node, Mapping) and len(node) == 1:
        name = next(iter(node))
        if name in ("Ref", "Condition") or str(name).startswith("Fn::"):
            return str(name)
    return None


def evaluate(node: Any, scope: Scope) -> Any:
    """The value of an expression; REMOVED for AWS::NoValue. Raises ValidationError."""
    name = function_of(node)
    if name is not None and not (name == "Condition" and isinstance(node[name], Mapping)):
        return _call(name, node[name], scope)
    if isinstance(node, Mapping):
        evaluated = {key: evaluate(item, scope) for key, item in node.items()}
        return {key: item for key, item in evaluated.items() if item is not REMOVED}
    if isinstance(node, list):
        return [item for item in (evaluate(each, scope) for each in node) if item is not REMOVED]
    return node


def _call(name: str, argument: Any, scope: Scope) -> Any:
    check_known(name)
    return FUNCTIONS[name](argument, scope)


def check_known(name: str) -> None:
    """Raises NotImplemented for a function of AWS that is not served, ValidationError for any other."""
    if name in UNSERVED or name.startswith("Fn::ForEach"):
        raise unserved(f"function {name}")
    if name not in FUNCTIONS:
        raise invalid(
            f"Template error: Encountered unsupported function: {name} "
            f"Supported functions are: [{', '.join(sorted(FUNCTIONS))}]"
        )


def _ref(name: Any, scope: Scope) -> Any:
    if name == NO_VALUE:
        return REMOVED
    if name in scope.parameters:
        return scope.parameters[name]
    return scope.resource(str(name), None)


def _get_att(argument: Any, scope: Scope) -> Any:
    name, attribute = attribute_named(argument)
    return scope.resource(name, str(evaluate(attribute, scope)))


def attribute_named(argument: Any) -> tuple[str, Any]:
    """The resource and the attribute of Fn::GetAtt, which takes ``[name, attribute]`` or ``name.attribute``."""
    if isinstance(argument, str):
        argument = list(argument.partition("."))[::2]
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str) or not argument[1]:
        raise invalid("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name "
                      "and the resource attribute")  # fmt: skip
    return argument[0], argument[1]


def _join(argument: Any, scope: Scope) -> str:
    separator, parts = _pair("Fn::Join", argument)
    values = evaluate(parts, scope)
    if not isinstance(separator, str) or not isinstance(values, list):
        raise invalid("Template error: every Fn::Join object requires two parameters, (1) a string delimiter and "
                      "(2) a list of strings to be joined or a function that returns a list of strings")  # fmt: skip
    return separator.join(text_of(value, "Fn::Join") for value in values)


def substitution(argument: Any) -> tuple[str, Mapping[str, Any]]:
    """Text and variables of Fn::Sub. Raises ValidationError for anything else."""
    if isinstance(argument, str):
        return argument, {}
    if isinstance(argument, list) and len(argument) == 2:
        text, variables = argument
        if isinstance(text, str) and isinstance(variables, Mapping):
            return text, variables
    raise invalid("Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. "
                  "Specify a string as first argument, and an optional second argument to specify a mapping "
                  "of values to replace in the string")  # fmt: skip


def _sub(argument: Any, scope: Scope) -> str:
    text, variables = substitution(argument)
    values = {name: evaluate(item, scope) for name, item in variables.items()}

    def filled(match: re.Match[str]) -> str:
        name = match.group(1).strip()
        if name in values:
            return text_of(values[name], "Fn::Sub")
        found = _get_att(name, scope) if "." in name else _ref(name, scope)
        return text_of(found, "Fn::Sub")

    return PLACE.sub(filled, text).replace("${!", "${")


def text_of(value: Any, function: str) -> str:
    """A value as a part of a text. Raises ValidationError for a list or an object."""
    if value is REMOVED:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise invalid(f"Template error: {function} cannot make a string of a {type(value).__name__}")


def _if(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        raise invalid("Template error: Fn::If requires a list argument with three elements")
    return evaluate(argument[1] if _condition(argument[0], scope) else argument[2], scope)


def _condition(name: Any, scope: Scope) -> bool:
    if name not in scope.conditions:
        raise invalid(f"Template format error: Unresolved condition dependency {name} in the Fn::If reference")
    return scope.conditions[name]


def _select(argument: Any, scope: Scope) -> Any:
    index, values = _pair("Fn::Select", argument)
    position, choices = evaluate(index, scope), evaluate(values, scope)
    if not str(position).isdecimal() or not isinstance(choices, list):
        raise invalid("Template error: Fn::Select requires a list argument with two elements: an integer index and "
                      "a list")  # fmt: skip
    if int(position) >= len(choices):
        raise invalid("Template error: Fn::Select cannot select nonexistent value at index " + str(position))
    return choices[int(position)]


def _split(argument: Any, scope: Scope) -> list[str]:
    separator, text = _pair("Fn::Split", argument)
    value = evaluate(text, scope)
    if not isinstance(separator, str) or not separator or not isinstance(value, str):
        raise invalid("Template error: every Fn::Split object requires two parameters, (1) a string delimiter and "
                      "(2) a string to be split or a function that returns a string to be split")  # fmt: skip
    return value.split(separator)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        raise invalid("Template error: every Fn::FindInMap object requires three parameters, the map name, map key "
                      "and the attribute for return value")  # fmt: skip
    steps = [str(evaluate(step, scope)) for step in argument]
    found: Any = scope.mappings
    for step in steps:
        if not isinstance(found, Mapping) or step not in found:
            raise invalid(f"Template error: Unable to get mapping for {'::'.join(steps)}")
        found = found[step]
    return found


def _import_value(argument: Any, scope: Scope) -> str:
    return scope.imported(text_of(evaluate(argument, scope), "Fn::ImportValue"))


def _base64(argument: Any, scope: Scope) -> str:
    return base64.b64encode(text_of(evaluate(argument, scope), "Fn::Base64").encode()).decode()


def _equals(argument: Any, scope: Scope) -> bool:
    first, second = (evaluate(each, scope) for each in _pair("Fn::Equals", argument))
    return text_of(first, "Fn::Equals") == text_of(second, "Fn::Equals")


def _all(argument: Any, scope: Scope) -> bool:
    return all(_truths("Fn::And", argument, scope))


def _any(argument: Any, scope: Scope) -> bool:
    return any(_truths("Fn::Or", argument, scope))


def _truths(name: str, argument: Any, scope: Scope) -> list[bool]:
    if not isinstance(argument, list) or not 2 <= len(argument) <= 10:
        raise invalid(f"Template error: every {name} object requires a list of at least 2 and at most 10 conditions")
    return [bool(evaluate(each, scope)) for each in argument]


def _not(argument: Any, scope: Scope) -> bool:
    if not isinstance(argument, list) or len(argument) != 1:
        raise invalid("Template error: every Fn::Not object requires one boolean parameter.")
    return not evaluate(argument[0], scope)


def _pair(name: str, argument: Any) -> tuple[Any, Any]:
    if not isinstance(argument, list) or len(argument) != 2:
        raise invalid(f"Template error: every {name} object requires a list of two parameters")
    return argument[0], argument[1]


def _unresolved(name: str) -> Any:
    raise Failed(f"{name} is not known here")


FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Condition": _condition,
    "Fn::GetAtt": _get_att,
    "Fn::Join": _join,
    "Fn::Sub": _sub,
    "Fn::If": _if,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import_value,
    "Fn::Base64": _base64,
    "Fn::Equals": _equals,
    "Fn::And": _all,
    "Fn::Or": _any,
    "Fn::Not": _not,
}
