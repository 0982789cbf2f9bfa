"""What a scenario made and could not undo goes with its run; what another run or anybody else made stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from lakeproof.plan import Plan
from lakeproof.target import Target
from provision import create, destroy
from provision.decoys import prefix
from provision.estate import Estate
from tests.inventory import Inventory

OTHERS = "decoy-0000aaaa-theirs"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "athena.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def quiet(text: str) -> None:
    """Progress that nobody reads."""


def make(target: Target, name: str) -> None:
    """One decoy of each kind that takes any name, with something hanging on it."""
    iam, s3 = target.client("iam"), target.client("s3")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(
        RoleName=name,
        PolicyName="any",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        ),
    )
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="AWSLogs/decoy.json.gz", Body=b"decoy")
    target.client("athena").create_work_group(Name=name)
    target.client("glue").create_database(DatabaseInput={"Name": name.replace("-", "_")})


def profile(target: Target, estate: Estate, name: str) -> None:
    """A decoy profile in the run's domain."""
    target.client("sagemaker").create_user_profile(DomainId=estate.domain_id, UserProfileName=name)


def test_decoys_of_a_dead_worker_go_with_the_run_and_anothers_stay(
    plan: Plan, target: Target, inventory: Callable[[], Inventory], tmp_path: Path
) -> None:
    """By the run's id in their names: a neighbour's decoys of the same kinds are there afterwards."""
    make(target, OTHERS)
    before = inventory()
    estate = create(plan, target, tmp_path, quiet)
    make(target, f"{prefix(estate.run_id)}left")
    profile(target, estate, f"{prefix(estate.run_id)}left")
    assert destroy(tmp_path, target, quiet) == []
    assert inventory() == before


def test_a_decoy_that_cannot_be_removed_is_residue(plan: Plan, target: Target, tmp_path: Path) -> None:
    """Named by its kind, with the run's prefix; gone with the next attempt, when nothing holds it any more."""
    estate = create(plan, target, tmp_path, quiet)
    name = f"{prefix(estate.run_id)}held"
    s3 = target.client("s3")
    s3.create_bucket(Bucket=name)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": f"arn:aws:s3:::{name}"}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    [left] = destroy(tmp_path, target, quiet)
    assert (left.kind, left.id) == ("decoy buckets", prefix(estate.run_id))
    s3.delete_bucket_policy(Bucket=name)
    assert destroy(tmp_path, target, quiet) == []
