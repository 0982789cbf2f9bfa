"""What an outcome means for a scenario: met, not met, or evidence not obtained. No plugin.

Every judgement attaches what was expected and what was seen to the step that makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import allure
from allure_commons.types import AttachmentType

from fixtures.judgements import ALLOWED, REFUSED, judged
from lakeproof.evidence.deciders import deciders
from lakeproof.evidence.verdicts import EvidenceNotObtained, Finding, NotMet
from lakeproof.probes.actions import Done
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.outcome import Allowed, Cause, Denied, NotObtained
from lakeproof.target import Target

LONG = 60
"""Longer things stand on a line of their own."""
FEW = 8
"""So many things are named in a sentence; more are counted there, and listed in the attachment."""


def show(name: str, text: object) -> None:
    """Attach a text to the step at hand."""
    allure.attach(str(text), name, AttachmentType.TEXT)


def compare(
    what: str, expected: Iterable[object], seen: Iterable[object], *, remedy: str = "", ordered: bool = False
) -> None:
    """Expected and seen must be the same, compared both ways: nothing missing, nothing extra. Raises NotMet."""
    wanted, found = [str(each) for each in expected], [str(each) for each in seen]
    if not ordered:
        wanted, found = sorted(wanted), sorted(found)
    show("Expected", "\n".join(wanted) or "nothing")
    show("Seen", "\n".join(found) or "nothing")
    if wanted == found:
        return
    missing = [each for each in wanted if each not in found]
    extra = [each for each in found if each not in wanted]
    between = "\n" if any(len(each) > LONG for each in missing + extra) else ", "
    told = [("missing", missing), ("extra", extra)]
    differ = [f"{name}: {between.join(each)}" for name, each in told if each]
    seen_text = between.join(differ) or f"another order: {', '.join(found)}"
    brief = len(wanted) <= FEW and all(len(each) <= LONG for each in wanted)
    planned = ", ".join(wanted) if brief else f"exactly the {len(wanted)} that are planned"
    raise NotMet(f"{what}: {planned or 'nothing'}", seen_text, remedy=remedy)


def allowed(attempt: Attempt, why: str) -> Allowed:
    """The probe must have been allowed. Raises NotMet if it was refused, EvidenceNotObtained if neither."""
    _show(attempt, "allowed")
    judged(attempt, ALLOWED)
    outcome = attempt.outcome
    if isinstance(outcome, Allowed):
        return outcome
    if isinstance(outcome, NotObtained):
        raise _without_evidence(attempt, outcome)
    raise NotMet(
        f"allowed: {why}",
        f"{attempt}",
        decided=str(outcome.cause),
        likely=LIKELY_REFUSED[outcome.cause],
        remedy="compare grants and policies with the plan",
    )


def refused(attempt: Attempt, target: Target, *causes: Cause) -> Denied:
    """The probe must have been refused, for one of ``causes``. Raises NotMet if it was allowed or refused by another
    hand, EvidenceNotObtained if neither."""
    expected = f"refused, cause {' or '.join(causes)}"
    _show(attempt, expected)
    judged(attempt, REFUSED, causes)
    outcome = attempt.outcome
    if isinstance(outcome, NotObtained):
        raise _without_evidence(attempt, outcome)
    if isinstance(outcome, Allowed):
        raise NotMet(
            expected,
            f"{attempt}",
            decided=f"nobody refused it. What allows it:\n{deciders(attempt, target)}",
            likely="a grant, policy or tag gives more than the plan says",
            remedy=f"find what allows it to {attempt.identity.principal_arn}, and remove it",
        )
    if outcome.cause not in causes:
        raise NotMet(
            expected,
            f"{attempt}",
            decided=str(outcome.cause),
            likely="it was refused, but not by the control that this scenario is about",
            remedy="restore that control: the other refusal may go tomorrow",
        )
    return outcome


def all_hold(check: Callable[[Done], object], done: Sequence[Done]) -> None:
    """Every action must pass the check. Raises the finding of the one that does not; of several, one that names them
    all: NotMet if any control does not hold, else EvidenceNotObtained."""
    found: list[Finding] = []
    for each in done:
        try:
            check(each)
        except Finding as finding:
            found.append(finding)
    kind = NotMet if any(isinstance(finding, NotMet) for finding in found) else EvidenceNotObtained
    grave = [finding for finding in found if isinstance(finding, kind)]
    if len(grave) == 1:
        raise grave[0]
    if grave:
        raise kind(
            "\n".join(dict.fromkeys(finding.expected for finding in grave)),
            "\n".join(finding.seen for finding in grave),
            decided="\n".join(dict.fromkeys(finding.decided for finding in grave)),
            likely=grave[0].likely,
            remedy=grave[0].remedy,
        )


def twin(denied: Attempt, tried: Sequence[Attempt]) -> None:
    """Somebody who may did the same and was allowed, or the refusal proves nothing. Raises EvidenceNotObtained."""
    for attempt in tried:
        show("Twin", attempt)
        judged(attempt, ALLOWED)
    if not any(isinstance(attempt.outcome, Allowed) for attempt in tried):
        seen = "; ".join(map(str, tried)) or "nobody may"
        raise EvidenceNotObtained(
            "the same is allowed to somebody who may",
            seen,
            likely="the account refuses everybody",
            remedy=f"without a twin this proves nothing: {denied}",
        )


def _show(attempt: Attempt, expected: str) -> None:
    if attempt.sql is not None:
        show("SQL", attempt.sql)
    ids = f"query id {attempt.query_id}, " if attempt.query_id else ""
    show("Expected and seen", f"expected: {expected}\nseen: {attempt}\n{ids}request id {attempt.request_id}")


def _without_evidence(attempt: Attempt, outcome: NotObtained) -> EvidenceNotObtained:
    return EvidenceNotObtained(
        "an answer that allows or refuses", str(attempt), likely=outcome.error, remedy=outcome.remedy
    )


LIKELY_REFUSED: dict[Cause, str] = {
    Cause.LF_COLUMN: "the Lake Formation grant lacks the column",
    Cause.LF_TABLE: "the Lake Formation grant on the table is missing",
    Cause.LF_DATABASE: "no Lake Formation grant makes the database visible",
    Cause.LF_ROW: "a row filter is in the way",
    Cause.LF_PERMISSION: "a Lake Formation permission is missing",
    Cause.IAM_EXPLICIT: "a Deny in a policy of this identity",
    Cause.IAM_IMPLICIT: "a policy is missing or was detached",
    Cause.TRUST_POLICY: "the role's trust policy does not admit the caller",
    Cause.BOUNDARY: "a permissions boundary",
    Cause.SESSION_POLICY: "a session policy",
    Cause.RESOURCE_POLICY: "a resource-based policy",
    Cause.SCP: "a service control policy",
    Cause.S3: "the identity has no right to the bucket",
}
