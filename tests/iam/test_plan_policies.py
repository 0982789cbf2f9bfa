"""The policies of the walkthrough plan: what the simulator says of them is what the account does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Embedded
from tests.iam.test_simulator import cli

POLICIES = Path(__file__).resolve().parents[2] / "plans" / "policies"
DECISIONS = ("allowed", "explicitDeny", "implicitDeny")
DOMAIN = "d-abcdefghijkl"
FILLED = {
    "region": "us-east-1",
    "lake_bucket": "lake",
    "results_bucket": "results",
    "log_bucket": "logs",
    "results_prefix": "queries/control/",
    "workgroup": "control",
    "user_id": "ann",
}


class Probe(NamedTuple):
    """A call that harms nothing: how it is made, and the IAM actions, resources and context that it asks about."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    action: str
    resources: tuple[str, ...] = ("*",)
    context: Mapping[str, str] = {}


def probes(account: str) -> Iterator[Probe]:
    """Own and others' profiles, apps, workgroups and results; metadata; the lake's files; rights of administrators."""
    studio, glue = f"arn:aws:sagemaker:us-east-1:{account}", f"arn:aws:glue:us-east-1:{account}"
    yield Probe("sagemaker", "list_domains", {}, "sagemaker:ListDomains")
    domain = (f"{studio}:domain/{DOMAIN}",)
    yield Probe("sagemaker", "describe_domain", {"DomainId": DOMAIN}, "sagemaker:DescribeDomain", domain)
    yield Probe("sagemaker", "delete_domain", {"DomainId": DOMAIN}, "sagemaker:DeleteDomain", domain)
    for person in ("ann", "bob"):
        named = {"DomainId": DOMAIN, "UserProfileName": person}
        profile = (f"{studio}:user-profile/{DOMAIN}/{person}",)
        yield Probe("sagemaker", "describe_user_profile", named, "sagemaker:DescribeUserProfile", profile)
        yield Probe("sagemaker", "delete_user_profile", named, "sagemaker:DeleteUserProfile", profile)
        url = "create_presigned_domain_url"
        yield Probe("sagemaker", url, named, "sagemaker:CreatePresignedDomainUrl", profile)
        app = {**named, "AppType": "JupyterServer", "AppName": "default"}
        arn = (f"{studio}:app/{DOMAIN}/{person}/jupyterserver/default",)
        yield Probe("sagemaker", "describe_app", app, "sagemaker:DescribeApp", arn)
        yield Probe("sagemaker", "delete_app", app, "sagemaker:DeleteApp", arn)
        group = (f"arn:aws:athena:us-east-1:{account}:workgroup/{person}",)
        yield Probe("athena", "get_work_group", {"WorkGroup": person}, "athena:GetWorkGroup", group)
        for bucket, key in (("results", f"queries/{person}/1.csv"), ("lake", f"{person}.parquet")):
            object_ = (f"arn:aws:s3:::{bucket}/{key}",)
            yield Probe("s3", "get_object", {"Bucket": bucket, "Key": key}, "s3:GetObject", object_)
        prefix = f"queries/{person}/"
        listing = {"Bucket": "results", "Prefix": prefix}
        context = {"s3:prefix": prefix}
        yield Probe("s3", "list_objects_v2", listing, "s3:ListBucket", ("arn:aws:s3:::results",), context)
    yield Probe("s3", "get_bucket_location", {"Bucket": "results"}, "s3:GetBucketLocation", ("arn:aws:s3:::results",))
    table = (f"{glue}:catalog", f"{glue}:database/lake", f"{glue}:table/lake/sales")
    yield Probe("glue", "get_table", {"DatabaseName": "lake", "Name": "sales"}, "glue:GetTable", table)
    yield Probe("glue", "delete_table", {"DatabaseName": "lake", "Name": "sales"}, "glue:DeleteTable", table)
    yield Probe("iam", "list_users", {}, "iam:ListUsers")


def policy(name: str, account: str) -> str:
    """A policy of the plan with its placeholders filled in."""
    filled = {**FILLED, "account": account}
    text = (POLICIES / f"{name}.json").read_text("utf-8")
    return re.sub(r"(?<!\$)\{([a-z_]+)\}", lambda found: filled[found.group(1)], text)


def observed(client: Any, probe: Probe) -> str:
    """What the account decided about a probe, in the simulator's words. Whatever IAM does not refuse it allowed."""
    try:
        getattr(client, probe.operation)(**probe.parameters)
    except ClientError as error:
        text = error.response["Error"]["Message"]
        if "is not authorized to perform" in text and "Lake Formation" not in text:
            return "explicitDeny" if "with an explicit deny" in text else "implicitDeny"
    return "allowed"


Caller = tuple[Callable[[str], Any], dict[str, str], str | None]


def as_role(embedded: Embedded, name: str) -> Caller:
    """A session of a role with the policy, the condition keys that it has, and no CallerArn."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": embedded.account_id}}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    tags = {"userprofilename": "ann", "studiouserid": "ann"}
    iam = embedded.client("iam")
    role = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=document,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(name, embedded.account_id))
    session = embedded.as_role(role, "ann")
    context = {f"aws:PrincipalTag/{key}": value for key, value in tags.items()}
    return lambda service: embedded.client(service, session), context, None


def as_user(embedded: Embedded, name: str) -> Caller:
    """A member of a group with the policy, whose user name the simulator knows from its ARN."""
    iam = embedded.client("iam")
    iam.create_group(GroupName=name)
    iam.put_group_policy(GroupName=name, PolicyName="own", PolicyDocument=policy(name, embedded.account_id))
    arn: str = iam.create_user(UserName="ann")["User"]["Arn"]
    iam.add_user_to_group(GroupName=name, UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    return lambda service: embedded.client(service, key), {}, arn


@pytest.mark.parametrize(
    ("name", "caller"),
    [("control-reader", as_role), ("permission-set", as_role), ("group", as_user), ("execution", as_role)],
)
def test_simulator_and_account_agree(embedded: Embedded, name: str, caller: Callable[[Embedded, str], Caller]) -> None:
    """Each probe has the verdict in the account that ``aws iam simulate-custom-policy`` prints for its policy."""
    client, context, arn = caller(embedded, name)
    asked = list(probes(embedded.account_id))
    clients = {service: client(service) for service in {probe.service for probe in asked}}
    simulator = embedded.client("iam")
    text = policy(name, embedded.account_id)
    seen, differ = set(), []
    for probe in asked:
        entries = {**context, **probe.context, "aws:ResourceAccount": embedded.account_id}
        result = simulator.simulate_custom_policy(
            PolicyInputList=[text],
            ActionNames=[probe.action],
            ResourceArns=list(probe.resources),
            ContextEntries=[
                {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
                for key, value in entries.items()
            ],
            **({"CallerArn": arn} if arn else {}),
        )["EvaluationResults"][0]
        verdict = observed(clients[probe.service], probe)
        seen.add(verdict)
        if verdict != result["EvalDecision"]:
            differ.append((probe.operation, probe.resources, verdict, result["EvalDecision"]))
    assert differ == []
    assert seen >= {"allowed", "implicitDeny"}


@pytest.mark.parametrize("name", ["control-reader", "permission-set", "group", "execution"])
def test_command_line_prints_the_same(embedded: Embedded, name: str) -> None:
    """The AWS CLI prints for every action of the probes what boto3 returns."""
    text = policy(name, embedded.account_id)
    actions = sorted({probe.action for probe in probes(embedded.account_id)})
    printed = cli(embedded, "iam", "simulate-custom-policy", "--policy-input-list", text, "--action-names", *actions)[
        "EvaluationResults"
    ]
    returned = embedded.client("iam").simulate_custom_policy(PolicyInputList=[text], ActionNames=actions)
    assert [row["EvalDecision"] for row in printed] == [row["EvalDecision"] for row in returned["EvaluationResults"]]
    assert {row["EvalDecision"] for row in printed} <= set(DECISIONS)
