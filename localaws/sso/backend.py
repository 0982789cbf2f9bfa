"""The way to moto's SSO admin: permission set ARNs are AWS's outside and moto's inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account

_OURS = ":::permissionSet/"
_MOTOS = ":::instance/"
"""moto names a permission set ``arn:aws:sso:::instance/ssoins-x/ps-y``, AWS ``arn:aws:sso:::permissionSet/…``."""


def invoke(account: Account, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Run an operation of sso-admin in moto, with AWS's ARNs in and out. Raises AwsError."""
    answer = account.store.invoke("sso-admin", operation, {name: _inside(value) for name, value in params.items()})
    return {name: _outside(value) for name, value in answer.items()}


def forwarded(account: Account, call: Call) -> dict[str, Any]:
    """A handler for what moto does as AWS does. Raises ResourceNotFoundException for a foreign instance."""
    check_instance(account, call.params)
    return invoke(account, call.operation, call.params)


def instance(account: Account, arn: str) -> dict[str, Any]:
    """The Identity Center instance. Raises ResourceNotFoundException."""
    for found in account.store.invoke("sso-admin", "ListInstances", {})["Instances"]:
        if found["InstanceArn"] == arn:
            return dict(found)
    raise AwsError("ResourceNotFoundException", f"Instance {arn} does not exist.")


def check_instance(account: Account, params: Mapping[str, Any]) -> None:
    """Raises ResourceNotFoundException when the call names an instance that is not this account's."""
    if arn := params.get("InstanceArn"):
        instance(account, arn)


def permission_set(account: Account, instance_arn: str, arn: str) -> dict[str, Any]:
    """Name, Description, SessionDuration ... of a permission set. Raises ResourceNotFoundException."""
    params = {"InstanceArn": instance_arn, "PermissionSetArn": arn}
    found: dict[str, Any] = invoke(account, "DescribePermissionSet", params)["PermissionSet"]
    return found


def every(account: Account, operation: str, result: str, params: Mapping[str, Any]) -> list[Any]:
    """All entries of a paged operation."""
    entries: list[Any] = []
    token: str | None = None
    while True:
        page = invoke(account, operation, {**params, **({"NextToken": token} if token else {})})
        entries += page[result]
        token = page.get("NextToken")
        if not token:
            return entries


def _inside(value: Any) -> Any:
    return value.replace(_OURS, _MOTOS) if isinstance(value, str) else value


def _outside(value: Any) -> Any:
    if isinstance(value, str) and "/ps-" in value:
        return value.replace(_MOTOS, _OURS)
    if isinstance(value, Mapping):
        return {name: _outside(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_outside(item) for item in value]
    return value
