"""The evaluator against cases written from AWS's documentation: what does not match stands beside what does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto.iam.aws_managed_policies import aws_managed_policies_data

from localaws.errors import AwsError
from localaws.iam import Decision, validate_policy
from localaws.iam.decision import decide
from localaws.iam.document import Kind, Policy, compile_document, compiled
from localaws.iam.evaluator import Attached, Policies, Request, applies
from localaws.iam.fault import PolicyFault
from localaws.iam.principals import Requester

CASES = Path(__file__).parent / "cases"
OWN, ROLE = "111122223333", "arn:aws:iam::111122223333:role/r"
LINKED = "arn:aws:iam::111122223333:role/aws-service-role/lakeformation.amazonaws.com/r"
REQUESTERS = {
    "user": Requester("user", f"arn:aws:iam::{OWN}:user/ann", OWN, "AIDAANN"),
    "session": Requester("role", f"arn:aws:sts::{OWN}:assumed-role/r/s", OWN, "AROAR:s", ROLE),
    "root": Requester("root", f"arn:aws:iam::{OWN}:root", OWN, OWN),
    "linked": Requester("role", f"arn:aws:sts::{OWN}:assumed-role/r/s", OWN, "AROAL:s", LINKED),
    "service": Requester("service", "sagemaker.amazonaws.com", ""),
}


def rows(name: str) -> list[dict[str, Any]]:
    """The entries of a case file."""
    found: list[dict[str, Any]] = yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))
    return found


def lookup(context: Mapping[str, Any]) -> Any:
    """A request's context as the evaluator reads it."""
    values = {key.lower(): (v,) if isinstance(v, str) else tuple(v) for key, v in context.items()}
    return values.get


def policy(statements: Any, kind: Kind = "identity", version: str | None = "2012-10-17") -> Policy:
    """A compiled policy of these statements, which must be valid."""
    document = {"Version": version, "Statement": statements}
    return compile_document(json.dumps({k: v for k, v in document.items() if v is not None}), kind)


def speaks(rule: Mapping[str, Any], action: str, resource: str, context: Any, version: str | None) -> bool:
    """Whether a statement applies to a request."""
    found = policy(dict(rule), version=version).about(action.lower())
    request = Request(REQUESTERS["user"], action, resource, OWN, lookup(context))
    return any(applies(each, request) for each in found)


def condition_cases() -> Iterator[Any]:
    for row in rows("conditions"):
        for expected, contexts in ((True, row["holds"]), (False, row["fails"])):
            for context in contexts:
                yield pytest.param(row["condition"], context, expected, id=f"{row['name']}: {context} {expected}")


@pytest.mark.parametrize(("condition", "context", "expected"), list(condition_cases()))
def test_condition(condition: dict[str, Any], context: dict[str, Any], expected: bool) -> None:
    """A condition holds for the contexts of its case that satisfy it and for no other."""
    rule = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    assert speaks(rule, "s3:GetObject", "*", context, "2012-10-17") is expected


def variable_cases() -> Iterator[Any]:
    for row in rows("variables"):
        for expected, requests in ((True, row["applies"]), (False, row["not"])):
            for request in requests:
                yield pytest.param(row, request, expected, id=f"{row['name']}: {request} {expected}")


@pytest.mark.parametrize(("row", "request_", "expected"), list(variable_cases()))
def test_variable(row: dict[str, Any], request_: dict[str, Any], expected: bool) -> None:
    """A policy variable stands for a value of the request, and widens nothing when there is none."""
    version = row.get("version", "2012-10-17")
    resource, context = request_["resource"], request_["context"]
    assert speaks(row["statement"], "s3:GetObject", resource, context, version) is expected


def element_cases() -> Iterator[Any]:
    for row in rows("elements"):
        for expected, requests in ((True, row["applies"]), (False, row["not"])):
            for action, resource in requests:
                yield pytest.param(row, action, resource, expected, id=f"{row['name']}: {action} {resource}")


@pytest.mark.parametrize(("row", "action", "resource", "expected"), list(element_cases()))
def test_element(row: dict[str, Any], action: str, resource: str, expected: bool) -> None:
    """A statement is about the actions and resources that its elements name, and about no others."""
    assert speaks(row["statement"], action, resource, {}, "2012-10-17") is expected


def attached(documents: list[Any], type_: Any, kind: Kind, version: str = "2012-10-17") -> tuple[Attached, ...]:
    """Policies in the short form of ``decisions.yaml``."""
    return tuple(
        Attached(policy([statement(*short) for short in document], kind, version), type_, f"{type_} {index}")
        for index, document in enumerate(documents, 1)
    )


def statement(
    effect: str, action: Any, resource: Any = None, condition: Any = None, principal: Any = None
) -> dict[str, Any]:
    """A statement from its short form; ``{"not": ...}`` makes an element its negation."""
    elements = {"Action": action, "Resource": resource, "Condition": condition or None, "Principal": principal}
    found: dict[str, Any] = {"Effect": effect}
    for name, value in elements.items():
        negated = isinstance(value, dict) and "not" in value
        if value is not None:
            found[f"Not{name}" if negated else name] = value["not"] if negated else value
    return found


def decision(case: Mapping[str, Any]) -> Decision:
    """The decision on a case of ``decisions.yaml``."""
    trust = case.get("trust", False)
    bounded = "boundary" in case
    who = REQUESTERS[case["who"]]
    if bounded:
        who = Requester(who.kind, who.arn, who.account, who.unique_id, who.role_arn, bounded=True)
    policies = Policies(
        identity=attached(case.get("identity", []), "identity", "identity", case.get("version", "2012-10-17")),
        resource=attached(case.get("resource", []), "resource", "trust" if trust else "resource"),
        boundary=attached(case["boundary"], "boundary", "identity") if bounded else None,
        session=attached(case["session"], "session", "identity") if "session" in case else None,
        scp=tuple(attached(level, "scp", "scp") for level in case.get("scp", [])),
        rcp=attached(case.get("rcp", []), "rcp", "rcp"),
    )
    target = case.get("target", "arn:aws:iam::111122223333:role/t" if trust else "arn:aws:s3:::b/k")
    owner, action = case.get("owner", OWN), case.get("action", "s3:GetObject")
    return decide(Request(who, action, target, owner, lookup(case.get("context", {})), trust), policies)


def decision_cases() -> Iterator[Any]:
    for row in (*rows("decisions"), *rows("documented")):
        for number, case in enumerate(row["cases"], 1):
            yield pytest.param(case, id=f"{row.get('name', row.get('says'))} {number}")


@pytest.mark.parametrize("case", list(decision_cases()))
def test_decision(case: dict[str, Any]) -> None:
    """A request is decided as AWS documents it, and by the type of policy that AWS would name."""
    made = decision(case)
    assert made.kind == case["expect"], made.explain().text()
    if "by" in case:
        named = made.verdict.lacking or (made.verdict.by and made.verdict.by.attached.type)
        assert named == case["by"], made.explain().text()
    assert bool(made.faults) == ("fault" in case)
    assert case.get("fault", "") in " ".join(made.faults)


@pytest.mark.parametrize("row", rows("malformed"), ids=lambda row: row["name"])
def test_document(row: dict[str, Any]) -> None:
    """A document that IAM refuses is refused with IAM's code and message, and its valid neighbour is taken."""
    document = row.get("document", {"Version": "2012-10-17", "Statement": row.get("statement")})
    text = row.get("text", json.dumps(document))
    if "code" not in row:
        assert validate_policy(text, row["kind"]).fault is None
        return
    with pytest.raises(AwsError) as refused:
        validate_policy(text, row["kind"])
    assert refused.value.code == row["code"]
    assert refused.value.message == row.get("message", refused.value.message)


@pytest.mark.parametrize("row", [row for row in rows("malformed") if "code" in row], ids=lambda row: row["name"])
def test_unreadable_document_in_force(row: dict[str, Any]) -> None:
    """A stored document that cannot be read allows nothing."""
    text = row.get(
        "text", json.dumps(row.get("document", {"Version": "2012-10-17", "Statement": row.get("statement")}))
    )
    kinds: dict[str, Kind] = {"trust": "trust", "bucket": "resource"}
    kind = kinds.get(row["kind"], "identity")
    try:
        compile_document(text, kind)
    except PolicyFault:
        asked = Request(REQUESTERS["user"], "s3:GetObject", "arn:aws:s3:::b/k", OWN, lookup({}))
        assert not any(applies(each, asked) and not each.denies for each in compiled(text, kind).statements)


@pytest.mark.parametrize("part", [{"NotAction": "s3:*"}, {"Action": "s3:*", "Principal": {"AWS": OWN}}])
def test_resource_control_policy(part: dict[str, Any]) -> None:
    """An RCP denies everyone some actions; with NotAction or for some principals it is refused, and denies in force."""
    whole = {"Effect": "Deny", "Principal": "*", "Resource": "*"}
    assert policy({**whole, "Action": "s3:*"}, "rcp").fault is None
    with pytest.raises(PolicyFault):
        policy({**whole, **part}, "rcp")
    broken = compiled(json.dumps({"Version": "2012-10-17", "Statement": {**whole, **part}}), "rcp")
    assert all(each.denies and each.fault for each in broken.statements)


def test_every_policy_of_aws_can_be_read() -> None:
    """Each managed policy that AWS publishes compiles without a fault."""
    documents = [entry["Document"] for entry in json.loads(aws_managed_policies_data).values()]
    assert len(documents) > 1000
    assert [text for text in map(json.dumps, documents) if compile_document(text, "identity").fault] == []
