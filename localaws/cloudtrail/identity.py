"""``userIdentity``: who made a call, as CloudTrail writes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from localaws.call import Call
from localaws.caller import Caller, RoleSession


def instant(time: datetime) -> str:
    """A time as events carry it: UTC, whole seconds, ``2026-07-01T21:01:47Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def user_identity(call: Call) -> dict[str, Any]:
    """The caller of a call, with ``invokedBy`` when a service made it on the caller's behalf.

    Source: CloudTrail User Guide, "CloudTrail userIdentity element"; captured events of 2024 to 2026, which have no
    ``webIdFederationData`` for a role that was assumed by AssumeRole.
    """
    caller = call.caller
    if caller.kind == "service":
        return {"type": "AWSService", "invokedBy": caller.arn}
    identity: dict[str, Any] = {
        "type": "AssumedRole" if caller.session else "IAMUser",
        "principalId": caller.principal_id,
        "arn": caller.arn,
        "accountId": caller.account_id,
        "accessKeyId": caller.access_key_id,
    }
    if caller.session:
        identity["sessionContext"] = _session_context(caller, caller.session)
    else:
        identity["userName"] = caller.user_name
    if call.invoked_by:
        identity["invokedBy"] = call.invoked_by
    return identity


def _session_context(caller: Caller, session: RoleSession) -> dict[str, Any]:
    context: dict[str, Any] = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": session.role_id,
            "arn": session.role_arn,
            "accountId": caller.account_id,
            "userName": session.role_name,
        },
        "attributes": {"creationDate": instant(session.issued_at), "mfaAuthenticated": "false"},
    }
    if session.source_identity:
        context["sourceIdentity"] = session.source_identity
    return context


def lookup_username(caller: Caller) -> str | None:
    """``Username`` of a LookupEvents row: the IAM user's name, or the session name of an assumed role (inferred).

    None for an AWS service.
    """
    return caller.session.session_name if caller.session else caller.user_name
