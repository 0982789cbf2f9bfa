"""The answer of the query protocol (IAM, STS) as XML, written straight from the output and its shape.

Source: Smithy, AWS query protocol, "Response serialization" and "XML shape serialization". moto.core's serialiser
writes the same text by way of a dictionary of everything: nine times as long for the simulator's answers, of which a
sign-off asks for hundreds.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from moto.core.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from localaws.errors import not_implemented


def written(operation: OperationModel, output: Mapping[str, Any], request_id: str) -> str:
    """The whole document. Members that the shape does not name, and those that are None, are left out."""
    name, shape = operation.name, operation.output_shape
    result = ""
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{shape.name}Result")
        result = _element(wrapper, "".join(_structure(shape, output)))
    namespace = operation.metadata.get("xmlNamespace")
    opened = f'{name}Response xmlns="{namespace}"' if namespace else f"{name}Response"
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    return f"<{opened}>{result}{metadata}</{name}Response>"


def _element(name: str, inner: str) -> str:
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _structure(shape: StructureShape, value: Mapping[str, Any]) -> Iterator[str]:
    for name, member in shape.members.items():
        if (inner := value.get(name)) is not None:
            yield _element(member.serialization.get("name", name), _inner(member, inner))


def _inner(shape: Shape, value: Any) -> str:
    """What stands between the tags. Raises AwsError NotImplemented for a shape that no answer of IAM or STS has."""
    match shape.type_name:
        case "string":
            return escape(str(value))
        case "structure":
            assert isinstance(shape, StructureShape)
            return "".join(_structure(shape, value))
        case "list" if not shape.serialization.get("flattened"):
            assert isinstance(shape, ListShape)
            member = shape.member
            name = member.serialization.get("name", "member")
            return "".join([_element(name, _inner(member, each)) for each in value])
        case "map" if not shape.serialization.get("flattened"):
            assert isinstance(shape, MapShape)
            return "".join(_entry(shape, key, each) for key, each in value.items() if each is not None)
        case "boolean":
            return "true" if value else "false"
        case "integer" | "long":
            return str(int(value))
        case "timestamp":
            return _time(value)
        case "blob":
            return base64.b64encode(value).decode()
    raise not_implemented("query", f"an answer of type {shape.type_name}")


def _entry(shape: MapShape, key: str, value: Any) -> str:
    named = ((shape.key, "key", key), (shape.value, "value", value))
    inner = (_element(each.serialization.get("name", name), _inner(each, it)) for each, name, it in named)
    return f"<entry>{''.join(inner)}</entry>"


def _time(value: datetime) -> str:
    """ISO 8601 in UTC, with a fraction only where there is one."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ" if value.microsecond else "%Y-%m-%dT%H:%M:%SZ")
