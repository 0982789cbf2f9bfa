"""What a mutant is, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lakeproof.mutants.world import World

Kind = Literal["probe", "trail", "configuration"]
"""What a scenario stands on: attempts that it makes, the audit trail, or a comparison of the account with the plan."""

Status = Literal["killed", "survived", "equivalent", "error"]


class CannotApply(Exception):
    """The account or the plan has no place for this change: an error of the mutant, never a kill."""


@dataclass(frozen=True)
class Touches:
    """What a change touches, so that the scenarios that read it run first.

    ``identities`` are kinds of identity whose rights change (``console``, ``execution``, ``harness``), ``people`` the
    plan's people (none: all of them), ``actions`` patterns of IAM actions, ``names`` of resources as requests name
    them.
    """

    identities: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def __or__(self, other: Touches) -> Touches:
        people = self.people | other.people if self.people and other.people else frozenset[str]()
        return Touches(
            self.identities | other.identities, people, self.actions | other.actions, self.names | other.names
        )


@dataclass(frozen=True)
class Mutant:
    """One change of the plan's account.

    ``subject`` says what is changed, in the words of ``subjects.yaml``, which names the controls that it weakens.
    ``place`` is the thing changed: two mutants of one place cannot be combined.
    """

    id: str
    subject: str
    operator: str
    place: str
    touches: Touches
    change: Callable[[World], None] = field(compare=False, repr=False)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subject, or those of both parts."""
        return tuple(self.subject.split(" + "))


def both(one: Mutant, other: Mutant) -> Mutant:
    """A mutant of the second order: both changes at once."""

    def change(world: World) -> None:
        one.change(world)
        other.change(world)

    return Mutant(
        id=f"{one.id} + {other.id}",
        subject=" + ".join(dict.fromkeys((one.subject, other.subject))),
        operator="two changes",
        place=f"{one.place} + {other.place}",
        touches=one.touches | other.touches,
        change=change,
    )


@dataclass(frozen=True)
class Red:
    """A scenario that did not pass under a mutant."""

    scenario: str
    kind: Kind
    verdict: str
    controls: tuple[str, ...]
    seen: str


@dataclass(frozen=True)
class Result:
    """What became of one mutant.

    ``killer`` is the first FAIL of a probe or trail scenario about a control that the mutant weakens. ``reds`` are all
    scenarios that did not pass, as far as they were run. ``configuration``: whether a comparison with the plan noticed
    it, None if none was run. ``differences``: for a survivor, where its outcomes or rights differ from the original's,
    None if that was not computed. ``reason`` is why it counts as equivalent, or what went wrong.
    """

    id: str
    subject: str
    operator: str
    status: Status
    killer: Red | None = None
    reds: tuple[Red, ...] = ()
    ran: int = 0
    configuration: bool | None = None
    differences: tuple[str, ...] | None = None
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Attempted:
    """One attempt that a scenario made on the original: who tried what on what."""

    identity: str
    person: str | None
    action: str
    text: str


@dataclass(frozen=True)
class Scenario:
    """What the run on the original showed of a scenario: what it stands on, what it reads, what came of it."""

    nodeid: str
    kind: Kind
    verdict: str
    controls: tuple[str, ...]
    attempts: tuple[Attempted, ...]
    read: str
    """The parameters of every call that it made, as one text."""
    seconds: float = 0.0
    seen: str = ""


Outcomes = Mapping[tuple[str, ...], str]
"""What came of each attempt, by who tried what."""

Rights = Mapping[str, str]
"""What the account's policy simulator decides, by request."""


@dataclass(frozen=True)
class Baseline:
    """The original: its scenarios in the order of the run, and the outcome of each attempt."""

    scenarios: tuple[Scenario, ...]
    outcomes: Outcomes

    def reds(self) -> list[Scenario]:
        """The scenarios on which the original itself is not green."""
        return [each for each in self.scenarios if each.verdict not in ("PASS", "NOT_APPLICABLE")]


def names(values: Iterable[Any]) -> frozenset[str]:
    """The values that there are, as a set of strings."""
    return frozenset(str(each) for each in values if each)
