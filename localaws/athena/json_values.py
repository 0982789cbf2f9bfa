"""JSON as Trino reads and writes it. Pure functions over texts, run for the engine; nothing of them reaches outside.

Source: Trino documentation, "JSON functions and operators"; io.trino.operator.scalar.JsonFunctions and JsonExtract.
json_parse sorts the keys of objects, json_extract keeps their order; both leave out white space.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from localaws.athena.results import java_double

PATH = r"\$(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]{1,6}\]|\[\"[^\"\\\]]*\"\])*"
"""The paths that are served: members and elements, no wildcards."""


_MISSING = object()


class Number(str):
    """A number as it was written."""

    def again(self) -> str:
        """As Trino writes it anew. Raises ValueError where its spelling would change: that is refused by name."""
        whole = re.fullmatch("-?[0-9]+", self)
        if self == "-0" or (not -(2**63) <= int(self) < 2**63 if whole else java_double(float(self)) != self):
            raise ValueError("lakeproof:JSON_NUMBER")
        return str(self)


DOUBTFUL = "lakeproof:JSON_TEXT"
"""Trino reads a text only as far as the path leads: what is malformed elsewhere, or has a key twice, is refused."""


def _constant(_: str) -> Any:
    raise ValueError(DOUBTFUL)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(DOUBTFUL)
    return members


def read(text: str) -> Any:
    """The value of a JSON text, numbers as Number; _MISSING where not even its beginning is JSON. Raises ValueError."""
    try:
        return json.loads(
            text, parse_float=Number, parse_int=Number, parse_constant=_constant, object_pairs_hook=_members
        )
    except json.JSONDecodeError as error:
        if error.pos == len(text) - len(text.lstrip()):
            return _MISSING
        raise ValueError(DOUBTFUL) from None


def written(value: Any, *, ordered: bool = False) -> str:
    """The text of a value, without white space; ``ordered``: objects by key."""
    if isinstance(value, Number):
        return value.again()
    if isinstance(value, list):
        return f"[{','.join(written(v, ordered=ordered) for v in value)}]"
    if isinstance(value, dict):
        items = sorted(value.items()) if ordered else value.items()
        pairs = (f"{written(k)}:{written(v, ordered=ordered)}" for k, v in items)
        return f"{{{','.join(pairs)}}}"
    return json.dumps(value, ensure_ascii=False)


def parse(text: str, _: str) -> str:
    value = read(text)
    if value is _MISSING:
        raise ValueError("lakeproof:ARGUMENT")
    return written(value, ordered=True)


def _at(text: str, path: str) -> Any:
    """The value at a path; _MISSING where there is none or the text is no JSON."""
    value = read(text)
    for member, element, quoted in re.findall(r"\.([A-Za-z_]\w*)|\[([0-9]+)\]|\[\"([^\"]*)\"\]", path):
        if element and isinstance(value, list) and int(element) < len(value):
            value = value[int(element)]
        elif not element and isinstance(value, dict) and (member or quoted) in value:
            value = value[member or quoted]
        else:
            return _MISSING
    return value


def extract(text: str, path: str) -> str | None:
    value = _at(text, path)
    return None if value is _MISSING else written(value)


def scalar(text: str, path: str) -> str | None:
    """A string, number or boolean as it is written; NULL for anything else."""
    value = _at(text, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str) else None


def array_length(text: str, _: str) -> str | None:
    value = _at(text, "$")
    return str(len(value)) if isinstance(value, list) else None


def size(text: str, path: str) -> str | None:
    value = _at(text, path)
    if value is _MISSING:
        return None
    return str(len(value)) if isinstance(value, (list, dict)) else "0"


def array_get(text: str, place: str) -> str | None:
    value = _at(text, "$")
    if not isinstance(value, list) or not -len(value) <= int(place) < len(value):
        return None
    return written(value[int(place)])


def array_contains(text: str, wanted: str) -> str | None:
    """``wanted`` is JSON itself. NULL for what is no array."""
    value = _at(text, "$")
    if not isinstance(value, list):
        return None
    searched = read(wanted)
    return "true" if any(type(v) is type(searched) and v == searched for v in value) else "false"


def is_scalar(text: str, _: str) -> str | None:
    value = _at(text, "$")
    return None if value is _MISSING else "false" if isinstance(value, (list, dict)) else "true"


OPERATIONS: dict[str, Callable[[str, str], str | None]] = {
    "parse": parse,
    "extract": extract,
    "scalar": scalar,
    "array_length": array_length,
    "size": size,
    "array_get": array_get,
    "array_contains": array_contains,
    "is_scalar": is_scalar,
}
FUNCTION = "lakeproof_json"
"""The engine's name of ``run``."""


def run(operation: str, text: str | None, argument: str | None) -> str | None:
    """One operation on a text; NULL if any of both is.

    Raises ValueError with a mark of failures.yaml, never with a part of the text.
    """
    if text is None or argument is None:
        return None
    try:
        answer = OPERATIONS[operation](text, argument)
        if answer is not None:
            answer.encode()
    except (RecursionError, UnicodeEncodeError):
        raise ValueError(DOUBTFUL) from None
    return answer
