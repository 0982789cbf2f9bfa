"""Names of users, groups, roles and policies, and their tags: what they may be, and that no two differ in case alone.

Source: IAM API Reference, CreateUser ("IAM user, group, role, and policy names must be unique within the account. Names
are not distinguished by case"), and the constraints of the service model. The store checks neither.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws import constraints
from localaws.call import Handler
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call

NAMING = {
    "CreateGroup": ("group", "GroupName"),
    "CreatePolicy": ("policy", "PolicyName"),
    "CreateRole": ("role", "RoleName"),
    "CreateUser": ("user", "UserName"),
    "UpdateGroup": ("group", "NewGroupName"),
    "UpdateUser": ("user", "NewUserName"),
}
"""Operations that give a name: the kind of who gets it, and the parameter."""
TAGGING = ("TagPolicy", "TagRole", "TagUser")
CONSTRAINED = frozenset({*(member for _, member in NAMING.values()), "NewPath", "Path", "Tags"})
"""The parameters that are held to the service model here; policy documents have errors of their own."""
TAKEN = {
    "group": "Group with name {} already exists.",
    "policy": "A policy called {} already exists. Duplicate names are not allowed.",
    "role": "Role with name {} already exists.",
    "user": "User with name {} already exists.",
}


def checked(operation: str, handler: Handler | None) -> Handler:
    """The handler of an operation (None: the store's own), called only with names and tags that IAM takes.

    What it then raises: AwsError ValidationError, EntityAlreadyExists.
    """

    @functools.wraps(handler or checked)
    def check(account: Account, call: Call) -> Mapping[str, Any]:
        check_names(account, call)
        return account.store.invoke("iam", operation, call.params) if handler is None else handler(account, call)

    return check


def check_names(account: Account, call: Call) -> None:
    """Raises AwsError for a name or tag that IAM does not take, or a name that is taken in whatever case."""
    try:
        constraints.check("iam", call.operation, {k: v for k, v in call.params.items() if k in CONSTRAINED})
    except AwsError as error:
        raise AwsError("ValidationError", error.message, 400) from error
    kind, member = NAMING.get(call.operation, ("", ""))
    name = call.params.get(member)
    if name is None:
        return
    own = call.params.get(member.removeprefix("New")) if member.startswith("New") else None
    if name != own and (taken := account.store.taken(kind, name)) is not None and taken != own:
        raise AwsError("EntityAlreadyExists", TAKEN[kind].format(name), 409)
