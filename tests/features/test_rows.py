"""Rows of outlines come from the plan: a person or a column more in the YAML is a scenario more, without code."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.rows import KINDS, column_uses, rows
from lakeproof.plan import Plan, load
from tests.features.folder import ROOT, Collected, Run

FEATURE = """
Feature: f
  @rows:person
  Scenario Outline: <person> has tea
    Then <person> has tea

  @rows:hidden-column
  Scenario Outline: <person> has no <column> of <table>
    Then <person> has tea

  @rows:granted-column
  Scenario Outline: <person> has <column> of <table>
    Then <person> has tea

  @rows:hidden-table
  Scenario Outline: <person> has no table <table>
    Then <person> has tea
"""
FILE = "features/tea.feature"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Write a changed walkthrough beside its policies: ``written(change)`` returns the plan's path."""

    def write(change: Any) -> Path:
        folder = tmp_path_factory.mktemp("plans") / "plans"
        shutil.copytree(ROOT / "plans", folder)
        path = folder / "walkthrough.yaml"
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(document)
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def before(run_features: Run) -> Collected:
    """The feature with the walkthrough's rows."""
    return run_features({FILE: FEATURE}, "--collect-only", "-q")


def add_person(document: dict[str, Any]) -> None:
    """A new person, who may see one column and the partition key."""
    name = "newcomer"
    document["people"].append({"name": name, "sign_in": "iam_user", "user_id": name, "profile": name})
    grant = {
        "person": name,
        "table": "amazon_reviews_parquet",
        "columns": {"include": ["product_category", "product_id"]},
    }
    document["grants"].append(grant)


def add_column(document: dict[str, Any]) -> None:
    """A new column, which the limited people may not see."""
    document["dataset"]["tables"][0]["columns"].append({"name": "reviewer_email", "type": "string"})


def test_a_plan_without_rows_of_a_kind_leaves_its_outline_visible(before: Collected) -> None:
    """No hidden table in the plan: the outline stays, as one scenario that does not apply, never as a hole."""
    ids = [each for each in before.ids if "has_no_table" in each]
    assert [each.partition("[")[2] for each in ids] == ["nothing-in-the-plan]"]


def test_a_person_more_is_scenarios_more(run_features: Run, written: Any, before: Collected) -> None:
    """The new person appears in every outline about people, with each granted and each hidden column."""
    after = run_features({FILE: FEATURE}, "--collect-only", "-q", plan=written(add_person))
    assert after.code == 0, after.output
    new = set(after.ids) - set(before.ids)
    assert set(before.ids) <= set(after.ids)
    assert all("newcomer" in each for each in new)
    per_outline = Counter(each.partition("::")[2].partition("[")[0] for each in new)
    # a column and the partition key are granted, 14 of 16 are hidden
    assert sorted(per_outline.values()) == [1, 2, 14]


def test_a_column_more_is_scenarios_more(run_features: Run, written: Any, before: Collected) -> None:
    """The new column is granted to those who may see all columns, and hidden from the others."""
    after = run_features({FILE: FEATURE}, "--collect-only", "-q", plan=written(add_column))
    new = sorted(set(after.ids) - set(before.ids))
    assert len(new) == 4
    assert all("reviewer_email" in each for each in new)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The walkthrough."""
    return load(ROOT / "plans" / "walkthrough.yaml")


def test_an_unknown_kind_of_rows_is_an_error(plan: Plan) -> None:
    """Nobody gets an empty list for a kind that there is not."""
    with pytest.raises(KeyError):
        rows("persons", plan)


@pytest.mark.parametrize("kind", KINDS)
def test_no_row_is_there_twice(kind: str, plan: Plan) -> None:
    """Every row makes a scenario of its own, with an id of its own."""
    found = ["-".join(row.values()) for row in rows(kind, plan)]
    assert len(found) == len(set(found))


def test_granted_and_hidden_columns_are_all_columns_for_everybody(plan: Plan) -> None:
    """Person by person, granted and hidden columns are the whole table, and none is both."""
    table = plan.dataset.tables[0]
    for person in plan.people:
        granted = [row["column"] for row in rows("granted-column", plan) if row["person"] == person.name]
        hidden = [row["column"] for row in rows("hidden-column", plan) if row["person"] == person.name]
        assert sorted(granted + hidden) == sorted(table.column_names)


def test_every_restricted_person_meets_every_use_of_a_hidden_column(plan: Plan) -> None:
    """For each restricted person and table, each way of using a column, on a column that is hidden from them."""
    for person in [row["person"] for row in rows("restricted-person", plan)]:
        found = [row for row in rows("hidden-use", plan) if row["person"] == person]
        assert {row["use"] for row in found} == column_uses().keys()
        assert all(row["column"] in plan.hidden_columns(person, row["table"]) for row in found)


def test_pairs_are_ordered_and_of_two_people(plan: Plan) -> None:
    """Everybody with everybody else, in both directions."""
    found = {(row["person"], row["other"]) for row in rows("pair", plan)}
    assert len(found) == len(plan.people) * (len(plan.people) - 1)
    assert all(one != other and (other, one) in found for one, other in found)
