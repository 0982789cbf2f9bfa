"""Spaces: shared or private work places of a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError
from localaws.sagemaker.listing import contains, equals, listed
from localaws.sagemaker.state import Record, as_tags, given

if TYPE_CHECKING:
    from localaws.account import Account


def create_space(account: Account, call: Call) -> dict[str, Any]:
    """In service at once. Raises ResourceNotFound for the domain or the owner, ResourceInUse for a name that is taken.

    OwnershipSettings and SpaceSharingSettings come together or not at all (API reference, CreateSpace).
    """
    sagemaker, params = account.sagemaker, call.params
    tags = as_tags(params.get("Tags"))
    if bool(params.get("OwnershipSettings")) != bool(params.get("SpaceSharingSettings")):
        raise AwsError("ValidationException", "OwnershipSettings and SpaceSharingSettings must be specified together.")
    with sagemaker.lock:
        state = sagemaker.state
        key = (state.domain(params["DomainId"])["DomainId"], params["SpaceName"])
        arn = sagemaker.arn(f"space/{key[0]}/{key[1]}")
        if key in state.spaces:
            raise AwsError("ResourceInUse", f"Space [{arn}] already exists.")
        if owner := (params.get("OwnershipSettings") or {}).get("OwnerUserProfileName"):
            state.profile(key[0], owner)
        state.spaces[key] = {
            **given(params, "SpaceSettings", "OwnershipSettings", "SpaceSharingSettings", "SpaceDisplayName"),
            "DomainId": key[0],
            "SpaceArn": arn,
            "SpaceName": key[1],
            "HomeEfsFileSystemUid": str(state.next_efs_uid),
            "Status": "InService",
            "CreationTime": call.time,
            "LastModifiedTime": call.time,
        }
        state.next_efs_uid += 5
        state.tags[arn] = tags
    return {"SpaceArn": arn}


def describe_space(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFound."""
    with account.sagemaker.lock:
        return account.sagemaker.state.space(call.params["DomainId"], call.params["SpaceName"])


def list_spaces(account: Account, call: Call) -> dict[str, Any]:
    """The spaces of one domain or of all, in pages."""
    with account.sagemaker.lock:
        return listed(
            [_with_summaries(space) for space in account.sagemaker.state.spaces.values()],
            call.params,
            "Spaces",
            (
                "DomainId",
                "SpaceName",
                "Status",
                "CreationTime",
                "LastModifiedTime",
                "SpaceDisplayName",
                "SpaceSettingsSummary",
                "SpaceSharingSettingsSummary",
                "OwnershipSettingsSummary",
            ),
            filters={"DomainIdEquals": equals("DomainId"), "SpaceNameContains": contains("SpaceName")},
            order={"CreationTime": "CreationTime", "LastModifiedTime": "LastModifiedTime"},
        )


def _with_summaries(space: Record) -> Record:
    summaries = {}
    if settings := space.get("SpaceSettings"):
        summaries["SpaceSettingsSummary"] = given(settings, "AppType", "RemoteAccess", "SpaceStorageSettings")
    for member in ("SpaceSharingSettings", "OwnershipSettings"):
        if member in space:
            summaries[f"{member}Summary"] = space[member]
    return {**space, **summaries}


def update_space(account: Account, call: Call) -> dict[str, Any]:
    """Settings that are passed replace those of the same name. Raises ResourceNotFound."""
    with account.sagemaker.lock:
        state, params = account.sagemaker.state, call.params
        space = state.space(params["DomainId"], params["SpaceName"])
        changed = {**space, **given(params, "SpaceDisplayName"), "LastModifiedTime": call.time}
        if params.get("SpaceSettings"):
            changed["SpaceSettings"] = {**space.get("SpaceSettings", {}), **params["SpaceSettings"]}
        state.spaces[space["DomainId"], space["SpaceName"]] = changed
    return {"SpaceArn": space["SpaceArn"]}


def delete_space(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFound; ResourceInUse while the space has apps."""
    with account.sagemaker.lock:
        state, params = account.sagemaker.state, call.params
        space = state.space(params["DomainId"], params["SpaceName"])
        if state.live_apps(space["DomainId"], ("SpaceName", space["SpaceName"])):
            raise AwsError(
                "ResourceInUse", f"Unable to delete Space [{space['SpaceArn']}] because App(s) are associated with it."
            )
        del state.spaces[space["DomainId"], space["SpaceName"]]
        state.tags.pop(space["SpaceArn"], None)
    return {}
