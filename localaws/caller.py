"""Who signed a request: the identity that IAM decides about and that CloudTrail writes down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class RoleSession:
    """What a session of an assumed role carries, beside the role itself.

    ``tags`` are the session tags alone (the role's own tags are read from IAM at each decision).
    ``policies`` are session policies, inline first, as JSON text; empty when none was passed.
    """

    role_arn: str
    role_name: str
    role_id: str
    session_name: str
    issued_at: datetime
    expires_at: datetime
    source_identity: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: frozenset[str] = frozenset()
    policies: tuple[str, ...] = ()
    issued_by: str | None = None
    """ARN of the caller of AssumeRole, or the service principal that assumed the role."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal. ``arn`` is ``arn:aws:iam::A:user/NAME`` or ``arn:aws:sts::A:assumed-role/ROLE/SESSION``.

    ``principal_id`` is the unique id (``AIDA...``, or ``AROA...:session``), as CloudTrail and STS show it.
    A ``service`` caller is AWS itself (``arn`` is then the service principal, such as ``sagemaker.amazonaws.com``).
    """

    kind: Literal["user", "role", "service"]
    account_id: str
    arn: str
    principal_id: str
    access_key_id: str = ""
    user_name: str | None = None
    session: RoleSession | None = None

    @property
    def principal_arn(self) -> str:
        """The ARN that policies and Lake Formation grants name: the role's for a role session, else ``arn``."""
        return self.session.role_arn if self.session else self.arn
