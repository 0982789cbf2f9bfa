"""The template of the lake: buckets, registered location, database, tables, partitions, LF-Tags, filters, trail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from lakeproof.plan import Plan, Table
from lakeproof.plan import names as plan_names
from lakeproof.plan.permissions import DEFAULT_DATABASE, assigned_tags, data_filters
from provision.partitions import PARQUET
from provision.templates import parameters
from provision.templates.expressions import ACCOUNT, Expression, attribute, logical, reference, said, text
from provision.trail import selectors

Resources = dict[str, dict[str, Any]]
CATALOG = reference("AWS::AccountId")
KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
"""Of the log bucket: what was recorded outlives the stack, and a bucket that holds files cannot be deleted."""
PRIVATE = {"BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}


def template(plan: Plan) -> dict[str, Any]:
    """The lake. Its data is not part of it: files come into the bucket afterwards."""
    resources: Resources = {
        "DataLakeSettings": _settings(plan),
        "LakeBucket": bucket(plan.dataset.bucket),
        "ResultsBucket": bucket(plan.results.bucket),
        "Location": {
            "Type": "AWS::LakeFormation::Resource",
            "Properties": {"ResourceArn": attribute("LakeBucket", "Arn"), "UseServiceLinkedRole": True},
        },
        **_databases(plan),
        **_tags(plan),
    }
    for table in plan.dataset.tables:
        resources |= _table(table)
    resources |= _assignments(plan) | _filters(plan) | _trail(plan)
    conditions = {"WithDefaultDatabase": {"Fn::Equals": [reference("CreateDefaultDatabase"), "true"]}}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The data lake of the plan {plan.name}.",
        "Parameters": _parameters(plan),
        "Conditions": conditions if plan.account.describe_default else {},
        "Resources": resources,
        "Outputs": {
            "LakeBucketName": {"Description": "Where the data lies.", "Value": reference("LakeBucket")},
            "ResultsBucketName": {"Description": "Where Athena's results lie.", "Value": reference("ResultsBucket")},
        },
    }


def _parameters(plan: Plan) -> parameters.Parameters:
    """The parameters of this template."""
    found = {name: one for name, one in parameters.run().items() if name != "ExternalId"} | parameters.data(plan)
    if plan.account.describe_default:
        found["CreateDefaultDatabase"] = {
            "Type": "String",
            "Description": "Whether the account lacks the database default, which Athena needs.",
            "AllowedValues": ["true", "false"],
            "Default": "true",
        }
    return found


def bucket(name: str) -> dict[str, Any]:
    """A private bucket."""
    return {
        "Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": text(name), "PublicAccessBlockConfiguration": PRIVATE},
    }


def _settings(plan: Plan) -> dict[str, Any]:
    """The harness becomes an administrator; by default IAMAllowedPrincipals get nothing, where the plan says so."""
    admins = [{"DataLakePrincipalIdentifier": reference("HarnessArn")}]
    nobody: dict[str, Any] = {"CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": []}
    return {
        "Type": "AWS::LakeFormation::DataLakeSettings",
        "Properties": {
            "MutationType": "APPEND",
            "Admins": admins,
            **(nobody if plan.account.iam_allowed_principals == "removed" else {}),
        },
    }


def _databases(plan: Plan) -> Resources:
    everybody = plan.account.iam_allowed_principals
    nobody: dict[str, Any] = {"CreateTableDefaultPermissions": []}
    found: Resources = {
        "Database": {
            "Type": "AWS::Glue::Database",
            "DependsOn": ["DataLakeSettings", "Location"],
            "Properties": {
                "CatalogId": CATALOG,
                "DatabaseInput": {
                    "Name": reference("DatabaseName"),
                    "LocationUri": {"Fn::Sub": "s3://${LakeBucket}/"},
                    **(nobody if everybody != "left" else {}),
                },
            },
        }
    }
    if plan.account.describe_default:
        found["DefaultDatabase"] = {
            "Type": "AWS::Glue::Database",
            "Condition": "WithDefaultDatabase",
            "DependsOn": "DataLakeSettings",
            "Properties": {
                "CatalogId": CATALOG,
                "DatabaseInput": {"Name": DEFAULT_DATABASE, **(nobody if everybody == "removed" else {})},
            },
        }
    return found


def _table(table: Table) -> Resources:
    from provision.dataset import partition_directory  # it needs numpy, which only the generator uses

    place = f"s3://${{LakeBucket}}/{table.prefix}"
    columns = [{"Name": column.name, "Type": column.type} for column in table.columns]
    name = logical(table.name)
    keys = {"CatalogId": CATALOG, "DatabaseName": reference("Database")}
    found: Resources = {
        name: {
            "Type": "AWS::Glue::Table",
            "Properties": {
                **keys,
                "TableInput": {
                    "Name": reference(f"{name}Name"),
                    **({"Description": table.description} if table.description else {}),
                    "TableType": "EXTERNAL_TABLE",
                    "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
                    "PartitionKeys": [{"Name": key.name, "Type": key.type} for key in table.partition_keys],
                    "StorageDescriptor": {"Columns": columns, "Location": {"Fn::Sub": place}, **PARQUET},
                },
            },
        }
    }
    for values in table.partition_values:
        directory = partition_directory(table.partition_key_names, values)
        found[f"{name}Partition{logical('-'.join(values))}"] = {
            "Type": "AWS::Glue::Partition",
            "Properties": {
                **keys,
                "TableName": reference(name),
                "PartitionInput": {
                    "Values": list(values),
                    "StorageDescriptor": {
                        **PARQUET,
                        "Location": {"Fn::Sub": f"{place}{directory}/"},
                    },
                },
            },
        }
    return found


def _tags(plan: Plan) -> Resources:
    return {
        f"Tag{logical(key)}": {
            "Type": "AWS::LakeFormation::Tag",
            "DependsOn": "DataLakeSettings",
            "Properties": {"TagKey": text(key), "TagValues": list(values)},
        }
        for key, values in plan.lf_tags.items()
    }


def _assignments(plan: Plan) -> Resources:
    found: Resources = {}
    for where, tags in assigned_tags(plan).items():
        resource: dict[str, Any] = {"Database": {"CatalogId": CATALOG, "Name": reference("Database")}}
        if where:
            table = {
                "CatalogId": CATALOG,
                "DatabaseName": reference("Database"),
                "Name": reference(logical(where[0])),
            }
            columns = {"TableWithColumns": {**table, "ColumnNames": list(where[1:])}}
            resource = {"Table": table} if len(where) == 1 else columns
        found[f"Tagged{logical('-'.join(('database', *where)))}"] = {
            "Type": "AWS::LakeFormation::TagAssociation",
            "DependsOn": [f"Tag{logical(key)}" for key in tags],
            "Properties": {
                "Resource": resource,
                "LFTags": [
                    {"CatalogId": CATALOG, "TagKey": text(key), "TagValues": [value]} for key, value in tags.items()
                ],
            },
        }
    return found


def _filters(plan: Plan) -> Resources:
    found: Resources = {}
    for each in data_filters(plan):
        columns: Mapping[str, Any] = {"ColumnWildcard": {"ExcludedColumnNames": list(each.exclude or ())}}
        if each.include is not None:
            columns = {"ColumnNames": list(each.include)}
        found[f"Filter{logical(each.table)}{logical(each.name)}"] = {
            "Type": "AWS::LakeFormation::DataCellsFilter",
            "Properties": {
                "TableCatalogId": CATALOG,
                "DatabaseName": reference("Database"),
                "TableName": reference(logical(each.table)),
                "Name": text(each.name),
                **columns,
                "RowFilter": {"FilterExpression": each.where},
            },
        }
    return found


def _trail(plan: Plan) -> Resources:
    """The run's own trail with its log bucket, that nobody but CloudTrail and the harness reaches."""
    if plan.audit.trail != "create":
        return {}
    trail: Expression = {"Fn::Sub": f"arn:aws:cloudtrail:${{AWS::Region}}:${{AWS::AccountId}}:trail/{_name(plan)}"}
    source = files("provision").joinpath("log_bucket.json").read_text(encoding="utf-8")
    values = {**ACCOUNT, "bucket": "${LogBucket}", "trail_arn": trail["Fn::Sub"]}
    return {
        "LogBucket": {**KEPT, **bucket(plan.audit.log_bucket)},
        "LogBucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": reference("LogBucket"),
                "PolicyDocument": said(json.loads(plan_names.fill(source, values))),
            },
        },
        "Trail": {
            "Type": "AWS::CloudTrail::Trail",
            "DependsOn": "LogBucketPolicy",
            "Properties": {
                "TrailName": text(plan.audit.name),
                "S3BucketName": reference("LogBucket"),
                "IsLogging": True,
                "IsMultiRegionTrail": True,
                "IncludeGlobalServiceEvents": True,
                "EnableLogFileValidation": True,
                "AdvancedEventSelectors": [
                    {
                        "Name": selector["Name"],
                        "FieldSelectors": [
                            {key: text(item) if key == "Field" else [text(one) for one in item]
                             for key, item in field.items()}
                            for field in selector["FieldSelectors"]
                        ],
                    }
                    for selector in selectors(plan)
                ],
            },
        },
    }  # fmt: skip


def _name(plan: Plan) -> str:
    return plan_names.fill(plan.audit.name, ACCOUNT)
