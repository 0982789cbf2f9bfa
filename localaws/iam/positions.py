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
    """Offsets in the text: the first character of a part, and the one after its last."""

    start: int
    end: int


def statement_spans(text: str) -> list[Span]:
    """The span of each statement of a well-formed document, in order."""
    at = _after_space(text, 0) + 1
    for key, start, end in _members(text, at):
        if key == "Statement":
            return _spans(text, start, end)
    return []


def list_items(text: str) -> list[Span]:
    """The span of each item of a well-formed list."""
    return list(_items(text, _after_space(text, 0) + 1))


def statement_line(text: str, index: int) -> int:
    """The line on which a statement begins, counted from 1 as ``index`` is; 1 for a document that cannot be read."""
    if index == 0:
        return 1
    start = statement_spans(text)[index - 1].start
    alone = text[start - 1] == "{"
    return text.count("\n", 0, start if alone else max(text.find("{", start), start)) + 1


def position(text: str, offset: int) -> dict[str, int]:
    """An offset as IAM writes it."""
    line_start = text.rfind("\n", 0, offset) + 1
    return {"Line": text.count("\n", 0, offset) + 1, "Column": offset - line_start + 1}


def _spans(text: str, start: int, end: int) -> list[Span]:
    if text[start] == "{":
        return [Span(start + 1, end)]
    spans = []
    before = start + 1
    for item in _items(text, before):
        spans.append(Span(before, item.end))
        before = item.end
    return spans


def _items(text: str, at: int) -> Iterator[Span]:
    """The items of the list whose inside begins at ``at``."""
    at = _after_space(text, at)
    while text[at] != "]":
        _value, end = json.JSONDecoder().raw_decode(text, at)
        yield Span(at, end)
        at = _after_space(text, end)
        if text[at] == ",":
            at = _after_space(text, at + 1)


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
