"""Who may do what: roles, policies, trust and groups, read back and compared with the plan both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pytest_bdd import given, then

from lakeproof.inventory import identity
from lakeproof.inventory.identity import Policy, Role
from lakeproof.plan import Plan
from lakeproof.target import Target
from provision.estate import Estate
from steps import judge
from steps.words import words

RESTORE = "restore what the plan says, or change the plan and have it approved"
RESTRICT = "add the condition StringEquals aws:SourceAccount, this account, to the trust of the service"


def sentences(document: Mapping[str, Any]) -> list[str]:
    """What a policy document says: each statement, and each other member, as text that is equal for equal ones."""
    others = [f"{name}: {value}" for name, value in document.items() if name != "Statement"]
    return others + [json.dumps(statement, sort_keys=True) for statement in identity.statements(document)]


def same_document(what: str, planned: str, found: Mapping[str, Any]) -> None:
    """Two documents must say the same, statement by statement, in any order. Raises NotMet."""
    judge.compare(what, sentences(json.loads(planned)), sentences(found), remedy=RESTORE)


@pytest.fixture
def values(estate: Estate) -> dict[str, str]:
    """What the placeholders of trust policies stand for in this run."""
    return {"harness": estate.harness_arn, "external_id": estate.external_id}


@given(words("the execution role of {person}"), target_fixture="role")
def execution_role(person: str, target: Target, plan: Plan) -> Role:
    return identity.role(target.client("iam"), plan.person(person).execution_role)


@given(words("the console identity of {person}"), target_fixture="console_policies")
def console_policies(person: str, target: Target, plan: Plan) -> tuple[Policy, ...]:
    stand_in, iam = plan.person(person).stand_in_role, target.client("iam")
    if stand_in is None:
        return identity.user_policies(iam, plan.person(person).user_id)
    role = identity.role(iam, stand_in)
    return (*role.inline, *role.attached)


@given("the domain's default execution role", target_fixture="role")
def default_role(target: Target, plan: Plan) -> Role:
    return identity.role(target.client("iam"), plan.studio.default_execution_role.name)


@then(words("its name follows the convention of the plan for {person}"))
def named(role: Role, person: str, plan: Plan) -> None:
    judge.compare("role name", [plan.person(person).execution_role], [role.name])


@then(words("its tag names the profile of {person}"))
def tagged(role: Role, person: str, plan: Plan) -> None:
    tag = plan.execution.role_tag
    judge.compare(f"tag {tag}", [plan.person(person).profile], [role.tags.get(tag, "absent")], remedy=RESTORE)


@then("it has exactly the planned policies")
def execution_policies(role: Role, plan: Plan) -> None:
    managed = [arn.rpartition("/")[2] for arn in plan.execution.managed_policies]
    judge.compare("policies", [plan.execution.policy.name, *managed], role.policy_names(), remedy=RESTORE)


@then("its own policy says exactly what the plan says")
def execution_document(role: Role, plan: Plan) -> None:
    found = {policy.name: policy.document for policy in (*role.inline, *role.attached)}
    same_document("policy", plan.document(plan.execution.policy.file), found.get(plan.execution.policy.name, {}))


@then("it does not have the policy AmazonSageMakerFullAccess")
def not_full_access(role: Role) -> None:
    judge.compare("full access", [], [name for name in role.policy_names() if name == "AmazonSageMakerFullAccess"])


@then("it trusts exactly whom the plan says, under the planned conditions")
def execution_trust(role: Role, plan: Plan, values: dict[str, str]) -> None:
    judge.show("Trusted", "\n".join(f"{kind} {name}" for kind, name in identity.trusted(role.trust)))
    same_document("trust policy", plan.document(plan.execution.trust, values), role.trust)


@then("it trusts services for this account alone")
def services_of_this_account(role: Role, estate: Estate) -> None:
    """The confused deputy (IAM user guide): a service that is trusted without ``aws:SourceAccount`` may be led to use
    the role on behalf of another account."""
    seen = identity.services_for_others(role.trust, estate.account_id)
    judge.compare("services trusted on behalf of any account", [], seen, remedy=RESTRICT)


@then("it has no policy at all")
def no_policy(role: Role) -> None:
    judge.compare("policies", [], role.policy_names(), remedy=RESTORE)


@then(words("{person} has exactly the planned policies at the console"))
def console_exactly(person: str, console_policies: tuple[Policy, ...], plan: Plan) -> None:
    way = plan.sign_in.iam_user if plan.person(person).sign_in == "iam_user" else plan.sign_in.federated
    assert way is not None
    planned = [way.policy.name, *[arn.rpartition("/")[2] for arn in way.managed_policies]]
    judge.compare("policies", planned, [policy.name for policy in console_policies], remedy=RESTORE)
    document = next((policy.document for policy in console_policies if policy.name == way.policy.name), {})
    same_document("policy", plan.document(way.policy.file), document)


@then(words("the group {group} has exactly the planned members"))
def group_members(group: str, target: Target, plan: Plan) -> None:
    members = identity.group_members(target.client("iam"), group)
    judge.compare("members", [person.user_id for person in plan.people_by_sign_in("iam_user")], members, remedy=RESTORE)
