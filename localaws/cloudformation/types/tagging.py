"""Tags in place: from those that a resource has to those that the template wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Tags = list[dict[str, str]]


def retagged(former: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Tags, list[str]]:
    """The tags to set, and the keys to take away."""
    before, after = former.get("Tags", []), wanted.get("Tags", [])
    kept = {tag["Key"] for tag in after}
    return [tag for tag in after if tag not in before], [tag["Key"] for tag in before if tag["Key"] not in kept]
