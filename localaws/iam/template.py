"""Texts of the operation table with places for values of the request: ``arn:aws:s3:::{Bucket}/{Key}``.

A place is ``{Path}``, ``{First,Second}`` (the first that is given), ``{Path=default}`` or ``{Path|filter}``.
A path goes through members by dots and through lists by ``[]``: ``Delete.Objects[].Key``; ``**.Name`` is every member
of that name, however deep. ``{region}`` and ``{account}`` are those of the call.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call

Filter = Callable[["Account", "Call", str | None], str | None]
"""Turns a parameter's value (None when it is missing) into what the text needs; None when there is nothing."""

ANYWHERE = "**"
_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a text. ``paths`` are tried in order."""

    paths: tuple[str, ...]
    default: str | None
    filter: Filter | None

    @classmethod
    def parse(cls, source: str, filters: Mapping[str, Filter]) -> Place:
        """Read what stands between the braces. Raises KeyError for an unknown filter."""
        rest, _, name = source.partition("|")
        rest, equals, default = rest.partition("=")
        return cls(tuple(rest.split(",")), default if equals else None, filters[name] if name else None)

    def texts(self, account: Account, call: Call) -> list[str]:
        """The values that the call gives this place, none when it has none."""
        found: list[str | None] = list(self._given(account, call))
        if not found:
            found = [self.default]
        if self.filter is not None:
            found = [self.filter(account, call, text) for text in found]
        return [text for text in found if text is not None]

    def _given(self, account: Account, call: Call) -> list[str]:
        for path in self.paths:
            if path == "account":
                return [account.account_id]
            if path == "region":
                return [call.region]
            values = read(call.params, path)
            if values:
                return [as_text(value) for value in values]
        return []


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places."""

    text: str
    parts: tuple[str | Place, ...]

    @classmethod
    def parse(cls, text: str, filters: Mapping[str, Filter]) -> Template:
        """Read a text of the table."""
        pieces = _PLACE.split(text)
        parts = tuple(
            Place.parse(piece, filters) if index % 2 else piece for index, piece in enumerate(pieces) if piece
        )
        return cls(text, parts)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every parameter path that the text reads."""
        return tuple(path for part in self.parts if isinstance(part, Place) for path in part.paths)

    def texts(self, account: Account, call: Call) -> list[str]:
        """The text once per combination of values; none when a place has no value."""
        choices = [part.texts(account, call) if isinstance(part, Place) else [part] for part in self.parts]
        return ["".join(choice) for choice in itertools.product(*choices)]


def read(params: Mapping[str, Any], path: str) -> list[Any]:
    """The values at a path, none where a member on the way is missing."""
    values: list[Any] = [params]
    for step in path.split("."):
        if step == ANYWHERE:
            values = list(_within(params))
            continue
        name, many = (step[:-2], True) if step.endswith("[]") else (step, False)
        found = [value[name] for value in values if isinstance(value, Mapping) and value.get(name) is not None]
        values = [item for each in found for item in each] if many else found
    return values


def _within(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every structure in a parameter, itself included."""
    if isinstance(value, Mapping):
        yield value
        for each in value.values():
            yield from _within(each)
    elif isinstance(value, list):
        for each in value:
            yield from _within(each)


def as_text(value: Any) -> str:
    """A parameter's value as IAM compares it: booleans in lower case, times in ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)
