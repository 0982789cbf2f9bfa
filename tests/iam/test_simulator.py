"""IAM's policy simulator through boto3 and the AWS CLI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Embedded

CLI_POLICY = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
    '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
)
"""The policy in the AWS CLI's examples of simulate-custom-policy."""


def document(*statements: dict[str, Any], indent: int | None = None) -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=indent)


def allow(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    """An Allow."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def simulate(embedded: Embedded, *policies: str, **parameters: Any) -> list[dict[str, Any]]:
    """The results of SimulateCustomPolicy."""
    answer = embedded.client("iam").simulate_custom_policy(PolicyInputList=list(policies), **parameters)
    found: list[dict[str, Any]] = answer["EvaluationResults"]
    return found


def invalid(embedded: Embedded, *policies: str, **parameters: Any) -> str:
    """The message of a simulation that must be refused as InvalidInput."""
    with pytest.raises(ClientError) as error:
        simulate(embedded, *policies, **{"ActionNames": ["s3:GetObject"], **parameters})
    assert error.value.response["Error"]["Code"] == "InvalidInput"
    message: str = error.value.response["Error"]["Message"]
    return message


def cli(embedded: Embedded, *arguments: str) -> Any:
    """What the AWS CLI prints."""
    command = [str(Path(sys.executable).parent / "aws"), *arguments, "--output", "json"]
    done = subprocess.run(command, env=embedded.environment(), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("now", "verdict"), [("2014-04-25T11:00:00Z", "implicitDeny"), ("2019-04-25T11:00:00Z", "allowed")]
)
def test_the_command_line_prints_the_documented_answers(embedded: Embedded, now: str, verdict: str) -> None:
    """``aws iam simulate-custom-policy`` gives the verdict and positions that the AWS CLI's examples print."""
    entry = f"ContextKeyName='aws:CurrentTime',ContextKeyValues='{now}',ContextKeyType=date"
    result = cli(
        embedded,
        "iam",
        "simulate-custom-policy",
        "--policy-input-list",
        CLI_POLICY,
        "--action-names",
        "dynamodb:CreateBackup",
        "--context-entries",
        entry,
    )["EvaluationResults"][0]
    assert (result["EvalDecision"], result["EvalResourceName"]) == (verdict, "*")
    assert result["MissingContextValues"] == []
    places = [(each["StartPosition"], each["EndPosition"]) for each in result["MatchedStatements"]]
    found = [({"Line": 1, "Column": 38}, {"Line": 1, "Column": 167})]
    assert places == (found if verdict == "allowed" else [])


def test_positions_in_an_indented_list_of_statements(embedded: Embedded) -> None:
    """A statement in a list begins after the bracket or the statement before it, and ends after its brace."""
    policy = document(allow("s3:PutObject"), allow("s3:GetObject"), indent=4)
    result = simulate(embedded, policy, ActionNames=["s3:GetObject", "s3:PutObject"])
    spans = [each["MatchedStatements"][0] for each in result]
    assert spans[1]["StartPosition"] == {"Line": 3, "Column": 19}
    assert spans[1]["EndPosition"] == {"Line": 8, "Column": 10}
    assert spans[0]["StartPosition"] == {"Line": 8, "Column": 10}
    assert spans[0]["EndPosition"] == {"Line": 13, "Column": 10}


def test_deny_statement_is_the_only_one_in_the_result(embedded: Embedded) -> None:
    """An explicit deny reports the Deny alone; the worst verdict over the resources is the action's."""
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::lake/secret/*"}
    arns = ["arn:aws:s3:::lake/secret/x", "arn:aws:s3:::lake/open/x", "arn:aws:s3:::lake/open/*"]
    policies = document(allow("s3:*")), document(deny)
    (result,) = simulate(embedded, *policies, ActionNames=["s3:GetObject"], ResourceArns=arns)
    assert result["EvalDecision"] == "explicitDeny"
    assert [each["SourcePolicyId"] for each in result["MatchedStatements"]] == ["PolicyInputList.2"]
    specific = {each["EvalResourceName"]: each["EvalResourceDecision"] for each in result["ResourceSpecificResults"]}
    assert specific == dict(zip(arns, ["explicitDeny", "allowed", "allowed"], strict=True))


def test_missing_context_values_are_named(embedded: Embedded) -> None:
    """Keys and variables that the action's statements read, and that nobody gave, are reported."""
    policy = document(
        allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}", StringEquals={"aws:PrincipalTag/team": "red"}),
        allow("s3:PutObject", StringEquals={"s3:x-amz-acl": "private"}),
    )
    entries = [{"ContextKeyName": "aws:PrincipalTag/team", "ContextKeyValues": ["red"], "ContextKeyType": "string"}]
    (bare,) = simulate(embedded, policy, ActionNames=["s3:GetObject"])
    assert bare["MissingContextValues"] == ["aws:PrincipalTag/team", "aws:username"]
    (given,) = simulate(
        embedded,
        policy,
        ActionNames=["s3:GetObject"],
        ResourceArns=["arn:aws:s3:::b/ann"],
        ContextEntries=entries,
        CallerArn=f"arn:aws:iam::{embedded.account_id}:user/ann",
    )
    assert given["EvalDecision"] == "allowed"
    assert given["ResourceSpecificResults"][0]["MissingContextValues"] == []
    names = embedded.client("iam").get_context_keys_for_custom_policy(PolicyInputList=[policy])["ContextKeyNames"]
    assert names == ["aws:PrincipalTag/team", "aws:username", "s3:x-amz-acl"]


def test_boundary_and_organization_are_reported(embedded: Embedded) -> None:
    """A boundary or a level of SCPs that does not allow refuses, and the result says which did."""
    wide, narrow = document(allow("*")), document(allow("iam:*"))
    asked = {"ActionNames": ["s3:GetObject"]}
    (bounded,) = simulate(embedded, wide, **asked, PermissionsBoundaryPolicyInputList=[narrow])
    assert bounded["EvalDecision"] == "implicitDeny"
    assert bounded["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    levels = [{"ServiceControlPolicyInputList": [wide]}, {"ServiceControlPolicyInputList": [narrow]}]
    (ruled,) = simulate(embedded, wide, **asked, OrderedOrganizationPolicyInputList=levels)
    assert (ruled["EvalDecision"], ruled["OrganizationsDecisionDetail"]) == (
        "implicitDeny",
        {"AllowedByOrganizations": False},
    )
    (free,) = simulate(embedded, wide, **asked, PermissionsBoundaryPolicyInputList=[wide])
    assert free["EvalDecision"] == "allowed"
    assert free["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}


def test_resource_policy_across_accounts(embedded: Embedded) -> None:
    """Across accounts the resource policy and the identity policy must both allow, and each is reported."""
    caller = f"arn:aws:iam::{embedded.account_id}:user/ann"
    policy = document({**allow("s3:GetObject", "arn:aws:s3:::b/*"), "Principal": {"AWS": caller}})
    asked: dict[str, Any] = {
        "ActionNames": ["s3:GetObject"],
        "ResourceArns": ["arn:aws:s3:::b/k"],
        "ResourcePolicy": policy,
        "CallerArn": caller,
        "ResourceOwner": "arn:aws:iam::444455556666:root",
    }
    (refused,) = simulate(embedded, document(allow("iam:*")), **asked)
    assert refused["EvalDecision"] == "implicitDeny"
    assert refused["ResourceSpecificResults"][0]["EvalDecisionDetails"] == {
        "IAM Policy": "implicitDeny",
        "Resource Policy": "allowed",
    }
    (allowed,) = simulate(embedded, document(allow("s3:*")), **asked)
    assert allowed["EvalDecision"] == "allowed"
    assert {each["SourcePolicyId"] for each in allowed["MatchedStatements"]} == {"PolicyInputList.1", "ResourcePolicy"}
    (own,) = simulate(embedded, document(allow("iam:*")), **{**asked, "ResourceOwner": f"{caller[:25]}:root"})
    assert own["EvalDecision"] == "allowed"


def test_principal_simulation_agrees_with_the_account(embedded: Embedded) -> None:
    """What SimulatePrincipalPolicy says of a user is what the account then does; groups and managed policies count."""
    iam = embedded.client("iam")
    iam.create_user(UserName="eva")
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="eva")
    iam.put_group_policy(GroupName="readers", PolicyName="read", PolicyDocument=document(allow("glue:Get*")))
    deny = {"Effect": "Deny", "Action": "glue:GetTables", "Resource": "*"}
    iam.put_user_policy(UserName="eva", PolicyName="not-tables", PolicyDocument=document(deny))
    iam.attach_user_policy(UserName="eva", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    arn = f"arn:aws:iam::{embedded.account_id}:user/eva"
    actions = ["glue:GetDatabases", "glue:GetTables", "s3:ListAllMyBuckets", "iam:ListUsers"]
    results = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions)["EvaluationResults"]
    verdicts = {each["EvalActionName"]: each["EvalDecision"] for each in results}
    assert verdicts == dict(zip(actions, ["allowed", "explicitDeny", "allowed", "implicitDeny"], strict=True))
    types = {each["EvalActionName"]: [s["SourcePolicyType"] for s in each["MatchedStatements"]] for each in results}
    assert types == dict(zip(actions, [["group"], ["user"], ["aws-managed"], []], strict=True))
    key = iam.create_access_key(UserName="eva")["AccessKey"]
    glue, s3 = embedded.client("glue", key), embedded.client("s3", key)
    with pytest.raises(ClientError, match="explicit deny"):
        glue.get_tables(DatabaseName="none")
    with pytest.raises(ClientError, match="no identity-based policy"):
        embedded.client("iam", key).list_users()
    assert "DatabaseList" in glue.get_databases() and "Buckets" in s3.list_buckets()


def test_a_group_is_simulated_with_its_own_policies(embedded: Embedded) -> None:
    """SimulatePrincipalPolicy of a group knows the group's policies alone, and no user of that name."""
    iam = embedded.client("iam")
    iam.create_group(GroupName="simulated")
    iam.put_group_policy(GroupName="simulated", PolicyName="read", PolicyDocument=document(allow("glue:Get*")))
    iam.attach_group_policy(GroupName="simulated", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    arn = f"arn:aws:iam::{embedded.account_id}:group/simulated"
    actions = ["glue:GetTables", "s3:GetObject", "iam:ListUsers"]
    results = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions)["EvaluationResults"]
    assert [each["EvalDecision"] for each in results] == ["allowed", "allowed", "implicitDeny"]
    assert [[s["SourcePolicyType"] for s in each["MatchedStatements"]] for each in results] == [
        ["group"],
        ["aws-managed"],
        [],
    ]
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.simulate_principal_policy(PolicySourceArn=arn.replace("group/", "user/"), ActionNames=actions)


def test_results_come_in_pages(embedded: Embedded) -> None:
    """MaxItems cuts the results, and Marker goes on where they were cut."""
    iam = embedded.client("iam")
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    asked = {"PolicyInputList": [document(allow("s3:*"))], "ActionNames": actions}
    first = iam.simulate_custom_policy(**asked, MaxItems=2)
    rest = iam.simulate_custom_policy(**asked, MaxItems=2, Marker=first["Marker"])
    assert (first["IsTruncated"], rest["IsTruncated"]) == (True, False)
    found = [each["EvalActionName"] for page in (first, rest) for each in page["EvaluationResults"]]
    assert found == actions


def test_bad_input_is_named(embedded: Embedded) -> None:
    """What is malformed, or what the simulator does not serve, is refused by name."""
    good = document(allow("s3:*"))
    assert "Syntax errors" in invalid(embedded, "{")
    assert "s3:Get*" in invalid(embedded, good, ActionNames=["s3:Get*"])
    assert "bucket" in invalid(embedded, good, ResourceArns=["bucket"])
    assert "CallerArn is required" in invalid(embedded, good, ResourcePolicy=good)
    role = f"arn:aws:iam::{embedded.account_id}:role/r"
    assert "IAM roles" in invalid(embedded, good, ResourcePolicy=good, CallerArn=role)
    session = f"arn:aws:sts::{embedded.account_id}:assumed-role/r/s"
    assert "Invalid Entity Arn" in invalid(embedded, good, CallerArn=session)
    entry = {"ContextKeyName": "aws:username", "ContextKeyValues": ["a", "b"], "ContextKeyType": "string"}
    assert "several values" in invalid(embedded, good, ContextEntries=[entry])
    iam = embedded.client("iam")
    ghost = f"arn:aws:iam::{embedded.account_id}:user/ghost"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.simulate_principal_policy(PolicySourceArn=ghost, ActionNames=["s3:GetObject"])
    with pytest.raises(ClientError, match="ResourceHandlingOption is not served"):
        simulate(embedded, good, ActionNames=["ec2:RunInstances"], ResourceHandlingOption="EC2-VPC-EBS")
