"""The profiles of faults: what each imitates, read from ``profiles.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import yaml

Kind = Literal[
    "throttle", "unavailable", "reset", "lost", "slow", "expire", "stale", "pending", "queue", "late", "twice", "partly"
]
Of = Literal["iam", "tags", "grants"]
DEFAULT_SEED = 1
MOST_SEED = 2**32


@dataclass(frozen=True, slots=True)
class Fault:
    """A row of ``profiles.yaml``, which says what the members mean."""

    kind: Kind
    share: float = 1.0
    calls: tuple[str, ...] = ()
    seconds: tuple[float, float] = (0.0, 0.0)
    of: Of | None = None
    calls_served: tuple[int, int] = (0, 0)

    def strikes(self, service: str, operation: str) -> bool:
        """Whether the fault is about this operation at all."""
        return not self.calls or any(fnmatchcase(f"{service}:{operation}", pattern) for pattern in self.calls)


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of faults with the seed that they are drawn from; its text is ``name:seed``."""

    name: str
    seed: int
    imitates: str
    faults: tuple[Fault, ...]

    def of(self, kind: Kind) -> tuple[Fault, ...]:
        """Its faults of one kind."""
        return tuple(fault for fault in self.faults if fault.kind == kind)

    def longest(self, *kinds: Kind) -> float:
        """The longest time, in seconds, by which a fault of these kinds can hold something up; 0 without any."""
        return max((fault.seconds[1] for fault in self.faults if fault.kind in kinds), default=0.0)

    def __str__(self) -> str:
        return f"{self.name}:{self.seed}"


def choose(text: str) -> Profile:
    """The profile of ``NAME`` or ``NAME:SEED``. Raises ValueError that names the profiles there are."""
    name, colon, seed = text.partition(":")
    known = profiles()
    if name not in known:
        raise ValueError(f"{name!r} is not a profile of faults: there are {', '.join(known)}")
    if colon and not (seed.isascii() and seed.isdecimal() and int(seed) < MOST_SEED):
        raise ValueError(f"{seed!r} is not a seed: a whole number below {MOST_SEED}, as in {name}:7")
    imitates, faults = known[name]
    return Profile(name, int(seed) if colon else DEFAULT_SEED, imitates, faults)


@cache
def profiles() -> dict[str, tuple[str, tuple[Fault, ...]]]:
    """What each profile imitates, and its faults, by name. Raises ValueError on a row that is not understood."""
    text = files("localaws.faults").joinpath("profiles.yaml").read_text(encoding="utf-8")
    table = yaml.safe_load(text)
    return {name: (one["imitates"], tuple(map(_fault, one["faults"]))) for name, one in table.items()}


def _fault(row: Mapping[str, Any]) -> Fault:
    lists = {name: tuple(row[name]) for name in ("calls", "seconds", "calls_served") if name in row}
    fault = Fault(**{**row, **lists})
    if (
        fault.kind not in get_args(Kind)
        or not 0 < fault.share <= 1
        or (fault.kind == "stale") != (fault.of is not None)
    ):
        raise ValueError(f"profiles.yaml: row {dict(row)} is not understood")
    return fault
