"""Athena's workgroups as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakeproof.inventory.pages import listed


def workgroups(athena: Any) -> tuple[str, ...]:
    """The names of all workgroups, sorted."""
    return tuple(sorted(row["Name"] for row in listed(athena, "list_work_groups", "WorkGroups")))


def workgroup(athena: Any, name: str) -> Mapping[str, Any]:
    """One workgroup as GetWorkGroup shows it. Raises InvalidRequestException if there is none of that name."""
    found: Mapping[str, Any] = athena.get_work_group(WorkGroup=name)["WorkGroup"]
    return found
