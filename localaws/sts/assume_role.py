"""AssumeRole: who may take which role, and what the session carries.

Source: STS API Reference, AssumeRole; IAM User Guide, "Roles terms and concepts" (role chaining), "Monitor and
control actions taken with assumed roles" (source identity). The text of a refusal has no "because" (captured 2024).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localaws.caller import RoleSession
from localaws.errors import AwsError
from localaws.iam.denial import refusal
from localaws.iam.document import compile_document
from localaws.iam.fault import PolicyFault
from localaws.sts.request import MAX_INLINE_POLICY, AssumeRoleRequest, duration_of, inherited, read

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call


def assume_role(account: Account, call: Call) -> Mapping[str, Any]:
    """The operation: AssumeRole's output, with credentials. Raises AwsError as ``assume`` and ``read`` do."""
    return assume(account, call, read(call.params))


def assume(account: Account, call: Call, request: AssumeRoleRequest) -> dict[str, Any]:
    """Open a session of the role for ``call.caller``, if trust policy and identity policies let it.

    Raises AwsError AccessDenied (also for a role that does not exist), ValidationError, InvalidParameterValue,
    MalformedPolicyDocument, PackedPolicyTooLarge.
    """
    parent = call.caller.session
    tags, transitive = inherited(request, parent)
    source_identity = _source_identity(call, request, parent)
    role = account.authorizer.trusted(request.role_name)
    if role is None or role.arn != request.role_arn:
        raise refused(call, request.role_arn)
    decision = account.authorizer.assume_role_decision(
        role,
        call,
        session_name=request.session_name,
        external_id=request.external_id,
        source_identity=source_identity,
        tags=tags,
        transitive_tag_keys=transitive,
    )
    if not decision.allowed:
        raise refusal("sts", decision)
    seconds = duration_of(request, role.max_session_duration, chained=parent is not None)
    issued_at = account.clock.now()
    session = account.sts.sessions.issue(
        account.account_id,
        RoleSession(
            role_arn=role.arn,
            role_name=role.name,
            role_id=role.role_id,
            session_name=request.session_name,
            issued_at=issued_at,
            expires_at=(issued_at + timedelta(seconds=seconds)).replace(microsecond=0),
            source_identity=source_identity,
            tags=tags,
            transitive_tag_keys=transitive,
            policies=_session_policies(account, request),
            issued_by=call.caller.arn,
        ),
    )
    output: dict[str, Any] = {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "Expiration": session.expires_at,
        },
        "AssumedRoleUser": {"AssumedRoleId": session.caller.principal_id, "Arn": session.caller.arn},
    }
    if tags or request.inline_policy or request.policy_arns:
        output["PackedPolicySize"] = _packed_size(request, tags)
    if source_identity is not None:
        output["SourceIdentity"] = source_identity
    return output


def refused(call: Call, role_arn: str, action: str = "sts:AssumeRole") -> AwsError:
    """STS's refusal. It does not tell a role that does not exist from one that may not be assumed."""
    return AwsError(
        "AccessDenied", f"User: {call.caller.arn} is not authorized to perform: {action} on resource: {role_arn}", 403
    )


def _source_identity(call: Call, request: AssumeRoleRequest, parent: RoleSession | None) -> str | None:
    """Once set, a source identity stays for the whole chain of roles; asking for another one is refused."""
    inherited_identity = parent.source_identity if parent else None
    if inherited_identity is None:
        return request.source_identity
    if request.source_identity not in (None, inherited_identity):
        raise refused(call, request.role_arn, "sts:SetSourceIdentity")
    return inherited_identity


def _session_policies(account: Account, request: AssumeRoleRequest) -> tuple[str, ...]:
    policies = []
    if request.inline_policy is not None:
        policies.append(_well_formed(request.inline_policy))
    for arn in request.policy_arns:
        managed = account.store.managed_policy(arn)
        if managed is None:
            raise AwsError("ValidationError", f"Policy {arn} does not exist or is not attachable.")
        policies.append(managed.document)
    return tuple(policies)


def _packed_size(request: AssumeRoleRequest, tags: Mapping[str, str]) -> int:
    """Percent of the allotted space (an estimate: how AWS packs is not published). At least 1, at most 100."""
    characters = len(request.inline_policy or "") + sum(len(arn) for arn in request.policy_arns)
    characters += sum(len(key) + len(value) for key, value in tags.items())
    return min(100, max(1, characters * 100 // (4 * MAX_INLINE_POLICY)))


def _well_formed(policy: str) -> str:
    try:
        compile_document(policy, "identity")
    except PolicyFault as fault:
        raise AwsError("MalformedPolicyDocument", fault.aws_text) from fault
    return policy
