"""Decisions per second of the IAM evaluator, in one process, on requests that all differ.

Role sessions ask, their roles with inline policies in the account's own store, which is read at each decision.
Policies are compiled once, as in the account; no verdict is kept, and none is explained.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from localaws.account import Account
from localaws.caller import Caller, RoleSession

LAKE = "arn:aws:s3:::lake"


def statement(effect: str, action: Any, resource: Any, **condition: Any) -> dict[str, Any]:
    """One statement of a policy."""
    entry = {"Effect": effect, "Action": action, "Resource": resource}
    return {**entry, "Condition": condition} if condition else entry


POLICIES: dict[str, list[dict[str, Any]]] = {
    "studio": [
        statement(
            "Deny",
            ["sagemaker:*App", "sagemaker:CreatePresignedDomainUrl"],
            "*",
            StringNotEquals={"sagemaker:ResourceTag/studiouserid": "${aws:SourceIdentity}"},
        ),
        statement("Allow", ["sagemaker:Describe*", "sagemaker:List*"], "*"),
    ],
    "query": [
        statement(
            "Allow",
            ["athena:StartQueryExecution", "athena:Get*"],
            ["arn:aws:athena:*:*:workgroup/${aws:PrincipalTag/team}", "arn:aws:athena:*:*:workgroup/ROLE-*"],
        ),
        statement("Allow", ["glue:Get*", "glue:BatchGet*"], "*"),
        statement("Allow", "lakeformation:GetDataAccess", "*"),
    ],
    "results": [
        statement(
            "Allow",
            ["s3:GetObject", "s3:PutObject"],
            [f"{LAKE}-results/ROLE/*", f"{LAKE}-results/${{aws:SourceIdentity}}/*"],
        ),
        statement("Allow", "s3:ListBucket", f"{LAKE}-results", StringLike={"s3:prefix": ["${aws:SourceIdentity}/*"]}),
        statement("Deny", "s3:*", f"{LAKE}/*", ArnNotLike={"aws:PrincipalArn": "arn:aws:iam::*:role/admin/ROLE*"}),
    ],
    "network": [
        statement("Deny", "iam:*", "*", NotIpAddress={"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}),
        statement("Allow", "iam:Get*", "arn:aws:iam::*:user/${aws:SourceIdentity}"),
    ],
}
ACTIONS = (
    ("s3:GetObject", LAKE + "-results/user-{n}/part-{n}.csv"),
    ("s3:PutObject", LAKE + "-results/user-{n}/{n}.metadata"),
    ("s3:GetObject", LAKE + "/reviews/product_category=Books/{n}.parquet"),
    ("athena:StartQueryExecution", "arn:aws:athena:us-east-1:{account}:workgroup/team-{n}"),
    ("glue:GetTable", "arn:aws:glue:us-east-1:{account}:table/lake/reviews_{n}"),
    ("sagemaker:CreatePresignedDomainUrl", "arn:aws:sagemaker:us-east-1:{account}:user-profile/d-1/person-{n}"),
    ("iam:GetUser", "arn:aws:iam::{account}:user/user-{n}"),
)
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}
CONTEXT = {"aws:SourceIp": "192.0.2.7"}
FEW, MANY, EACH = 2, 200, 10
"""Roles, and inline policies of each."""
ROUNDS, DECISIONS = 5, 20_000


def document(kind: str, owner: str, index: int) -> str:
    """A policy document that no other role has: it names its own role where a data lake's policies do."""
    text = json.dumps({"Version": "2012-10-17", "Id": f"{owner}-{index}", "Statement": POLICIES[kind]})
    return text.replace("ROLE", owner)


class Population:
    """An account with so many roles, each with its own policies and one session."""

    def __init__(self, account_id: str, roles: int) -> None:
        self.account = Account(account_id)
        self.callers = [self._session(number) for number in range(roles)]
        self.asked = 0
        self.rate(len(self.callers) * len(ACTIONS))

    def _session(self, number: int) -> Caller:
        store, name = self.account.store, f"role-{number}"
        made = store.invoke(
            "iam",
            "CreateRole",
            {
                "RoleName": name,
                "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": TRUST}),
                "Tags": [{"Key": "team", "Value": f"team-{number}"}],
            },
        )["Role"]
        kinds = list(POLICIES)
        for index in range(EACH):
            text = document(kinds[index % len(kinds)], name, index)
            policy = {"RoleName": name, "PolicyName": f"policy-{index}", "PolicyDocument": text}
            store.invoke("iam", "PutRolePolicy", policy)
        now, person = datetime.now(UTC), f"user-{number}"
        session = RoleSession(made["Arn"], name, made["RoleId"], person, now, now + timedelta(hours=1), person)
        arn = f"arn:aws:sts::{self.account.account_id}:assumed-role/{name}/{person}"
        return Caller("role", self.account.account_id, arn, f"{made['RoleId']}:{person}", session=session)

    def rate(self, decisions: int = DECISIONS) -> float:
        """Decisions per second on requests that were not asked before."""
        asked = []
        for number in range(self.asked, self.asked + decisions):
            action, resource = ACTIONS[number % len(ACTIONS)]
            asked.append(
                (
                    self.callers[number % len(self.callers)],
                    action,
                    resource.format(n=number, account=self.account.account_id),
                )
            )
        self.asked += decisions
        decide = self.account.authorizer.decide
        start = time.perf_counter()
        for caller, action, resource in asked:
            decide(caller, action, resource, CONTEXT)
        return decisions / (time.perf_counter() - start)


def rows() -> Iterator[tuple[str, str]]:
    """What was measured, and the figure: few roles beside many, in turns, the median of each."""
    few, many = Population("111122223333", FEW), Population("444455556666", MANY)
    measured = [(few.rate(), many.rate()) for _ in range(ROUNDS)]
    rates = {FEW: median(one for one, _ in measured), MANY: median(one for _, one in measured)}
    for roles, rate in rates.items():
        yield f"IAM decisions per second, {roles} roles with {EACH} policies each (goal: 30,000)", f"{rate:,.0f}"
    yield f"IAM: time of a decision with {MANY} roles to one with {FEW} (goal: 1)", f"{rates[FEW] / rates[MANY]:.2f}"
