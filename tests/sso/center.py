"""The account's Identity Center: its instance, people, permission sets, and clear refusals."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError


@dataclass(frozen=True)
class Center:
    """The account's Identity Center, and clients of the administrator."""

    account_id: str
    arn: str
    store_id: str
    sso: Any
    people: Any
    iam: Any

    def person(self) -> str:
        """The id of a new user of the identity store."""
        name = f"user-{uuid.uuid4()}"
        answer = self.people.create_user(
            IdentityStoreId=self.store_id,
            UserName=name,
            DisplayName=name,
            Name={"GivenName": "Ana", "FamilyName": "Example"},
        )
        return str(answer["UserId"])

    def permission_set(self, **params: Any) -> str:
        """The ARN of a new permission set."""
        settings = {"Name": f"ps-{uuid.uuid4().hex[:8]}", "InstanceArn": self.arn, **params}
        return str(self.sso.create_permission_set(**settings)["PermissionSet"]["PermissionSetArn"])

    def assignment(self, permission_set: str, person: str) -> dict[str, str]:
        """The parameters of an assignment of a permission set to a person in this account."""
        return {
            "InstanceArn": self.arn,
            "TargetId": self.account_id,
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": permission_set,
            "PrincipalType": "USER",
            "PrincipalId": person,
        }

    def roles(self) -> list[dict[str, Any]]:
        """The roles that Identity Center made in the account."""
        pages = self.iam.get_paginator("list_roles").paginate(PathPrefix="/aws-reserved/sso.amazonaws.com/")
        return [role for page in pages for role in page["Roles"]]


def refused(operation: Callable[..., Any], **params: Any) -> str:
    """The code with which an operation refuses; fails when it does not."""
    with pytest.raises(ClientError) as caught:
        operation(**params)
    return str(caught.value.response["Error"]["Code"])
