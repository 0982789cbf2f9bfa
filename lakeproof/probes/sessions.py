"""Sign people in: assume a role as Studio or an identity provider would, once per run and role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakeproof.target import Credentials, Target

DURATION_S = 3600
STUDIO_SESSION = "SageMaker"
"""The session name of every Studio user (seen in AWS's error texts): it does not tell people apart."""


@dataclass(frozen=True, slots=True)
class Session:
    """An assumed role's keys and the ARN that CloudTrail writes for it."""

    credentials: Credentials
    arn: str


def assume(
    target: Target,
    role_arn: str,
    *,
    session_name: str = STUDIO_SESSION,
    external_id: str | None = None,
    source_identity: str | None = None,
    tags: Mapping[str, str] | None = None,
    by: Credentials | None = None,
) -> Session:
    """Assume ``role_arn`` with the harness's rights, or those of ``by``. Raises botocore's ClientError if refused."""
    request: dict[str, Any] = {"RoleArn": role_arn, "RoleSessionName": session_name, "DurationSeconds": DURATION_S}
    if external_id:
        request["ExternalId"] = external_id
    if source_identity:
        request["SourceIdentity"] = source_identity
    if tags:
        request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    answer = target.client("sts", by).assume_role(**request)
    return Session(Credentials.from_sts(answer["Credentials"]), answer["AssumedRoleUser"]["Arn"])
