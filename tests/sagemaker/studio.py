"""Roles that SageMaker may assume, domains, and clear refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Embedded


def refusal(operation: Callable[..., Any], **params: Any) -> tuple[str, str]:
    """Code and message with which an operation refuses; fails when it does not."""
    with pytest.raises(ClientError) as caught:
        operation(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def make_role(embedded: Embedded, name: str, *, actions: list[str], principal: dict[str, str] | None = None) -> str:
    """The ARN of a new role with this trust: the principal (SageMaker by default) may do these actions."""
    statement = {
        "Effect": "Allow",
        "Principal": principal or {"Service": "sagemaker.amazonaws.com"},
        "Action": actions,
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    answer = embedded.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    return str(answer["Role"]["Arn"])


def make_domain(embedded: Embedded, name: str, **params: Any) -> str:
    """The id of a new domain."""
    settings = {"DomainName": name, "AuthMode": "IAM", "DefaultUserSettings": {}, **params}
    answer = embedded.client("sagemaker").create_domain(**settings)
    return str(answer["DomainArn"].rpartition("/")[2])
