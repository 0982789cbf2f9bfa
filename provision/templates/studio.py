"""The template of SageMaker Studio: the domain, its default role, and a profile for each person."""

from __future__ import annotations

from typing import Any

from lakeproof.plan import Plan
from provision.site import DESCRIPTION
from provision.templates import parameters
from provision.templates.dataset import Resources
from provision.templates.expressions import attribute, document, logical, reference, text
from provision.templates.people import name_of

PARTITION_ROLE = "arn:aws:iam::${AWS::AccountId}:role/"


def template(plan: Plan) -> dict[str, Any]:
    """The domain and the profiles. The execution roles must be there already."""
    studio = plan.studio
    default = studio.default_execution_role
    resources: Resources = {
        "DefaultExecutionRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": text(default.name),
                "Description": DESCRIPTION,
                "AssumeRolePolicyDocument": document(plan, default.trust),
                "ManagedPolicyArns": list(default.managed_policies),
            },
        },
        "Domain": {
            "Type": "AWS::SageMaker::Domain",
            "Properties": {
                "DomainName": text(studio.domain),
                "AuthMode": "IAM",
                "VpcId": reference("StudioVpcId"),
                "SubnetIds": reference("StudioSubnetIds"),
                "DefaultUserSettings": {"ExecutionRole": attribute("DefaultExecutionRole", "Arn")},
                "DomainSettings": {
                    "ExecutionRoleIdentityConfig": "USER_PROFILE_NAME" if studio.source_identity else "DISABLED"
                },
            },
        },
    }
    for person in plan.people:
        name = name_of(person, plan.execution.role, person.execution_role)
        arn = {"Fn::Join": ["", [{"Fn::Sub": PARTITION_ROLE}, name]]}
        resources[f"{logical(person.name)}StudioProfile"] = {
            "Type": "AWS::SageMaker::UserProfile",
            "Condition": parameters.condition(person),
            "Properties": {
                "DomainId": reference("Domain"),
                "UserProfileName": reference(parameters.profile(person)),
                "UserSettings": {"ExecutionRole": arn},
                "Tags": [{"Key": studio.profile_tag, "Value": reference(parameters.user(person))}],
            },
        }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"SageMaker Studio of the plan {plan.name}.",
        "Parameters": _parameters(plan),
        "Conditions": parameters.conditions(plan),
        "Resources": resources,
        "Outputs": {"DomainId": {"Description": "The Studio domain.", "Value": reference("Domain")}},
    }


def _parameters(plan: Plan) -> parameters.Parameters:
    """The parameters of this template."""
    return {
        **{name: one for name, one in parameters.run().items() if name == "RunId"},
        **parameters.authentication(plan),
        **parameters.people(plan),
        **parameters.network(plan),
    }
