"""Which scenarios run first under a mutant: those that read what it changed, one of each kind before any second one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase

from lakeproof.mutants.model import Attempted, Baseline, Mutant, Scenario, Touches

BY_QUERY = ("athena:", "glue:", "lakeformation:", "s3:")
"""Services whose rights a query uses, beside the right to start it."""

AUDITED = frozenset({"trail", "source identity"})
"""Subjects that only the trail can show."""


class Order:
    """The order of scenarios for one mutant after the other; it learns which outlines kill which subjects."""

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._killers: dict[str, Counter[str]] = defaultdict(Counter)

    def learn(self, mutant: Mutant, nodeid: str) -> None:
        """A scenario has killed a mutant."""
        for subject in mutant.subjects:
            self._killers[subject][outline(nodeid)] += 1

    def behaviour(self, mutant: Mutant, first: tuple[str, ...] = ()) -> list[str]:
        """Every probe and trail scenario; ``first`` (killers of its parts) lead."""
        scored = [
            (self._score(mutant, each), each)
            for each in self._baseline.scenarios
            if each.kind != "configuration" and each.verdict == "PASS"
        ]
        if AUDITED & set(mutant.subjects):  # the trail comes last: its scenarios read what the others have done
            return [each.nodeid for _, each in scored]
        leading = [nodeid for nodeid in first if any(each.nodeid == nodeid for _, each in scored)]
        return list(dict.fromkeys([*leading, *_in_turns(scored)]))

    def trail(self) -> list[str]:
        """One probe of each outline, so that every kind of event is made, and then every trail scenario."""
        green = [each for each in self._baseline.scenarios if each.verdict == "PASS"]
        probes = {outline(each.nodeid): each.nodeid for each in green if each.kind == "probe"}
        return [*probes.values(), *(each.nodeid for each in green if each.kind == "trail")]

    def configuration(self, mutant: Mutant) -> list[str]:
        """The comparisons with the plan that read what was changed, likeliest first."""
        scored = [
            (_reads(mutant.touches, each), each)
            for each in self._baseline.scenarios
            if each.kind == "configuration" and each.verdict == "PASS"
        ]
        return [each.nodeid for score, each in sorted(scored, key=lambda pair: -pair[0]) if score]

    def _score(self, mutant: Mutant, scenario: Scenario) -> float:
        touches = mutant.touches
        best = max((_of_attempt(touches, each) for each in scenario.attempts), default=0.0)
        learnt = min(4, sum(self._killers[subject][outline(scenario.nodeid)] for subject in mutant.subjects))
        return best + _reads(touches, scenario) + (learnt if best else 0)


def outline(nodeid: str) -> str:
    """The scenario outline that a scenario is a row of."""
    return nodeid.partition("[")[0]


def _of_attempt(touches: Touches, attempt: Attempted) -> float:
    if attempt.identity not in touches.identities or (touches.people and attempt.person not in touches.people):
        return 0.0
    action = attempt.action.lower()
    direct = any(fnmatchcase(action, pattern.lower()) for pattern in touches.actions)
    query = attempt.action == "athena:StartQueryExecution"
    indirect = query and any(pattern.lower().startswith(BY_QUERY) for pattern in touches.actions)
    named = any(name in attempt.text for name in touches.names)
    return (8.0 if direct else 3.0 if indirect else 0.0) + (4.0 if named else 0.0)


def _reads(touches: Touches, scenario: Scenario) -> float:
    return 2.0 if any(name in scenario.read for name in touches.names) else 0.0


def _in_turns(scored: list[tuple[float, Scenario]]) -> Iterator[str]:
    """The best row of each outline that reads the change, then the second rows, …; then everything else."""
    outlines: dict[str, list[tuple[float, Scenario]]] = defaultdict(list)
    for score, scenario in sorted(scored, key=lambda pair: -pair[0]):
        if score:
            outlines[outline(scenario.nodeid)].append((score, scenario))
    rows = sorted(outlines.values(), key=lambda each: (-each[0][0], each[0][1].seconds))
    for turn in range(max(map(len, rows), default=0)):
        yield from (each[turn][1].nodeid for each in rows if turn < len(each))
    yield from (scenario.nodeid for score, scenario in scored if not score)
