"""Permission sets and the attributes for access control."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sso.center import Center, refused

ATTRIBUTES = [{"Key": "studiouserid", "Value": {"Source": ["${path:userName}"]}}]


def test_wrong_permission_sets_are_refused(center: Center) -> None:
    """A name that AWS refuses, one that is taken, and a policy that is no policy, are refused."""
    assert refused(center.permission_set, Name="with space") == "ValidationException"
    permission_set = center.permission_set(Name="Taken")
    assert refused(center.permission_set, Name="Taken") == "ConflictException"
    policy = {"InstanceArn": center.arn, "PermissionSetArn": permission_set, "InlinePolicy": "not a policy"}
    assert refused(center.sso.put_inline_policy_to_permission_set, **policy) == "ValidationException"
    unknown = {**policy, "ManagedPolicyArn": "arn:aws:iam::aws:policy/No"}
    del unknown["InlinePolicy"]
    assert refused(center.sso.attach_managed_policy_to_permission_set, **unknown) == "ResourceNotFoundException"


def test_another_instance_is_not_found(center: Center) -> None:
    """An instance that is not this account's has nothing."""
    elsewhere = "arn:aws:sso:::instance/ssoins-0000000000000000"
    for operation in (
        center.sso.list_permission_sets,
        center.sso.describe_instance,
        center.sso.describe_instance_access_control_attribute_configuration,
    ):
        assert refused(operation, InstanceArn=elsewhere) == "ResourceNotFoundException"
    assert refused(center.people.list_users, IdentityStoreId="d-0000000000") == "ResourceNotFoundException"


def test_a_permission_set_is_named_as_aws_names_it(center: Center) -> None:
    """Its ARN is arn:aws:sso:::permissionSet/<instance>/ps-<16>, wherever it is shown."""
    permission_set = center.permission_set()
    prefix = f"arn:aws:sso:::permissionSet/{center.arn.rpartition('/')[2]}/ps-"
    assert permission_set.startswith(prefix) and len(permission_set) == len(prefix) + 16
    pages = center.sso.get_paginator("list_permission_sets").paginate(InstanceArn=center.arn)
    assert permission_set in [arn for page in pages for arn in page["PermissionSets"]]


def test_an_update_keeps_what_it_does_not_name(center: Center) -> None:
    """UpdatePermissionSet changes what is passed; the rest stays. A session lasts an hour unless told otherwise."""
    permission_set = center.permission_set(Description="before")
    names = {"InstanceArn": center.arn, "PermissionSetArn": permission_set}
    assert center.sso.describe_permission_set(**names)["PermissionSet"]["SessionDuration"] == "PT1H"
    center.sso.update_permission_set(**names, SessionDuration="PT8H")
    described = center.sso.describe_permission_set(**names)["PermissionSet"]
    assert (described["Description"], described["SessionDuration"]) == ("before", "PT8H")


def test_a_permission_set_has_tags(center: Center) -> None:
    """Tags are kept from the creation on, added, overwritten and removed."""
    permission_set = center.permission_set(Tags=[{"Key": "run", "Value": "1"}])
    names = {"InstanceArn": center.arn, "ResourceArn": permission_set}

    def tags() -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in center.sso.list_tags_for_resource(**names)["Tags"]}

    assert tags() == {"run": "1"}
    center.sso.tag_resource(**names, Tags=[{"Key": "run", "Value": "2"}, {"Key": "more", "Value": "x"}])
    center.sso.untag_resource(**names, TagKeys=["more"])
    assert tags() == {"run": "2"}


@pytest.mark.parametrize(
    "operation",
    [
        "describe_instance_access_control_attribute_configuration",
        "delete_instance_access_control_attribute_configuration",
    ],
)
def test_without_attributes_there_is_nothing_to_describe_or_delete(center: Center, operation: str) -> None:
    """Attributes that were never enabled are not found."""
    assert refused(getattr(center.sso, operation), InstanceArn=center.arn) == "ResourceNotFoundException"


def test_attributes_are_enabled_once_changed_and_deleted(center: Center) -> None:
    """Attributes for access control are created once, updated, described and deleted."""

    def configuration(attributes: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "InstanceArn": center.arn,
            "InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": attributes},
        }

    sso = center.sso
    update = sso.update_instance_access_control_attribute_configuration
    create = sso.create_instance_access_control_attribute_configuration
    describe = sso.describe_instance_access_control_attribute_configuration
    assert refused(update, **configuration(ATTRIBUTES)) == "ResourceNotFoundException"
    assert refused(create, **configuration(ATTRIBUTES * 2)) == "ValidationException"
    create(**configuration(ATTRIBUTES))
    assert refused(create, **configuration(ATTRIBUTES)) == "ConflictException"
    described = describe(InstanceArn=center.arn)
    assert described["Status"] == "ENABLED"
    assert described["InstanceAccessControlAttributeConfiguration"] == {"AccessControlAttributes": ATTRIBUTES}
    changed = [{"Key": "studiouserid", "Value": {"Source": ["${path:emails[primary eq true].value}"]}}]
    update(**configuration(changed))
    described = describe(InstanceArn=center.arn)["InstanceAccessControlAttributeConfiguration"]
    assert described == {"AccessControlAttributes": changed}
    sso.delete_instance_access_control_attribute_configuration(InstanceArn=center.arn)
    assert refused(describe, InstanceArn=center.arn) == "ResourceNotFoundException"


def test_people_and_groups_are_kept(center: Center) -> None:
    """The identity store keeps users, groups and who is in which."""
    store = {"IdentityStoreId": center.store_id}
    person = center.person()
    group = center.people.create_group(**store, DisplayName="scientists")["GroupId"]
    center.people.create_group_membership(**store, GroupId=group, MemberId={"UserId": person})
    members = center.people.list_group_memberships(**store, GroupId=group)["GroupMemberships"]
    assert [member["MemberId"]["UserId"] for member in members] == [person]
    center.people.delete_user(**store, UserId=person)
    assert refused(center.people.describe_user, **store, UserId=person) == "ResourceNotFoundException"
