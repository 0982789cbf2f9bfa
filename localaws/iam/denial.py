"""A refusal on the wire: each service's error code and AWS's text.

Sources: IAM User Guide, "Troubleshoot access denied error messages"; captured messages of S3 (the resource stands in
quotes) and STS (no "because").
"""

from __future__ import annotations

from localaws.errors import AwsError, not_implemented
from localaws.iam.decision import Decision

CODES = dict.fromkeys(("s3", "iam", "sts", "cloudformation"), ("AccessDenied", 403))
"""Error code and HTTP status by botocore service name; all others speak JSON."""
JSON_CODE = ("AccessDeniedException", 400)


class AccessDenied(AwsError):
    """A refusal by IAM. ``decision`` can explain itself."""

    def __init__(self, service: str, decision: Decision) -> None:
        code, status = CODES.get(service, JSON_CODE)
        super().__init__(code, text(service, decision), status)
        self.decision = decision


def text(service: str, decision: Decision) -> str:
    """The message of a refusal, as the service gives it."""
    if service == "sts":
        return decision.message.removesuffix(decision.reason).rstrip()
    if service == "s3" and decision.resource != "*":
        return decision.message.replace(f"resource: {decision.resource} ", f'resource: "{decision.resource}" ', 1)
    return decision.message


def refusal(service: str, decision: Decision) -> AwsError:
    """What to raise for a decision that does not allow.

    A decision that hangs on what the embedded account does not know (a condition key, a malformed statement) is no
    evidence about AWS: it is refused as not implemented, by name.
    """
    if decision.faults:
        asked = f"{decision.action} on {decision.resource}"
        return not_implemented("iam", asked, f"depends on what is not known here: {'; '.join(decision.faults)}")
    return AccessDenied(service, decision)
