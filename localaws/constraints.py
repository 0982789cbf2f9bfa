"""The service model's patterns, enumerations and upper limits, refused in AWS's words.

The edge refuses what is missing, of the wrong type or too small, before a handler is called.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sized
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from localaws.call import Call, Handler
from localaws.errors import AwsError
from localaws.services import model

_JAVA = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\p{M}": "",
    r"\p{S}": r"$+<=>^`|~\u00A1-\U0010FFFF",
    r"\p{P}": r"!\"#%&'()*,\-./:;?@\[\\\]_{}",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
}
"""Java's classes of characters as the models write them, in Python's words; beyond ASCII, marks count as symbols."""


def constrained(service: str, handler: Handler) -> Handler:
    """The handler, called only with parameters that fit the model."""

    @functools.wraps(handler)
    def checked(account: Any, call: Call) -> Mapping[str, Any]:
        check(service, call.operation, call.params)
        return handler(account, call)

    return checked


def check(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """Raises ValidationException that lists every member that breaks a constraint.

    Source: captured answer of DescribeUserProfile to an invalid name (aws-samples/sagemaker-ssh-helper, issue 70).
    """
    shape = model(service).operation_model(operation).input_shape
    broken = list(_broken(params, shape, "")) if shape is not None else []
    if broken:
        count = len(broken)
        noun = "error" if count == 1 else "errors"
        raise AwsError("ValidationException", f"{count} validation {noun} detected: {'; '.join(broken)}")


def _broken(value: Any, shape: Shape, path: str) -> Iterator[str]:
    for constraint in _own(value, shape):
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, member in value.items():
            if member is not None and name in shape.members:
                spelt = name[:1].lower() + name[1:]
                yield from _broken(member, shape.members[name], f"{path}.{spelt}" if path else spelt)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, member in enumerate(value, start=1):
            yield from _broken(member, shape.member, f"{path}.{index}.member")
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for name, member in value.items():
            yield from _broken(member, shape.value, f"{path}.{name}.member")


def _own(value: Any, shape: Shape) -> Iterator[str]:
    metadata = shape.metadata
    most = metadata.get("max")
    if most is not None:
        if isinstance(value, (int, float)) and value > most:
            yield f"have value less than or equal to {most}"
        elif isinstance(value, Sized) and len(value) > most:
            yield f"have length less than or equal to {most}"
    if isinstance(value, str):
        if (pattern := metadata.get("pattern")) and not compiled(pattern).fullmatch(value):
            yield f"satisfy regular expression pattern: {pattern}"
        if (known := metadata.get("enum")) and value not in known:
            yield f"satisfy enum value set: [{', '.join(known)}]"


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A model's pattern (Java's dialect) as Python's."""
    for java, python in _JAVA.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)
