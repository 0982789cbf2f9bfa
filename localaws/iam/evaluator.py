"""The decision on one request, as AWS documents it.

Source: IAM User Guide, "Policy evaluation logic" with its pages on requests within a single account, cross-account
requests, explicit and implicit denies, and permissions boundaries. An explicit deny anywhere wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from localaws.iam.document import Policy, Statement
from localaws.iam.patterns import Lookup
from localaws.iam.principals import Grip, Requester

PolicyType = Literal["scp", "rcp", "resource", "identity", "boundary", "session"]


RCP_SERVICES = frozenset({"kms", "s3", "secretsmanager", "sqs", "sts"})
"""The services, by IAM prefix, that resource control policies reach (AWS Organizations User Guide, "RCPs")."""


class Attached(NamedTuple):
    """A policy in force. ``name`` is what a reader knows it by, the file where it came from one; ``arn`` is None for an
    inline policy. ``first_line`` is the line of that file on which the policy begins."""

    policy: Policy
    type: PolicyType
    name: str
    arn: str | None = None
    first_line: int = 1


class Together(tuple[Attached, ...]):
    """Policies that are always asked together. Its own dictionary has the statements of all of them by action."""

    def about(self, action: str) -> tuple[tuple[Attached, Statement], ...]:
        """The statements whose Action or NotAction covers an action, given in lower case."""
        by_action: dict[str, tuple[tuple[Attached, Statement], ...]] = self.__dict__
        found = by_action.get(action)
        if found is None:
            found = tuple((entry, statement) for entry in self for statement in entry.policy.about(action))
            if len(by_action) < 4096:
                by_action[action] = found
        return found


class Match(NamedTuple):
    """A statement that applies to a request."""

    attached: Attached
    statement: Statement


@dataclass(frozen=True, slots=True)
class Policies:
    """Everything in force for a request.

    ``boundary`` and ``session`` are None when there is none; an empty tuple allows nothing. ``scp`` has one tuple
    of policies per level of the organization (root, units, account): each level must allow.
    """

    identity: Sequence[Attached] = ()
    resource: Sequence[Attached] = ()
    boundary: Sequence[Attached] | None = None
    session: Sequence[Attached] | None = None
    scp: Sequence[Sequence[Attached]] = ()
    rcp: Sequence[Attached] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """``action`` as the service writes it. ``resource`` is an ARN, or ``*`` where the action has no resource.

    ``trust_required``: the resource's own policy must allow too, even within one account (role trust policies).
    """

    who: Requester
    action: str
    resource: str
    resource_account: str
    lookup: Lookup
    trust_required: bool = False


class Verdict(NamedTuple):
    """``by`` is the statement that decided; ``lacking`` the type of policy that failed to allow.

    ``faults`` name what the embedded account could not judge and therefore did not let allow.
    """

    kind: Literal["allow", "explicit_deny", "implicit_deny"]
    by: Match | None
    lacking: PolicyType | None
    faults: tuple[str, ...] = ()


class _Scan(NamedTuple):
    deny: Match | None
    allow: Match | None
    faults: tuple[str, ...]


_NOTHING = _Scan(None, None, ())


def applies(statement: Statement, request: Request) -> bool:
    """Whether a statement that covers the action also covers principal, resource and conditions.

    What cannot be judged (a fault, an unknown condition key) applies in a Deny and not in an Allow.
    """
    if statement.fault is not None:
        return statement.denies
    if statement.principals is not None and not statement.principals.grip(request.who):
        return False
    lookup = request.lookup
    if not statement.covers_resource(request.resource, lookup):
        return False
    conditions = statement.conditions
    for test in conditions.tests:
        if not test.holds(lookup):
            return False
    return statement.denies if conditions.unknown else True


def evaluate(request: Request, policies: Policies) -> Verdict:
    """Decide. Pure: the same request and policies give the same verdict."""
    action = request.action.lower()
    exempt = request.who.service_linked
    service = request.who.kind == "service"
    levels = [] if exempt or service else [_scan(level, action, request) for level in policies.scp]
    ruled = action.partition(":")[0] in RCP_SERVICES and not exempt
    rcp = _scan(policies.rcp, action, request) if ruled else _NOTHING
    resource = _scan(policies.resource, action, request)
    identity = _scan(policies.identity, action, request)
    boundary = None if policies.boundary is None else _scan(policies.boundary, action, request)
    session = None if policies.session is None else _scan(policies.session, action, request)
    scans = [scan for scan in (*levels, rcp, resource, identity, boundary, session) if scan is not None]
    denies = [scan for scan in scans if scan.deny is not None]
    if denies:
        plain = next((scan for scan in denies if not scan.faults), denies[0])
        assert plain.deny is not None
        return Verdict("explicit_deny", plain.deny, plain.deny.attached.type, plain.faults)
    lacking, by = _allowed(request, levels, resource, identity, boundary, session)
    if lacking is None:
        return Verdict("allow", by, None)
    blamed = {"resource": (resource,), "identity": (identity, resource), "scp": levels}
    suspects = blamed.get(lacking, (boundary if lacking == "boundary" else session,))
    return Verdict("implicit_deny", None, lacking, tuple(fault for scan in suspects if scan for fault in scan.faults))


def _allowed(
    request: Request,
    levels: Sequence[_Scan],
    resource: _Scan,
    identity: _Scan,
    boundary: _Scan | None,
    session: _Scan | None,
) -> tuple[PolicyType | None, Match | None]:
    """The type of policy that fails to allow, None when all allow; and the statement that allows."""
    for level in levels:
        if level.allow is None:
            return "scp", None
    who = request.who
    grip = Grip.NONE
    if resource.allow is not None and resource.allow.statement.principals is not None:
        grip = resource.allow.statement.principals.grip(who)
    same_account = who.account == request.resource_account
    if who.kind == "service":
        return ("resource", None) if grip is Grip.NONE else (None, resource.allow)
    if grip is Grip.NONE and (request.trust_required or not same_account):
        return "resource", None
    if same_account and grip is Grip.DIRECT:
        return None, resource.allow
    granted = identity.allow
    if same_account and grip is Grip.ROLE:
        granted = resource.allow
    if granted is None and who.kind != "root":
        return "identity", None
    if boundary is not None and boundary.allow is None:
        return "boundary", None
    if session is not None and session.allow is None:
        return "session", None
    return None, granted or resource.allow


def _scan(attached: Sequence[Attached], action: str, request: Request) -> _Scan:
    """The first applying Deny, or else the strongest applying Allow, with what could not be judged.

    ``faults`` are those of the Deny when it applies only because it could not be judged, or else of the Allows.
    """
    if not attached:
        return _NOTHING
    deny: Match | None = None
    allow: Match | None = None
    strength = Grip.NONE
    doubts: list[str] = []
    faults: list[str] = []
    together = attached if isinstance(attached, Together) else Together(attached)
    for entry, statement in together.about(action):
        if statement.denies:
            if applies(statement, request):
                fault = _fault(entry, statement, request)
                if fault is None:
                    return _Scan(Match(entry, statement), None, ())
                deny = deny or Match(entry, statement)
                doubts.append(fault)
        elif strength is not Grip.DIRECT:
            if applies(statement, request):
                grip = Grip.DIRECT if statement.principals is None else statement.principals.grip(request.who)
                if grip > strength:
                    allow, strength = Match(entry, statement), grip
            elif fault := _fault(entry, statement, request):
                faults.append(fault)
    if deny is not None:
        return _Scan(deny, None, tuple(doubts))
    if allow is None and not faults:
        return _NOTHING
    return _Scan(None, allow, tuple(faults))


def _fault(entry: Attached, statement: Statement, request: Request) -> str | None:
    """Why a statement cannot be judged, where it could matter to the request."""
    if statement.fault is None and not statement.conditions.unknown:
        return None
    where = f"statement {statement.index} of {entry.name}"
    if statement.fault is not None:
        return f"{where}: {statement.fault}"
    if not statement.covers_resource(request.resource, request.lookup):
        return None
    if not all(test.holds(request.lookup) for test in statement.conditions.tests):
        return None
    return f"{where}: condition key {', '.join(statement.conditions.unknown)} is not known to the embedded account"
