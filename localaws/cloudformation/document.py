"""A template's text, read: JSON or YAML with the short forms of functions (``!Ref``, ``!GetAtt``, ``!Sub`` ...).

Source: CloudFormation User Guide, "Template anatomy", "Intrinsic function reference", "Quotas". What the embedded
account does not do with a template (macros, rules, creation policies) is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from localaws.cloudformation.problems import invalid, unserved

SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")
TEXTS = ("AWSTemplateFormatVersion", "Description", "Metadata")
UNSERVED_SECTIONS = ("Transform", "Rules", "Hooks")
RESOURCE_MEMBERS = {"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}
UNSERVED_MEMBERS = {"CreationPolicy", "UpdatePolicy"}
POLICIES = ("Delete", "Retain", "RetainExceptOnCreate")
"""Values of DeletionPolicy that are served; UpdateReplacePolicy has no third, and Snapshot belongs to other types."""
MOST_DESCRIPTION = 1_024
"""Bytes of a template's description."""
MOST_IN_BODY = 51_200
"""Bytes of a template that is passed in the request."""
MOST_IN_S3 = 1_048_576
"""Bytes of a template that is read from S3."""
MOST_RESOURCES = 500


@dataclass(frozen=True, slots=True)
class ResourceEntry:
    """A resource as the template declares it; ``properties`` still hold functions."""

    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"


@dataclass(frozen=True, slots=True)
class Template:
    """A template's sections. A function stands in them as a mapping of one member: ``{"Ref": ...}``."""

    text: str
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, ResourceEntry] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: no dates, no duplicate keys, functions by tag; no alias, merge, binary or set.

    Source: CloudFormation User Guide, "CloudFormation template format", YAML.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Raises ValidationError for an alias, which could also stand for more than memory holds."""
        if self.check_event(yaml.AliasEvent):
            raise invalid("Template error: YAML aliases are not allowed in CloudFormation templates")
        return super().compose_node(parent, index)


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = _mapping(loader, node)
    if suffix == "GetAtt" and isinstance(value, str):
        value = list(value.partition("."))[::2]
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


def _mapping(loader: _Loader, node: yaml.Node) -> dict[Any, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise yaml.constructor.ConstructorError(None, None, "expected a mapping", node.start_mark)
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | bool):
            raise yaml.constructor.ConstructorError(None, None, "a key must be a scalar", key_node.start_mark)
        if str(key) in found:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
        found[str(key)] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_multi_constructor("!", _function)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_UNKNOWN = {f"tag:yaml.org,2002:{tag}" for tag in ("binary", "omap", "pairs", "set", "timestamp", "merge")}
_Loader.yaml_constructors = {tag: made for tag, made in _Loader.yaml_constructors.items() if tag not in _UNKNOWN}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _UNKNOWN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parsed(text: str) -> Template:
    """The template of a text. Raises ValidationError for what CloudFormation refuses, NotImplemented by name."""
    document = _document(text)
    for name in document:
        if name in UNSERVED_SECTIONS:
            raise unserved(f"the section {name} of a template")
    unknown = [name for name in document if name not in SECTIONS + TEXTS]
    if unknown:
        raise invalid(f"Invalid template property or properties [{', '.join(unknown)}]")
    if document.get("AWSTemplateFormatVersion", "2010-09-09") != "2010-09-09":
        raise invalid("Template format error: unsupported value for AWSTemplateFormatVersion.")
    described = document.get("Description")
    if described is not None and not isinstance(described, str):
        raise invalid("Template format error: every Description member must be a string.")
    if described is not None and len(described.encode()) > MOST_DESCRIPTION:
        raise invalid(f"Template format error: 'Description' length is greater than {MOST_DESCRIPTION}.")
    sections = {name: _section(document, name) for name in (*SECTIONS, "Metadata")}
    if not sections["Resources"]:
        raise invalid("Template format error: At least one Resources member must be defined.")
    if len(sections["Resources"]) > MOST_RESOURCES:
        raise invalid(f"Template format error: Number of resources, {len(sections['Resources'])}, is greater than 500")
    return Template(
        text=text,
        description=described,
        metadata=sections["Metadata"],
        parameters=sections["Parameters"],
        mappings={name: _mapping_entry(name, entry) for name, entry in sections["Mappings"].items()},
        conditions=sections["Conditions"],
        resources={name: _resource(name, entry) for name, entry in sections["Resources"].items()},
        outputs={name: _output(name, entry) for name, entry in sections["Outputs"].items()},
    )


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, _Loader)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        kind = "JSON" if text.lstrip().startswith("{") else "YAML"
        raise invalid(f"Template format error: {kind} not well-formed. ({str(error).splitlines()[0]})") from error
    if not isinstance(document, dict):
        raise invalid("Template format error: unsupported structure.")
    return document


def _section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = document.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise invalid(f"Template format error: {name} section must be an object.")
    return section


def _mapping_entry(name: str, entry: Any) -> dict[str, Any]:
    """A map of two levels (User Guide, "Mappings": a key "must be a map of name-value pairs", values text or list)."""
    check_name("Mappings", name)
    if not isinstance(entry, dict) or not all(isinstance(values, dict) for values in entry.values()):
        raise invalid(f"Template format error: [/Mappings/{name}] Every Mappings member must be a map of maps.")
    if any(value is None or isinstance(value, dict) for values in entry.values() for value in values.values()):
        raise invalid("Template format error: Every Mappings attribute must be a String or a List.")
    return entry


def _resource(name: str, entry: Any) -> ResourceEntry:
    check_name("Resource", name)
    if not isinstance(entry, dict) or not isinstance(entry.get("Type"), str):
        raise invalid(f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member.")
    for member in entry:
        if member in UNSERVED_MEMBERS:
            raise unserved(f"{member} of the resource {name}")
        if member not in RESOURCE_MEMBERS:
            raise invalid(f"Invalid template resource property '{member}'")
    properties = entry.get("Properties") or {}
    if not isinstance(properties, dict):
        raise invalid(f"Template format error: [/Resources/{name}/Properties] must be an object.")
    depends_on = entry.get("DependsOn") or ()
    depends_on = (depends_on,) if isinstance(depends_on, str) else depends_on
    if not isinstance(depends_on, list | tuple) or not all(isinstance(each, str) for each in depends_on):
        raise invalid("Template format error: DependsOn must be a string or list of strings.")
    _check_condition_name(entry)
    policies = [entry.get(member, "Delete") for member in ("DeletionPolicy", "UpdateReplacePolicy")]
    for policy, allowed in zip(policies, (POLICIES, POLICIES[:2]), strict=True):
        if policy not in allowed:
            raise invalid(f"Template error: {policy} is no deletion policy of resource {name}")
    return ResourceEntry(
        type=entry["Type"],
        properties=properties,
        depends_on=tuple(depends_on),
        condition=entry.get("Condition"),
        deletion_policy=policies[0],
        replace_policy=policies[1],
    )


def check_name(what: str, name: str) -> None:
    """Raises ValidationError for a logical name that is not of ASCII letters and digits."""
    if not (name.isascii() and name.isalnum()):
        raise invalid(f"Template format error: {what} name {name} is non alphanumeric.")


def _check_condition_name(entry: Mapping[str, Any]) -> None:
    if not isinstance(entry.get("Condition", ""), str):
        raise invalid("Template format error: Every Condition member must be a string.")


def _output(name: str, entry: Any) -> Mapping[str, Any]:
    check_name("Output", name)
    if not isinstance(entry, dict) or "Value" not in entry:
        raise invalid(f"Template format error: [/Outputs/{name}] Every Outputs member must contain a Value object")
    unknown = set(entry) - {"Value", "Description", "Export", "Condition"}
    if unknown:
        raise invalid(f"Template format error: Output {name} is malformed: {', '.join(sorted(unknown))}")
    _check_condition_name(entry)
    if not isinstance(entry.get("Description", ""), str):
        raise invalid("Template format error: every Description member must be a string.")
    export = entry.get("Export")
    if "Export" in entry and (not isinstance(export, dict) or set(export) != {"Name"} or not export["Name"]):
        raise invalid(
            f"Template format error: Output {name} is malformed. "
            "The Name field of every Export member must be specified"
        )
    return entry
