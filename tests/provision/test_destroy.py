"""Undone: nothing of the run is left, nothing of anybody else's is touched, however the run ended."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lakeproof.__main__ import main
from lakeproof.plan import Plan
from lakeproof.target import Target
from provision import Journal, ProvisionError, create, destroy
from provision import create as creating  # the module's function; its module is provision.create
from provision.site import Kind

ROOT = Path(__file__).resolve().parents[2]
Inventory = dict[str, list[str]]

DIE = """
import os, sys
from pathlib import Path
from lakeproof.plan import Plan
from lakeproof.target import Target
from provision import create
from provision.journal import Journal

file, run_dir, wanted, moment = sys.argv[1:5]
plan = Plan.model_validate_json(Path(file).read_text())
begin, made = Journal.begin, Journal.made

def chosen(entry):
    return wanted in (str(entry.step), entry.kind)

def dying_begin(self, wanted):
    entries = begin(self, wanted)
    if moment == "begun" and any(chosen(entry) for entry in entries):
        os._exit(9)
    return entries

def dying_made(self, entry, answer):
    if moment == "called" and chosen(entry):
        os._exit(9)
    done = made(self, entry, answer)
    if moment == "made" and chosen(entry):
        os._exit(9)
    return done

Journal.begin, Journal.made = dying_begin, dying_made
create(plan, Target.from_json(sys.stdin.read()), Path(run_dir), lambda text: None)
"""


def quiet(text: str) -> None:
    """Progress that nobody reads."""


def killed(plan: Plan, target: Target, run_dir: Path, step: int | str, moment: str) -> None:
    """A run that dies at a step of its journal, or at the first of a kind: without a word, as by SIGKILL."""
    file = run_dir.parent / "plan.json"
    file.write_text(plan.model_dump_json(exclude={"account_id", "region", "run_id"}))
    died = subprocess.run(
        [sys.executable, "-c", DIE, str(file), str(run_dir), str(step), moment],
        cwd=ROOT,
        input=target.to_json(),
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert died.returncode == 9, died.stderr


def test_destroy_leaves_the_account_as_it_was(
    plan: Plan, target: Target, tmp_path: Path, inventory: Callable[[], Inventory]
) -> None:
    """Settings, roles, permissions, buckets ...: all as before; a second destroy finds nothing to do."""
    before = inventory()
    create(plan, target, tmp_path, quiet)
    assert inventory() != before
    assert destroy(tmp_path, target, quiet) == []
    assert inventory() == before
    assert not (tmp_path / "estate.json").exists()
    assert destroy(tmp_path / "journal.jsonl", target, quiet) == []


@pytest.mark.parametrize(
    ("step", "moment"),
    [
        (1, "begun"),
        (1, "called"),
        (3, "made"),
        (7, "called"),
        (12, "begun"),
        (19, "called"),
        (27, "made"),
        (34, "called"),
        (41, "begun"),
        (48, "called"),
        (54, "called"),
    ],
)
def test_killed_at_any_step_nothing_is_left(
    step: int, moment: str, plan: Plan, target: Target, tmp_path: Path, inventory: Callable[[], Inventory]
) -> None:
    """Dead after writing a step down, after its call or its confirmation: destroy leaves the account as before."""
    before = inventory()
    killed(plan, target, tmp_path / "run", step, moment)
    assert destroy(tmp_path / "run", target, quiet) == []
    assert inventory() == before


@pytest.mark.parametrize(
    ("step", "moment"),
    [
        (9, "called"),
        (22, "begun"),
        (36, "called"),
        (50, "made"),
        ("access control attribute", "called"),
        ("catalog permission", "called"),
        ("data lake settings", "called"),
        ("service-linked role", "called"),
    ],
)
def test_a_dead_run_can_be_finished(
    step: int | str, moment: str, plan: Plan, target: Target, tmp_path: Path, inventory: Callable[[], Inventory]
) -> None:
    """Created again in the same directory, the run goes on, is complete, and leaves nothing when destroyed."""
    before = inventory()
    killed(plan, target, tmp_path / "run", step, moment)
    estate = create(plan, target, tmp_path / "run", quiet)
    assert {entry.state for entry in Journal.read(tmp_path / "run").entries()} <= {"made", "gone"}
    user = estate.person("data-scientist-full")
    assert target.client("sts", user.console_keys()).get_caller_identity()["Arn"] == user.user_arn
    assert target.client("sagemaker").describe_domain(DomainId=estate.domain_id)["Status"] == "InService"
    assert destroy(tmp_path / "run", target, quiet) == []
    assert inventory() == before


def test_what_is_a_strangers_survives(
    plan: Plan, target: Target, tmp_path: Path, inventory: Callable[[], Inventory]
) -> None:
    """A stranger's domain, bucket, role, workgroup, database, grant and permission set outlive the run beside them."""
    strangers = _strangers(target)
    before = inventory()
    create(plan, target, tmp_path, quiet)
    assert destroy(tmp_path, target, quiet) == []
    assert inventory() == before
    strangers()


def _strangers(target: Target) -> Callable[[], None]:
    """Things of somebody else; returns what takes them away again."""
    iam, s3, lake, glue = (target.client(name) for name in ("iam", "s3", "lakeformation", "glue"))
    sagemaker, athena, sso = (target.client(name) for name in ("sagemaker", "athena", "sso-admin"))
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    )
    role = iam.create_role(RoleName="stranger", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    s3.create_bucket(Bucket="strangers-bucket")
    domain = sagemaker.create_domain(
        DomainName="default-domain",
        AuthMode="IAM",
        VpcId="vpc-0a1b2c3d",
        SubnetIds=["subnet-0a1b2c3d"],
        DefaultUserSettings={"ExecutionRole": role},
    )
    domain_id = domain["DomainArn"].rsplit("/", 1)[-1]
    athena.create_work_group(Name="strangers")
    glue.create_database(DatabaseInput={"Name": "strangers_db", "CreateTableDefaultPermissions": []})
    me = target.client("sts").get_caller_identity()["Arn"]
    settings = lake.get_data_lake_settings()["DataLakeSettings"]
    lake.put_data_lake_settings(DataLakeSettings={**settings, "DataLakeAdmins": [{"DataLakePrincipalIdentifier": me}]})
    lake.grant_permissions(
        Principal={"DataLakePrincipalIdentifier": role},
        Resource={"Database": {"Name": "strangers_db"}},
        Permissions=["DESCRIBE"],
    )
    lake.put_data_lake_settings(DataLakeSettings=settings)
    instance = sso.list_instances()["Instances"][0]["InstanceArn"]
    given = sso.create_permission_set(Name="Strangers", InstanceArn=instance)["PermissionSet"]["PermissionSetArn"]

    def away() -> None:
        sso.delete_permission_set(InstanceArn=instance, PermissionSetArn=given)
        glue.delete_database(Name="strangers_db")
        athena.delete_work_group(WorkGroup="strangers")
        sagemaker.delete_domain(DomainId=domain_id, RetentionPolicy={"HomeEfsFileSystem": "Delete"})
        s3.delete_bucket(Bucket="strangers-bucket")
        iam.delete_role(RoleName="stranger")

    return away


def test_a_name_that_is_taken_stops_the_run_and_stays_the_owners(
    plan: Plan, target: Target, tmp_path: Path, inventory: Callable[[], Inventory]
) -> None:
    """A role of a planned name that somebody else made: refused by name, and destroy does not touch it."""
    iam = target.client("iam")
    name = plan.person("federated-limited").execution_role
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
        ),
    )
    before = inventory()
    with pytest.raises(ProvisionError, match=r"there is a role 'SageMakerStudio.*this run did not make"):
        create(plan, target, tmp_path, quiet)
    assert destroy(tmp_path, target, quiet) == []
    assert inventory() == before
    iam.delete_role(RoleName=name)


def test_a_bucket_that_is_taken_stops_the_run_and_stays_the_owners(
    plan: Plan, target: Target, tmp_path: Path, inventory: Callable[[], Inventory]
) -> None:
    """us-east-1 answers a second CreateBucket of one's own with success: the bucket is not taken for the run's."""
    done = plan.resolved(target.account_id, target.region, "0a1b2c3d")
    s3 = target.client("s3")
    s3.create_bucket(Bucket=done.dataset.bucket)
    s3.put_object(Bucket=done.dataset.bucket, Key="theirs", Body=b"x")
    before = inventory()
    with pytest.raises(ProvisionError, match="exists already and is not this run's"):
        create(done, target, tmp_path, quiet)
    assert destroy(tmp_path, target, quiet) == []
    assert inventory() == before
    s3.delete_object(Bucket=done.dataset.bucket, Key="theirs")
    s3.delete_bucket(Bucket=done.dataset.bucket)


def test_settings_that_somebody_else_has_changed_are_kept(plan: Plan, target: Target, tmp_path: Path) -> None:
    """Another administrator and other default permissions, set during the run, stay; the run says so."""
    lake, told = target.client("lakeformation"), []
    original = lake.get_data_lake_settings()["DataLakeSettings"]
    theirs = original["CreateTableDefaultPermissions"]
    lake.put_data_lake_settings(DataLakeSettings={**original, "CreateTableDefaultPermissions": []})
    create(plan, target, tmp_path, quiet)
    during = lake.get_data_lake_settings()["DataLakeSettings"]
    other = {"DataLakePrincipalIdentifier": target.client("iam").create_user(UserName="somebody")["User"]["Arn"]}
    lake.put_data_lake_settings(
        DataLakeSettings={
            **during,
            "DataLakeAdmins": [*during["DataLakeAdmins"], other],
            "CreateTableDefaultPermissions": theirs,
        }
    )
    assert destroy(tmp_path, target, told.append) == []
    after = lake.get_data_lake_settings()["DataLakeSettings"]
    assert after["DataLakeAdmins"] == [other]
    assert after["CreateTableDefaultPermissions"] == theirs
    assert after["CreateDatabaseDefaultPermissions"] == original["CreateDatabaseDefaultPermissions"]
    assert any("kept CreateTableDefaultPermissions as somebody else has set it since" in text for text in told)
    lake.put_data_lake_settings(DataLakeSettings=original)
    target.client("iam").delete_user(UserName="somebody")


def test_the_harness_stays_an_administrator_that_was_one(plan: Plan, target: Target, tmp_path: Path) -> None:
    """Who was a data lake administrator before the run is one after it."""
    lake = target.client("lakeformation")
    original = lake.get_data_lake_settings()["DataLakeSettings"]
    me = {"DataLakePrincipalIdentifier": target.client("sts").get_caller_identity()["Arn"]}
    lake.put_data_lake_settings(DataLakeSettings={**original, "DataLakeAdmins": [me]})
    create(plan, target, tmp_path, quiet)
    assert destroy(tmp_path, target, quiet) == []
    assert lake.get_data_lake_settings()["DataLakeSettings"]["DataLakeAdmins"] == [me]
    lake.put_data_lake_settings(DataLakeSettings=original)


def test_what_others_have_begun_to_use_is_kept(plan: Plan, target: Target, tmp_path: Path) -> None:
    """``default`` with a table of somebody's, and the service-linked role under another location, stay: no residue."""
    glue, lake, told = target.client("glue"), target.client("lakeformation"), []
    create(plan, target, tmp_path, quiet)
    glue.create_table(DatabaseName="default", TableInput={"Name": "theirs", "StorageDescriptor": {"Columns": []}})
    target.client("s3").create_bucket(Bucket="theirs-too")
    lake.register_resource(ResourceArn="arn:aws:s3:::theirs-too", UseServiceLinkedRole=True)
    assert destroy(tmp_path, target, told.append) == []
    assert [database["Name"] for database in glue.get_databases()["DatabaseList"]] == ["default"]
    assert any("kept the database default: it holds 1 table(s) of others" in text for text in told)
    assert any("kept the role AWSServiceRoleForLakeFormationDataAccess" in text for text in told)
    lake.deregister_resource(ResourceArn="arn:aws:s3:::theirs-too")
    glue.delete_table(DatabaseName="default", Name="theirs")
    glue.delete_database(Name="default")
    target.client("s3").delete_bucket(Bucket="theirs-too")
    target.client("iam").delete_service_linked_role(RoleName="AWSServiceRoleForLakeFormationDataAccess")


def test_what_was_hung_on_the_runs_things_goes_with_them(
    plan: Plan, target: Target, tmp_path: Path, inventory: Callable[[], Inventory]
) -> None:
    """Apps, more profiles, more keys, more policies and results made during the run go with what they hang on."""
    before = inventory()
    estate = create(plan, target, tmp_path, quiet)
    sagemaker, iam, s3 = (target.client(name) for name in ("sagemaker", "iam", "s3"))
    person = estate.person("data-scientist-full")
    sagemaker.create_app(
        DomainId=estate.domain_id, UserProfileName=person.profile, AppType="JupyterServer", AppName="default"
    )
    sagemaker.create_user_profile(DomainId=estate.domain_id, UserProfileName="decoy")
    iam.create_access_key(UserName=person.user_id)
    iam.put_role_policy(
        RoleName=person.execution_role,
        PolicyName="more",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        ),
    )
    iam.attach_user_policy(UserName=person.user_id, PolicyArn=estate.execution_policy_arn)
    s3.put_object(Bucket=estate.results_bucket, Key="queries/x", Body=b"x")
    assert destroy(tmp_path, target, quiet) == []
    assert inventory() == before


def test_what_cannot_be_removed_is_residue(
    plan: Plan,
    target: Target,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    inventory: Callable[[], Inventory],
) -> None:
    """Something that is still there is named, exit code 13; the next attempt finishes."""
    from provision import destroy as function

    module = sys.modules[function.__module__]
    before = inventory()
    create(plan, target, tmp_path, quiet)
    kinds: dict[str, Kind] = dict(module.KINDS)  # type: ignore[attr-defined]
    stuck = replace(kinds["workgroup"], remove=lambda site, entry: None)
    _as_environment(target, monkeypatch)
    with monkeypatch.context() as patched:
        patched.setattr(module, "KINDS", {**kinds, "workgroup": stuck})
        patched.setattr(module, "_ATTEMPTS", 1)
        assert main(["destroy", str(tmp_path)]) == 13
        told = capsys.readouterr().err
    assert "LEFT: workgroup data-scientist-full: still there after it was removed" in told
    assert {entry.kind for entry in Journal.read(tmp_path).entries() if entry.state == "made"} == {"workgroup"}
    assert main(["destroy", str(tmp_path)]) == 0
    assert inventory() == before


def _as_environment(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", target.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", target.secret_access_key)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def test_a_dry_run_touches_nothing(
    plan: Plan,
    target: Target,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    inventory: Callable[[], Inventory],
) -> None:
    """``--dry-run`` names every thing and removes none."""
    create(plan, target, tmp_path, quiet)
    standing = inventory()
    _as_environment(target, monkeypatch)
    assert main(["destroy", str(tmp_path), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "would remove domain lakeproof-" in told
    assert "would remove bucket lakeproof-lake-" in told
    assert inventory() == standing
    assert destroy(tmp_path, target, quiet) == []


def test_expired_runs_are_swept_by_their_tags_alone(
    plan: Plan,
    target: Target,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    inventory: Callable[[], Inventory],
) -> None:
    """Without its journal, a run whose time is over is found and removed; one whose time is not over is let be."""
    before = inventory()
    module = sys.modules[creating.__module__]
    monkeypatch.chdir(tmp_path)
    _as_environment(target, monkeypatch)
    where = ["--endpoint-url", str(target.endpoint_url), "--region", target.region]
    create(plan, target, tmp_path / "living", quiet)
    assert main(["destroy", "--expired", *where]) == 0
    assert "no run is over its time" in capsys.readouterr().out
    assert destroy(tmp_path / "living", target, quiet) == []
    with monkeypatch.context() as patched:
        patched.setattr(module, "LIFETIME", timedelta(hours=-1))
        estate = create(plan, target, tmp_path / "dead", quiet)
    kept = Journal.read(tmp_path / "dead").path.rename(tmp_path / "lost.jsonl")
    assert main(["destroy", "--expired", "--dry-run", *where]) == 0
    assert f"would remove domain lakeproof-{estate.run_id}" in capsys.readouterr().out
    assert main(["destroy", "--expired", *where]) == 0
    after = inventory()
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"settings", "permissions", "attributes", "roles"}
    assert not any(estate.run_id in text for found in after.values() for text in found)
    assert destroy(kept, target, quiet) == []
    assert inventory() == before


def test_an_unknown_run_is_told_with_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run id without a journal: exit code 2, and the runs that have one are named."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".lakeproof" / "runs" / "0a1b2c3d").mkdir(parents=True)
    assert main(["destroy", "ffffffff"]) == 2
    assert "there are 0a1b2c3d" in capsys.readouterr().err
