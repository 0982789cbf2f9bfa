"""Many grown statements in two worlds: ``python -m tests.attacks.soak --statements 200000 --seed 1 [--via boto3]``.

Each statement is sent in both worlds as each principal in turn. Where the answers differ, a control run in each world
tells a leak from what would differ in one world as well (a clock, a random number). Exit code 1 if anything leaks, or
ends in an internal error. A statement comes again by its seed and number: ``--only NUMBER``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from localaws.athena import engine
from tests.attacks.growing import seeded
from tests.attacks.oracle import Seen, leak
from tests.attacks.weakened import DESIGNS, VOLATILE, Observer, observer
from tests.attacks.worlds import PRINCIPALS, World, pair

FRESH = 5_000
"""Statements after which the worlds are made anew."""
CONTROL = 4
"""How often each world is asked again where the answers differ."""
INTERNAL = "internal error"
MOST_TOLD = 50
"""Leaks, and internal errors, that are printed; all are counted."""
Pair = tuple[Observer, Observer]


@dataclass
class Found:
    """What a run saw: how statements ended, the volatile ones, internal errors, and the leaks as text."""

    ends: Counter[str] = field(default_factory=Counter)
    volatile: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)

    @property
    def statements(self) -> int:
        return sum(self.ends.values())

    def summary(self, seconds: float) -> str:
        ends = ", ".join(f"{count:,} {state.lower()}" for state, count in self.ends.most_common())
        rate = self.statements / max(seconds, 0.001)
        return (
            f"{self.statements:,} statements ({ends}) in {seconds:,.0f} s ({rate:,.0f} a second); "
            f"{len(self.volatile)} volatile, {len(self.broken)} internal errors, {len(self.leaks)} leaks"
        )


def judged(sql: str, observers: Pair, found: Found) -> str | None:
    """What the statement gives away (None: nothing). How it ended is written down in ``found``."""
    seen = [look(sql) for look in observers]
    found.ends[seen[0].state] += 1
    if any(INTERNAL in one.received for one in seen):
        found.broken.append(sql)
    why = leak(sql, *seen)
    if why is None or not why.startswith("differs"):
        return why
    if VOLATILE.search(sql) or _volatile(sql, observers, seen):
        found.volatile.append(sql)
        return leak(sql, seen[0], seen[0]) or leak(sql, seen[1], seen[1])
    return why


def _volatile(sql: str, observers: Pair, seen: list[Seen]) -> bool:
    """The control run: whether, asked again, the two worlds come to give the same answer."""
    answers = [{one, *(look(sql) for _ in range(CONTROL))} for look, one in zip(observers, seen, strict=True)]
    return bool(answers[0] & answers[1])


def soak(numbers: Iterable[int], seed: int, observers: Callable[[str], Pair], report: Callable[[Found], None]) -> Found:
    """Judge the statements of these numbers. ``observers`` gives a principal's two worlds; ``report`` sees progress."""
    found, principals = Found(), tuple(PRINCIPALS)
    for number in numbers:
        principal = principals[number % len(principals)]
        sql = seeded(seed, number)
        why = judged(sql, observers(principal), found)
        if why is not None:
            found.leaks.append(f"statement {number} of seed {seed} as {principal}: {sql}\n  {why[:1500]}")
        report(found)
    return found


def in_process(design: str) -> Callable[[str], Pair]:
    """A principal's two worlds in this process, made anew from time to time."""
    engine.THREADS = 1  # rows that nobody ordered then come in the same order for the same data
    uses: Counter[str] = Counter()
    kept: dict[str, tuple[tuple[World, World], Pair]] = {}

    def observers(principal: str) -> Pair:
        if uses[principal] % FRESH == 0:
            worlds = pair(principal)
            one, two = (observer(design, world, principal) for world in worlds)
            kept[principal] = (worlds, (one, two))
        uses[principal] += 1
        worlds, looks = kept[principal]
        for world in worlds:
            world.store.objects["results"].clear()
        return looks

    return observers


@contextmanager
def through_boto3(design: str) -> Iterator[Callable[[str], Pair]]:
    """The same two worlds as embedded accounts of their own, reached as a data scientist reaches them."""
    from tests.attacks.accounts import Account

    if design != "both walls":
        sys.exit("--via boto3 is the whole account: both walls")
    with ExitStack() as stack:
        accounts = {
            principal: tuple(stack.enter_context(Account.running(world)) for world in pair(principal))
            for principal in PRINCIPALS
        }
        looks: dict[str, Any] = {
            principal: tuple(account.observer(principal) for account in both) for principal, both in accounts.items()
        }
        yield lambda principal: looks[principal]


def main(arguments: list[str]) -> int:
    """Returns 0, or 1 if anything leaks or breaks."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.soak", description=__doc__)
    parser.add_argument("--statements", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0, help="0 draws one; it is printed")
    parser.add_argument("--via", choices=("process", "boto3"), default="process")
    parser.add_argument("--design", choices=DESIGNS, default="both walls")
    parser.add_argument("--only", type=int, help="one statement, by its number")
    given = parser.parse_args(arguments)
    seed = given.seed or int(time.time())
    numbers = range(given.statements) if given.only is None else (given.only,)
    print(f"seed {seed}, {given.via}, {given.design}", flush=True)
    started = time.monotonic()

    told: Counter[str] = Counter()

    def report(found: Found) -> None:
        for kind, texts in (("LEAK", found.leaks), ("INTERNAL ERROR", found.broken)):
            for text in texts[told[kind] : MOST_TOLD]:
                print(f"{kind} {text}", flush=True)
            told[kind] = len(texts)
        if found.statements % 10_000 == 0:
            print(found.summary(time.monotonic() - started), flush=True)

    with ExitStack() as stack:
        way = stack.enter_context(through_boto3(given.design)) if given.via == "boto3" else in_process(given.design)
        found = soak(numbers, seed, way, report)
    print(found.summary(time.monotonic() - started))
    return 1 if found.leaks or found.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
