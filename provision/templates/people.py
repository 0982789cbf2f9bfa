"""The template of the people: users, roles, policies, workgroups, Identity Center, and their rights on the lake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakeproof.plan import Permission, Person, Plan, names, permissions
from lakeproof.plan.permissions import DEFAULT_DATABASE
from provision.site import DESCRIPTION
from provision.templates import parameters
from provision.templates.dataset import CATALOG, Resources
from provision.templates.expressions import Expression, attribute, document, logical, reference, text

Document = Mapping[str, Any]


def template(plan: Plan) -> dict[str, Any]:
    """The people and their rights. The lake's tables must be there already."""
    resources = _policies(plan) | _iam_users(plan) | _roles(plan) | _stand_ins(plan) | _center(plan)
    resources |= _workgroups(plan)
    for permission in permissions(plan):
        resources |= _grant(plan, permission, resources)
    outputs = {
        f"{logical(person.name)}Role": {
            "Condition": parameters.condition(person),
            "Description": f"Execution role of {person.name}.",
            "Value": attribute(role(person), "Arn"),
        }
        for person in plan.people
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The people of the plan {plan.name}, and their rights.",
        "Parameters": _parameters(plan),
        "Conditions": parameters.conditions(plan, center=True),
        "Resources": resources,
        "Outputs": outputs,
    }


def _parameters(plan: Plan) -> parameters.Parameters:
    """The parameters of this template."""
    return {
        **parameters.run(),
        **parameters.authentication(plan),
        **parameters.people(plan),
        **parameters.data(plan),
        **parameters.center(plan),
    }


def role(person: Person) -> str:
    """The logical id of a person's execution role."""
    return f"{logical(person.name)}ExecutionRole"


def own(person: Person) -> dict[str, str]:
    """What the placeholders of a person's resources stand for."""
    return {
        "person": person.name,
        "user_id": f"${{{parameters.user(person)}}}",
        "profile": f"${{{parameters.profile(person)}}}",
    }


def name_of(person: Person, pattern: str, name: str) -> Expression:
    """A name of a person's resource: by the plan's pattern where the plan made it of that, else as it is written."""
    filled = names.fill(pattern, {"person": person.name, "user_id": person.user_id, "profile": person.profile})
    return text(pattern, own(person)) if filled == name else text(name)


def _policies(plan: Plan) -> Resources:
    execution = plan.execution
    found: Resources = {
        "ExecutionPolicy": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "ManagedPolicyName": text(execution.policy.name),
                "Description": DESCRIPTION,
                "PolicyDocument": document(plan, execution.policy.file),
            },
        }
    }
    return found


def _iam_users(plan: Plan) -> Resources:
    people, way = plan.people_by_sign_in("iam_user"), plan.sign_in.iam_user
    if not people or way is None:
        return {}
    found: Resources = {
        "GroupPolicy": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Condition": "WithIamUsers",
            "Properties": {
                "ManagedPolicyName": text(way.policy.name),
                "Description": DESCRIPTION,
                "PolicyDocument": document(plan, way.policy.file),
            },
        },
        "Group": {
            "Type": "AWS::IAM::Group",
            "Condition": "WithIamUsers",
            "Properties": {
                "GroupName": text(way.group),
                "ManagedPolicyArns": [reference("GroupPolicy"), *way.managed_policies],
            },
        },
    }
    for person in people:
        found |= _iam_user(person, way.login_profile)
    return found


def _iam_user(person: Person, login: bool) -> Resources:
    name = logical(person.name)
    properties: dict[str, Any] = {"UserName": reference(parameters.user(person)), "Groups": [reference("Group")]}
    found: Resources = {}
    if login:
        secret = f"{name}Password"
        found[secret] = {
            "Type": "AWS::SecretsManager::Secret",
            "Condition": "WithIamUsers",
            "Properties": {
                "Description": f"Console password of {person.name}",
                "GenerateSecretString": {"PasswordLength": 24, "RequireEachIncludedType": True},
            },
        }
        password = {"Fn::Sub": f"{{{{resolve:secretsmanager:${{{secret}}}:SecretString}}}}"}
        properties["LoginProfile"] = {"Password": password}
    found[f"{name}User"] = {"Type": "AWS::IAM::User", "Condition": "WithIamUsers", "Properties": properties}
    return found


def _roles(plan: Plan) -> Resources:
    execution, reader = plan.execution, plan.verification.control_reader
    found: Resources = {}
    for person in plan.people:
        found[role(person)] = {
            "Type": "AWS::IAM::Role",
            "Condition": parameters.condition(person),
            "Properties": {
                "RoleName": name_of(person, execution.role, person.execution_role),
                "Description": DESCRIPTION,
                "AssumeRolePolicyDocument": document(plan, execution.trust, own(person)),
                "ManagedPolicyArns": [reference("ExecutionPolicy"), *execution.managed_policies],
                "Tags": [{"Key": execution.role_tag, "Value": reference(parameters.profile(person))}],
            },
        }
    if reader:
        places = {"workgroup": reader.workgroup, "results_prefix": reader.prefix}
        rights = document(plan, reader.policy.file, places)
        found["ControlReader"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": text(reader.role),
                "Description": DESCRIPTION,
                "AssumeRolePolicyDocument": document(plan, reader.trust),
                "Policies": [{"PolicyName": text(reader.policy.name), "PolicyDocument": rights}],
            },
        }
    return found


def _stand_ins(plan: Plan) -> Resources:
    """Roles that a test assumes in place of the AWSReservedSSO role."""
    way = plan.sign_in.federated
    if way is None:
        return {}
    return {
        f"{logical(person.name)}StandIn": {
            "Type": "AWS::IAM::Role",
            "Condition": "WithFederation",
            "Properties": {
                "RoleName": name_of(person, way.stand_in, person.stand_in_role or ""),
                "Description": DESCRIPTION,
                "AssumeRolePolicyDocument": document(plan, way.stand_in_trust, own(person)),
                "ManagedPolicyArns": list(way.managed_policies),
                "Policies": [{"PolicyName": text(way.policy.name), "PolicyDocument": document(plan, way.policy.file)}],
            },
        }
        for person in plan.people_by_sign_in("federated")
    }


def _center(plan: Plan) -> Resources:
    """Permission set and assignments, where there is an Identity Center; its attributes are the whole instance's."""
    people, way = plan.people_by_sign_in("federated"), plan.sign_in.federated
    if not people or way is None or way.permission_set is None:
        return {}
    found: Resources = {
        "PermissionSet": {
            "Type": "AWS::SSO::PermissionSet",
            "Condition": "WithCenter",
            "Properties": {
                "InstanceArn": reference("IdentityCenterInstanceArn"),
                "Name": text(way.permission_set),
                "Description": DESCRIPTION,
                "SessionDuration": "PT1H",
                "InlinePolicy": document(plan, way.policy.file),
                **({"ManagedPolicies": list(way.managed_policies)} if way.managed_policies else {}),
            },
        }
    }
    for person in people:
        found[f"{logical(person.name)}Assignment"] = {
            "Type": "AWS::SSO::Assignment",
            "Condition": f"With{logical(person.name)}",
            "Properties": {
                "InstanceArn": reference("IdentityCenterInstanceArn"),
                "PermissionSetArn": attribute("PermissionSet", "PermissionSetArn"),
                "PrincipalType": "USER",
                "PrincipalId": reference(parameters.principal(person)),
                "TargetType": "AWS_ACCOUNT",
                "TargetId": reference("AWS::AccountId"),
            },
        }
    return found


def _workgroups(plan: Plan) -> Resources:
    found: Resources = {}
    reader, results = plan.verification.control_reader, plan.results
    for person in () if results.shared else plan.people:
        name = name_of(person, results.workgroup, person.workgroup)
        prefix = name_of(person, results.prefix, person.results_prefix)
        found[f"{logical(person.name)}Workgroup"] = {
            "Condition": parameters.condition(person),
            **_workgroup(plan, name, prefix),
        }
    if reader:
        found["ControlReaderWorkgroup"] = _workgroup(plan, text(reader.workgroup), text(reader.prefix))
    return found


def _workgroup(plan: Plan, name: Expression, prefix: Expression) -> dict[str, Any]:
    """Its settings are enforced, so that results lie where the plan says."""
    place = {"Fn::Join": ["", ["s3://", text(plan.results.bucket), "/", prefix]]}
    return {
        "Type": "AWS::Athena::WorkGroup",
        "Properties": {
            "Name": name,
            "RecursiveDeleteOption": True,
            "WorkGroupConfiguration": {
                "EnforceWorkGroupConfiguration": True,
                "PublishCloudWatchMetricsEnabled": False,
                "ResultConfiguration": {"OutputLocation": place, "ExpectedBucketOwner": reference("AWS::AccountId")},
            },
        },
    }


def _grant(plan: Plan, permission: Permission, before: Document) -> Resources:
    """One Lake Formation permission, as the plan means it."""
    holder = plan.person(permission.person) if permission.person else None
    number = sum(one["Type"] == "AWS::LakeFormation::PrincipalPermissions" for one in before.values()) + 1
    granted = [permission.permission]
    grant: dict[str, Any] = {
        "Type": "AWS::LakeFormation::PrincipalPermissions",
        "Properties": {
            "Principal": {"DataLakePrincipalIdentifier": attribute(role(holder) if holder else "ControlReader", "Arn")},
            "Resource": _resource(permission),
            "Permissions": granted,
            "PermissionsWithGrantOption": granted if permission.grant_option else [],
        },
    }
    if holder:
        grant = {"Condition": parameters.condition(holder), **grant}
    who = logical(permission.person or "control-reader")
    return {f"{who}{permission.permission.title()}{number}": grant}


def _resource(permission: Permission) -> dict[str, Any]:
    if permission.expression is not None:
        tags = [{"TagKey": text(key), "TagValues": list(values)} for key, values in permission.expression]
        return {"LFTagPolicy": {"CatalogId": CATALOG, "ResourceType": "TABLE", "Expression": tags}}
    if permission.table is None:
        name = permission.database if permission.database == DEFAULT_DATABASE else reference("DatabaseName")
        return {"Database": {"CatalogId": CATALOG, "Name": name}}
    database, table = reference("DatabaseName"), reference(f"{logical(permission.table)}Name")
    if permission.filter is not None:
        place = {"TableCatalogId": CATALOG, "DatabaseName": database, "TableName": table}
        return {"DataCellsFilter": {**place, "Name": text(permission.filter)}}
    named = {"CatalogId": CATALOG, "DatabaseName": database, "Name": table}
    if permission.include is not None:
        return {"TableWithColumns": {**named, "ColumnNames": list(permission.include)}}
    if permission.exclude is not None:
        wildcard = {"ExcludedColumnNames": list(permission.exclude)}
        return {"TableWithColumns": {**named, "ColumnWildcard": wildcard}}
    return {"Table": named}
