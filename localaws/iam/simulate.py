"""IAM's policy simulator, on the evaluator that decides every call.

Source: IAM API Reference, SimulateCustomPolicy, SimulatePrincipalPolicy, GetContextKeysForCustomPolicy,
GetContextKeysForPrincipalPolicy and their data types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from localaws.call import Handler
from localaws.errors import AwsError
from localaws.iam.context import resource_account
from localaws.iam.document import Statement, compile_document
from localaws.iam.evaluator import Attached, Policies, Request, Verdict, applies, evaluate
from localaws.iam.fault import PolicyFault
from localaws.iam.positions import position, statement_spans
from localaws.iam.simulation import Simulation, custom, of_principal

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call

DECISIONS = {"allow": "allowed", "explicit_deny": "explicitDeny", "implicit_deny": "implicitDeny"}
SEVERITY = ("allow", "implicit_deny", "explicit_deny")
"""From the mildest: the decision on an action over several resources is the most restrictive of theirs."""
PAGE = 100


def simulate_custom_policy(account: Account, call: Call) -> Mapping[str, Any]:
    """The operation. Raises AwsError InvalidInput."""
    return _page(call, _results(custom(account, call)))


def simulate_principal_policy(account: Account, call: Call) -> Mapping[str, Any]:
    """The operation. Raises AwsError InvalidInput or NoSuchEntity."""
    return _page(call, _results(of_principal(account, call)))


def context_keys_for_custom_policy(_account: Account, call: Call) -> Mapping[str, Any]:
    """The operation. Raises AwsError InvalidInput."""
    return {"ContextKeyNames": sorted(_named_keys(call.params["PolicyInputList"]))}


def context_keys_for_principal_policy(account: Account, call: Call) -> Mapping[str, Any]:
    """The operation. Raises AwsError InvalidInput or NoSuchEntity."""
    params = {**call.params, "ActionNames": []}
    simulation = of_principal(account, call.acting("iam", call.operation, params, call.invoked_by or ""))
    statements = [statement for each in simulation.policies.identity for statement in each.policy.statements]
    return {"ContextKeyNames": sorted({key for statement in statements for key in _keys(statement)})}


def _named_keys(documents: list[str]) -> set[str]:
    try:
        policies = [compile_document(text, "identity") for text in documents]
    except PolicyFault as fault:
        raise AwsError("InvalidInput", f"Invalid Input Policy: {fault.aws_text}", 400) from fault
    return {key for policy in policies for statement in policy.statements for key in _keys(statement)}


def _results(simulation: Simulation) -> Iterator[dict[str, Any]]:
    """One result per action, with one per resource in it where resources were named."""
    for action in simulation.actions:
        each = [_on_resource(simulation, action, resource) for resource in simulation.resources]
        worst = max((verdict.kind for verdict, _ in each), key=SEVERITY.index)
        result: dict[str, Any] = {
            "EvalActionName": action,
            "EvalResourceName": "*",
            "EvalDecision": DECISIONS[worst],
            "MatchedStatements": _union(part["MatchedStatements"] for verdict, part in each if verdict.kind == worst),
            "MissingContextValues": sorted({key for _, part in each for key in part["MissingContextValues"]}),
        }
        for name in ("PermissionsBoundaryDecisionDetail", "OrganizationsDecisionDetail"):
            details = [part[name] for _, part in each if name in part]
            if details:
                member = next(iter(details[0]))
                result[name] = {member: all(detail[member] for detail in details)}
        details = [part["EvalDecisionDetails"] for _, part in each if "EvalDecisionDetails" in part]
        if simulation.resources != ("*",):
            result["EvalDecisionDetails"] = _most_restrictive(details)
            specific = [{k: v for k, v in part.items() if k != "OrganizationsDecisionDetail"} for _, part in each]
            result["ResourceSpecificResults"] = specific
        yield result


def _on_resource(simulation: Simulation, action: str, resource: str) -> tuple[Verdict, dict[str, Any]]:
    policies = simulation.policies
    owner = resource_account(resource, simulation.owner)
    request = Request(simulation.who, action, resource, owner, simulation.context.get)
    verdict = evaluate(request, policies)
    result: dict[str, Any] = {
        "EvalResourceName": resource,
        "EvalResourceDecision": DECISIONS[verdict.kind],
        "MatchedStatements": list(_matched(simulation, request, verdict)),
        "MissingContextValues": sorted(set(_missing(simulation, action))),
    }
    if policies.boundary is not None:
        alone = Policies(boundary=policies.boundary, identity=policies.boundary)
        allowed = evaluate(request, alone).kind == "allow"
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
    if policies.scp:
        levels = [evaluate(request, Policies(identity=level)).kind == "allow" for level in policies.scp]
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": all(levels)}
    if resource != "*":
        result["EvalDecisionDetails"] = _details(request, policies) if owner != simulation.who.account else {}
    return verdict, result


def _details(request: Request, policies: Policies) -> dict[str, str]:
    """What each type of policy says by itself of a cross-account request."""
    found = {"IAM Policy": _alone(request, policies.identity)}
    found["Resource Policy"] = _alone(request, policies.resource)
    if policies.boundary is not None:
        found["Permissions Boundary Policy"] = _alone(request, policies.boundary)
    return found


def _alone(request: Request, attached: Any) -> str:
    statements = [s for each in attached for s in each.policy.about(request.action.lower()) if applies(s, request)]
    if any(statement.denies for statement in statements):
        return "explicitDeny"
    return "allowed" if statements else "implicitDeny"


def _matched(simulation: Simulation, request: Request, verdict: Verdict) -> Iterator[dict[str, Any]]:
    """The statements that determine the decision: every matching Allow, or every matching Deny; none for neither."""
    if verdict.kind == "implicit_deny":
        return
    denying = verdict.kind == "explicit_deny"
    for source in simulation.sources:
        for statement in source.attached.policy.about(request.action.lower()):
            if statement.denies is denying and applies(statement, request):
                yield _located(source.attached, source.source_type, statement)


def _located(attached: Attached, source_type: str, statement: Statement) -> dict[str, Any]:
    text = attached.policy.text
    span = statement_spans(text)[statement.index - 1]
    return {
        "SourcePolicyId": attached.name,
        "SourcePolicyType": source_type,
        "StartPosition": position(text, span.start),
        "EndPosition": position(text, span.end),
    }


def _missing(simulation: Simulation, action: str) -> Iterator[str]:
    """Keys that statements about the action read and that no parameter gave."""
    for source in simulation.sources:
        for statement in source.attached.policy.about(action.lower()):
            for key in _keys(statement):
                if not simulation.context.get(key.lower()):
                    yield key


def _keys(statement: Statement) -> Iterator[str]:
    """The condition keys and policy variables of a statement; condition keys as the policy writes them."""
    yield from (test.name for test in statement.conditions.tests)
    yield from statement.conditions.unknown
    yield from (variable.key for pattern in statement.resources or () for variable in pattern.variables)
    yield from (variable.key for test in statement.conditions.tests for variable in test.variables)


def _union(lists: Iterator[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for entries in lists:
        found.extend(entry for entry in entries if entry not in found)
    return found


def _most_restrictive(details: list[dict[str, str]]) -> dict[str, str]:
    order = ("allowed", "implicitDeny", "explicitDeny")
    names = {name for detail in details for name in detail}
    return {name: max((d[name] for d in details if name in d), key=order.index) for name in sorted(names)}


def _page(call: Call, results: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """MaxItems results from Marker on. A marker is the number of results before it."""
    found = list(results)
    marker, size = call.params.get("Marker", "0"), int(call.params.get("MaxItems", PAGE))
    if not str(marker).isdigit():
        raise AwsError("InvalidInput", f"Invalid Marker: {marker}", 400)
    start = int(marker)
    page: dict[str, Any] = {"EvaluationResults": found[start : start + size], "IsTruncated": start + size < len(found)}
    if page["IsTruncated"]:
        page["Marker"] = str(start + size)
    return page


HANDLERS: dict[str, Handler] = {
    "GetContextKeysForCustomPolicy": context_keys_for_custom_policy,
    "GetContextKeysForPrincipalPolicy": context_keys_for_principal_policy,
    "SimulateCustomPolicy": simulate_custom_policy,
    "SimulatePrincipalPolicy": simulate_principal_policy,
}
