"""Studio and Athena as they are: every domain, profile, app and workgroup, with its tags and its role."""

from __future__ import annotations

import pytest

from lakeproof.inventory import athena, studio
from tests.inventories.paged import Paged

PROFILE = {"UserProfileArn": "arn:profile", "Status": "InService", "UserSettings": {"ExecutionRole": "arn:role"}}


@pytest.fixture
def sagemaker() -> Paged:
    """Two domains, profiles and apps, one of which has been deleted."""
    apps = [
        {"AppName": name, "Status": status} for name, status in (("a", "InService"), ("b", "Deleted"), ("c", "Failed"))
    ]
    return Paged(
        paginators=("list_domains", "list_user_profiles", "list_apps"),
        list_domains=("Domains", [{"DomainId": "d-1", "Status": "InService"}, {"DomainId": "d-2", "Status": "Failed"}]),
        list_user_profiles=("UserProfiles", [{"UserProfileName": "b"}, {"UserProfileName": "a"}]),
        describe_user_profile=PROFILE,
        describe_domain={"DomainId": "d-1", "DomainName": "lake"},
        list_tags=("Tags", [{"Key": "studiouserid", "Value": "alice"}, {"Key": "other", "Value": "x"}]),
        list_apps=("Apps", apps),
    )


def test_a_profile_without_a_role_of_its_own_has_none(sagemaker: Paged) -> None:
    """It runs with the domain's default role: that is not the person's, and is never made up."""
    sagemaker._methods["describe_user_profile"] = {"UserProfileArn": "arn:profile", "Status": "InService"}
    assert studio.profile(sagemaker, "d-1", "alice").execution_role_arn is None


def test_a_profile_has_its_role_and_every_tag(sagemaker: Paged) -> None:
    """Tags come from a list of their own, with pages of their own."""
    found = studio.profile(sagemaker, "d-1", "alice")
    assert (found.name, found.arn, found.status, found.execution_role_arn) == (
        "alice",
        "arn:profile",
        "InService",
        "arn:role",
    )
    assert found.tags == {"studiouserid": "alice", "other": "x"}


def test_domains_profiles_and_apps_are_read_to_the_end(sagemaker: Paged) -> None:
    """A domain in any status is there; an app that was deleted is not, one that failed is."""
    assert studio.domains(sagemaker) == {"d-1": "InService", "d-2": "Failed"}
    assert studio.domain(sagemaker, "d-1")["DomainName"] == "lake"
    assert studio.profile_names(sagemaker, "d-1") == ("a", "b")
    assert [app["AppName"] for app in studio.apps(sagemaker, "d-1")] == ["a", "c"]
    asked = [request for method, request in sagemaker.asked if method in ("list_user_profiles", "list_apps")]
    assert asked == [{"DomainIdEquals": "d-1"}] * 2


def test_workgroups_are_read_to_the_end() -> None:
    """All names, sorted, and one in full."""
    client = Paged(
        list_work_groups=("WorkGroups", [{"Name": "primary"}, {"Name": "alice"}]),
        get_work_group={"WorkGroup": {"Name": "alice", "State": "ENABLED"}},
    )
    assert athena.workgroups(client) == ("alice", "primary")
    assert athena.workgroup(client, "alice")["State"] == "ENABLED"
