"""Who asks, and whom a Principal element names.

Sources: IAM User Guide, "IAM JSON policy elements: Principal", "NotPrincipal", "Policy evaluation for requests
within a single account".
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from localaws.iam.fault import PolicyFault


class Grip(enum.IntEnum):
    """How a Principal element takes hold of a principal: what an Allow in a resource policy is then worth.

    ``ACCOUNT`` delegates to the account, whose identity policies must allow too. ``ROLE`` is limited by the role's
    boundary and session policies. ``DIRECT`` (a user's or a session's ARN, a service, everyone) is not limited by
    what other policies do not say.
    """

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


@dataclass(frozen=True, slots=True)
class Requester:
    """The principal of a request. ``role_arn`` is set for a role session; ``unique_id`` is AIDA... or AROA...

    ``bounded`` says that the user or role has a permissions boundary.
    """

    kind: Literal["user", "role", "service", "root"]
    arn: str
    account: str
    unique_id: str = ""
    role_arn: str | None = None
    bounded: bool = False

    @property
    def service_linked(self) -> bool:
        """Whether it is a session of a service-linked role, which SCPs and RCPs do not restrict."""
        return self.role_arn is not None and ":role/aws-service-role/" in self.role_arn

    @property
    def root_arn(self) -> str:
        """The ARN that names the requester's account as a principal."""
        return f"arn:aws:iam::{self.account}:root"


@dataclass(frozen=True, slots=True)
class Principals:
    """A compiled Principal or NotPrincipal element. ``aws`` holds ARNs, account ids and unique ids."""

    text: str
    everyone: bool
    aws: frozenset[str]
    services: frozenset[str]
    negated: bool

    def grip(self, who: Requester) -> Grip:
        """How the element takes hold of a requester."""
        if not self.negated:
            return self._named(who)
        return Grip.NONE if self._exempt(who) else Grip.DIRECT

    def _named(self, who: Requester) -> Grip:
        if self.everyone:
            return Grip.DIRECT
        if who.kind == "service":
            return Grip.DIRECT if who.arn in self.services else Grip.NONE
        if who.arn in self.aws and who.kind != "root":
            return Grip.DIRECT
        if who.role_arn is not None:
            if who.role_arn in self.aws or who.unique_id.partition(":")[0] in self.aws:
                return Grip.ROLE
        elif who.unique_id in self.aws:
            return Grip.DIRECT
        if who.account in self.aws or who.root_arn in self.aws:
            return Grip.DIRECT if who.kind == "root" else Grip.ACCOUNT
        return Grip.NONE

    def _exempt(self, who: Requester) -> bool:
        """Whether NotPrincipal spares a requester: its account, its role and itself must each be listed.

        A principal with a permissions boundary is never spared (IAM User Guide, "Permissions boundaries").
        """
        if self.everyone:
            return True
        if who.kind == "service":
            return who.arn in self.services
        if who.bounded:
            return False
        account = who.account in self.aws or who.root_arn in self.aws
        role = who.role_arn is None or who.role_arn in self.aws
        return account and role and (who.arn in self.aws or who.kind == "root")


_ACCOUNT = re.compile(r"\d{12}")
_PRINCIPAL_ARN = re.compile(
    r"arn:aws(-[a-z-]+)?:(iam::\d{12}:(root|user/[^*?]+|role/[^*?]+)|sts::\d{12}:(assumed-role/[^*?/]+/[^*?/]+|federated-user/[^*?]+))"
)
_UNIQUE_ID = re.compile(r"(AIDA|AROA)[A-Z0-9]{8,}")
_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com|amazon\.com|aws\.internal)(\.cn)?")
_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")


def compile_principals(element: Any, *, negated: bool) -> Principals:
    """Compile a Principal or NotPrincipal element. Raises PolicyFault for what IAM refuses."""
    if element == "*":
        return Principals("*", True, frozenset(), frozenset(), negated)
    if not isinstance(element, Mapping) or not element:
        raise PolicyFault('Principal must be "*" or an object', "Syntax errors in policy.")
    named: dict[str, list[str]] = {"AWS": [], "Service": [], "Federated": [], "CanonicalUser": []}
    for kind, values in element.items():
        if kind not in _KINDS:
            raise PolicyFault(f"{kind} is no kind of principal")
        for value in values if isinstance(values, list) else [values]:
            if not isinstance(value, str) or not _is_principal(kind, value):
                raise PolicyFault(
                    f"{value!r} is no {kind} principal", f'Invalid principal in policy: "{kind.upper()}":"{value}"'
                )
            named[kind].append(value)
    text = ", ".join(value for values in named.values() for value in values)
    return Principals(text, "*" in named["AWS"], frozenset(named["AWS"]), frozenset(named["Service"]), negated)


def _is_principal(kind: str, value: str) -> bool:
    if kind == "AWS":
        patterns = (_ACCOUNT, _PRINCIPAL_ARN, _UNIQUE_ID)
        return value == "*" or any(pattern.fullmatch(value) for pattern in patterns)
    if kind == "Service":
        return _SERVICE.fullmatch(value) is not None
    return bool(value) and value != "*"
