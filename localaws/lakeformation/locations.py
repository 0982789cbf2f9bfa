"""Registered S3 locations, and the service-linked role through which Lake Formation reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError, not_implemented
from localaws.lakeformation.model import RegisteredResource
from localaws.lakeformation.paging import page
from localaws.lakeformation.resources import invalid, location_name

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
SERVICE = "lakeformation.amazonaws.com"
ROLE_NAME = "AWSServiceRoleForLakeFormationDataAccess"
ROLE_PATH = f"/aws-service-role/{SERVICE}/"
POLICY_NAME = "LakeFormationDataAccessPolicyForS3"
"""The inline policy to which each path is added ('Service-linked role permissions', developer guide)."""


def register_resource(account: Account, call: Call) -> Output:
    """RegisterResource, with the service-linked role (made at the first use) or a role that exists.

    Raises AlreadyExistsException, InvalidInputException (neither or both ways to name the role, not an S3 location),
    EntityNotFoundException (no such role).
    """
    params = call.params
    for member in ("WithPrivilegedAccess",):
        if params.get(member):
            raise not_implemented("lakeformation", f"RegisterResource.{member}")
    key = location_name(params["ResourceArn"])
    linked = bool(params.get("UseServiceLinkedRole"))
    if linked == bool(params.get("RoleArn")):
        raise invalid("Either UseServiceLinkedRole or RoleArn must be given, not both.")
    lakeformation = account.lakeformation
    with lakeformation.lock:
        if key in lakeformation.state.registered:
            raise AwsError("AlreadyExistsException", "Resource is already registered")
        role_arn = _service_linked_role(account) if linked else _existing_role(account, params["RoleArn"])
        lakeformation.state.registered[key] = RegisteredResource(
            arn=params["ResourceArn"],
            role_arn=role_arn,
            service_linked=linked,
            hybrid=bool(params.get("HybridAccessEnabled")),
            with_federation=bool(params.get("WithFederation")),
            modified=account.clock.now(),
        )
        _write_policy(account)
        lakeformation.changed()
    return {}


def update_resource(account: Account, call: Call) -> Output:
    """UpdateResource. A location registered with the service-linked role cannot be changed ('notes-hybrid')."""
    lakeformation = account.lakeformation
    with lakeformation.lock:
        key, registered = _registered(account, call)
        if registered.service_linked:
            raise invalid("A location that is registered with a service-linked role cannot be updated.")
        lakeformation.state.registered[key] = replace(
            registered,
            role_arn=_existing_role(account, call.params["RoleArn"]),
            hybrid=bool(call.params.get("HybridAccessEnabled", registered.hybrid)),
            with_federation=bool(call.params.get("WithFederation", registered.with_federation)),
            modified=account.clock.now(),
        )
        lakeformation.changed()
    return {}


def deregister_resource(account: Account, call: Call) -> Output:
    """DeregisterResource; the path leaves the service-linked role's policy. Grants on the location stay [inferred]."""
    lakeformation = account.lakeformation
    with lakeformation.lock:
        key, _ = _registered(account, call)
        del lakeformation.state.registered[key]
        _write_policy(account)
        lakeformation.changed()
    return {}


def describe_resource(account: Account, call: Call) -> Output:
    """DescribeResource. Raises EntityNotFoundException."""
    with account.lakeformation.lock:
        return {"ResourceInfo": _info(_registered(account, call)[1])}


def list_resources(account: Account, call: Call) -> Output:
    """ListResources, by FilterConditionList over RESOURCE_ARN and ROLE_ARN, paged."""
    params = call.params
    conditions = [_condition(one) for one in params.get("FilterConditionList") or ()]
    with account.lakeformation.lock:
        chosen = [r for r in account.lakeformation.state.registered.values() if all(test(r) for test in conditions)]
    found, token = page(chosen, lambda r: r.arn, params.get("NextToken"), params.get("MaxResults"), 1000)
    output: dict[str, Any] = {"ResourceInfoList": [_info(registered) for registered in found]}
    return {**output, "NextToken": token} if token else output


def _registered(account: Account, call: Call) -> tuple[str, RegisteredResource]:
    key = location_name(call.params["ResourceArn"])
    registered = account.lakeformation.state.registered.get(key)
    if registered is None:
        raise AwsError("EntityNotFoundException", "Entity not found")
    return key, registered


def _info(registered: RegisteredResource) -> dict[str, Any]:
    return {
        "ResourceArn": registered.arn,
        "RoleArn": registered.role_arn,
        "LastModified": registered.modified,
        "WithFederation": registered.with_federation,
        "HybridAccessEnabled": registered.hybrid,
    }


def _condition(given: Mapping[str, Any]) -> Callable[[RegisteredResource], bool]:
    field, operator, values = given.get("Field"), given.get("ComparisonOperator"), given.get("StringValueList") or []
    tests: dict[str, Callable[[str], bool]] = {
        "EQ": lambda text: text == values[0],
        "NE": lambda text: text != values[0],
        "CONTAINS": lambda text: values[0] in text,
        "NOT_CONTAINS": lambda text: values[0] not in text,
        "BEGINS_WITH": lambda text: text.startswith(values[0]),
        "IN": lambda text: text in values,
    }
    if not values or operator not in tests or field not in ("RESOURCE_ARN", "ROLE_ARN"):
        raise not_implemented("lakeformation", f"ListResources.FilterConditionList {field} {operator}")
    test = tests[operator]
    return lambda r: test(r.arn if field == "RESOURCE_ARN" else r.role_arn)


def _existing_role(account: Account, arn: str) -> str:
    record = account.store.role(arn.rpartition("/")[2])
    if record is None or record.arn != arn:
        raise AwsError("EntityNotFoundException", f"Role {arn} does not exist")
    return arn


def _service_linked_role(account: Account) -> str:
    record = account.store.role(ROLE_NAME)
    if record is not None:
        return record.arn
    statement = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
    created = account.store.invoke(
        "iam",
        "CreateRole",
        {
            "RoleName": ROLE_NAME,
            "Path": ROLE_PATH,
            "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        },
    )
    return str(created["Role"]["Arn"])


def _write_policy(account: Account) -> None:
    """The service-linked role's inline policy: object rights on every registered path, listing on its bucket."""
    if account.store.role(ROLE_NAME) is None:
        return
    registered = account.lakeformation.state.registered
    paths = sorted(key for key, resource in registered.items() if resource.service_linked)
    if not paths:
        policies = {record.name for record in account.store.role_policies(ROLE_NAME) if record.arn is None}
        if POLICY_NAME in policies:
            account.store.invoke("iam", "DeleteRolePolicy", {"RoleName": ROLE_NAME, "PolicyName": POLICY_NAME})
        return
    buckets = sorted({"arn:aws:s3:::" + path.removeprefix("arn:aws:s3:::").split("/")[0] for path in paths})
    objects = ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:PutObjectAcl"]
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LakeFormationDataAccessPermissionsForS3",
                "Effect": "Allow",
                "Action": objects,
                "Resource": [f"{path}/*" for path in paths],
            },
            {
                "Sid": "LakeFormationDataAccessPermissionsForS3ListBucket",
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": buckets,
            },
        ],
    }
    account.store.invoke(
        "iam",
        "PutRolePolicy",
        {"RoleName": ROLE_NAME, "PolicyName": POLICY_NAME, "PolicyDocument": json.dumps(document)},
    )


HANDLERS: dict[str, Handler] = {
    "RegisterResource": register_resource,
    "UpdateResource": update_resource,
    "DeregisterResource": deregister_resource,
    "DescribeResource": describe_resource,
    "ListResources": list_resources,
}
