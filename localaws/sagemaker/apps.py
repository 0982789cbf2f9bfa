"""Apps: what a person opens in Studio. An app of a profile or space runs with its execution role."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError
from localaws.sagemaker.execution import assume, profile_identity
from localaws.sagemaker.listing import equals, listed
from localaws.sagemaker.state import AppKey, as_tags, given

if TYPE_CHECKING:
    from localaws.account import Account

SHOWN_AFTER_DELETION = timedelta(hours=24)
"""How long a deleted app is still listed, as Deleted. Source: observed by users of the API; the length is inferred."""


def create_app(account: Account, call: Call) -> dict[str, Any]:
    """In service at once, or Failed when SageMaker may not assume the execution role (inferred).

    Raises ResourceNotFound for the domain, profile or space; ResourceInUse when the app exists and is not deleted.
    """
    sagemaker, params = account.sagemaker, call.params
    key = _key(call)
    tags = as_tags(params.get("Tags"))
    with sagemaker.lock:
        state = sagemaker.state
        role_arn, profile_name = _runs_as(account, key)
        arn = sagemaker.arn(f"app/{key[0]}/{key[2]}/{key[3]}/{key[4]}")
        if key in state.apps and state.apps[key]["Status"] != "Deleted":
            raise AwsError("ResourceInUse", f"App [{arn}] already exists.")
        app = {
            **given(params, "ResourceSpec", "RecoveryMode"),
            "AppArn": arn,
            "AppType": key[3],
            "AppName": key[4],
            "DomainId": key[0],
            key[1]: key[2],
            "Status": "Pending",
            "CreationTime": call.time,
        }
        state.apps[key] = app
        state.tags[arn] = tags
        identity = profile_identity(account, key[0], profile_name)
    status: dict[str, Any] = {"Status": "InService"}
    if role_arn:
        try:
            assume(account, call, role_arn, identity)
        except AwsError as refusal:
            status = {"Status": "Failed", "FailureReason": refusal.message}
    with sagemaker.lock:
        if state.apps[key] is app:
            state.apps[key] = {**app, **status}
    return {"AppArn": arn}


def describe_app(account: Account, call: Call) -> dict[str, Any]:
    """A deleted app is still described, as Deleted, for 24 hours. Raises ResourceNotFound."""
    key = _key(call)
    with account.sagemaker.lock:
        _forget_deleted(account)
        if key not in account.sagemaker.state.apps:
            raise AwsError("ResourceNotFound", f"App [{'/'.join((key[0], *key[2:]))}] does not exist.")
        return {name: value for name, value in account.sagemaker.state.apps[key].items() if name != "DeletedAt"}


def list_apps(account: Account, call: Call) -> dict[str, Any]:
    """The apps of a domain, a profile, a space or all, deleted ones of the last 24 hours included, in pages."""
    params = call.params
    if params.get("UserProfileNameEquals") and params.get("SpaceNameEquals"):
        raise AwsError("ValidationException", "UserProfileNameEquals and SpaceNameEquals cannot be used together.")
    with account.sagemaker.lock:
        _forget_deleted(account)
        return listed(
            account.sagemaker.state.apps.values(),
            params,
            "Apps",
            (
                "DomainId",
                "UserProfileName",
                "SpaceName",
                "AppType",
                "AppName",
                "Status",
                "CreationTime",
                "ResourceSpec",
            ),
            filters={
                "DomainIdEquals": equals("DomainId"),
                "UserProfileNameEquals": equals("UserProfileName"),
                "SpaceNameEquals": equals("SpaceName"),
            },
            order={"CreationTime": "CreationTime"},
        )


def delete_app(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFound, also for an app that is deleted already."""
    key = _key(call)
    with account.sagemaker.lock:
        state = account.sagemaker.state
        app = state.apps.get(key)
        if app is None or app["Status"] == "Deleted":
            raise AwsError("ResourceNotFound", f"App [{'/'.join((key[0], *key[2:]))}] does not exist.")
        state.apps[key] = {**app, "Status": "Deleted", "DeletedAt": call.time}
        state.tags.pop(app["AppArn"], None)
    return {}


def _key(call: Call) -> AppKey:
    params = call.params
    owners = [kind for kind in ("UserProfileName", "SpaceName") if params.get(kind)]
    if len(owners) != 1:
        raise AwsError("ValidationException", "Exactly one of UserProfileName and SpaceName must be specified.")
    return params["DomainId"], owners[0], params[owners[0]], params["AppType"], params["AppName"]


def _runs_as(account: Account, key: AppKey) -> tuple[str | None, str | None]:
    """(execution role, profile name) of an app. A space's owner counts as its profile; a shared space has none."""
    state = account.sagemaker.state
    domain = state.domain(key[0])
    if key[1] == "UserProfileName":
        profile_name: str | None = key[2]
    else:
        space = state.space(key[0], key[2])
        shared = space.get("SpaceSharingSettings", {}).get("SharingType", "Shared") == "Shared"
        if shared:
            return domain.get("DefaultSpaceSettings", {}).get("ExecutionRole"), None
        profile_name = space.get("OwnershipSettings", {}).get("OwnerUserProfileName")
    settings = state.profile(key[0], profile_name)["UserSettings"] if profile_name else {}
    role_arn = settings.get("ExecutionRole") or domain["DefaultUserSettings"].get("ExecutionRole")
    return role_arn, profile_name


def _forget_deleted(account: Account) -> None:
    apps = account.sagemaker.state.apps
    oldest = account.clock.now() - SHOWN_AFTER_DELETION
    for key in [key for key, app in apps.items() if app["Status"] == "Deleted" and app["DeletedAt"] < oldest]:
        del apps[key]
