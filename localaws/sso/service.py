"""The service object: what moto's SSO admin does not hold, beside the permission sets and assignments that it does."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localaws.account import Account


@dataclass
class State:
    """Plain data, guarded by the service's lock. Permission sets are named by their ARN.

    ``roles`` are the provisioned roles' names, ``provisioned`` what was last provisioned into each,
    ``suffixes`` the 16 hexadecimal digits that end a role's name; ``statuses`` the outcome of each request.
    """

    access_control: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    provisioned: dict[str, dict[str, Any]] = field(default_factory=dict)
    suffixes: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    saml_provider: str = ""


class Sso:
    """``state`` is plain data; hold ``lock`` to read or change it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.lock = threading.RLock()
        self.state = State()

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a permission set, for ``aws:ResourceTag/k``; empty when it has none or does not exist."""
        with self.lock:
            return dict(self.state.tags.get(arn, {}))
