"""Domains: where user profiles live, and whether a session carries its profile's name as source identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError, not_implemented
from localaws.sagemaker.listing import listed
from localaws.sagemaker.state import Record, as_tags, given, random_id

if TYPE_CHECKING:
    from localaws.account import Account

AS_GIVEN = (
    "DomainName",
    "AuthMode",
    "DefaultUserSettings",
    "DomainSettings",
    "SubnetIds",
    "VpcId",
    "AppNetworkAccessType",
    "HomeEfsFileSystemKmsKeyId",
    "KmsKeyId",
    "AppSecurityGroupManagement",
    "HomeEfsFileSystemCreation",
    "TagPropagation",
    "DefaultSpaceSettings",
)
CHANGEABLE = (
    "AppSecurityGroupManagement",
    "SubnetIds",
    "AppNetworkAccessType",
    "TagPropagation",
    "HomeEfsFileSystemCreation",
    "VpcId",
)
IDENTITY = "ExecutionRoleIdentityConfig"
IN_USE = ("InService", "Pending")


def create_domain(account: Account, call: Call) -> dict[str, Any]:
    """In service at once (AWS takes minutes). No file system, network or security group is made for it.

    Raises ResourceInUse for a name that is taken (text inferred).
    """
    sagemaker, params = account.sagemaker, call.params
    tags = as_tags(params.get("Tags"))
    with sagemaker.lock:
        state = sagemaker.state
        if any(domain["DomainName"] == params["DomainName"] for domain in state.domains.values()):
            raise AwsError("ResourceInUse", f"Domain with name {params['DomainName']} already exists.")
        domain_id = f"d-{random_id(12)}"
        arn = sagemaker.arn(f"domain/{domain_id}")
        url = f"https://{domain_id}.studio.{account.region}.sagemaker.aws"
        state.domains[domain_id] = {
            "AppNetworkAccessType": "PublicInternetOnly",
            **given(params, *AS_GIVEN),
            "DomainArn": arn,
            "DomainId": domain_id,
            "HomeEfsFileSystemId": f"fs-{random_id(17)}",
            "Status": "InService",
            "CreationTime": call.time,
            "LastModifiedTime": call.time,
            "Url": url,
        }
        state.tags[arn] = tags
    return {"DomainArn": arn, "DomainId": domain_id, "Url": url}


def describe_domain(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceNotFound."""
    with account.sagemaker.lock:
        return account.sagemaker.state.domain(call.params["DomainId"])


def list_domains(account: Account, call: Call) -> dict[str, Any]:
    """Every domain of the account, in pages."""
    members = ("DomainArn", "DomainId", "DomainName", "Status", "CreationTime", "LastModifiedTime", "Url")
    with account.sagemaker.lock:
        return listed(account.sagemaker.state.domains.values(), call.params, "Domains", members)


def update_domain(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceInUse when ExecutionRoleIdentityConfig would change while an app is in service or pending.

    Source: API reference, DomainSettingsForUpdate: "can only be modified if there are no apps in the InService or
    Pending state". The error code is inferred. Settings that are passed replace those of the same name.
    """
    sagemaker, params = account.sagemaker, call.params
    wanted = params.get("DomainSettingsForUpdate") or {}
    if "RStudioServerProDomainSettingsForUpdate" in wanted:
        raise not_implemented("sagemaker", "UpdateDomain", "with RStudioServerProDomainSettingsForUpdate is not served")
    with sagemaker.lock:
        domain = sagemaker.state.domain(params["DomainId"])
        settings = domain.get("DomainSettings", {})
        running = [app for app in sagemaker.state.live_apps(domain["DomainId"]) if app["Status"] in IN_USE]
        if IDENTITY in wanted and wanted[IDENTITY] != settings.get(IDENTITY, "DISABLED") and running:
            raise AwsError(
                "ResourceInUse",
                f"Unable to update Domain [{domain['DomainArn']}]: {IDENTITY} can only be modified if there are no apps"
                " in the InService or Pending state.",
            )
        changed: Record = {**domain, **given(params, *CHANGEABLE), "LastModifiedTime": call.time}
        for member in ("DefaultUserSettings", "DefaultSpaceSettings"):
            if params.get(member):
                changed[member] = {**domain.get(member, {}), **params[member]}
        if wanted:
            changed["DomainSettings"] = {**settings, **wanted}
        sagemaker.state.domains[domain["DomainId"]] = changed
    return {"DomainArn": domain["DomainArn"]}


def delete_domain(account: Account, call: Call) -> dict[str, Any]:
    """Raises ResourceInUse while the domain has user profiles, spaces or apps; RetentionPolicy changes nothing here.

    The text is that of DeleteUserProfile (captured), with the resource's own kind (inferred).
    """
    with account.sagemaker.lock:
        state = account.sagemaker.state
        domain = state.domain(call.params["DomainId"])
        domain_id = domain["DomainId"]
        for kind, present in (
            ("App", state.live_apps(domain_id)),
            ("Space", [key for key in state.spaces if key[0] == domain_id]),
            ("UserProfile", [key for key in state.profiles if key[0] == domain_id]),
        ):
            if present:
                raise AwsError(
                    "ResourceInUse",
                    f"Unable to delete Domain [{domain['DomainArn']}] because {kind}(s) are associated with it.",
                )
        del state.domains[domain_id]
        state.tags.pop(domain["DomainArn"], None)
    return {}
