"""Everything that an account holds and a run could make or change, read back, so that two moments can be compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lakeproof.target import Target

Inventory = dict[str, list[str]]
"""Subject to the things of it, each as JSON text, sorted."""


def everything(target: Target) -> Inventory:
    """Read the account with the harness's rights."""
    return {
        name: sorted(json.dumps(item, sort_keys=True, default=str) for item in found)
        for name, found in _everything(target)
    }


def _everything(target: Target) -> Iterator[tuple[str, list[Any]]]:
    iam, lake, glue = target.client("iam"), target.client("lakeformation"), target.client("glue")
    sso, sagemaker = target.client("sso-admin"), target.client("sagemaker")
    yield (
        "roles",
        [
            [
                role["RoleName"],
                role["AssumeRolePolicyDocument"],
                iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"],
            ]
            for role in iam.list_roles()["Roles"]
        ],
    )
    yield (
        "users",
        [
            [user["UserName"], iam.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]]
            for user in iam.list_users()["Users"]
        ],
    )
    yield "groups", [group["Arn"] for group in iam.list_groups()["Groups"]]
    yield "policies", [policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]]
    yield "secrets", [secret["Name"] for secret in target.client("secretsmanager").list_secrets()["SecretList"]]
    yield "buckets", [bucket["Name"] for bucket in target.client("s3").list_buckets()["Buckets"]]
    yield "trails", [trail["TrailARN"] for trail in target.client("cloudtrail").list_trails()["Trails"]]
    yield "workgroups", [group["Name"] for group in target.client("athena").list_work_groups()["WorkGroups"]]
    yield "settings", [lake.get_data_lake_settings()["DataLakeSettings"]]
    yield (
        "permissions",
        [
            [grant[key] for key in ("Principal", "Resource", "Permissions")]
            for grant in lake.list_permissions()["PrincipalResourcePermissions"]
        ],
    )
    yield "LF-Tags", [tag["TagKey"] for tag in lake.list_lf_tags()["LFTags"]]
    yield "data filters", [row["Name"] for row in lake.list_data_cells_filter()["DataCellsFilters"]]
    yield "locations", [place["ResourceArn"] for place in lake.list_resources()["ResourceInfoList"]]
    databases = [database["Name"] for database in glue.get_databases()["DatabaseList"]]
    yield "databases", databases
    yield "tables", [table["Name"] for name in databases for table in glue.get_tables(DatabaseName=name)["TableList"]]
    yield "domains", [domain["DomainId"] for domain in sagemaker.list_domains()["Domains"]]
    yield "profiles", [profile["UserProfileName"] for profile in sagemaker.list_user_profiles()["UserProfiles"]]
    for instance in sso.list_instances()["Instances"]:
        yield "permission sets", sso.list_permission_sets(InstanceArn=instance["InstanceArn"])["PermissionSets"]
        yield (
            "directory",
            [
                user["UserName"]
                for user in target.client("identitystore").list_users(IdentityStoreId=instance["IdentityStoreId"])[
                    "Users"
                ]
            ],
        )
        try:
            yield (
                "attributes",
                sso.describe_instance_access_control_attribute_configuration(InstanceArn=instance["InstanceArn"])[
                    "InstanceAccessControlAttributeConfiguration"
                ]["AccessControlAttributes"],
            )
        except sso.exceptions.ResourceNotFoundException:
            yield "attributes", []
