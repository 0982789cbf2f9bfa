"""Calls made by hand on an account that has CloudTrail alone, and the event history of a running account."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localaws.call import Call
from localaws.caller import Caller, RoleSession
from localaws.clock import Clock
from localaws.cloudtrail import HANDLERS, CloudTrail
from localaws.faults import Faults
from tests.conftest import Embedded

ACCOUNT = "111122223333"
NOON = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)


@dataclass
class Bench:
    """An account that has CloudTrail and a clock, and nothing else."""

    account_id: str = ACCOUNT
    region: str = "us-east-1"
    trail_delay: float = 0.0
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    cloudtrail: CloudTrail = field(init=False)

    def __post_init__(self) -> None:
        self.cloudtrail = CloudTrail(self)  # type: ignore[arg-type]

    def lookup(self, **params: Any) -> dict[str, Any]:
        """LookupEvents' answer."""
        asked = call("cloudtrail", "LookupEvents", params)
        return dict(HANDLERS["LookupEvents"](self, asked))  # type: ignore[arg-type]

    def event(self, made: Call, output: Any = None, error: Any = None) -> dict[str, Any]:
        """The event that a call leaves."""
        self.cloudtrail.record(made, output, error)
        document: dict[str, Any] = json.loads(self.lookup(MaxResults=1)["Events"][0]["CloudTrailEvent"])
        return document


def user(name: str = "ana") -> Caller:
    """An IAM user with a long-term key."""
    return Caller("user", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/{name}", "AIDAEXAMPLE", "AKIAEXAMPLE", user_name=name)


def studio(source_identity: str | None = None) -> Caller:
    """A Studio notebook: the session "SageMaker" of an execution role."""
    session = RoleSession(
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/Exec_ana",
        role_name="Exec_ana",
        role_id="AROAEXAMPLE",
        session_name="SageMaker",
        issued_at=NOON,
        expires_at=NOON,
        source_identity=source_identity,
    )
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/Exec_ana/SageMaker"
    return Caller("role", ACCOUNT, arn, "AROAEXAMPLE:SageMaker", "ASIAEXAMPLE", session=session)


def call(
    service: str, operation: str, params: dict[str, Any], caller: Caller | None = None, time: datetime | None = None
) -> Call:
    """A call over TLS, as an SDK makes it."""
    return Call(
        caller=caller or user(),
        service=service,
        operation=operation,
        params=params,
        region="us-east-1",
        time=time or datetime.now(UTC),
        request_id="ac2791d9-aa6d-4352-9756-26b47faa5bd9",
        source_ip="203.0.113.10",
        user_agent="Boto3/1.44.5",
        host=f"{service}.us-east-1.amazonaws.com",
        secure=True,
        headers={"authorization": "AWS4-HMAC-SHA256 ..."},
    )


def history(account: Embedded, **attribute: str) -> list[dict[str, Any]]:
    """Every event in the history of a running account, newest first: all, or those of one attribute."""
    account.control("clock", {"advance": 1})
    wanted = [{"AttributeKey": key, "AttributeValue": value} for key, value in attribute.items()]
    pages = account.client("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=wanted)
    return [json.loads(row["CloudTrailEvent"]) for page in pages for row in page["Events"]]
