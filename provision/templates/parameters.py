"""The templates' parameters: the walkthrough's (sign-in, profiles, users, database, tables, network) and the run's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lakeproof.plan import Person, Plan
from provision.templates.expressions import logical

IAM_USERS = "AWS IAM with IAM users"
FEDERATION = "AWS IAM with AWS account federation (external IdP)"
BOTH = "Both"
Parameters = dict[str, dict[str, Any]]


def run() -> Parameters:
    """Who verifies, and for which run."""
    return {
        "RunId": {
            "Type": "String",
            "Description": "Part of the names that must be unique, such as those of buckets.",
            "AllowedPattern": "[a-z0-9-]{4,20}",
        },
        "HarnessArn": {
            "Type": "String",
            "Description": "ARN of the principal that deploys and verifies; it becomes a data lake administrator.",
            "AllowedPattern": "arn:aws:iam::[0-9]{12}:(user|role)/.+",
        },
        "ExternalId": {
            "Type": "String",
            "Description": "What the harness shows when it assumes a role (sts:ExternalId).",
            "AllowedPattern": "[A-Za-z0-9+=,.@:/-]{2,200}",
        },
    }


def data(plan: Plan) -> Parameters:
    """The names of database and tables, as in the walkthrough."""
    found: Parameters = {
        "DatabaseName": {
            "Type": "String",
            "Description": "Name of the Glue database.",
            "AllowedPattern": "[a-z0-9_]+",
            "Default": plan.dataset.database,
        }
    }
    for table in plan.dataset.tables:
        found[f"{logical(table.name)}Name"] = {
            "Type": "String",
            "Description": f"Name of the Glue table {table.name}.",
            "AllowedPattern": "[a-z0-9_]+",
            "Default": table.name,
        }
    return found


def authentication(plan: Plan) -> Parameters:
    """How people sign in to Studio; the default is what the plan says."""
    ways = {person.sign_in for person in plan.people}
    default = BOTH if len(ways) == 2 else IAM_USERS if "iam_user" in ways else FEDERATION
    return {
        "StudioAuthentication": {
            "Type": "String",
            "Description": "Whose resources are made: IAM users', federated people's, or both.",
            "AllowedValues": [IAM_USERS, FEDERATION, BOTH],
            "Default": default,
        }
    }


def people(plan: Plan) -> Parameters:
    """Each person's profile, and the user name: an IAM user's, or the identity provider's."""
    found: Parameters = {}
    for person in plan.people:
        kind = "IAM user" if person.sign_in == "iam_user" else "IdP user name"
        found[profile(person)] = {
            "Type": "String",
            "Description": f"Studio profile of {person.name}.",
            "AllowedPattern": "[a-zA-Z0-9](-*[a-zA-Z0-9])*",
            "Default": person.profile,
        }
        found[user(person)] = {
            "Type": "String",
            "Description": f"{kind} of {person.name}.",
            "AllowedPattern": "[A-Za-z0-9+=,.@_-]+",
            "Default": person.user_id,
        }
    return found


def center(plan: Plan) -> Parameters:
    """Where permission set and assignments are made; nowhere, if the instance's ARN is empty."""
    way = plan.sign_in.federated
    if way is None or way.permission_set is None:
        return {}
    found: Parameters = {
        "IdentityCenterInstanceArn": {
            "Type": "String",
            "Description": "ARN of the IAM Identity Center instance; empty for none.",
            "AllowedPattern": "|arn:aws:sso:::instance/.+",
            "Default": "",
        }
    }
    for person in plan.people_by_sign_in("federated"):
        found[principal(person)] = {
            "Type": "String",
            "Description": f"Id of {person.name} in Identity Center's directory; empty for none.",
            "Default": "",
        }
    return found


def network(plan: Plan) -> Parameters:
    """VPC and subnets of the domain."""
    return {
        "StudioVpcId": {
            "Type": "AWS::EC2::VPC::Id",
            "Description": "VPC of the Studio domain.",
            "Default": plan.studio.vpc_id,
        },
        "StudioSubnetIds": {
            "Type": "List<AWS::EC2::Subnet::Id>",
            "Description": "Subnets of the Studio domain, in the VPC and in different Availability Zones.",
            "Default": ",".join(plan.studio.subnet_ids),
        },
    }


def profile(person: Person) -> str:
    """The parameter that holds a person's profile."""
    return f"{logical(person.name)}Profile"


def user(person: Person) -> str:
    """The parameter that holds a person's user name."""
    return f"{logical(person.name)}UserName"


def principal(person: Person) -> str:
    """The parameter that holds a federated person's id in the directory."""
    return f"{logical(person.name)}PrincipalId"


def conditions(plan: Plan, center: bool = False) -> dict[str, Any]:
    """Who signs in how; with ``center``, whether there is an Identity Center, and who of the people is in it."""
    chosen = {"Ref": "StudioAuthentication"}
    found: dict[str, Any] = {
        "WithIamUsers": {"Fn::Not": [{"Fn::Equals": [chosen, FEDERATION]}]},
        "WithFederation": {"Fn::Not": [{"Fn::Equals": [chosen, IAM_USERS]}]},
    }
    ways = {person.sign_in for person in plan.people}
    used = {"WithIamUsers"} if "iam_user" in ways else set()
    used |= {"WithFederation"} if "federated" in ways else set()
    found = {name: value for name, value in found.items() if name in used}
    way = plan.sign_in.federated
    if center and way is not None and way.permission_set is not None and "federated" in ways:
        there = {"Fn::Not": [{"Fn::Equals": [{"Ref": "IdentityCenterInstanceArn"}, ""]}]}
        found["WithCenter"] = {"Fn::And": [{"Condition": "WithFederation"}, there]}
        for person in plan.people_by_sign_in("federated"):
            known = {"Fn::Not": [{"Fn::Equals": [{"Ref": principal(person)}, ""]}]}
            found[f"With{logical(person.name)}"] = {"Fn::And": [{"Condition": "WithCenter"}, known]}
    return found


def condition(person: Person) -> str:
    """The condition under which a person's resources are made."""
    return "WithIamUsers" if person.sign_in == "iam_user" else "WithFederation"


def names(parameters: Iterable[str]) -> Mapping[str, Any]:
    """The parameters handed on to a nested stack, each under its own name."""
    return {name: {"Ref": name} for name in parameters}
