"""Mutants of the places of results: a workgroup that enforces nothing, or that writes where another's results lie."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from lakeproof.mutants.model import Mutant, Touches, names
from lakeproof.mutants.world import World
from lakeproof.plan import Person

QUERIES = frozenset({"athena:*", "s3:*"})


def mutants(world: World) -> Iterator[Mutant]:
    """All of them."""
    if world.plan.results.shared:
        return
    for person in world.plan.people:
        yield _mutant(person, "settings no longer enforced", "switch off enforcement",
                      {"EnforceWorkGroupConfiguration": False})  # fmt: skip
    for one, other in permutations(world.plan.people, 2):
        location = world.estate.person(other.name).results_location
        yield _mutant(one, f"results among {other.name}'s", "share location",
                      {"ResultConfigurationUpdates": {"OutputLocation": location}})  # fmt: skip


def _mutant(person: Person, what: str, operator: str, updates: dict[str, object]) -> Mutant:
    def change(world: World) -> None:
        world.client("athena").update_work_group(WorkGroup=person.workgroup, ConfigurationUpdates=updates)

    touches = Touches(frozenset({"execution"}), names([person.name]), QUERIES, names([person.workgroup]))
    return Mutant(f"workgroup: {person.workgroup}: {what}", "workgroup", operator, f"workgroup {person.workgroup}",
                  touches, change)  # fmt: skip
