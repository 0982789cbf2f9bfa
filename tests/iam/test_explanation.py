"""What a decision says of itself: who decided, and why nobody else did."""

from __future__ import annotations

import json

from localaws.iam import Decision
from localaws.iam.decision import decide
from localaws.iam.document import compiled
from localaws.iam.evaluator import Attached, Policies, Request
from localaws.iam.guardrails import Written, guardrails
from localaws.iam.principals import Requester

ACCOUNT = "123456789012"
ANN = Requester("user", f"arn:aws:iam::{ACCOUNT}:user/ann", ACCOUNT, "AIDAANN")
STATEMENTS = [
    {"Effect": "Allow", "Action": "glue:Get*", "Resource": "*"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*"},
    {
        "Sid": "OwnTeam",
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}},
    },
    {"Sid": "NoLake", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::lake/*"},
]


def decision(resource: str, **context: str) -> Decision:
    """Ann's s3:GetObject on a resource, under the four statements above."""
    text = json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS})
    policy = Attached(compiled(text, "identity"), "identity", "work", f"arn:aws:iam::{ACCOUNT}:policy/work")
    values = {key.lower(): (value,) for key, value in context.items()}
    return decide(Request(ANN, "s3:GetObject", resource, ACCOUNT, values.get), Policies(identity=(policy,)))


def test_every_statement_that_did_not_apply_says_why() -> None:
    """Each statement names what did not match, with the values that were compared."""
    made = decision("arn:aws:s3:::other/k", **{"aws:PrincipalTag/team": "green"})
    assert made.reason == "because no identity-based policy allows the s3:GetObject action"
    findings = {finding.statement: finding for finding in made.explain().findings}
    assert [findings[n].because for n in (1, 2, 3, 4)] == ["action", "resource", "condition", "resource"]
    assert findings[1].detail == "s3:GetObject against Action glue:Get*"
    assert findings[2].detail == "arn:aws:s3:::other/k against Resource arn:aws:s3:::open/*"
    compared = findings[3].conditions[0]
    assert (compared.key, compared.policy, compared.request) == ("aws:PrincipalTag/team", ("red", "blue"), ("green",))
    assert "red | blue, the request has green" in findings[3].detail
    assert not any(finding.decided for finding in findings.values())


def test_absent_key_is_told_from_another_value() -> None:
    """A condition that failed for want of the key says so."""
    detail = decision("arn:aws:s3:::other/k").explain().findings[2].detail
    assert detail.endswith("the request has no such key")


def test_deciding_statement_is_named() -> None:
    """A Deny that decided, and an Allow that decided, are marked, and come first in the text."""
    denied = decision("arn:aws:s3:::lake/k", **{"aws:PrincipalTag/team": "red"})
    assert denied.reason == "with an explicit deny in an identity-based policy"
    assert [f.sid for f in denied.explain().findings if f.decided] == ["NoLake"]
    assert (
        "Deny by statement 4 (NoLake) of identity-based policy work, line 1: decided"
        in denied.explain().text().split("\n")[1]
    )
    allowed = decision("arn:aws:s3:::open/k")
    assert allowed.reason == ""
    assert [f.statement for f in allowed.explain().findings if f.decided] == [2]
    assert allowed.explain().as_dict()["verdict"] == "allow"


def test_organization_policies_are_told_apart_by_their_principal() -> None:
    """A document with Principal is a resource control policy, one without is a service control policy."""
    scp = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"}
    rcp = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    rails = guardrails((Written(scp, "one.json"), Written(rcp, "two.json")))
    assert ([[each.name for each in level] for level in rails.scp], [each.name for each in rails.rcp]) == (
        [["one.json"]],
        ["two.json"],
    )
    assert guardrails(()).scp == ()
    assert guardrails((Written("{", "broken.json"),)).scp[0][0].policy.fault is not None
