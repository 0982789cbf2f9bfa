"""The table of least privilege: what it means, and every way in which it can be wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakeproof.plan import Plan, PlanError, load
from lakeproof.plan.least_privilege import Table, parse

HERE = Path(__file__).parent
PLANS = HERE.parents[1] / "plans"
TABLE = HERE / "valid" / "least-privilege.yaml"
CASES: list[dict[str, Any]] = yaml.safe_load((HERE / "bad" / "least-privilege.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The valid plan, with its policies, which names the table."""
    shutil.copytree(HERE / "valid", tmp_path / "plan")
    plan = tmp_path / "plan" / "plan.yaml"
    named = plan.read_text().replace("verification:\n", "verification:\n  least_privilege: least-privilege.yaml\n")
    plan.write_text(named)
    return tmp_path / "plan"


def problems(folder: Path) -> list[str]:
    """What is told about the plan, which must be refused."""
    with pytest.raises(PlanError) as refused:
        load(folder / "plan.yaml")
    return [str(each) for each in refused.value.problems]


def test_a_plan_holds_the_table_that_it_names(folder: Path) -> None:
    """The table's text is a document of the plan, by the name that the plan uses; it goes into the plan's hash."""
    plan = load(folder / "plan.yaml")
    assert plan.documents["least-privilege.yaml"] == TABLE.read_text()
    assert plan.verification.least_privilege == "least-privilege.yaml"


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_one_change_to_a_valid_table_is_one_problem_on_its_line(case: dict[str, Any], folder: Path) -> None:
    """A valid table, wrong in one place: the problem names its file and line, and says what helps."""
    path = folder / "least-privilege.yaml"
    text = path.read_text()
    assert case["from"] in text, "the case does not fit the valid table"
    changed = text.replace(case["from"], case["to"], 1)
    path.write_text(changed)
    found = problems(folder)
    told = [each for each in found if all(piece in each for piece in case["says"])]
    assert len(told) >= 1, "\n".join(found)
    others = [each for each in found if each not in told and not any(p in each for p in case.get("besides", []))]
    assert not others, "\n".join(others)
    file, line = told[0].split(":")[:2]
    assert file == str(path)
    assert case.get("line", case["to"]) in changed.splitlines()[int(line) - 1]


def test_a_table_that_is_not_there_names_the_one_that_is(folder: Path) -> None:
    """A misspelt file name is told with the file that was probably meant."""
    (folder / "least-privilege.yaml").rename(folder / "least-privileges.yaml")
    (told,) = problems(folder)
    assert "no such file" in told and "did you mean 'least-privileges.yaml'?" in told


def test_what_a_row_does_not_list_is_refused() -> None:
    """Allowed is what matches ``allowed`` and not ``locked``; a Deny wins; a service's other actions are refused."""
    table = parse(TABLE.read_text())
    row = table.rows[1].model_copy(update={"locked": ("athena:GetQueryResults",)})
    decided = {each: row.expected(f"athena:{each}") for each in ("GetWorkGroup", "GetQueryResults", "DeleteWorkGroup")}
    assert decided == {"GetWorkGroup": "allowed", "GetQueryResults": "explicitDeny", "DeleteWorkGroup": "refused"}


@pytest.fixture(scope="module")
def hardened() -> tuple[Plan, Table]:
    """The default plan and its table."""
    plan = load(PLANS / "walkthrough.yaml")
    return plan, parse(plan.documents["least-privilege.yaml"])


def test_the_default_table_speaks_of_both_identities_of_a_person(hardened: tuple[Plan, Table]) -> None:
    """Console identity and execution role both have rows and requests, allowed ones and refused ones."""
    _, table = hardened
    for place in ("at the console", "in Studio"):
        rows = [row for row in table.rows if place in row.where]
        answers = {answer for each in table.requests if place in each.where for answer in each.answers}
        assert any(row.allowed for row in rows) and any(row.locked for row in rows)
        assert {"allowed", "IAM_EXPLICIT", "IAM_IMPLICIT", "S3"} <= answers


def test_no_request_that_is_sent_does_harm(hardened: tuple[Plan, Table]) -> None:
    """What is sent reads, makes a session, or updates nothing: the harness sends it too, and nothing changes by it."""
    _, table = hardened
    reads = ("Get", "List", "Describe", "Lookup")
    changing = [each for each in table.requests if not each.call.partition(":")[2].startswith(reads)]
    assert {each.call for each in changing} == {"athena:UpdateWorkGroup", "sts:AssumeRole"}
    assert all(set(each.parameters) == {"WorkGroup"} for each in changing if each.call == "athena:UpdateWorkGroup")
