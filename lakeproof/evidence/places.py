"""Where a statement of the account stands in the plan's policy files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lakeproof.inventory.identity import statements
from lakeproof.plan import names

NOWHERE = "in no policy file of the plan"
_FILLED = "\x00"
"""Stands for what a placeholder was filled with; no policy has it (IAM User Guide, "IAM and AWS STS quotas")."""


def places(policy: Mapping[str, Any], files: Mapping[str, str]) -> list[str]:
    """For each statement of a policy ``FILE:LINE`` of the one that it was made from, or ``NOWHERE``.

    ``files`` are the plan's policy files by path, with their placeholders. That counts as the policy's own file which
    has the most of its statements.
    """
    made = [json.dumps(each, sort_keys=True) for each in statements(policy)]
    found = [[_place(each, path, text) for each in made] for path, text in files.items()]
    own = max(found, key=lambda lines: len(made) - lines.count(NOWHERE), default=[])
    return own or [NOWHERE] * len(made)


def _place(filled: str, path: str, text: str) -> str:
    try:
        planned = statements(json.loads(text))
    except ValueError:
        return NOWHERE  # the plan's other files are YAML
    line = next((_line(each, text) for each in planned if _made_from(each, filled)), None)
    return NOWHERE if line is None else f"{path}:{line}"


def _made_from(planned: Mapping[str, Any], filled: str) -> bool:
    """Whether filling the placeholders of a planned statement can give this text."""
    text = json.dumps(planned, sort_keys=True)
    marked = names.fill(text, dict.fromkeys(names.placeholders(text), _FILLED))
    return re.fullmatch(".*".join(map(re.escape, marked.split(_FILLED))), filled) is not None


def _line(statement: Mapping[str, Any], text: str) -> int:
    """The line, from 1, on which a statement of a policy text begins."""
    decoder = json.JSONDecoder()
    for brace in re.finditer(r"\{", text):
        try:
            found, _ = decoder.raw_decode(text, brace.start())
        except ValueError:
            continue  # a brace inside a text
        if found == statement:
            return text.count("\n", 0, brace.start()) + 1
    raise LookupError(f"no statement {statement} in the text it was read from")
