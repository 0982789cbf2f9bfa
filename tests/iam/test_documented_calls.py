"""Sentences of AWS's documentation, each sent to the account as calls: what it refuses beside what it lets through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Embedded
from tests.iam.test_command_line import filled, sent
from tests.iam.test_enforcement import document, trust
from tests.iam.test_evaluator_cases import statement

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "cases" / "documented_calls.yaml").read_text("utf-8")
)
BUCKET = "documented"


def written(statements: list[Any]) -> str:
    """A policy document from statements in short form."""
    return document(*(statement(*short) for short in statements))


@pytest.fixture(scope="module", autouse=True)
def bucket(embedded: Embedded) -> None:
    """A bucket with two objects, of which ``t`` has the tag team=red; a table that IAM alone decides over."""
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    s3.put_object(Bucket=BUCKET, Key="t", Body=b"x", Tagging="team=red")
    glue, lakeformation = embedded.client("glue"), embedded.client("lakeformation")
    settings = lakeformation.get_data_lake_settings()["DataLakeSettings"]
    assert settings["CreateTableDefaultPermissions"], "IAM alone decides over new tables"
    glue.create_database(DatabaseInput={"Name": "lake"})
    glue.create_table(DatabaseName="lake", TableInput={"Name": "reviews"})


@pytest.fixture
def named(embedded: Embedded, request: pytest.FixtureRequest) -> dict[str, str]:
    """What the capital names of the case at hand stand for."""
    case = request.node.callspec.params["case"]
    name, account = f"caller-{CASES.index(case)}", embedded.account_id
    session = "session" in case
    return {
        "BUCKET": BUCKET,
        "ACCOUNT": account,
        "NAME": name,
        "TARGET": f"arn:aws:iam::{account}:role/target-{CASES.index(case)}",
        "ROLE": f"arn:aws:iam::{account}:role/{name}",
        "ME": f"arn:aws:sts::{account}:assumed-role/{name}/visitor"
        if session
        else f"arn:aws:iam::{account}:user/{name}",
    }


@pytest.fixture
def caller(embedded: Embedded, case: dict[str, Any], named: dict[str, str]) -> dict[str, Any]:
    """The credentials of the case's user or session."""
    iam, name, case = embedded.client("iam"), named["NAME"], filled(case, named)
    kind = "role" if "session" in case else "user"
    who = {f"{kind.title()}Name": name}
    made = {**who, "Tags": [{"Key": key, "Value": value} for key, value in case.get("tags", {}).items()]}
    if "boundary" in case:
        bound = iam.create_policy(PolicyName=f"bound-{name}", PolicyDocument=written(case["boundary"]))
        made["PermissionsBoundary"] = bound["Policy"]["Arn"]
    if kind == "role":
        made["AssumeRolePolicyDocument"] = trust(AWS=embedded.account_id)
    getattr(iam, f"create_{kind}")(**made)
    if "policies" in case:
        put = getattr(iam, f"put_{kind}_policy")
        put(**who, PolicyName="own", PolicyDocument=written(case["policies"]))
    if kind == "user":
        key: dict[str, Any] = iam.create_access_key(**who)["AccessKey"]
        return key
    asked = dict(case["session"])
    if "Policy" in asked:
        asked["Policy"] = written(asked["Policy"])
    return embedded.as_role(named["ROLE"], "visitor", **asked)


@pytest.fixture
def stage(embedded: Embedded, case: dict[str, Any], named: dict[str, str], caller: dict[str, Any]) -> Iterator[None]:
    """The bucket's policy and the role TARGET, where the case has them; they may name the caller, who exists by now."""
    s3, iam, case = embedded.client("s3"), embedded.client("iam"), filled(case, named)
    if "bucket" in case:
        s3.put_bucket_policy(Bucket=BUCKET, Policy=written(case["bucket"]))
    if "trust" in case:
        target, tags = named["TARGET"].rpartition("/")[2], [{"Key": "team", "Value": "red"}]
        iam.create_role(RoleName=target, AssumeRolePolicyDocument=written(case["trust"]), Tags=tags)
    yield
    if "bucket" in case:
        s3.delete_bucket_policy(Bucket=BUCKET)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['page']}: {case['says'][:60]}" for case in CASES])
def test_calls_come_to_what_is_documented(
    embedded: Embedded, case: dict[str, Any], named: dict[str, str], caller: dict[str, Any], stage: None
) -> None:
    """Every call of the case is let through or refused as its sentence has it."""
    calls = filled(case, named)["calls"]
    came = [sent(embedded, caller, *call) for *call, _ in calls]
    assert came == [verdict for *_, verdict in calls], json.dumps(filled(case, named), indent=1)


def test_no_case_is_one_sided() -> None:
    """Among the sentences of each page there is a call that was refused and one that was let through."""
    for page in {case["page"] for case in CASES}:
        verdicts = {call[-1] for case in CASES if case["page"] == page for call in case["calls"]}
        assert "allowed" in verdicts and len(verdicts) > 1, page
