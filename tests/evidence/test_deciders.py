"""A red scenario names what let the probe through: the grant, the statement, or the trust policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lakeproof.evidence.deciders import deciders, names
from lakeproof.probes.identity import Identity
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.outcome import Allowed
from lakeproof.target import Target, local_target
from tests.conftest import Embedded

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OPENS_PROFILES = {"Effect": "Allow", "Action": ["sagemaker:DescribeUser*"], "Resource": "*"}
PLANNED = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Deny", "Action": "sagemaker:Describe*", "Resource": "arn:aws:sagemaker:{region}:{account}:app/*"},
    {
      "Sid": "Own",
      "Effect": "Allow",
      "Action": "sagemaker:Describe*",
      "Resource": "arn:aws:sagemaker:{region}:{account}:user-profile/*/${aws:username}"
    },
    {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "arn:aws:sagemaker:*:*:planned"}
  ]
}"""
DENIES_PROFILES = {"Effect": "Deny", "Action": "sagemaker:DescribeUserProfile", "Resource": "*"}


@pytest.fixture(scope="module")
def target(embedded: Embedded) -> Target:
    """The embedded account as the harness knows it."""
    ready = {name: str(value) for name, value in vars(embedded).items() if name != "process"}
    return local_target(ready)


def attempt(
    target: Target, principal: str, operation: str, service: str, sql: str | None = None, **params: Any
) -> Attempt:
    """An attempt that was allowed to a principal."""
    who = Identity("somebody", "console", principal, principal, target.credentials, "somebody")
    return Attempt(who, service, operation, Allowed(), NOON, NOON, sql=sql, params=params)


def trust_of(target: Target) -> str:
    """A trust policy that lets the whole account in."""
    statement = {"Effect": "Allow", "Principal": {"AWS": target.account_id}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ({"Action": "s3:GetObject"}, False),
        ({"Action": ["sagemaker:ListApps", "sagemaker:Describe*"]}, True),
        ({"Action": "SAGEMAKER:describeuserprofile"}, True),
        ({"Action": "*"}, True),
        ({"NotAction": "sagemaker:*"}, False),
        ({"NotAction": ["s3:*", "iam:*"]}, True),
    ],
)
def test_a_statement_names_an_action_by_pattern(statement: Mapping[str, Any], named: bool) -> None:
    """Action names what matches, in any case; NotAction names what does not."""
    assert names(dict(statement), "sagemaker:DescribeUserProfile") is named


def test_what_was_not_found_is_said(target: Target) -> None:
    """A principal that is gone, or that nothing names, is no reason to fail: the block says so."""
    gone = attempt(target, f"arn:aws:iam::{target.account_id}:user/nobody", "DescribeUserProfile", "sagemaker")

    assert "could not be read" in deciders(gone, target)

    query = attempt(
        target, f"arn:aws:iam::{target.account_id}:role/Nobody", "StartQueryExecution", "athena", "SELECT 1"
    )

    assert "no grant and no statement" in deciders(query, target)


def test_the_statement_that_allows_a_call_is_named(target: Target) -> None:
    """The policies that allow the call are named, those of the user's groups too; what denies is not."""
    iam = target.client("iam")
    arn = iam.create_user(UserName="mallory")["User"]["Arn"]
    iam.create_group(GroupName="openers")
    iam.add_user_to_group(GroupName="openers", UserName="mallory")
    for name, statement in (("Opens", OPENS_PROFILES), ("Denies", DENIES_PROFILES)):
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.put_group_policy(GroupName="openers", PolicyName=name, PolicyDocument=document)

    found = deciders(attempt(target, arn, "DescribeUserProfile", "sagemaker"), target)

    shown = json.dumps(OPENS_PROFILES, sort_keys=True)
    assert found.splitlines() == [f"policy Opens, statement 1, in no policy file of the plan: {shown}"]


def test_a_statement_is_traced_to_its_line(target: Target) -> None:
    """A statement that the plan's file has, with its placeholders filled, is named by number, Sid, file and line."""
    iam = target.client("iam")
    arn = iam.create_user(UserName="planned")["User"]["Arn"]
    changed = PLANNED.replace("{region}", "us-east-1").replace("{account}", "*").replace("planned", "changed")
    iam.put_user_policy(UserName="planned", PolicyName="Plan", PolicyDocument=changed)
    aware = replace(target, policy_files={"plans/table.yaml": "a: {b", "plans/own.json": PLANNED})

    found = deciders(attempt(target, arn, "DescribeUserProfile", "sagemaker"), aware).splitlines()

    assert [each.partition(": {")[0] for each in found] == [
        "policy Plan, statement 2 (Own), plans/own.json:5",
        "policy Plan, statement 3, in no policy file of the plan",
    ]


def test_an_assumed_role_names_its_trust_policy(target: Target) -> None:
    """Who assumes a role is let in by its trust policy, which is shown."""
    iam = target.client("iam")
    role = iam.create_role(RoleName="Open", AssumeRolePolicyDocument=trust_of(target))["Role"]["Arn"]
    user = f"arn:aws:iam::{target.account_id}:user/administrator"

    found = deciders(attempt(target, user, "AssumeRole", "sts", RoleArn=role), target)

    [statement] = json.loads(trust_of(target))["Statement"]
    shown = json.dumps(statement, sort_keys=True)
    assert f"trust policy of Open, statement 1, in no policy file of the plan: {shown}" in found.splitlines()


def test_the_grant_that_shows_a_column_is_named(target: Target) -> None:
    """A query names the Lake Formation permissions by which its role reads, those of IAMAllowedPrincipals too."""
    lakeformation, glue = target.client("lakeformation"), target.client("glue")
    glue.create_database(DatabaseInput={"Name": "shop"})
    columns = {"Columns": [{"Name": "email", "Type": "string"}], "Location": "s3://shop/orders/"}
    glue.create_table(DatabaseName="shop", TableInput={"Name": "orders", "StorageDescriptor": columns})
    role = target.client("iam").create_role(RoleName="Reader", AssumeRolePolicyDocument=trust_of(target))["Role"]["Arn"]
    user = f"arn:aws:iam::{target.account_id}:user/administrator"
    lakeformation.put_data_lake_settings(DataLakeSettings={"DataLakeAdmins": [{"DataLakePrincipalIdentifier": user}]})
    lakeformation.grant_permissions(
        Principal={"DataLakePrincipalIdentifier": role},
        Resource={"TableWithColumns": {"DatabaseName": "shop", "Name": "orders", "ColumnNames": ["email"]}},
        Permissions=["SELECT"],
    )

    found = deciders(attempt(target, role, "StartQueryExecution", "athena", "SELECT email FROM shop.orders"), target)

    assert f"Lake Formation: {role}: SELECT on TableWithColumns shop.orders (email)" in found.splitlines()
    assert "Lake Formation: IAM_ALLOWED_PRINCIPALS: ALL on Table shop.orders" in found.splitlines()
