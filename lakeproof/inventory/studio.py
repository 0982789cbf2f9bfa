"""SageMaker Studio as it is: the domain, its profiles with their roles and tags, its apps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakeproof.inventory.pages import listed


@dataclass(frozen=True, slots=True)
class UserProfile:
    """A profile as DescribeUserProfile and ListTags show it."""

    name: str
    arn: str
    status: str
    execution_role_arn: str | None
    tags: Mapping[str, str]


def domains(sagemaker: Any) -> dict[str, str]:
    """All domains of the account: id to status."""
    return {row["DomainId"]: row["Status"] for row in listed(sagemaker, "list_domains", "Domains")}


def domain(sagemaker: Any, domain_id: str) -> Mapping[str, Any]:
    """One domain as DescribeDomain shows it."""
    found: Mapping[str, Any] = sagemaker.describe_domain(DomainId=domain_id)
    return found


def profile_names(sagemaker: Any, domain_id: str) -> tuple[str, ...]:
    """The names of all profiles of a domain, sorted."""
    rows = listed(sagemaker, "list_user_profiles", "UserProfiles", DomainIdEquals=domain_id)
    return tuple(sorted(row["UserProfileName"] for row in rows))


def profile(sagemaker: Any, domain_id: str, name: str) -> UserProfile:
    """One profile. Raises ResourceNotFound if there is none of that name."""
    found = sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName=name)
    return UserProfile(
        name=name,
        arn=found["UserProfileArn"],
        status=found["Status"],
        execution_role_arn=found.get("UserSettings", {}).get("ExecutionRole"),
        tags=tags(sagemaker, found["UserProfileArn"]),
    )


def tags(sagemaker: Any, arn: str) -> dict[str, str]:
    """The tags of a SageMaker resource."""
    return {row["Key"]: row["Value"] for row in listed(sagemaker, "list_tags", "Tags", ResourceArn=arn)}


def apps(sagemaker: Any, domain_id: str) -> tuple[Mapping[str, Any], ...]:
    """All apps of a domain that have not been deleted."""
    rows = listed(sagemaker, "list_apps", "Apps", DomainIdEquals=domain_id)
    return tuple(row for row in rows if row["Status"] != "Deleted")
