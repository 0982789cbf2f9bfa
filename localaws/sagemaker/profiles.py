"""User profiles: one person's place in a domain, with the execution role that their notebooks use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError
from localaws.sagemaker.listing import contains, equals, listed
from localaws.sagemaker.state import as_tags, given

if TYPE_CHECKING:
    from localaws.account import Account


def create_user_profile(account: Account, call: Call) -> dict[str, Any]:
    """In service at once. Raises ResourceNotFound for the domain, ResourceInUse for a name that is taken (inferred).

    A name is up to 63 letters and digits, with hyphens between them (the model's pattern; ValidationException).
    """
    sagemaker, params = account.sagemaker, call.params
    tags = as_tags(params.get("Tags"))
    with sagemaker.lock:
        state = sagemaker.state
        domain = state.domain(params["DomainId"])
        key = (domain["DomainId"], params["UserProfileName"])
        arn = sagemaker.arn(f"user-profile/{key[0]}/{key[1]}")
        if key in state.profiles:
            raise AwsError("ResourceInUse", f"UserProfile [{arn}] already exists.")
        sso = given(params, "SingleSignOnUserIdentifier", "SingleSignOnUserValue")
        if sso and domain["AuthMode"] != "SSO":
            raise AwsError(
                "ValidationException", f"{', '.join(sso)} can only be specified when the AuthMode of the Domain is SSO."
            )
        state.profiles[key] = {
            **sso,
            "DomainId": key[0],
            "UserProfileArn": arn,
            "UserProfileName": key[1],
            "HomeEfsFileSystemUid": str(state.next_efs_uid),
            "Status": "InService",
            "CreationTime": call.time,
            "LastModifiedTime": call.time,
            "UserSettings": params.get("UserSettings") or {},
        }
        state.next_efs_uid += 5
        state.tags[arn] = tags
    return {"UserProfileArn": arn}


def describe_user_profile(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFound."""
    with account.sagemaker.lock:
        return account.sagemaker.state.profile(call.params["DomainId"], call.params["UserProfileName"])


def list_user_profiles(account: Account, call: Call) -> dict[str, Any]:
    """The profiles of one domain or of all, in pages."""
    with account.sagemaker.lock:
        return listed(
            account.sagemaker.state.profiles.values(),
            call.params,
            "UserProfiles",
            ("DomainId", "UserProfileName", "Status", "CreationTime", "LastModifiedTime"),
            filters={"DomainIdEquals": equals("DomainId"), "UserProfileNameContains": contains("UserProfileName")},
            order={"CreationTime": "CreationTime", "LastModifiedTime": "LastModifiedTime"},
        )


def update_user_profile(account: Account, call: Call) -> dict[str, Any]:
    """Settings that are passed replace those of the same name. Raises ResourceNotFound."""
    with account.sagemaker.lock:
        state, params = account.sagemaker.state, call.params
        profile = state.profile(params["DomainId"], params["UserProfileName"])
        state.profiles[profile["DomainId"], profile["UserProfileName"]] = {
            **profile,
            "UserSettings": {**profile["UserSettings"], **(params.get("UserSettings") or {})},
            "LastModifiedTime": call.time,
        }
    return {"UserProfileArn": profile["UserProfileArn"]}


def delete_user_profile(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFound; ResourceInUse while the profile has apps or owns a space.

    Source of the text: captured (aws/amazon-sagemaker-feedback, issue 113).
    """
    with account.sagemaker.lock:
        state, params = account.sagemaker.state, call.params
        profile = state.profile(params["DomainId"], params["UserProfileName"])
        key = (profile["DomainId"], profile["UserProfileName"])
        owned = [
            space
            for space in state.spaces.values()
            if space["DomainId"] == key[0] and space.get("OwnershipSettings", {}).get("OwnerUserProfileName") == key[1]
        ]
        for kind, present in (("App", state.live_apps(key[0], ("UserProfileName", key[1]))), ("Space", owned)):
            if present:
                arn = profile["UserProfileArn"]
                raise AwsError(
                    "ResourceInUse", f"Unable to delete UserProfile [{arn}] because {kind}(s) are associated with it."
                )
        del state.profiles[key]
        state.tags.pop(profile["UserProfileArn"], None)
    return {}
