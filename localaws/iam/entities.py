"""Users and roles where the store is not IAM: permissions boundaries, the caller's own user, tag keys.

Sources: IAM API Reference, PutUserPermissionsBoundary, CreateUser, GetUser, CreateAccessKey ("If you do not specify a
user name, IAM determines the user name implicitly based on the AWS access key ID used to sign the request"); IAM User
Guide, "Tags for IAM resources" (tag keys of users and roles ignore case, and keep it).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from localaws.call import Handler
from localaws.errors import AwsError
from localaws.iam import naming

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call

OWN = (
    "CreateAccessKey",
    "CreateLoginProfile",
    "DeleteAccessKey",
    "DeleteLoginProfile",
    "GetLoginProfile",
    "ListAccessKeys",
    "UpdateAccessKey",
)
"""Operations on the caller's own user when none is named; GetUser is another."""

BOUNDED = ("CreateRole", "PutRolePermissionsBoundary")
"""Operations of the store that take a boundary for a role; it does not look whether the policy exists."""


def create_user(account: Account, call: Call) -> Mapping[str, Any]:
    """The operation. Raises AwsError NoSuchEntity for a boundary that is no policy, EntityAlreadyExists ..."""
    params = dict(call.params)
    _check_tags(params.get("Tags", []))
    boundary = params.pop("PermissionsBoundary", None)
    if boundary is not None:
        _check_boundary(account, boundary)
    account.store.invoke("iam", "CreateUser", params)
    if boundary is not None:
        account.store.bound_user(params["UserName"], boundary)
    return {"User": _described(account, params["UserName"])}


def get_user(account: Account, call: Call) -> Mapping[str, Any]:
    """The operation. Raises AwsError NoSuchEntity, or ValidationError for a caller that is no user."""
    return {"User": _described(account, _named(call)["UserName"])}


def put_user_boundary(account: Account, call: Call) -> Mapping[str, Any]:
    """The operation. Raises AwsError NoSuchEntity for a user or a policy that does not exist."""
    _existing(account, call.params["UserName"])
    _check_boundary(account, call.params["PermissionsBoundary"])
    account.store.bound_user(call.params["UserName"], call.params["PermissionsBoundary"])
    return {}


def delete_user_boundary(account: Account, call: Call) -> Mapping[str, Any]:
    """The operation. Raises AwsError NoSuchEntity for a user that does not exist, or has no boundary."""
    name = call.params["UserName"]
    _existing(account, name)
    user = account.store.user(name)
    if user is None or user.boundary_arn is None:
        raise AwsError("NoSuchEntity", f"No PermissionsBoundary set for user {name}.", 404)
    account.store.bound_user(name, None)
    return {}


def _described(account: Account, name: str) -> dict[str, Any]:
    """What GetUser says of a user. Raises AwsError NoSuchEntity."""
    found = _existing(account, name)
    user = account.store.user(name)
    if user is None or user.boundary_arn is None:
        return found
    kind = "PermissionsBoundaryPolicy"
    boundary = {"PermissionsBoundaryType": kind, "PermissionsBoundaryArn": user.boundary_arn}
    return {**found, "PermissionsBoundary": boundary}


def _existing(account: Account, name: str) -> dict[str, Any]:
    found: dict[str, Any] = account.store.invoke("iam", "GetUser", {"UserName": name})["User"]
    return found


def _check_boundary(account: Account, arn: str) -> None:
    """Raises AwsError NoSuchEntity unless a managed policy of AWS or of the account has this ARN."""
    if not arn.startswith("arn:"):
        raise AwsError("ValidationError", f"ARN {arn} is not valid.", 400)
    if account.store.managed_policy(arn) is None:
        raise AwsError("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.", 404)


def _check_tags(tags: Sequence[Mapping[str, str]]) -> None:
    """Raises AwsError InvalidInput for two keys that differ in case at most."""
    if len({str(tag["Key"]).casefold() for tag in tags}) < len(tags):
        message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        raise AwsError("InvalidInput", message, 400)


def _bounded(account: Account, call: Call) -> Mapping[str, Any]:
    if boundary := call.params.get("PermissionsBoundary"):
        _check_boundary(account, boundary)
    return account.store.invoke("iam", call.operation, call.params)


def _of_own_user(account: Account, call: Call) -> Mapping[str, Any]:
    return account.store.invoke("iam", call.operation, _named(call))


def _named(call: Call) -> dict[str, Any]:
    """The parameters with a user's name, the caller's own by default. Raises AwsError for a caller that is no user."""
    if call.params.get("UserName") is None and call.caller.kind != "user":
        raise AwsError("ValidationError", "Must specify userName when calling with non-User credentials", 400)
    return {"UserName": call.caller.user_name, **call.params}


def _tag(kind: str, account: Account, call: Call) -> Mapping[str, Any]:
    """TagUser and TagRole: a tag whose key differs only in case takes the other's place."""
    member = f"{kind}Name"
    name, tags = call.params[member], call.params["Tags"]
    _check_tags(tags)
    record = account.store.user(name) if kind == "User" else account.store.role(name)
    given = {str(tag["Key"]).casefold(): str(tag["Key"]) for tag in tags}
    replaced = [key for key in (record.tags if record else ()) if given.get(key.casefold(), key) != key]
    if replaced:
        account.store.invoke("iam", f"Untag{kind}", {member: name, "TagKeys": replaced})
    return account.store.invoke("iam", f"Tag{kind}", call.params)


_OPERATIONS: dict[str, Handler] = {
    **dict.fromkeys(OWN, _of_own_user),
    **dict.fromkeys(BOUNDED, _bounded),
    "CreateUser": create_user,
    "DeleteUserPermissionsBoundary": delete_user_boundary,
    "GetUser": get_user,
    "PutUserPermissionsBoundary": put_user_boundary,
    "TagRole": functools.partial(_tag, "Role"),
    "TagUser": functools.partial(_tag, "User"),
}
_CHECKED = {name: naming.checked(name, _OPERATIONS.get(name)) for name in (*naming.NAMING, *naming.TAGGING)}
HANDLERS: dict[str, Handler] = {**_OPERATIONS, **_CHECKED}
