"""SageMaker Studio: the domain and one profile for each person; removed apps first, by recorded ids only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from lakeproof.plan import Person, Plan
from provision.journal import Entry
from provision.principals import role_arn
from provision.site import Kind, Site, absent, code, gone_is_fine

_FAILED = ("Failed", "Update_Failed", "Delete_Failed")


def make_domain(site: Site, plan: Plan) -> tuple[str, str]:
    """The domain, in service. Returns its id and ARN. AWS takes some minutes."""
    sagemaker, studio = site.client("sagemaker"), plan.studio
    identity = "USER_PROFILE_NAME" if studio.source_identity else "DISABLED"
    site.progress(f"Studio: domain {studio.domain}")

    def create() -> Mapping[str, Any]:
        answer = site.patiently(
            ["ValidationException"],
            sagemaker.create_domain,
            DomainName=studio.domain,
            AuthMode="IAM",
            VpcId=studio.vpc_id,
            SubnetIds=list(studio.subnet_ids),
            DefaultUserSettings={"ExecutionRole": role_arn(site, studio.default_execution_role.name)},
            DomainSettings={"ExecutionRoleIdentityConfig": identity},
            Tags=site.tags(),
        )
        return {"arn": answer["DomainArn"], "domain_id": answer["DomainArn"].rsplit("/", 1)[-1]}

    made = site.make(DOMAIN, studio.domain, create)
    site.wait(f"domain {studio.domain}", lambda: _domain_status(site, made["domain_id"]), "InService", _FAILED)
    return str(made["domain_id"]), str(made["arn"])


def make_profiles(site: Site, plan: Plan, domain_id: str) -> dict[str, str]:
    """A profile for each person, in service: bound to the execution role, tagged with the user id. Their ARNs."""
    site.progress(f"Studio: {len(plan.people)} profiles")
    sagemaker = site.client("sagemaker")

    def make(person: Person) -> tuple[str, str]:
        def create() -> Mapping[str, Any]:
            answer = site.patiently(
                ["ValidationException"],
                sagemaker.create_user_profile,
                DomainId=domain_id,
                UserProfileName=person.profile,
                Tags=site.tags(**{plan.studio.profile_tag: person.user_id}),
                UserSettings={"ExecutionRole": role_arn(site, person.execution_role)},
            )
            return {"arn": answer["UserProfileArn"]}

        made = site.make(PROFILE, person.profile, create, {"domain_id": domain_id})
        site.wait(
            f"profile {person.profile}", lambda: _profile_status(site, domain_id, person.profile), "InService", _FAILED
        )
        return person.name, str(made["arn"])

    return dict(site.each(make, plan.people))


def _domain_status(site: Site, domain_id: str) -> str | None:
    try:
        return str(site.client("sagemaker").describe_domain(DomainId=domain_id)["Status"])
    except ClientError as error:
        if not absent(error):
            raise
        return None


def _profile_status(site: Site, domain_id: str, profile: str) -> str | None:
    try:
        return str(
            site.client("sagemaker").describe_user_profile(DomainId=domain_id, UserProfileName=profile)["Status"]
        )
    except ClientError as error:
        if not absent(error):
            raise
        return None


def domains(site: Site) -> Iterator[dict[str, Any]]:
    """Every domain of the account in this Region, as ListDomains tells it."""
    for page in site.client("sagemaker").get_paginator("list_domains").paginate():
        yield from page["Domains"]


def _domain_id(site: Site, entry: Entry) -> str | None:
    """The recorded id; for a domain that was never confirmed, the one of that name that carries this run's tag."""
    if "domain_id" in entry.made:
        return str(entry.made["domain_id"])
    for domain in domains(site):
        if domain["DomainName"] == entry.id:
            tags = site.client("sagemaker").list_tags(ResourceArn=domain["DomainArn"])["Tags"]
            if site.ours(tags):
                return str(domain["DomainId"])
    return None


def _remove_apps(site: Site, domain_id: str, profile: str | None = None) -> None:
    """Every app of the domain (of one profile, if named), and wait until each is deleted."""
    sagemaker = site.client("sagemaker")
    query = {"DomainIdEquals": domain_id, **({"UserProfileNameEquals": profile} if profile else {})}

    def alive() -> list[dict[str, Any]]:
        pages = sagemaker.get_paginator("list_apps").paginate(**query)
        return [app for page in pages for app in page["Apps"] if app["Status"] not in ("Deleted", "Failed")]

    for app in alive():
        if app["Status"] == "Deleting":
            continue
        owner = {key: app[key] for key in ("UserProfileName", "SpaceName") if app.get(key)}
        gone_is_fine(sagemaker.delete_app, DomainId=domain_id, AppType=app["AppType"], AppName=app["AppName"], **owner)
    site.wait("apps of the domain", lambda: "Deleting" if alive() else None, None)


def _remove_spaces(site: Site, domain_id: str) -> None:
    sagemaker = site.client("sagemaker")

    def alive() -> list[str]:
        pages = sagemaker.get_paginator("list_spaces").paginate(DomainIdEquals=domain_id)
        return [space["SpaceName"] for page in pages for space in page["Spaces"]]

    for space in alive():
        gone_is_fine(sagemaker.delete_space, DomainId=domain_id, SpaceName=space)
    site.wait("spaces of the domain", lambda: "Deleting" if alive() else None, None)


def _remove_profile(site: Site, entry: Entry) -> None:
    _delete_profile(site, entry.undo["domain_id"], entry.id)


def _delete_profile(site: Site, domain_id: str, profile: str) -> None:
    """The profile; its apps first, where it still has any."""
    sagemaker = site.client("sagemaker")

    def delete() -> None:
        sagemaker.delete_user_profile(DomainId=domain_id, UserProfileName=profile)

    try:
        delete()
    except ClientError as error:
        if absent(error):
            return
        if code(error) != "ResourceInUse":
            raise
        _remove_apps(site, domain_id, profile)
        gone_is_fine(delete)
    site.wait(f"profile {profile}", lambda: _profile_status(site, domain_id, profile), None, _FAILED)


def _remove_domain(site: Site, entry: Entry) -> None:
    """The domain of the recorded id, with whatever profiles, spaces and apps others have made inside it."""
    sagemaker, domain_id = site.client("sagemaker"), _domain_id(site, entry)
    if domain_id is None:
        return

    def delete() -> None:
        sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})

    try:
        delete()
    except ClientError as error:
        if absent(error):
            return
        if code(error) != "ResourceInUse":
            raise
        _remove_apps(site, domain_id)
        _remove_spaces(site, domain_id)
        for page in sagemaker.get_paginator("list_user_profiles").paginate(DomainIdEquals=domain_id):
            for profile in page["UserProfiles"]:
                _delete_profile(site, domain_id, profile["UserProfileName"])
        gone_is_fine(delete)
    site.wait(f"domain {entry.id}", lambda: _domain_status(site, domain_id), None, _FAILED)


def _domains_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    there = {domain["DomainId"] for domain in domains(site)}
    return (
        entry
        for entry in entries
        if entry.made.get("domain_id") in there or (not entry.made and _domain_id(site, entry) is not None)
    )


def _profiles_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    return (entry for entry in entries if _profile_status(site, entry.undo["domain_id"], entry.id) is not None)


DOMAIN = Kind("domain", 70, _remove_domain, _domains_remaining)
# The domain is this run's own, so every profile in it may go.
PROFILE = Kind("profile", 71, _remove_profile, _profiles_remaining)
KINDS = (DOMAIN, PROFILE)
