"""A stack's life: created, changed, rolled back and deleted, with the deployer's rights and nobody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.stacks import CAPABILITIES, change, deploy, described, outputs, reasons, steps
from tests.conftest import Embedded


def template(**resources: Any) -> str:
    """A template of these resources."""
    return json.dumps({"Resources": resources})


def group(name: str, **properties: Any) -> dict[str, Any]:
    """A named IAM group."""
    return {"Type": "AWS::IAM::Group", "Properties": {"GroupName": name, **properties}}


def database(name: str, **more: Any) -> dict[str, Any]:
    """A Glue database."""
    properties = {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": name}}
    return {"Type": "AWS::Glue::Database", "Properties": properties, **more}


def groups(embedded: Embedded) -> set[str]:
    """The names of all IAM groups."""
    return {one["GroupName"] for one in embedded.client("iam").list_groups()["Groups"]}


def deployer(embedded: Embedded, name: str, *actions: str) -> dict[str, Any]:
    """The access key of a new user who may use CloudFormation and do these actions."""
    iam = embedded.client("iam")
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": ["cloudformation:*", *actions], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="deploy", PolicyDocument=policy)
    key: dict[str, Any] = iam.create_access_key(UserName=name)["AccessKey"]
    return key


def test_resources_are_made_after_what_they_wait_for(embedded: Embedded) -> None:
    """A reference and DependsOn set the order; deleting goes the other way round."""
    cfn = embedded.client("cloudformation")
    second = group("second", Path={"Fn::Sub": "/${First}/"})
    made = deploy(
        cfn, "ordered", template(Third=group("third") | {"DependsOn": "Second"}, Second=second, First=group("first"))
    )
    cfn.delete_stack(StackName="ordered")
    done = [(name, status) for name, status in steps(cfn, made["StackId"]) if status.endswith("_COMPLETE")]
    assert done == [
        ("First", "CREATE_COMPLETE"),
        ("Second", "CREATE_COMPLETE"),
        ("Third", "CREATE_COMPLETE"),
        ("ordered", "CREATE_COMPLETE"),
        ("Third", "DELETE_COMPLETE"),
        ("Second", "DELETE_COMPLETE"),
        ("First", "DELETE_COMPLETE"),
        ("ordered", "DELETE_COMPLETE"),
    ]
    assert groups(embedded).isdisjoint({"first", "second", "third"})


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        pytest.param({"Type": "AWS::SQS::Queue"}, "resource type AWS::SQS::Queue is not served", id="unserved-type"),
        pytest.param({"Type": "Custom::Domain"}, "resource type Custom::Domain is not served", id="custom-resource"),
        pytest.param(group("x", Colour="red"), "extraneous key [Colour] is not permitted", id="unknown-property"),
        pytest.param(
            {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": "123456789012"}},
            "required key [DatabaseInput] not found",
            id="missing-property",
        ),
        pytest.param(database("taken"), "HandlerErrorCode: AlreadyExists", id="already-there"),
    ],
)
def test_a_failure_in_the_middle_rolls_everything_back(embedded: Embedded, broken: dict[str, Any], reason: str) -> None:
    """The resource is CREATE_FAILED for its own reason, the stack ROLLBACK_COMPLETE, and nothing of it is left."""
    cfn, glue = embedded.client("cloudformation"), embedded.client("glue")
    glue.create_database(DatabaseInput={"Name": "taken"})
    text = template(
        Before=group("before"), Broken={**broken, "DependsOn": "Before"}, After=group("after") | {"DependsOn": "Broken"}
    )
    stack = deploy(cfn, "broken", text)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in reasons(cfn, stack["StackId"], "CREATE_FAILED")["Broken"]
    assert reasons(cfn, stack["StackId"], "ROLLBACK_IN_PROGRESS")["broken"] == (
        "The following resource(s) failed to create: [Broken]. Rollback requested by user."
    )
    assert groups(embedded).isdisjoint({"before", "after", "x"})
    assert glue.get_database(Name="taken")["Database"]["Name"] == "taken", "what was there before is not the stack's"
    glue.delete_database(Name="taken")
    cfn.delete_stack(StackName="broken")


def test_on_failure_says_what_becomes_of_the_rest(embedded: Embedded) -> None:
    """DO_NOTHING leaves what was made, DELETE leaves not even the stack."""
    cfn = embedded.client("cloudformation")
    text = template(Kept=group("kept"), Broken=group("x", Colour="red") | {"DependsOn": "Kept"})
    left = deploy(cfn, "left", text, OnFailure="DO_NOTHING")
    assert (left["StackStatus"], "kept" in groups(embedded)) == ("CREATE_FAILED", True)
    cfn.delete_stack(StackName="left")
    gone = deploy(cfn, "gone", text, OnFailure="DELETE")
    assert (gone["StackStatus"], "kept" in groups(embedded)) == ("DELETE_COMPLETE", False)


def test_the_deployer_needs_the_rights_of_every_service(embedded: Embedded) -> None:
    """IAM refuses what the caller may not do, with its own words; the twin who may do it deploys the same template."""
    text = template(Group=group("rights"), Database=database("rights", DependsOn="Group"))
    unable = embedded.client("cloudformation", deployer(embedded, "unable", "iam:*"))
    stack = deploy(unable, "rights", text)
    reason = reasons(unable, stack["StackId"], "CREATE_FAILED")["Database"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "is not authorized to perform: glue:CreateDatabase" in reason
    assert "because no identity-based policy allows the glue:CreateDatabase action" in reason
    assert reason.endswith("HandlerErrorCode: AccessDenied)")
    assert "rights" not in groups(embedded)
    able = embedded.client("cloudformation", deployer(embedded, "able", "iam:*", "glue:*"))
    assert deploy(able, "rights-twin", text)["StackStatus"] == "CREATE_COMPLETE"
    able.delete_stack(StackName="rights-twin")


def test_a_stack_role_acts_in_the_callers_place(embedded: Embedded) -> None:
    """With a role all is done with that role's rights, later operations too; passing it needs iam:PassRole."""
    iam, name = embedded.client("iam"), "deployment"
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    rights = {"Effect": "Allow", "Action": "iam:*Group*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    iam.put_role_policy(RoleName=name, PolicyName="groups", PolicyDocument=policy)
    without = embedded.client("cloudformation", deployer(embedded, "without-pass"))
    with pytest.raises(ClientError, match="iam:PassRole"):
        deploy(without, "by-role", template(Group=group("by-role")), RoleARN=role)
    passing = embedded.client("cloudformation", deployer(embedded, "with-pass", "iam:PassRole"))
    assert (
        deploy(passing, "by-role", template(Group=group("by-role")), RoleARN=role)["StackStatus"] == "CREATE_COMPLETE"
    )
    passing.delete_stack(StackName="by-role")
    assert "by-role" not in groups(embedded)
    failed = deploy(passing, "not-its-right", template(Database=database("not_its_right")), RoleARN=role)
    assert (
        f"assumed-role/{name}/AWSCloudFormation is not authorized"
        in (reasons(passing, failed["StackId"], "CREATE_FAILED")["Database"])
    )


def test_the_trail_tells_who_deployed_and_what_was_done_for_them(embedded: Embedded) -> None:
    """CreateStack is the caller's own event; what CloudFormation does for them carries invokedBy, and no secret."""
    cfn = embedded.client("cloudformation")
    deploy(cfn, "traced", template(Group=group("traced")))
    embedded.control("clock", {"advance": 5})
    lookup = embedded.client("cloudtrail").lookup_events
    found = {}
    for name in ("CreateStack", "CreateGroup"):
        events = lookup(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}])["Events"]
        found[name] = [json.loads(event["CloudTrailEvent"]) for event in events]
    created = next(event for event in found["CreateGroup"] if event["requestParameters"]["groupName"] == "traced")
    asked = next(event for event in found["CreateStack"] if event["requestParameters"]["stackName"] == "traced")
    assert created["userIdentity"]["invokedBy"] == created["sourceIPAddress"] == "cloudformation.amazonaws.com"
    assert created["userIdentity"]["userName"] == asked["userIdentity"]["userName"] == "administrator"
    assert "invokedBy" not in asked["userIdentity"]
    assert "templateBody" not in asked["requestParameters"]


def test_an_update_changes_replaces_and_removes(embedded: Embedded) -> None:
    """In place where it can, by another resource where it must, and what is no longer wanted goes last."""
    cfn, iam = embedded.client("cloudformation"), embedded.client("iam")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    deploy(cfn, "changing", template(Same=group("same"), Renamed=group("old-name"), Gone=group("gone")))
    text = template(Same=group("same", ManagedPolicyArns=[arn]), Renamed=group("new-name"), New=group("new"))
    assert change(cfn, "changing", text)["StackStatus"] == "UPDATE_COMPLETE"
    assert groups(embedded) & {"same", "old-name", "new-name", "gone", "new"} == {"same", "new-name", "new"}
    assert iam.list_attached_group_policies(GroupName="same")["AttachedPolicies"][0]["PolicyArn"] == arn
    with pytest.raises(ClientError, match=r"No updates are to be performed\."):
        change(cfn, "changing", text)
    cfn.delete_stack(StackName="changing")
    assert groups(embedded).isdisjoint({"same", "new-name", "new"})


def test_an_update_that_fails_returns_to_what_was(embedded: Embedded) -> None:
    """Changed, replaced and new resources are all undone, the template too; the stack can be updated again."""
    cfn, iam = embedded.client("cloudformation"), embedded.client("iam")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    before = template(Same=group("kept-same"), Renamed=group("kept-name"))
    deploy(cfn, "returning", before)
    after = template(
        Same=group("kept-same", ManagedPolicyArns=[arn]),
        Renamed=group("lost-name"),
        New=group("lost-new"),
        Broken=group("x", Colour="red") | {"DependsOn": ["Same", "Renamed", "New"]},
    )
    stack = change(cfn, "returning", after)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert groups(embedded) & {"kept-same", "kept-name", "lost-name", "lost-new"} == {"kept-same", "kept-name"}
    assert iam.list_attached_group_policies(GroupName="kept-same")["AttachedPolicies"] == []
    assert json.dumps(cfn.get_template(StackName="returning")["TemplateBody"]) == before
    assert change(cfn, "returning", template(Same=group("kept-same")))["StackStatus"] == "UPDATE_COMPLETE"
    cfn.delete_stack(StackName="returning")


def test_an_update_that_may_not_be_made_leaves_nothing_to_undo(embedded: Embedded) -> None:
    """Without the right to change a resource the update fails with IAM's reason, and the stack is what it was."""
    able = embedded.client("cloudformation")
    deploy(able, "refused-change", template(D=database("refused_change")))
    unable = embedded.client("cloudformation", deployer(embedded, "no-changes", "glue:GetDatabase"))
    changed = database("refused_change")
    changed["Properties"]["DatabaseInput"]["Description"] = "changed"
    stack = change(unable, "refused-change", template(D=changed))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "glue:UpdateDatabase" in reasons(able, stack["StackId"], "UPDATE_FAILED")["D"]
    assert "Description" not in embedded.client("glue").get_database(Name="refused_change")["Database"]
    assert change(able, "refused-change", template(D=changed))["StackStatus"] == "UPDATE_COMPLETE"
    able.delete_stack(StackName="refused-change")


def test_outputs_cross_stacks_and_hold_them(embedded: Embedded) -> None:
    """An export can be imported by others; while it is, its stack cannot be deleted, nor the export changed."""
    cfn = embedded.client("cloudformation")
    export = {"Name": {"Value": {"Ref": "Group"}, "Export": {"Name": "the-group"}}}
    deploy(cfn, "exporting", json.dumps({"Resources": {"Group": group("exported")}, "Outputs": export}))
    user = {
        "Type": "AWS::IAM::User",
        "Properties": {"UserName": "importing", "Groups": [{"Fn::ImportValue": "the-group"}]},
    }
    deploy(cfn, "importing", template(User=user))
    assert embedded.client("iam").list_groups_for_user(UserName="importing")["Groups"][0]["GroupName"] == "exported"
    assert cfn.list_imports(ExportName="the-group")["Imports"] == ["importing"]
    with pytest.raises(ClientError, match="Export the-group cannot be deleted as it is in use by importing"):
        cfn.delete_stack(StackName="exporting")
    changed = json.dumps({"Resources": {"Group": group("renamed")}, "Outputs": export})
    assert change(cfn, "exporting", changed)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert outputs(described(cfn, "exporting")) == {"Name": "exported"}
    cfn.delete_stack(StackName="importing")
    cfn.delete_stack(StackName="exporting")
    assert cfn.list_exports()["Exports"] == []


def test_what_is_retained_stays(embedded: Embedded) -> None:
    """DeletionPolicy: Retain leaves the resource to the account."""
    cfn = embedded.client("cloudformation")
    stack = deploy(
        cfn, "retaining", template(Kept=group("retained") | {"DeletionPolicy": "Retain"}, Other=group("other"))
    )
    cfn.delete_stack(StackName="retaining")
    assert described(cfn, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert groups(embedded) & {"retained", "other"} == {"retained"}


def test_a_stack_that_cannot_be_deleted_says_why(embedded: Embedded) -> None:
    """DELETE_FAILED names the resource and the service's reason; RetainResources lets the rest go."""
    cfn, s3 = embedded.client("cloudformation"), embedded.client("s3")
    text = template(
        Bucket={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "not-empty"}}, Group=group("with-bucket")
    )
    stack_id = deploy(cfn, "stuck", text)["StackId"]
    s3.put_object(Bucket="not-empty", Key="k", Body=b"x")
    cfn.delete_stack(StackName="stuck")
    assert described(cfn, "stuck")["StackStatus"] == "DELETE_FAILED"
    assert "The bucket you tried to delete is not empty" in reasons(cfn, stack_id, "DELETE_FAILED")["Bucket"]
    assert "with-bucket" not in groups(embedded)
    cfn.delete_stack(StackName="stuck", RetainResources=["Bucket"])
    assert described(cfn, stack_id)["StackStatus"] == "DELETE_COMPLETE"


def test_a_protected_stack_stays(embedded: Embedded) -> None:
    """Termination protection refuses DeleteStack until it is taken away."""
    cfn = embedded.client("cloudformation")
    deploy(cfn, "protected", template(Group=group("protected")), EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="cannot be deleted while TerminationProtection is enabled"):
        cfn.delete_stack(StackName="protected")
    cfn.update_termination_protection(StackName="protected", EnableTerminationProtection=False)
    cfn.delete_stack(StackName="protected")
    assert "protected" not in groups(embedded)


def test_a_name_is_taken_while_its_stack_lives(embedded: Embedded) -> None:
    """A second stack of the same name is refused; after a rollback too, until it is deleted."""
    cfn = embedded.client("cloudformation")
    deploy(cfn, "twice", template(Group=group("twice")))
    with pytest.raises(ClientError, match=r"Stack \[twice\] already exists"):
        cfn.create_stack(StackName="twice", TemplateBody=template(Group=group("x")), Capabilities=CAPABILITIES)
    cfn.delete_stack(StackName="twice")
    assert deploy(cfn, "twice", template(Group=group("twice")))["StackStatus"] == "CREATE_COMPLETE"
    cfn.delete_stack(StackName="twice")


def test_waiters_and_the_saved_state_know_stacks(embedded: Embedded) -> None:
    """boto3's waiters end, and a restored account has the stacks that it had."""
    cfn = embedded.client("cloudformation")
    embedded.control("state", {"save": "before"})
    deploy(cfn, "waited", template(Group=group("waited")))
    cfn.get_waiter("stack_create_complete").wait(StackName="waited", WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    embedded.control("state", {"restore": "before"})
    with pytest.raises(ClientError, match="Stack with id waited does not exist"):
        described(cfn, "waited")
    assert "waited" not in groups(embedded)
