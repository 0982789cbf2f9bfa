"""A template's parameters: what it declares, and the values that a stack gets.

Source: CloudFormation User Guide, "Parameters", "AWS-specific parameter types". The embedded account has no EC2: an
id is checked by its form, and that it exists is not [inferred, see docs/parity.md]. Other types are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from localaws.cloudformation.document import check_name
from localaws.cloudformation.problems import invalid, unserved

MEMBERS = {
    "Type",
    "Default",
    "NoEcho",
    "AllowedValues",
    "AllowedPattern",
    "MaxLength",
    "MinLength",
    "MaxValue",
    "MinValue",
    "Description",
    "ConstraintDescription",
}
IDS = {
    "AWS::EC2::VPC::Id": r"vpc-[0-9a-f]{8}(?:[0-9a-f]{9})?",
    "AWS::EC2::Subnet::Id": r"subnet-[0-9a-f]{8}(?:[0-9a-f]{9})?",
    "AWS::EC2::SecurityGroup::Id": r"sg-[0-9a-f]{8}(?:[0-9a-f]{9})?",
}
SCALARS = ("String", "Number", *IDS)
LISTS = {"CommaDelimitedList": "String", "List<Number>": "Number", **{f"List<{name}>": name for name in IDS}}
HIDDEN = "****"
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

Value = str | list[str]


def check_declared(declared: Mapping[str, Any]) -> None:
    """Raises ValidationError for a malformed declaration, NotImplemented for a type that is not served."""
    for name, entry in declared.items():
        check_name("Parameter", name)
        if not isinstance(entry, Mapping) or not isinstance(entry.get("Type"), str):
            raise invalid(
                f"Template format error: [/Parameters/{name}] Every Parameters object must contain a Type member."
            )
        unknown = sorted(set(entry) - MEMBERS)
        if unknown:
            raise invalid(f"Invalid template parameter property '{unknown[0]}'")
        if entry["Type"] not in SCALARS and entry["Type"] not in LISTS:
            if entry["Type"].startswith(("AWS::", "List<AWS::")):
                raise unserved(f"parameter type {entry['Type']}")
            raise invalid(f"Template format error: Unrecognized parameter type: {entry['Type']}")
        _check_members(entry)


def _check_members(entry: Mapping[str, Any]) -> None:
    """Raises ValidationError for a default or a constraint that is none."""
    if not _scalar(entry.get("Default", "")):
        raise invalid("Template format error: Every Default member must be a string.")
    allowed = entry.get("AllowedValues", [])
    if not isinstance(allowed, list) or not all(map(_scalar, allowed)):
        raise invalid("Template format error: Every AllowedValues member must be a list of strings.")
    for member in ("MinLength", "MaxLength", "MinValue", "MaxValue"):
        form = NUMBER if member.endswith("Value") else "[0-9]+"
        if member in entry and not re.fullmatch(form, str(entry[member])):
            raise invalid(f"Template format error: Every {member} member must be a number.")
    try:
        re.compile(entry.get("AllowedPattern", ""))
    except (TypeError, re.error) as error:
        raise invalid(f"Template format error: AllowedPattern is no regular expression: {error}") from error


def _scalar(item: Any) -> bool:
    return isinstance(item, str | int | float)


def resolved(
    declared: Mapping[str, Any], given: Sequence[Mapping[str, Any]], former: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The text of every declared parameter: as passed, as it was (UsePreviousValue), or the default.

    Raises ValidationError for a parameter that is missing, unknown, or breaks a constraint.
    """
    former = former or {}
    values: dict[str, str] = {}
    unknown = [entry["ParameterKey"] for entry in given if entry["ParameterKey"] not in declared]
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    for entry in given:
        name = entry["ParameterKey"]
        if entry.get("UsePreviousValue"):
            if name not in former:
                raise invalid(f"Invalid input for parameter key {name}. There is no previous value to use.")
            values[name] = former[name]
        else:
            values[name] = entry.get("ParameterValue", "")
    missing = [name for name, entry in declared.items() if name not in values and "Default" not in entry]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, entry in declared.items():
        values.setdefault(name, _text(entry.get("Default")))
        _check(name, entry, values[name])
    return {name: values[name] for name in declared}


def value(entry: Mapping[str, Any], text: str) -> Value:
    """What ``Ref`` gives for a parameter: its text, or the items of a list."""
    return items(text) if entry["Type"] in LISTS else text


def items(text: str) -> list[str]:
    """The items of a comma-delimited list; none of an empty text."""
    return [item.strip() for item in text.split(",")] if text else []


def shown(declared: Mapping[str, Any], values: Mapping[str, str]) -> list[dict[str, str]]:
    """The parameters as DescribeStacks shows them: a NoEcho value is hidden."""
    return [
        {"ParameterKey": name, "ParameterValue": HIDDEN if no_echo(declared.get(name, {})) else text}
        for name, text in values.items()
    ]


def no_echo(entry: Mapping[str, Any]) -> bool:
    """Whether a parameter's value is hidden."""
    return str(entry.get("NoEcho", False)).lower() == "true"


def _text(default: Any) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _check(name: str, entry: Mapping[str, Any], text: str) -> None:
    kind = LISTS.get(entry["Type"], entry["Type"])
    for item in items(text) if entry["Type"] in LISTS else [text]:
        problem = _problem(kind, entry, item)
        if problem is not None:
            said = entry.get("ConstraintDescription")
            raise invalid(f"Parameter '{name}' {f'failed to satisfy constraint: {said}' if said else problem}")
    if kind in IDS and not text:
        raise invalid(f"Parameter validation failed: parameter value  for parameter name {name} does not exist")


def _problem(kind: str, entry: Mapping[str, Any], item: str) -> str | None:
    allowed = entry.get("AllowedValues")
    if allowed is not None and item not in [_text(one) for one in allowed]:
        return f"must be one of AllowedValues: [{', '.join(map(_text, allowed))}]"
    pattern = entry.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, item):
        return f"must match pattern {pattern}"
    if kind in IDS and not re.fullmatch(IDS[kind], item):
        return f"has the value {item}, which is no {kind}"
    if kind == "Number":
        return _out_of_range(entry, item)
    if "MinLength" in entry and len(item) < int(entry["MinLength"]):
        return f"must contain at least {entry['MinLength']} characters"
    if "MaxLength" in entry and len(item) > int(entry["MaxLength"]):
        return f"must contain at most {entry['MaxLength']} characters"
    return None


def _out_of_range(entry: Mapping[str, Any], item: str) -> str | None:
    if not NUMBER.fullmatch(item):
        return "must be a number"
    number = float(item)
    if "MinValue" in entry and number < float(entry["MinValue"]):
        return f"must be a number not less than {entry['MinValue']}"
    if "MaxValue" in entry and number > float(entry["MaxValue"]):
        return f"must be a number not greater than {entry['MaxValue']}"
    return None
