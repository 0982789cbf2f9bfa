"""A plan made true: what stands in the account afterwards, and that making it again does nothing."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from lakeproof.plan import Plan, permissions
from lakeproof.target import Credentials, Target, local_target
from provision import Estate, Journal, ProvisionError, create, destroy

EVERYBODY = "IAM_ALLOWED_PRINCIPALS"


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's directory."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def estate(embedded: Any, plan: Plan, run_dir: Path) -> Iterator[Estate]:
    """One run, made for all tests of this module."""
    target = local_target(vars(embedded))
    yield create(plan, target, run_dir, lambda text: None)
    assert destroy(run_dir, target, lambda text: None) == []


def test_making_it_again_does_nothing(estate: Estate, plan: Plan, run_dir: Path, target: Target) -> None:
    """A second create returns the same estate without one call: it works on an account that does not answer."""
    deaf = replace(target, endpoint_url="http://127.0.0.1:9")
    before = (run_dir / "journal.jsonl").read_bytes()
    assert create(plan, deaf, run_dir, lambda text: None) == estate
    assert (run_dir / "journal.jsonl").read_bytes() == before


def test_another_account_is_refused(estate: Estate, plan: Plan, run_dir: Path, target: Target) -> None:
    """A run directory belongs to one account and Region."""
    with pytest.raises(ProvisionError, match="belongs to account"):
        create(plan, replace(target, account_id="210987654321"), run_dir, lambda text: None)
    with pytest.raises(ProvisionError, match="nothing was touched"):
        destroy(run_dir, replace(target, region="eu-west-1"), lambda text: None)


def test_another_plan_is_refused(estate: Estate, plan: Plan, run_dir: Path, target: Target) -> None:
    """A run goes on with the plan that it was begun with, or not at all."""
    with pytest.raises(ProvisionError, match="begun with another plan"):
        create(plan.model_copy(update={"grants": plan.grants[:1]}), target, run_dir, lambda text: None)


def test_the_journal_holds_no_secret(estate: Estate, run_dir: Path, target: Target) -> None:
    """Keys and passwords stand in the estate alone, which only its owner may read."""
    journal = (run_dir / "journal.jsonl").read_text()
    keys = [person.secret_access_key for person in estate.people if person.secret_access_key]
    assert len(keys) == 2
    secrets = target.client("secretsmanager")
    passwords = [
        secrets.get_secret_value(SecretId=person.password_secret_arn)["SecretString"]
        for person in estate.people
        if person.password_secret_arn
    ]
    assert len(passwords) == 2
    assert not any(secret in journal for secret in (*keys, *passwords, target.secret_access_key))
    assert stat.S_IMODE((run_dir / "estate.json").stat().st_mode) == 0o600
    assert not any(secret in repr(estate) for secret in keys)


def test_everything_is_in_the_journal_as_made(estate: Estate, run_dir: Path) -> None:
    """No entry is left begun."""
    states = {entry.state for entry in Journal.read(run_dir).entries()}
    assert states == {"made"}


def test_the_lake_is_as_planned(estate: Estate, plan: Plan, target: Target) -> None:
    """Database, table, 16 columns in order, 43 partitions with their files, a registered and closed bucket."""
    glue, s3, lake = target.client("glue"), target.client("s3"), target.client("lakeformation")
    table = glue.get_table(DatabaseName=estate.database, Name="amazon_reviews_parquet")["Table"]
    columns = [column["Name"] for column in [*table["StorageDescriptor"]["Columns"], *table["PartitionKeys"]]]
    assert tuple(columns) == plan.table("amazon_reviews_parquet").column_names
    partitions = [
        partition["Values"][0]
        for page in glue.get_paginator("get_partitions").paginate(
            DatabaseName=estate.database, TableName="amazon_reviews_parquet"
        )
        for partition in page["Partitions"]
    ]
    assert sorted(partitions) == sorted(plan.table("amazon_reviews_parquet").partitions)
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=estate.lake_bucket)["Contents"]]
    assert {key.split("/")[1] for key in keys} == set(estate.rows["amazon_reviews_parquet"])
    assert sum(estate.rows["amazon_reviews_parquet"].values()) == plan.dataset.rows
    assert all(
        s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()
        for bucket in (estate.lake_bucket, estate.results_bucket)
    )
    assert lake.describe_resource(ResourceArn=estate.registered_location)["ResourceInfo"]["RoleArn"].endswith(
        "AWSServiceRoleForLakeFormationDataAccess"
    )


def test_nobody_but_the_planned_holds_a_permission(estate: Estate, plan: Plan, target: Target) -> None:
    """IAMAllowedPrincipals is nowhere; every planned permission is there; beside them only the harness's own."""
    lake = target.client("lakeformation")
    settings = lake.get_data_lake_settings()["DataLakeSettings"]
    assert settings["CreateDatabaseDefaultPermissions"] == settings["CreateTableDefaultPermissions"] == []
    assert estate.harness_arn in [admin["DataLakePrincipalIdentifier"] for admin in settings["DataLakeAdmins"]]
    found = lake.list_permissions()["PrincipalResourcePermissions"]
    holders = {grant["Principal"]["DataLakePrincipalIdentifier"] for grant in found}
    planned = {f"arn:aws:iam::{estate.account_id}:role/{permission.role}" for permission in permissions(plan)}
    assert planned <= holders <= planned | {estate.harness_arn}
    assert not any(
        grant["PermissionsWithGrantOption"]
        for grant in found
        if grant["Principal"]["DataLakePrincipalIdentifier"] in planned
    )


def test_each_person_has_role_profile_workgroup_and_place_of_their_own(estate: Estate, target: Target) -> None:
    """Role tagged with the profile, profile tagged with the user id and bound to the role, results enforced."""
    iam, sagemaker, athena = target.client("iam"), target.client("sagemaker"), target.client("athena")
    for person in estate.people:
        tags = {tag["Key"]: tag["Value"] for tag in iam.list_role_tags(RoleName=person.execution_role)["Tags"]}
        assert tags["userprofilename"] == person.profile
        assert tags["lakeproof:run"] == estate.run_id
        assert tags["lakeproof:expires"] == estate.expires
        profile = sagemaker.describe_user_profile(DomainId=estate.domain_id, UserProfileName=person.profile)
        assert profile["UserSettings"]["ExecutionRole"] == person.execution_role_arn
        told = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=person.profile_arn)["Tags"]}
        assert told["studiouserid"] == person.user_id
        group = athena.get_work_group(WorkGroup=person.workgroup)["WorkGroup"]["Configuration"]
        assert group["EnforceWorkGroupConfiguration"] is True
        assert group["ResultConfiguration"]["OutputLocation"] == person.results_location
    assert len({person.results_location for person in estate.people}) == len(estate.people)


def test_the_domain_names_the_profile_in_the_trail(estate: Estate, target: Target) -> None:
    """Source identity is on, and the default execution role has no right at all."""
    sagemaker, iam = target.client("sagemaker"), target.client("iam")
    domain = sagemaker.describe_domain(DomainId=estate.domain_id)
    assert domain["DomainSettings"]["ExecutionRoleIdentityConfig"] == "USER_PROFILE_NAME"
    assert domain["DefaultUserSettings"]["ExecutionRole"] == estate.default_execution_role_arn
    name = estate.default_execution_role_arn.rsplit("/", 1)[-1]
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []


def test_the_harness_may_assume_every_role_with_the_external_id_alone(
    estate: Estate, plan: Plan, target: Target
) -> None:
    """Execution roles, stand-ins with their own tag, the control reader: opened by the external id, refused without."""
    sts = target.client("sts")
    for person in estate.people:
        with pytest.raises(sts.exceptions.ClientError, match="AccessDenied"):
            sts.assume_role(RoleArn=person.execution_role_arn, RoleSessionName="SageMaker")
        sts.assume_role(
            RoleArn=person.execution_role_arn,
            RoleSessionName="SageMaker",
            ExternalId=estate.external_id,
            SourceIdentity=person.profile,
        )
        if person.stand_in_role_arn:
            with pytest.raises(sts.exceptions.ClientError, match="AccessDenied"):
                sts.assume_role(
                    RoleArn=person.stand_in_role_arn,
                    RoleSessionName="session",
                    ExternalId=estate.external_id,
                    Tags=[{"Key": "studiouserid", "Value": "somebody@example.com"}],
                )
            sts.assume_role(
                RoleArn=person.stand_in_role_arn,
                RoleSessionName="session",
                ExternalId=estate.external_id,
                Tags=[{"Key": "studiouserid", "Value": person.user_id}],
            )
    assert estate.control_reader is not None
    sts.assume_role(RoleArn=estate.control_reader.role_arn, RoleSessionName="somebody", ExternalId=estate.external_id)


def test_a_console_user_opens_the_own_profile_and_no_other(estate: Estate, target: Target) -> None:
    """The keys in the estate are the IAM user's, whose group policy reaches one profile."""
    limited = estate.person("data-scientist-limited")
    sagemaker = target.client("sagemaker", limited.console_keys())
    own = sagemaker.describe_user_profile(DomainId=estate.domain_id, UserProfileName=limited.profile)
    assert own["UserProfileArn"] == limited.profile_arn
    with pytest.raises(sagemaker.exceptions.ClientError, match="explicit deny"):
        sagemaker.describe_user_profile(DomainId=estate.domain_id, UserProfileName="data-scientist-full")
    with pytest.raises(LookupError):
        estate.person("federated-full").console_keys()


def test_federated_people_are_assigned_the_permission_set(estate: Estate, target: Target) -> None:
    """The permission set carries the plan's inline policy, and each federated person is assigned to it."""
    sso = target.client("sso-admin")
    where = {"InstanceArn": estate.identity_center_arn, "PermissionSetArn": estate.permission_set_arn}
    policy = json.loads(sso.get_inline_policy_for_permission_set(**where)["InlinePolicy"])
    assert any("${aws:PrincipalTag/studiouserid}" in json.dumps(statement) for statement in policy["Statement"])
    given = sso.list_account_assignments(AccountId=estate.account_id, **where)["AccountAssignments"]
    assert {item["PrincipalId"] for item in given} == {
        person.identity_store_user_id for person in estate.people if person.sign_in == "federated"
    }


def test_what_a_data_scientist_does_still_works(estate: Estate, target: Target) -> None:
    """Own profile, own app with a tag, own workgroup and result: the hardened policies allow the walkthrough's work."""
    person = estate.person("data-scientist-limited")
    answer = target.client("sts").assume_role(
        RoleArn=person.execution_role_arn, RoleSessionName="SageMaker", ExternalId=estate.external_id
    )
    session = Credentials.from_sts(answer["Credentials"])
    sagemaker = target.client("sagemaker", session)
    sagemaker.list_domains()
    sagemaker.describe_user_profile(DomainId=estate.domain_id, UserProfileName=person.profile)
    app = {
        "DomainId": estate.domain_id,
        "UserProfileName": person.profile,
        "AppType": "JupyterServer",
        "AppName": "default",
    }
    sagemaker.create_app(**app, Tags=[{"Key": "team", "Value": "reviews"}])
    sagemaker.describe_app(**app)
    sagemaker.delete_app(**app)
    athena = target.client("athena", session)
    query = athena.start_query_execution(
        QueryString="SELECT * FROM amazon_reviews_parquet LIMIT 2",
        QueryExecutionContext={"Database": estate.database},
        WorkGroup=person.workgroup,
    )["QueryExecutionId"]
    state = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
    while state["State"] in ("QUEUED", "RUNNING"):
        state = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
    assert state["State"] == "SUCCEEDED", state
    assert len(athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]) == 3
    s3 = target.client("s3", session)
    bucket, prefix = person.results_location.removeprefix("s3://").split("/", 1)
    assert s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] >= 1
    s3.get_object(Bucket=bucket, Key=f"{prefix}{query}.csv")


@pytest.mark.parametrize(
    "attempt",
    [
        lambda client, estate: client("athena").start_query_execution(QueryString="SELECT 1", WorkGroup="primary"),
        lambda client, estate: client("athena").list_query_executions(WorkGroup="data-scientist-full"),
        lambda client, estate: client("s3").list_objects_v2(Bucket=estate.lake_bucket),
        lambda client, estate: client("s3").list_objects_v2(Bucket=estate.results_bucket, Prefix="queries/"),
        lambda client, estate: client("s3").put_object(
            Bucket=estate.results_bucket, Key="queries/data-scientist-full/x", Body=b""
        ),
        lambda client, estate: client("sagemaker").add_tags(
            ResourceArn=estate.person("data-scientist-limited").profile_arn,
            Tags=[{"Key": "studiouserid", "Value": "x"}],
        ),
        lambda client, estate: client("sts").assume_role(
            RoleArn=estate.person("data-scientist-full").execution_role_arn,
            RoleSessionName="somebody",
            ExternalId=estate.external_id,
        ),
    ],
    ids=[
        "shared workgroup",
        "another's history",
        "lake bucket",
        "all results",
        "another's results",
        "retag own profile",
        "another's role",
    ],
)
def test_what_the_walkthrough_left_open_is_closed(
    attempt: Callable[[Any, Estate], object], estate: Estate, target: Target
) -> None:
    """The weaknesses F1 to F7, tried with the limited person's execution role: refused."""
    answer = target.client("sts").assume_role(
        RoleArn=estate.person("data-scientist-limited").execution_role_arn,
        RoleSessionName="SageMaker",
        ExternalId=estate.external_id,
    )
    session = Credentials.from_sts(answer["Credentials"])
    with pytest.raises(boto3.exceptions.botocore.exceptions.ClientError, match="AccessDenied"):
        attempt(lambda service: target.client(service, session), estate)
