"""Small folders of features, collected by a pytest of their own under the sign-off's own conftest.py and pytest.ini."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

ROOT = Path(__file__).resolve().parents[2]

WORDS = """
from pytest_bdd import given, parsers, then, when

@given("a kettle")
def kettle(): ...

@when("it boils")
def boils(): ...

@then("there is tea")
def tea(): ...

@then(parsers.parse("{person} has tea"))
def has_tea(person): ...

@then(parsers.parse("the tea is {how:w}"))
def tea_is(how): ...

@then("the tea is hot")
def tea_is_hot(): ...

@then("tea is awaited")
async def awaited(): ...

@given("a table")
def table(datatable): ...

@given("a text")
def text(docstring): ...
"""

RECORDER = """
import json, pathlib, pytest
told = {"errors": {}, "ids": []}

@pytest.hookimpl(tryfirst=True)
def pytest_collectreport(report):
    if report.failed:
        told["errors"][report.nodeid] = report.longreprtext

def pytest_itemcollected(item):
    told["ids"].append(item.nodeid)

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    pathlib.Path("collected.json").write_text(json.dumps(told))
"""

EMBEDDED = """
import pathlib
pathlib.Path("account-was-started").touch()
"""
"""Stands in the folder as ``localaws``: whoever starts the account there leaves a trace."""


@dataclass(frozen=True)
class Collected:
    """What one pytest made of a folder: exit code, output, ids in order, and the error of each refused file."""

    folder: Path
    code: int
    output: str
    ids: list[str] = field(default_factory=list)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def started(self) -> bool:
        """Whether an embedded account was started."""
        return (self.folder / "account-was-started").exists()

    def of(self, file: str) -> list[str]:
        """The ids of the scenarios of one file."""
        return [each for each in self.ids if each.startswith(f"{file}::")]


Run = Callable[..., Collected]
"""``run`` in a fresh folder: the fixture ``run_features``."""


def run(folder: Path, files: Mapping[str, str], *arguments: str, plan: Path | None = None) -> Collected:
    """Write ``files`` into the empty ``folder`` and run pytest there, with the words above and a stand-in account."""
    for name in ("conftest.py", "pytest.ini"):
        shutil.copy(ROOT / name, folder)
    account = {"localaws/__init__.py": "", "localaws/__main__.py": EMBEDDED}
    for name, text in {"tea.py": WORDS, "recorder.py": RECORDER, **account, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    plan = plan or ROOT / "plans" / "walkthrough.yaml"
    command = [sys.executable, "-m", "pytest", "-p", "tea", "-p", "recorder", f"--plan={plan}", *arguments]
    environment = {**os.environ, "PYTHONPATH": f"{folder}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    record = folder / "collected.json"
    told = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    return Collected(folder, done.returncode, done.stdout + done.stderr, **told)


def feature(text: str) -> str:
    """A whole feature file of ``text``, which may be the steps of one scenario alone."""
    if text.lstrip().startswith(("Feature", "@", "#")):
        return text
    return f"Feature: f\n  Scenario: s\n{indent(text, '    ')}"
