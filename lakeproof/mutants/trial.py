"""What a fork does: return to the saved state, change it, play scenarios, and say what they showed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger
from botocore.exceptions import BotoCoreError, ClientError

from fixtures.run import RUN, Run
from lakeproof.mutants.judgement import about, finished, otherwise
from lakeproof.mutants.model import Baseline, CannotApply, Mutant, Red, Result, Rights, Scenario
from lakeproof.mutants.order import Order
from lakeproof.mutants.play import Stage
from lakeproof.mutants.rights import rights
from lakeproof.mutants.world import ORIGINAL, World, control
from provision.estate import Estate

CONFIGURATION = 8
"""At most so many comparisons with the plan are run for one mutant: they are scored apart."""


def original(session: pytest.Session, run: Run, nodeids: Sequence[str] | None = None) -> Baseline:
    """Every scenario on the account as it was provisioned, in the order of ``nodeids`` or as collected."""
    world = _opened(session, run)
    stage = Stage(session, run.directory / "ledger.jsonl", world.estate)
    scenarios = tuple(stage.play(nodeids or [item.nodeid for item in session.items]))
    return Baseline(scenarios, stage.outcomes())


def rights_under(session: pytest.Session, run: Run, mutant: Mutant | None) -> Rights:
    """What the policy simulator decides on the account as it was provisioned, or changed by a mutant."""
    world = _opened(session, run)
    if mutant is not None:
        mutant.change(world)
    return rights(world)


def mutated(
    session: pytest.Session, run: Run, mutant: Mutant, baseline: Baseline, order: Order, nodeids: Sequence[str]
) -> Result:
    """The scenarios of ``nodeids``, in this order, on the changed account until one kills the mutant."""
    world = _opened(session, run)
    try:
        mutant.change(world)
        world.write()
    except (CannotApply, ClientError, BotoCoreError, LookupError) as error:
        return Result(mutant.id, mutant.subject, mutant.operator, "error", reason=f"cannot be applied: {error}")
    run.plan = world.plan
    stage = Stage(session, run.directory / "ledger.jsonl", world.estate)
    reds: list[Red] = []
    killer: Red | None = None
    ran = 0
    for scenario in stage.play(nodeids):
        ran += 1
        if scenario.verdict == "PASS":
            continue
        reds.append(_red(scenario))
        if scenario.verdict == "FAIL" and about(mutant, scenario.controls):
            killer = reds[-1]
            break
    noticed = False
    for scenario in stage.play(order.configuration(mutant)[:CONFIGURATION]):
        if scenario.verdict == "FAIL":
            noticed = True
            reds.append(_red(scenario))
            break
    found = None if killer else otherwise(baseline.outcomes, stage.outcomes())
    return finished(mutant, killer, tuple(reds), ran, noticed, found)


def _opened(session: pytest.Session, run: Run) -> World:
    """In the fork: the saved state is back, this run is the session's, and no Allure result is written."""
    for plugin in allure_commons.plugin_manager.get_plugins():
        if isinstance(plugin, AllureFileLogger):
            allure_commons.plugin_manager.unregister(plugin)
    session.config.stash[RUN] = run
    target = run.target()
    control(target, "state", {"restore": ORIGINAL})
    run.started = datetime.now(UTC)
    return World(run.resolved(), target, Estate.read(run.state))


def _red(scenario: Scenario) -> Red:
    return Red(scenario.nodeid, scenario.kind, scenario.verdict, scenario.controls, scenario.seen)
