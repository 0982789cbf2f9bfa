"""Policy documents that a call wants to store: grammar, quotas, and principals that must exist.

Sources: IAM User Guide, "IAM and AWS STS quotas" (white space does not count), "Grammar of the IAM JSON policy
language", "How IAM creates trust policies"; S3 API Reference, PutBucketPolicy (20 KB).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from localaws.errors import AwsError
from localaws.iam.document import Kind, Policy, compile_document
from localaws.iam.fault import PolicyFault

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call

DocumentKind = Literal["managed", "user", "group", "role", "trust", "bucket", "secret", "permission_set", "session"]

QUOTAS: dict[DocumentKind, int] = {
    "managed": 6144,
    "user": 2048,
    "group": 5120,
    "role": 10240,
    "trust": 2048,
    "bucket": 20480,
    "secret": 20480,
    "permission_set": 10240,
    "session": 2048,
}
"""Characters without white space; for user, group and role all inline policies together; bytes for S3."""

GRAMMARS: dict[DocumentKind, Kind] = {"trust": "trust", "bucket": "resource", "secret": "resource"}
"""All others are identity-based policies."""

MALFORMED: dict[DocumentKind, str] = {
    "bucket": "MalformedPolicy",
    "secret": "MalformedPolicyDocumentException",
    "permission_set": "ValidationException",
}
"""The error code of each service; IAM's is MalformedPolicyDocument."""

_SID = re.compile(r"[0-9A-Za-z]*")
_UNIQUE_ID = re.compile(r"(AIDA|AROA)[A-Z0-9]{8,}")
_ENTITY = re.compile(r"arn:aws:iam::(\d{12}):(user|role)/(?:.*/)?([^/]+)")


def validate_policy(document: str, kind: DocumentKind) -> Policy:
    """Check a document as it would be on being stored; returns it compiled.

    Raises AwsError: the service's code for a malformed policy, or LimitExceeded (409).
    """
    try:
        policy = compile_document(document, GRAMMARS.get(kind, "identity"))
        _check_sids(policy, kind)
        if kind == "trust":
            _check_trust_actions(policy)
    except PolicyFault as fault:
        raise AwsError(MALFORMED.get(kind, "MalformedPolicyDocument"), fault.aws_text) from fault
    if kind in ("managed", "trust", "bucket", "secret", "permission_set", "session"):
        _check_size(kind, counted(document), "")
    return policy


def check_stored(account: Account, call: Call, document: str, kind: DocumentKind) -> None:
    """Check a document that an authorised call stores, against the account too.

    Beyond ``validate_policy``: all inline policies of a user, group or role share one quota, and principals of this
    account must exist. Raises AwsError.
    """
    policy = validate_policy(document, kind)
    if kind in ("user", "group", "role"):
        name = str(call.params[f"{kind.capitalize()}Name"])
        others = _inline(account, kind, name, str(call.params["PolicyName"]))
        _check_size(kind, counted(document) + sum(map(counted, others)), name)
    for name in _principals(policy):
        if not _exists(account, name):
            text = f'Invalid principal in policy: "AWS":"{name}"' if kind == "trust" else "Invalid principal in policy"
            raise AwsError(MALFORMED.get(kind, "MalformedPolicyDocument"), text)


def counted(document: str) -> int:
    """A document's size as quotas count it: characters that are not white space."""
    return len("".join(document.split()))


def _check_size(kind: DocumentKind, size: int, name: str) -> None:
    quota = QUOTAS[kind]
    if size <= quota:
        return
    if kind == "bucket":
        raise AwsError("PolicyTooLarge", "The policy document is larger than 20 KB.", 400)
    texts = {
        "managed": f"Cannot exceed quota for PolicySize: {quota}",
        "trust": f"Cannot exceed quota for ACLSizePerRole: {quota}",
    }
    text = texts.get(kind, f"Maximum policy size of {quota} bytes exceeded for {kind} {name}".rstrip())
    raise AwsError("LimitExceeded", text, 409)


def _check_sids(policy: Policy, kind: DocumentKind) -> None:
    sids = [statement.sid for statement in policy.statements if statement.sid]
    if kind not in ("bucket", "secret") and not all(_SID.fullmatch(sid) for sid in sids):
        raise PolicyFault(
            "a Sid has other characters than letters and digits",
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
            "[0-9A-Za-z]*",
        )
    if len(set(sids)) != len(sids):
        raise PolicyFault("a Sid is given twice", "Statement IDs (SID) in a single policy must be unique.")


def _check_trust_actions(policy: Policy) -> None:
    for statement in policy.statements:
        if statement.not_action or not all(pattern.text.lower().startswith("sts:") for pattern in statement.actions):
            raise PolicyFault(
                "a trust policy is about STS actions only", "AssumeRole policy may only specify STS AssumeRole actions."
            )


def _principals(policy: Policy) -> Iterator[str]:
    for statement in policy.statements:
        if statement.principals is not None:
            yield from sorted(statement.principals.aws)


def _exists(account: Account, name: str) -> bool:
    """Whether a user or role of this account exists, by ARN or unique id; who is elsewhere counts as existing.

    The id of one that was deleted is shown in a policy, and cannot be stored again.
    """
    if _UNIQUE_ID.fullmatch(name) is not None:
        return account.store.has_id(name)
    entity = _ENTITY.fullmatch(name)
    if entity is None or entity.group(1) != account.account_id:
        return True
    kind, known = entity.group(2), entity.group(3)
    found = account.store.user(known) if kind == "user" else account.store.role(known)
    return found is not None and found.arn == name


def _inline(account: Account, kind: DocumentKind, name: str, replaced: str) -> list[str]:
    """The documents of an entity's inline policies but the one that is replaced."""
    if kind == "user":
        records = account.store.user_policies(name)
        return [record.document for record in records if record.kind == "inline" and record.name != replaced]
    if kind == "role":
        records = account.store.role_policies(name)
        return [record.document for record in records if record.kind == "inline" and record.name != replaced]
    try:
        names = account.store.invoke("iam", "ListGroupPolicies", {"GroupName": name})["PolicyNames"]
    except AwsError as error:
        if error.code != "NoSuchEntity":
            raise
        return []
    asked = [{"GroupName": name, "PolicyName": each} for each in names if each != replaced]
    return [unquote(str(account.store.invoke("iam", "GetGroupPolicy", each)["PolicyDocument"])) for each in asked]
