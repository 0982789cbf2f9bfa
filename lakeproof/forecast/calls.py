"""API calls, counted by the phase of a sign-off that made them, and what each does to an account."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

PHASES = ("checks", "provisioning", "probes", "audit", "teardown")
"""In the order of a run. ``checks`` come before anything is made, ``audit`` after the one wait for the trail."""

READS = ("BatchGet", "Describe", "Get", "Head", "List", "Lookup", "Search", "Simulate")
"""First words of operations that leave an account as it was (Service Authorization Reference, access levels)."""
SESSIONS = frozenset({("sts", "AssumeRole"), ("sagemaker", "CreatePresignedDomainUrl")})
"""What signs somebody in: keys or an address for a time, and nothing that stays."""
QUERIES = frozenset({("athena", "StartQueryExecution"), ("athena", "StopQueryExecution")})


@dataclass(frozen=True, order=True, slots=True)
class Call:
    """One operation of one service in one phase; ``service`` is boto3's name."""

    phase: str
    service: str
    operation: str

    @property
    def kind(self) -> str:
        """``read``, ``query``, ``session`` or ``change``; what is not known to leave no trace is a change."""
        name = (self.service, self.operation)
        if name in QUERIES:
            return "query"
        if name in SESSIONS:
            return "session"
        return "read" if self.operation.startswith(READS) else "change"

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


Calls = Counter[Call]


def save(calls: Calls, path: Path) -> None:
    """Write the counts as JSON, one row for each call."""
    rows = [[each.phase, each.service, each.operation, number] for each, number in sorted(calls.items())]
    path.write_text(json.dumps(rows), encoding="utf-8")


def read(path: Path) -> Calls:
    """What ``save`` wrote."""
    return Counter({Call(*names): number for *names, number in json.loads(path.read_text(encoding="utf-8"))})


def by_kind(calls: Calls, phase: str | None = None) -> Counter[str]:
    """How many calls of each kind, in one phase or in all."""
    found: Counter[str] = Counter()
    for each, number in calls.items():
        if phase in (None, each.phase):
            found[each.kind] += number
    return found


def some(calls: Calls, kind: str, phase: str | None = None) -> Counter[str]:
    """The calls of one kind as ``service:Operation``, each with its number."""
    found: Counter[str] = Counter()
    for each, number in calls.items():
        if each.kind == kind and phase in (None, each.phase):
            found[str(each)] += number
    return found
