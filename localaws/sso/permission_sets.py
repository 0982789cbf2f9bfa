"""Permission sets: what moto takes without a check is checked here, and tags are kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError
from localaws.sso.backend import check_instance, every, forwarded, instance, invoke, permission_set

if TYPE_CHECKING:
    from localaws.account import Account


def create_permission_set(account: Account, call: Call) -> dict[str, Any]:
    """Raises ConflictException when the name is taken (text inferred)."""
    params = call.params
    check_instance(account, params)
    with account.sso.lock:
        taken = every(account, "ListPermissionSets", "PermissionSets", {"InstanceArn": params["InstanceArn"]})
        if any(permission_set(account, params["InstanceArn"], arn)["Name"] == params["Name"] for arn in taken):
            raise AwsError("ConflictException", f"PermissionSet with name {params['Name']} already exists.")
        answer = invoke(account, call.operation, {"SessionDuration": "PT1H", **params})
        arn = answer["PermissionSet"]["PermissionSetArn"]
        account.sso.state.tags[arn] = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or []}
    return answer


def update_permission_set(account: Account, call: Call) -> dict[str, Any]:
    """What is not passed stays as it is. The role in the account changes at ProvisionPermissionSet."""
    params = call.params
    check_instance(account, params)
    kept = permission_set(account, params["InstanceArn"], params["PermissionSetArn"])
    old = {name: kept[name] for name in ("Description", "SessionDuration", "RelayState") if kept.get(name) is not None}
    return invoke(account, call.operation, {**old, **params})


def delete_permission_set(account: Account, call: Call) -> dict[str, Any]:
    """Raises ConflictException while the permission set is assigned (text inferred)."""
    params = call.params
    check_instance(account, params)
    with account.sso.lock:
        if params["PermissionSetArn"] in account.sso.state.roles:
            raise AwsError("ConflictException", "The permission set is assigned to an account and cannot be deleted.")
        invoke(account, call.operation, params)
        account.sso.state.tags.pop(params["PermissionSetArn"], None)
        account.sso.state.suffixes.pop(params["PermissionSetArn"], None)
    return {}


def put_inline_policy(account: Account, call: Call) -> dict[str, Any]:
    """Raises ValidationException for a policy that is no JSON object (text inferred)."""
    try:
        document = json.loads(call.params["InlinePolicy"])
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise AwsError("ValidationException", "The inline policy is not a valid JSON policy document.")
    return forwarded(account, call)


def describe_instance(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFoundException for a foreign instance (code inferred)."""
    return instance(account, call.params["InstanceArn"])


def tag_resource(account: Account, call: Call) -> dict[str, Any]:
    """Tags of a permission set are added, or overwritten. Raises ResourceNotFoundException."""
    with account.sso.lock:
        tags = _tags(account, call)
        new = {tag["Key"]: tag["Value"] for tag in call.params["Tags"]}
        account.sso.state.tags[call.params["ResourceArn"]] = {**tags, **new}
    return {}


def untag_resource(account: Account, call: Call) -> dict[str, Any]:
    """A key that is not there is no error. Raises ResourceNotFoundException."""
    with account.sso.lock:
        kept = {key: value for key, value in _tags(account, call).items() if key not in call.params["TagKeys"]}
        account.sso.state.tags[call.params["ResourceArn"]] = kept
    return {}


def list_tags_for_resource(account: Account, call: Call) -> dict[str, Any]:
    """The tags of a permission set, all in one page. Raises ResourceNotFoundException."""
    with account.sso.lock:
        return {"Tags": [{"Key": key, "Value": value} for key, value in _tags(account, call).items()]}


def _tags(account: Account, call: Call) -> dict[str, str]:
    check_instance(account, call.params)
    arn = call.params["ResourceArn"]
    tags = account.sso.state.tags.get(arn)
    if tags is None:
        raise AwsError("ResourceNotFoundException", f"Could not find {arn}.")
    return tags
