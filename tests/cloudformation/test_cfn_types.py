"""Every resource type makes the thing itself: read through its own service's API, changed, and gone with its stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jmespath
import pytest
import yaml
from botocore.exceptions import ClientError

from tests.cloudformation.stacks import change, deploy, described, outputs, reasons
from tests.conftest import Embedded

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases" / "types.yaml").read_text("utf-8"))
TABLE = Path(__file__).parents[2] / "localaws" / "cloudformation" / "types.yaml"
ATTRIBUTES = ("UserProfileArn", "PermissionSetArn")


@pytest.fixture(scope="module")
def known(embedded: Embedded) -> dict[str, str]:
    """The places of the table that an account fills; its administrator administers the data lake."""
    embedded.client("lakeformation").put_data_lake_settings(
        DataLakeSettings={
            "DataLakeAdmins": [
                {"DataLakePrincipalIdentifier": f"arn:aws:iam::{embedded.account_id}:user/administrator"}
            ]
        }
    )
    instance = embedded.client("sso-admin").list_instances()["Instances"][0]
    user = embedded.client("identitystore").create_user(
        IdentityStoreId=instance["IdentityStoreId"],
        UserName="cfn-user",
        DisplayName="cfn-user",
        Name={"GivenName": "Ana", "FamilyName": "Example"},
    )
    return {"account": embedded.account_id, "instance": instance["InstanceArn"], "user": user["UserId"]}


def filled(value: Any, places: dict[str, str]) -> Any:
    """The value with its places filled."""
    text = json.dumps(value)
    for name, found in places.items():
        text = text.replace(f"{{{name}}}", found)
    return json.loads(text)


def seen(embedded: Embedded, read: dict[str, Any]) -> Any:
    """What the resource's own service says."""
    answer = getattr(embedded.client(read["service"]), read["call"])(**read["with"])
    return jmespath.search(read["at"], json.loads(json.dumps(answer, default=str)))


@pytest.mark.parametrize("kind", CASES)
def test_a_type_makes_changes_and_deletes_the_thing_itself(
    embedded: Embedded, known: dict[str, str], kind: str
) -> None:
    """The stack is green, and its service shows what the template says, before and after an update; then nothing."""
    cfn, case = embedded.client("cloudformation"), filled(CASES[kind], known)
    asked = {name: {"Value": {"Fn::GetAtt": ["It", name]}} for name in ATTRIBUTES if f"{{{name}}}" in str(case)}
    body = {"Resources": case["resources"], **({"Outputs": asked} if asked else {})}
    name = kind.replace("::", "-")
    stack = deploy(cfn, name, json.dumps(body))
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(cfn, stack["StackId"], "CREATE_FAILED")
    physical = cfn.describe_stack_resource(StackName=name, LogicalResourceId="It")["StackResourceDetail"]
    read = filled(case["read"], {"id": physical["PhysicalResourceId"], **outputs(stack)})
    assert seen(embedded, read) == case["made"]
    if "change" in case:
        body["Resources"] = case["resources"] | case["change"]
        stack = change(cfn, name, json.dumps(body))
        assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(cfn, stack["StackId"], "UPDATE_FAILED")
        assert seen(embedded, read) == case["changed"]
    cfn.delete_stack(StackName=name)
    assert described(cfn, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    if "after" in case:
        assert seen(embedded, read) == case["after"]
    else:
        with pytest.raises(ClientError) as refusal:
            seen(embedded, read)
        assert refusal.value.response["Error"]["Code"] == case["gone"]


def test_every_type_has_a_case() -> None:
    """The table of types and that of the cases name the same, but nested stacks, which have tests of their own."""
    table = yaml.safe_load(TABLE.read_text("utf-8"))
    assert set(table) - set(CASES) == {"AWS::CloudFormation::Stack"}
