"""The naive evaluator against what AWS's pages say: what does not match stands beside what does.

Every expected answer is derived by hand from the page that its test names; where a page has a table of examples, the
rows are its lines. [UG x] is https://docs.aws.amazon.com/IAM/latest/UserGuide/x.html, [ORG x] the Organizations guide.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.iam.naive import MalformedPolicy, decide
from tests.iam.strategies import Caller, batches, statements

HOME, AWAY = "111122223333", "444455556666"
USER, ROLE = f"arn:aws:iam::{HOME}:user/ana", f"arn:aws:iam::{HOME}:role/analyst"
SESSION, OTHER = f"arn:aws:sts::{HOME}:assumed-role/analyst/ana", f"arn:aws:sts::{HOME}:assumed-role/analyst/bob"
LINKED = f"arn:aws:sts::{HOME}:assumed-role/AWSServiceRoleForLakeFormationDataAccess/lf"
LINKED_ROLE = f"arn:aws:iam::{HOME}:role/aws-service-role/lakeformation.amazonaws.com/{LINKED.split('/')[1]}"
SERVICE = "delivery.logs.amazonaws.com"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
ALLOW, IMPLICIT, EXPLICIT = "allow", "implicit_deny", "explicit_deny"
Json = dict[str, Any]


def ask(principal: str = USER, action: str = "s3:GetObject", resource: str = BUCKET + "/1", **more: Any) -> Json:
    """A request; `owner` is the resource's account, `context` its condition keys."""
    extra = {"resource_account": more.get("owner", HOME), "context": more.get("context", {})}
    return {"principal": principal, "action": action, "resource": resource, **extra}


def allow(action: Any = "*", resource: Any = "*", **elements: Any) -> Json:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def deny(**elements: Any) -> Json:
    """A Deny statement."""
    return {**allow(**elements), "Effect": "Deny"}


def document(*statements: Json, version: str | None = "2012-10-17") -> Json:
    """A policy document; version None leaves Version out."""
    return {**({"Version": version} if version else {}), "Statement": list(statements)}


def identity(*statements: Json, version: str | None = "2012-10-17") -> Json:
    """One identity policy and nothing else."""
    return {"identity": [document(*statements, version=version)]}


def levels(*documents: Json) -> list[Json]:
    """SCPs or RCPs: one document for each level of the organization."""
    return [{"level": str(depth), "policies": [one]} for depth, one in enumerate(documents)]


ALL, NOTHING, NEVER = document(allow()), document(allow("ec2:*")), document(deny())


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("s3:Get", False),
        ("s3:GetObject?", False),
        ("s3:[GP]etObject", False),
        ("ec2:*", False),
        ("S3:getobject", True),
        ("s3:GetObjec?", True),
        ("s3:*Object", True),
        ("*", True),
    ],
)
def test_action(pattern: str, matches: bool) -> None:
    """Action names ignore case, * and ? are the only wildcards, a pattern covers the whole name; NotAction is the rest.
    [UG reference_policies_elements_action, reference_policies_elements_notaction]"""
    but = {"Effect": "Allow", "NotAction": pattern, "Resource": "*"}
    assert decide(ask(), identity(allow(pattern))) == (ALLOW if matches else IMPLICIT)
    assert decide(ask(), identity(but)) == (IMPLICIT if matches else ALLOW)


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [("sagemaker:*App", 11), ("sagemaker:*NotebookInstance", 6), ("sagemaker:*NotebookInstanceLifecycleConfig", 4)],
)
def test_sagemaker_actions(pattern: str, matched: int) -> None:
    """A pattern without * at its end takes no plural: *App takes MlflowApp and PartnerApp but neither ListApps nor
    ListMlflowApps. [Service Authorization Reference, Amazon SageMaker AI]"""
    three, names = ("Create", "Delete", "Describe"), ["ListApps", "ListMlflowApps", "ListPartnerApps"]
    names += ["ListNotebookInstances", "ListNotebookInstanceLifecycleConfigs", "CreatePresignedNotebookInstanceUrl"]
    names += [verb + "App" for verb in three]
    names += [verb + kind for verb in (*three, "Update") for kind in ("MlflowApp", "PartnerApp")]
    names += [verb + "NotebookInstance" for verb in (*three, "Start", "Stop", "Update")]
    names += [verb + "NotebookInstanceLifecycleConfig" for verb in (*three, "Update")]
    allowed = [name for name in names if decide(ask(action="sagemaker:" + name), identity(allow(pattern))) == ALLOW]
    assert len(allowed) == matched


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        (f"{BUCKET}/*/test/*", f"{BUCKET}/1-test/object.jpg", False),
        (f"{BUCKET}/*/test/*", f"{BUCKET}/test/object.jpg", False),
        (f"{BUCKET}/*/test/*", f"{BUCKET}/1/2/test.jpg", False),
        (f"{BUCKET}/*/test/*", f"{BUCKET}/1/2/3/test/4/object.jpg", True),
        (f"{BUCKET}/*/test/*", f"{BUCKET}/1///test///object.jpg", True),
        (f"{BUCKET}/*/test/*", f"{BUCKET}//test/object.jpg", True),
        (f"{BUCKET}/*/test/*", f"{BUCKET}/1/test/", True),
        ("arn:aws:iam::111122223333:user/Bob", "arn:aws:iam::111122223333:user/bob", False),
        ("arn:aws:dynamodb:*:111122223333:table/a", "arn:aws:dynamodb:us-east-2:111122223333:table/a", True),
        ("arn:aws:sqs", f"{BUCKET}/1", False),
        ("arn:aws:s3", f"{BUCKET}/1", True),
        ("arn:aws:s3:*", f"{BUCKET}/1", True),
        ("*", "*", True),
        (f"{BUCKET}/1", "*", False),
    ],
)
def test_resource(pattern: str, resource: str, matches: bool) -> None:
    """A * spans slashes and may be empty; names keep their case; an incomplete ARN is completed; NotResource is the
    rest. [UG reference_policies_elements_resource, reference_policies_elements_notresource, reference-arns]"""
    but = {"Effect": "Allow", "Action": "*", "NotResource": pattern}
    assert decide(ask(resource=resource), identity(allow(resource=pattern))) == (ALLOW if matches else IMPLICIT)
    assert decide(ask(resource=resource), identity(but)) == (IMPLICIT if matches else ALLOW)


NAME, TEAM = {"aws:UserName": "ana"}, {"aws:PrincipalTag/team": "yellow"}
OWN, BY_TEAM = "/${AWS:username}", "-${aws:PrincipalTag/team, 'company-wide'}"


@pytest.mark.parametrize(
    ("version", "pattern", "context", "resource", "matches"),
    [
        (None, OWN, NAME, "/ana", False),
        ("2008-10-17", OWN, NAME, "/ana", False),
        ("2008-10-17", OWN, NAME, OWN, True),
        ("2012-10-17", OWN, NAME, "/ana", True),
        ("2012-10-17", OWN, {}, "/", False),
        ("2012-10-17", "*${aws:username}", {}, "/ana", False),
        ("2012-10-17", OWN, {"aws:UserName": ["ana"]}, "/ana", False),
        ("2012-10-17", BY_TEAM, TEAM, "-company-wide", False),
        ("2012-10-17", BY_TEAM, TEAM, "-yellow", True),
        ("2012-10-17", BY_TEAM, {}, "-company-wide", True),
        ("2012-10-17", "/${*}", {}, "/ana", False),
        ("2012-10-17", "/${*}${?}${$}", {}, "/*?$", True),
    ],
)
def test_variables(version: str | None, pattern: str, context: Json, resource: str, matches: bool) -> None:
    """Only Version 2012-10-17 has variables; one without a value matches no resource, in Resource as in NotResource.
    [UG reference_policies_variables, "Policy variables with no value", "Specifying default values"]"""
    but = {"Effect": "Deny", "Action": "*", "NotResource": BUCKET + pattern}
    request = ask(resource=BUCKET + resource, context=context)
    only = identity(allow(resource=BUCKET + pattern), version=version)
    assert decide(request, only) == (ALLOW if matches else IMPLICIT)
    assert decide(request, identity(allow(), but, version=version)) == (ALLOW if matches else EXPLICIT)


COSTS, TYPES, RANGE = ["environment", "cost-center"], ["t1.*", "t2.*", "m3.*"], ["2001:DB8:1234::/48", "203.0.113.0/24"]
FINANCE, ISSUED = "arn:aws:someservice:*:111122223333:finance/*", "2020-01-01T00:00:01Z"
DECEIT = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
BYTES = "QmluYXJ5VmFsdWVJbkJhc2U2NA=="


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("StringEquals", "iamuser-admin", "dev-ops", False),
        ("StringEquals", "iamuser-admin", None, False),
        ("StringEquals", "iamuser-*", "iamuser-admin", False),
        ("StringEquals", "${aws:username}", "${aws:username}", False),
        ("StringEquals", ["other", "iamuser-admin"], "iamuser-admin", True),
        ("StringNotEquals", ["a", "b"], "a", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", "a", None, True),
        ("StringNotEquals", "${aws:username}", "a", True),
        ("StringEqualsIgnoreCase", ["preprod", "storage"], "PreProd", True),
        ("StringNotEqualsIgnoreCase", "preprod", "PreProd", False),
        ("StringLike", ["home/", "home/${aws:username}/"], "home/x/", False),
        ("StringLike", FINANCE, DECEIT, True),
        ("StringNotLike", "t1.*", None, True),
        ("StringLikeIfExists", TYPES, "m2.micro", False),
        ("StringLikeIfExists", TYPES, "t1.micro", True),
        ("StringLikeIfExists", TYPES, None, True),
        ("StringNotEqualsIfExists", "a", None, True),
        ("NumericLessThanEquals", "10", "11", False),
        ("NumericLessThanEquals", 10, "10", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericNotEquals", "10", "10.0", False),
        ("DateGreaterThan", ISSUED, "2019-12-31T23:59:59Z", False),
        ("DateGreaterThan", ISSUED, "2020-01-01T02:00:00+01:00", True),
        ("DateGreaterThan", ISSUED, None, False),
        ("DateLessThan", "2020-01-02", "2020-01-02T05:00:00Z", False),
        ("DateEquals", "1577836800", "2020-01-01T00:00:00Z", True),
        ("Bool", "false", "true", False),
        ("Bool", False, "false", True),
        ("Bool", "false", None, False),
        ("BinaryEquals", BYTES, "ASIAIOSFODNN7EXAMPLE", False),
        ("BinaryEquals", BYTES, BYTES, True),
        ("IpAddress", RANGE, "198.51.100.1", False),
        ("IpAddress", RANGE, "203.0.113.1", True),
        ("IpAddress", RANGE, "2001:db8:1234:5678::1", True),
        ("NotIpAddress", "203.0.113.1", "203.0.113.2", True),
        ("ArnLike", FINANCE, DECEIT, False),
        ("ArnEquals", FINANCE, FINANCE.replace("*", "x"), True),
        ("ArnNotEquals", FINANCE, FINANCE.replace("*", "x"), False),
        ("ArnNotLike", FINANCE, None, True),
        ("ArnNotLike", "arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/${aws:username}", True),
        ("ArnLike", "arn:aws:lambda:*:1:function:*", "arn:aws:lambda:us-east-1:1:function:f:2", True),
        ("Null", "false", None, False),
        ("Null", "true", "x", False),
        ("Null", "true", None, True),
        ("ForAllValues:StringEquals", COSTS, ["environment", "dept"], False),
        ("ForAllValues:StringEquals", COSTS, ["environment", "cost-center"], True),
        ("ForAllValues:StringEquals", COSTS, None, True),
        ("ForAllValues:StringNotLike", "key1*", ["key1:hr", "key1:personnel"], False),
        ("ForAllValues:StringNotLike", "key1*", ["key2:audit"], True),
        ("ForAllValues:StringNotLike", "key1*", None, True),
        ("ForAnyValue:StringEquals", COSTS, ["dept"], False),
        ("ForAnyValue:StringEquals", COSTS, None, False),
        ("ForAnyValue:StringEquals", COSTS, ["environment", "dept"], True),
        ("ForAnyValue:StringNotEquals", "a", None, False),
        ("ForAnyValue:StringNotEquals", "a", ["a", "b"], True),
    ],
)
def test_condition(operator: str, wanted: Any, value: Any, holds: bool) -> None:
    """A condition holds as the pages' tables say, and key names ignore case. [UG
    reference_policies_elements_condition_operators, reference_policies_condition-single-vs-multi-valued-context-keys,
    reference_policies_condition_examples-multi-valued-context-keys]"""
    request = ask(context={} if value is None else {"svc:Key": value})
    condition = {operator: {"SVC:key": wanted}}
    assert decide(request, identity(allow(Condition=condition))) == (ALLOW if holds else IMPLICIT)
    assert decide(request, identity(allow(), deny(Condition=condition))) == (EXPLICIT if holds else ALLOW)


def test_conditions_are_anded() -> None:
    """All operators and all keys of a statement must hold. [UG
    reference_policies_condition-logic-multiple-context-keys-or-values]"""
    one, two = {"a:x": "1"}, {"a:x": "1", "a:y": "1"}
    for condition in ({"StringEquals": two}, {"StringEquals": one, "Null": {"a:y": "false"}}):
        assert decide(ask(context=one), identity(allow(Condition=condition))) == IMPLICIT
        assert decide(ask(context=two), identity(allow(Condition=condition))) == ALLOW


def aws(*names: str) -> Json:
    """A statement that allows these AWS principals."""
    return allow(Principal={"AWS": list(names)})


def spare(*names: str) -> Json:
    """A policy that allows everyone, and denies everyone but these."""
    return document(allow(Principal="*"), deny(NotPrincipal={"AWS": list(names)}))


WILD = allow(Principal="*", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})
IN, LINK = {"aws:PrincipalArn": ROLE, "aws:PrincipalAccount": HOME}, {"aws:PrincipalArn": LINKED_ROLE}
RCP = levels(
    document(allow(Principal="*"), deny(Principal="*", Condition={"StringNotEquals": {"aws:PrincipalAccount": HOME}}))
)
EVERYONE = document(allow(Principal="*"))
BOTH = {"identity": [ALL], "resource": document(aws(SESSION))}
DELIVERY, SNS = (document(allow(Principal={"Service": name})) for name in (SERVICE, "sns.amazonaws.com"))
ASSUME, DECRYPT = ("sts:AssumeRole", f"arn:aws:iam::{HOME}:role/x"), ("kms:Decrypt", f"arn:aws:kms:x:{HOME}:key/1")
TRUST_ROLE, TRUST_HOME, TRUST_USER = (
    document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": name}}) for name in (ROLE, HOME, USER)
)


@pytest.mark.parametrize(
    ("rule", "request_", "policies", "verdict"),
    [
        ("nothing allows", ask(), {"identity": []}, IMPLICIT),
        ("an identity policy allows", ask(), {"identity": [ALL]}, ALLOW),
        ("a deny in another policy", ask(), {"identity": [ALL, NEVER]}, EXPLICIT),
        ("boundary does not allow", ask(), {"identity": [ALL], "boundary": [NOTHING]}, IMPLICIT),
        ("boundary grants nothing", ask(), {"identity": [], "boundary": [ALL]}, IMPLICIT),
        ("boundary denies", ask(), {"resource": document(aws(USER)), "boundary": [NEVER]}, EXPLICIT),
        ("identity and boundary allow", ask(), {"identity": [ALL], "boundary": [ALL]}, ALLOW),
        ("session does not allow", ask(SESSION), {"identity": [ALL], "session": [NOTHING]}, IMPLICIT),
        ("one session policy allows", ask(SESSION), {"identity": [ALL], "session": [NOTHING, ALL]}, ALLOW),
        ("resource names another", ask(), {"resource": document(aws(ROLE))}, IMPLICIT),
        ("resource names user", ask(), {"resource": document(aws(USER)), "boundary": [NOTHING]}, ALLOW),
        ("resource names role", ask(SESSION), {"resource": document(aws(ROLE))}, ALLOW),
        ("role, boundary", ask(SESSION), {"resource": document(aws(ROLE)), "boundary": [NOTHING]}, IMPLICIT),
        ("role, session", ask(SESSION), {"resource": document(aws(ROLE)), "session": [NOTHING]}, IMPLICIT),
        ("session, session", ask(SESSION), {"resource": document(aws(SESSION)), "session": [NOTHING]}, ALLOW),
        ("session, boundary", ask(SESSION), {"resource": document(aws(SESSION)), "boundary": [NOTHING]}, ALLOW),
        ("another session", ask(SESSION), {"resource": document(aws(OTHER))}, IMPLICIT),
        ("wildcard", ask(SESSION, context=IN), {"resource": document(WILD), "session": [NOTHING]}, ALLOW),
        ("account only delegates", ask(), {"resource": document(aws(HOME))}, IMPLICIT),
        ("deny for account", ask(), {"identity": [ALL], "resource": spare(AWAY)}, EXPLICIT),
        ("account not spared: may be denied", ask(), {"resource": spare(USER)}, EXPLICIT),
        ("user and account spared", ask(), {"resource": spare(USER, f"arn:aws:iam::{HOME}:root")}, ALLOW),
        ("session spared", ask(SESSION), {"resource": spare(SESSION, ROLE, HOME)}, ALLOW),
        ("boundary: never spared", ask(), {"resource": spare(USER, HOME), "boundary": [ALL]}, EXPLICIT),
        ("trust names another", ask(USER, *ASSUME), {"identity": [ALL], "resource": TRUST_ROLE}, IMPLICIT),
        ("trust names account alone", ask(USER, *ASSUME), {"identity": [], "resource": TRUST_HOME}, IMPLICIT),
        ("trust names account", ask(USER, *ASSUME), {"identity": [ALL], "resource": TRUST_HOME}, ALLOW),
        ("trust names user", ask(USER, *ASSUME), {"identity": [], "resource": TRUST_USER}, ALLOW),
        ("key names another", ask(USER, *DECRYPT), {"identity": [ALL], "resource": document(aws(ROLE))}, IMPLICIT),
        ("key enables IAM", ask(USER, *DECRYPT), {"identity": [ALL], "resource": document(aws(HOME))}, ALLOW),
        ("away: identity alone", ask(owner=AWAY), {"identity": [ALL]}, IMPLICIT),
        ("away: resource alone", ask(owner=AWAY), {"identity": [], "resource": document(aws(USER))}, IMPLICIT),
        ("away: both", ask(owner=AWAY), {"identity": [ALL], "resource": document(aws(HOME))}, ALLOW),
        ("away: boundary", ask(owner=AWAY), {"identity": [ALL], "resource": EVERYONE, "boundary": [NOTHING]}, IMPLICIT),
        ("away: session", ask(SESSION, owner=AWAY), {**BOTH, "session": [NOTHING]}, IMPLICIT),
        ("SCP: a level lacks it", ask(), {"identity": [ALL], "scp": levels(ALL, NOTHING)}, IMPLICIT),
        ("SCP limits resource", ask(), {"resource": document(aws(USER)), "scp": levels(NOTHING)}, IMPLICIT),
        ("SCP: all levels allow", ask(), {"identity": [ALL], "scp": levels(ALL, ALL)}, ALLOW),
        ("SCP: linked role", ask(LINKED, context=LINK), {"identity": [ALL], "scp": levels(NEVER)}, ALLOW),
        ("RCP: outside", ask(), {"resource": document(aws(USER)), "rcp": RCP}, EXPLICIT),
        ("RCP: service", ask(SERVICE), {"resource": DELIVERY, "rcp": RCP}, EXPLICIT),
        ("RCP: inside", ask(context=IN), {"identity": [ALL], "rcp": RCP}, ALLOW),
        ("RCP: linked role", ask(LINKED, context=LINK), {"identity": [ALL], "rcp": RCP}, ALLOW),
        ("another service", ask(SERVICE), {"resource": SNS}, IMPLICIT),
        ("the service, no SCP", ask(SERVICE), {"resource": DELIVERY, "scp": levels(NEVER)}, ALLOW),
    ],
)
def test_evaluation(rule: str, request_: Json, policies: Json, verdict: str) -> None:
    """The kinds of policy decide together as documented. [UG reference_policies_evaluation-logic_policy-eval-denyallow,
    reference_policies_evaluation-logic-cross-account, reference_policies_elements_principal,
    reference_policies_elements_notprincipal; ORG orgs_manage_policies_scps, orgs_manage_policies_rcps]"""
    assert decide(request_, policies) == verdict, rule


@pytest.mark.parametrize(
    "policies",
    [
        identity(allow(Condition={"StringEqual": {"a:b": "c"}})),
        identity(allow(Condition={"NullIfExists": {"a:b": "true"}})),
        identity(allow(Condition={"ForSomeValue:StringEquals": {"a:b": "c"}})),
        identity(allow(), version="2012-10-18"),
        identity({**allow(), "Effect": "allow"}),
        identity(allow(NotAction="s3:*")),
        identity({"Effect": "Allow", "Action": "*"}),
        identity(allow(Principal="*")),
        identity(allow(Conditions={})),
        identity(allow("GetObject")),
        identity(allow(resource=BUCKET + "/${aws:username")),
        identity(allow(resource=BUCKET + "/${}")),
        {"resource": document(allow())},
        {"resource": document(allow(Principal=USER))},
        {"resource": document(aws(f"arn:aws:iam::{HOME}:user/*"))},
        {"resource": document(allow(NotPrincipal={"AWS": USER}))},
    ],
)
def test_malformed(policies: Json) -> None:
    """What AWS would not store is refused, whatever else stands in the policies. [UG reference_policies_grammar,
    access-analyzer-reference-policy-checks, reference_policies_elements_notprincipal]"""
    with pytest.raises(MalformedPolicy):
        decide(ask(), {"identity": [ALL], **policies})


@pytest.mark.parametrize("principal", ["", "*", f"arn:aws:iam::{HOME}:root", f"arn:aws:sts::{HOME}:federated-user/ana"])
def test_unknown_callers(principal: str) -> None:
    """A caller whose rules are not written here is refused, not guessed."""
    with pytest.raises(ValueError, match="not a user, a role, a role session or a service"):
        decide(ask(principal), {"identity": [ALL]})


@pytest.mark.parametrize("policies", [{"endpoint": [ALL]}, {"identity": [ALL], "session": [ALL]}])
def test_policies_that_a_user_cannot_have(policies: Json) -> None:
    """An unknown kind of policy is refused, not ignored; so are session policies of an IAM user."""
    with pytest.raises(ValueError, match="not policies of"):
        decide(ask(), policies)


@settings(deadline=None)
@given(batches())
def test_every_generated_case_has_a_verdict(batch: tuple[Caller, list[Json], Json]) -> None:
    """The strategies generate nothing that AWS would refuse to store."""
    _, requests, policies = batch
    assert {decide(request, policies) for request in requests} <= {ALLOW, IMPLICIT, EXPLICIT}


def grown(policies: Json, kind: str, statement: Json) -> Json:
    """The same policies and one more document of a kind."""
    more = document(statement)
    if kind in ("scp", "rcp"):
        return {**policies, kind: [{**level, "policies": [*level["policies"], more]} for level in policies[kind]]}
    if kind == "resource":
        old = policies[kind]["Statement"]
        return {
            **policies,
            kind: {**policies[kind], "Statement": [*(old if isinstance(old, list) else [old]), statement]},
        }
    return {**policies, kind: [*policies[kind], more]}


@settings(deadline=None)
@given(batches(), st.data())
def test_more_statements(batch: tuple[Caller, list[Json], Json], data: st.DataObject) -> None:
    """One more Deny never turns a refusal into an allow; one more Allow never turns an allow into a refusal."""
    caller, requests, policies = batch
    kind = data.draw(st.sampled_from(sorted(policies)))
    version = policies[kind].get("Version") if kind == "resource" else "2012-10-17"
    effect = data.draw(st.sampled_from(("Allow", "Deny") if kind != "rcp" else ("Deny",)))
    statement = data.draw(statements(kind, caller, version, effect))
    for request in requests:
        before, after = decide(request, policies), decide(request, grown(policies, kind, statement))
        if effect == "Deny":
            assert ALLOW not in (before, after) or before == ALLOW
        else:
            assert ALLOW not in (before, after) or after == ALLOW
