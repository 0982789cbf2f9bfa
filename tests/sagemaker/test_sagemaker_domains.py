"""Domains of Studio."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Embedded
from tests.sagemaker.studio import make_domain, refusal

NOWHERE = "d-doesnotexist"


def test_a_domain_that_does_not_exist_is_not_found(sagemaker: Any) -> None:
    """Describing, updating and deleting an unknown domain answer ResourceNotFound."""
    for operation in (sagemaker.describe_domain, sagemaker.update_domain, sagemaker.delete_domain):
        assert refusal(operation, DomainId=NOWHERE)[0] == "ResourceNotFound"


def test_a_name_is_taken_once(embedded: Embedded, sagemaker: Any) -> None:
    """A second domain of the same name is refused."""
    make_domain(embedded, "taken")
    params = {"DomainName": "taken", "AuthMode": "IAM", "DefaultUserSettings": {}}
    assert refusal(sagemaker.create_domain, **params)[0] == "ResourceInUse"


def test_an_unknown_choice_is_refused(sagemaker: Any) -> None:
    """A value outside an enumeration is refused in AWS's words."""
    params = {"DomainName": "wrong", "AuthMode": "PASSWORD", "DefaultUserSettings": {}}
    code, message = refusal(sagemaker.create_domain, **params)
    assert code == "ValidationException"
    assert "Value 'PASSWORD' at 'authMode' failed to satisfy constraint: Member must satisfy enum value set" in message


@pytest.mark.parametrize("kind", ["UserProfile", "Space", "App"])
def test_a_domain_in_use_is_not_deleted(sagemaker: Any, domain_id: str, kind: str) -> None:
    """A domain with profiles, spaces or apps stays; without them it goes, whatever becomes of its files."""
    if kind == "Space":
        sagemaker.create_space(DomainId=domain_id, SpaceName="shared")
    else:
        sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana")
    if kind == "App":
        sagemaker.create_app(DomainId=domain_id, UserProfileName="ana", AppType="JupyterLab", AppName="default")
    code, message = refusal(sagemaker.delete_domain, DomainId=domain_id)
    assert code == "ResourceInUse" and f"because {kind}(s) are associated with it" in message
    if kind == "App":
        sagemaker.delete_app(DomainId=domain_id, UserProfileName="ana", AppType="JupyterLab", AppName="default")
    if kind == "Space":
        sagemaker.delete_space(DomainId=domain_id, SpaceName="shared")
    else:
        sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName="ana")
    sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
    assert refusal(sagemaker.describe_domain, DomainId=domain_id)[0] == "ResourceNotFound"


def test_source_identity_is_not_switched_while_an_app_runs(sagemaker: Any, domain_id: str) -> None:
    """ExecutionRoleIdentityConfig changes only when no app is in service."""
    app = {"DomainId": domain_id, "UserProfileName": "ana", "AppType": "JupyterLab", "AppName": "default"}
    change = {"DomainId": domain_id, "DomainSettingsForUpdate": {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}}
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana")
    sagemaker.create_app(**app)
    code, message = refusal(sagemaker.update_domain, **change)
    assert code == "ResourceInUse" and "no apps in the InService or Pending state" in message
    sagemaker.update_domain(DomainId=domain_id, AppNetworkAccessType="VpcOnly")
    sagemaker.delete_app(**app)
    sagemaker.update_domain(**change)
    described = sagemaker.describe_domain(DomainId=domain_id)
    assert described["DomainSettings"] == {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}
    assert described["AppNetworkAccessType"] == "VpcOnly"


def test_a_domain_is_described_as_created(embedded: Embedded, sagemaker: Any) -> None:
    """A domain is in service at once, with the settings it was created with."""
    settings = {"ExecutionRole": f"arn:aws:iam::{embedded.account_id}:role/none"}
    domain_id = make_domain(
        embedded,
        "described",
        DefaultUserSettings=settings,
        SubnetIds=["subnet-1"],
        VpcId="vpc-1",
        DomainSettings={"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"},
    )
    domain = sagemaker.describe_domain(DomainId=domain_id)
    assert domain["DomainArn"] == f"arn:aws:sagemaker:{embedded.region}:{embedded.account_id}:domain/{domain_id}"
    assert (domain["Status"], domain["AuthMode"], domain["VpcId"]) == ("InService", "IAM", "vpc-1")
    assert domain["DefaultUserSettings"] == settings
    assert domain["DomainSettings"] == {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}
    assert domain["Url"].startswith(f"https://{domain_id}.studio.")


def test_settings_that_are_not_passed_stay(embedded: Embedded, sagemaker: Any) -> None:
    """An update replaces the settings that it names, and no others."""
    domain_id = make_domain(embedded, "updated", DefaultUserSettings={"SecurityGroups": ["sg-1"]})
    sagemaker.update_domain(DomainId=domain_id, DefaultUserSettings={"StudioWebPortal": "ENABLED"})
    settings = sagemaker.describe_domain(DomainId=domain_id)["DefaultUserSettings"]
    assert settings == {"SecurityGroups": ["sg-1"], "StudioWebPortal": "ENABLED"}


def test_domains_are_listed_in_pages(embedded: Embedded, sagemaker: Any) -> None:
    """Every domain is listed once over the pages."""
    made = {make_domain(embedded, f"page-{number}") for number in range(3)}
    pages = sagemaker.get_paginator("list_domains").paginate(PaginationConfig={"PageSize": 1})
    listed = [domain["DomainId"] for page in pages for domain in page["Domains"]]
    assert made <= set(listed) and len(listed) == len(set(listed))
