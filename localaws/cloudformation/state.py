"""What CloudFormation holds: stacks with their resources, events and outputs. Plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localaws.cloudformation.problems import invalid

GONE = "DELETE_COMPLETE"


@dataclass
class Held:
    """A resource of a stack. ``properties`` are as the template gave them: a dynamic reference stays one.

    ``physical_id`` is empty until the service has made it. ``waits_for`` are the resources it was made after.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    physical_id: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    status: str = ""
    reason: str | None = None
    changed: datetime | None = None
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event:
    """One line of a stack's history."""

    id: str
    time: datetime
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str | None = None
    properties: str | None = None
    token: str | None = None


@dataclass
class Stack:
    """A stack, deleted ones included. ``parameters`` are texts by name, ``outputs`` as DescribeStacks lists them."""

    stack_id: str
    name: str
    text: str
    created: datetime
    parameters: dict[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    tags: list[dict[str, str]] = field(default_factory=list)
    notification_arns: list[str] = field(default_factory=list)
    role_arn: str | None = None
    disable_rollback: bool = False
    protected: bool = False
    timeout: int | None = None
    parent_id: str | None = None
    root_id: str | None = None
    status: str = ""
    reason: str | None = None
    updated: datetime | None = None
    deleted: datetime | None = None
    resources: dict[str, Held] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    imports: frozenset[str] = frozenset()

    @property
    def alive(self) -> bool:
        """Whether the stack still is: a deleted one is found by its id alone."""
        return self.status != GONE

    @property
    def exports(self) -> dict[str, str]:
        """What the stack exports, by the export's name."""
        return {output["ExportName"]: output["OutputValue"] for output in self.outputs if "ExportName" in output}


@dataclass
class State:
    """Stacks by id, in the order in which they were made. Guarded by the service's lock."""

    stacks: dict[str, Stack] = field(default_factory=dict)

    def find(self, name_or_id: str) -> Stack | None:
        """A living stack by name, or any stack by id."""
        if name_or_id.startswith("arn:"):
            return self.stacks.get(name_or_id)
        return next((stack for stack in self.living() if stack.name == name_or_id), None)

    def get(self, name_or_id: str) -> Stack:
        """As ``find``. Raises ValidationError ``Stack with id X does not exist``."""
        found = self.find(name_or_id)
        if found is None:
            raise invalid(f"Stack with id {name_or_id} does not exist")
        return found

    def living(self) -> Iterator[Stack]:
        """The stacks that are not deleted."""
        return (stack for stack in self.stacks.values() if stack.alive)

    def exporter(self, name: str) -> Stack | None:
        """The stack that exports a name."""
        return next((stack for stack in self.living() if name in stack.exports), None)

    def importers(self, name: str) -> list[Stack]:
        """The stacks that import a name."""
        return [stack for stack in self.living() if name in stack.imports]
