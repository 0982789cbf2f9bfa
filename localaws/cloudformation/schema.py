"""The table of resource types, ``types.yaml``: which properties a type has, and what a property's value must be.

A value is fitted to its form as CloudFormation does: parameters are texts, so "true" stands for a boolean, "3" for a
number, and a number for a text. What does not fit, or is not known, is a failure that names it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from botocore.model import ListShape, MapShape, Shape, StructureShape

from localaws import services
from localaws.cloudformation.problems import Failed

TAGS = [{"Key!": "string", "Value!": "string"}]


@dataclass(frozen=True, slots=True)
class Property:
    """``form`` as in the table; ``replaces`` when a change of it makes another resource."""

    form: Any
    required: bool
    replaces: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """A resource type's row of the table. ``named_by`` is the property that names it in the account, if one does.

    ``replaced_by`` are members of properties whose change makes another resource: (property, member).
    """

    type: str
    properties: Mapping[str, Property]
    attributes: tuple[str, ...]
    named_by: str | None
    iam: bool
    replaced_by: tuple[tuple[str, str], ...] = ()

    @property
    def tagged(self) -> bool:
        """Whether the type has tags in the usual form, and so gets those of its stack."""
        return "Tags" in self.properties and self.properties["Tags"].form == "tags"

    def has(self, attribute: str) -> bool:
        """Whether Fn::GetAtt knows the attribute; ``Outputs.*`` in the table stands for any output."""
        return any(fnmatchcase(attribute, known) for known in self.attributes)

    def fitted(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties with every value in its form. Raises Failed for one that does not fit."""
        members = {f"{name}{'!' if one.required else ''}": one.form for name, one in self.properties.items()}
        fitted: dict[str, Any] = _structure(dict(properties), members, "")
        return fitted

    def replacing(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """The changed properties that need another resource."""
        found = [name for name, one in self.properties.items() if one.replaces and old.get(name) != new.get(name)]
        for name, member in self.replaced_by:
            if old.get(name, {}).get(member) != new.get(name, {}).get(member):
                found.append(name)
        return found


@cache
def schemas() -> Mapping[str, Schema]:
    """Every type of the table, by name."""
    source = files(__package__).joinpath("types.yaml").read_text("utf-8")
    table = yaml.load(source, yaml.CSafeLoader)
    return {name: _schema(name, entry) for name, entry in table.items()}


def _schema(name: str, entry: Mapping[str, Any]) -> Schema:
    properties = {
        key.rstrip("!~"): Property(form, required="!" in key, replaces="~" in key)
        for key, form in entry["properties"].items()
    }
    return Schema(
        type=name,
        properties=properties,
        attributes=tuple(entry["attributes"]),
        named_by=entry.get("name"),
        iam=entry.get("iam", False),
        replaced_by=tuple((path.partition(".")[0], path.partition(".")[2]) for path in entry.get("replaced_by", [])),
    )


def fit(value: Any, form: Any, where: str) -> Any:
    """The value in its form. Raises Failed that says where it does not fit."""
    if isinstance(form, Mapping):
        return _structure(value, form, where)
    if isinstance(form, list):
        return [fit(item, form[0], f"{where}/{index}") for index, item in enumerate(_list(value, where))]
    if form.startswith("api "):
        return _shaped(value, _shape(form), where)
    if form == "tags":
        return fit(value, TAGS, where)
    if form == "strings":
        return [_string(item, f"{where}/{index}") for index, item in enumerate(_list(value, where))]
    return SCALARS[form](value, where)


def _structure(value: Any, members: Mapping[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _broken(where, f"expected type: JSONObject, found: {_kind(value)}")
    forms = {key.rstrip("!~"): form for key, form in members.items()}
    unknown = [name for name in value if name not in forms]
    if unknown:
        raise _broken(where, f"extraneous key [{unknown[0]}] is not permitted")
    missing = [key.rstrip("!~") for key in members if "!" in key and key.rstrip("!~") not in value]
    if missing:
        raise _broken(where, f"required key [{missing[0]}] not found")
    return {name: fit(item, forms[name], f"{where}/{name}") for name, item in value.items()}


def _shaped(value: Any, shape: Shape, where: str) -> Any:
    if isinstance(shape, StructureShape):
        if not isinstance(value, Mapping):
            raise _broken(where, f"expected type: JSONObject, found: {_kind(value)}")
        for name in value:
            if name not in shape.members:
                raise _broken(where, f"extraneous key [{name}] is not permitted")
        return {name: _shaped(item, shape.members[name], f"{where}/{name}") for name, item in value.items()}
    if isinstance(shape, ListShape):
        return [_shaped(item, shape.member, f"{where}/{index}") for index, item in enumerate(_list(value, where))]
    if isinstance(shape, MapShape):
        if not isinstance(value, Mapping):
            raise _broken(where, f"expected type: JSONObject, found: {_kind(value)}")
        return {str(name): _shaped(item, shape.value, f"{where}/{name}") for name, item in value.items()}
    return SCALARS.get(shape.type_name, _string)(value, where)


@cache
def _shape(form: str) -> Shape:
    """``api glue.CreateTable.TableInput``: the shape of that member of the operation's input."""
    service, operation, *path = form.removeprefix("api ").split(".")
    shape = services.model(service).operation_model(operation).input_shape
    for step in path:
        shape = shape.members[step]
    return shape


def _string(value: Any, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _broken(where, f"expected type: String, found: {_kind(value)}")


def _boolean(value: Any, where: str) -> bool:
    text = str(value).lower()
    if text not in ("true", "false"):
        raise _broken(where, f"expected type: Boolean, found: {_kind(value)}")
    return text == "true"


def _integer(value: Any, where: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise _broken(where, f"expected type: Number, found: {_kind(value)}") from None


def _number(value: Any, where: str) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise _broken(where, f"expected type: Number, found: {_kind(value)}") from None


def _json(value: Any, where: str) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise _broken(where, "the text is not JSON") from None
    if not isinstance(value, Mapping):
        raise _broken(where, f"expected type: JSONObject, found: {_kind(value)}")
    return value


SCALARS: dict[str, Any] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "double": _number,
    "float": _number,
    "json": _json,
}


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _broken(where, f"expected type: JSONArray, found: {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    return {"dict": "JSONObject", "list": "JSONArray", "str": "String", "bool": "Boolean"}.get(
        type(value).__name__, "Number"
    )


def _broken(where: str, what: str) -> Failed:
    """In the words of the registry's validation, as users quote them."""
    return Failed(f"Properties validation failed for resource with message:\n#{where}: {what}")
