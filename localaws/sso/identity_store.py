"""The identity store: users, groups and memberships, as moto holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.constraints import check
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account

OPERATIONS = (
    "CreateGroup",
    "CreateGroupMembership",
    "CreateUser",
    "DeleteGroup",
    "DeleteGroupMembership",
    "DeleteUser",
    "DescribeGroup",
    "DescribeUser",
    "GetGroupId",
    "GetUserId",
    "ListGroupMemberships",
    "ListGroupMembershipsForMember",
    "ListGroups",
    "ListUsers",
)


def stored(account: Account, call: Call) -> dict[str, Any]:
    """Run the operation in moto. Raises ResourceNotFoundException for a foreign identity store, ValidationException.

    moto's ids of identity stores have letters beyond ``f``, so that one constraint of the model is not asked.
    """
    check("identitystore", call.operation, {k: v for k, v in call.params.items() if k != "IdentityStoreId"})
    instances = account.store.invoke("sso-admin", "ListInstances", {})["Instances"]
    if call.params["IdentityStoreId"] not in [found["IdentityStoreId"] for found in instances]:
        raise AwsError("ResourceNotFoundException", f"Identity store {call.params['IdentityStoreId']} does not exist.")
    return account.store.invoke("identitystore", call.operation, call.params)
