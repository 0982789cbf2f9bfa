"""Runs scenarios in this process, out of the order in which they were collected, and says what each showed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lakeproof.evidence.verdicts import Verdict, worst
from lakeproof.mutants.model import Attempted, Outcomes, Scenario
from lakeproof.target import observe
from provision.estate import Estate

SEEN = 400
"""So many characters of what a red scenario saw are kept."""


class Stage:
    """The collected scenarios of a forked process: each can be played once."""

    def __init__(self, session: pytest.Session, ledger: Path, estate: Estate) -> None:
        self._items = {item.nodeid: item for item in session.items}
        self._ledger = ledger
        self._estate = estate
        self._reads: list[str] = []
        self._reports: list[pytest.TestReport] = []
        session.config.pluginmanager.register(self)
        observe(self._read)

    def play(self, nodeids: Sequence[str]) -> Iterator[Scenario]:
        """Play scenarios one after the other, for as long as the caller asks for another."""
        for number, nodeid in enumerate(nodeids):
            following = nodeids[number + 1] if number + 1 < len(nodeids) else None
            yield self._play(self._items[nodeid], self._items[following] if following else None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(report)

    def outcomes(self) -> Outcomes:
        """What came of every attempt so far."""
        return outcomes(self._lines())

    def _play(self, item: pytest.Item, following: pytest.Item | None) -> Scenario:
        self._reads.clear()
        self._reports.clear()
        before, started = sum(1 for _ in self._lines()), time.perf_counter()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        properties = [each for report in self._reports for each in report.user_properties]
        told = [Verdict(str(value)) for name, value in properties if name == "verdict"]
        mine = [line for line in list(self._lines())[before:] if line["scenario"] == item.nodeid]
        verdict = worst(told or [Verdict.NOT_RUN])
        return Scenario(
            nodeid=item.nodeid,
            kind=_kind(item, mine),
            verdict=str(verdict),
            controls=tuple(str(mark.kwargs["id"]) for mark in item.iter_markers("control")),
            attempts=tuple(each for line in mine for each in attempted(line, self._estate)),
            read="\n".join(self._reads),
            seconds=time.perf_counter() - started,
            seen="" if verdict is Verdict.PASS else _seen(self._reports),
        )

    def _read(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        self._reads.append(f"{service}:{operation} {json.dumps(params, default=str)}")

    def _lines(self) -> Iterator[dict[str, Any]]:
        if self._ledger.exists():
            yield from map(json.loads, self._ledger.read_text(encoding="utf-8").splitlines())


def _kind(item: pytest.Item, lines: Sequence[Any]) -> Any:
    if item.get_closest_marker("audit"):
        return "trail"
    return "probe" if lines else "configuration"


def _seen(reports: Iterable[pytest.TestReport]) -> str:
    """What the red scenario says it saw, from its block."""
    text = "\n".join(report.longreprtext for report in reports if report.failed)
    _, _, rest = text.partition("seen : ")
    return " ".join((rest or text).partition("\n who decided")[0].split())[:SEEN]


def attempted(line: Mapping[str, Any], estate: Estate) -> Iterator[Attempted]:
    """The attempts of one line of the ledger. A simulated one counts as the attempt of whose rights were simulated."""
    text = line["sql"] or json.dumps(line["params"], default=str)
    if line["operation"] == "SimulatePrincipalPolicy":
        kind, person = _whose(line["params"]["PolicySourceArn"], estate)
        for action in line["params"]["ActionNames"]:
            yield Attempted(kind, person, action, text)
        return
    identity = line["identity"]
    yield Attempted(identity["kind"], identity["person"], f"{line['service']}:{line['operation']}", text)


def _whose(arn: str, estate: Estate) -> tuple[str, str | None]:
    for person in estate.people:
        if arn == person.execution_role_arn:
            return "execution", person.name
        if arn in (person.user_arn, person.stand_in_role_arn):
            return "console", person.name
    return "harness", None


def outcomes(lines: Iterable[Mapping[str, Any]]) -> Outcomes:
    """What came of each attempt, by who tried what. Of a repeated attempt every different outcome is kept."""
    found: dict[tuple[str, ...], set[str]] = {}
    for line in lines:
        params = "" if line["operation"] == "GetQueryResults" else json.dumps(line["params"], default=str)
        key = (line["identity"]["name"], line["service"], line["operation"], line["sql"] or "", params)
        outcome = line["outcome"]
        said = [str(outcome["result"]), str(outcome.get("cause", "")), ",".join(outcome.get("columns", ()))]
        found.setdefault(key, set()).add(" ".join(filter(None, said)))
    return {key: " | ".join(sorted(each)) for key, each in found.items()}
