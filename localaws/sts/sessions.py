"""Role sessions: what their credentials are and whom they make of their holder."""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from localaws.caller import Caller, RoleSession

KEY_ALPHABET = string.ascii_uppercase + "234567"
SECRET_ALPHABET = string.ascii_letters + string.digits + "+/"
KEPT_AFTER_EXPIRY = timedelta(hours=1)
"""How long an expired session is remembered, so that its holder learns that it expired and not that it never was."""


@dataclass(frozen=True, slots=True)
class StsSession:
    """The temporary credentials of a role session, and the caller they speak for."""

    access_key_id: str
    secret: str
    token: str
    caller: Caller
    expires_at: datetime


class Sessions:
    """All sessions by access key id. Expired ones are forgotten an hour after their end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[str, StsSession] = {}

    def issue(self, account_id: str, role_session: RoleSession) -> StsSession:
        """Make credentials for a session: access key ``ASIA...``, secret and token, all random."""
        access_key_id = "ASIA" + _random(KEY_ALPHABET, 16)
        caller = Caller(
            kind="role",
            account_id=account_id,
            arn=f"arn:aws:sts::{account_id}:assumed-role/{role_session.role_name}/{role_session.session_name}",
            principal_id=f"{role_session.role_id}:{role_session.session_name}",
            access_key_id=access_key_id,
            session=role_session,
        )
        token = "IQoJb3JpZ2luX2Vj" + _random(SECRET_ALPHABET, 340)
        session = StsSession(access_key_id, _random(SECRET_ALPHABET, 40), token, caller, role_session.expires_at)
        forgotten = role_session.issued_at - KEPT_AFTER_EXPIRY
        with self._lock:
            for key in [key for key, old in self._by_key.items() if old.expires_at < forgotten]:
                del self._by_key[key]
            self._by_key[access_key_id] = session
        return session

    def get(self, access_key_id: str) -> StsSession | None:
        """The session of a temporary access key, expired or not."""
        with self._lock:
            return self._by_key.get(access_key_id)

    def all(self) -> dict[str, StsSession]:
        """Every session that is remembered, by access key id."""
        with self._lock:
            return dict(self._by_key)

    def replace(self, sessions: Mapping[str, StsSession]) -> None:
        """Forget all sessions and remember these."""
        with self._lock:
            self._by_key = dict(sessions)


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
