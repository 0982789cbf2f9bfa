"""Mutants of the audit trail: events of one kind lost, a field of identity blank, delivery late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from lakeproof.mutants.model import Mutant, Touches, names
from lakeproof.mutants.world import World, control

EVENTS = ("StartQueryExecution", "GetDataAccess", "CreatePresignedDomainUrl", "DescribeUserProfile", "AssumeRole")
"""Kinds of event that an attribution is made of."""
FIELDS = (
    "userIdentity.arn",
    "userIdentity.principalId",
    "userIdentity.accountId",
    "userIdentity.sessionContext.sessionIssuer.arn",
    "userIdentity.sessionContext.sourceIdentity",
    "sourceIPAddress",
    "eventTime",
    "requestParameters",
    "errorCode",
)
"""Fields of an event that say who, from where, when and what."""
LATE_S = 3600


def mutants(world: World) -> Iterator[Mutant]:
    """All of them. No API of AWS can do this: the embedded account's own switch does."""
    for event in EVENTS:
        yield _mutant(f"{event} is not recorded", "drop event", {"drop": [event]}, event)
    for field in FIELDS:
        yield _mutant(f"{field} is blank", "blank field", {"blank": [field]}, field)
    yield _mutant("events come an hour late", "delay", {"delay": LATE_S}, "delay")


def _mutant(what: str, operator: str, tampering: Mapping[str, Any], place: str) -> Mutant:
    touches = Touches(frozenset(), frozenset(), frozenset(), names([place]))
    return Mutant(f"trail: {what}", "trail", operator, f"trail {place}", touches, partial(_tamper, tampering))


def _tamper(tampering: Mapping[str, Any], world: World) -> None:
    control(world.target, "trail", tampering)
