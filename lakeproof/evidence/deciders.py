"""Who let a probe through that should have been refused: the grants, statements and trust that the account holds.

Read when a scenario is red, for the reader of the report. Nothing is decided by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakeproof.evidence.places import places
from lakeproof.inventory import identity, lake
from lakeproof.probes.ledger import Attempt
from lakeproof.target import Target

READING = frozenset({"SELECT", "ALL"})
ACTIONS = {"ListObjectsV2": "ListBucket", "HeadObject": "GetObject"}
"""Operations whose IAM action has another name (service authorization reference, S3)."""


def deciders(attempt: Attempt, target: Target) -> str:
    """What allows an attempt, one line each, as far as the account tells. Never raises for what AWS answers."""
    try:
        found = sorted(set(_deciders(attempt, target)))
    except (ClientError, BotoCoreError) as error:
        return f"could not be read: {error}"
    return "\n".join(found) or "no grant and no statement that names it was found"


def _deciders(attempt: Attempt, target: Target) -> Iterator[str]:
    principal = attempt.identity.principal_arn
    if attempt.sql is not None:
        yield from _grants(principal, target)
        return
    iam = target.client("iam")
    action = f"{attempt.service}:{ACTIONS.get(attempt.operation, attempt.operation)}"
    for policy in _policies(iam, principal):
        for statement, told in _told(f"policy {policy.name}", policy.document, target):
            if statement.get("Effect") == "Allow" and names(statement, action):
                yield told
    if attempt.operation == "AssumeRole":
        name = str(attempt.params["RoleArn"]).rpartition("/")[2]
        yield from (told for _, told in _told(f"trust policy of {name}", identity.role(iam, name).trust, target))


def _grants(principal: str, target: Target) -> Iterator[str]:
    for permission in lake.permissions(target.client("lakeformation")):
        if permission.principal in (principal, lake.IAM_ALLOWED_PRINCIPALS) and READING & {*permission.permissions}:
            yield f"Lake Formation: {permission}"


def _policies(iam: Any, principal: str) -> tuple[identity.Policy, ...]:
    kind, _, name = principal.rpartition(":")[2].partition("/")
    if kind == "user":
        return identity.user_policies(iam, name.rpartition("/")[2])
    role = identity.role(iam, name.rpartition("/")[2])
    return (*role.inline, *role.attached)


def names(statement: dict[str, Any], action: str) -> bool:
    """Whether a statement names an action, by its name or by a pattern. NotAction names what it does not list."""
    said = "Action" if "Action" in statement else "NotAction"
    patterns = identity.several(statement.get(said))
    found = any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns)
    return found == (said == "Action")


def _told(name: str, policy: Mapping[str, Any], target: Target) -> Iterator[tuple[dict[str, Any], str]]:
    """Each statement of a policy, with one line about it: which it is, where the plan has it, and what it says."""
    where = places(policy, target.policy_files)
    for number, statement in enumerate(identity.statements(policy), 1):
        sid = f" ({statement['Sid']})" if "Sid" in statement else ""
        text = json.dumps(statement, sort_keys=True)
        short = text if len(text) <= 300 else f"{text[:300]}…"
        yield statement, f"{name}, statement {number}{sid}, {where[number - 1]}: {short}"
