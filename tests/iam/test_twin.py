"""The evaluator and its naive twin: two programs, written from the same pages by two people, that must agree.

More requests than here: ``python -m tests.iam.twin`` (see there).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from localaws.iam import conditions, document, evaluator, principals
from localaws.iam.principals import Grip
from tests.iam import twin

Broken = Callable[[pytest.MonkeyPatch], None]
SEED = 36
"""With it every wrong evaluator below is found among the first 2,500 requests."""
REQUESTS = 5000


def deny_without_not_resource(patch: pytest.MonkeyPatch) -> None:
    """A Deny with NotResource is ignored."""
    whole = document.Statement.covers_resource

    def covers(self: document.Statement, resource: str, lookup: Any) -> bool:
        return not (self.denies and self.not_resource) and whole(self, resource, lookup)

    patch.setattr(document.Statement, "covers_resource", covers)


def variables_in_every_version(patch: pytest.MonkeyPatch) -> None:
    """Policy variables work in version 2008-10-17 too."""
    whole = document.statements_of
    patch.setattr(document, "statements_of", lambda found: (whole(found)[0], True))


def absent_key_fails(patch: pytest.MonkeyPatch) -> None:
    """A negated operator does not hold for an absent key."""
    patch.setattr(conditions.Test, "_holds_absent", lambda self: self.if_exists)


def role_grants_directly(patch: pytest.MonkeyPatch) -> None:
    """A resource policy that names a role is not limited by boundary and session policies."""
    whole = principals.Principals.grip

    def grip(self: principals.Principals, who: principals.Requester) -> Grip:
        found = whole(self, who)
        return Grip.DIRECT if found is Grip.ROLE else found

    patch.setattr(principals.Principals, "grip", grip)


def one_level_is_enough(patch: pytest.MonkeyPatch) -> None:
    """An SCP that allows at one level allows at all."""
    whole = evaluator.evaluate

    def evaluate(request: Any, policies: Any) -> Any:
        together = [attached for level in policies.scp for attached in level]
        return whole(request, replace(policies, scp=(together,) if together else ()))

    patch.setattr("localaws.iam.decision.evaluate", evaluate)


@pytest.fixture(autouse=True)
def nothing_compiled() -> Iterator[None]:
    """No document that a wrong evaluator compiled is left to others."""
    document.compiled.cache_clear()
    yield
    document.compiled.cache_clear()


@pytest.mark.parametrize(
    "broken",
    [
        deny_without_not_resource,
        variables_in_every_version,
        absent_key_fails,
        role_grants_directly,
        one_level_is_enough,
    ],
)
def test_a_wrong_evaluator_is_found(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    """An evaluator that is wrong in one rule does not agree with the twin: the agreement below says something."""
    broken(monkeypatch)
    assert twin.compare(REQUESTS, SEED, to_the_end=False).different


def test_evaluator_and_twin_agree() -> None:
    """Both give the same verdict on every one of 5,000 generated requests, of which each verdict has its share."""
    comparison = twin.compare(REQUESTS, SEED)
    assert comparison.differences == []
    assert min(comparison.verdicts[kind] for kind in ("allow", "explicit_deny", "implicit_deny")) > REQUESTS / 50
