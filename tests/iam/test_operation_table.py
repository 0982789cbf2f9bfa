"""The table of operations: complete, true to the service models, and asking what AWS asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
import yaml

from localaws import edge
from localaws.call import Call
from localaws.caller import Caller
from localaws.clock import Clock
from localaws.cloudtrail.log_bucket import SERVICE_KEYS
from localaws.faults import Faults
from localaws.iam import load_operations, served
from localaws.iam.authorizer import ASSUME_ROLE_KEYS
from localaws.iam.context import PROVIDERS, Context
from localaws.iam.keys import KNOWN_KEYS
from localaws.iam.needs import questions
from localaws.iam.table import SERVICES, Row, table
from localaws.iam.template import Place
from localaws.store.records import AccessKey, RoleRecord, UserRecord

ACCOUNT = "123456789012"
MODELS = {service: botocore.session.get_session().get_service_model(service) for service in SERVICES}
CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "needs.yaml").read_text("utf-8"))


def test_operation_that_nobody_wrote_down_is_not_served() -> None:
    """An operation without a row, or of a service without a table, is not served."""
    assert not served("s3", "PutBucketWebsite")
    assert not served("ec2", "RunInstances")
    assert not served("../secrets", "x")
    assert served("athena", "StartQueryExecution")


def test_native_operations_have_rows() -> None:
    """No operation that the embedded account implements is without a row."""
    native = {(service, operation) for service, handlers in edge.NATIVE.items() for operation in handlers}
    assert native - set(load_operations()) == set()


def test_rows_that_check_nothing_say_why() -> None:
    """Only an operation that is open to all, or judged by its service, asks nothing of IAM."""
    silent = {key for key, row in load_operations().items() if not row.needs}
    assert silent == {("sts", "AssumeRole"), ("sts", "GetCallerIdentity")}


@pytest.mark.parametrize("row", load_operations().values(), ids=lambda row: f"{row.service}:{row.operation}")
def test_row_is_true_to_the_service_model(row: Row) -> None:
    """A row names an operation that exists and reads parameters that it has."""
    model = MODELS[row.service]
    assert row.operation in model.operation_names
    shape = model.operation_model(row.operation).input_shape
    for need in row.needs:
        paths = [path for path in (need.tags, need.tag_keys, *need.stores) if path]
        places = [place for place in (need.when, need.unless) if place]
        places += [
            part for text in (*need.on, *need.context.values()) for part in text.parts if isinstance(part, Place)
        ]
        assert all(_exists(shape, path) for path in paths), need
        assert all(any(_exists(shape, path) for path in place.paths) for place in places), need


def test_context_of_a_service_reads_parameters_that_exist() -> None:
    """Each parameter that fills a condition key belongs to some served operation of the service."""
    for service in SERVICES:
        shapes = [MODELS[service].operation_model(name).input_shape for name in table(service).rows]
        for key, text in table(service).context.items():
            assert all(any(_exists(shape, path) for shape in shapes) for path in text.paths), (service, key)


def _exists(shape: Any, path: str) -> bool:
    if path in ("account", "region"):
        return True
    if path.startswith("**."):
        return _anywhere(shape, path.removeprefix("**."), frozenset())
    for step in path.split("."):
        name = step.removesuffix("[]")
        if shape is None or shape.type_name != "structure" or name not in shape.members:
            return False
        shape = shape.members[name]
        if step.endswith("[]"):
            shape = shape.member if shape.type_name == "list" else None
    return True


def _anywhere(shape: Any, name: str, seen: frozenset[str]) -> bool:
    """Whether a shape has a member of that name, however deep."""
    if shape.name in seen:
        return False
    if shape.type_name == "list":
        return _anywhere(shape.member, name, seen)
    if shape.type_name != "structure":
        return False
    inside = seen | {shape.name}
    return name in shape.members or any(_anywhere(member, name, inside) for member in shape.members.values())


class Directory:
    """What the store knows in these cases."""

    def user(self, name: str) -> UserRecord | None:
        """Ann alone."""
        return UserRecord(name, f"arn:aws:iam::{ACCOUNT}:user/{name}", "AIDA", "/") if name == "ann" else None

    def access_key(self, access_key_id: str) -> AccessKey | None:
        """Ann's."""
        return AccessKey("secret", "ann", True) if access_key_id == "AKIAANN" else None

    def role(self, name: str) -> RoleRecord | None:
        """The role ``exec``, with a path and a tag."""
        arn = f"arn:aws:iam::{ACCOUNT}:role/studio/exec"
        return RoleRecord("exec", arn, "AROA", "/studio/", "{}", 3600, {"team": "red"}) if name == "exec" else None


class Queries:
    """What Athena knows in these cases."""

    def workgroup_of_query(self, query_execution_id: str) -> str | None:
        """The query ``known`` ran in the workgroup ``full``."""
        return "full" if query_execution_id == "known" else None

    def workgroup_of_named_query(self, _named_query_id: str) -> str | None:
        """There is none."""
        return None


class Profiles:
    """What SageMaker knows in these cases: each resource is tagged with its own name, and there is no space."""

    state = SimpleNamespace(space=lambda _domain, _name: {})

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tag that the walkthrough puts on profiles."""
        return {"studiouserid": arn.rpartition("/")[2]}


@pytest.mark.parametrize("case", CASES, ids=[f"{n} {c['call'][0]}:{c['call'][1]}" for n, c in enumerate(CASES, 1)])
def test_call_asks(case: dict[str, Any]) -> None:
    """A call asks for each action on each resource, with the condition keys that it carries."""
    service, operation, params = case["call"]
    account: Any = SimpleNamespace(
        account_id=ACCOUNT,
        region="us-east-1",
        clock=Clock(),
        faults=Faults(),
        store=Directory(),
        athena=Queries(),
        sagemaker=Profiles(),
    )
    caller = Caller("user", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ann", "AIDA", user_name="ann")
    call = Call(caller, service, operation, params, "us-east-1", datetime(2026, 1, 1, tzinfo=UTC), "id")
    rows = table(service)
    asked = list(questions(account, call, rows.rows[operation], rows))
    assert [(each.action, each.resource) for each in asked] == [(each[0], each[1]) for each in case["asks"]]
    for question, (_action, _resource, keys) in zip(asked, case["asks"], strict=True):
        context = Context(account, caller, question.resource, question.given, call, rows.context)
        for key, values in keys.items():
            assert context(key.lower()) == (None if values is None else tuple(values)), key


def test_known_condition_keys_are_filled_by_something() -> None:
    """A condition key that the evaluator knows is worked out from the request, set by a row, or rightly absent."""
    filled = set(PROVIDERS) | set(ASSUME_ROLE_KEYS) | {key.lower() for key in SERVICE_KEYS} | {"iam:passedtoservice"}
    for service in SERVICES:
        filled |= set(table(service).context) | {table(service).tag_keys}
        filled |= {key for row in table(service).rows.values() for need in row.needs for key in need.context}
    assert (KNOWN_KEYS.single | KNOWN_KEYS.multi) - filled == set()
    assert KNOWN_KEYS.absent & filled == set()
