"""Why a request was allowed or refused: which statement decided, and why no other did.

Made on demand from the same compiled statements that decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from localaws.iam.document import Statement
from localaws.iam.evaluator import Attached, Policies, PolicyType, Request, Verdict, applies
from localaws.iam.positions import statement_line

POLICY_NAMES: dict[PolicyType, str] = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
}
"""As AWS's messages call them (IAM User Guide, "Troubleshoot access denied error messages")."""

Because = Literal["action", "principal", "resource", "condition", "unreadable", "unknown condition key"]


@dataclass(frozen=True, slots=True)
class Compared:
    """A condition: the policy's values beside the request's. ``request`` is None when the key is absent."""

    operator: str
    key: str
    policy: tuple[str, ...]
    request: tuple[str, ...] | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What one statement had to say. ``because`` is why it did not apply, None when it did.

    ``line`` is where the statement begins in the policy's text; ``policy`` names the file of a policy that has one.
    """

    policy_type: PolicyType
    policy: str
    policy_arn: str | None
    statement: int
    line: int
    sid: str
    effect: Literal["Allow", "Deny"]
    applies: bool
    decided: bool
    because: Because | None
    detail: str
    conditions: tuple[Compared, ...]

    def text(self) -> str:
        """One line for a reader."""
        name = f"statement {self.statement}{f' ({self.sid})' if self.sid else ''}"
        head = f"{self.effect} by {name} of {POLICY_NAMES[self.policy_type]} {self.policy}, line {self.line}"
        if self.decided:
            return f"{head}: decided"
        return f"{head}: {'applies' if self.applies else f'does not apply, {self.because}'}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with every statement that was looked at."""

    principal: str
    action: str
    resource: str
    verdict: Literal["allow", "explicit_deny", "implicit_deny"]
    reason: str
    faults: tuple[str, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data, fit for JSON."""
        return asdict(self)

    def text(self) -> str:
        """The same for a reader, the deciding statement first."""
        verdict = {"allow": "allowed", "explicit_deny": "refused", "implicit_deny": "refused"}[self.verdict]
        lines = [f"{self.action} on {self.resource} by {self.principal}: {verdict} {self.reason}".rstrip()]
        lines += [f"  could not be judged: {fault}" for fault in self.faults]
        ordered = sorted(self.findings, key=lambda finding: (not finding.decided, not finding.applies))
        return "\n".join([*lines, *(f"  {finding.text()}" for finding in ordered)])


def explain(request: Request, policies: Policies, verdict: Verdict, reason: str) -> Explanation:
    """Explain a verdict on a request."""
    findings = tuple(
        _finding(attached, statement, request, verdict)
        for attached in in_force(policies)
        for statement in attached.policy.statements
    )
    who = request.who.arn
    return Explanation(who, request.action, request.resource, verdict.kind, reason, verdict.faults, findings)


def in_force(policies: Policies) -> Iterator[Attached]:
    """Every policy, in the order in which AWS evaluates them."""
    for level in policies.scp:
        yield from level
    yield from policies.rcp
    yield from policies.resource
    yield from policies.identity
    yield from policies.boundary or ()
    yield from policies.session or ()


def _finding(attached: Attached, statement: Statement, request: Request, verdict: Verdict) -> Finding:
    compared = tuple(
        Compared(test.operator, test.name, test.values, request.lookup(test.key), test.holds(request.lookup))
        for test in statement.conditions.tests
    )
    covers = statement.covers_action(request.action.lower())
    because, detail = _why_not(statement, request, compared)
    decided = verdict.by is not None and verdict.by.statement is statement and verdict.by.attached == attached
    return Finding(
        policy_type=attached.type,
        policy=attached.name,
        policy_arn=attached.arn,
        statement=statement.index,
        line=attached.first_line - 1 + statement_line(attached.policy.text, statement.index),
        sid=statement.sid,
        effect="Deny" if statement.denies else "Allow",
        applies=covers and applies(statement, request),
        decided=decided,
        because=because,
        detail=detail,
        conditions=compared,
    )


def _why_not(statement: Statement, request: Request, compared: tuple[Compared, ...]) -> tuple[Because | None, str]:
    if statement.fault is not None:
        return ("unreadable", statement.fault)
    if not statement.covers_action(request.action.lower()):
        name = "NotAction" if statement.not_action else "Action"
        return "action", f"{request.action} against {name} {_listed(pattern.text for pattern in statement.actions)}"
    if statement.principals is not None and not statement.principals.grip(request.who):
        name = "NotPrincipal" if statement.principals.negated else "Principal"
        return "principal", f"{request.who.arn} against {name} {statement.principals.text}"
    if not statement.covers_resource(request.resource, request.lookup):
        name = "NotResource" if statement.not_resource else "Resource"
        patterns = _listed(pattern.text for pattern in statement.resources or ())
        return "resource", f"{request.resource} against {name} {patterns}"
    failed = [test for test in compared if not test.holds]
    if failed:
        return "condition", "; ".join(
            f"{test.operator} {test.key} {_listed(test.policy)}, the request has "
            f"{'no such key' if test.request is None else _listed(test.request)}"
            for test in failed
        )
    if statement.conditions.unknown and not statement.denies:
        return "unknown condition key", ", ".join(statement.conditions.unknown)
    return None, "action, resource and conditions match"


def _listed(texts: Iterator[str] | tuple[str, ...]) -> str:
    return " | ".join(texts) or "(nothing)"
