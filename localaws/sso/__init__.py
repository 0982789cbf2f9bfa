"""IAM Identity Center: moto's, made to check what it takes, to provision roles and to hold attributes."""

from __future__ import annotations

from localaws.call import Handler
from localaws.constraints import constrained
from localaws.sso.access_control import (
    create_configuration,
    delete_configuration,
    describe_configuration,
    update_configuration,
)
from localaws.sso.assignments import (
    create_account_assignment,
    delete_account_assignment,
    describe_creation_status,
    describe_deletion_status,
    describe_provisioning_status,
    list_accounts_for_provisioned,
    list_provisioned_to_account,
    provision_permission_set,
)
from localaws.sso.backend import forwarded
from localaws.sso.identity_store import OPERATIONS, stored
from localaws.sso.permission_sets import (
    create_permission_set,
    delete_permission_set,
    describe_instance,
    list_tags_for_resource,
    put_inline_policy,
    tag_resource,
    untag_resource,
    update_permission_set,
)
from localaws.sso.service import Sso

_FORWARDED = (
    "AttachCustomerManagedPolicyReferenceToPermissionSet",
    "AttachManagedPolicyToPermissionSet",
    "DeleteInlinePolicyFromPermissionSet",
    "DescribePermissionSet",
    "DetachCustomerManagedPolicyReferenceFromPermissionSet",
    "DetachManagedPolicyFromPermissionSet",
    "GetInlinePolicyForPermissionSet",
    "ListAccountAssignments",
    "ListAccountAssignmentsForPrincipal",
    "ListCustomerManagedPolicyReferencesInPermissionSet",
    "ListInstances",
    "ListManagedPoliciesInPermissionSet",
    "ListPermissionSets",
)

_OPERATIONS: dict[str, Handler] = {
    **dict.fromkeys(_FORWARDED, forwarded),
    "CreateAccountAssignment": create_account_assignment,
    "CreateInstanceAccessControlAttributeConfiguration": create_configuration,
    "CreatePermissionSet": create_permission_set,
    "DeleteAccountAssignment": delete_account_assignment,
    "DeleteInstanceAccessControlAttributeConfiguration": delete_configuration,
    "DeletePermissionSet": delete_permission_set,
    "DescribeAccountAssignmentCreationStatus": describe_creation_status,
    "DescribeAccountAssignmentDeletionStatus": describe_deletion_status,
    "DescribeInstance": describe_instance,
    "DescribeInstanceAccessControlAttributeConfiguration": describe_configuration,
    "DescribePermissionSetProvisioningStatus": describe_provisioning_status,
    "ListAccountsForProvisionedPermissionSet": list_accounts_for_provisioned,
    "ListPermissionSetsProvisionedToAccount": list_provisioned_to_account,
    "ListTagsForResource": list_tags_for_resource,
    "ProvisionPermissionSet": provision_permission_set,
    "PutInlinePolicyToPermissionSet": put_inline_policy,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateInstanceAccessControlAttributeConfiguration": update_configuration,
    "UpdatePermissionSet": update_permission_set,
}

HANDLERS: dict[str, Handler] = {name: constrained("sso-admin", handler) for name, handler in _OPERATIONS.items()}

IDENTITYSTORE_HANDLERS: dict[str, Handler] = dict.fromkeys(OPERATIONS, stored)

__all__ = ["HANDLERS", "IDENTITYSTORE_HANDLERS", "Sso"]
