"""The execution role at work: SageMaker assumes it, and CloudTrail sees that."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.caller import Caller
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account

PRINCIPAL = "sagemaker.amazonaws.com"
SESSION_NAME = "SageMaker"
"""The session name of every Studio notebook. Source: captured error texts (``assumed-role/ROLE/SageMaker``)."""


def assume(account: Account, call: Call, role_arn: str, source_identity: str | None) -> None:
    """Assume the role as SageMaker does, recording an AssumeRole by the service, allowed or refused.

    The session's credentials go nowhere: nothing runs in the embedded account.
    Raises ValidationException when the role does not exist or its trust policy refuses (captured text of a job).
    """
    params: dict[str, Any] = {"RoleArn": role_arn, "RoleSessionName": SESSION_NAME}
    if source_identity:
        params["SourceIdentity"] = source_identity
    acting = _as_service(account, call, params)
    try:
        answer = account.sts.assume_for_service(role_arn, SESSION_NAME, PRINCIPAL, source_identity=source_identity)
    except AwsError as refusal:
        account.cloudtrail.record(acting, None, refusal)
        raise AwsError(
            "ValidationException",
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal '{PRINCIPAL}' "
            "to assume the role.",
        ) from refusal
    account.cloudtrail.record(acting, answer, None)


def _as_service(account: Account, call: Call, params: dict[str, Any]) -> Call:
    service = Caller(kind="service", account_id=account.account_id, arn=PRINCIPAL, principal_id=PRINCIPAL)
    return Call(
        caller=service,
        service="sts",
        operation="AssumeRole",
        params=params,
        region=call.region,
        time=call.time,
        request_id=str(uuid.uuid4()),
        source_ip=PRINCIPAL,
        user_agent=PRINCIPAL,
    )


def profile_identity(account: Account, domain_id: str, profile_name: str | None) -> str | None:
    """The source identity of a profile's sessions: its name where the domain says USER_PROFILE_NAME, else None.

    Source: SageMaker Developer Guide, "Monitor user resource access from SageMaker Studio with sourceIdentity".
    """
    domain = account.sagemaker.state.domain(domain_id)
    if domain.get("DomainSettings", {}).get("ExecutionRoleIdentityConfig") == "USER_PROFILE_NAME":
        return profile_name
    return None


def job_identity(account: Account, call: Call) -> str | None:
    """The source identity of a job's session: the caller's own, where a domain's profile of that name has one."""
    carried = call.caller.session.source_identity if call.caller.session else None
    if carried is None:
        return None
    with account.sagemaker.lock:
        domains = [domain_id for domain_id, name in account.sagemaker.state.profiles if name == carried]
        return carried if any(profile_identity(account, domain_id, carried) for domain_id in domains) else None
