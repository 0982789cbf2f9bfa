"""Attributes for access control: which attributes of a person become session tags (``studiouserid``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError
from localaws.sso.backend import check_instance

if TYPE_CHECKING:
    from localaws.account import Account

CONFIGURATION = "InstanceAccessControlAttributeConfiguration"


def create_configuration(account: Account, call: Call) -> dict[str, Any]:
    """Raises ConflictException when there is one already (API reference)."""
    check_instance(account, call.params)
    with account.sso.lock:
        if call.params["InstanceArn"] in account.sso.state.access_control:
            raise AwsError("ConflictException", "Access control attributes are already enabled for the instance.")
        _put(account, call)
    return {}


def describe_configuration(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFoundException when there is none."""
    with account.sso.lock:
        return {"Status": "ENABLED", CONFIGURATION: _configuration(account, call)}


def update_configuration(account: Account, call: Call) -> dict[str, Any]:
    """Replaces the attributes. Raises ResourceNotFoundException when there are none."""
    with account.sso.lock:
        _configuration(account, call)
        _put(account, call)
    return {}


def delete_configuration(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFoundException when there is none."""
    with account.sso.lock:
        _configuration(account, call)
        del account.sso.state.access_control[call.params["InstanceArn"]]
    return {}


def _put(account: Account, call: Call) -> None:
    configuration = call.params[CONFIGURATION]
    keys = [attribute["Key"] for attribute in configuration["AccessControlAttributes"]]
    if len(keys) != len(set(keys)):
        raise AwsError("ValidationException", "The keys of access control attributes must be unique.")
    account.sso.state.access_control[call.params["InstanceArn"]] = configuration


def _configuration(account: Account, call: Call) -> dict[str, Any]:
    check_instance(account, call.params)
    configuration = account.sso.state.access_control.get(call.params["InstanceArn"])
    if configuration is None:
        raise AwsError("ResourceNotFoundException", "Access control attributes are not enabled for the instance.")
    return configuration
