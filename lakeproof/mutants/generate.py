"""All mutants of a plan, from the plan and its account alone, and a draw of pairs of them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from lakeproof.mutants import documents, identities, lake, results, trail
from lakeproof.mutants.model import Mutant
from lakeproof.mutants.world import World

NO_CHANGE = "no change"


def first_order(world: World) -> list[Mutant]:
    """Every mutant with one change, in the same order for the same plan. Raises ValueError if two have one name."""
    found = [each for room in (documents, lake, identities, results, trail) for each in room.mutants(world)]
    seen: set[str] = set()
    for mutant in found:
        if mutant.id in seen:
            raise ValueError(f"two mutants are called {mutant.id!r}")
        seen.add(mutant.id)
    return found


def pairs(places: Sequence[str], count: int, seed: str) -> list[tuple[int, int]]:
    """``count`` different pairs of mutants of different places, drawn from ``seed``; fewer if there are not so many."""
    drawing, found = random.Random(seed), set[tuple[int, int]]()
    possible = sum(one != other for number, one in enumerate(places) for other in places[:number])
    while len(found) < min(count, possible):
        one, other = sorted(drawing.sample(range(len(places)), 2))
        if places[one] != places[other]:
            found.add((one, other))
    return sorted(found)
