"""``aws iam simulate-custom-policy`` prints the verdicts that the account's calls come to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.conftest import Embedded

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "simulated.yaml").read_text("utf-8"))
AWS_CLI = Path(sys.executable).with_name("aws")
BUCKET = "simulated"
REFUSED = {
    "explicit deny": "explicitDeny",
    " allows the ": "implicitDeny",
    "not authorized to perform: sts:": "refused",
}
"""What AWS's message says of who refused (IAM User Guide, "Troubleshoot access denied error messages");
STS says only that."""
LET_IN = ("NoSuchKey", "NoSuchBucket", "EntityNotFoundException", "ResourceNotFound")
"""What may be wrong with a call that IAM let in."""


def document(statements: list[Any]) -> str:
    """A policy in the short form of the table."""
    names = ("Effect", "Action", "Resource", "Condition")
    whole = [s if isinstance(s, dict) else dict(zip(names, s, strict=False)) for s in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


def entries(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the simulator is told of a request."""
    return [
        {
            "ContextKeyName": key,
            "ContextKeyValues": value if isinstance(value, list) else [value],
            "ContextKeyType": "stringList" if isinstance(value, list) else "string",
        }
        for key, value in context.items()
    ]


def filled(value: Any, names: Mapping[str, str]) -> Any:
    """A copy with the names of the table filled in."""
    text = json.dumps(value)
    for name, stands_for in names.items():
        text = text.replace(name, stands_for)
    return json.loads(text)


def sent(embedded: Embedded, key: dict[str, Any], service: str, operation: str, parameters: dict[str, Any]) -> str:
    """The verdict on a call as it is sent: what else is wrong with it is found out by who was let in."""
    try:
        getattr(embedded.client(service, key), xform_name(operation))(**parameters)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code.startswith("AccessDenied"):
            return next(verdict for said, verdict in REFUSED.items() if said in message)
        assert code in LET_IN, message
    return "allowed"


def printed(embedded: Embedded, **parameters: Any) -> dict[tuple[str, str], str]:
    """The verdicts that the AWS CLI prints, by action and resource."""
    command = [str(AWS_CLI), "iam", "simulate-custom-policy", "--output", "json"]
    command += ["--cli-input-json", json.dumps(parameters)]
    done = subprocess.run(command, env=embedded.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return verdicts(json.loads(done.stdout))


def verdicts(answer: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """The verdicts of an answer of the simulator, by action and resource."""
    return {
        (result["EvalActionName"], each["EvalResourceName"]): each["EvalResourceDecision"]
        for result in answer["EvaluationResults"]
        for each in result["ResourceSpecificResults"]
    }


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_simulator_says_what_a_call_comes_to(embedded: Embedded, case: dict[str, Any]) -> None:
    """A call as it is sent, the AWS CLI on the same policies, and SimulatePrincipalPolicy have the table's verdict."""
    iam, user = embedded.client("iam"), f"user-{CASES.index(case)}"
    embedded.client("s3").create_bucket(Bucket=BUCKET)
    embedded.client("s3").put_object(Bucket=BUCKET, Key="k", Body=b"x")
    case = filled(case, {"USER": user, "ACCOUNT": embedded.account_id, "BUCKET": BUCKET})
    texts = [document(statements) for statements in case["identity"]]
    bounds = [document(case["boundary"])] if "boundary" in case else []
    iam.create_user(UserName=user)
    for number, text in enumerate(texts):
        iam.put_user_policy(UserName=user, PolicyName=f"policy-{number}", PolicyDocument=text)
    for text in bounds:
        arn = iam.create_policy(PolicyName=f"boundary-of-{user}", PolicyDocument=text)["Policy"]["Arn"]
        iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arn)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    source = f"arn:aws:iam::{embedded.account_id}:user/{user}"

    table = {(action, resource): verdict for *_, action, resource, verdict in case["calls"]}
    came = {(action, on): sent(embedded, key, *call) for *call, action, on, _ in case["calls"]}
    asked: dict[str, Any] = {
        "ActionNames": list(dict.fromkeys(action for action, _ in table)),
        "ResourceArns": list(dict.fromkeys(resource for _, resource in table)),
        "ContextEntries": entries(case.get("context", {})),
    }
    limits = {"PermissionsBoundaryPolicyInputList": bounds} if bounds else {}
    custom = printed(embedded, PolicyInputList=texts, CallerArn=source, **limits, **asked)
    principal = verdicts(iam.simulate_principal_policy(PolicySourceArn=source, **asked))
    assert came == table
    assert {each: custom[each] for each in table} == table
    assert principal == custom
