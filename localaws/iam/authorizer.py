"""The gate of the embedded account: every call passes here before its service sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeVar

from localaws.errors import not_implemented
from localaws.iam.context import Context, Values, resource_account
from localaws.iam.decision import Decision, decide
from localaws.iam.denial import refusal
from localaws.iam.document import Kind, compiled
from localaws.iam.evaluator import Attached, Policies, PolicyType, Request, Together
from localaws.iam.guardrails import Guardrails, guardrails
from localaws.iam.needs import questions
from localaws.iam.principals import Requester
from localaws.iam.table import table
from localaws.iam.template import Template, read
from localaws.iam.validation import check_stored
from localaws.store.records import RoleRecord

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call
    from localaws.caller import Caller
    from localaws.store.records import PolicyRecord

Value = TypeVar("Value")
Given = Mapping[str, str | Sequence[str]]
NOTHING_GIVEN: Given = {}
NO_TEMPLATES: Mapping[str, Template] = {}
ASSUME_ROLE_KEYS = (
    "sts:rolesessionname",
    "sts:externalid",
    "sts:sourceidentity",
    "sts:transitivetagkeys",
    "aws:sourceaccount",
)
"""Condition keys that only assuming a role fills; aws:SourceAccount when a service does so."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """The decisions that a call needed, all of them allowing."""

    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A caller as IAM sees it: who it is, and the policies that follow it everywhere."""

    who: Requester
    identity: tuple[Attached, ...]
    boundary: tuple[Attached, ...] | None
    session: tuple[Attached, ...] | None


@dataclass(frozen=True, slots=True)
class Held:
    """What a user or role holds, whoever speaks for it. ``bounded`` also when the boundary's policy is gone."""

    unique_id: str
    identity: tuple[Attached, ...]
    bounded: bool
    boundary: tuple[Attached, ...] | None


NOTHING_HELD = Held("", (), False, None)


class Authorizer:
    """Decides for one account. It keeps no verdict: policies are read from the account at each decision."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def authorize(self, call: Call) -> Authorization:
        """Answer every question that a call raises. Raises AwsError at the first refusal.

        The error has the service's own code and AWS's text. An operation without a row in the table raises
        NotImplemented by name. An allowed call that stores a policy document is refused if the document is
        malformed or too large (MalformedPolicyDocument, LimitExceeded).
        """
        rows = table(call.service)
        row = rows.rows.get(call.operation)
        if row is None:
            raise not_implemented(call.service, call.operation)
        if not row.needs:
            return Authorization(())
        standing = self.standing(call.caller)
        decisions: list[Decision] = []
        for action, resource, given in questions(self._account, call, row, rows):
            context = Context(self._account, call.caller, resource, given, call, rows.context)
            decision = self._decide(standing, action, resource, context, ())
            if not decision.allowed:
                raise refusal(call.service, decision)
            decisions.append(decision)
        for need in row.needs:
            for path, kind in need.stores.items():
                for document in read(call.params, path):
                    check_stored(self._account, call, document, kind)
        return Authorization(tuple(decisions))

    def check(self, call: Call, action: str, resource: str, context: Given = NOTHING_GIVEN) -> Decision:
        """Ask one question with a call's rights: what a service does for its caller. Raises AwsError on refusal.

        The error is that of the service that owns the action, not of the one that was called.
        """
        templates = table(call.service).context if action.startswith(f"{call.service}:") else NO_TEMPLATES
        looked_up = Context(self._account, call.caller, resource, _normal(context), call, templates)
        decision = self._decide(self.standing(call.caller), action, resource, looked_up, ())
        if not decision.allowed:
            raise refusal(action.partition(":")[0], decision)
        return decision

    def decide(
        self,
        caller: Caller,
        action: str,
        resource: str,
        context: Given = NOTHING_GIVEN,
        resource_policies: Sequence[str] = (),
    ) -> Decision:
        """Decide without raising. ``resource_policies`` are JSON texts, beside the resource's own stored policy."""
        looked_up = Context(self._account, caller, resource, _normal(context))
        return self._decide(self.standing(caller), action, resource, looked_up, resource_policies)

    def assume_role_decision(
        self,
        role: RoleRecord,
        call: Call,
        *,
        session_name: str,
        external_id: str | None = None,
        source_identity: str | None = None,
        tags: Mapping[str, str] | None = None,
        transitive_tag_keys: frozenset[str] = frozenset(),
        context: Given = NOTHING_GIVEN,
    ) -> Decision:
        """Decide AssumeRole for ``call.caller``.

        sts:AssumeRole comes first, then sts:TagSession and sts:SetSourceIdentity as needed. Each must be allowed by
        the role's trust policy and by the caller's policies, as with any resource policy; but a trust policy must
        always allow. Returns the first refusal, or else the decision on sts:AssumeRole.
        Source: IAM User Guide, "Pass session tags in AWS STS", "Monitor and control actions taken with assumed roles".
        """
        given = _normal(context)
        service_account = self._account.account_id if call.caller.kind == "service" else None
        texts = (session_name, external_id, source_identity)
        given.update(zip(ASSUME_ROLE_KEYS, ((text,) if text else None for text in texts), strict=False))
        given["sts:transitivetagkeys"] = tuple(sorted(transitive_tag_keys)) or None
        given["aws:sourceaccount"] = (service_account,) if service_account else None
        given["aws:tagkeys"] = tuple(tags or ()) or None
        given.update({f"aws:requesttag/{key.lower()}": (value,) for key, value in (tags or {}).items()})
        actions = ["sts:AssumeRole"]
        actions += ["sts:TagSession"] if tags else []
        actions += ["sts:SetSourceIdentity"] if source_identity is not None else []
        standing = self.standing(call.caller)
        trust = (Attached(compiled(role.trust, "trust"), "resource", f"trust policy of {role.name}"),)
        decisions = []
        for action in actions:
            lookup = Context(self._account, call.caller, role.arn, given, call)
            request = Request(standing.who, action, role.arn, self._account.account_id, lookup, trust_required=True)
            decision = decide(request, self._policies(standing, trust))
            if not decision.allowed:
                return decision
            decisions.append(decision)
        return decisions[0]

    def standing(self, caller: Caller) -> Standing:
        """Read a caller's policies. Whose user or role is gone has none left, and no policy names it any more."""
        if caller.kind == "service":
            return Standing(Requester("service", caller.arn, ""), (), None, None)
        role_session = caller.session
        if role_session is None:
            held = self._held("user", caller.user_name or "")
            who = Requester(caller.kind, caller.arn, caller.account_id, caller.principal_id, None, held.bounded)
            return Standing(who, held.identity, held.boundary, None)
        held = self._held("role", role_session.role_name)
        session = None
        if role_session.policies:
            session = tuple(_attached(text, "session", "session policy") for text in role_session.policies)
        if held.unique_id != role_session.role_id:
            return Standing(Requester(caller.kind, caller.arn, caller.account_id), (), (), session)
        who = Requester(
            caller.kind, caller.arn, caller.account_id, caller.principal_id, role_session.role_arn, held.bounded
        )
        return Standing(who, held.identity, held.boundary, session)

    def _held(self, kind: Literal["user", "role"], name: str) -> Held:
        """What a user or role holds; nothing when it is gone."""
        return self._settled(f"{kind} {name}", self._holds(kind, name))

    def trusted(self, name: str) -> RoleRecord | None:
        """The role of that name, with its trust policy, as AssumeRole knows it."""
        return self._settled(f"trust {name}", self._account.store.role(name))

    def _settled(self, key: str, value: Value) -> Value:
        """The value itself, or an older one where the account is to be eventually consistent."""
        return self._account.faults.settled("iam", key, value, self._account.clock.now())

    def note(self, kind: Literal["user", "role"], name: str) -> None:
        """Somebody is about to change, or has changed, what a user or role holds."""
        self._held(kind, name)
        if kind == "role":
            self.trusted(name)

    def _holds(self, kind: Literal["user", "role"], name: str) -> Held:
        """Worked out again after each change of the directory."""
        store = self._account.store
        memory = store.memory
        found: Held | None = memory.get((f"{kind} holds", name))
        if found is None:
            entity = store.user(name) if kind == "user" else store.role(name)
            if entity is None:
                return NOTHING_HELD
            records = store.user_policies(name) if kind == "user" else store.role_policies(name)
            boundary = self._boundary(entity.boundary_arn)
            found = memory[f"{kind} holds", name] = Held(
                entity.role_id if isinstance(entity, RoleRecord) else entity.user_id,
                identity_policies(records),
                entity.boundary_arn is not None,
                boundary,
            )
        return found

    def _boundary(self, arn: str | None) -> tuple[Attached, ...] | None:
        """The policy that bounds; one that is gone allows nothing."""
        if arn is None:
            return None
        record = self._account.store.managed_policy(arn)
        return (_attached(record.document, "boundary", record.name, arn),) if record else ()

    def _decide(
        self, standing: Standing, action: str, resource: str, context: Context, documents: Sequence[str]
    ) -> Decision:
        own = [_attached(text, "resource", "resource policy") for text in documents]
        own += self._stored_policy(action, resource)
        owner = resource_account(resource, self._account.account_id)
        request = Request(standing.who, action, resource, owner, context)
        return decide(request, self._policies(standing, own))

    def _policies(self, standing: Standing, resource: Sequence[Attached]) -> Policies:
        rails = self.guardrails
        return Policies(standing.identity, resource, standing.boundary, standing.session, rails.scp, rails.rcp)

    @property
    def guardrails(self) -> Guardrails:
        """The organization's policies in force."""
        return guardrails(self._account.scps)

    def _stored_policy(self, action: str, resource: str) -> list[Attached]:
        """The policy on the resource itself: of a bucket, for its objects too, or of a secret."""
        if resource.startswith("arn:aws:s3:::"):
            bucket = resource[len("arn:aws:s3:::") :].partition("/")[0]
            text = self._account.store.bucket_policy(bucket) if self._account.store.bucket_exists(bucket) else None
            name = f"bucket policy of {bucket}"
        elif resource.startswith("arn:aws:secretsmanager:") and not resource.endswith("-??????"):
            text = self._account.store.secret_policy(resource)
            name = f"resource policy of {resource}"
        else:
            return []
        return [_attached(text, "resource", name)] if text else []


@lru_cache(maxsize=8192)
def identity_policies(records: tuple[PolicyRecord, ...]) -> Together:
    """The policies of a user or role, compiled. Kept by their texts: a changed policy is a new key."""
    return Together(_attached(record.document, "identity", record.name, record.arn) for record in records)


_KINDS: dict[PolicyType, Kind] = {"resource": "resource", "scp": "scp", "rcp": "rcp"}


def _attached(
    text: str, kind: Literal["resource", "identity", "boundary", "session"], name: str, arn: str | None = None
) -> Attached:
    return Attached(compiled(text, _KINDS.get(kind, "identity")), kind, name, arn)


def _normal(context: Given) -> dict[str, Values]:
    """Context as the evaluator reads it: keys in lower case, every value a tuple."""
    return {key.lower(): (value,) if isinstance(value, str) else tuple(value) or None for key, value in context.items()}
