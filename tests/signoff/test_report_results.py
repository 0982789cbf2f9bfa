"""What the report is made of: where each scenario stands, the same in every run, and the statement it begins with."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from lakeproof.evidence.controls import controls
from lakeproof.evidence.objectives import objectives
from lakeproof.evidence.verdicts import Verdict
from lakeproof.evidence.weaknesses import weaknesses
from tests.signoff.runs import SignOff, labelled

STABLE = ("epic", "feature", "story", "severity", "subject", "sentence")


def by_scenario(run: SignOff) -> dict[str, dict[str, Any]]:
    """Every result by its scenario, of which there is one each."""
    found = {labelled(each, "scenario")[0]: each for each in run.allure}
    assert len(found) == len(run.allure)
    return found


def test_identities_and_places_are_the_same_in_every_run(whole: SignOff, by_two: SignOff) -> None:
    """Two runs, one in one process and one in three: history and trends would break on any difference."""
    one, two = by_scenario(whole), by_scenario(by_two)
    assert one.keys() == two.keys()
    for name in one:
        assert one[name]["historyId"] == two[name]["historyId"] and one[name]["testCaseId"] == two[name]["testCaseId"]
        assert [labelled(one[name], each) for each in STABLE] == [labelled(two[name], each) for each in STABLE]
    assert len({each["historyId"] for each in one.values()}) == len(one)
    assert whole.statement["historyId"] == by_two.statement["historyId"]


def test_a_scenario_whose_process_died_keeps_its_identity_and_place(whole: SignOff, crashed: SignOff) -> None:
    """The result that stands in for it continues the history of the real one."""
    [broken] = [each for each in crashed.allure if each["status"] == "broken"]
    same = by_scenario(whole)[labelled(broken, "scenario")[0]]
    assert broken["historyId"] == same["historyId"]
    assert [labelled(broken, each) for each in STABLE] == [labelled(same, each) for each in STABLE]
    assert sorted(labelled(broken, "control")) == sorted(labelled(same, "control"))
    assert labelled(broken, "category") == ["Evidence not obtained"]


def test_every_scenario_stands_under_framework_control_and_objective(whole: SignOff) -> None:
    """Epic, feature and story are of one control; each control whose text is public has a link."""
    frameworks = {each.framework for each in controls().values()}
    texts = {str(each) for each in objectives()}
    for result in whole.allure:
        [epic], [feature], [story] = (labelled(result, name) for name in ("epic", "feature", "story"))
        control = controls()[feature.partition(" ")[0]]
        assert epic == control.framework and epic in frameworks
        assert story in texts or story.startswith(f"{control.id}: ")
        assert feature in labelled(result, "control")
        named = {controls()[each.partition(" ")[0]].url for each in labelled(result, "control")}
        assert {link["url"] for link in result["links"] if link["type"] == "control"} == named
    facts = {labelled(each, "story")[0] for each in whole.allure if "The records of" in each["name"]}
    assert {fact.partition(":")[0] for fact in facts} == {f"au-3_obj.{letter}" for letter in "abcdef"}


def test_verdicts_in_the_report_are_those_of_the_run(whole: SignOff, crashed: SignOff) -> None:
    """Each result has one verdict, and the counts agree with verdicts.json."""
    for run in (whole, crashed):
        assert Counter(verdict for each in run.allure for verdict in labelled(each, "verdict")) == run.told["counts"]


def test_the_report_begins_with_a_statement(whole: SignOff, crashed: SignOff) -> None:
    """It starts before every scenario, and says scope, all six counts, waivers and limits."""
    statement = whole.statement
    assert statement["name"] == "Run statement: SIGNED OFF: everything that was planned was tested and holds"
    assert statement["status"] == "passed"
    assert all(statement["start"] <= each["start"] for each in whole.allure)
    told = [inner["name"] for step in statement["steps"] for inner in step["steps"]]
    for verdict in Verdict:
        assert any(each.startswith(f"{whole.told['counts'].get(verdict, 0)} {verdict}: ") for each in told)
    assert f"{whole.told['planned']} planned in all" in told
    assert any("EMBEDDED ACCOUNT: not evidence about AWS" in each for each in told)
    assert "No failure was accepted by a waiver" in told
    assert crashed.statement["name"] == "Run statement: NOT SIGNED OFF: something could not be tested"
    assert crashed.statement["status"] == "broken"


def test_nothing_in_the_results_names_the_machine(whole: SignOff) -> None:
    """Host and thread are of no use to a reader elsewhere."""
    assert not [each for each in whole.every_result if labelled(each, "host") or labelled(each, "thread")]


def test_the_hardened_plan_closes_every_weakness(whole: SignOff) -> None:
    """Each weakness that a scenario can show was looked for on the default plan, and every scenario of it has passed;
    that the same scenarios are red on the walkthrough as published is ``test_as_published``'s."""
    looked_for = defaultdict[str, set[str]](set)
    for each in whole.allure:
        for label in labelled(each, "weakness"):
            looked_for[label.partition(" ")[0]] |= set(labelled(each, "verdict"))
    assert looked_for == {each.id: {str(Verdict.PASS)} for each in weaknesses().values() if not each.unshown}
