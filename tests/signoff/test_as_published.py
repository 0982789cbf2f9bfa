"""The published walkthrough, followed to the letter, does not pass: each weakness is named by its id."""

from __future__ import annotations

import re

import pytest

from lakeproof.evidence.weaknesses import weaknesses
from tests.signoff.runs import SignOff, checkout, sign_off, small

SHOWN = {each.id for each in weaknesses().values() if not each.unshown}
NAMED = {
    "as-published": SHOWN,
    "as-published-template": SHOWN - {"F2", "F3"},
}
"""The template does not attach the managed policy DataScientist; by hand every weakness is there."""


@pytest.fixture(scope="module", params=sorted(NAMED))
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, SignOff]:
    """The name of a published plan and its sign-off, with two people and little data."""
    root = checkout(tmp_path_factory.mktemp(request.param))
    plan = small(root, f"plans/{request.param}.yaml")
    return request.param, sign_off(root, plan=plan)


def test_the_published_walkthrough_is_red_and_names_exactly_these_weaknesses(published: tuple[str, SignOff]) -> None:
    """Exit code 1, one paragraph for each weakness and no other, and an account as it was before."""
    name, run = published
    assert run.code == 1, run.output
    summary = run.output.partition("weaknesses found")[2]
    assert set(re.findall(r"^(F\d+) ", summary, re.M)) == NAMED[name], summary
    run.assert_red()
    run.assert_torn_down_once()


def test_the_block_of_a_weakness_tells_attack_control_and_remedy(published: tuple[str, SignOff]) -> None:
    """F1's block numbers the steps, the last of which was allowed, and says what it breaks and how to close it."""
    _, run = published
    [block, *_] = [each for each in run.output.split("verdict : FAIL")[1:] if "weakness : F1 (critical)" in each]
    assert re.search(r"it breaks : NIST-AC-3\b", block)
    assert re.search(r"attack : 1\. the harness: sagemaker:CreateUserProfile .*: allowed\n", block)
    assert re.search(r" 3\. data-scientist-limited at the console: sagemaker:AddTags .*: allowed\n", block)
    assert "closed by : F1: allow sagemaker:AddTags only while something is created" in block


def test_a_plan_without_a_trail_says_so(published: tuple[str, SignOff]) -> None:
    """What is about the plan's trail does not apply, and says why; that the account keeps none is a failure."""
    _, run = published
    about = {nodeid: verdict for nodeid, verdict in run.verdicts.items() if nodeid.startswith("trail.feature::")}
    assert set(about.values()) == {"NOT_APPLICABLE", "FAIL"}
    assert [nodeid for nodeid, verdict in about.items() if verdict == "FAIL"] == [
        "trail.feature::test_the_account_keeps_a_trail_of_the_lake_and_of_its_results"
    ]
    assert "the account has no trail" in run.output and "the plan has nothing of kind 'trail'" in run.output
