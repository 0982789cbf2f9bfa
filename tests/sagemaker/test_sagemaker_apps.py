"""Apps and spaces: what a person opens in Studio, and which role it runs with."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cloudtrail.bench import history
from tests.conftest import Embedded
from tests.sagemaker.studio import make_domain, make_role, refusal

LAB = {"AppType": "JupyterLab", "AppName": "default"}


def test_an_app_belongs_to_a_profile_or_to_a_space(sagemaker: Any, domain_id: str) -> None:
    """An app of neither, or of both, is refused; of an unknown profile or space it is not found."""
    assert refusal(sagemaker.create_app, DomainId=domain_id, **LAB)[0] == "ValidationException"
    both = {"UserProfileName": "ana", "SpaceName": "s"}
    assert refusal(sagemaker.create_app, DomainId=domain_id, **both, **LAB)[0] == "ValidationException"
    assert refusal(sagemaker.create_app, DomainId=domain_id, UserProfileName="ana", **LAB)[0] == "ResourceNotFound"
    assert refusal(sagemaker.create_app, DomainId=domain_id, SpaceName="s", **LAB)[0] == "ResourceNotFound"


def test_an_app_lives_once_and_is_listed_after_its_death(embedded: Embedded, sagemaker: Any, domain_id: str) -> None:
    """A running app cannot be created again; deleted it is listed as Deleted for a day, and can be created again."""
    app = {"DomainId": domain_id, "UserProfileName": "ana", **LAB}
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana")
    assert refusal(sagemaker.describe_app, **app)[0] == "ResourceNotFound"
    assert refusal(sagemaker.delete_app, **app)[0] == "ResourceNotFound"
    sagemaker.create_app(**app)
    assert sagemaker.describe_app(**app)["Status"] == "InService"
    assert refusal(sagemaker.create_app, **app)[0] == "ResourceInUse"
    sagemaker.delete_app(**app)
    assert sagemaker.describe_app(**app)["Status"] == "Deleted"
    assert [found["Status"] for found in sagemaker.list_apps(DomainIdEquals=domain_id)["Apps"]] == ["Deleted"]
    assert refusal(sagemaker.delete_app, **app)[0] == "ResourceNotFound"
    sagemaker.create_app(**app)
    sagemaker.delete_app(**app)
    embedded.control("clock", {"advance": 86401})
    assert sagemaker.list_apps(DomainIdEquals=domain_id)["Apps"] == []


@pytest.mark.parametrize(
    ("config", "trusted", "status", "identity"),
    [
        ("USER_PROFILE_NAME", ["sts:AssumeRole", "sts:SetSourceIdentity"], "InService", "ana"),
        ("USER_PROFILE_NAME", ["sts:AssumeRole"], "Failed", None),
        ("DISABLED", ["sts:AssumeRole"], "InService", None),
        ("DISABLED", ["sts:TagSession"], "Failed", None),
    ],
)
def test_an_app_runs_with_the_execution_role_of_its_profile(
    embedded: Embedded, sagemaker: Any, config: str, trusted: list[str], status: str, identity: str | None
) -> None:
    """SageMaker assumes the role, as SageMaker, with the profile's name as source identity where that is on."""
    name = f"app-{config.replace('_', '-')}-{len(trusted)}-{status}-{trusted[0][4:7]}"
    role_arn = make_role(embedded, name, actions=trusted)
    domain_id = make_domain(embedded, name, DomainSettings={"ExecutionRoleIdentityConfig": config})
    app = {"DomainId": domain_id, "UserProfileName": "ana", **LAB}
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana", UserSettings={"ExecutionRole": role_arn})
    sagemaker.create_app(**app)
    described = sagemaker.describe_app(**app)
    assert described["Status"] == status
    assert ("FailureReason" in described) is (status == "Failed")
    event = history(embedded, EventName="AssumeRole")[0]
    assert event["userIdentity"] == {"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"}
    if status == "Failed":
        assert (event["errorCode"], event["requestParameters"]) == ("AccessDenied", None)
    else:
        assert event["requestParameters"]["roleArn"] == role_arn
        assert event["requestParameters"].get("sourceIdentity") == identity
        assert event["responseElements"].get("sourceIdentity") == identity
        assert event["responseElements"]["assumedRoleUser"]["arn"].endswith(f"assumed-role/{name}/SageMaker")


def test_an_app_of_a_private_space_runs_as_its_owner(embedded: Embedded, sagemaker: Any) -> None:
    """In a private space the owner's role and name count."""
    role_arn = make_role(embedded, "owner-role", actions=["sts:AssumeRole", "sts:SetSourceIdentity"])
    domain_id = make_domain(embedded, "with-space", DomainSettings={"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"})
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="owner", UserSettings={"ExecutionRole": role_arn})
    sagemaker.create_space(
        DomainId=domain_id,
        SpaceName="private",
        OwnershipSettings={"OwnerUserProfileName": "owner"},
        SpaceSharingSettings={"SharingType": "Private"},
    )
    sagemaker.create_app(DomainId=domain_id, SpaceName="private", **LAB)
    event = history(embedded, EventName="AssumeRole")[0]
    assert (event["requestParameters"]["roleArn"], event["requestParameters"]["sourceIdentity"]) == (role_arn, "owner")
    app = sagemaker.list_apps(DomainIdEquals=domain_id, SpaceNameEquals="private")["Apps"][0]
    assert app["SpaceName"] == "private" and "UserProfileName" not in app


def test_a_space_says_who_owns_it_and_with_whom_it_is_shared_or_neither(sagemaker: Any, domain_id: str) -> None:
    """Ownership without sharing is refused, as is an owner who does not exist, or a second space of the name."""
    space = {"DomainId": domain_id, "SpaceName": "s"}
    owner = {"OwnerUserProfileName": "nobody"}
    assert refusal(sagemaker.create_space, **space, OwnershipSettings=owner)[0] == "ValidationException"
    sharing = {"SharingType": "Private"}
    refused = refusal(sagemaker.create_space, **space, OwnershipSettings=owner, SpaceSharingSettings=sharing)
    assert refused[0] == "ResourceNotFound"
    sagemaker.create_space(**space)
    assert refusal(sagemaker.create_space, **space)[0] == "ResourceInUse"


def test_a_space_is_described_listed_updated_and_deleted(sagemaker: Any, domain_id: str) -> None:
    """A space keeps what it was given, until it is deleted; one with an app stays."""
    space = {"DomainId": domain_id, "SpaceName": "shared"}
    sagemaker.create_space(**space, SpaceDisplayName="All of us")
    sagemaker.update_space(**space, SpaceSettings={"AppType": "JupyterLab"})
    described = sagemaker.describe_space(**space)
    assert (described["Status"], described["SpaceDisplayName"]) == ("InService", "All of us")
    assert described["SpaceSettings"] == {"AppType": "JupyterLab"}
    listed = sagemaker.list_spaces(DomainIdEquals=domain_id, SpaceNameContains="har")["Spaces"]
    assert [found["SpaceSettingsSummary"] for found in listed] == [{"AppType": "JupyterLab"}]
    sagemaker.create_app(**space, **LAB)
    assert refusal(sagemaker.delete_space, **space)[0] == "ResourceInUse"
    sagemaker.delete_app(**space, **LAB)
    sagemaker.delete_space(**space)
    assert refusal(sagemaker.describe_space, **space)[0] == "ResourceNotFound"
