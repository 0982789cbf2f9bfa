"""What a template may say, and what CloudFormation answers when it says something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.cloudformation.stacks import deploy, outputs, reasons
from tests.conftest import Embedded

CASES = Path(__file__).parent / "cases"
REFUSED = yaml.safe_load((CASES / "refused.yaml").read_text("utf-8"))
FUNCTIONS = yaml.safe_load((CASES / "functions.yaml").read_text("utf-8"))
STACK = {
    "Parameters": {
        "Name": {"Type": "String", "Default": "lake"},
        "Names": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Number": {"Type": "Number", "Default": 3},
    },
    "Mappings": {"Sizes": {"lake": {"Rows": "50000"}}},
    "Conditions": {
        "IsLake": {"Fn::Equals": [{"Ref": "Name"}, "lake"]},
        "IsOther": {"Fn::Equals": [{"Ref": "Name"}, "other"]},
        "IsBoth": {"Fn::And": [{"Condition": "IsLake"}, {"Condition": "IsOther"}]},
        "IsEither": {"Fn::Or": [{"Condition": "IsOther"}, {"Condition": "IsLake"}]},
        "IsNotOther": {"Fn::Not": [{"Condition": "IsOther"}]},
    },
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lakeproof-functions"}},
        "Never": {"Type": "AWS::S3::Bucket", "Condition": "IsOther"},
    },
}


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["case"].replace(" ", "-"))
def test_a_template_is_refused(embedded: Embedded, case: dict[str, Any]) -> None:
    """CreateStack names what is wrong and makes no stack; ValidateTemplate says the same of what it can see."""
    cfn, template = embedded.client("cloudformation"), json.dumps(case["template"])
    calls = [lambda: cfn.create_stack(StackName="refused", TemplateBody=template)]
    if not case.get("created"):
        calls.append(lambda: cfn.validate_template(TemplateBody=template))
    for call in calls:
        with pytest.raises(ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] == case["code"]
        assert case["text"] in refusal.value.response["Error"]["Message"]
    assert [stack["StackName"] for stack in cfn.describe_stacks()["Stacks"] if stack["StackName"] == "refused"] == []


def test_functions_give_what_they_say(embedded: Embedded) -> None:
    """Each function of the table, asked as an output of one stack; a resource whose condition is false is not made."""
    cfn = embedded.client("cloudformation")
    asked = {f"O{number}": {"Value": case["expression"]} for number, case in enumerate(FUNCTIONS)}
    asked["Left"] = {"Value": "out", "Condition": "IsOther"}
    stack = deploy(cfn, "functions", json.dumps({**STACK, "Outputs": asked}))
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert outputs(stack) == {f"O{number}": case["says"] for number, case in enumerate(FUNCTIONS)}
    made = cfn.list_stack_resources(StackName="functions")["StackResourceSummaries"]
    assert [resource["LogicalResourceId"] for resource in made] == ["Bucket"]


def test_yaml_and_json_are_one_template(embedded: Embedded) -> None:
    """YAML's short forms mean what the long ones do, a date stays a text, and the text is returned as it came."""
    cfn = embedded.client("cloudformation")
    text = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Name: {Type: String, Default: yaml}
Resources:
  Group:
    Type: AWS::IAM::Group
    Properties:
      GroupName: !Join ["-", [readers, !Ref Name]]
      Policies:
        - PolicyName: read
          PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: "s3:Get*", Resource: "*"}]}
Outputs:
  Arn: {Value: !GetAtt Group.Arn}
  Said: {Value: !Sub "${Group} is ${Group.Arn}"}
"""
    arn = f"arn:aws:iam::{embedded.account_id}:group/readers-yaml"
    assert outputs(deploy(cfn, "yaml", text)) == {"Arn": arn, "Said": f"readers-yaml is {arn}"}
    policy = embedded.client("iam").get_group_policy(GroupName="readers-yaml", PolicyName="read")
    assert policy["PolicyDocument"]["Version"] == "2012-10-17"
    assert cfn.get_template(StackName="yaml")["TemplateBody"] == text


def test_duplicate_keys_are_refused(embedded: Embedded) -> None:
    """A YAML template that says something twice says nothing."""
    text = "Resources:\n  A: {Type: AWS::S3::Bucket}\n  A: {Type: AWS::S3::Bucket}\n"
    with pytest.raises(ClientError, match="YAML not well-formed"):
        embedded.client("cloudformation").validate_template(TemplateBody=text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("{A: &a {Type: 'AWS::S3::Bucket'}, B: *a}", "YAML aliases are not allowed", id="alias"),
        pytest.param("{A: {Type: 'AWS::S3::Bucket', Metadata: !!binary aGk=}}", "YAML not well-formed", id="binary"),
        pytest.param("{A: {Type: 'AWS::S3::Bucket', Metadata: !!set {a}}}", "YAML not well-formed", id="set"),
    ],
)
def test_yaml_that_cloudformation_does_not_read_is_refused(embedded: Embedded, text: str, reason: str) -> None:
    """Aliases, which could stand for more than memory holds, and the tags that the User Guide excludes."""
    with pytest.raises(ClientError, match=reason) as refusal:
        embedded.client("cloudformation").validate_template(TemplateBody=f"Resources: {text}")
    assert refusal.value.response["Error"]["Code"] == "ValidationError"


def test_a_description_has_at_most_1024_bytes(embedded: Embedded) -> None:
    """One byte more is refused."""
    cfn = embedded.client("cloudformation")
    text = json.dumps({"Description": "x" * 1024, "Resources": {"A": {"Type": "AWS::S3::Bucket"}}})
    assert cfn.validate_template(TemplateBody=text)["Description"] == "x" * 1024
    with pytest.raises(ClientError, match="'Description' length is greater than 1024"):
        cfn.validate_template(TemplateBody=text.replace("xx", "xxx", 1))


def test_an_export_has_one_name(embedded: Embedded) -> None:
    """Two outputs that export the same name: the stack is rolled back."""
    outputs = {name: {"Value": "a", "Export": {"Name": "twice"}} for name in ("One", "Two")}
    text = json.dumps({"Resources": {"A": {"Type": "AWS::S3::Bucket"}}, "Outputs": outputs})
    stack = deploy(embedded.client("cloudformation"), "twice", text)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert embedded.client("cloudformation").list_exports()["Exports"] == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param({"Fn::ImportValue": "nobodys"}, "No export named nobodys found.", id="full-stop"),
        pytest.param(
            {"Fn::FindInMap": ["M", "a", "z"]}, "Template error: Unable to get mapping for M::a::z.", id="none"
        ),
    ],
)
def test_the_reason_of_a_rollback_is_a_sentence_of_its_own(embedded: Embedded, value: Any, reason: str) -> None:
    """Whether or not the text of a failed output ends with a full stop, what follows is set apart from it."""
    cfn, mappings = embedded.client("cloudformation"), {"M": {"a": {"b": "x"}}}
    text = {"Mappings": mappings, "Resources": {"A": {"Type": "AWS::S3::Bucket"}}, "Outputs": {"O": {"Value": value}}}
    stack = deploy(cfn, "apart", json.dumps(text))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    said = reasons(cfn, stack["StackId"], "ROLLBACK_IN_PROGRESS")["apart"]
    assert said == f"{reason} Rollback requested by user."
    cfn.delete_stack(StackName="apart")
