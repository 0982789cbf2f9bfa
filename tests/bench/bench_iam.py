"""Decisions per second of the IAM evaluator, in one process, on requests that all differ.

Policies are compiled once, as in the account; no verdict is kept. Run ``python -m tests.bench.bench_iam``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from localaws.caller import Caller
from localaws.clock import Clock
from localaws.iam import Authorizer
from localaws.store.records import PolicyRecord, UserRecord

ACCOUNT = "123456789012"
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
            StringNotEquals={"sagemaker:ResourceTag/studiouserid": "${aws:username}"},
        ),
        statement("Allow", ["sagemaker:Describe*", "sagemaker:List*"], "*"),
    ],
    "query": [
        statement(
            "Allow",
            ["athena:StartQueryExecution", "athena:Get*"],
            f"arn:aws:athena:*:{ACCOUNT}:workgroup/${{aws:PrincipalTag/team}}",
        ),
        statement("Allow", ["glue:Get*", "glue:BatchGet*"], "*"),
        statement("Allow", "lakeformation:GetDataAccess", "*"),
    ],
    "results": [
        statement("Allow", ["s3:GetObject", "s3:PutObject"], f"{LAKE}-results/${{aws:username}}/*"),
        statement("Allow", "s3:ListBucket", f"{LAKE}-results", StringLike={"s3:prefix": ["${aws:username}/*"]}),
        statement("Deny", "s3:*", f"{LAKE}/*", ArnNotLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/admin/*"}),
    ],
    "network": [
        statement("Deny", "iam:*", "*", NotIpAddress={"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}),
        statement("Allow", "iam:Get*", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"),
    ],
}
ACTIONS = (
    ("s3:GetObject", f"{LAKE}-results/user-{{n}}/part-{{n}}.csv"),
    ("s3:PutObject", f"{LAKE}-results/user-{{n}}/{{n}}.metadata"),
    ("s3:GetObject", f"{LAKE}/reviews/product_category=Books/{{n}}.parquet"),
    ("athena:StartQueryExecution", f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/team-{{n}}"),
    ("glue:GetTable", f"arn:aws:glue:us-east-1:{ACCOUNT}:table/lake/reviews_{{n}}"),
    ("sagemaker:CreatePresignedDomainUrl", f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:user-profile/d-1/person-{{n}}"),
    ("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/user-{{n}}"),
)


@dataclass
class Directory:
    """The store's part that the evaluator reads: users with policies. Buckets have none."""

    users: dict[str, UserRecord] = field(default_factory=dict)
    policies: dict[str, tuple[PolicyRecord, ...]] = field(default_factory=dict)

    def user(self, name: str) -> UserRecord | None:
        """As the store's."""
        return self.users.get(name)

    def user_policies(self, name: str) -> tuple[PolicyRecord, ...]:
        """As the store's."""
        return self.policies.get(name, ())

    def bucket_exists(self, _bucket: str) -> bool:
        """As the store's."""
        return False


def account(people: int, policies_each: int) -> tuple[Any, list[Caller]]:
    """An account with so many users, each with so many policies of its own text."""
    directory, callers = Directory(), []
    names = list(POLICIES)
    for number in range(people):
        name = f"user-{number}"
        arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
        directory.users[name] = UserRecord(name, arn, f"AIDA{number:017}", "/", {"team": f"team-{number}"})
        directory.policies[name] = tuple(
            PolicyRecord(f"policy-{index}", None, "inline", document(names[index % len(names)], name, index))
            for index in range(policies_each)
        )
        callers.append(Caller("user", ACCOUNT, arn, directory.users[name].user_id, user_name=name))
    holder = SimpleNamespace(
        account_id=ACCOUNT,
        region="us-east-1",
        clock=Clock(),
        store=directory,
        scps=(),
        sagemaker=SimpleNamespace(tags=lambda arn: {"studiouserid": arn.rpartition("/")[2]}),
    )
    return holder, callers


def document(kind: str, owner: str, index: int) -> str:
    """A policy document that no other user has."""
    return json.dumps({"Version": "2012-10-17", "Id": f"{owner}-{index}", "Statement": POLICIES[kind]})


def rate(people: int, policies_each: int, decisions: int = 60_000) -> float:
    """Decisions per second over pairwise distinct requests, after each policy was compiled once."""
    holder, callers = account(people, policies_each)
    authorizer = Authorizer(holder)
    context: Mapping[str, str] = {"aws:SourceIp": "192.0.2.7"}
    asked = []
    for number in range(decisions):
        action, resource = ACTIONS[number % len(ACTIONS)]
        asked.append((callers[number % people], action, resource.format(n=number)))
    for caller in callers:
        authorizer.decide(caller, "s3:GetObject", f"{LAKE}/warm", context)
    start = time.perf_counter()
    for caller, action, resource in asked:
        authorizer.decide(caller, action, resource, context)
    return decisions / (time.perf_counter() - start)


def rows() -> Iterator[tuple[str, str]]:
    """What was measured, and the figure, for few and for many principals."""
    for people, policies_each in ((2, 4), (2, 10), (200, 10)):
        what = f"IAM decisions per second, {people} principals with {policies_each} policies each"
        yield what, f"{rate(people, policies_each):,.0f}"


def main() -> None:
    """Print the figures."""
    for what, figure in rows():
        print(f"{what:70} {figure:>12}", flush=True)


if __name__ == "__main__":
    main()
