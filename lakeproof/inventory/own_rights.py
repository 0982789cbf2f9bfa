"""Whether the principal that asks may do all that a policy lists: simulated, before anything is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakeproof.inventory.pages import listed

SOMETHING = "lakeproof"
"""Stands in for whatever a name ends with."""


def lacking(iam: Any, caller_arn: str, policy: Mapping[str, Any], account_id: str, region: str) -> list[str]:
    """The actions of the policy's statements that its own policies do not allow to the caller, sorted.

    Each statement is simulated on its first resource, with its own condition met. Raises ClientError when the caller
    may not simulate, or not even read itself.
    """
    if caller_arn.endswith(":root"):
        return []
    source = principal(iam, caller_arn)
    missing: set[str] = set()
    for statement in policy["Statement"]:
        resource = _texts(statement["Resource"])[0]
        answer = listed(
            iam,
            "simulate_principal_policy",
            "EvaluationResults",
            PolicySourceArn=source,
            ActionNames=_texts(statement["Action"]),
            ResourceArns=[_example(resource, account_id, region)],
            ContextEntries=list(_context(statement.get("Condition", {}))),
        )
        missing |= {each["EvalActionName"] for each in answer if each["EvalDecision"] != "allowed"}
    return sorted(missing)


def principal(iam: Any, caller_arn: str) -> str:
    """The ARN whose policies count: a session's role, whose path the session's ARN leaves out."""
    kind, _, rest = caller_arn.split(":", 5)[5].partition("/")
    if kind != "assumed-role":
        return caller_arn
    arn: str = iam.get_role(RoleName=rest.split("/")[0])["Role"]["Arn"]
    return arn


def _example(resource: str, account_id: str, region: str) -> str:
    if resource == "*":
        return resource
    partition, service, place, owner, name = resource.removeprefix("arn:").split(":", 4)
    place, owner = (value if text == "*" else text for text, value in ((place, region), (owner, account_id)))
    return f"arn:{partition}:{service}:{place}:{owner}:{name.replace('*', SOMETHING)}"


def _context(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for keys in condition.values():
        for key, values in keys.items():
            yield {"ContextKeyName": key, "ContextKeyValues": _texts(values), "ContextKeyType": "string"}


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
