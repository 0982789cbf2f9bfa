"""What the store hands out: plain records, with nothing of the backend behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

PolicyKind = Literal["managed", "inline", "group-managed", "group-inline"]


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A long-term access key of an IAM user."""

    secret: str
    user_name: str
    active: bool


@dataclass(frozen=True, slots=True)
class UserRecord:
    """An IAM user. ``user_id`` is the unique id (``AIDA...``), ``path`` begins and ends with a slash."""

    name: str
    arn: str
    user_id: str
    path: str
    tags: Mapping[str, str] = field(default_factory=dict)
    boundary_arn: str | None = None


@dataclass(frozen=True, slots=True)
class RoleRecord:
    """An IAM role. ``trust`` is its trust policy as JSON text, ``max_session_duration`` is in seconds."""

    name: str
    arn: str
    role_id: str
    path: str
    trust: str
    max_session_duration: int
    tags: Mapping[str, str] = field(default_factory=dict)
    boundary_arn: str | None = None


class PolicyRecord(NamedTuple):
    """A policy in force. ``arn`` is None for an inline policy; ``document`` is JSON text (the default version's)."""

    name: str
    arn: str | None
    kind: PolicyKind
    document: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """The newest version of an S3 object. ``size`` is in bytes, ``etag`` has its quotes."""

    key: str
    size: int
    etag: str
    last_modified: datetime
