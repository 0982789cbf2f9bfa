"""Where statements stand in the text of a policy, as IAM's simulator reports it.

Lines and columns count from 1. A statement ends after its closing brace. It starts after the bracket that opens the
list, or after the statement before it; a single statement starts after its opening brace (inferred from the outputs
in the AWS CLI's examples of simulate-custom-policy and simulate-principal-policy).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

_SPACE = re.compile(r"[ \t\r\n]*")


class Span(NamedTuple):
    """Offsets in the text: the first character of a statement's part, and the one after its last."""

    start: int
    end: int


def statement_spans(text: str) -> list[Span]:
    """The span of each statement of a well-formed document, in order."""
    at = _after_space(text, 0) + 1
    for key, start, end in _members(text, at):
        if key == "Statement":
            return _spans(text, start, end)
    return []


def position(text: str, offset: int) -> dict[str, int]:
    """An offset as IAM writes it."""
    line_start = text.rfind("\n", 0, offset) + 1
    return {"Line": text.count("\n", 0, offset) + 1, "Column": offset - line_start + 1}


def _spans(text: str, start: int, end: int) -> list[Span]:
    if text[start] == "{":
        return [Span(start + 1, end)]
    spans = []
    before = start + 1
    at = _after_space(text, before)
    while text[at] != "]":
        _value, stop = json.JSONDecoder().raw_decode(text, at)
        spans.append(Span(before, stop))
        before = stop
        at = _after_space(text, stop)
        if text[at] == ",":
            at = _after_space(text, at + 1)
    return spans


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """The members of the object whose inside begins at ``at``: key, and where the value starts and ends."""
    decoder = json.JSONDecoder()
    at = _after_space(text, at)
    while text[at] != "}":
        key, colon = decoder.raw_decode(text, at)
        start = _after_space(text, _after_space(text, colon) + 1)
        _value, end = decoder.raw_decode(text, start)
        yield key, start, end
        at = _after_space(text, end)
        if text[at] == ",":
            at = _after_space(text, at + 1)


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
