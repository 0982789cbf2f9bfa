"""AWS::SSO::PermissionSet, Assignment and InstanceAccessControlAttributeConfiguration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.problems import Failed
from localaws.cloudformation.types.principals import missing
from localaws.cloudformation.types.tagging import retagged
from localaws.cloudformation.work import ResourceType, Work

Properties = Mapping[str, Any]
SSO = "sso-admin"


def _set(work: Work, wanted: Properties) -> dict[str, str]:
    return {"InstanceArn": wanted["InstanceArn"], "PermissionSetArn": work.held.attributes["PermissionSetArn"]}


def _create_set(work: Work, wanted: Properties) -> None:
    params = {name: wanted.get(name) for name in ("InstanceArn", "Name", "Description", "SessionDuration", "Tags")}
    made = work.call(SSO, "CreatePermissionSet", {**params, "RelayState": wanted.get("RelayStateType")})
    arn = made["PermissionSet"]["PermissionSetArn"]
    work.born(f"{wanted['InstanceArn']}|{arn}", PermissionSetArn=arn)
    _attach(work, {}, wanted)


def _update_set(work: Work, wanted: Properties) -> None:
    """The roles in the accounts follow, as the handler provisions them again."""
    former, place = work.held.properties, _set(work, wanted)
    said = ("Description", "SessionDuration", "RelayStateType")
    if any(wanted.get(name) != former.get(name) for name in said):
        params = {"Description": wanted.get("Description"), "SessionDuration": wanted.get("SessionDuration")}
        work.call(SSO, "UpdatePermissionSet", {**place, **params, "RelayState": wanted.get("RelayStateType")})
    _attach(work, former, wanted)
    tags, gone = retagged(former, wanted)
    tagged = {"InstanceArn": place["InstanceArn"], "ResourceArn": place["PermissionSetArn"]}
    if gone:
        work.call(SSO, "UntagResource", {**tagged, "TagKeys": gone})
    if tags:
        work.call(SSO, "TagResource", {**tagged, "Tags": tags})
    for account in work.call(SSO, "ListAccountsForProvisionedPermissionSet", place)["AccountIds"]:
        target = {"TargetType": "AWS_ACCOUNT", "TargetId": account}
        work.call(SSO, "ProvisionPermissionSet", {**place, **target})


def _attach(work: Work, former: Properties, wanted: Properties) -> None:
    place = _set(work, wanted)
    before, after = former.get("InlinePolicy"), wanted.get("InlinePolicy")
    if after and after != before:
        work.call(SSO, "PutInlinePolicyToPermissionSet", {**place, "InlinePolicy": json.dumps(after)})
    elif before and not after:
        work.call(SSO, "DeleteInlinePolicyFromPermissionSet", place)
    old, new = former.get("ManagedPolicies", []), wanted.get("ManagedPolicies", [])
    for arn in missing(new, old):
        work.call(SSO, "AttachManagedPolicyToPermissionSet", {**place, "ManagedPolicyArn": arn})
    for arn in missing(old, new):
        work.call(SSO, "DetachManagedPolicyFromPermissionSet", {**place, "ManagedPolicyArn": arn})
    name = "CustomerManagedPolicyReferences"
    for reference in [one for one in wanted.get(name, []) if one not in former.get(name, [])]:
        params = {**place, "CustomerManagedPolicyReference": reference}
        work.call(SSO, "AttachCustomerManagedPolicyReferenceToPermissionSet", params)
    for reference in [one for one in former.get(name, []) if one not in wanted.get(name, [])]:
        params = {**place, "CustomerManagedPolicyReference": reference}
        work.call(SSO, "DetachCustomerManagedPolicyReferenceFromPermissionSet", params)


def _delete_set(work: Work) -> None:
    work.remove(SSO, "DeletePermissionSet", _set(work, work.held.properties))


def _create_assignment(work: Work, wanted: Properties) -> None:
    status = work.call(SSO, "CreateAccountAssignment", wanted)["AccountAssignmentCreationStatus"]
    _check(status)
    work.born("|".join(str(wanted[name]) for name in sorted(wanted)))


def _delete_assignment(work: Work) -> None:
    answer = work.find(SSO, "DeleteAccountAssignment", work.held.properties)
    if answer is not None:
        _check(answer["AccountAssignmentDeletionStatus"])


def _check(status: Mapping[str, Any]) -> None:
    if status["Status"] == "FAILED":
        raise Failed(str(status.get("FailureReason", "the assignment failed")))


def _update_nothing(work: Work, wanted: Properties) -> None:
    raise Failed(f"{work.held.type} has no property that can be changed in place")


def _configuration(wanted: Properties) -> dict[str, Any]:
    return {
        "InstanceArn": wanted["InstanceArn"],
        "InstanceAccessControlAttributeConfiguration": {
            "AccessControlAttributes": wanted.get("AccessControlAttributes", [])
        },
    }


def _create_attributes(work: Work, wanted: Properties) -> None:
    work.call(SSO, "CreateInstanceAccessControlAttributeConfiguration", _configuration(wanted))
    work.born(wanted["InstanceArn"])


def _update_attributes(work: Work, wanted: Properties) -> None:
    work.call(SSO, "UpdateInstanceAccessControlAttributeConfiguration", _configuration(wanted))


def _delete_attributes(work: Work) -> None:
    params = {"InstanceArn": work.held.physical_id}
    work.remove(SSO, "DeleteInstanceAccessControlAttributeConfiguration", params)


TYPES = {
    "AWS::SSO::PermissionSet": ResourceType(_create_set, _update_set, _delete_set),
    "AWS::SSO::Assignment": ResourceType(_create_assignment, _update_nothing, _delete_assignment),
    "AWS::SSO::InstanceAccessControlAttributeConfiguration": ResourceType(
        _create_attributes, _update_attributes, _delete_attributes
    ),
}
