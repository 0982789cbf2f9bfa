"""Who attempts a probe: credentials with the words that reports use for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lakeproof.target import Credentials

Kind = Literal["execution", "console", "control", "harness"]
"""A person's execution role, a person's console identity, the control reader, or the harness's own principal."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One principal of the account with the keys to act as it.

    ``principal_arn`` is what policies and grants name (a session's role). ``session_arn`` is what CloudTrail writes.
    ``workgroup`` and ``database`` are where its queries run; ``output`` is their result location, None when the
    workgroup enforces one.
    """

    name: str
    kind: Kind
    principal_arn: str
    session_arn: str
    credentials: Credentials
    person: str | None = None
    source_identity: str | None = None
    workgroup: str = "primary"
    database: str = "default"
    output: str | None = None
