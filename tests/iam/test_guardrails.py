"""``--scp FILE``: what an organization's policies forbid, and what they say of themselves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore import xform_name
from botocore.exceptions import ClientError

from localaws.iam.decision import decide
from localaws.iam.evaluator import Policies, Request
from localaws.iam.guardrails import guardrails, read_file
from tests.conftest import Embedded
from tests.iam.test_command_line import filled
from tests.iam.test_enforcement import document, trust
from tests.iam.test_evaluator_cases import OWN, REQUESTERS, attached, statement

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "guardrails.yaml").read_text("utf-8"))
BUCKET = "guarded"
TWO_POLICIES = """[
  {"Version": "2012-10-17",
   "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},

  {"Version": "2012-10-17",
   "Statement": [
    {"Effect": "Deny", "Action": "iam:*", "Resource": "*"},
    {
      "Sid": "NoLake", "Effect": "Deny",
      "Action": "s3:*", "Resource": "arn:aws:s3:::lake/*"
    }
  ]}
]"""


def came(client: Any, operation: str, parameters: dict[str, Any]) -> str:
    """What became of a call: allowed, or the words of its refusal."""
    try:
        getattr(client, xform_name(operation))(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"].startswith("AccessDenied"), error
        return str(error.response["Error"]["Message"])
    return "allowed"


def prepared(account: Embedded) -> dict[str, dict[str, Any]]:
    """The keys of the case's people; the bucket with two objects is there, and its policy lets the guest read."""
    iam, s3 = account.client("iam"), account.client("s3")
    everything = {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    s3.create_bucket(Bucket=BUCKET)
    for key in ("k", "t"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    keys = {}
    for name in ("boss", "guest"):
        iam.create_user(UserName=name)
        keys[name] = iam.create_access_key(UserName=name)["AccessKey"]
    iam.attach_user_policy(UserName="boss", **everything)
    arn = f"arn:aws:iam::{account.account_id}:user/guest"
    lets = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "s3:GetObject"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=document({**lets, "Resource": f"arn:aws:s3:::{BUCKET}/*"}))
    iam.create_role(RoleName="keeper", AssumeRolePolicyDocument=trust(AWS=account.account_id))
    iam.attach_role_policy(RoleName="keeper", **everything)
    return {**keys, "keeper": account.as_role(f"arn:aws:iam::{account.account_id}:role/keeper", "keeper-0")}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_policies_of_the_organization_are_in_force(start_embedded: Any, tmp_path: Path, case: dict[str, Any]) -> None:
    """Each call is let through, or refused in AWS's words; the simulator tells of the same SCPs."""
    case = filled(case, {"BUCKET": BUCKET, "KEEPER": "arn:aws:iam::123456789012:role/keeper"})
    file = tmp_path / "organization.json"
    documents = [document(*(statement(*short) for short in each)) for each in (*case["scp"], *case.get("rcp", ()))]
    file.write_text(f"[{', '.join(documents)}]")
    with start_embedded("--scp", str(file)) as account:
        keys = prepared(account)
        for who, service, operation, parameters, expected in case["calls"]:
            made = came(account.client(service, keys[who]), operation, parameters)
            assert expected in made and (expected == "allowed") == (made == "allowed"), (who, operation, made)
        answer = account.client("iam").simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{account.account_id}:user/boss",
            ActionNames=["iam:CreateUser", "s3:GetObject"],
        )
        told = {each["EvalActionName"]: each["EvalDecision"] for each in answer["EvaluationResults"]}
        assert told == case["simulated"]


def test_a_decision_names_statement_file_and_line(tmp_path: Path) -> None:
    """What decided is named by its statement, its file, and the line of the file on which the statement begins."""
    file = tmp_path / "organization.json"
    file.write_text(TWO_POLICIES)
    rails = guardrails(read_file(file))
    everything = attached([[["Allow", "*", "*"]]], "identity", "identity")
    policies = Policies(identity=everything, scp=rails.scp, rcp=rails.rcp)
    made = decide(Request(REQUESTERS["user"], "s3:GetObject", "arn:aws:s3:::lake/k", OWN, {}.get), policies)
    assert made.kind == "explicit_deny"
    findings = [each for each in made.explain().findings if each.policy_type == "scp"]
    assert [(each.policy, each.statement, each.line, each.decided) for each in findings] == [
        (str(file), 1, 3, False),
        (str(file), 1, 7, False),
        (str(file), 2, 8, True),
    ]
    decided = made.explain().text().splitlines()[1]
    assert decided == f"  Deny by statement 2 (NoLake) of service control policy {file}, line 8: decided"


@pytest.mark.parametrize(
    ("statements", "line"),
    [
        ('{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}', 3),
        ('[\n\n{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]', 5),
        ('\n  {"Effect": "Allow",\n "Action": "s3:*", "Resource": "arn:aws:s3:::{*}"}', 4),
    ],
)
def test_the_line_is_that_of_the_opening_brace(tmp_path: Path, statements: str, line: int) -> None:
    """One statement without a list, the first of a list, and one on a line of its own."""
    file = tmp_path / "scp.json"
    file.write_text(f'\n{{"Version": "2012-10-17",\n"Statement": {statements}}}')
    policies = Policies(scp=guardrails(read_file(file)).scp)
    made = decide(Request(REQUESTERS["user"], "s3:GetObject", "arn:aws:s3:::lake/k", OWN, {}.get), policies)
    assert [each.line for each in made.explain().findings] == [line]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "it is empty"),
        ("[" * 100_000, "not JSON"),
        ('{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Like": {}}}}', "line 1: "),
        ('[\n{"Statement": {"Effect": "Deny", "NotPrincipal": "*", "Action": "*", "Resource": "*"}}]', "line 2: "),
        ('{"Statement": {"Effect": "Deny", "Principal": {"AWS": "1"}, "Action": "*", "Resource": "*"}}', "line 1: "),
    ],
    ids=["no policy", "deep", "operator", "NotPrincipal", "some principals"],
)
def test_a_file_that_no_organization_would_store(tmp_path: Path, text: str, words: str) -> None:
    """A policy that is malformed is refused before anything starts, with its file, its line and what is wrong."""
    file = tmp_path / "scp.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=re.escape(str(file))) as refused:
        read_file(file)
    assert words in str(refused.value)
