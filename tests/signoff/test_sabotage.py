"""The sign-off can fail: what is changed after provisioning is found, by what it says and by what it does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.signoff.runs import sign_off

TABLE: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("sabotages.yaml").read_text(encoding="utf-8"))


def matching(pattern: str, nodeids: set[str]) -> set[str]:
    """The scenarios that a pattern of the table stands for."""
    expression = re.compile(".*".join(map(re.escape, pattern.split("*"))))
    return {nodeid for nodeid in nodeids if expression.fullmatch(nodeid)}


@pytest.mark.parametrize("row", TABLE, ids=[row["sabotage"].replace(" ", "-") for row in TABLE])
def test_a_sabotaged_account_turns_the_configuration_and_the_behaviour_red(row: dict[str, Any], root: Path) -> None:
    """Both named scenarios FAIL, no other is red but those that the change explains, and the exit code is 1."""
    run = sign_off(root, "-p", "tests.signoff.sabotages", "--sabotage", row["sabotage"])
    planned, failed = set(run.verdicts), run.those("FAIL")
    unexplained = run.those("FAIL", "NOT_OBTAINED", "NOT_RUN")
    for kind in ("configuration", "behaviour"):
        if row[kind] is not None:
            named = matching(row[kind], planned)
            assert named, f"no scenario is planned for {row[kind]}"
            assert named <= failed, f"{kind}: these did not fail: {sorted(named - failed)}"
            unexplained -= named
    for pattern in row["also"]:
        explained = matching(pattern, unexplained)
        assert explained, f"nothing is red for {pattern}"
        unexplained -= explained
    assert not unexplained, run.output
    assert run.code == 1
    run.assert_red()
    run.assert_torn_down_once()
