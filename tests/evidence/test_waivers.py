"""Waivers: what they cover, how long they hold, what becomes of them in a run, and what is wrong with their files."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lakeproof.evidence.scenarios import Scenario
from lakeproof.evidence.verdicts import Verdict
from lakeproof.evidence.waiver_file import WaiverError
from lakeproof.evidence.waivers import State, assess, beside, load, orphans, waiving
from lakeproof.plan import Plan
from lakeproof.plan import load as load_plan
from tests.evidence.waivers import TODAY, scenario, waiver

PLAN = Path(__file__).parents[1] / "plan" / "valid" / "plan.yaml"
BAD: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("bad_waivers.yaml").read_text(encoding="utf-8"))
FILE = """\
schema_version: 1
waivers:
  - id: W-1
    control: NIST-AC-3
    scope:
      person: limited
      column: customer_id
      scenario: limited is refused customer_id
    owner: data platform
    approver: head of compliance
    reason: Needed for the migration.
    risk: One analyst sees customer ids.
    created: 2026-11-01
    expires: 2026-12-31
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The walkthrough, with a person ``limited``."""
    walkthrough = Path(__file__).parents[2] / "plans" / "walkthrough.yaml"
    found = load_plan(walkthrough)
    people = tuple(
        person.model_copy(update={"name": "limited"}) if person.name == "data-scientist-limited" else person
        for person in found.people
    )
    return found.model_copy(update={"people": people})


def test_a_waiver_file_is_read_whole(plan: Plan, tmp_path: Path) -> None:
    """Every key reaches the waiver, with the place where it stands."""
    path = tmp_path / "mine.waivers.yaml"
    path.write_text(FILE, encoding="utf-8")
    wanted = waiver(scenario="limited is refused customer_id", where="mine.waivers.yaml:3")
    assert load(path, plan, TODAY) == (wanted,)


@pytest.mark.parametrize("row", BAD, ids=[f"{n}-{row['words'][0]}" for n, row in enumerate(BAD)])
def test_what_is_wrong_is_named_with_file_and_line(row: dict[str, Any], plan: Plan, tmp_path: Path) -> None:
    """One problem for one mistake, at its line, with the likely cause."""
    assert row["right"] in FILE
    path = tmp_path / "mine.waivers.yaml"
    path.write_text(FILE.replace(row["right"], row["replace"]), encoding="utf-8")
    with pytest.raises(WaiverError) as told:
        load(path, plan, TODAY)
    assert any(f"mine.waivers.yaml:{row['line']}:" in line for line in str(told.value).splitlines()), told.value
    for word in row["words"]:
        assert word in str(told.value)
    assert "nothing was created" in str(told.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a mapping with schema_version and waivers"),
        ("- a\n", "a mapping with schema_version and waivers"),
        ("schema_version: 1\nwaivers: []\n", "a list of waivers"),
        ("schema_version: 1\nwaivers: [a]\n", "a mapping with id, control, scope"),
        (FILE + FILE[FILE.index("  - id") :], "a waiver's id once"),
        (FILE + "extra: 1\n", "one of the keys schema_version, waivers"),
    ],
    ids=["empty", "list", "no-waivers", "no-mapping", "twice", "extra"],
)
def test_a_file_that_is_no_list_of_waivers_is_refused(text: str, words: str, plan: Plan, tmp_path: Path) -> None:
    """A file that says nothing, or something else, is no file of waivers."""
    path = tmp_path / "mine.waivers.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WaiverError, match=words):
        load(path, plan, TODAY)


def test_a_file_that_is_not_there_is_named(plan: Plan, tmp_path: Path) -> None:
    """With the nearest name that is."""
    (tmp_path / "mine.waivers.yaml").write_text(FILE, encoding="utf-8")
    with pytest.raises(WaiverError, match=r"a waiver file; seen: no such file; .*mine\.waivers\.yaml"):
        load(tmp_path / "mime.waivers.yaml", plan, TODAY)


def test_waivers_stand_beside_their_plan_and_lost_ones_are_found(tmp_path: Path) -> None:
    """NAME.waivers.yaml belongs to NAME.yaml; one without a plan would never be read."""
    for name in ("a.yaml", "a.waivers.yaml", "b.waivers.yaml"):
        (tmp_path / name).touch()
    assert beside(tmp_path / "a.yaml") == tmp_path / "a.waivers.yaml"
    assert orphans(tmp_path) == [tmp_path / "b.waivers.yaml"]


@pytest.mark.parametrize(("days", "holds"), [(-1, True), (0, True), (1, False)])
def test_a_waiver_holds_through_its_last_day(days: int, holds: bool) -> None:
    """On the day of ``expires`` it still holds, with no day left; on the next it has expired."""
    today = date(2026, 12, 31) + timedelta(days=days)
    assert waiver().expired(today) is not holds
    assert waiver().days_left(today) == -days


@given(st.dates(), st.dates())
def test_a_waiver_has_expired_exactly_after_its_last_day(expires: date, today: date) -> None:
    """Whatever the calendar does."""
    assert waiver(expires=expires).expired(today) == (today > expires)


OUT_OF_SCOPE = [
    {"person": "other"},
    {"column": "review_id"},
    {"control": "NIST-AU-3"},
    {"scenario": "limited is refused customer"},
    {"scenario": "*"},
]


@pytest.mark.parametrize("change", OUT_OF_SCOPE, ids=str)
def test_a_waiver_covers_nothing_but_its_scope(change: dict[str, str]) -> None:
    """Another person, column, control or scenario is not waived; there are no wildcards."""
    assert not waiver(**change).covers(scenario())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"person": None},
        {"column": None},
        {"scenario": scenario().id},
        {"scenario": scenario().title},
        {"scenario": scenario().outline},
    ],
    ids=str,
)
def test_a_scenario_is_named_by_its_id_its_title_or_its_outline(change: dict[str, Any]) -> None:
    """Whatever the terminal or the feature shows of it."""
    assert waiver(**change).covers(scenario())


def test_what_holds_is_told_from_what_has_expired() -> None:
    """Both cover the failure; only one waives it."""
    old = waiver(id="W-0", expires=TODAY - timedelta(days=1))
    assert waiving([old, waiver()], scenario(), TODAY) == ([waiver()], [old])


PASS, FAIL, WAIVED = Verdict.PASS, Verdict.FAIL, Verdict.WAIVED
ONE, TWO = scenario(), scenario("shown")
STATES = [
    ({ONE: WAIVED, TWO: PASS}, [], True, State.APPLIED),
    ({ONE: PASS, TWO: PASS}, [], True, State.UNNEEDED),
    ({scenario(person="other"): FAIL}, [], True, State.UNMATCHED),
    ({}, [], True, State.UNMATCHED),
    ({ONE: Verdict.NOT_APPLICABLE}, [], True, State.UNMATCHED),
    ({ONE: Verdict.NOT_OBTAINED, TWO: PASS}, [], True, State.NOT_JUDGED),
    ({ONE: Verdict.NOT_RUN}, [], True, State.NOT_JUDGED),
    ({ONE: PASS}, [TWO], True, State.NOT_JUDGED),
    ({ONE: PASS}, [scenario(person="other")], True, State.UNNEEDED),
    ({ONE: PASS}, [], False, State.NOT_JUDGED),
    ({ONE: WAIVED}, [TWO], False, State.APPLIED),
]


@pytest.mark.parametrize(
    ("ran", "left_out", "whole", "state"), STATES, ids=[f"{n}-{row[-1]}" for n, row in enumerate(STATES)]
)
def test_what_becomes_of_a_waiver(
    ran: dict[Scenario, Verdict], left_out: list[Scenario], whole: bool, state: State
) -> None:
    """Needed, unneeded, unmatched, or not to be judged because what it covers gave no answer."""
    [use] = assess([waiver()], ran, left_out, whole, TODAY)
    assert use.state is state
    assert use.scenarios == ((ONE.id,) if state is State.APPLIED else ())


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("whole", [True, False])
def test_an_expired_waiver_is_told_whatever_ran(verdict: Verdict, whole: bool) -> None:
    """Nobody keeps an expired waiver by running a part."""
    [use] = assess([waiver(expires=TODAY - timedelta(days=1))], {ONE: verdict}, [], whole, TODAY)
    assert use.state is State.EXPIRED
    assert "2026-11-24" in use.why
