"""A pytest process that has collected the features and provisioned the plan once, and forks for each mutant.

Each worker has an embedded account of its own, so that mutants of two workers never meet. The controller
(``__main__``) starts it with ``multiprocessing`` and speaks with it over a pipe: a message is a tuple of a word and its
arguments, the answer is one value.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from fixtures.run import Run, run_of
from lakeproof.mutants import trial
from lakeproof.mutants.fork import ForkError, in_fork
from lakeproof.mutants.generate import first_order
from lakeproof.mutants.judgement import compared
from lakeproof.mutants.model import Baseline, Mutant, Result, Rights, both
from lakeproof.mutants.order import AUDITED, Order
from lakeproof.mutants.world import ORIGINAL, World, control
from provision.estate import Estate

TRAIL_DEADLINE_S = 3.0
"""How long a mutant waits for events: the account delivers after 0.2 s, so what is not there by then is lost."""
FORK_S = 900.0
"""So long a fork may take, which plays every scenario if need be."""
SERVICES = ("athena", "cloudtrail", "glue", "iam", "lakeformation", "s3", "sagemaker", "sts")


def serve(connection: Connection, plan: str, chosen: Sequence[str], scratch: Path, log: Path) -> None:
    """The worker's whole life: a pytest session whose run loop answers the controller. ``chosen`` are pytest's own
    arguments that choose scenarios, none for all."""
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    arguments = [f"--plan={plan}", "-q", "-p", "no:cacheprovider", f"--alluredir={scratch / 'allure'}"]
    code = pytest.main([*arguments, *chosen], plugins=[Worker(connection, scratch)])
    connection.send(("ended", int(code)))
    connection.close()


class Worker:
    """The pytest plugin: everything is pytest's own until the scenarios would run."""

    def __init__(self, connection: Connection, scratch: Path) -> None:
        self._connection = connection
        self._scratch = scratch
        self._baseline: Baseline | None = None
        self._order: Order | None = None
        self._mutants: list[Mutant] = []
        self._rights: Rights | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Whatever the run writes goes to a directory that nobody keeps: this is no sign-off. Nothing is waived."""
        run = run_of(config)
        assert run is not None
        run.waivers = ()
        (self._scratch / "features").symlink_to(run.root / "features")
        run.root, run.directory, run.state = self._scratch, self._scratch / "run", self._scratch / "state" / run.id

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """No verdicts of the session: it runs no scenario itself."""
        manager = session.config.pluginmanager
        for name in ("lakeproof-verdicts", "lakeproof-account-watch"):
            plugin = manager.get_plugin(name)
            if plugin is not None:
                manager.unregister(plugin)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        run = run_of(session.config)
        assert run is not None
        self._hasten(run)
        target = run.target()
        world = World(run.resolved(), target, Estate.read(run.state))
        for service in SERVICES:  # the models that every fork will need
            world.client(service)
        control(target, "state", {"save": ORIGINAL})
        self._mutants = first_order(world)
        gc.collect()
        gc.freeze()
        self._connection.send(("ready", [(each.id, each.subject, each.operator, each.place) for each in self._mutants]))
        while (message := self._connection.recv())[0] != "end":
            self._connection.send(self._answer(session, run, message))
        control(target, "state", {"restore": ORIGINAL})
        return True

    def _hasten(self, run: Run) -> None:
        """A lost event must not cost the whole patience of a sign-off each time."""
        target = replace(run.target(), trail_deadline_s=TRAIL_DEADLINE_S)
        run.target_file.write_text(json.dumps(asdict(target)), encoding="utf-8")

    def _answer(self, session: pytest.Session, run: Run, message: tuple[Any, ...]) -> Any:
        match message:
            case ("baseline",):
                return self._first(session, run)
            case ("order", seed):
                return self._shuffled(session, run, seed)
            case ("mutant", index):
                return self._try(session, run, self._mutants[index], ())
            case ("pair", one, other, first):
                return self._try(session, run, both(self._mutants[one], self._mutants[other]), first)
        raise ValueError(f"no such message: {message!r}")

    def _first(self, session: pytest.Session, run: Run) -> Baseline | str:
        """The run on the original, which must be green. A text if there was none."""
        with self._private(run) as private:
            try:
                baseline: Baseline = in_fork(lambda: trial.original(session, private), FORK_S)
            except ForkError as error:
                return str(error)
        self._baseline, self._order = baseline, Order(baseline)
        return baseline

    def _shuffled(self, session: pytest.Session, run: Run, seed: str) -> Baseline | str:
        """One more run on the original, the scenarios in another order; the audit stays last."""
        nodeids = [item.nodeid for item in session.items]
        audit = {item.nodeid for item in session.items if item.get_closest_marker("audit")}
        random.Random(seed).shuffle(nodeids)
        nodeids.sort(key=lambda nodeid: nodeid in audit)
        with self._private(run) as private:
            try:
                found: Baseline = in_fork(lambda: trial.original(session, private, nodeids), FORK_S)
            except ForkError as error:
                return str(error)
        return found

    def _try(self, session: pytest.Session, run: Run, mutant: Mutant, first: tuple[str, ...]) -> Result:
        assert self._order is not None
        started = time.perf_counter()
        result = None
        if AUDITED & set(mutant.subjects):  # most are noticed by few scenarios; what survives these meets all
            result = self._played(session, run, mutant, self._order.trail())
        if result is None or result.status == "survived":
            result = self._played(session, run, mutant, self._order.behaviour(mutant, first))
        if result.status == "survived":
            result = self._compared(session, run, mutant, result)
        if result.killer is not None:
            self._order.learn(mutant, result.killer.scenario)
        return replace(result, seconds=time.perf_counter() - started)

    def _played(self, session: pytest.Session, run: Run, mutant: Mutant, nodeids: list[str]) -> Result:
        assert self._baseline is not None and self._order is not None
        baseline, order = self._baseline, self._order
        with self._private(run) as private:
            try:
                result: Result = in_fork(
                    lambda: trial.mutated(session, private, mutant, baseline, order, nodeids), FORK_S
                )
            except ForkError as error:
                return Result(mutant.id, mutant.subject, mutant.operator, "error", reason=str(error))
        return result

    def _compared(self, session: pytest.Session, run: Run, mutant: Mutant, survivor: Result) -> Result:
        """The survivor with its rights beside the original's, which are simulated when the first survivor asks."""
        with self._private(run) as private:
            try:
                if self._rights is None:
                    self._rights = in_fork(lambda: trial.rights_under(session, private, None), FORK_S)
                rights: Rights = in_fork(lambda: trial.rights_under(session, private, mutant), FORK_S)
            except ForkError as error:
                return replace(survivor, status="error", reason=f"its rights cannot be compared: {error}")
        return compared(survivor, self._rights or {}, rights)

    @contextmanager
    def _private(self, run: Run) -> Iterator[Run]:
        """The run with a ledger, and copies of the trail's files, of its own: another fork's are of another account."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as place:
            private = Path(place) / "private"
            shutil.copytree(run.private, private)
            directory = Path(place) / "run"
            directory.mkdir()
            yield replace(run, directory=directory, private=private)
