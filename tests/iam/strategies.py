"""Hypothesis strategies: callers, requests and policies for the two policy evaluators.

The alphabets are small, so that patterns and values really meet. Everything generated is valid for AWS and has one
documented answer. Kept out, because the documentation is silent or contradicts itself (docs/iam-fidelity.md): empty
strings and empty lists as context values, a multivalued key without a set operator or as a variable, wildcards in the
values of variables, variables in Bool or before the fifth colon of an ARN, a variable without a value in the
NotResource of an Allow, a NotPrincipal that names the caller without its account, {"AWS": "*"} for a service principal,
and RCPs for what they do not cover.
"""

from itertools import product
from typing import Any, NamedTuple

from hypothesis import strategies as st

Json = dict[str, Any]
Words = tuple[Any, ...]

HOME, AWAY = "111122223333", "444455556666"
TIMES = ("2026-03-01T08:00:00Z", "2026-03-01T09:00:00+01:00", "2026-03-02", "1772352000", "2026-02-28T23:59:59Z")


class Caller(NamedTuple):
    """One who asks: kind is user, session, linked (a service-linked role's session) or service; names: user ARN, or
    session ARN and role ARN, or service; context: the condition keys that AWS sets for it."""

    kind: str
    names: tuple[str, ...]
    context: Json


def user(name: str) -> Caller:
    """An IAM user."""
    arn = f"arn:aws:iam::{HOME}:user/{name}"
    keys = {"aws:PrincipalArn": arn, "aws:PrincipalAccount": HOME, "aws:PrincipalType": "User", "aws:username": name}
    return Caller("user", (arn,), {**keys, "aws:userid": "AIDAEXAMPLE", "aws:PrincipalIsAWSService": "false"})


def session(kind: str, path: str, role: str, name: str) -> Caller:
    """A role session. Only its aws:PrincipalArn shows the role's path."""
    arn = f"arn:aws:iam::{HOME}:role{path}{role}"
    keys = {"aws:PrincipalArn": arn, "aws:PrincipalAccount": HOME, "aws:PrincipalType": "AssumedRole"}
    keys |= {"aws:userid": f"AROAEXAMPLE:{name}", "aws:TokenIssueTime": TIMES[0], "aws:PrincipalIsAWSService": "false"}
    return Caller(kind, (f"arn:aws:sts::{HOME}:assumed-role/{role}/{name}", arn), keys)


LINKED_PATH, LINKED_ROLE = "/aws-service-role/lakeformation.amazonaws.com/", "AWSServiceRoleForLakeFormationDataAccess"
CALLERS = (
    user("ana"),
    user("bob"),
    session("session", "/", "analyst", "ana"),
    session("session", "/", "analyst", "bob"),
    session("session", "/data/", "reader", "ana"),
    session("linked", LINKED_PATH, LINKED_ROLE, "lf"),
    Caller("service", ("sagemaker.amazonaws.com",), {"aws:PrincipalIsAWSService": "true"}),
)
STRANGERS = (
    AWAY,
    f"arn:aws:iam::{AWAY}:root",
    f"arn:aws:iam::{AWAY}:user/ana",
    f"arn:aws:iam::{AWAY}:role/analyst",
    f"arn:aws:sts::{AWAY}:assumed-role/analyst/ana",
)

# What is asked: action, resource ({owner} is the resource's account).
TARGETS = (
    ("s3:GetObject", "arn:aws:s3:::lake/ana/a"),
    ("s3:GetObject", "arn:aws:s3:::lake/bob/a"),
    ("s3:GetObject", "arn:aws:s3:::lake/ANA/a"),
    ("s3:GetObject", "arn:aws:s3:::lake/${aws:username}/a"),
    ("s3:GetObjectTagging", "arn:aws:s3:::lake/ana/bob/a"),
    ("s3:PutObject", "arn:aws:s3:::lake/ana/a"),
    ("s3:ListBucket", "arn:aws:s3:::lake"),
    ("s3:ListAllMyBuckets", "*"),
    ("glue:GetTable", "arn:aws:glue:us-east-1:{owner}:table/lake/sales"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:{owner}:secret:ana-AbCdEf"),
    ("kms:Decrypt", "arn:aws:kms:us-east-1:{owner}:key/1"),
    ("sts:AssumeRole", "arn:aws:iam::{owner}:role/target"),
    ("sts:TagSession", "arn:aws:iam::{owner}:role/target"),
)
# The patterns of policies.
ACTIONS = (
    *("*", "*", "s3:*", "s3:*", "s3:Get*", "S3:get*", "s3:GetObject", "s3:GETOBJECT", "s3:?etObject", "s3:*Object"),
    *("s3:GetObject?", "s3:*tagging", "s3:List*", "s3:Put*", "glue:*", "glue:Get*", "secretsmanager:*", "kms:*"),
    *("kms:Decrypt", "sts:*", "sts:Assume*", "ec2:*"),
)
TRUSTED = ("sts:AssumeRole", "sts:AssumeRole", "sts:assume*", "sts:TagSession")
RESOURCES = (
    *("*", "*", "*", "*", "arn:aws:s3:::*", "arn:aws:s3:::lake", "arn:aws:s3:::lake/*", "arn:aws:s3:::lake*"),
    *("arn:aws:s3:::LAKE/*", "arn:aws:s3:::lake/ana/*", "arn:aws:s3:::lake/???/a", "arn:aws:s3:::lake/*/a"),
    *("arn:aws:s3:::lake/ana/a", "arn:aws:glue:*:*:table/lake/*", "arn:aws:glue:us-east-?:111122223333:table/lake/*"),
    *("arn:aws:kms:*:*:key/*", "arn:aws:iam::*:role/*", "arn:aws:secretsmanager:*:*:secret:*"),
    "arn:aws:secretsmanager:us-east-1:*:secret:ana-*",
)
INCOMPLETE = ("arn:aws:s3", "arn:aws:s3:*", "arn:aws:glue:us-east-1", "arn:aws:kms:*:111122223333")  # identity only
VARIABLES = ["${aws:username}", "${AWS:UserName}", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'ana'}"]
LITERALS = ["${*}", "${?}", "${$}"]  # only with 2012-10-17: what their * and ? mean in older policies is not documented
VERSIONS = ("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", None)

TEAMS = ("ana", "bob", "ANA", "a*", "${aws:username}")
ARNS = tuple(caller.context["aws:PrincipalArn"] for caller in CALLERS if caller.kind != "service")
BLOBS = ("QmluYXJ5", "AAECAw==")
# Condition keys that a request may have beside its caller's, with their values; a list is a multivalued key.
CONTEXT: dict[str, Words] = {
    "aws:PrincipalTag/team": ("ana", "bob"),
    "aws:PrincipalTag/blob": BLOBS,
    "aws:ResourceTag/team": TEAMS,
    "aws:RequestTag/team": TEAMS,
    "aws:MultiFactorAuthAge": ("9", "10", "10.0", "300"),
    "aws:CurrentTime": TIMES[:2],
    "aws:SecureTransport": ("true", "false"),
    "aws:SourceIp": ("203.0.113.1", "198.51.100.1", "2001:db8::1"),
    "aws:SourceArn": (*ARNS[:1], "arn:aws:sagemaker:us-east-1:111122223333:user-profile/d-1/ana", "arn:aws:s3:::lake"),
    "aws:TagKeys": (["team"], ["team", "env"], ["env", "Team"], ["cost"]),
    "aws:CalledVia": (["athena.amazonaws.com"], ["cloudformation.amazonaws.com", "athena.amazonaws.com"]),
}
MULTIVALUED = ("aws:TagKeys", "aws:CalledVia")
TEXTS = ["ana", "bob", "Ana", "a?a", "*", "a*", "team", "env", "athena.amazonaws.com", "*.amazonaws.com", *VARIABLES]
TEXT_KEYS = ("aws:ResourceTag/team", "AWS:resourcetag/team", "aws:RequestTag/team", "aws:username", *MULTIVALUED)
PATTERNS = [*ARNS, "arn:aws:iam::*:user/*", "arn:*:iam::111122223333:role/*", "arn:aws:s3:::*", "arn:aws:iam::*:*a?a"]
ORDERS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
TEXT_TESTS = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
# Families of condition operators: endings of their names, condition keys, values in the policy.
FAMILIES: dict[str, tuple[Words, Words, list[Any]]] = {
    "String": (TEXT_TESTS, TEXT_KEYS, TEXTS),
    "Arn": (("Equals", "NotEquals", "Like", "NotLike"), ("aws:PrincipalArn", "aws:sourcearn"), PATTERNS),
    "Numeric": (ORDERS, ("aws:MultiFactorAuthAge",), ["10", 10, "9.5", "300"]),
    "Date": (ORDERS, ("aws:CurrentTime", "aws:TokenIssueTime"), [*TIMES]),
    "Bool": (("",), ("aws:SecureTransport", "aws:PrincipalIsAWSService"), ["true", "false", True, False]),
    "Binary": (("Equals",), ("aws:PrincipalTag/blob",), [*BLOBS]),
    "IpAddress": (("",), ("aws:SourceIp",), ["203.0.113.0/24", "203.0.113.1", "2001:DB8::/32", "0.0.0.0/0"]),
    "NotIpAddress": (("",), ("aws:SourceIp",), ["203.0.113.0/24", "2001:DB8::/32"]),
    "Null": (("",), (*CONTEXT, "aws:username"), ["true", "false"]),
}
SINGLE = ("Bool", "Null")  # several values make no sense with these


def one_or_more(values: Any) -> st.SearchStrategy[Any]:
    """One value of the alphabet, bare or in a list, or several."""
    one = st.sampled_from(values)
    return one | st.lists(one, min_size=1, max_size=3)


@st.composite
def contexts(draw: st.DrawFn, caller: Caller) -> Json:
    """The condition keys of a request: the caller's own and some of CONTEXT."""
    keys = draw(st.sets(st.sampled_from(tuple(CONTEXT))))
    if caller.kind == "service":
        keys -= {"aws:PrincipalTag/team", "aws:PrincipalTag/blob"}
    return {**caller.context, **{key: draw(st.sampled_from(CONTEXT[key])) for key in sorted(keys)}}


@st.composite
def conditions(draw: st.DrawFn, version: str | None) -> Json:
    """A Condition element: one or two operators on one or two keys."""
    condition: Json = {}
    for _ in range(draw(st.integers(1, 2))):
        family = draw(st.sampled_from((*FAMILIES, "String", "String", "Arn")))
        endings, keys, values = FAMILIES[family]
        if family == "String" and version == "2012-10-17":
            values = [*values, "a${*}", "${*}", "${?}*"]
        if family == "Arn":
            values = [*values, "arn:aws:iam::111122223333:user/${aws:username}"]
        chosen = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=2, unique_by=str.lower))
        several = any(key in MULTIVALUED for key in chosen)
        quantifier = draw(st.sampled_from(("ForAllValues:", "ForAnyValue:", *(() if several else ("", "", "")))))
        name = family + draw(st.sampled_from(endings))
        if family != "Null":
            name = quantifier + name + draw(st.sampled_from(("", "", "IfExists")))
        if name in condition:
            continue
        wanted = st.sampled_from(values) if family in SINGLE else one_or_more(values)
        condition[name] = {key: draw(wanted) for key in chosen}
    return condition


@st.composite
def principals(draw: st.DrawFn, caller: Caller, effect: str, kind: str) -> Json:
    """Principal, or for a Deny (not in a trust policy) NotPrincipal. That one names the caller together with its role
    and account, or not at all."""
    account = st.sampled_from((HOME, f"arn:aws:iam::{HOME}:root"))
    if (effect, kind) == ("Deny", "resource") and draw(st.integers(0, 2)) == 0:
        strangers = draw(st.lists(st.sampled_from(STRANGERS), min_size=1, max_size=2))
        if draw(st.booleans()):
            return {"NotPrincipal": {"AWS": strangers}}
        if caller.kind == "service":
            return {"NotPrincipal": {"AWS": strangers, "Service": list(caller.names)}}
        return {"NotPrincipal": {"AWS": [*caller.names, draw(account), *strangers]}}
    if draw(st.integers(0, 4)) == 0:
        return {"Principal": "*"}
    if caller.kind == "service":
        services = ("athena.amazonaws.com", *caller.names, *caller.names)
        return {"Principal": {"Service": draw(one_or_more(services)), "AWS": draw(one_or_more(STRANGERS))}}
    others = [name for one in CALLERS if one.kind != "service" for name in one.names]
    name = st.sampled_from(caller.names) | account | st.sampled_from((*others, *STRANGERS, "*"))
    return {"Principal": {"AWS": draw(st.lists(name, min_size=1, max_size=2))}}


def resource_patterns(kind: str, version: str | None) -> list[str]:
    """The resources that a policy of this kind and version may name."""
    names = VARIABLES + (LITERALS if version == "2012-10-17" else [])
    objects = [f"arn:aws:s3:::lake/{name}{tail}" for name in names for tail in ("/*", "/a")]
    secret = "arn:aws:secretsmanager:us-east-1:*:secret:${aws:PrincipalTag/team}-*"
    return [*RESOURCES, *RESOURCES, *objects, secret, *(INCOMPLETE if kind == "identity" else [])]


@st.composite
def statements(draw: st.DrawFn, kind: str, caller: Caller, version: str | None, effect: str) -> Json:
    """One statement for a policy of a kind: identity, boundary, session, resource, trust, scp or rcp.

    A trust policy has no Resource. An RCP denies to everyone, neither all actions ("*") nor by NotAction. An SCP's
    Allow has Resource "*" and no condition and its Deny no NotResource, which was valid before 2025 as well.
    """
    bare = kind == "trust" or (kind, effect) == ("scp", "Allow")
    rarely = st.integers(0, 5).map(lambda number: number == 0)
    statement: Json = {"Effect": effect}
    if kind in ("resource", "trust", "rcp"):
        statement |= {"Principal": "*"} if kind == "rcp" else draw(principals(caller, effect, kind))
    actions = TRUSTED if kind == "trust" else ACTIONS[2:] if kind == "rcp" else ACTIONS
    statement["NotAction" if not bare and kind != "rcp" and draw(rarely) else "Action"] = draw(one_or_more(actions))
    if kind != "trust":
        negated = kind != "scp" and draw(rarely)
        names = ["*"] if bare else resource_patterns(kind, version)
        if negated and effect == "Allow":
            names = [name for name in names if not any(open_ in name for open_ in VARIABLES[:3])]
        statement["NotResource" if negated else "Resource"] = draw(one_or_more(names))
    if (not bare or kind == "trust") and draw(st.integers(0, 2)) == 0:
        statement["Condition"] = draw(conditions(version))
    return statement


@st.composite
def documents(draw: st.DrawFn, kind: str, caller: Caller, effects: Words = ("Allow", "Allow", "Allow", "Deny")) -> Json:
    """One policy document: one to three statements; a single one sometimes without a list."""
    version = VERSIONS[0] if kind == "rcp" else draw(st.sampled_from(VERSIONS))
    drawn = st.sampled_from(effects).flatmap(lambda effect: statements(kind, caller, version, effect))
    found = draw(drawn | st.lists(drawn, min_size=1, max_size=3))
    return {**({"Version": version} if version else {}), "Statement": found}


FULL: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
FULL_RCP: Json = {"Version": "2012-10-17", "Statement": [{**FULL["Statement"][0], "Principal": "*"}]}


@st.composite
def policies(draw: st.DrawFn, caller: Caller, trust: bool = False) -> Json:
    """All policies around a request. Many of them allow everything, so that the others get to decide. With `trust` the
    resource policy is a role's trust policy."""

    def some(kind: str, most: int) -> list[Json]:
        return draw(st.lists(st.just(FULL) | documents(kind, caller), min_size=1, max_size=most))

    once_in = {number: st.integers(1, number).map(lambda drawn: drawn == 1) for number in (2, 5)}
    found: Json = {"identity": []}
    if caller.kind != "service" and not draw(once_in[5]):
        found["identity"] = some("identity", 3)
    if trust or caller.kind == "service" or draw(st.booleans()):
        found["resource"] = draw(documents("trust" if trust else "resource", caller))
    if caller.kind in ("user", "session") and draw(once_in[2]):
        found["boundary"] = some("boundary", 1)
    if caller.kind == "session" and draw(once_in[2]):
        found["session"] = some("session", 2)
    if draw(once_in[5]):
        levels = ("r-root", "ou-data", HOME)[: draw(st.integers(1, 3))]
        found["scp"] = [{"level": level, "policies": some("scp", 2)} for level in levels]
    if draw(once_in[5]):
        custom = st.lists(documents("rcp", caller, ("Deny",)), max_size=1)
        found["rcp"] = [{"level": level, "policies": [FULL_RCP, *draw(custom)]} for level in ("r-root", HOME)]
    return found


@st.composite
def batches(draw: st.DrawFn) -> tuple[Caller, list[Json], Json]:
    """A caller, its requests in three contexts for every target in either account, and the policies around them all.

    Requests and policies have the shape that the naive evaluator reads. A trust policy stands before the targets of STS
    only, any other resource policy before the others only; RCPs do not cover glue, nor a request without a resource.
    """
    caller, trust = draw(st.sampled_from(CALLERS)), draw(st.integers(0, 4)) == 0
    around = draw(policies(caller, trust))
    asked = []
    for context in [draw(contexts(caller)) for _ in range(3)]:
        for owner, (action, resource) in product((HOME, AWAY), TARGETS):
            nowhere, sts = resource == "*", action.startswith("sts:")
            if ("resource" in around and sts != trust) or (nowhere and owner == AWAY):
                continue
            if "rcp" in around and (nowhere or action.startswith("glue:")):
                continue
            named = {"principal": caller.names[0], "action": action, "resource": resource.replace("{owner}", owner)}
            asked.append({**named, "resource_account": owner, "context": context})
    return caller, asked, around
