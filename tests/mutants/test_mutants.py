"""Mutants of the small plan: what counts as a kill, what does not, and what is refused."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from lakeproof.mutants.kept import Kept
from tests.mutants.mutated import Mutated, mutate
from tests.signoff.runs import FULL, LIMITED, checkout

KEPT = "kept.jsonl"
QUOTA = 2048
"""Characters of a trust policy."""
COLUMN = f"grant: {LIMITED}: amazon_reviews_parquet: customer_id added"
DROPPED = f"grant: {LIMITED}: amazon_reviews_parquet: star_rating dropped"
OWN_PROFILE = "execution policy: AmazonSageMakerAllowedUserProfile: removed"
ATTACHED = "attached policy: AmazonS3FullAccess on DataScientists"
TRUSTED = f"trust of the default role: SageMakerStudio: SageMakerStudioExecutionRole_{FULL}@example.com trusted too"
SCENARIOS = " or ".join(
    (
        "reads_column_of_table and star_rating",
        "refused_column_of_table and customer_id",
        "describe_the_profile_of_other_from_studio",
        "planned_policies_at_the_console",
    )
)


@pytest.fixture(scope="module")
def mutated(tmp_path_factory: pytest.TempPathFactory) -> Mutated:
    """Five mutants, with scenarios that can notice two of them."""
    root = checkout(tmp_path_factory.mktemp("mutated"))
    _fill(root / "plans" / "policies" / "trust-default.json")
    only = [part for text in (COLUMN, DROPPED, OWN_PROFILE, ATTACHED, TRUSTED) for part in ("--only", text)]
    return mutate(root, "-k", SCENARIOS, *only, "--state", KEPT)


def _fill(file: Path) -> None:
    """Make the trust policy so long that it has no room for a second principal."""
    policy = json.loads(file.read_text(encoding="utf-8"))
    filler = {"Sid": "Filler", "Effect": "Deny", "Principal": {"AWS": "{harness}"}, "Action": "sts:AssumeRole"}
    policy["Statement"].append(filler)
    filler["Sid"] += "x" * (QUOTA - 100 - len("".join(json.dumps(policy).split())))
    file.write_text(json.dumps(policy), encoding="utf-8")


@pytest.mark.parametrize(
    ("mutant", "outline"),
    [(COLUMN, "test_person_is_refused_column_of_table"), (DROPPED, "test_person_reads_column_of_table")],
)
def test_a_scenario_that_fails_about_the_control_kills(mutated: Mutated, mutant: str, outline: str) -> None:
    """A column too many is killed by the query that should be refused, one too few by the one that was granted."""
    result = mutated.result(mutant)
    assert result["status"] == "killed"
    assert result["killer"]["verdict"] == "FAIL"
    assert result["killer"]["kind"] == "probe"
    assert outline in result["killer"]["scenario"]


def test_evidence_that_was_not_obtained_is_no_kill(mutated: Mutated) -> None:
    """Nobody may describe their own profile any more: no refusal has its twin, nothing FAILs, the mutant survives."""
    result = mutated.result(OWN_PROFILE)
    assert {red["verdict"] for red in result["reds"]} == {"NOT_OBTAINED"}
    assert result["status"] == "survived"
    assert f"SURVIVED   {OWN_PROFILE}" in mutated.output


def test_a_comparison_with_the_plan_is_no_kill_and_is_scored_apart(mutated: Mutated) -> None:
    """A policy attached beside the planned ones is noticed by comparing only: it survives, and that is told."""
    result = mutated.result(ATTACHED)
    assert result["status"] == "survived"
    assert result["configuration"] is True
    assert {red["kind"] for red in result["reds"]} == {"configuration"}
    assert 0 < mutated.told["configuration_score"] < 1


def test_a_mutant_that_cannot_be_applied_is_an_error(mutated: Mutated) -> None:
    """IAM refuses a trust policy that is too long: an error with IAM's text, outside the score, and exit code 4."""
    result = mutated.result(TRUSTED)
    assert result["status"] == "error"
    assert "ACLSizePerRole" in result["reason"]
    assert mutated.told["errors"] == 1
    assert mutated.code == 4


def test_the_score_is_killed_of_killed_and_survived(mutated: Mutated) -> None:
    """The counts of the results are those of the summary, and the score is theirs."""
    told = mutated.told
    counts = {
        status: sum(each["status"] == status for each in told["results"]) for status in ("killed", "survived", "error")
    }
    assert counts == {"killed": told["killed"], "survived": told["survived"], "error": told["errors"]}
    assert told["mutants"] == len(told["results"])
    assert told["score"] == pytest.approx(told["killed"] / (told["killed"] + told["survived"]))


def test_survivors_come_first(mutated: Mutated) -> None:
    """In JSON, on the page and in the terminal what survived stands before what was killed."""
    statuses = [each["status"] for each in mutated.told["results"]]
    assert statuses == sorted(statuses, key=("survived", "error", "equivalent", "killed").index)
    page = (mutated.root / "build" / "mutants.html").read_text(encoding="utf-8")
    assert 0 < page.index(OWN_PROFILE) < page.index(COLUMN)
    assert "EMBEDDED ACCOUNT: not evidence about AWS" in page


def test_a_survivor_says_what_it_changes(mutated: Mutated) -> None:
    """What no scenario noticed is told by the policy simulator: which requests it now decides otherwise."""
    differences = mutated.result(ATTACHED)["differences"]
    assert any(f"{LIMITED} at the console s3:" in each and "became allowed" in each for each in differences)


def test_a_plan_that_is_not_green_is_not_mutated(tmp_path: Path) -> None:
    """Without a Deny the sign-off is red already: nothing is mutated, the red scenario is named, exit code 3."""
    root = checkout(tmp_path)
    file = root / "plans" / "policies" / "group.json"
    policy = json.loads(file.read_text(encoding="utf-8"))
    policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != "DenyRetagging"]
    file.write_text(json.dumps(policy), encoding="utf-8")
    found = mutate(root, "-k", "tagging_it_at_the_console")
    assert found.code == 3
    assert "nothing was mutated: the sign-off is not green to begin with" in found.output
    assert f"test_person_cannot_take_over_a_profile_by_tagging_it_at_the_console[{LIMITED}]" in found.output
    assert not (root / "build" / "mutants.json").exists()


def test_a_plan_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    """A plan that is none ends with exit code 2, before any account is started."""
    (tmp_path / "plan.yaml").write_text("people: nobody\n", encoding="utf-8")
    found = mutate(tmp_path, plan="plan.yaml")
    assert found.code == 2
    assert "plan.yaml" in found.output


def test_every_result_is_kept_but_errors_which_are_tried_again(mutated: Mutated) -> None:
    """A run that goes on from the file has the results of the first one, all but those that are tried again."""
    about = _about(mutated)
    kept = Kept(mutated.root / KEPT, about, "another seed")
    told = {each["id"]: each for each in mutated.told["results"] if each["status"] != "error"}
    assert json.loads(json.dumps({id: asdict(result) for id, result in kept.results.items()})) == told
    assert kept.seed == mutated.told["seed"]


def test_a_result_that_was_cut_off_is_dropped(mutated: Mutated, tmp_path: Path) -> None:
    """A run that died while it wrote has all results but the last; the next one is written on a line of its own."""
    lines = (mutated.root / KEPT).read_text(encoding="utf-8").splitlines(keepends=True)
    killed = [line for line in lines[1:] if '"status": "killed"' in line]
    cut = tmp_path / KEPT
    cut.write_text("".join([lines[0], *killed])[:-10], encoding="utf-8")
    kept = Kept(cut, _about(mutated), "")
    assert len(kept.results) == len(killed) - 1
    [last] = {json.loads(killed[-1])["id"]}
    kept.add(Kept(mutated.root / KEPT, _about(mutated), "").results[last])
    assert len(Kept(cut, _about(mutated), "").results) == len(killed)


def test_results_of_another_run_are_not_taken_for_this_ones(mutated: Mutated, tmp_path: Path) -> None:
    """A file of another plan, other scenarios or other code is refused before any account is started: exit code 2."""
    (tmp_path / KEPT).write_bytes((mutated.root / KEPT).read_bytes())
    root = checkout(tmp_path)
    found = mutate(root, "--state", KEPT)
    assert found.code == 2
    assert f"{KEPT} keeps results of another run: scenarios" in found.output
    (tmp_path / KEPT).write_text("a shopping list\n", encoding="utf-8")
    assert f"{KEPT} keeps no results of mutants" in mutate(root, "--state", KEPT).output


def _about(mutated: Mutated) -> dict[str, Any]:
    first = json.loads((mutated.root / KEPT).read_text(encoding="utf-8").splitlines()[0])
    return {key: value for key, value in first.items() if key != "seed"}


def test_a_name_that_no_mutant_has_is_wrong_usage(tmp_path: Path) -> None:
    """No mutants is no success: what --only leaves nothing of ends with exit code 2."""
    found = mutate(checkout(tmp_path), "--only", "no such mutant")
    assert found.code == 2
    assert "no mutant has 'no such mutant' in its name" in found.output


def test_at_least_150_mutants_come_from_the_plan(tmp_path: Path) -> None:
    """Every family of the small plan is there, each name once, for every person of the plan."""
    found = mutate(checkout(tmp_path), "--list", plan="plans/walkthrough.yaml")
    names = [line for line in found.output.splitlines() if ": " in line and not line.startswith("plan: ")]
    assert found.code == 0
    assert len(names) == len(set(names)) >= 150
    assert all(any(person in name for name in names) for person in (LIMITED, FULL))
