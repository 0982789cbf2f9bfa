"""Sign-offs in a process and a directory of their own: what the tests of this folder run, and how they read it.

A copy of what a user owns (``pytest.ini``, ``conftest.py``, ``features/``, ``plans/``) lies in the directory, so that a
run writes its ``build/`` there; the packages are the repository's.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.least_privilege import actions

REPOSITORY = Path(__file__).resolve().parents[2]
OWNED = ("pytest.ini", "conftest.py", "features", "plans")
OBSERVED = "observed.jsonl"
WALKTHROUGH, SMALL = "plans/walkthrough.yaml", "plans/small.yaml"
HARVEST = ("-p", "tests.signoff.harvest")
"""Arguments that have every secret of the run written down."""
LIMITED, FULL = "data-scientist-limited", "federated-full"
"""The two people of the small plan: one of each way to sign in, one to whom something is hidden."""
COLUMNS = frozenset({"customer_id", "product_id", "star_rating", "product_category"})
TIME_LIMIT_S = 240
RED = ("FAIL ", "NOT_OBTAINED ", "NOT_RUN ")
FOREIGN = ("AWS_", "PYTEST_", "ALLURE_", "PYTHONDONTWRITEBYTECODE")
"""Variables of the environment that would make a run depend on who started it."""

CRASH = """
import os

def pytest_bdd_before_step(request, feature, scenario, step, step_func):
    if request.node.nodeid.endswith("reads_column_of_table[data-scientist-limited-amazon_reviews_parquet-star_rating]"):
        os._exit(9)
"""
"""A plugin with which a worker dies in the middle of a scenario."""


@dataclass(frozen=True)
class SignOff:
    """A sign-off that has ended: its exit code, what it printed, and its directory."""

    root: Path
    code: int
    output: str

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The run's ``build/run.json``."""
        found: dict[str, Any] = json.loads((self.root / "build" / "run.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def told(self) -> dict[str, Any]:
        """The run's ``build/verdicts.json``."""
        found: dict[str, Any] = json.loads((self.root / "build" / "verdicts.json").read_text(encoding="utf-8"))
        return found

    @property
    def bundle(self) -> Path:
        """The one evidence bundle of the directory."""
        [found] = (self.root / "build" / "evidence").iterdir()
        return found

    def document(self, name: str) -> Any:
        """A JSON document of the bundle."""
        return json.loads((self.bundle / name).read_text(encoding="utf-8"))

    @property
    def verdicts(self) -> dict[str, str]:
        """Every planned scenario, by the end of its id (``feature file::test[row]``), with its verdict."""
        return {nodeid.rpartition("/")[2]: verdict for nodeid, verdict in self.facts["scenarios"].items()}

    def those(self, *verdicts: str) -> set[str]:
        """The scenarios with one of these verdicts."""
        return {nodeid for nodeid, verdict in self.verdicts.items() if verdict in verdicts}

    def observed(self, what: str) -> list[dict[str, Any]]:
        """What ``tests.signoff.observer`` wrote down of one kind, in order, from all processes of the run."""
        path = self.root / OBSERVED
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [entry for entry in map(json.loads, lines) if entry["what"] == what]

    @cached_property
    def allure(self) -> list[dict[str, Any]]:
        """The Allure results of all scenarios."""
        return [each for each in self.every_result if labelled(each, "scenario")]

    @cached_property
    def every_result(self) -> list[dict[str, Any]]:
        """All Allure results, the run statement among them."""
        files = (self.root / "build" / "allure-results").glob("*-result.json")
        return [json.loads(file.read_text(encoding="utf-8")) for file in files]

    @property
    def statement(self) -> dict[str, Any]:
        """The run statement."""
        [found] = [each for each in self.every_result if each["name"].startswith("Run statement: ")]
        return found

    def assert_torn_down_once(self) -> None:
        """The account was made once and undone once, holds what it held before, and nothing of the run is left."""
        [made], [undone] = self.observed("made"), self.observed("undone")
        before, after = made["before"], undone["after"]
        both = {name: (before.get(name), after.get(name)) for name in before.keys() | after.keys()}
        changed = {name: (one, two) for name, (one, two) in both.items() if one != two}
        assert not changed, f"not as it was, before and after: {changed}"
        assert self.output.count("nothing is left") == 1
        [directory] = (self.root / ".lakeproof" / "runs").iterdir()
        assert [file.name for file in directory.iterdir()] == ["journal.jsonl"], "keys outlived the run"
        self.assert_ended()

    def assert_ended(self) -> None:
        """The embedded account has ended, and the private directory with its keys is gone."""
        assert not list((self.root / "tmp").glob("lakeproof-*"))
        for account in self.observed("account"):
            with pytest.raises(ProcessLookupError):
                os.kill(account["pid"], 0)

    def assert_red(self) -> None:
        """Nobody can take this run for a success: what is not PASS is listed, and all that was planned is counted."""
        assert self.code not in (0, 14)
        red = self.those("FAIL", "NOT_OBTAINED", "NOT_RUN")
        assert red
        assert self.facts["planned"] == len(self.verdicts)
        listed = {line.split("/")[-1] for line in self.output.splitlines() if line.startswith(RED)}
        assert listed == red


def labelled(result: dict[str, Any], name: str) -> list[str]:
    """The values of one label of an Allure result."""
    return [label["value"] for label in result["labels"] if label["name"] == name]


def checkout(directory: Path) -> Path:
    """A directory in which a sign-off can run, with the small plan in it. Returns it."""
    for name in OWNED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, directory / name)
        else:
            shutil.copy(source, directory / name)
    small(directory, WALKTHROUGH, SMALL)
    return directory


def small(directory: Path, plan: str, name: str = "") -> str:
    """Make a plan in ``directory`` small, in place or under another name. Returns its name."""
    made = yaml.safe_load((directory / plan).read_text(encoding="utf-8"))
    _make_small(made)
    privileges = made["verification"].get("least_privilege")
    if privileges:
        made["verification"]["least_privilege"] = f"small-{privileges}"
        _make_small_table(directory / "plans" / privileges)
    (directory / (name or plan)).write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")
    return name or plan


def _hears_interrupts() -> None:
    """A shell starts its background jobs deaf to SIGINT, and they what they start: the sign-off must hear it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def sign_off(
    root: Path, *arguments: str, plan: str = SMALL, plugin: str = "", observed: bool = True, **environment: str
) -> SignOff:
    """Run the sign-off in ``root`` and wait for its end. ``plugin`` is the text of a pytest plugin of its own.
    ``observed``: the observer reads the account's whole inventory, with the rights of the run.

    Raises subprocess.TimeoutExpired if it does not end; whatever it started ends with it.
    """
    if plugin:
        (root / "own_plugin.py").write_text(plugin, encoding="utf-8")
        arguments = ("-p", "own_plugin", *arguments)
    observer = ("-p", "tests.signoff.observer") if observed else ()
    command = [sys.executable, "-m", "pytest", "--plan", plan, *observer, *arguments]
    done = subprocess.run(
        command,
        preexec_fn=_hears_interrupts,
        cwd=root,
        env=environment_of(root) | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
        start_new_session=True,
    )
    return SignOff(root, done.returncode, done.stdout)


def environment_of(root: Path) -> dict[str, str]:
    """The environment of a command in ``root``: nothing of who started it makes a difference."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return inherited | {
        "PYTHONPATH": os.pathsep.join([str(root), str(REPOSITORY)]),
        "COLUMNS": "200",
        "OBSERVED": str(root / OBSERVED),
        "TMPDIR": str(_made(root / "tmp")),
    }


def _made(directory: Path) -> Path:
    directory.mkdir(exist_ok=True)
    return directory


def _make_small(plan: dict[str, Any]) -> None:
    """Two people, few columns, partitions and rows: the same scenarios as in the walkthrough, fewer times."""
    dataset = plan["dataset"]
    [table] = dataset["tables"]
    dataset["rows"] = 30
    plan["verification"]["attack_budget"] = 40
    table["columns"] = [column for column in table["columns"] if column["name"] in COLUMNS]
    table["partitions"] = table["partitions"][:3]
    plan["people"] = [person for person in plan["people"] if person["name"] in (LIMITED, FULL)]
    plan["grants"] = [grant for grant in plan["grants"] if grant["person"] in (LIMITED, FULL)]
    for grant in plan["grants"]:
        if grant["columns"] != "all":
            grant["columns"]["include"] = [name for name in grant["columns"]["include"] if name in COLUMNS]


def _make_small_table(file: Path) -> None:
    """Write every row and request of the table of least privilege beside it, for the actions that they name, every
    tenth of all others, and one that a sabotage allows."""
    made = yaml.safe_load(file.read_text(encoding="utf-8"))
    named = [pattern for row in made["rows"] for kind in ("allowed", "locked") for pattern in row.get(kind, ())]
    named += ["sagemaker:CreateProcessingJob"]
    named += [request.get("action") or request["call"] for request in made["requests"]]
    everything = actions(tuple(made["services"]), tuple(made["actions"]))
    kept = [
        action
        for number, action in enumerate(everything)
        if number % 10 == 0 or any(fnmatchcase(action, pattern) for pattern in named)
    ]
    made |= {"services": ["sts"], "actions": kept}
    (file.parent / f"small-{file.name}").write_text(yaml.safe_dump(made, sort_keys=False), encoding="utf-8")
