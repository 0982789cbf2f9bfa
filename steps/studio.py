"""SageMaker Studio as planned: the domain, and a profile for each person, bound to their role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_bdd import given, then

from lakeproof.inventory import studio
from lakeproof.inventory.studio import UserProfile
from lakeproof.plan import Plan
from lakeproof.target import Target
from provision.estate import Estate
from steps import judge
from steps.words import words

REBIND = "tag and bind the profile as the plan says"


@given("the Studio domain", target_fixture="domain")
def the_domain(target: Target, estate: Estate) -> Mapping[str, Any]:
    return studio.domain(target.client("sagemaker"), estate.domain_id)


@given(words("the Studio profile of {person}"), target_fixture="profile")
def the_profile(person: str, target: Target, estate: Estate, plan: Plan) -> UserProfile:
    return studio.profile(target.client("sagemaker"), estate.domain_id, plan.person(person).profile)


@then("it is in service")
def domain_in_service(domain: Mapping[str, Any]) -> None:
    judge.compare("status", ["InService"], [domain["Status"]])


@then("its sessions carry the profile's name as source identity, if the plan says so")
def source_identity(domain: Mapping[str, Any], plan: Plan) -> None:
    seen = domain.get("DomainSettings", {}).get("ExecutionRoleIdentityConfig", "DISABLED")
    judge.compare(
        "ExecutionRoleIdentityConfig", ["USER_PROFILE_NAME" if plan.studio.source_identity else "DISABLED"], [seen]
    )


@then("its default execution role is the planned one, which no profile uses")
def default_role(domain: Mapping[str, Any], plan: Plan, estate: Estate) -> None:
    judge.compare(
        "default role",
        [plan.role_arn(plan.studio.default_execution_role.name)],
        [domain["DefaultUserSettings"]["ExecutionRole"]],
    )


@then(words("the profile is in service, tagged with the user id of {person}, and bound to their execution role"))
def bound(person: str, profile: UserProfile, plan: Plan) -> None:
    planned, tag = plan.person(person), plan.studio.profile_tag
    judge.compare(
        "profile",
        ["InService", f"{tag}={planned.user_id}", plan.role_arn(planned.execution_role)],
        [profile.status, f"{tag}={profile.tags.get(tag, 'absent')}", profile.execution_role_arn],
        ordered=True,
        remedy=REBIND,
    )


@then("the domain has a profile for each person, and no other but decoys of this run")
def exactly_profiles(target: Target, estate: Estate, plan: Plan) -> None:
    found = studio.profile_names(target.client("sagemaker"), estate.domain_id)
    judge.compare(
        "profiles",
        [person.profile for person in plan.people],
        [name for name in found if not name.startswith("decoy-")],
    )
