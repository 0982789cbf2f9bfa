"""Assignments: a permission set becomes a role, follows it when provisioned, and goes with the last assignment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.conftest import Embedded
from tests.sso.center import Center, refused

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
ATHENA = "arn:aws:iam::aws:policy/AmazonAthenaFullAccess"


def test_what_does_not_exist_is_not_assigned(center: Center) -> None:
    """An unknown person, permission set, account or instance is refused, and no role is made."""
    before = center.roles()
    permission_set, person = center.permission_set(), center.person()
    good = center.assignment(permission_set, person)
    for wrong in (
        {"PrincipalId": "00000000-0000-4000-8000-000000000000"},
        {"PermissionSetArn": f"{permission_set[:-16]}0000000000000000"},
        {"TargetId": "999999999999"},
        {"InstanceArn": "arn:aws:sso:::instance/ssoins-0000000000000000"},
    ):
        assert refused(center.sso.create_account_assignment, **{**good, **wrong}) == "ResourceNotFoundException"
    assert refused(center.sso.delete_account_assignment, **good) == "ResourceNotFoundException"
    assert center.roles() == before


def test_a_missing_policy_fails_the_assignment(center: Center) -> None:
    """A customer managed policy that the account does not have: the status says FAILED, and nothing is left behind."""
    permission_set = center.permission_set(Name="WithMissing")
    center.sso.attach_customer_managed_policy_reference_to_permission_set(
        InstanceArn=center.arn,
        PermissionSetArn=permission_set,
        CustomerManagedPolicyReference={"Name": "missing", "Path": "/"},
    )
    assignment = center.assignment(permission_set, center.person())
    started = center.sso.create_account_assignment(**assignment)["AccountAssignmentCreationStatus"]
    status = center.sso.describe_account_assignment_creation_status(
        InstanceArn=center.arn, AccountAssignmentCreationRequestId=started["RequestId"]
    )["AccountAssignmentCreationStatus"]
    assert status["Status"] == "FAILED" and "missing" in status["FailureReason"]
    assert not [role for role in center.roles() if "WithMissing" in role["RoleName"]]
    assert refused(center.sso.delete_account_assignment, **assignment) == "ResourceNotFoundException"


def test_nobody_assumes_the_role(embedded: Embedded, center: Center) -> None:
    """The role's trust names the SAML provider alone: AssumeRole is refused, to the administrator too."""
    permission_set = center.permission_set()
    center.sso.create_account_assignment(**center.assignment(permission_set, center.person()))
    role = center.roles()[-1]
    statement = role["AssumeRolePolicyDocument"]["Statement"][0]
    provider = f"arn:aws:iam::{center.account_id}:saml-provider/AWSSSO_[0-9a-f]{{16}}_DO_NOT_DELETE"
    assert re.fullmatch(provider, statement["Principal"]["Federated"])
    assert statement["Action"] == ["sts:AssumeRoleWithSAML", "sts:TagSession"]
    params = {"RoleArn": role["Arn"], "RoleSessionName": "somebody"}
    assert refused(embedded.client("sts").assume_role, **params) == "AccessDenied"


def test_an_assignment_makes_the_role_and_the_last_one_takes_it_away(center: Center) -> None:
    """The first assignment makes AWSReservedSSO_<name>_<16 hex> with the set's policies; the last one removes it."""
    permission_set = center.permission_set(Name="Scientist", Description="Data scientists")
    center.sso.put_inline_policy_to_permission_set(
        InstanceArn=center.arn, PermissionSetArn=permission_set, InlinePolicy=POLICY
    )
    center.sso.attach_managed_policy_to_permission_set(
        InstanceArn=center.arn, PermissionSetArn=permission_set, ManagedPolicyArn=ATHENA
    )
    assert not [role for role in center.roles() if "Scientist" in role["RoleName"]]
    first, second = (center.assignment(permission_set, center.person()) for _ in range(2))
    started = center.sso.create_account_assignment(**first)["AccountAssignmentCreationStatus"]
    assert started["Status"] == "IN_PROGRESS"
    status = center.sso.describe_account_assignment_creation_status(
        InstanceArn=center.arn, AccountAssignmentCreationRequestId=started["RequestId"]
    )["AccountAssignmentCreationStatus"]
    assert (status["Status"], status["PrincipalId"]) == ("SUCCEEDED", first["PrincipalId"])
    center.sso.create_account_assignment(**second)
    center.sso.create_account_assignment(**second)

    (role,) = (role for role in center.roles() if "Scientist" in role["RoleName"])
    assert re.fullmatch(r"AWSReservedSSO_Scientist_[0-9a-f]{16}", role["RoleName"])
    assert (role["Path"], role["Description"]) == ("/aws-reserved/sso.amazonaws.com/", "Data scientists")
    inline = center.iam.get_role_policy(RoleName=role["RoleName"], PolicyName="AwsSSOInlinePolicy")
    assert inline["PolicyDocument"] == json.loads(POLICY)
    attached = center.iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [ATHENA]
    listed = center.sso.list_account_assignments(
        InstanceArn=center.arn, AccountId=center.account_id, PermissionSetArn=permission_set
    )["AccountAssignments"]
    assert sorted(found["PrincipalId"] for found in listed) == sorted([first["PrincipalId"], second["PrincipalId"]])
    assert {found["PermissionSetArn"] for found in listed} == {permission_set}

    names = {"InstanceArn": center.arn, "PermissionSetArn": permission_set}
    assert refused(center.sso.delete_permission_set, **names) == "ConflictException"
    deleted = center.sso.delete_account_assignment(**first)["AccountAssignmentDeletionStatus"]
    status = center.sso.describe_account_assignment_deletion_status(
        InstanceArn=center.arn, AccountAssignmentDeletionRequestId=deleted["RequestId"]
    )["AccountAssignmentDeletionStatus"]
    assert status["Status"] == "SUCCEEDED"
    assert [found for found in center.roles() if found["RoleName"] == role["RoleName"]]
    center.sso.delete_account_assignment(**second)
    assert not [found for found in center.roles() if found["RoleName"] == role["RoleName"]]
    center.sso.delete_permission_set(**names)
    assert refused(center.sso.describe_permission_set, **names) == "ResourceNotFoundException"


def test_a_changed_permission_set_reaches_the_role_when_provisioned(center: Center) -> None:
    """A change waits for ProvisionPermissionSet; until then the set is listed as not provisioned."""
    permission_set = center.permission_set(Name="Changing")
    names = {"InstanceArn": center.arn, "PermissionSetArn": permission_set}
    target = {"TargetType": "AWS_ACCOUNT", "TargetId": center.account_id}
    assert refused(center.sso.provision_permission_set, **names, **target) == "ValidationException"
    center.sso.create_account_assignment(**center.assignment(permission_set, center.person()))
    (role,) = (role["RoleName"] for role in center.roles() if "Changing" in role["RoleName"])
    center.sso.put_inline_policy_to_permission_set(**names, InlinePolicy=POLICY)
    assert center.iam.list_role_policies(RoleName=role)["PolicyNames"] == []
    outdated = {
        "InstanceArn": center.arn,
        "AccountId": center.account_id,
        "ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED",
    }
    assert permission_set in center.sso.list_permission_sets_provisioned_to_account(**outdated)["PermissionSets"]
    started = center.sso.provision_permission_set(**names, **target)["PermissionSetProvisioningStatus"]
    status = center.sso.describe_permission_set_provisioning_status(
        InstanceArn=center.arn, ProvisionPermissionSetRequestId=started["RequestId"]
    )["PermissionSetProvisioningStatus"]
    assert (status["Status"], status["AccountId"]) == ("SUCCEEDED", center.account_id)
    assert center.iam.list_role_policies(RoleName=role)["PolicyNames"] == ["AwsSSOInlinePolicy"]
    assert permission_set not in center.sso.list_permission_sets_provisioned_to_account(**outdated)["PermissionSets"]
    accounts = center.sso.list_accounts_for_provisioned_permission_set(**names)["AccountIds"]
    assert accounts == [center.account_id]


def test_outside_us_east_1_the_path_names_the_region(
    start_embedded: Callable[..., AbstractContextManager[Embedded]],
) -> None:
    """In any home Region but us-east-1 the role's path ends with the Region."""
    with start_embedded("--region", "eu-west-1") as account:
        sso, people = account.client("sso-admin"), account.client("identitystore")
        instance = sso.list_instances()["Instances"][0]
        center = Center(
            account.account_id,
            instance["InstanceArn"],
            instance["IdentityStoreId"],
            sso,
            people,
            account.client("iam"),
        )
        sso.create_account_assignment(**center.assignment(center.permission_set(), center.person()))
        assert [role["Path"] for role in center.roles()] == ["/aws-reserved/sso.amazonaws.com/eu-west-1/"]
