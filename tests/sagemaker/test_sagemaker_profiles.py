"""User profiles, and the URL that opens one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Embedded
from tests.sagemaker.studio import make_domain, refusal


@pytest.mark.parametrize("name", ["ana_b", "-ana", "ana-", "a" * 64, "ana.b", "ana@b"])
def test_a_name_that_aws_refuses_is_refused(sagemaker: Any, domain_id: str, name: str) -> None:
    """A profile's name is up to 63 letters, digits and inner hyphens; all else is a validation error."""
    code, message = refusal(sagemaker.create_user_profile, DomainId=domain_id, UserProfileName=name)
    assert code == "ValidationException"
    assert f"Value '{name}' at 'userProfileName' failed to satisfy constraint" in message


def test_what_does_not_exist_is_not_found(sagemaker: Any, domain_id: str) -> None:
    """An unknown profile, and a profile in an unknown domain, are not found by any operation."""
    for operation in (
        sagemaker.describe_user_profile,
        sagemaker.update_user_profile,
        sagemaker.delete_user_profile,
        sagemaker.create_presigned_domain_url,
    ):
        assert refusal(operation, DomainId=domain_id, UserProfileName="nobody")[0] == "ResourceNotFound"
    missing = refusal(sagemaker.create_user_profile, DomainId="d-none", UserProfileName="ana")
    assert missing[0] == "ResourceNotFound"


def test_a_profile_is_created_once(sagemaker: Any, domain_id: str) -> None:
    """A second profile of the same name is refused."""
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana")
    code, _ = refusal(sagemaker.create_user_profile, DomainId=domain_id, UserProfileName="ana")
    assert code == "ResourceInUse"


def test_a_profile_in_use_is_not_deleted(sagemaker: Any, domain_id: str) -> None:
    """A profile with an app, or that owns a space, stays (captured text)."""
    app = {"DomainId": domain_id, "UserProfileName": "ana", "AppType": "JupyterLab", "AppName": "default"}
    arn = sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana")["UserProfileArn"]
    sagemaker.create_app(**app)
    code, message = refusal(sagemaker.delete_user_profile, DomainId=domain_id, UserProfileName="ana")
    assert code == "ResourceInUse"
    assert message == f"Unable to delete UserProfile [{arn}] because App(s) are associated with it."
    sagemaker.delete_app(**app)
    sagemaker.create_space(
        DomainId=domain_id,
        SpaceName="private",
        OwnershipSettings={"OwnerUserProfileName": "ana"},
        SpaceSharingSettings={"SharingType": "Private"},
    )
    assert "Space(s)" in refusal(sagemaker.delete_user_profile, DomainId=domain_id, UserProfileName="ana")[1]
    sagemaker.delete_space(DomainId=domain_id, SpaceName="private")
    sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName="ana")
    assert refusal(sagemaker.describe_user_profile, DomainId=domain_id, UserProfileName="ana")[0] == "ResourceNotFound"


def test_single_sign_on_needs_a_domain_of_that_kind(sagemaker: Any, domain_id: str) -> None:
    """A profile of a single sign-on user cannot be in a domain whose AuthMode is IAM."""
    params = {"SingleSignOnUserIdentifier": "UserName", "SingleSignOnUserValue": "ana"}
    refused = refusal(sagemaker.create_user_profile, DomainId=domain_id, UserProfileName="ana", **params)
    assert refused[0] == "ValidationException"


def test_a_single_sign_on_domain_gives_no_url(embedded: Embedded, sagemaker: Any) -> None:
    """CreatePresignedDomainUrl works only where the AuthMode is IAM."""
    domain_id = make_domain(embedded, "by-sso", AuthMode="SSO")
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana")
    refused = refusal(sagemaker.create_presigned_domain_url, DomainId=domain_id, UserProfileName="ana")
    assert refused[0] == "ValidationException"


def test_a_url_does_not_last_longer_than_aws_lets_it(sagemaker: Any, domain_id: str) -> None:
    """ExpiresInSeconds is at most 300."""
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana")
    params = {"DomainId": domain_id, "UserProfileName": "ana", "ExpiresInSeconds": 301}
    code, message = refusal(sagemaker.create_presigned_domain_url, **params)
    assert code == "ValidationException" and "less than or equal to 300" in message


def test_each_url_has_its_own_secret(sagemaker: Any, domain_id: str) -> None:
    """Every presigned URL is for the domain, and has a token of its own."""
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana")
    urls = [
        sagemaker.create_presigned_domain_url(DomainId=domain_id, UserProfileName="ana")["AuthorizedUrl"]
        for _ in range(2)
    ]
    assert urls[0] != urls[1]
    assert all(url.startswith(f"https://{domain_id}.studio.") and "/auth?token=" in url for url in urls)


def test_a_profile_is_described_as_created(embedded: Embedded, sagemaker: Any, domain_id: str) -> None:
    """A profile is in service at once, with its execution role and a number in the file system."""
    role_arn = f"arn:aws:iam::{embedded.account_id}:role/exec"
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana", UserSettings={"ExecutionRole": role_arn})
    profile = sagemaker.describe_user_profile(DomainId=domain_id, UserProfileName="ana")
    prefix = f"arn:aws:sagemaker:{embedded.region}:{embedded.account_id}"
    assert profile["UserProfileArn"] == f"{prefix}:user-profile/{domain_id}/ana"
    assert (profile["DomainId"], profile["Status"]) == (domain_id, "InService")
    assert profile["UserSettings"]["ExecutionRole"] == role_arn
    assert profile["HomeEfsFileSystemUid"].isdigit()


def test_an_update_keeps_the_other_settings(embedded: Embedded, sagemaker: Any, domain_id: str) -> None:
    """UpdateUserProfile replaces what it names; the execution role stays."""
    role_arn = f"arn:aws:iam::{embedded.account_id}:role/exec"
    names = {"DomainId": domain_id, "UserProfileName": "ana"}
    sagemaker.create_user_profile(**names, UserSettings={"ExecutionRole": role_arn})
    sagemaker.update_user_profile(**names, UserSettings={"SecurityGroups": ["sg-1"]})
    settings = sagemaker.describe_user_profile(**names)["UserSettings"]
    assert settings == {"ExecutionRole": role_arn, "SecurityGroups": ["sg-1"]}


def test_profiles_are_listed_by_domain_and_name(sagemaker: Any, domain_id: str) -> None:
    """Profiles are listed in pages, of one domain, by a part of the name, in either order."""
    for number in range(12):
        sagemaker.create_user_profile(DomainId=domain_id, UserProfileName=f"person-{number}")
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="other")
    first = sagemaker.list_user_profiles(DomainIdEquals=domain_id)
    assert len(first["UserProfiles"]) == 10 and "NextToken" in first
    pages = sagemaker.get_paginator("list_user_profiles").paginate(
        DomainIdEquals=domain_id, UserProfileNameContains="person", SortOrder="Descending"
    )
    names = [profile["UserProfileName"] for page in pages for profile in page["UserProfiles"]]
    assert sorted(names) == sorted(f"person-{number}" for number in range(12))
    assert sagemaker.list_user_profiles(DomainIdEquals="d-none")["UserProfiles"] == []
    assert refusal(sagemaker.list_user_profiles, NextToken="broken!")[0] == "ValidationException"
