"""The table of parity: every sentence, the day on which it was last seen to pass, and on what."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lakeproof.evidence import parity
from lakeproof.evidence.bundle import close
from lakeproof.evidence.files import EvidenceError
from lakeproof.evidence.parity import Row
from lakeproof.target import LOCAL_BANNER
from tests.evidence.bundles import RUN, VERDICTS
from tests.signoff.runs import REPOSITORY

FILE = "features/a/one.feature"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with two sentences and an empty page."""
    (tmp_path / "features" / "a").mkdir(parents=True)
    (tmp_path / FILE).write_text("Feature: One\n  Scenario Outline: <person> may\n  Scenario: Nobody may not\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "parity.md").write_text(f"# Page\n{parity.BEGIN}\n{parity.END}\nmore\n")
    return tmp_path


def bundle(root: Path, name: str, target: dict[str, str], *verdicts: str, day: str = "2026-11-27") -> Path:
    """A bundle in which the outline has these verdicts."""
    work = root / "runs" / name
    work.mkdir(parents=True)
    run = {**RUN, "run_id": name, "target": target, "ended": f"{day}T01:02:03+00:00"}
    scenarios: list[dict[str, Any]] = [
        {"id": f"{FILE}::may[{number}]", "title": "ann may", "outline": "<person> may", "verdict": verdict}
        for number, verdict in enumerate(verdicts)
    ]
    (work / "run.json").write_text(json.dumps(run))
    (work / "verdicts.json").write_text(json.dumps({**VERDICTS, "run_id": name, "scenarios": scenarios}))
    return close(work, root / "evidence" / name, name, None)


LOCAL = {"name": "local", "banner": LOCAL_BANNER}
AWS = {"name": "aws", "banner": ""}


def of_outline(found: list[Row]) -> tuple[str, str]:
    """Embedded and AWS of the outline."""
    [row] = [each for each in found if each.sentence == "<person> may"]
    return row.embedded, row.aws


@pytest.mark.parametrize(
    ("target", "verdicts", "expected"),
    [
        (LOCAL, ["PASS", "NOT_APPLICABLE"], ("2026-11-27", "never")),
        (AWS, ["PASS"], ("never", "2026-11-27")),
        (LOCAL, ["PASS", "FAIL"], ("never", "never")),
        (LOCAL, ["PASS", "NOT_OBTAINED"], ("never", "never")),
        (LOCAL, ["PASS", "WAIVED"], ("never", "never")),
        (LOCAL, ["NOT_APPLICABLE"], ("never", "never")),
        (LOCAL, [], ("never", "never")),
    ],
)
def test_only_what_passed_as_a_whole_has_passed(
    target: dict[str, str], verdicts: list[str], expected: tuple[str, str], root: Path
) -> None:
    """One row that failed, was waived or proved nothing, and the sentence was not seen to pass."""
    assert of_outline(parity.seen(parity.rows(root), bundle(root, "0a1b2c3d", target, *verdicts))) == expected


def test_whatever_answers_at_an_endpoint_is_not_aws(root: Path) -> None:
    """Such a run is refused, and so is a bundle that was altered."""
    found = bundle(root, "0a1b2c3d", {"name": "aws", "banner": "NOT AWS: http://127.0.0.1:1 answered"}, "PASS")
    with pytest.raises(EvidenceError, match="of neither the embedded account nor AWS: NOT AWS"):
        parity.seen(parity.rows(root), found)
    altered = bundle(root, "1a1b2c3d", LOCAL, "PASS")
    (altered / "verdicts.json").write_text((altered / "verdicts.json").read_text().replace("PASS", "FAIL"))
    with pytest.raises(EvidenceError, match="is not as it was written"):
        parity.seen(parity.rows(root), altered)


def test_the_command_keeps_the_later_day_and_forgets_what_is_no_sentence_any_more(root: Path) -> None:
    """Table and page are written; an earlier run changes nothing; a sentence that was taken out goes."""

    def run(*bundles: Path) -> str:
        command = [sys.executable, "-m", "lakeproof", "parity", *map(str, bundles)]
        environment = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    later = bundle(root, "0a1b2c3d", LOCAL, "PASS")
    earlier = bundle(root, "1a1b2c3d", LOCAL, "PASS", day="2026-11-01")
    run(later, earlier)
    assert of_outline(parity.rows(root)) == ("2026-11-27", "never")
    page = (root / "docs" / "parity.md").read_text()
    assert "| &lt;person> may (one.feature) | 2026-11-27 | never validated on AWS |" in page
    assert page.startswith("# Page\n") and page.endswith("\nmore\n")
    (root / FILE).write_text("Feature: One\n  Scenario: Nobody may not\n")
    told = run()
    assert "Nobody may not (one.feature)" in told and "person" not in told
