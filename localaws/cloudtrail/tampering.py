"""What a test bench may do to the trail and no API of AWS can: lose events of a kind, blank fields, deliver late.

For proving that an audit notices: ``/_localaws/trail``, for the administrator alone. It is part of the saved state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localaws.errors import AwsError

FIELDS = ("drop", "blank", "delay")


@dataclass(frozen=True, slots=True)
class Tampering:
    """``drop`` are event names, ``blank`` paths of fields (``userIdentity.arn``), ``delay`` seconds more than usual."""

    drop: frozenset[str] = frozenset()
    blank: tuple[str, ...] = ()
    delay: float = 0.0

    def loses(self, event: Mapping[str, Any]) -> bool:
        """Whether an event is not recorded at all."""
        return event["eventName"] in self.drop

    def blanked(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event without the blank fields. What is not there stays away."""
        for path in self.blank:
            event = _without(event, path.split("."))
        return event


def read(document: object) -> Tampering:
    """From ``{"drop": [names], "blank": [paths], "delay": seconds}``, each of them optional.

    Raises AwsError 400 for anything else, so that a misspelt order is never taken for one that was carried out.
    """
    if not isinstance(document, dict) or not set(document) <= set(FIELDS):
        raise AwsError("BadRequest", f"the body is an object with {', '.join(FIELDS)} and nothing else", 400)
    drop, blank, delay = document.get("drop", []), document.get("blank", []), document.get("delay", 0)
    for name, value in (("drop", drop), ("blank", blank)):
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise AwsError("BadRequest", f"'{name}' is a list of names", 400)
    if isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 <= delay < float("inf"):
        raise AwsError("BadRequest", "'delay' is a number of seconds", 400)
    return Tampering(frozenset(drop), tuple(blank), float(delay))


def _without(value: dict[str, Any], steps: list[str]) -> dict[str, Any]:
    first, *rest = steps
    if first not in value:
        return value
    if not rest:
        return {key: each for key, each in value.items() if key != first}
    inner = value[first]
    return {**value, first: _without(inner, rest)} if isinstance(inner, dict) else value
