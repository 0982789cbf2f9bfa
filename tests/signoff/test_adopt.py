"""``provision: adopt``: a lake that is there already is verified, and nothing of it is made, changed or undone.

Somebody else made it: the small plan, by a run of which the sign-off knows nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakeproof.__main__ import main
from lakeproof.plan import load
from lakeproof.target import Target, local_target
from provision import create
from tests.conftest import Embedded
from tests.inventory import everything
from tests.signoff.runs import FULL, LIMITED, REPOSITORY, SMALL, SignOff, checkout, sign_off

MADE_BY = "0a1b2c3d"
ADOPTING = "plans/adopted.yaml"
PART = ("features/identity", "features/grants", "features/studio", "features/visibility/columns.feature")
MORE = ("features/isolation/profiles.feature", "features/isolation/least_privilege.feature", "features/results")
QUICK = ("--propagation", "0.01", "--trail-deadline", "2", "--seed", "adopted")
RUNS_OWN = {
    *(
        "CreateUserProfile",
        "DeleteUserProfile",
        "AddTags",
        "CreateApp",
        "DeleteApp",
    ),  # decoys, and apps of their people
    *(
        "CreateBucket",
        "PutBucketPolicy",
        "PutBucketTagging",
        "PutBucketPublicAccessBlock",
        "DeleteBucket",
    ),  # for decoys
    *("StartQueryExecution", "StopQueryExecution", "AssumeRole", "GetDataAccess", "CreatePresignedDomainUrl"),
}
"""What a sign-off of an adopted lake may do: nothing of it is an adopted thing's."""


@dataclass(frozen=True)
class Adopted:
    """An account with somebody's lake, and where a plan that adopts it stands."""

    root: Path
    account: Embedded
    target: Target

    def sign_off(self, *arguments: str, plan: str = ADOPTING) -> SignOff:
        """Verify the lake, as if the account were one of AWS's."""
        environment = {name: value for name, value in self.account.environment().items() if name.startswith("AWS_")}
        named = ("--target", "aws", "--expect-account", self.account.account_id)
        return sign_off(self.root, *named, *QUICK, *arguments, plan=plan, observed=False, **environment)

    def changes(self) -> list[dict[str, Any]]:
        """Every recorded call that changed something."""
        self.account.control("clock", {"advance": 5})
        only = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
        pages = self.account.client("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=only)
        return [json.loads(row["CloudTrailEvent"]) for page in pages for row in page["Events"]]


@pytest.fixture(scope="module")
def lake(
    tmp_path_factory: pytest.TempPathFactory, start_embedded: Callable[..., AbstractContextManager[Embedded]]
) -> Iterator[Adopted]:
    """The small plan, made by somebody, and the plan that adopts it: every name as it is there."""
    root = checkout(tmp_path_factory.mktemp("adopt"))
    shutil.copytree(REPOSITORY / "docs", root / "docs", ignore=shutil.ignore_patterns("images"))
    members = ("endpoint_url", "region", "account_id", "access_key_id", "secret_access_key")
    with start_embedded("--digest-interval", "1") as account:
        target = local_target({name: getattr(account, name) for name in members})
        plan = load(root / SMALL).resolved(target.account_id, target.region, MADE_BY)
        made = create(plan, target, root / "somebody", lambda said: None)
        text = (root / SMALL).read_text().replace("{run}", MADE_BY)
        adopting = yaml.safe_load(text) | {"provision": "adopt"}
        adopting["audit"]["trail"] = "adopt"
        adopting["verification"]["external_id"] = made.external_id
        (root / ADOPTING).write_text(yaml.safe_dump(adopting, sort_keys=False))
        yield Adopted(root, account, target)


def test_a_lake_that_is_there_is_verified_and_left_as_it_was(lake: Adopted) -> None:
    """Everything holds but what only an IAM user's own keys could show; the account holds what it held before."""
    before, known = everything(lake.target), len(lake.changes())
    run = lake.sign_off(*PART, *MORE)
    assert run.code == 10, run.output
    assert everything(lake.target) == before
    open_, passed = run.those("NOT_OBTAINED"), run.those("PASS")
    assert not run.those("FAIL", "NOT_RUN") and len(passed) > 60
    assert open_ and all(f"[{LIMITED}" in each or f"-{LIMITED}]" in each for each in open_)
    assert f"no keys of the IAM user arn:aws:iam::{lake.account.account_id}:user/{LIMITED} are at hand" in run.output
    assert (
        f"least_privilege.feature::test_person_may_do_at_the_console_what_is_listed_and_nothing_else[{LIMITED}]"
        in passed
    )
    assert f"profiles.feature::test_person_opens_their_own_profile[{FULL}]" in passed
    made = [each for each in lake.changes()[: -known or None] if "errorCode" not in each]
    others = [each for each in made if each["eventName"] not in RUNS_OWN]
    empty = [each for each in others if each["eventName"] == "UpdateWorkGroup"]  # it is asked to change nothing
    assert others == empty and all([*each["requestParameters"]] == ["workGroup"] for each in empty), others


def test_a_role_that_does_not_admit_the_harness_is_told_by_person(lake: Adopted) -> None:
    """Its person's attempts are NOT_OBTAINED, naming the role and the statement it needs; what only has to be read,
    and everybody else, is verified all the same."""
    iam, role = lake.account.client("iam"), f"SageMakerStudioExecutionRole_{LIMITED}"
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    closed = {**trust, "Statement": [each for each in trust["Statement"] if "AWS" not in each["Principal"]]}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(closed))
    try:
        run = lake.sign_off("features/visibility/columns.feature", "features/grants")
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    assert run.code == 10 and not run.those("FAIL", "NOT_RUN"), run.output
    assert f"acts as arn:aws:iam::{lake.account.account_id}:role/{role}" in run.output
    assert "a statement in its trust policy for the harness" in run.output
    assert f"grants.feature::test_the_permissions_of_person_are_exactly_the_planned_ones[{LIMITED}]" in run.those(
        "PASS"
    )
    reads = {each for each in run.those("PASS") if "_person_reads_column_" in each}
    assert reads and all(f"[{FULL}-" in each for each in reads)


def test_what_nobody_could_verify_ends_before_it_begins(lake: Adopted) -> None:
    """No such domain; a harness that does not see every permission: one sentence each, exit code 4, nothing changed."""
    known, plan = len(lake.changes()), (lake.root / ADOPTING).read_text()
    (lake.root / ADOPTING).write_text(plan.replace(f"domain: lakeproof-{MADE_BY}", "domain: another"))
    try:
        run = lake.sign_off("-k", "convention")
    finally:
        (lake.root / ADOPTING).write_text(plan)
    assert run.code == 4 and "has none of that name (its domains: lakeproof-0a1b2c3d)" in run.output, run.output
    lakeformation = lake.account.client("lakeformation")
    settings = lakeformation.get_data_lake_settings()["DataLakeSettings"]
    lakeformation.put_data_lake_settings(DataLakeSettings={**settings, "DataLakeAdmins": []})
    try:
        run = lake.sign_off("-k", "convention")
    finally:
        lakeformation.put_data_lake_settings(DataLakeSettings=settings)
    assert run.code == 4 and "is no data lake administrator" in run.output, run.output
    assert {each["eventName"] for each in lake.changes()[: -known or None]} == {"PutDataLakeSettings"}


@pytest.fixture
def drafted(lake: Adopted, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """``lakeproof plan draft --from-account``, in this process: its exit code."""
    for name, value in lake.account.environment().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)

    def run(*arguments: object) -> int:
        return main(["plan", "draft", "--from-account", *map(str, arguments)])

    return run


def test_a_drafted_plan_says_what_the_account_holds_and_signs_nothing_off(
    lake: Adopted, drafted: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same people with the same columns as the plan that was made; marked unapproved, and a run of it says so.
    Drafting changes nothing in the account, and overwrites no draft."""
    known, place = len(lake.changes()), lake.root / "plans" / "drafted"
    assert drafted("--out", place) == 0
    assert lake.changes()[: -known or None] == []
    draft, made = load(place / "plan.yaml"), load(lake.root / SMALL)
    [table] = made.dataset.tables
    assert {each.name: draft.visible_columns(each.name, table.name) for each in draft.people} == {
        each.name: made.visible_columns(each.name, table.name) for each in made.people
    }
    assert draft.table(table.name).partition_values == table.partition_values
    assert [each.model_dump() for each in draft.people] == [each.model_dump() for each in made.people]
    assert not draft.approved and draft.provision == "adopt"
    text = (place / "plan.yaml").read_text()
    assert "# REVIEW: nobody of the plan, and yet: " in text and text.startswith("# A DRAFT.")
    assert drafted("--out", place) == 2 and "no draft is overwritten" in capsys.readouterr().err
    run = lake.sign_off(*PART, plan="plans/drafted/plan.yaml")
    assert run.code == 0 and not run.facts["signed_off"], run.output
    assert "PARTIAL RUN" in run.output and "nobody has approved" in run.output


def test_what_no_plan_can_be_drafted_from_is_said(
    lake: Adopted, drafted: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Several databases or an unknown domain: which there are, and which option chooses. Nothing is written."""
    glue = lake.account.client("glue")
    glue.create_database(DatabaseInput={"Name": "another"})
    column = [{"Name": "a", "Type": "string"}]
    glue.create_table(DatabaseName="another", TableInput={"Name": "t", "StorageDescriptor": {"Columns": column}})
    try:
        assert drafted("--out", tmp_path / "draft") == 2
        assert "amazon_reviews_db, another; name one by --database" in capsys.readouterr().err
        assert drafted("--out", tmp_path / "draft", "--database", "amazon_reviews_db", "--domain", "none") == 2
        assert "there is no 'none'" in capsys.readouterr().err
    finally:
        glue.delete_database(Name="another")
    assert not (tmp_path / "draft").exists()
