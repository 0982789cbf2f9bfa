"""The run statement, for somebody who reads nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from lakeproof.evidence.statement import controls_table, headline, sections
from lakeproof.evidence.verdicts import ExitCode

RUN = {
    "run_id": "r1",
    "seed": "s",
    "banner": "",
    "target": {"account": "123456789012", "region": "us-east-1"},
    "plan": {"file": "plans/a.yaml", "sha256": "aa"},
    "features": {"sha256": "bb"},
    "fixed": "2026-11-25T00:00:00+00:00",
}


def told(**changes: Any) -> dict[str, Any]:
    """A verdicts.json of a green run, with changes."""
    return {
        "signed_off": True,
        "exit_code": 0,
        "partial": [],
        "planned": 1,
        "counts": {"PASS": 1},
        "residue": [],
        "scenarios": [{"feature": "Columns"}],
        "controls": [],
        "waivers": [],
        **changes,
    }


def test_every_exit_code_has_its_sentence() -> None:
    """No run ends in a number that nobody explains."""
    for code in ExitCode:
        said = headline(told(exit_code=int(code), signed_off=code == ExitCode.OK))
        assert said.startswith("SIGNED OFF: " if code == ExitCode.OK else "NOT SIGNED OFF: ")
        assert "exit code" not in said


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"exit_code": 14}, "SIGNED OFF WITH WAIVERS: what does not hold was accepted"),
        ({"partial": ["left out"], "signed_off": False}, "NOT SIGNED OFF: this run does not cover every feature"),
        (
            {"partial": ["left out"], "signed_off": False, "exit_code": 1},
            "NOT SIGNED OFF: a control was tested and does not hold",
        ),
        ({"exit_code": 99, "signed_off": False}, "NOT SIGNED OFF: exit code 99"),
    ],
    ids=["waivers", "partial", "partial and red", "unknown"],
)
def test_the_headline_says_whether_and_why(changes: dict[str, Any], text: str) -> None:
    """A partial run never reads like a sign-off; what it failed comes first."""
    assert headline(told(**changes)).startswith(text)


def test_what_keeps_a_run_from_being_green_is_red() -> None:
    """Every verdict is there with its number; waivers, a narrowed run and residue are red lines."""
    waiver = {"id": "W-1", "control": "NIST-AC-3", "state": "APPLIED", "why": "1 failed, 3 days left", "days_left": 3}
    waiver |= dict.fromkeys(("owner", "approver", "reason", "risk", "expires"), "x")
    run = told(
        counts={"PASS": 5, "WAIVED": 1, "NOT_RUN": 2},
        waivers=[waiver],
        partial=["single scenarios were named"],
        residue=["role a"],
    )
    lines = {line.text: line.red for _, found in sections(RUN, run) for line in found}
    red = "\n".join(text for text, is_red in lines.items() if is_red)
    assert [text.split(":")[0] for text in lines if text.split(" ")[0].isdigit()][:1] == [
        "1 scenarios of 1 features planned; SHA-256 bb"
    ]
    for text in (
        "1 WAIVED",
        "2 NOT_RUN",
        "W-1 (NIST-AC-3) APPLIED",
        "PARTIAL: single scenarios",
        "Left behind: role a",
    ):
        assert text in red
    assert "0 FAIL: tested, and it does not hold" in lines and "FAIL" not in red
    assert any("cannot sign off" in text for text in lines)


def test_limits_differ_between_embedded_and_aws() -> None:
    """The banner's limit is told on an embedded account alone."""
    embedded = {**RUN, "banner": "EMBEDDED ACCOUNT: not evidence about AWS"}
    on_aws, local = (sections(run, told())[-1][1] for run in (RUN, embedded))
    assert not any("EMBEDDED" in line.text for line in on_aws) and any("EMBEDDED" in line.text for line in local)


def test_the_table_of_controls_has_a_column_for_each_verdict() -> None:
    """Also for those that did not occur."""
    control = {"id": "a", "framework": "f", "title": "t, u", "verdict": "FAIL", "counts": {"FAIL": 2}}
    assert controls_table(told(controls=[control])) == (
        "control,framework,title,verdict,PASS,FAIL,NOT_OBTAINED,WAIVED,NOT_APPLICABLE,NOT_RUN\n"
        'a,f,"t, u",FAIL,0,2,0,0,0,0\n'
    )
