"""AWS STS: temporary credentials for roles.

Served: AssumeRole and GetCallerIdentity. Every other operation of STS is refused by name.
"""

from __future__ import annotations

from localaws.call import Handler
from localaws.sts.assume_role import assume_role
from localaws.sts.identity import get_caller_identity
from localaws.sts.service import Sts
from localaws.sts.sessions import StsSession

__all__ = ["HANDLERS", "UNSIGNED", "Sts", "StsSession"]

UNSIGNED = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
"""Operations that AWS answers without a signature. They are refused by name all the same."""

HANDLERS: dict[str, Handler] = {
    "AssumeRole": assume_role,
    "GetCallerIdentity": get_caller_identity,
}
