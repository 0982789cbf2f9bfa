"""The role that a permission set becomes in the account: ``AWSReservedSSO_<permission set>_<16 hex digits>``."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError
from localaws.sso.backend import every, invoke, permission_set

if TYPE_CHECKING:
    from localaws.account import Account

INLINE_POLICY = "AwsSSOInlinePolicy"
HOME_WITHOUT_REGION = "us-east-1"


def wanted(account: Account, instance_arn: str, arn: str) -> dict[str, Any]:
    """What the permission set says today: inline policy, ARNs of managed policies, description, session seconds."""
    about = permission_set(account, instance_arn, arn)
    which = {"InstanceArn": instance_arn, "PermissionSetArn": arn}
    managed = every(account, "ListManagedPoliciesInPermissionSet", "AttachedManagedPolicies", which)
    own = every(account, "ListCustomerManagedPolicyReferencesInPermissionSet", "CustomerManagedPolicyReferences", which)
    return {
        "name": about["Name"],
        "description": about.get("Description") or "",
        "seconds": _seconds(about.get("SessionDuration") or "PT1H"),
        "inline": invoke(account, "GetInlinePolicyForPermissionSet", which).get("InlinePolicy") or "",
        "managed": sorted(
            [policy["Arn"] for policy in managed]
            + [f"arn:aws:iam::{account.account_id}:policy{ref.get('Path', '/')}{ref['Name']}" for ref in own]
        ),
    }


def provision(account: Account, instance_arn: str, arn: str) -> None:
    """Make the role, or bring it up to date. Raises AwsError when a customer managed policy does not exist.

    Nobody can assume it with AssumeRole: its trust names a SAML provider. Source of trust, path and inline policy's
    name: roles as exported from real accounts; us-east-1 is the one home Region that the path does not name.
    """
    state = account.sso.state
    content = wanted(account, instance_arn, arn)
    if arn not in state.roles:
        suffix = state.suffixes.setdefault(arn, secrets.token_hex(8))
        name = f"AWSReservedSSO_{content['name']}_{suffix}"
        home = "" if account.region == HOME_WITHOUT_REGION else f"{account.region}/"
        account.store.invoke(
            "iam",
            "CreateRole",
            {
                "RoleName": name,
                "Path": f"/aws-reserved/sso.amazonaws.com/{home}",
                "AssumeRolePolicyDocument": _trust(account),
                "MaxSessionDuration": 43200,
            },
        )
        state.roles[arn] = name
    try:
        _fill(account, state.roles[arn], content)
    except AwsError:
        if arn not in state.provisioned:
            remove(account, arn)
        raise
    state.provisioned[arn] = content


def remove(account: Account, arn: str) -> None:
    """Delete the permission set's role, with its policies; one that is gone already is no error."""
    name = account.sso.state.roles.pop(arn)
    account.sso.state.provisioned.pop(arn, None)
    if account.store.role(name) is not None:
        _empty(account, name)
        account.store.invoke("iam", "DeleteRole", {"RoleName": name})


def _fill(account: Account, name: str, content: Mapping[str, Any]) -> None:
    _empty(account, name)
    if content["description"]:
        account.store.invoke("iam", "UpdateRoleDescription", {"RoleName": name, "Description": content["description"]})
    for policy in content["managed"]:
        account.store.invoke("iam", "AttachRolePolicy", {"RoleName": name, "PolicyArn": policy})
    if content["inline"]:
        account.store.invoke(
            "iam",
            "PutRolePolicy",
            {"RoleName": name, "PolicyName": INLINE_POLICY, "PolicyDocument": content["inline"]},
        )


def _empty(account: Account, name: str) -> None:
    for policy in account.store.role_policies(name):
        if policy.kind == "managed":
            account.store.invoke("iam", "DetachRolePolicy", {"RoleName": name, "PolicyArn": policy.arn})
        else:
            account.store.invoke("iam", "DeleteRolePolicy", {"RoleName": name, "PolicyName": policy.name})


def _trust(account: Account) -> str:
    state = account.sso.state
    instance = hashlib.sha256(account.account_id.encode()).hexdigest()[:16]  # one for each account, and always the same
    state.saml_provider = state.saml_provider or f"AWSSSO_{instance}_DO_NOT_DELETE"
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {
                        "Federated": f"arn:aws:iam::{account.account_id}:saml-provider/{state.saml_provider}"
                    },
                    "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                    "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
                }
            ],
        }
    )


def _seconds(duration: str) -> int:
    """An ISO 8601 duration of hours, minutes and seconds (``PT8H30M``) in seconds."""
    parts = re.findall(r"(\d+)([HMS])", duration)
    return sum(int(number) * {"H": 3600, "M": 60, "S": 1}[unit] for number, unit in parts)
