"""Laws of the evaluator, over generated policies, requests and garbage."""

from __future__ import annotations

import json
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.errors import AwsError
from localaws.iam import validate_policy
from localaws.iam.decision import decide
from localaws.iam.document import Kind, compiled
from localaws.iam.evaluator import Attached, Policies, PolicyType, Request, applies, evaluate
from localaws.iam.principals import Requester
from localaws.iam.validation import DocumentKind

ACCOUNT = "123456789012"
WHO = Requester("user", f"arn:aws:iam::{ACCOUNT}:user/ann", ACCOUNT, "AIDAANN")
SESSION = Requester(
    "role", f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s", ACCOUNT, "AROAR:s", f"arn:aws:iam::{ACCOUNT}:role/r"
)

ACTIONS = st.sampled_from(["s3:GetObject", "s3:PutObject", "sts:AssumeRole", "iam:PassRole"])
ACTION_PATTERNS = st.sampled_from(["*", "s3:*", "S3:getobject", "s3:?utObject", "iam:Pass*", "sts:AssumeRole"])
NAMES = st.sampled_from(["a", "b", "red", "a/b", "*"])
RESOURCES = NAMES.map(lambda name: f"arn:aws:s3:::lake/{name}")
RESOURCE_PATTERNS = st.sampled_from(
    [
        "*",
        "arn:aws:s3:::lake/*",
        "arn:aws:s3:::lake/a",
        "arn:aws:s3:::lake/?",
        "arn:aws:s3:::lake/${aws:PrincipalTag/t}",
        "arn:aws:s3:::lake/${aws:username, 'a'}",
        "arn:aws:s3:::*/${s3:prefix}",
    ]
)
KEYS = st.sampled_from(["aws:username", "aws:PrincipalTag/t", "s3:prefix", "aws:TagKeys", "s3:max-keys", "no:such"])
OPERATORS = st.sampled_from(
    [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLikeIfExists",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringNotLike",
        "StringEqualsIgnoreCase",
        "ArnNotLike",
    ]
)
VALUES = st.sampled_from(["a", "b", "r*", "${aws:PrincipalTag/t}", "${aws:username}", "*"])


def one_or_more(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """A text or a list of texts."""
    return texts | st.lists(texts, min_size=1, max_size=3)


@st.composite
def statements(draw: st.DrawFn, effect: str | None = None, principal: bool = False) -> dict[str, Any]:
    """A valid statement."""
    statement: dict[str, Any] = {"Effect": effect or draw(st.sampled_from(["Allow", "Deny"]))}
    statement[draw(st.sampled_from(["Action", "NotAction"]))] = draw(one_or_more(ACTION_PATTERNS))
    statement[draw(st.sampled_from(["Resource", "NotResource"]))] = draw(one_or_more(RESOURCE_PATTERNS))
    if principal:
        statement["Principal"] = draw(
            st.sampled_from(["*", {"AWS": ACCOUNT}, {"AWS": WHO.arn}, {"AWS": SESSION.role_arn}])
        )
    condition: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 2))):
        condition.setdefault(draw(OPERATORS), {})[draw(KEYS)] = draw(one_or_more(VALUES))
    return {**statement, "Condition": condition} if condition else statement


def documents(effect: str | None = None, principal: bool = False) -> st.SearchStrategy[str]:
    """A valid document as JSON text."""
    entries = st.lists(statements(effect, principal), min_size=1, max_size=3)
    return entries.map(lambda found: json.dumps({"Version": "2012-10-17", "Statement": found}))


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """The values of some condition keys."""
    found = draw(st.dictionaries(KEYS, NAMES, max_size=4))
    context: dict[str, tuple[str, ...]] = {key.lower(): (value,) for key, value in found.items()}
    if draw(st.booleans()):
        context["aws:tagkeys"] = tuple(draw(st.lists(NAMES, min_size=1, max_size=3)))
    return context


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request by a user or a session, in its own account or another's."""
    who, context = draw(st.sampled_from([WHO, SESSION])), draw(contexts())
    owner = draw(st.sampled_from([ACCOUNT, "444455556666"]))
    return Request(who, draw(ACTIONS), draw(RESOURCES), owner, context.get, draw(st.booleans()))


def attach(texts: list[str], type_: PolicyType) -> tuple[Attached, ...]:
    """Documents in force."""
    kinds: dict[PolicyType, Kind] = {"resource": "resource", "scp": "scp", "rcp": "rcp"}
    kind = kinds.get(type_, "identity")
    return tuple(Attached(compiled(text, kind), type_, f"{type_} {number}") for number, text in enumerate(texts))


@st.composite
def in_force(draw: st.DrawFn) -> dict[PolicyType, list[str]]:
    """Documents of every type; a missing key is a type without policies."""
    found: dict[PolicyType, list[str]] = {"identity": draw(st.lists(documents(), max_size=2))}
    found["resource"] = draw(st.lists(documents(principal=True), max_size=1))
    for type_ in cast(list[PolicyType], ["boundary", "session", "scp"]):
        if draw(st.booleans()):
            found[type_] = draw(st.lists(documents(), min_size=1, max_size=2))
    return found


def policies(texts: dict[PolicyType, list[str]]) -> Policies:
    """What these documents amount to."""
    return Policies(
        identity=attach(texts["identity"], "identity"),
        resource=attach(texts["resource"], "resource"),
        boundary=attach(texts["boundary"], "boundary") if "boundary" in texts else None,
        session=attach(texts["session"], "session") if "session" in texts else None,
        scp=(attach(texts["scp"], "scp"),) if "scp" in texts else (),
    )


def allowed(request: Request, texts: dict[PolicyType, list[str]]) -> bool:
    """The verdict in one word."""
    return evaluate(request, policies(texts)).kind == "allow"


@settings(max_examples=300, deadline=None)
@given(requests(), in_force(), documents("Deny"), st.data())
def test_another_deny_never_allows(
    request: Request, texts: dict[PolicyType, list[str]], deny: str, data: st.DataObject
) -> None:
    """Adding a Deny to any policy in force never turns a refusal into an allow."""
    type_ = data.draw(st.sampled_from(sorted(set(texts) - {"resource"})))
    if not allowed(request, texts):
        assert not allowed(request, {**texts, type_: [*texts[type_], deny]})


@settings(max_examples=300, deadline=None)
@given(requests(), in_force(), documents("Allow"), st.data())
def test_another_allow_never_refuses(
    request: Request, texts: dict[PolicyType, list[str]], allow: str, data: st.DataObject
) -> None:
    """Adding an Allow to any policy in force never turns an allow into a refusal."""
    type_ = data.draw(st.sampled_from(sorted(set(texts) - {"resource"})))
    if allowed(request, texts):
        assert allowed(request, {**texts, type_: [*texts[type_], allow]})


@settings(max_examples=300, deadline=None)
@given(statements(), requests(), st.sampled_from(["Resource", "NotResource", "StringEquals", "StringLike", "ArnLike"]))
def test_unresolved_variable_never_widens(statement: dict[str, Any], request: Request, where: str) -> None:
    """An Allow that needs the value of a variable, in a resource or a positive condition, does not apply without it.

    Inverted operators are left out: AWS documents that they match a variable without a value.
    """
    missing = "${aws:PrincipalTag/nobody}"
    bare = {key: value for key, value in statement.items() if key not in ("Resource", "NotResource")}
    if "Resource" in where:
        changed = {**bare, "Effect": "Allow", where: [f"arn:aws:s3:::{missing}"]}
    else:
        changed = {**bare, "Effect": "Allow", "Resource": "*", "Condition": {where: {"s3:prefix": missing}}}
    policy = compiled(json.dumps({"Version": "2012-10-17", "Statement": changed}), "identity")
    assert not any(applies(each, request) for each in policy.about(request.action.lower()))


@settings(max_examples=300, deadline=None)
@given(statements("Deny"), requests())
def test_deny_of_unresolved_not_resource_covers_all(statement: dict[str, Any], request: Request) -> None:
    """A Deny whose NotResource is a variable without a value denies whatever its action covers."""
    changed = {"Effect": "Deny", "NotResource": "arn:aws:s3:::${aws:PrincipalTag/nobody}"}
    changed |= {key: value for key, value in statement.items() if key in ("Action", "NotAction")}
    policy = compiled(json.dumps({"Version": "2012-10-17", "Statement": changed}), "identity")
    assert all(applies(each, request) for each in policy.about(request.action.lower()))


@settings(max_examples=200, deadline=None)
@given(requests(), in_force())
def test_explanation_agrees_with_the_verdict(request: Request, texts: dict[PolicyType, list[str]]) -> None:
    """What an explanation says of each statement adds up to the verdict that it explains."""
    made = decide(request, policies(texts))
    explained = made.explain()
    denying = [finding for finding in explained.findings if finding.applies and finding.effect == "Deny"]
    assert bool(denying) is (made.kind == "explicit_deny")
    assert sum(finding.decided for finding in explained.findings) == (made.verdict.by is not None)
    assert all(finding.applies is (finding.because is None) or finding.because for finding in explained.findings)
    assert json.loads(json.dumps(explained.as_dict()))["verdict"] == made.kind


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | VALUES
    | RESOURCE_PATTERNS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Version", "Statement", "Effect", "Action", "Resource", "Principal", "Condition", "Sid"])
            | OPERATORS
            | KEYS
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
KINDS: st.SearchStrategy[DocumentKind] = st.sampled_from(["managed", "user", "trust", "bucket", "permission_set"])


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=60) | JSON.map(json.dumps), KINDS, requests())
def test_garbage_is_refused_and_allows_nothing(text: str, kind: DocumentKind, request: Request) -> None:
    """Whatever is given for a policy, validation says yes or AWS's error, and what it refuses allows nothing."""
    try:
        validate_policy(text, kind)
    except AwsError as refused:
        assert refused.code in ("MalformedPolicyDocument", "MalformedPolicy", "ValidationException", "LimitExceeded")
        broken = compiled(text, "identity")
        if broken.fault is not None:
            in_force = Policies(identity=(Attached(broken, "identity", "broken"),))
            assert evaluate(request, in_force).kind == "explicit_deny"


@settings(max_examples=300, deadline=None)
@given(statements(), st.data())
def test_statement_with_a_part_replaced(statement: dict[str, Any], data: st.DataObject) -> None:
    """A statement of which one part is garbage either keeps a meaning or is refused; no other error comes of it."""
    element = data.draw(st.sampled_from(sorted(statement)))
    text = json.dumps({"Version": "2012-10-17", "Statement": {**statement, element: data.draw(JSON)}})
    try:
        validate_policy(text, "managed")
    except AwsError as refused:
        assert refused.code == "MalformedPolicyDocument"
    compiled(text, "identity")


def test_deeply_nested_document_is_refused() -> None:
    """A document nested beyond any parser's stack is AWS's error, not ours."""
    for text in ("[" * 100_000, '{"Statement":' * 100_000, json.dumps({"Statement": "x"}) + "[" * 5):
        try:
            validate_policy(text, "managed")
        except AwsError as refused:
            assert refused.code == "MalformedPolicyDocument"
        else:
            raise AssertionError(text[:20])


def test_thousands_of_statements_and_stars_are_decided_in_good_time() -> None:
    """5,000 statements, and patterns of many stars against a long name, take no longer than their length."""
    starry = "arn:aws:s3:::lake/" + "a*" * 200 + "b"
    entries: list[dict[str, Any]] = [{"Effect": "Allow", "Action": f"s3:X{n}", "Resource": starry} for n in range(5000)]
    entries.append({"Effect": "Allow", "Action": "s3:GetObject", "Resource": [starry, starry.replace("a*", "a?*")]})
    policy = compiled(json.dumps({"Version": "2012-10-17", "Statement": entries}), "identity")
    request = Request(WHO, "s3:GetObject", "arn:aws:s3:::lake/" + "a" * 5000, ACCOUNT, lambda _key: None)
    assert evaluate(request, Policies(identity=(Attached(policy, "identity", "many"),))).kind == "implicit_deny"
