"""Account assignments, and what becomes of a permission set in the account."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError
from localaws.sso import roles
from localaws.sso.backend import check_instance, every, instance, invoke, permission_set

if TYPE_CHECKING:
    from localaws.account import Account


def create_account_assignment(account: Account, call: Call) -> dict[str, Any]:
    """Assigns, and makes the role with the first assignment. Answers IN_PROGRESS (captured); it is done all the same.

    A second identical assignment changes nothing. When the role cannot be made (a customer managed policy is missing)
    nothing is assigned, and the status says FAILED and why.
    Raises ResourceNotFoundException for an unknown account, permission set, user or group (inferred).
    """
    params = call.params
    _check_target(account, call)
    _check_principal(account, call)
    with account.sso.lock:
        arn = params["PermissionSetArn"]
        permission_set(account, params["InstanceArn"], arn)
        reason = None
        if not _assigned(account, call):
            try:
                if arn not in account.sso.state.roles:
                    roles.provision(account, params["InstanceArn"], arn)
                invoke(account, "CreateAccountAssignment", params)
            except AwsError as refusal:
                reason = refusal.message
        return {"AccountAssignmentCreationStatus": _started(account, call, "creation", reason)}


def delete_account_assignment(account: Account, call: Call) -> dict[str, Any]:
    """Removes the assignment, and the role with the last one. Raises ResourceNotFoundException (inferred)."""
    params = call.params
    _check_target(account, call)
    with account.sso.lock:
        arn = params["PermissionSetArn"]
        if not _assigned(account, call):
            raise AwsError("ResourceNotFoundException", "The account assignment does not exist.")
        invoke(account, "DeleteAccountAssignment", params)
        if not _assignments(account, params["InstanceArn"], arn):
            roles.remove(account, arn)
        return {"AccountAssignmentDeletionStatus": _started(account, call, "deletion", None)}


def describe_creation_status(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFoundException for an unknown request."""
    request_id = call.params["AccountAssignmentCreationRequestId"]
    return {"AccountAssignmentCreationStatus": _status(account, call, "creation", request_id)}


def describe_deletion_status(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFoundException for an unknown request."""
    request_id = call.params["AccountAssignmentDeletionRequestId"]
    return {"AccountAssignmentDeletionStatus": _status(account, call, "deletion", request_id)}


def provision_permission_set(account: Account, call: Call) -> dict[str, Any]:
    """Brings the role up to date with the permission set. Raises ResourceNotFoundException.

    Raises ValidationException when the permission set is not assigned, since there is no role then (inferred).
    """
    params = call.params
    check_instance(account, params)
    if params["TargetType"] == "AWS_ACCOUNT" and params.get("TargetId") != account.account_id:
        raise AwsError("ResourceNotFoundException", f"Could not find the account {params.get('TargetId')}.")
    with account.sso.lock:
        arn = params["PermissionSetArn"]
        permission_set(account, params["InstanceArn"], arn)
        if arn not in account.sso.state.roles:
            raise AwsError("ValidationException", f"{arn} is not provisioned to any account.")
        reason = None
        try:
            roles.provision(account, params["InstanceArn"], arn)
        except AwsError as refusal:
            reason = refusal.message
        return {"PermissionSetProvisioningStatus": _started(account, call, "provisioning", reason)}


def describe_provisioning_status(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFoundException for an unknown request."""
    request_id = call.params["ProvisionPermissionSetRequestId"]
    return {"PermissionSetProvisioningStatus": _status(account, call, "provisioning", request_id)}


def list_provisioned_to_account(account: Account, call: Call) -> dict[str, Any]:
    """The permission sets that have a role in the account, all in one page."""
    check_instance(account, call.params)
    with account.sso.lock:
        arns = list(account.sso.state.roles) if call.params["AccountId"] == account.account_id else []
        return {"PermissionSets": [arn for arn in arns if _has_status(account, call, arn)]}


def list_accounts_for_provisioned(account: Account, call: Call) -> dict[str, Any]:
    """This account's id when the permission set has a role in it. Raises ResourceNotFoundException."""
    check_instance(account, call.params)
    with account.sso.lock:
        arn = call.params["PermissionSetArn"]
        permission_set(account, call.params["InstanceArn"], arn)
        found = arn in account.sso.state.roles and _has_status(account, call, arn)
        return {"AccountIds": [account.account_id] if found else []}


def _has_status(account: Account, call: Call, arn: str) -> bool:
    asked = call.params.get("ProvisioningStatus")
    if asked is None:
        return True
    latest: bool = account.sso.state.provisioned[arn] == roles.wanted(account, call.params["InstanceArn"], arn)
    return latest is (asked == "LATEST_PERMISSION_SET_PROVISIONED")


def _check_target(account: Account, call: Call) -> None:
    check_instance(account, call.params)
    if call.params["TargetId"] != account.account_id:
        raise AwsError("ResourceNotFoundException", f"Could not find the account {call.params['TargetId']}.")


def _check_principal(account: Account, call: Call) -> None:
    store_id = instance(account, call.params["InstanceArn"])["IdentityStoreId"]
    kind, principal_id = call.params["PrincipalType"], call.params["PrincipalId"]
    operation, name = ("DescribeUser", "UserId") if kind == "USER" else ("DescribeGroup", "GroupId")
    try:
        account.store.invoke("identitystore", operation, {"IdentityStoreId": store_id, name: principal_id})
    except AwsError as missing:
        raise AwsError("ResourceNotFoundException", f"Could not find the {kind} {principal_id}.") from missing


def _assigned(account: Account, call: Call) -> bool:
    params = call.params
    return any(
        (found["PrincipalType"], found["PrincipalId"]) == (params["PrincipalType"], params["PrincipalId"])
        for found in _assignments(account, params["InstanceArn"], params["PermissionSetArn"])
    )


def _assignments(account: Account, instance_arn: str, arn: str) -> list[dict[str, Any]]:
    params = {"InstanceArn": instance_arn, "AccountId": account.account_id, "PermissionSetArn": arn}
    return every(account, "ListAccountAssignments", "AccountAssignments", params)


def _started(account: Account, call: Call, kind: str, failure: str | None) -> dict[str, Any]:
    """The status that starts a request; the final one is kept for the Describe operation."""
    request_id = str(uuid.uuid4())
    about = ("TargetId", "TargetType", "PermissionSetArn", "PrincipalType", "PrincipalId")
    status: dict[str, Any] = {"RequestId": request_id, "CreatedDate": call.time}
    if kind == "provisioning":
        status |= {"AccountId": account.account_id, "PermissionSetArn": call.params["PermissionSetArn"]}
    else:
        status |= {name: call.params[name] for name in about}
    final = {**status, "Status": "FAILED", "FailureReason": failure} if failure else {**status, "Status": "SUCCEEDED"}
    account.sso.state.statuses[f"{kind}/{request_id}"] = final
    return {**status, "Status": "IN_PROGRESS"}


def _status(account: Account, call: Call, kind: str, request_id: str) -> dict[str, Any]:
    check_instance(account, call.params)
    with account.sso.lock:
        status = account.sso.state.statuses.get(f"{kind}/{request_id}")
    if status is None:
        raise AwsError("ResourceNotFoundException", f"Could not find the request {request_id}.")
    return status
