"""The service object: keeps the sessions of one account."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.caller import Caller
from localaws.sts.assume_role import assume
from localaws.sts.request import read
from localaws.sts.sessions import Sessions, StsSession

if TYPE_CHECKING:
    from localaws.account import Account


class Sts:
    """``sessions`` is all the state there is."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.sessions = Sessions()

    def session(self, access_key_id: str) -> StsSession | None:
        """The session of a temporary access key, expired or not; None for a key that was never issued here."""
        return self.sessions.get(access_key_id)

    def assume_for_service(
        self,
        role_arn: str,
        session_name: str,
        service_principal: str,
        source_identity: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """AssumeRole by an AWS service: its output, credentials included. The caller records it in CloudTrail.

        Raises AwsError AccessDenied when the role does not exist or its trust policy refuses the service.
        """
        params: dict[str, Any] = {"RoleArn": role_arn, "RoleSessionName": session_name}
        if source_identity is not None:
            params["SourceIdentity"] = source_identity
        if tags:
            params["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        service = Caller("service", self._account.account_id, service_principal, service_principal)
        call = Call(
            caller=service,
            service="sts",
            operation="AssumeRole",
            params=params,
            region=self._account.region,
            time=self._account.clock.now(),
            request_id=str(uuid.uuid4()),
            source_ip=service_principal,
            user_agent=service_principal,
        )
        return assume(self._account, call, read(params))
