"""What came of a probe: it was allowed, it was denied for a known cause, or no evidence was obtained.

There is no fourth case. Whatever is neither a success nor a refusal by somebody that we can name is ``NotObtained``,
and no scenario may take that for a pass or for a failure of the control.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Cause(StrEnum):
    """Who refused. The words of the plan, the features and the report."""

    LF_COLUMN = "LF_COLUMN"
    LF_TABLE = "LF_TABLE"
    LF_DATABASE = "LF_DATABASE"
    LF_ROW = "LF_ROW"
    LF_PERMISSION = "LF_PERMISSION"
    IAM_EXPLICIT = "IAM_EXPLICIT"
    IAM_IMPLICIT = "IAM_IMPLICIT"
    TRUST_POLICY = "TRUST_POLICY"
    BOUNDARY = "BOUNDARY"
    SESSION_POLICY = "SESSION_POLICY"
    RESOURCE_POLICY = "RESOURCE_POLICY"
    SCP = "SCP"
    S3 = "S3"


@dataclass(frozen=True, slots=True)
class Allowed:
    """The probe succeeded. ``columns`` in the order of the result; empty for an API call.

    ``rows`` holds the values of a query in memory only: they are never printed, attached or written to the ledger.
    ``response`` is the answer of an API call, equally kept out of every representation. ``unanswered``: it did not
    arrive, and is empty; that the call had its effect is known from the next try.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = field(default=(), repr=False)
    response: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    unanswered: bool = False

    def __str__(self) -> str:
        if self.unanswered:
            return "allowed: no answer came, and the next try found its effect"
        return f"allowed, {len(self.rows)} rows of {', '.join(self.columns)}" if self.columns else "allowed"


@dataclass(frozen=True, slots=True)
class Denied:
    """The probe was refused by somebody we can name. ``text`` is AWS's own sentence."""

    cause: Cause
    text: str

    def __str__(self) -> str:
        return f"refused, cause {self.cause}: {self.text}"


@dataclass(frozen=True, slots=True)
class NotObtained:
    """Something else happened: a throttle, an expired token, a missing bucket. It proves nothing, either way.

    ``expired``: it was the session, and the same probe may be made with a new one.
    """

    error: str
    remedy: str = ""
    expired: bool = False

    def __str__(self) -> str:
        return f"no evidence obtained: {self.error}" + (f" ({self.remedy})" if self.remedy else "")


Outcome = Allowed | Denied | NotObtained
