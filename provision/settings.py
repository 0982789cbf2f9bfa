"""Account-wide Lake Formation settings: changed by compare-and-set, restored the same way.

The harness's principal becomes a data lake administrator, and IAMAllowedPrincipals loses the default permissions and
CREATE_DATABASE on the catalog: while it has them, IAM alone decides about new databases and tables (Lake Formation
guide, "Changing the default settings for your data lake").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from lakeproof.plan import Plan
from provision.journal import Entry
from provision.site import Kind, Site, absent, gone_is_fine, unheard

EVERYBODY = "IAM_ALLOWED_PRINCIPALS"
SERVICE_ROLE = "AWSServiceRoleForLakeFormationDataAccess"

DEFAULTS = ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")


def prepare(site: Site, plan: Plan) -> None:
    """Make the harness an administrator and, if the plan says so, take IAMAllowedPrincipals out."""
    removed = plan.account.iam_allowed_principals == "removed"
    stays = f"IAMAllowedPrincipals {'leaves' if removed else 'stays'}"
    site.progress(f"data lake settings: the harness becomes administrator, {stays}")
    lake = site.client("lakeformation")
    before = lake.get_data_lake_settings()["DataLakeSettings"]
    harness = site.journal.header.harness_arn
    was_admin = harness in admins(before)
    undo = {"was_admin": was_admin, **{key: before.get(key, []) for key in DEFAULTS}}

    def change() -> None:
        current = lake.get_data_lake_settings()["DataLakeSettings"]
        everyone = current.get("DataLakeAdmins", [])
        if harness not in admins(current):
            everyone = [*everyone, {"DataLakePrincipalIdentifier": harness}]
        lake.put_data_lake_settings(
            DataLakeSettings={
                **current,
                "DataLakeAdmins": everyone,
                **({key: without_everybody(current.get(key, [])) for key in DEFAULTS} if removed else {}),
            }
        )

    site.make(SETTINGS, "lake-formation", change, undo)
    if not removed:
        return
    begun = site.journal.find(CATALOG.name, EVERYBODY)
    everybody = begun.undo["permissions"] if begun else catalog_rights(site)
    if everybody:
        site.make(
            CATALOG,
            EVERYBODY,
            unheard(
                lake.revoke_permissions,
                Principal={"DataLakePrincipalIdentifier": EVERYBODY},
                Resource={"Catalog": {}},
                Permissions=everybody,
            ),
            {"permissions": everybody},
        )


def expect_service_role(site: Site) -> None:
    """Write down that registering the first location will make Lake Formation's service-linked role, where there is
    none yet (Lake Formation guide, "Using service-linked roles"): RegisterResource makes it on the caller's behalf."""
    if site.journal.find(SERVICE_LINKED_ROLE.name, SERVICE_ROLE) or not service_role_there(site):
        site.make(SERVICE_LINKED_ROLE, SERVICE_ROLE, lambda: None)


def admins(settings: Mapping[str, Any]) -> list[str]:
    """The ARNs of the data lake administrators."""
    return [admin["DataLakePrincipalIdentifier"] for admin in settings.get("DataLakeAdmins", [])]


def without_everybody(defaults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Default permissions without those of IAMAllowedPrincipals."""
    return [entry for entry in defaults if entry.get("Principal", {}).get("DataLakePrincipalIdentifier") != EVERYBODY]


def catalog_rights(site: Site) -> list[str]:
    """What IAMAllowedPrincipals may do on the whole catalog."""
    found: list[str] = []
    for grant in permissions(site, Resource={"Catalog": {}}):
        if grant["Principal"]["DataLakePrincipalIdentifier"] == EVERYBODY and "Catalog" in grant["Resource"]:
            found += [right for right in grant["Permissions"] if right not in found]
    return found


def permissions(site: Site, **query: Any) -> Iterator[dict[str, Any]]:
    """Every entry of ListPermissions, all pages."""
    lake, token = site.client("lakeformation"), None
    while True:
        page = lake.list_permissions(**query, **({"NextToken": token} if token else {}))
        yield from page["PrincipalResourcePermissions"]
        token = page.get("NextToken")
        if not token:
            return


def _restore(site: Site, entry: Entry) -> str | None:
    """Put back what this run changed; keep what somebody else has changed since, and say so."""
    lake = site.client("lakeformation")
    current = lake.get_data_lake_settings()["DataLakeSettings"]
    wanted, kept = dict(current), []
    if not entry.undo["was_admin"]:
        wanted["DataLakeAdmins"] = [
            admin
            for admin in current.get("DataLakeAdmins", [])
            if admin["DataLakePrincipalIdentifier"] != site.journal.header.harness_arn
        ]
    for key in DEFAULTS:
        before, now = entry.undo[key], current.get(key, [])
        if now == without_everybody(before):
            wanted[key] = before
        elif now != before:
            kept.append(key)
    if wanted != current:
        lake.put_data_lake_settings(DataLakeSettings=wanted)
    return f"kept {', '.join(kept)} as somebody else has set it since" if kept else None


def _restore_catalog(site: Site, entry: Entry) -> str | None:
    missing = [right for right in entry.undo["permissions"] if right not in catalog_rights(site)]
    if missing:
        site.client("lakeformation").grant_permissions(
            Principal={"DataLakePrincipalIdentifier": EVERYBODY}, Resource={"Catalog": {}}, Permissions=missing
        )
    return None


def service_role_there(site: Site) -> bool:
    """Whether the account has Lake Formation's service-linked role."""
    try:
        site.client("iam").get_role(RoleName=SERVICE_ROLE)
    except ClientError as error:
        if not absent(error):
            raise
        return False
    return True


def _remove_service_role(site: Site, entry: Entry) -> str | None:
    """Only when nothing else is registered with it."""
    used = [place["ResourceArn"] for place in registered(site) if place.get("RoleArn", "").endswith("/" + SERVICE_ROLE)]
    if used:
        return f"kept the role {SERVICE_ROLE}: {len(used)} registered location(s) of others use it"
    iam = site.client("iam")

    def delete() -> None:
        task = iam.delete_service_linked_role(RoleName=SERVICE_ROLE)["DeletionTaskId"]
        site.wait(
            f"deletion of {SERVICE_ROLE}",
            lambda: iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"],
            "SUCCEEDED",
            failed=("FAILED",),
            deadline_s=300,
        )

    gone_is_fine(delete)
    return None


def registered(site: Site) -> Iterator[dict[str, Any]]:
    """Every location that is registered with Lake Formation."""
    lake, token = site.client("lakeformation"), None
    while True:
        page = lake.list_resources(**({"NextToken": token} if token else {}))
        yield from page["ResourceInfoList"]
        token = page.get("NextToken")
        if not token:
            return


def _settings_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    current = site.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    for entry in entries:
        if site.journal.header.harness_arn in admins(current) and not entry.undo["was_admin"]:
            yield entry


def _service_role_remaining(site: Site, entries: Sequence[Entry]) -> Sequence[Entry]:
    """One that others use by now is not residue."""
    used = any(place.get("RoleArn", "").endswith("/" + SERVICE_ROLE) for place in registered(site))
    return entries if not used and service_role_there(site) else ()


SETTINGS = Kind("data lake settings", 10, _restore, _settings_remaining)
CATALOG = Kind(
    "catalog permission",
    11,
    _restore_catalog,
    lambda site, entries: [entry for entry in entries if set(entry.undo["permissions"]) - set(catalog_rights(site))],
)
SERVICE_LINKED_ROLE = Kind("service-linked role", 12, _remove_service_role, _service_role_remaining)
KINDS = (SETTINGS, CATALOG, SERVICE_LINKED_ROLE)
