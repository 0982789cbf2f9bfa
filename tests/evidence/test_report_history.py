"""The report looks back on the runs before: each once, the last twenty, in a file that may be carried along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lakeproof.evidence.report_history import KEPT, HistoryError, earlier, with_this, write


def points(*runs: str) -> list[dict[str, object]]:
    """A history of these runs."""
    return [{"testResults": {"é": {"status": "passed"}}, "lakeproofRun": run} for run in runs]


def test_a_first_report_has_no_history(tmp_path: Path) -> None:
    """No file is no error: nothing is looked back on."""
    assert earlier(tmp_path / "p.jsonl", "a") == []


def test_a_run_that_is_rendered_twice_is_kept_once_and_never_its_own_past(tmp_path: Path) -> None:
    """Its line is left out of what the report looks back on, and written anew."""
    file = tmp_path / "folder" / "p.jsonl"
    write(file, points("a", "b"))
    assert [each["lakeproofRun"] for each in earlier(file, "b")] == ["a"]
    write(file, [*earlier(file, "b"), {"testResults": {}}])  # as Allure adds a run
    assert [each["lakeproofRun"] for each in with_this(file, "b")] == ["a", "b"]


def test_only_the_last_twenty_are_kept(tmp_path: Path) -> None:
    """The oldest are forgotten."""
    file = tmp_path / "p.jsonl"
    write(file, points(*map(str, range(30))))
    assert [each["lakeproofRun"] for each in earlier(file, "29")] == [str(number) for number in range(29 - KEPT, 29)]


@pytest.mark.parametrize("line", ["{", "[]", '{"testResults": 1}', "1"])
def test_a_broken_history_is_named_by_its_line(line: str, tmp_path: Path) -> None:
    """The file and the line, and what to do; nothing of it is guessed."""
    file = tmp_path / "p.jsonl"
    write(file, points("a"))
    file.write_text(file.read_text() + line + "\n")
    with pytest.raises(HistoryError, match=r"p\.jsonl, line 2 is no run of a report's history: take the line out"):
        earlier(file, "b")
    assert json.loads(file.read_text().splitlines()[0]) == points("a")[0]
