"""Every way in which a plan can be wrong is told with file, line, what was expected and seen, and a likely cause."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakeproof.plan import PlanError, Problem, load

HERE = Path(__file__).parent
VALID = HERE / "valid"


def cases(*names: str) -> list[Any]:
    """The cases of these files, each with its name as id."""
    return [
        pytest.param(case, id=case["name"])
        for name in names
        for case in yaml.safe_load((HERE / "bad" / f"{name}.yaml").read_text())
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the valid plan with its policy files."""
    shutil.copytree(VALID, tmp_path / "plan")
    return tmp_path / "plan"


def problems(path: Path) -> tuple[Problem, ...]:
    """What is wrong with the plan; it must be refused."""
    with pytest.raises(PlanError) as refused:
        load(path)
    return refused.value.problems


@pytest.mark.parametrize("case", cases("names", "shape", "meaning"))
def test_one_change_to_a_valid_plan_is_one_problem_on_its_line(case: dict[str, Any], folder: Path) -> None:
    """A valid plan, wrong in one place: the problem names file and line and says what helps; no other is told."""
    one_problem(case, folder, (VALID / "plan.yaml").read_text())


@pytest.mark.parametrize("case", cases("granted"))
def test_one_change_to_row_filters_or_lf_tags_is_one_problem_on_its_line(case: dict[str, Any], folder: Path) -> None:
    """A valid plan with row filters and LF-Tags, wrong in one place: one problem, with file, line and what helps."""
    assert load(folder / "tagged.yaml")
    one_problem(case, folder, (VALID / "tagged.yaml").read_text())


@pytest.mark.parametrize("case", cases("adopted"))
def test_one_change_to_an_adopting_plan_is_one_problem_on_its_line(case: dict[str, Any], folder: Path) -> None:
    """A valid plan that adopts a lake, wrong in one place: one problem, with file, line and what helps."""
    assert load(folder / "adopted.yaml").provision == "adopt"
    one_problem(case, folder, (VALID / "adopted.yaml").read_text())


def one_problem(case: dict[str, Any], folder: Path, text: str) -> None:
    """The plan's text with one change is refused for this one thing, on its line."""
    assert text.count(case["from"]) >= 1, "the case does not fit the valid plan"
    start = text.rindex(case["from"])
    changed = text[:start] + case["to"] + text[start + len(case["from"]) :]
    path = folder / "plan.yaml"
    path.write_text(changed)
    found = problems(path)
    told = [problem for problem in found if all(piece in str(problem) for piece in case["says"])]
    assert len(told) == 1, "\n".join(map(str, found))
    others = [
        problem
        for problem in found
        if problem is not told[0] and not any(piece in str(problem) for piece in case.get("besides", []))
    ]
    assert not others, "\n".join(map(str, others))
    assert str(told[0]).startswith(f"{path}:")
    marker = case.get("line", case["to"])
    assert marker in changed.splitlines()[(told[0].line or 0) - 1], f"line {told[0].line}"


@pytest.mark.parametrize("case", cases("yaml"))
def test_what_is_no_plan_at_all_is_one_problem(case: dict[str, Any], tmp_path: Path) -> None:
    """A file that is no YAML, or a plan of another version, is told once, with its line and a likely cause."""
    path = tmp_path / "plan.yaml"
    path.write_text(case["file"])
    found = problems(path)
    assert len(found) == 1, "\n".join(map(str, found))
    assert all(piece in str(found[0]) for piece in case["says"]), str(found[0])
    assert found[0].line == case.get("line", found[0].line)


def test_all_problems_are_told_at_once_in_the_order_of_the_lines(folder: Path) -> None:
    """Five mistakes of five kinds in one file: five problems, from top to bottom, under one headline."""
    text = (VALID / "plan.yaml").read_text()
    for wrong, right in (
        ("database: sales-db", "database: sales_db"),
        ("rows: lots", "rows: 100"),
        ("stuido:", "studio:"),
        ("profile: a_na", "profile: ana"),
        ("table: retuns", "table: returns"),
    ):
        text = text.replace(right, wrong)
    (folder / "plan.yaml").write_text(text)
    with pytest.raises(PlanError) as refused:
        load(folder / "plan.yaml")
    lines = [problem.line for problem in refused.value.problems]
    assert len(lines) == 6  # the misspelt part is an unknown key and a missing one
    assert lines == sorted(lines)
    assert str(refused.value).startswith("6 problems in the plan; nothing was created\n")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('{"Statement": [{}],}', 1, ["a comma too many"]),
        ('{\n "Statement": [\n  {"Effect": \'Allow\'}\n ]\n}', 3, ["JSON"]),
        ("[]", 1, ["not an IAM policy"]),
        ('{"Version": "2012-10-17", "Statment": [{}]}', 1, ["did you mean 'Statment'?"]),
        ('{"Version": "2008-10-17", "Statement": [{}]}', 1, ["variables are plain text"]),
        (
            '{"Version": "2012-10-17",\n "Statement": [{"Resource": "arn:aws:s3:::{lake_buckt}"}]}',
            2,
            ["{lake_buckt}", "did you mean 'lake_bucket'?"],
        ),
        ('{"Version": "2012-10-17",\n "Statement": [{"Resource": "{external_id}"}]}', 2, ["no such placeholder"]),
    ],
)
def test_a_policy_file_is_told_by_its_own_line(text: str, line: int, says: list[str], folder: Path) -> None:
    """What is wrong inside a policy file is told with that file's name and line."""
    (folder / "policy.json").write_text(text)
    found = [problem for problem in problems(folder / "plan.yaml") if problem.file.endswith("policy.json")]
    assert found
    assert all(problem.line == line for problem in found)
    assert all(piece in str(found[0]) for piece in says), str(found[0])


def test_a_plan_that_is_not_there_names_the_one_that_is(folder: Path) -> None:
    """A misspelt file name is told with the file that was probably meant."""
    found = problems(folder / "plann.yaml")
    assert "no such file" in found[0].seen
    assert found[0].cause == "misspelt: did you mean 'plan.yaml'?"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are refused in one line, without a traceback."""
    (tmp_path / "plan.yaml").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in problems(tmp_path / "plan.yaml")[0].expected


def test_a_plan_in_json_is_a_plan(folder: Path) -> None:
    """JSON is YAML: a plan that a program wrote loads as well."""
    data = yaml.safe_load((folder / "plan.yaml").read_text())
    (folder / "plan.json").write_text(json.dumps(data, indent=1))
    assert load(folder / "plan.json") == load(folder / "plan.yaml")
