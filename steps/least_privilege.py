"""Least privilege: what the plan's table lists is allowed, and nothing else: simulated, and as requests come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from pytest_bdd import then, when

from fixtures.least_privilege import PersonalTable
from fixtures.people import People
from lakeproof.evidence.verdicts import EvidenceNotObtained
from lakeproof.inventory.identity import Role
from lakeproof.plan import Plan
from lakeproof.plan.least_privilege import Request, Row
from lakeproof.probes.identity import Identity
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.outcome import Allowed, Denied
from lakeproof.probes.probe import Prober
from provision.estate import Estate
from steps import judge
from steps.simulation import A_CALL, allowed_to_an_administrator
from steps.words import words

REMEDY = "take the right out of the policy, or put back the Deny that is missing"
SIMULATED = {"allowed": ("allowed",), "IAM_EXPLICIT": ("explicitDeny",), "IAM_IMPLICIT": ("implicitDeny",)}
REFUSED = ("explicitDeny", "implicitDeny")
"""What the simulator says of a request that came out so; of one that is refused by a cause not listed, either."""


@dataclass(frozen=True)
class Sent:
    """A listed request, what came of it, and what the simulator says of it; of a refused one also its twin."""

    request: Request
    attempt: Attempt
    decision: str
    twin: Attempt | None

    @property
    def name(self) -> str:
        return f"{self.request.call} on {self.request.about}"

    @property
    def seen(self) -> str:
        """What came of it, in the words of the table."""
        answer, listed = said(self.attempt), self.request.answers
        return " or ".join(listed) if answer in listed else answer


@pytest.fixture(scope="session")
def known_actions() -> set[str]:
    """The actions that the simulator is known to allow to an administrator, as far as it was asked yet."""
    return set()


@then(words("by simulation of policies, {person} may do at the console what is listed, and nothing else"))
def may_at_console(
    person: str, people: People, prober: Prober, plan: Plan, estate: Estate, known_actions: set[str]
) -> None:
    table = PersonalTable("at the console", person, plan, estate)
    exactly(people.by_name("console", person), table, people, prober, known_actions)


@then(words("by simulation of policies, {person} may do in Studio what is listed, and nothing else"))
def may_in_studio(
    person: str, people: People, prober: Prober, plan: Plan, estate: Estate, known_actions: set[str]
) -> None:
    table = PersonalTable("in Studio", person, plan, estate)
    exactly(people.by_name("execution", person), table, people, prober, known_actions)


@then("by simulation of policies, it may do none of:")
def may_nothing(role: Role, datatable: list[list[str]], people: People, prober: Prober) -> None:
    names = [name for [name] in datatable]
    request = {"PolicySourceArn": role.arn, "ActionNames": names, "MaxItems": 1000}
    attempt = prober.call(people.harness(), "iam", "SimulatePrincipalPolicy", **request)
    answer = judge.allowed(attempt, "the harness may simulate policies").response
    seen = [each["EvalActionName"] for each in answer["EvaluationResults"] if each["EvalDecision"] == "allowed"]
    allowed_to_an_administrator(names, people, prober)
    judge.compare(f"what {role.name} may do", [], seen, remedy=REMEDY)


@when(words("{person} sends the listed requests at the console"), target_fixture="sent")
def sends_at_console(person: str, people: People, prober: Prober, plan: Plan, estate: Estate) -> list[Sent]:
    table = PersonalTable("at the console", person, plan, estate)
    return send(people.at_console(person), table, people.harness(), prober)


@when(words("{person} sends the listed requests in Studio"), target_fixture="sent")
def sends_in_studio(person: str, people: People, prober: Prober, plan: Plan, estate: Estate) -> list[Sent]:
    return send(people.in_studio(person), PersonalTable("in Studio", person, plan, estate), people.harness(), prober)


@then("each comes out as listed, and as policies are simulated")
def as_listed(sent: list[Sent]) -> None:
    judge.compare(
        "what comes of the listed requests",
        [f"{each.name}: {' or '.join(each.request.answers)}" for each in sent],
        [f"{each.name}: {each.seen}" for each in sent],
        remedy=REMEDY,
    )
    judge.compare(
        "what the policy simulator says of them",
        [each.name for each in sent],
        [each.name for each in sent if each.decision in SIMULATED.get(said(each.attempt), REFUSED)],
        remedy="simulator and account disagree: find what decides beside the identity's policies",
    )
    for each in sent:
        if each.twin is not None:
            judge.twin(each.attempt, [each.twin])


def said(attempt: Attempt) -> str:
    """``allowed``, or who refused. Raises EvidenceNotObtained if neither."""
    match attempt.outcome:
        case Allowed():
            return "allowed"
        case Denied(cause):
            return str(cause)
    raise EvidenceNotObtained("an answer that allows or refuses", str(attempt))


def send(identity: Identity, table: PersonalTable, harness: Identity, prober: Prober) -> list[Sent]:
    """Send every request; the harness sends each again that was refused."""
    found = []
    listed = list(table.requests())
    needed = [(row, [request.action or request.call for request in requests]) for row, requests in listed]
    for (_, requests), (_, actions), decisions in zip(
        listed, needed, simulated(identity, harness, needed, prober), strict=True
    ):
        for request, action in zip(requests, actions, strict=True):
            service, operation = request.call.split(":")
            attempt = prober.call(identity, service, operation, **request.parameters)
            refused = not isinstance(attempt.outcome, Allowed)
            twin = prober.call(harness, service, operation, **request.parameters) if refused else None
            found.append(Sent(request, attempt, decisions[action], twin))
    return found


def exactly(identity: Identity, table: PersonalTable, people: People, prober: Prober, known_actions: set[str]) -> None:
    """Every action of every row must be decided as listed, and be one that an administrator may, or nothing was shown.

    Raises NotMet with what differs, EvidenceNotObtained if the simulator refuses an administrator as well.
    """
    wanted, seen = [], []
    rows = [(row, table.actions(row)) for row in table.rows()]
    for _, actions in rows:
        if not known_actions.issuperset(actions):
            allowed_to_an_administrator(actions, people, prober)
            known_actions |= set(actions)
    for (row, _), decisions in zip(rows, simulated(identity, people.harness(), rows, prober), strict=True):
        for action, decision in decisions.items():
            expected = row.expected(action)
            if expected != "refused":
                wanted.append(f"{action} on {row.about}: {expected}")
            if expected != "refused" or decision == "allowed":
                seen.append(f"{action} on {row.about}: {decision}")
    judge.compare(f"rights of {identity.name}", wanted, seen, remedy=REMEDY)


def simulated(
    identity: Identity, harness: Identity, rows: Sequence[tuple[Row, Sequence[str]]], prober: Prober
) -> list[dict[str, str]]:
    """The simulator's decision on actions on a row's resource, by row and action."""

    def ask(call: tuple[int, list[str]]) -> Attempt:
        number, actions = call
        row = rows[number][0]
        context = [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in row.context.items()
        ]
        return prober.call(
            harness,
            "iam",
            "SimulatePrincipalPolicy",
            PolicySourceArn=identity.principal_arn,
            ActionNames=actions,
            ResourceArns=[row.resource],
            ContextEntries=context,
            MaxItems=1000,
        )

    calls = [
        (number, list(dict.fromkeys(actions[start : start + A_CALL])))
        for number, (_, actions) in enumerate(rows)
        for start in range(0, len(actions), A_CALL)
    ]
    found: list[dict[str, str]] = [{} for _ in rows]
    for (number, _), attempt in zip(calls, prober.several(ask, calls), strict=True):
        answer = judge.allowed(attempt, "the harness may simulate policies").response
        found[number] |= {each["EvalActionName"]: each["EvalDecision"] for each in answer["EvaluationResults"]}
    return found
