"""GetCallerIdentity: who signed this request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call


def get_caller_identity(account: Account, call: Call) -> Mapping[str, Any]:
    """The caller's unique id, account and ARN. Needs no permission (STS API Reference, GetCallerIdentity)."""
    return {"UserId": call.caller.principal_id, "Account": call.caller.account_id, "Arn": call.caller.arn}
