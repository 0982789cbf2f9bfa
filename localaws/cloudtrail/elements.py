"""``requestParameters`` and ``responseElements``: input and output in CloudTrail's spelling, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.model import Shape

from localaws.cloudtrail.rules import replacements, rules, sensitive_stand_in

_LEFT_OUT = object()


@dataclass
class Elements:
    """Spells the elements of one event. ``secrets`` collects the texts that were withheld.

    Structure members are written with a small first letter, keys of maps as they are (captured events). S3's XML
    bodies keep their members' spelling.
    """

    service: str
    operation: str
    secrets: set[str] = field(default_factory=set)

    def spell(self, value: Any, shape: Shape | None) -> Any:
        """The value in CloudTrail's spelling. ``shape`` is None where no model describes the call."""
        spelt = self._spell(value, shape)
        return None if spelt is _LEFT_OUT else spelt

    def _spell(self, value: Any, shape: Shape | None) -> Any:
        if shape is not None and shape.metadata.get("sensitive"):
            return self._withhold(value, sensitive_stand_in(self.service))
        if isinstance(value, Mapping):
            return self._spell_mapping(value, shape)
        if isinstance(value, (list, tuple)):
            member = getattr(shape, "member", None)
            spelt = (self._spell(item, member) for item in value)
            return [item for item in spelt if item is not _LEFT_OUT]
        if isinstance(value, datetime):
            return clock_text(value, self.service)
        if value is None or isinstance(value, (str, bool, int, float)):
            return value
        return _LEFT_OUT  # bytes and streams: CloudTrail records no content

    def _spell_mapping(self, value: Mapping[str, Any], shape: Shape | None) -> dict[str, Any]:
        is_map = shape is not None and shape.type_name == "map"
        members: Mapping[str, Shape] = getattr(shape, "members", {})
        stand_ins = replacements(self.service, self.operation)
        spelt: dict[str, Any] = {}
        for name, item in value.items():
            if item is None:
                continue
            if not is_map and name in stand_ins:
                written = self._withhold(item, stand_ins[name])
            else:
                written = self._spell(item, getattr(shape, "value", None) if is_map else members.get(name))
            if written is not _LEFT_OUT:
                spelt[str(name) if is_map or self.service == "s3" else small_first(name)] = written
        return spelt

    def _withhold(self, value: Any, stand_in: str | None) -> Any:
        self.secrets.update(_texts(value))
        return _LEFT_OUT if stand_in is None else stand_in

    def scrub(self, text: str) -> str:
        """The text (an error message) with every withheld value of four characters or more taken out of it."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) >= 4:
                text = text.replace(secret, "HIDDEN_DUE_TO_SECURITY_REASONS")
        return text


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) and value else []


def small_first(name: str) -> str:
    """``QueryExecutionId`` as events spell it: ``queryExecutionId``."""
    return name[:1].lower() + name[1:]


def clock_text(time: datetime, service: str) -> str:
    """A time inside the elements: ``Aug 1, 2024, 11:45:22 AM``, or ``Aug 1, 2024 1:42:21 PM`` for IAM (captured)."""
    comma = "" if service in rules()["times"]["without_comma"] else ","
    hour = time.hour % 12 or 12
    return f"{time:%b} {time.day}, {time.year}{comma} {hour}:{time:%M:%S} {'AM' if time.hour < 12 else 'PM'}"
