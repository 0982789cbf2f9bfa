"""The twin of a refused API call: the same call by somebody who may."""

from __future__ import annotations

from pytest_bdd import then

from fixtures.people import People
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.outcome import Cause
from lakeproof.probes.probe import Prober
from lakeproof.target import Target
from steps import judge
from steps.words import words


@then("it is allowed")
def call_allowed(attempt: Attempt) -> None:
    judge.allowed(attempt, "the plan lets this identity do it")


@then("an explicit deny refuses it")
def explicitly_denied(attempt: Attempt, target: Target) -> None:
    judge.refused(attempt, target, Cause.IAM_EXPLICIT)


@then("IAM refuses it")
def refused_by_iam(attempt: Attempt, target: Target) -> None:
    judge.refused(attempt, target, Cause.IAM_EXPLICIT, Cause.IAM_IMPLICIT)


@then("nobody may assume it so")
def not_assumed(attempt: Attempt, target: Target) -> None:
    judge.refused(attempt, target, Cause.TRUST_POLICY, Cause.IAM_EXPLICIT, Cause.IAM_IMPLICIT)


@then("the trust policy refuses it")
def refused_by_trust(attempt: Attempt, target: Target) -> None:
    judge.refused(attempt, target, Cause.TRUST_POLICY)


@then("the same call by the harness is allowed")
def harness_twin(attempt: Attempt, people: People, prober: Prober) -> None:
    again = prober.call(people.harness(), attempt.service, attempt.operation, **attempt.params)
    judge.twin(attempt, [again])


@then(words("the same call by {other} at the console is allowed"))
def console_twin(attempt: Attempt, other: str, people: People, prober: Prober) -> None:
    again = prober.call(people.at_console(other), attempt.service, attempt.operation, **attempt.params)
    judge.twin(attempt, [again])


@then(words("the same call by {other} in Studio is allowed"))
def studio_twin(attempt: Attempt, other: str, people: People, prober: Prober) -> None:
    again = prober.call(people.in_studio(other), attempt.service, attempt.operation, **attempt.params)
    judge.twin(attempt, [again])
