"""A decision: what was asked, what was decided, and AWS's words for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from localaws.iam.evaluator import Policies, Request, Verdict, evaluate
from localaws.iam.explanation import POLICY_NAMES, Explanation, explain


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one action on one resource. Cheap to make: the explanation is worked out when asked for."""

    request: Request
    policies: Policies
    verdict: Verdict

    @property
    def allowed(self) -> bool:
        """Whether the action may be done."""
        return self.verdict.kind == "allow"

    @property
    def kind(self) -> Literal["allow", "explicit_deny", "implicit_deny"]:
        """How it was decided."""
        return self.verdict.kind

    @property
    def action(self) -> str:
        """The IAM action."""
        return self.request.action

    @property
    def resource(self) -> str:
        """The resource's ARN, or ``*``."""
        return self.request.resource

    @property
    def faults(self) -> tuple[str, ...]:
        """What the embedded account could not judge and therefore refused; empty for AWS's own decisions."""
        return self.verdict.faults

    @property
    def reason(self) -> str:
        """The tail of AWS's message; empty for an allow.

        Source: IAM User Guide, "Troubleshoot access denied error messages".
        """
        verdict = self.verdict
        if verdict.kind == "allow" or verdict.lacking is None:
            return ""
        name = POLICY_NAMES[verdict.lacking]
        if verdict.kind == "explicit_deny":
            article = "an" if name[0] in "aeiou" else "a"
            return f"with an explicit deny in {article} {name}"
        return f"because no {name} allows the {self.request.action} action"

    @property
    def message(self) -> str:
        """AWS's message for a refusal. "on resource" is left out where the action has no resource."""
        request = self.request
        where = "" if request.resource == "*" else f" on resource: {request.resource}"
        return f"User: {request.who.arn} is not authorized to perform: {request.action}{where} {self.reason}".rstrip()

    def explain(self) -> Explanation:
        """Which statement of which policy decided, and why each other one did not."""
        return explain(self.request, self.policies, self.verdict, self.reason)


def decide(request: Request, policies: Policies) -> Decision:
    """Evaluate a request."""
    return Decision(request, policies, evaluate(request, policies))
