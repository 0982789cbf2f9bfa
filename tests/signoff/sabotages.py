"""A pytest plugin that changes the account behind the plan's back: ``--sabotage NAME``, one function each.

Each is called when the plan has been made true, before the first probe, with the harness's own rights. What the
sign-off must say about it stands in ``sabotages.yaml``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakeproof.plan import Plan
from lakeproof.probes.sessions import assume
from lakeproof.target import Credentials, Target
from provision.estate import Estate
from tests.signoff.runs import FULL, LIMITED

Sabotage = Callable[[Plan, Target, Estate], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sabotage", choices=sorted(SABOTAGES), help="what to change after provisioning")


def pytest_lakeproof_provisioned(config: pytest.Config, plan: Plan, target: Target, estate: Estate) -> None:
    SABOTAGES[config.option.sabotage](plan, target, estate)
    time.sleep(target.propagation_s)  # what is felt late is felt by the first probe


def revoke_one_grant(plan: Plan, target: Target, estate: Estate) -> None:
    """The full person loses SELECT on the table."""
    _lake_formation(target).revoke_permissions(**_on_table(plan, estate.person(FULL).execution_role_arn))


def add_one_grant(plan: Plan, target: Target, estate: Estate) -> None:
    """The limited person is granted a column that is hidden from them."""
    resource = {"TableWithColumns": {**_table(plan), "ColumnNames": ["customer_id"]}}
    _lake_formation(target).grant_permissions(**_on_table(plan, estate.person(LIMITED).execution_role_arn, resource))


def detach_the_execution_policy(plan: Plan, target: Target, estate: Estate) -> None:
    """The limited person's execution role loses its only policy."""
    role = estate.person(LIMITED).execution_role
    target.client("iam").detach_role_policy(RoleName=role, PolicyArn=estate.execution_policy_arn)


def widen_a_trust(plan: Plan, target: Target, estate: Estate) -> None:
    """Any principal of the account may assume the limited person's execution role, without the external id."""
    account = {"AWS": f"arn:aws:iam::{target.account_id}:root"}
    statement = {"Effect": "Allow", "Principal": account, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]}
    role = estate.person(LIMITED).execution_role
    target.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=_document(statement))


def remove_the_role_tag(plan: Plan, target: Target, estate: Estate) -> None:
    """The limited person's execution role no longer says whose profile it belongs to."""
    role = estate.person(LIMITED).execution_role
    target.client("iam").untag_role(RoleName=role, TagKeys=[plan.execution.role_tag])


def swap_two_profile_tags(plan: Plan, target: Target, estate: Estate) -> None:
    """Each person's profile carries the other's user id."""
    one, other = estate.person(LIMITED), estate.person(FULL)
    for profile, user_id in ((one.profile_arn, other.user_id), (other.profile_arn, one.user_id)):
        tag = {"Key": plan.studio.profile_tag, "Value": user_id}
        target.client("sagemaker").add_tags(ResourceArn=profile, Tags=[tag])


def leave_iam_allowed_principals(plan: Plan, target: Target, estate: Estate) -> None:
    """IAMAllowedPrincipals holds Super on the table, as on every table of a fresh account."""
    _lake_formation(target).grant_permissions(**_on_table(plan, "IAM_ALLOWED_PRINCIPALS", permission="ALL"))


def deregister_the_location(plan: Plan, target: Target, estate: Estate) -> None:
    """Lake Formation no longer vends data access to the lake's files."""
    _lake_formation(target).deregister_resource(ResourceArn=estate.registered_location)


def open_profiles_to_the_group(plan: Plan, target: Target, estate: Estate) -> None:
    """The group's policy no longer denies others' profiles, and a second one allows them."""
    iam, way = target.client("iam"), plan.sign_in.iam_user
    assert way is not None and estate.group_policy_arn is not None
    document = json.loads(plan.document(way.policy.file))
    kept = [each for each in document["Statement"] if each["Sid"] != "AmazonSageMakerDeniedUserProfiles"]
    assert len(kept) + 1 == len(document["Statement"])
    iam.create_policy_version(PolicyArn=estate.group_policy_arn, PolicyDocument=_document(*kept), SetAsDefault=True)
    _allow_profiles(target, way.group)


def allow_what_a_deny_still_refuses(plan: Plan, target: Target, estate: Estate) -> None:
    """The group is allowed others' profiles, but its own policy still denies them."""
    assert plan.sign_in.iam_user is not None
    _allow_profiles(target, plan.sign_in.iam_user.group)


def take_the_deny_from_a_stand_in(plan: Plan, target: Target, estate: Estate) -> None:
    """The federated person's console session may open every profile."""
    role = plan.person(FULL).stand_in_role
    way = plan.sign_in.federated
    assert role is not None and way is not None
    iam = target.client("iam")
    iam.put_role_policy(RoleName=role, PolicyName=way.policy.name, PolicyDocument=_document(_profiles_statement()))


def allow_what_nobody_tries(plan: Plan, target: Target, estate: Estate) -> None:
    """The group may start jobs that read the whole lake, which no other scenario thinks of."""
    assert plan.sign_in.iam_user is not None
    statement = {"Effect": "Allow", "Action": ["sagemaker:CreateProcessingJob", "glue:StartJobRun"], "Resource": "*"}
    target.client("iam").put_group_policy(
        GroupName=plan.sign_in.iam_user.group, PolicyName="Jobs", PolicyDocument=_document(statement)
    )


def no_twin_is_left(plan: Plan, target: Target, estate: Estate) -> None:
    """Nobody but the limited person can read the table any more, the control reader included."""
    assert estate.control_reader is not None
    for principal in (estate.person(FULL).execution_role_arn, estate.control_reader.role_arn):
        _lake_formation(target).revoke_permissions(**_on_table(plan, principal))


def keep_a_bucket_from_being_deleted(plan: Plan, target: Target, estate: Estate) -> None:
    """A bucket policy, which provisioning did not make, denies everybody to delete the lake's bucket."""
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteBucket",
        "Resource": f"arn:aws:s3:::{estate.lake_bucket}",
    }
    target.client("s3").put_bucket_policy(Bucket=estate.lake_bucket, Policy=_document(statement))


def use_a_persons_session(plan: Plan, target: Target, estate: Estate) -> None:
    """Somebody who may assume the limited person's execution role does so, under another name, and looks around."""
    role = estate.person(LIMITED).execution_role_arn
    _look_around(target, assume(target, role, external_id=estate.external_id, session_name="somebody").credentials)


def use_another_session(plan: Plan, target: Target, estate: Estate) -> None:
    """The same look around, by somebody whom the plan does not name: none of its business."""
    _look_around(target, target.credentials)


def fail(plan: Plan, target: Target, estate: Estate) -> None:
    """The plugin itself breaks, when everything has been made."""
    raise RuntimeError("the plugin of the team broke")


def _look_around(target: Target, credentials: Credentials) -> None:
    with suppress(ClientError):  # refused or not, it is recorded
        target.client("athena", credentials).list_work_groups()


def _lake_formation(target: Target) -> Any:
    return target.client("lakeformation")


def _table(plan: Plan) -> dict[str, str]:
    return {"DatabaseName": plan.dataset.database, "Name": plan.dataset.tables[0].name}


def _on_table(
    plan: Plan, principal: str, resource: dict[str, Any] | None = None, permission: str = "SELECT"
) -> dict[str, Any]:
    return {
        "Principal": {"DataLakePrincipalIdentifier": principal},
        "Resource": resource or {"Table": _table(plan)},
        "Permissions": [permission],
    }


def _profiles_statement() -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": ["sagemaker:CreatePresignedDomainUrl", "sagemaker:DescribeUserProfile"],
        "Resource": "*",
    }


def _allow_profiles(target: Target, group: str) -> None:
    document = _document(_profiles_statement())
    target.client("iam").put_group_policy(GroupName=group, PolicyName="EveryProfile", PolicyDocument=document)


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


SABOTAGES: dict[str, Sabotage] = {
    function.__name__.replace("_", " "): function
    for function in (
        revoke_one_grant,
        add_one_grant,
        detach_the_execution_policy,
        widen_a_trust,
        remove_the_role_tag,
        swap_two_profile_tags,
        leave_iam_allowed_principals,
        deregister_the_location,
        open_profiles_to_the_group,
        allow_what_a_deny_still_refuses,
        take_the_deny_from_a_stand_in,
        allow_what_nobody_tries,
        no_twin_is_left,
        keep_a_bucket_from_being_deleted,
        use_a_persons_session,
        use_another_session,
        fail,
    )
}
"""Each sabotage by its name in words."""
