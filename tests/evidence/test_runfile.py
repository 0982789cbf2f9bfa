"""run.json: what a run is about is fixed before its first probe, and nothing overwrites it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lakeproof.evidence.runfile import describe, digest, finish, write

STARTED = datetime(2026, 11, 24, 12, tzinfo=UTC)
TARGET = {"name": "local", "account": "111122223333", "region": "us-east-1", "banner": "EMBEDDED ACCOUNT"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with two features and a plan."""
    for name, text in {"a/one.feature": "Feature: one", "b/two.feature": "Feature: two"}.items():
        path = tmp_path / "features" / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "plan.yaml").write_text("name: p", encoding="utf-8")
    return tmp_path


def facts(root: Path, plan: Path | None = None, **documents: str) -> dict[str, Any]:
    """What is fixed about a run of that checkout."""
    return describe(
        run_id="0a1b2c3d",
        seed="s",
        started=STARTED,
        target=TARGET,
        plan=plan or root / "plan.yaml",
        root=root,
        command=("pytest", "-n", "2"),
        documents=documents or {"trust.json": "{}"},
    )


def hashes(told: dict[str, Any]) -> tuple[str, str, str]:
    """The three hashes that a run is fixed by."""
    return told["plan"]["sha256"], told["plan"]["policies_sha256"], told["features"]["sha256"]


CHANGES: dict[str, tuple[Callable[[Path], object], list[bool]]] = {
    "a letter in the plan": (lambda root: (root / "plan.yaml").write_text("name: q"), [True, False, False]),
    "a letter in a feature": (
        lambda root: (root / "features/a/one.feature").write_text("Feature: x"),
        [False, False, True],
    ),
    "a feature more": (lambda root: (root / "features/c.feature").write_text(""), [False, False, True]),
    "a feature less": (lambda root: (root / "features/b/two.feature").unlink(), [False, False, True]),
    "a feature of another name": (
        lambda root: (root / "features/a/one.feature").rename(root / "features/a/uno.feature"),
        [False, False, True],
    ),
    "a file that is no feature": (lambda root: (root / "features/notes.txt").write_text("x"), [False, False, False]),
    "nothing": (lambda root: None, [False, False, False]),
}


@pytest.mark.parametrize(("change", "differ"), CHANGES.values(), ids=CHANGES)
def test_what_was_changed_shows_in_its_hash(change: Callable[[Path], object], differ: list[bool], root: Path) -> None:
    """Plan, policies and features have a hash each, which any change to them changes, and no other change does."""
    before = hashes(facts(root))
    change(root)
    after = hashes(facts(root))
    assert [one != other for one, other in zip(before, after, strict=True)] == differ


def test_a_changed_policy_shows_in_the_policies_hash(root: Path) -> None:
    """The policy files belong to the plan: their texts and their names count, their order does not."""
    one, *others = [
        hashes(facts(root, **documents))[1]
        for documents in ({"a": "1", "b": "2"}, {"a": "1", "b": "3"}, {"a": "1", "c": "2"}, {"a": "12", "b": ""})
    ]
    assert one not in others
    assert one == hashes(facts(root, b="2", a="1"))[1]


def test_a_digest_tells_names_and_contents_apart(tmp_path: Path) -> None:
    """A letter that moves from a file's name to its content, or to the next file, gives another digest."""
    found = set()
    for number, files in enumerate([{"ab": "c"}, {"a": "bc"}, {"a": "b", "c": ""}, {"a": "", "b": "c"}]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        found.add(digest(sorted(folder.iterdir()), folder))
    assert len(found) == 4


def test_what_was_fixed_is_never_overwritten(root: Path) -> None:
    """The end of a run adds what became of it; whatever it says of the beginning is not taken."""
    path, copy = root / "runs" / "run.json", root / "run.json"
    write(facts(root), path, copy)
    before = json.loads(path.read_text(encoding="utf-8"))
    finish(path, copy, run_id="other", plan={"sha256": "0"}, started="never", verdicts={"PASS": 3}, exit_code=0)
    after = json.loads(path.read_text(encoding="utf-8"))
    assert {key: after[key] for key in before} == before
    assert (after["verdicts"], after["exit_code"]) == ({"PASS": 3}, 0)
    assert after["ended"] > after["fixed"]
    assert copy.read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_a_run_without_a_beginning_has_no_end(root: Path) -> None:
    """Nobody can finish what was not fixed before."""
    with pytest.raises(FileNotFoundError):
        finish(root / "run.json", root / "copy.json", verdicts={})


def test_no_half_written_file_is_left(root: Path) -> None:
    """The file appears whole; its draft is gone."""
    write(facts(root), root / "run.json")
    assert sorted(path.name for path in root.iterdir()) == ["features", "plan.yaml", "run.json"]


def test_it_says_where_and_with_what_it_ran_and_no_path_of_this_machine(root: Path, tmp_path: Path) -> None:
    """Account, Region, banner, command, versions, relative names; a plan from elsewhere is named by its file alone."""
    told = facts(root)
    assert (told["target"], told["banner"], told["command"]) == (TARGET, "EMBEDDED ACCOUNT", ["pytest", "-n", "2"])
    assert told["plan"]["file"] == "plan.yaml"
    assert told["features"]["files"] == 2
    assert told["started"] == "2026-11-24T12:00:00+00:00" and told["schema_version"] == 1
    assert {"pytest", "boto3", "pyathena"} <= told["versions"].keys()
    elsewhere = tmp_path.parent / "elsewhere.yaml"
    elsewhere.write_text("name: e", encoding="utf-8")
    told = facts(root, elsewhere)
    assert told["plan"]["file"] == "elsewhere.yaml"
    assert str(tmp_path.parent) not in json.dumps(told)
