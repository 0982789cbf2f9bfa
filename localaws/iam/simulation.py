"""What a simulation is about: the caller, the policies, the resources and the context that its parameters describe.

Source: IAM API Reference, SimulateCustomPolicy and SimulatePrincipalPolicy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError, not_implemented
from localaws.iam.context import Values
from localaws.iam.document import Kind, compile_document, compiled
from localaws.iam.evaluator import Attached, Policies, PolicyType
from localaws.iam.fault import PolicyFault
from localaws.iam.guardrails import guardrails
from localaws.iam.principals import Requester

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call
    from localaws.store import PolicyRecord

UNSERVED = ("PolicyExclusionList", "ResourceHandlingOption")
MAX_DOCUMENT = 131072
"""Characters, as for every list's greatest length below."""
MAX_CONTEXT_KEY = 256

ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_ENTITY = re.compile(r"arn:aws:iam::(\d{12}):(user|group|role)/(?:.*/)?([^/]+)")
_ACCOUNT = re.compile(r"(?:arn:aws:iam::)?(\d{12})(?::root)?")
_SOURCE_TYPES = {"managed": "user-managed", "group-managed": "user-managed", "group-inline": "group"}


@dataclass(frozen=True, slots=True)
class Source:
    """A policy of the simulation. ``source_type`` is IAM's word for where it comes from."""

    attached: Attached
    source_type: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """``resources`` is ``("*",)`` when none was named. ``context`` has keys in lower case."""

    who: Requester
    policies: Policies
    sources: tuple[Source, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    owner: str
    context: Mapping[str, Values]


def custom(account: Account, call: Call) -> Simulation:
    """The simulation that SimulateCustomPolicy asks for. Raises AwsError InvalidInput or NotImplemented."""
    params = call.params
    _refuse_unserved(params)
    identity = _inputs(params, "PolicyInputList", "identity", "identity", "none")
    return _simulation(account, params, params.get("CallerArn"), identity, None, bool(params.get("ResourcePolicy")))


def of_principal(account: Account, call: Call) -> Simulation:
    """The simulation that SimulatePrincipalPolicy asks for. Raises AwsError as ``custom``, and NoSuchEntity."""
    params = call.params
    _refuse_unserved(params)
    kind, name = _entity(params["PolicySourceArn"])
    records, boundary_arn = _directory(account, kind, name, params["PolicySourceArn"])
    identity = [_stored(record, kind) for record in records]
    identity += _inputs(params, "PolicyInputList", "identity", "identity", "none")
    boundary: tuple[Attached, ...] | None = None
    if boundary_arn is not None:
        record = account.store.managed_policy(boundary_arn)
        boundary = (
            (Attached(compiled(record.document, "identity"), "boundary", record.name, record.arn),) if record else ()
        )
    caller = params.get("CallerArn", None if kind == "group" else params["PolicySourceArn"])
    simulation = _simulation(account, params, caller, identity, boundary, bool(params.get("ResourcePolicy")))
    rails = guardrails(account.scps)
    return replace(simulation, policies=replace(simulation.policies, scp=rails.scp, rcp=rails.rcp))


def _simulation(
    account: Account,
    params: Mapping[str, Any],
    caller: str | None,
    identity: Sequence[Source],
    boundary: tuple[Attached, ...] | None,
    with_resource_policy: bool,
) -> Simulation:
    if with_resource_policy and caller is None:
        raise _invalid("CallerArn is required if you include a ResourcePolicy")
    if with_resource_policy and caller is not None and _entity(caller)[0] == "role":
        raise _invalid("Simulation of resource-based policies isn't supported for IAM roles.")
    resource: list[Source] = []
    if with_resource_policy:
        resource = _inputs({"List": [params["ResourcePolicy"]]}, "List", "resource", "resource", "resource")
        resource = [replace(each, attached=each.attached._replace(name="ResourcePolicy")) for each in resource]
    bounds = _inputs(params, "PermissionsBoundaryPolicyInputList", "boundary", "identity", "none")
    if bounds:
        boundary = tuple(source.attached for source in bounds)
    who = _requester(account, caller, boundary is not None)
    levels = tuple(
        tuple(source.attached for source in _inputs(level, "ServiceControlPolicyInputList", "scp", "scp", "none"))
        for level in params.get("OrderedOrganizationPolicyInputList", [])
    )
    policies = Policies(
        identity=tuple(source.attached for source in identity),
        resource=tuple(source.attached for source in resource),
        boundary=boundary,
        scp=levels,
    )
    resources = tuple(params.get("ResourceArns") or ("*",))
    for arn in resources:
        if arn != "*" and arn.count(":") < 5:
            raise _invalid(f"Invalid Input Resource ARN: {arn}")
    actions = tuple(params["ActionNames"])
    for action in actions:
        if not ACTION.fullmatch(action):
            raise _invalid(f"Invalid Action Name: {action}")
    owner = _ACCOUNT.fullmatch(params["ResourceOwner"]) if "ResourceOwner" in params else None
    if "ResourceOwner" in params and owner is None:
        raise _invalid(f"Invalid ResourceOwner: {params['ResourceOwner']}")
    return Simulation(
        who=who,
        policies=policies,
        sources=(*identity, *resource),
        actions=actions,
        resources=resources,
        owner=owner.group(1) if owner else who.account,
        context={**_identity_keys(who, caller), **_context(params.get("ContextEntries", []))},
    )


def _inputs(params: Mapping[str, Any], name: str, kind: PolicyType, grammar: Kind, source_type: str) -> list[Source]:
    """The documents of a parameter, each of which must be a valid policy."""
    found = []
    for number, text in enumerate(params.get(name, []), 1):
        if len(text) > MAX_DOCUMENT:
            raise _invalid(f"{name}.{number} is longer than {MAX_DOCUMENT} characters")
        try:
            policy = compile_document(text, grammar)
        except PolicyFault as fault:
            raise _invalid(f"Invalid Input Policy: {fault.aws_text}") from fault
        found.append(Source(Attached(policy, kind, f"{name}.{number}"), source_type))
    return found


def _stored(record: PolicyRecord, kind: str) -> Source:
    attached = Attached(compiled(record.document, "identity"), "identity", record.name, record.arn)
    if record.arn is not None and record.arn.startswith("arn:aws:iam::aws:"):
        return Source(attached, "aws-managed")
    return Source(attached, _SOURCE_TYPES.get(record.kind, kind))


def _directory(account: Account, kind: str, name: str, arn: str) -> tuple[tuple[PolicyRecord, ...], str | None]:
    store = account.store
    if kind == "user":
        user = store.user(name)
        if user is not None and user.arn == arn:
            return store.user_policies(name), user.boundary_arn
    elif kind == "role":
        role = store.role(name)
        if role is not None and role.arn == arn:
            return store.role_policies(name), role.boundary_arn
    else:
        records = store.group_policies(name)
        if records is not None:
            return records, None
    raise AwsError("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404)


def _entity(arn: str) -> tuple[str, str]:
    match = _ENTITY.fullmatch(arn)
    if match is None:
        raise _invalid(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    return match.group(2), match.group(3)


def _requester(account: Account, caller: str | None, bounded: bool) -> Requester:
    """The simulated caller; without one, a nameless user of this account."""
    if caller is None:
        return Requester("user", f"arn:aws:iam::{account.account_id}:user/", account.account_id, bounded=bounded)
    kind, name = _entity(caller)
    owner = caller.split(":")[4]
    if kind == "role":
        return Requester("role", caller, owner, role_arn=caller, bounded=bounded)
    user = account.store.user(name) if owner == account.account_id else None
    return Requester("user", caller, owner, user.user_id if user else "", bounded=bounded)


def _identity_keys(who: Requester, caller: str | None) -> dict[str, Values]:
    """The keys that follow from CallerArn (inferred: the simulator resolves ${aws:username} for a user)."""
    if caller is None:
        return {}
    keys: dict[str, Values] = {"aws:principalarn": (who.arn,), "aws:principalaccount": (who.account,)}
    if ":user/" in who.arn:
        keys["aws:username"] = (who.arn.rpartition("/")[2],)
        keys["aws:principaltype"] = ("User",)
        if who.unique_id:
            keys["aws:userid"] = (who.unique_id,)
    return keys


def _context(entries: Sequence[Mapping[str, Any]]) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for entry in entries:
        name, values = entry.get("ContextKeyName", ""), tuple(entry.get("ContextKeyValues", ()))
        if not 5 <= len(name) <= MAX_CONTEXT_KEY or ":" not in name:
            raise _invalid(f"Invalid ContextKeyName: {name}")
        if not str(entry.get("ContextKeyType", "string")).endswith("List") and len(values) > 1:
            raise _invalid(f"Context key {name} has several values but is not of a list type")
        found[name.lower()] = values or None
    return found


def _refuse_unserved(params: Mapping[str, Any]) -> None:
    for name in UNSERVED:
        if params.get(name):
            raise not_implemented("iam", "the policy simulator", f"with {name} is not served by the embedded account")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInput", message, 400)
