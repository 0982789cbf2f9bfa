"""A second policy evaluator, slow and plain, written from AWS's documentation alone.

It exists to disagree with `localaws.iam`: it imports nothing of it and shares no idea with it. Every rule names its
page: [UG x] is https://docs.aws.amazon.com/IAM/latest/UserGuide/x.html, [ORG x] the AWS Organizations User Guide.
What AWS refuses to store is refused here too (`MalformedPolicy`), never ignored. "Inferred" marks what the pages do
not say or say in two ways; `strategies.py` keeps away from those spots.
"""

import base64
import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import Any

Request = Mapping[str, Any]  # principal, action, resource, resource_account, context
Policies = Mapping[str, Any]  # kind -> document or documents; scp and rcp: [{"level": ..., "policies": [document]}]
Statement = Mapping[str, Any]
Who = dict[str, str]  # the names of the one who asks: account and root, user | role | role and session; or service
Pattern = list[tuple[str, bool]]  # its characters, each with: is it a wildcard?
Compare = Callable[[Pattern, str], bool]  # the policy's value, the request's value

KINDS = ("identity", "boundary", "session", "resource", "scp", "rcp")
PAIRS = ("Principal", "Action", "Resource")
ELEMENTS = {"Sid", "Effect", "Condition", *PAIRS, *("Not" + name for name in PAIRS)}


class MalformedPolicy(ValueError):
    """The document breaks the policy grammar, so AWS would not have stored it. [UG reference_policies_grammar]"""


def decide(request: Request, policies: Policies) -> str:
    """Return "allow", "explicit_deny" or "implicit_deny"; raise MalformedPolicy, or ValueError for a caller of another
    kind or that cannot have these policies. [UG reference_policies_evaluation-logic_policy-eval-denyallow]; for two
    accounts [UG reference_policies_evaluation-logic-cross-account]."""
    who = names_of(request)
    if set(policies) - set(KINDS) or (policies.get("session") and "role" not in who):
        raise ValueError(f"not policies of {request['principal']}: {sorted(policies)}")
    bounded = bool(policies.get("boundary")) and "service" not in who
    said: dict[str, list[set[str]]] = {}  # kind -> for each group of its documents, what they say
    for kind in KINDS:
        said[kind] = [verdicts(group, kind, request, who, bounded) for group in groups_of(policies, kind, who)]
    if any("deny" in group for groups in said.values() for group in groups):
        return "explicit_deny"
    granted = set().union(*said["resource"])
    by_identity = any(said["identity"])
    if "service" in who:  # it has no policies of its own: only the resource's policy can let it in
        enough = bool(granted)
    elif who["account"] != request["resource_account"]:  # "only if both evaluations return a decision of Allow"
        enough = bool(granted) and by_identity and all(said["boundary"] + said["session"])
    elif "direct" in granted:  # not limited by an implicit deny in the caller's own policies
        enough = True
    else:
        by_either = "role" in granted or (by_identity and ("account" in granted or not must_be_granted(request)))
        enough = by_either and all(said["boundary"] + said["session"])
    return "allow" if enough and all(said["scp"] + said["rcp"]) else "implicit_deny"


def groups_of(policies: Policies, kind: str, who: Who) -> list[list[Any]]:
    """The documents of a kind that are asked, in groups that must each allow: SCPs and RCPs have a group per level from
    the root to the account. [ORG orgs_manage_policies_scps_evaluation] Neither limits a service-linked role; a service
    meets RCPs and resource policies only. [ORG orgs_manage_policies_scps, orgs_manage_policies_rcps]"""
    if "service" in who and kind not in ("resource", "rcp"):
        return []
    if kind in ("scp", "rcp"):
        linked = ":role/aws-service-role/" in who.get("role", "")
        return [] if linked else [level["policies"] for level in policies.get(kind) or []]
    return [listed(policies[kind])] if policies.get(kind) else []


def must_be_granted(request: Request) -> bool:
    """Role trust policies and KMS key policies "must explicitly allow access for principals", in the same account too.
    [UG reference_policies_evaluation-logic_policy-eval-denyallow]"""
    service, resource = request["action"].split(":")[0].lower(), request["resource"]
    return (service == "sts" and ":role/" in resource) or (service == "kms" and ":key/" in resource)


def verdicts(documents: list[Any], kind: str, request: Request, who: Who, bounded: bool) -> set[str]:
    """What the statements that apply say: "deny", or for an Allow whom it names: "direct", "role" or "account".
    A missing Version means 2008-10-17. [UG reference_policies_elements_version] All condition operators and keys are
    ANDed. [UG reference_policies_condition-logic-multiple-context-keys-or-values]"""
    said = set()
    for document in documents:
        version = document.get("Version", "2008-10-17")
        if version not in ("2008-10-17", "2012-10-17"):
            raise MalformedPolicy(f"Version {version}")
        for statement in listed(document["Statement"]):
            check(statement, kind)
            met = [action_applies(statement, request), resource_applies(statement, kind, version, request)]
            for name, block in statement.get("Condition", {}).items():
                met += [holds(name, key, texts(block[key]), version, request["context"]) for key in block]
            named = principal_applies(statement, who, bounded) if kind == "resource" else {"direct"}
            if all(met) and named:
                said |= {"deny"} if statement["Effect"] == "Deny" else named
    return said


def check(statement: Statement, kind: str) -> None:
    """Refuse what is outside the grammar. [UG reference_policies_grammar, access-analyzer-reference-policy-checks] Only
    a resource policy may leave Resource out: it means the resource it is attached to, as trust policies do."""
    principals, actions, resources = ((name in statement) + ("Not" + name in statement) for name in PAIRS)
    if set(statement) - ELEMENTS or statement.get("Effect") not in ("Allow", "Deny") or actions != 1:
        raise MalformedPolicy(f"unknown element or effect, or not one of Action and NotAction: {statement}")
    if resources != 1 and (resources, kind) != (0, "resource"):
        raise MalformedPolicy(f"not one of Resource and NotResource: {statement}")
    if principals != (kind in ("resource", "rcp")) or ("NotPrincipal" in statement and statement["Effect"] == "Allow"):
        raise MalformedPolicy(f"principals in a policy of kind {kind}, or NotPrincipal with Allow: {statement}")


def names_of(request: Request) -> Who:
    """The names by which a policy can mean the one who asks. A session's role is `aws:PrincipalArn` where the context
    has it (only that shows the role's path), else it is rebuilt. [UG reference_policies_elements_principal]"""
    principal: str = request["principal"]
    if principal.endswith(".amazonaws.com"):
        return {"service": principal}
    prefix, partition, service, _, account, resource = [*principal.split(":", 5), *[""] * 5][:6]
    who = {"account": account, "root": f"arn:{partition}:iam::{account}:root"}
    if (prefix, service) == ("arn", "iam") and resource.split("/")[0] in ("user", "role"):
        return {**who, resource.split("/")[0]: principal}
    if (prefix, service) == ("arn", "sts") and resource.startswith("assumed-role/"):
        rebuilt = f"arn:{partition}:iam::{account}:role/{resource.split('/')[1]}"
        return {**who, "role": [*values_of(request["context"], "aws:PrincipalArn"), rebuilt][0], "session": principal}
    raise ValueError(f"not a user, a role, a role session or a service: {principal}")


def principal_applies(statement: Statement, who: Who, bounded: bool) -> set[str]:
    """How the statement means the one who asks; empty if it does not. A user, a session, a service and everyone ("*")
    are granted access directly; a role's grant is limited by boundary and session policies; an account's delegates to
    identity policies. [UG reference_policies_elements_principal] NotPrincipal spares who is listed with the account (a
    session: its role with the account), but "will always deny any IAM principal that has a permissions boundary policy
    attached". [UG reference_policies_elements_notprincipal]"""
    if "Principal" in statement:
        met = principals_met(statement["Principal"], who)
        return {name if name in ("role", "account") else "direct" for name in met}
    met = principals_met(statement["NotPrincipal"], who)
    needed = {"service"} if "service" in who else {"account", "role" if "role" in who else "user"}
    return {"direct"} if bounded or not ("everyone" in met or needed <= met) else set()


def principals_met(element: Any, who: Who) -> set[str]:
    """Which names of the one who asks the element lists. "You cannot use a wildcard to match part of a principal name
    or ARN." {"AWS": "*"} is read like "*": the page says so of anonymous callers; for services it is inferred."""
    if element == "*":
        return {"everyone"}
    if not isinstance(element, Mapping) or set(element) - {"AWS", "Service", "Federated", "CanonicalUser"}:
        raise MalformedPolicy("The Principal element contents are not valid. Specify a key-value pair")
    aws, services = listed(element.get("AWS", [])), listed(element.get("Service", []))
    if any("*" in value for value in aws if value != "*"):
        raise MalformedPolicy(f"wildcard in a part of a principal: {aws}")
    met = {name for name in ("account", "user", "role", "session") if who.get(name) in aws}
    met |= {"account"} if who.get("root") in aws else set()
    return met | ({"everyone"} if "*" in aws else set()) | ({"service"} if who.get("service") in services else set())


def action_applies(statement: Statement, request: Request) -> bool:
    """The prefix and the action name are case insensitive; * and ? are wildcards; NotAction is everything but the list.
    [UG reference_policies_elements_action, reference_policies_elements_notaction]"""
    patterns = listed(statement.get("Action", statement.get("NotAction")))
    if any(text != "*" and ":" not in text for text in patterns):
        raise MalformedPolicy(f"an action has no service: {patterns}")
    return any(glob(wildcards(text.lower()), request["action"].lower()) for text in patterns) == ("Action" in statement)


def resource_applies(statement: Statement, kind: str, version: str, request: Request) -> bool:
    """Resource or NotResource, case-sensitive; * crosses colons (inferred: promised where it ends a segment). In "an
    identity-based policy" an incomplete ARN is completed with *. With a variable that has no value it "will not match
    any resource", in either element. [UG reference_policies_elements_resource, reference-arns,
    reference_policies_variables]"""
    met = []
    for text in listed(statement.get("Resource", statement.get("NotResource", "*"))):
        incomplete = kind in ("identity", "boundary") and text != "*"
        pattern = substituted(text + ":*" * (5 - text.count(":")) * incomplete, version, request["context"])
        met.append(pattern is not None and glob(pattern, request["resource"]))
    return any(met) == ("NotResource" not in statement)


def wildcards(text: str) -> Pattern:
    """The text as a pattern: * and ? are wildcards."""
    return [(char, char in "*?") for char in text]


def substituted(text: str, version: str, context: Mapping[str, Any]) -> Pattern | None:
    """The pattern with its variables replaced, or None if one has no value: "there is no equal or like value".
    Before Version 2012-10-17 variables are literal text. ${*}, ${?} and ${$} are those characters; a value brings no
    wildcards in (inferred). [UG reference_policies_variables]"""
    if version != "2012-10-17" or "${" not in text:
        return wildcards(text)
    before, _, rest = text.partition("${")
    body, brace, after = rest.partition("}")
    if not body or not brace:
        raise MalformedPolicy(f"empty variable or missing brace: {text}")
    value = body if body in ("*", "?", "$") else variable(body, context)
    tail = substituted(after, version, context)
    return None if value is None or tail is None else [*wildcards(before), *((c, False) for c in value), *tail]


def variable(body: str, context: Mapping[str, Any]) -> str | None:
    """The value of ${key} or ${key, 'default'}. "You cannot use a multivalued context key as a policy variable": it has
    no value, nor has an empty one (inferred). [UG reference_policies_condition-single-vs-multi-valued-context-keys]"""
    key, comma, default = body.partition(", ")
    if comma and not (len(default) > 1 and default[0] == default[-1] == "'"):
        raise MalformedPolicy(f"missing quote in variable: {body}")
    single = {name: value for name, value in context.items() if not isinstance(value, list)}
    return next((value for value in values_of(single, key) if value), default[1:-1] if comma else None)


def glob(pattern: Pattern, text: str) -> bool:
    """Does the pattern cover the whole text? Keeps every place that the pattern so far can reach."""
    places = {0}
    for char, wild in pattern:
        if wild and char == "*":
            places = {after for place in places for after in range(place, len(text) + 1)}
        else:
            places = {place + 1 for place in places if place < len(text) and (wild or text[place] == char)}
    return len(text) in places


def holds(name: str, key: str, wanted: list[str], version: str, context: Mapping[str, Any]) -> bool:
    """Does one operator hold on one key? Policy values are ORed, for a negated operator NORed. An absent key fails a
    positive operator, meets a negated one and any ...IfExists. ForAllValues is true and ForAnyValue false for no key
    and for "a null dataset, such as an empty string". Variables: in String and Arn operators only.
    [UG reference_policies_elements_condition_operators, ...condition-single-vs-multi-valued-context-keys]"""
    values = values_of(context, key)
    if name == "Null":  # true: the key does not exist; false: it exists
        return ("false" if values else "true") in wanted
    quantifier, _, bare = name.rpartition(":")
    base = bare.removesuffix("IfExists")
    compare = OPERATORS.get(base.replace("Not", "") if base in NEGATED else base)
    if compare is None or name.count(":") > 1 or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise MalformedPolicy(f"The condition operator {name} is not valid")
    language = version if base.startswith(("String", "Arn")) else "no variables"
    patterns = [substituted(want, language, context) for want in wanted]
    met = [any(p is not None and compare(p, one) for p in patterns) != (base in NEGATED) for one in values]
    if not values and bare.endswith("IfExists"):
        return True
    if quantifier and values in ([], [""]):
        return quantifier == "ForAllValues"
    every = quantifier == "ForAllValues" or (not quantifier and base in NEGATED)
    return all(met) if every else any(met)  # several values without a set operator: inferred


def arn_like(pattern: Pattern, value: str) -> bool:
    """ "Each of the six colon-delimited components of the ARN is checked separately." """
    colons = [place for place, (char, _) in enumerate(pattern) if char == ":"][:5]
    parts = [pattern[start + 1 : end] for start, end in pairwise([-1, *colons, len(pattern)])]
    found = value.split(":", 5)
    return len(parts) == len(found) == 6 and all(glob(part, text) for part, text in zip(parts, found, strict=True))


def parsed(parse: Callable[..., Any], test: Callable[..., bool], want: Callable[..., Any] | None = None) -> Compare:
    """Compare the request's value with the policy's, both parsed. What does not parse matches nothing (inferred)."""

    def compare(pattern: Pattern, value: str) -> bool:
        try:
            return test(parse(value), (want or parse)("".join(char for char, _ in pattern)))
        except (ValueError, TypeError, InvalidOperation):
            return False

    return compare


def moment(text: str) -> datetime:
    """A time, from ISO 8601 (a date is its midnight in UTC) or from epoch seconds (only digits)."""
    iso = text if "T" in text else text + "T00:00:00Z"
    return datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(iso)


def listed(value: Any) -> list[Any]:
    """ "If the element takes an array but only one value is included, the brackets are optional." """
    return value if isinstance(value, list) else [value]


def texts(value: Any) -> list[str]:
    """The values as text. "Quotation marks are optional for numeric and Boolean values." """
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in listed(value)]


def values_of(context: Mapping[str, Any], key: str) -> list[str]:
    """The values of a context key, none if it is absent or an empty list. "Key names are not case-sensitive." """
    return [text for name in context if name.lower() == key.lower() for text in texts(context[name])]


ORDERS = {"Equals": "eq", "LessThan": "lt", "LessThanEquals": "le", "GreaterThan": "gt", "GreaterThanEquals": "ge"}
OPERATORS: dict[str, Compare] = {
    "StringEquals": parsed(str, operator.eq),
    "StringEqualsIgnoreCase": parsed(str.lower, operator.eq),
    "StringLike": glob,
    **dict.fromkeys(("ArnEquals", "ArnLike"), arn_like),
    "Bool": parsed(lambda text: ("false", "true").index(text.lower()), operator.eq),
    "BinaryEquals": parsed(lambda text: base64.b64decode(text, validate=True), operator.eq),
    "IpAddress": parsed(ip_address, lambda one, range_: one in range_, lambda text: ip_network(text, strict=False)),
    **{"Numeric" + name: parsed(Decimal, getattr(operator, order)) for name, order in ORDERS.items()},
    **{"Date" + name: parsed(moment, getattr(operator, order)) for name, order in ORDERS.items()},
}
NEGATED = {"StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike"}
NEGATED |= {"NumericNotEquals", "DateNotEquals", "NotIpAddress"}
