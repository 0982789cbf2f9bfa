"""Federated people: the permission set in IAM Identity Center, its assignments, and the stand-in roles.

An AWSReservedSSO role cannot be assumed by a test, so each federated person gets a stand-in: a role with the permission
set's policies that the harness assumes with the session tag that Identity Center would send.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lakeproof.plan import Person, Plan
from lakeproof.plan.parts import FederatedSignIn
from provision import principals
from provision.journal import Entry
from provision.people import trust_values
from provision.site import DESCRIPTION, Kind, ProvisionError, Site, absent, gone_is_fine


@dataclass(frozen=True)
class IdentityCenter:
    """The account's instance of IAM Identity Center, the permission set, and each person's user id in its store."""

    instance_arn: str | None
    permission_set_arn: str | None
    users: Mapping[str, str]


def make_stand_ins(site: Site, plan: Plan) -> None:
    """One role for each federated person: the permission set's inline and managed policies."""
    way = plan.sign_in.federated
    if way is None:
        return
    document = plan.document(way.policy.file)

    def make(person: Person) -> None:
        if person.stand_in_role is None:
            raise ProvisionError(f"{person.name} is federated and has no stand-in role in the plan")
        principals.make_role(
            site,
            person.stand_in_role,
            plan.document(way.stand_in_trust, trust_values(site, person)),
            way.managed_policies,
            inline={way.policy.name: document},
        )

    site.each(make, plan.people_by_sign_in("federated"))


def make_identity_center(site: Site, plan: Plan) -> IdentityCenter:
    """Permission set, the attribute that becomes the session tag, users and assignments."""
    people, way = plan.people_by_sign_in("federated"), plan.sign_in.federated
    if not people or way is None or way.permission_set is None:
        return IdentityCenter(None, None, {})
    instances = site.client("sso-admin").list_instances()["Instances"]
    if not instances:
        raise ProvisionError(
            f"there is no IAM Identity Center in {site.target.region}: create one there, or set "
            "sign_in.federated.permission_set to null to verify with the stand-in roles alone"
        )
    instance, store = instances[0]["InstanceArn"], instances[0]["IdentityStoreId"]
    site.progress(f"IAM Identity Center: permission set {way.permission_set} for {len(people)} people")
    _make_attribute(site, plan, way, instance)
    permission_set = _make_permission_set(site, plan, way, instance)

    def make(person: Person) -> tuple[str, str]:
        user = _make_user(site, store, person)
        _assign(site, instance, permission_set, user)
        return person.name, user

    return IdentityCenter(instance, permission_set, dict(map(make, people)))


def _make_permission_set(site: Site, plan: Plan, way: FederatedSignIn, instance: str) -> str:
    sso, document = site.client("sso-admin"), plan.document(way.policy.file)

    def create() -> Mapping[str, Any]:
        arn = sso.create_permission_set(
            Name=way.permission_set,
            InstanceArn=instance,
            SessionDuration="PT1H",
            Description=DESCRIPTION,
            Tags=site.tags(),
        )["PermissionSet"]["PermissionSetArn"]
        sso.put_inline_policy_to_permission_set(InstanceArn=instance, PermissionSetArn=arn, InlinePolicy=document)
        for policy in way.managed_policies:
            sso.attach_managed_policy_to_permission_set(
                InstanceArn=instance, PermissionSetArn=arn, ManagedPolicyArn=policy
            )
        return {"arn": arn}

    return str(site.make(PERMISSION_SET, str(way.permission_set), create, {"instance": instance})["arn"])


def _make_user(site: Site, store: str, person: Person) -> str:
    """A user of Identity Center's own directory. It takes no tags, so its type carries the run."""
    answer = site.make(
        IDENTITY_USER,
        person.user_id,
        lambda: {
            "user": site.client("identitystore").create_user(
                IdentityStoreId=store,
                UserName=person.user_id,
                DisplayName=person.name,
                UserType=f"lakeproof:{site.run_id}",
                Name={"GivenName": person.name, "FamilyName": "Lakeproof"},
                Emails=[{"Value": person.user_id, "Type": "work", "Primary": True}],
            )["UserId"]
        },
        {"store": store},
    )
    return str(answer["user"])


def _assign(site: Site, instance: str, permission_set: str, user: str) -> None:
    sso = site.client("sso-admin")
    request = {
        "InstanceArn": instance,
        "PermissionSetArn": permission_set,
        "TargetId": site.target.account_id,
        "TargetType": "AWS_ACCOUNT",
        "PrincipalType": "USER",
        "PrincipalId": user,
    }

    def create() -> None:
        status = sso.create_account_assignment(**request)["AccountAssignmentCreationStatus"]
        _settle(site, "create", instance, status)

    site.make(ASSIGNMENT, user, create, request)


def _settle(site: Site, verb: str, instance: str, status: Mapping[str, Any]) -> None:
    """Wait for an assignment to be made or deleted; both are asynchronous (SSO admin API)."""
    sso = site.client("sso-admin")
    describe, argument, member = {
        "create": (
            sso.describe_account_assignment_creation_status,
            "AccountAssignmentCreationRequestId",
            "AccountAssignmentCreationStatus",
        ),
        "delete": (
            sso.describe_account_assignment_deletion_status,
            "AccountAssignmentDeletionRequestId",
            "AccountAssignmentDeletionStatus",
        ),
    }[verb]
    if status["Status"] == "SUCCEEDED":
        return
    site.wait(
        f"assignment of the permission set ({verb})",
        lambda: str(describe(InstanceArn=instance, **{argument: status["RequestId"]})[member]["Status"]),
        "SUCCEEDED",
        ("FAILED",),
        deadline_s=600,
    )


def _attributes(site: Site, instance: str) -> list[dict[str, Any]] | None:
    """The attributes for access control, None where they are switched off."""
    try:
        found = site.client("sso-admin").describe_instance_access_control_attribute_configuration(InstanceArn=instance)
    except ClientError as error:
        if not absent(error):
            raise
        return None
    attributes: list[dict[str, Any]] = found["InstanceAccessControlAttributeConfiguration"]["AccessControlAttributes"]
    return attributes


def _make_attribute(site: Site, plan: Plan, way: FederatedSignIn, instance: str) -> None:
    """The session tag with the person's e-mail address. The configuration is the whole instance's: compare and set."""
    wanted = {"Key": plan.studio.profile_tag, "Value": {"Source": [way.email_attribute]}}
    before = _attributes(site, instance)
    if site.journal.find(ATTRIBUTE.name, instance) is None:
        if wanted in (before or []):
            return
        taken = [item for item in before or [] if item["Key"] == wanted["Key"]]
        if taken:
            raise ProvisionError(
                f"IAM Identity Center sends {taken[0]['Value']['Source']} as {wanted['Key']!r}, the plan "
                f"wants {way.email_attribute!r}: set sign_in.federated.email_attribute to what it sends"
            )

    def create() -> None:  # reads again: an unconfirmed one of an earlier attempt has been taken out by then
        now = _attributes(site, instance)
        others = [item for item in now or [] if item["Key"] != wanted["Key"]]
        _set_attributes(site, instance, now, [*others, wanted])

    site.make(ATTRIBUTE, instance, create, {"key": wanted["Key"], "was_off": before is None})


def _set_attributes(
    site: Site, instance: str, before: list[dict[str, Any]] | None, after: list[dict[str, Any]]
) -> None:
    sso, wanted = site.client("sso-admin"), {"AccessControlAttributes": after}
    call = (
        sso.create_instance_access_control_attribute_configuration
        if before is None
        else sso.update_instance_access_control_attribute_configuration
    )
    call(InstanceArn=instance, InstanceAccessControlAttributeConfiguration=wanted)


def _restore_attribute(site: Site, entry: Entry) -> None:
    """Take our attribute out; what others have added stays."""
    now = _attributes(site, entry.id)
    if now is None or not any(item["Key"] == entry.undo["key"] for item in now):
        return
    left = [item for item in now if item["Key"] != entry.undo["key"]]
    if entry.undo["was_off"] and not left:
        site.client("sso-admin").delete_instance_access_control_attribute_configuration(InstanceArn=entry.id)
    else:
        _set_attributes(site, entry.id, now, left)


def _attributes_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    return (
        entry
        for entry in entries
        if any(item["Key"] == entry.undo["key"] for item in _attributes(site, entry.id) or [])
    )


def permission_sets(site: Site, instance: str) -> Iterator[dict[str, Any]]:
    """Every permission set of the instance, described."""
    sso = site.client("sso-admin")
    for page in sso.get_paginator("list_permission_sets").paginate(InstanceArn=instance):
        for arn in page["PermissionSets"]:
            yield sso.describe_permission_set(InstanceArn=instance, PermissionSetArn=arn)["PermissionSet"]


def _permission_set_arn(site: Site, entry: Entry) -> str | None:
    """The recorded ARN; for one that was never confirmed, the set of that name that carries this run's tag."""
    if "arn" in entry.made:
        return str(entry.made["arn"])
    for found in permission_sets(site, entry.undo["instance"]):
        if found["Name"] == entry.id:
            tags = site.client("sso-admin").list_tags_for_resource(
                InstanceArn=entry.undo["instance"], ResourceArn=found["PermissionSetArn"]
            )["Tags"]
            return str(found["PermissionSetArn"]) if site.ours(tags) else None
    return None


def _remove_permission_set(site: Site, entry: Entry) -> None:
    arn = _permission_set_arn(site, entry)
    if arn:
        gone_is_fine(
            site.client("sso-admin").delete_permission_set, InstanceArn=entry.undo["instance"], PermissionSetArn=arn
        )


def _permission_sets_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    for entry in entries:
        arn = _permission_set_arn(site, entry)
        if arn and any(found["PermissionSetArn"] == arn for found in permission_sets(site, entry.undo["instance"])):
            yield entry


def _store_users(site: Site, entry: Entry) -> Iterator[dict[str, Any]]:
    pages = site.client("identitystore").get_paginator("list_users").paginate(IdentityStoreId=entry.undo["store"])
    for page in pages:
        yield from (
            user
            for user in page["Users"]
            if user.get("UserName") == entry.id and user.get("UserType") == f"lakeproof:{site.run_id}"
        )


def _remove_user(site: Site, entry: Entry) -> None:
    users = [entry.made["user"]] if "user" in entry.made else [user["UserId"] for user in _store_users(site, entry)]
    for user in users:
        gone_is_fine(site.client("identitystore").delete_user, IdentityStoreId=entry.undo["store"], UserId=user)


def _unassign(site: Site, entry: Entry) -> None:
    sso = site.client("sso-admin")

    def delete() -> None:
        status = sso.delete_account_assignment(**entry.undo)["AccountAssignmentDeletionStatus"]
        _settle(site, "delete", entry.undo["InstanceArn"], status)

    gone_is_fine(delete)


ATTRIBUTE = Kind("access control attribute", 50, _restore_attribute, _attributes_remaining)
PERMISSION_SET = Kind("permission set", 50, _remove_permission_set, _permission_sets_remaining)
IDENTITY_USER = Kind(
    "Identity Center user",
    51,
    _remove_user,
    lambda site, entries: [entry for entry in entries if any(_store_users(site, entry))],
)
ASSIGNMENT = Kind("assignment", 52, _unassign, lambda site, entries: ())
KINDS = (ATTRIBUTE, PERMISSION_SET, IDENTITY_USER, ASSIGNMENT)
