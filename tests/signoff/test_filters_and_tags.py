"""A plan with three tables, five people, row filters and LF-Tags is signed off, and what undermines it is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.signoff.runs import checkout, sign_off
from tests.signoff.test_sabotage import matching

NAME = "filters-and-tags"
TABLE: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("filter_sabotages.yaml").read_text(encoding="utf-8")
)
SEED = "7"
"""The attacks must not differ from run to run: whether one of few meets the change hangs on it."""
TOUCHED = ("features/grants", "features/visibility")


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, str]:
    """A directory in which a sign-off can run, and in it the plan with little data and few attacks."""
    root = checkout(tmp_path)
    document = yaml.safe_load((root / "plans" / f"{NAME}.yaml").read_text(encoding="utf-8"))
    document["dataset"]["rows"] = 200
    document["verification"]["attack_budget"] = 120
    (root / "plans" / "little.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return root, "plans/little.yaml"


def test_row_filters_and_lf_tags_are_signed_off(place: tuple[Path, str]) -> None:
    """Every scenario passes, none is without rows; afterwards the account is as before; no value of a row is kept."""
    root, plan = place
    run = sign_off(root, "-n", "2", plan=plan)
    assert run.code == 0, run.output
    assert set(run.verdicts.values()) == {"PASS"}
    for expected in ("[dan-orders]", "[cleo-customers]", "[eve-tickets]"):
        assert any(nodeid.endswith(expected) for nodeid in run.those("PASS"))
    run.assert_torn_down_once()
    kept = [path for path in (root / "build").rglob("*") if path.is_file()]
    assert kept
    assert not [path.name for path in kept if b"mk:card_number:" in path.read_bytes()]


@pytest.mark.parametrize("row", TABLE, ids=[row["sabotage"].replace(" ", "-") for row in TABLE])
def test_a_sabotaged_filter_or_tag_turns_configuration_and_behaviour_red(
    row: dict[str, Any], place: tuple[Path, str]
) -> None:
    """Both named scenarios FAIL, and no other is red but those that the change explains."""
    root, plan = place
    sabotage = ("-p", "tests.signoff.filter_sabotages", "--sabotage", row["sabotage"])
    run = sign_off(root, *sabotage, "--seed", SEED, *TOUCHED, plan=plan)
    planned, failed = set(run.verdicts), run.those("FAIL")
    unexplained = run.those("FAIL", "NOT_OBTAINED", "NOT_RUN")
    for kind in ("configuration", "behaviour"):
        named = matching(row[kind], planned)
        assert named, f"no scenario is planned for {row[kind]}"
        assert named <= failed, f"{kind}: these did not fail: {sorted(named - failed)}"
        unexplained -= named
    for pattern in row["also"]:
        explained = matching(pattern, unexplained)
        assert explained, f"nothing is red for {pattern}"
        unexplained -= explained
    assert not unexplained, sorted(unexplained)
    assert run.code == 1
    run.assert_torn_down_once()
