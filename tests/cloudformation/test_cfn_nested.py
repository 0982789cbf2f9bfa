"""Stacks within stacks, from templates in the account's S3; and secrets that no stack keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.stacks import change, deploy, described, outputs, reasons
from tests.conftest import Embedded

CHILD: dict[str, Any] = {
    "Parameters": {"Name": {"Type": "String"}, "Path": {"Type": "String", "Default": "/"}},
    "Resources": {
        "Group": {
            "Type": "AWS::IAM::Group",
            "Properties": {"GroupName": {"Ref": "Name"}, "Path": {"Ref": "Path"}},
        }
    },
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Group", "Arn"]}}},
}


@pytest.fixture
def put(embedded: Embedded) -> Callable[[str, dict[str, Any]], str]:
    """Puts a template into the account's S3 and returns its URL."""
    s3, bucket = embedded.client("s3"), "cfn-nested-templates"
    s3.create_bucket(Bucket=bucket)

    def stored(key: str, template: dict[str, Any]) -> str:
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(template).encode())
        return f"https://{bucket}.s3.amazonaws.com/{key}"

    return stored


def parent(url: str, name: str, **more: Any) -> str:
    """A stack that nests one for a group of that name."""
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, "Parameters": {"Name": name}}}
    arn = {"Arn": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Arn"]}}}
    return json.dumps({"Resources": {"Child": child, **more}, "Outputs": arn})


def groups(embedded: Embedded) -> set[str]:
    """The names of all IAM groups."""
    return {one["GroupName"] for one in embedded.client("iam").list_groups()["Groups"]}


def test_a_nested_stack_lives_with_its_parent(embedded: Embedded, put: Callable[[str, dict[str, Any]], str]) -> None:
    """It is made, changed and deleted with it, knows its parent, and gives its outputs."""
    cfn = embedded.client("cloudformation")
    url = put("child.json", CHILD)
    stack = deploy(cfn, "parent", parent(url, "nested-group"))
    assert outputs(stack) == {"Arn": f"arn:aws:iam::{embedded.account_id}:group/nested-group"}
    child_id = cfn.describe_stack_resource(StackName="parent", LogicalResourceId="Child")["StackResourceDetail"]
    child = described(cfn, child_id["PhysicalResourceId"])
    assert (child["ParentId"], child["RootId"]) == (stack["StackId"], stack["StackId"])
    changed = put(
        "changed.json", {**CHILD, "Parameters": CHILD["Parameters"] | {"Path": {"Type": "String", "Default": "/b/"}}}
    )
    assert outputs(change(cfn, "parent", parent(changed, "nested-group")))["Arn"].endswith("group/b/nested-group")
    cfn.delete_stack(StackName="parent")
    assert described(cfn, child["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert "nested-group" not in groups(embedded)


def test_a_failure_inside_rolls_the_parent_back(embedded: Embedded, put: Callable[[str, dict[str, Any]], str]) -> None:
    """The parent names the nested stack and what failed in it; a failing sibling takes the nested stack with it."""
    cfn = embedded.client("cloudformation")
    broken = {**CHILD, "Resources": CHILD["Resources"] | {"Queue": {"Type": "AWS::SQS::Queue", "DependsOn": "Group"}}}
    stack = deploy(cfn, "inside", parent(put("broken.json", broken), "nested-broken"))
    reason = reasons(cfn, stack["StackId"], "CREATE_FAILED")["Child"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "was not successfully created: The following resource(s) failed to create: [Queue]" in reason
    sibling = {"Type": "AWS::SQS::Queue", "DependsOn": "Child"}
    beside = deploy(cfn, "beside", parent(put("child.json", CHILD), "nested-beside", Sibling=sibling))
    assert beside["StackStatus"] == "ROLLBACK_COMPLETE"
    assert groups(embedded).isdisjoint({"nested-broken", "nested-beside"})


def test_a_template_is_read_with_the_callers_rights(
    embedded: Embedded, put: Callable[[str, dict[str, Any]], str]
) -> None:
    """TemplateURL needs s3:GetObject of whoever calls; an address that is not S3's is refused."""
    iam, url = embedded.client("iam"), put("readable.json", {"Resources": CHILD["Resources"] | {}} | CHILD)
    iam.create_user(UserName="cfn-reader")
    allowed = {"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="cfn-reader", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="cfn-reader")["AccessKey"]
    with pytest.raises(ClientError, match="s3:GetObject"):
        embedded.client("cloudformation", key).validate_template(TemplateURL=url)
    cfn = embedded.client("cloudformation")
    assert cfn.validate_template(TemplateURL=url)["Parameters"]
    with pytest.raises(ClientError, match="TemplateURL must be a supported URL"):
        cfn.validate_template(TemplateURL="https://example.com/template.json")


def test_a_secret_is_read_and_not_kept(embedded: Embedded) -> None:
    """A generated password opens the console; neither events, parameters nor outputs of the stack show it."""
    cfn = embedded.client("cloudformation")
    how = {"SecretStringTemplate": "{}", "GenerateStringKey": "password", "PasswordLength": 30}
    password = {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"}
    template = {
        "Parameters": {"Hidden": {"Type": "String", "NoEcho": True}},
        "Resources": {
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": how}},
            "User": {
                "Type": "AWS::IAM::User",
                "Properties": {
                    "UserName": "cfn-password",
                    "LoginProfile": {"Password": password},
                    "Tags": [{"Key": "hidden", "Value": {"Ref": "Hidden"}}],
                },
            },
        },
        "Outputs": {"Secret": {"Value": {"Ref": "Secret"}}},
    }
    given = [{"ParameterKey": "Hidden", "ParameterValue": "not-to-be-seen"}]
    stack = deploy(cfn, "password", json.dumps(template), Parameters=given)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(cfn, stack["StackId"], "CREATE_FAILED")
    secret = embedded.client("secretsmanager").get_secret_value(SecretId=outputs(stack)["Secret"])["SecretString"]
    assert embedded.client("iam").get_login_profile(UserName="cfn-password")["LoginProfile"]
    told = json.dumps([stack, cfn.describe_stack_events(StackName="password")["StackEvents"]], default=str)
    assert json.loads(secret)["password"] not in told
    assert "not-to-be-seen" not in told
    assert "{{resolve:secretsmanager:" in told
    cfn.delete_stack(StackName="password")
