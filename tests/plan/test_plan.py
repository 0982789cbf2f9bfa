"""What a plan means: who sees which columns, what the placeholders become, what is granted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lakeproof.__main__ import main
from lakeproof.plan import Column, Columns, Grant, Plan, PlanError, load, permissions
from lakeproof.plan.explain import keys_at
from lakeproof.plan.names import ACCOUNT_PLACEHOLDERS, placeholders
from lakeproof.plan.schema import json_schema

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = Path(__file__).parent / "valid" / "plan.yaml"
WALKTHROUGH = ROOT / "plans" / "walkthrough.yaml"
LIMITED = (
    "product_id",
    "product_parent",
    "product_title",
    "star_rating",
    "review_headline",
    "review_body",
    "review_date",
    "product_category",
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The walkthrough's plan."""
    return load(WALKTHROUGH)


def test_the_walkthrough_is_the_published_one(plan: Plan) -> None:
    """Names, 15 columns, 43 partitions, two ways of signing in, and the published grants without the grant option."""
    table = plan.table("amazon_reviews_parquet")
    assert (plan.dataset.database, len(table.columns), len(table.partitions)) == ("amazon_reviews_db", 15, 43)
    assert table.partition_key_names == ("product_category",)
    assert [person.name for person in plan.people_by_sign_in("iam_user")] == [
        "data-scientist-full",
        "data-scientist-limited",
    ]
    assert all("@" in person.user_id for person in plan.people_by_sign_in("federated"))
    assert plan.person("data-scientist-full").execution_role == "SageMakerStudioExecutionRole_data-scientist-full"
    assert plan.studio.profile_tag == "studiouserid"
    assert plan.execution.role_tag == "userprofilename"
    assert not any(grant.grant_option for grant in plan.grants)


@pytest.mark.parametrize("person", ["data-scientist-limited", "federated-limited"])
def test_the_limited_see_the_published_columns_in_table_order(plan: Plan, person: str) -> None:
    """Table order, the partition key last, however the grant lists them; the rest is hidden."""
    table = plan.table("amazon_reviews_parquet")
    assert plan.visible_columns(person, table.name) == LIMITED
    assert set(plan.hidden_columns(person, table.name)) == set(table.column_names) - set(LIMITED)


def test_the_full_see_everything(plan: Plan) -> None:
    """All columns, nothing hidden."""
    assert plan.sees_everything("federated-full", "amazon_reviews_parquet")
    assert plan.visible_columns("federated-full", "amazon_reviews_parquet")[-2:] == ("year", "product_category")


def test_without_a_grant_everything_is_hidden() -> None:
    """No grant on a table: no column of it is visible."""
    small = load(SMALL)
    assert small.visible_columns("ana", "returns") == ()
    assert small.hidden_columns("ana", "returns") == ("order_id", "reason")


def test_an_unknown_person_is_no_person_without_rights(plan: Plan) -> None:
    """A misspelt name raises, naming those there are; it does not see nothing."""
    with pytest.raises(KeyError, match="data-scientist-full"):
        plan.visible_columns("data-scientist", "amazon_reviews_parquet")


@given(included=st.sets(st.sampled_from(["order_id", "customer", "amount"])), exclude=st.booleans())
def test_visible_and_hidden_are_the_table_in_order(included: set[str], exclude: bool) -> None:
    """Whatever is listed: visible and hidden are disjoint, together the table, each in its order; keys stay visible."""
    small = load(SMALL)
    listed = tuple(sorted(included, reverse=True))
    columns: Any = "all"
    if listed and exclude:
        columns = Columns(exclude=listed)
    elif listed:
        columns = Columns(include=(*listed, "country"))
    changed = small.model_copy(update={"grants": (Grant(person="bo", table="orders", columns=columns),)})
    table = changed.table("orders")
    visible, hidden = changed.visible_columns("bo", "orders"), changed.hidden_columns("bo", "orders")
    assert [name for name in table.column_names if name in visible] == list(visible)
    assert [name for name in table.column_names if name in hidden] == list(hidden)
    assert {*visible, *hidden} == {*table.column_names}
    assert not {*visible} & {*hidden}
    assert visible[-1] == "country"


def test_exactly_the_planned_permissions(plan: Plan) -> None:
    """A grant for each planned one, the control reader's on each table, DESCRIBE on ``default`` for every role."""
    found = permissions(plan)
    select = {entry.role: entry for entry in found if entry.permission == "SELECT"}
    assert len(select) == 5
    assert select["SageMakerStudioExecutionRole_data-scientist-limited"].include is not None
    assert select["LakeproofControlReader"].include is None
    assert {entry.role for entry in found if entry.permission == "DESCRIBE"} == set(select)


def test_resolving_leaves_no_placeholder(plan: Plan) -> None:
    """Account, Region and run stand in every name; policy documents are filled, IAM's own variables stay."""
    done = plan.resolved("123456789012", "eu-central-1", "0a1b2c3d")
    assert done.dataset.bucket == "lakeproof-lake-123456789012-eu-central-1-0a1b2c3d"
    assert not placeholders(done.model_copy(update={"documents": {}}).model_dump_json()) & set(ACCOUNT_PLACEHOLDERS)
    assert not any(placeholders(person.model_dump_json()) for person in done.people)
    policy = done.document("policies/execution.json")
    assert "arn:aws:athena:eu-central-1:123456789012:workgroup/${aws:PrincipalTag/userprofilename}" in policy
    assert json.loads(policy)["Version"] == "2012-10-17"


def test_a_policy_is_never_filled_by_half(plan: Plan) -> None:
    """A trust policy without a value for the harness, or an unresolved plan, raises."""
    with pytest.raises(ValueError, match="not resolved"):
        plan.document("policies/execution.json")
    with pytest.raises(KeyError, match="external_id"):
        plan.resolved("123456789012", "eu-central-1", "0a1b2c3d").document("policies/trust-execution.json")


def test_every_policy_of_the_walkthrough_is_json_when_filled(plan: Plan) -> None:
    """Each file, with every placeholder filled, is a policy."""
    done = plan.resolved("123456789012", "eu-central-1", "0a1b2c3d")
    values = dict.fromkeys(("harness", "external_id", "user_id", "profile", "workgroup", "results_prefix"), "x")
    policies = [file for file in done.documents if file.endswith(".json")]
    assert len(policies) == 8
    for file in policies:
        assert json.loads(done.document(file, values))["Statement"]


def test_a_name_that_grows_too_long_is_refused() -> None:
    """A bucket that fits with the sample account may not fit with a longer run id: resolving refuses it."""
    small = load(SMALL)
    with pytest.raises(PlanError, match=r"dataset\.bucket: expected an S3 bucket name"):
        small.resolved("123456789012", "eu-central-1", "x" * 50)


def test_nobody_changes_a_plan(plan: Plan) -> None:
    """A plan is frozen, down to its columns."""
    with pytest.raises(ValidationError):
        plan.dataset.tables[0].columns[0].name = "other"  # type: ignore[misc]


def test_a_grant_of_a_later_version_is_refused() -> None:
    """What is not implemented cannot be said, in Python neither."""
    with pytest.raises(ValidationError, match="permissions"):
        Grant.model_validate({"person": "ana", "table": "orders", "columns": "all", "permissions": ["INSERT"]})
    with pytest.raises(ValidationError, match="a column type"):
        Column(name="x", type="map<string,string>")


def test_anchors_and_merge_keys_are_followed(tmp_path: Path) -> None:
    """A list shared by an anchor, and a person made from another by a merge key, load as if written out."""
    shutil.copytree(SMALL.parent, tmp_path / "plan")
    text = (
        SMALL.read_text()
        .replace("- name: ana\n", "- &first\n    name: ana\n")
        .replace(
            "  - name: bo\n", "  - <<: *first\n    name: cleo\n    user_id: cleo\n    profile: cleo\n  - name: bo\n"
        )
    )
    (tmp_path / "plan" / "plan.yaml").write_text(text)
    loaded = load(tmp_path / "plan" / "plan.yaml")
    assert [person.name for person in loaded.people] == ["ana", "cleo", "bo"]
    assert loaded.person("cleo").sign_in == "iam_user"
    assert loaded.person("cleo").execution_role == "Studio_cleo"


def test_the_schema_knows_every_key_of_the_plan() -> None:
    """Every key of the walkthrough stands in the schema, and the schema has no key that only Lakeproof sets."""
    schema = json_schema()
    data = yaml.safe_load(WALKTHROUGH.read_text())
    assert set(data) <= set(schema["properties"])
    assert not {"documents", "account_id", "region", "run_id"} & set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert "execution_role" not in schema["$defs"]["Person"]["required"]
    assert keys_at(("grants", 0, "columns")) == ["include", "exclude"]


def test_the_command_checks_a_plan(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit code 0 and a summary for a good plan, 1 and every problem on stderr for a bad one, 2 for wrong usage."""
    assert main(["plan", "check", str(WALKTHROUGH)]) == 0
    assert "amazon_reviews_parquet (16 columns, 43 partitions); 4 people" in capsys.readouterr().out
    (tmp_path / "plan.yaml").write_text("schema_version: 1\nname: x\n")
    assert main(["plan", "check", str(tmp_path / "plan.yaml")]) == 1
    assert "the key 'dataset'" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["plan", "chek"])
    assert stopped.value.code == 2


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON on standard output, nothing else."""
    assert main(["plan", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Plan"
