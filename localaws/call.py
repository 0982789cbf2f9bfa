"""One call of one operation by one caller: what every part of the embedded account passes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.caller import Caller


@dataclass(slots=True)
class TrailNotes:
    """What a service tells CloudTrail about a call, where the default record would not be AWS's.

    ``request_parameters`` and ``response_elements`` replace the derived ones when not None.
    ``extra`` is merged into the event's top level (``additionalEventData``, ``resources`` ...).
    """

    request_parameters: dict[str, Any] | None = None
    response_elements: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """``service`` is botocore's name, lower case ("s3", "athena", "sso-admin"); ``operation`` its operation name.

    ``params`` are the operation's input, named as in the service model. ``time`` is the account's clock.
    ``transferred`` are the bytes of the request's body and of the response's, known for calls that came over the wire.
    ``signed_at`` is real time, as signatures are: None for a call that nobody signed.
    ``invoked_by`` is the service principal when a service acts with the caller's rights (forward access session).
    """

    caller: Caller
    service: str
    operation: str
    params: dict[str, Any]
    region: str
    time: datetime
    request_id: str
    source_ip: str = "127.0.0.1"
    user_agent: str = ""
    host: str = ""
    secure: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    signed_at: datetime | None = None
    invoked_by: str | None = None
    transferred: tuple[int, int] | None = None
    trail: TrailNotes = field(default_factory=TrailNotes)

    def acting(self, service: str, operation: str, params: dict[str, Any], invoked_by: str) -> Call:
        """The same caller's call of another service, made on their behalf by ``invoked_by``."""
        return replace(
            self,
            service=service,
            operation=operation,
            params=params,
            invoked_by=invoked_by,
            source_ip=invoked_by,
            user_agent=invoked_by,
            transferred=None,
            trail=TrailNotes(),
        )


Handler = Callable[["Account", Call], Mapping[str, Any]]
"""A native operation: takes the account and the call, returns the operation's output, raises AwsError to refuse."""
