"""What no query may reach: generated attacks as each person, and rows that a filter keeps back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pytest_bdd import then, when

from fixtures.attacking import Attacker
from fixtures.people import People
from fixtures.run import Run
from lakeproof.evidence.deciders import deciders
from lakeproof.evidence.verdicts import EvidenceNotObtained, NotMet
from lakeproof.plan import Plan
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.outcome import Cause
from lakeproof.probes.probe import Prober
from lakeproof.probes.reach import Judged, Reach
from lakeproof.probes.seen import counted, kept_back, named, view
from lakeproof.target import Target
from steps import judge
from steps.queries import REGRANT
from steps.words import words


@when(words("{person} sends the attacks that the seed draws for them"), target_fixture="results")
def sends_attacks(person: str, attacker: Attacker, run: Run) -> Sequence[Judged]:
    results = attacker.send(person, attacker.drawn(person))
    judge.show(f"{len(results)} attacks, seed {run.seed}", "\n".join(map(str, results)))
    return results


@then(words("none of them reached anything that was not granted to {person}"))
def nothing_reached(person: str, results: Sequence[Judged], people: People, prober: Prober, run: Run) -> None:
    expected = f"each of {len(results)} attacks refused, or answered from what is granted to {person}"
    reached = [each for each in results if each.reach is Reach.REACHED]
    if reached:
        allows = _who_allows(people.in_studio(person).principal_arn, reached[0], prober)
        remedy = f"{REGRANT}; the same attacks again: --seed {run.seed}"
        raise NotMet(
            expected, _few(reached), decided=allows, likely="a grant gives more than the plan says", remedy=remedy
        )
    unclear = [each for each in results if each.reach is Reach.UNCLEAR]
    if unclear or not results:
        remedy = "mend what made them unclear, or raise the attack budget; no attack proves anything then"
        raise EvidenceNotObtained(expected, _few(unclear) or "the attack budget leaves none", remedy=remedy)
    families = Counter(each.attack.family for each in results)
    judge.show("By family", "\n".join(f"{name}: {count} held" for name, count in sorted(families.items())))


@when(words("{person} counts what they see of {table}"), target_fixture="attempt")
def counts(person: str, table: str, people: People, prober: Prober, plan: Plan) -> Attempt:
    sql = counted(named(plan, table), plan.visible_columns(person, table))
    return prober.query(people.in_studio(person), sql)


@then(words("it is exactly what was granted to {person} of {table}: no row is missing, none is extra"))
def exactly_the_rows(person: str, table: str, attempt: Attempt, attacker: Attacker, plan: Plan) -> None:
    seen = judge.allowed(attempt, f"{person} may read {table}")
    where = plan.visible_rows(person, table) or "all rows"
    wanted = attacker.ask(
        attacker.everything(), counted(view(plan, person, table), plan.visible_columns(person, table))
    )
    expected = judge.allowed(wanted, "somebody who sees everything counts what is granted")
    told = f"{expected.rows[0][0]} rows of {table} ({where})"
    judge.show("Expected", told)
    if seen.rows != expected.rows:
        same = "the same number of rows, but others" if seen.rows[0][0] == expected.rows[0][0] else ""
        remedy = f"compare row filters and LF-Tags with the plan; {REGRANT}"
        raise NotMet(told, same or f"{seen.rows[0][0]} rows", remedy=remedy)


@then(words("the row filter keeps all others back from {person}, and shows them to somebody who may see {table}"))
def rows_refused(person: str, table: str, attempt: Attempt, attacker: Attacker, plan: Plan, target: Target) -> None:
    columns, everything = plan.visible_columns(person, table), attacker.everything()
    granted = attacker.ask(everything, counted(view(plan, person, table), columns))
    whole = attacker.ask(everything, counted(named(plan, table), columns))
    shown = [judge.allowed(each, "this count is allowed") for each in (attempt, granted, whole)]
    judge.refused(attempt.came_to(kept_back(*shown)), target, Cause.LF_ROW)
    judge.twin(attempt, [whole])


def _few(results: Sequence[Judged]) -> str:
    lines = [str(each) for each in results[: judge.FEW]]
    return "\n".join([*lines, f"... {len(results)} in all"] if len(results) > judge.FEW else lines)


def _who_allows(principal: str, reached: Judged, prober: Prober) -> str:
    tried = [each for each in prober.attempts if each.sql == reached.attack.sql]
    own = next(each for each in tried if each.identity.principal_arn == principal)
    return f"nobody refused it. What allows it:\n{deciders(own, prober.target)}"
