"""Whoever makes and deletes things beside a reader disturbs nothing, and hides nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from lakeproof.inventory import whole
from lakeproof.inventory.standing import standing
from lakeproof.target import Target
from tests.conftest import Embedded, running

GONE = ClientError({"Error": {"Code": "EntityNotFoundException", "Message": "not found"}}, "GetTables")


def reading(*fails: str, times: int = 99) -> Callable[[str], str]:
    """Reads every name as itself in capitals; those of ``fails`` fail the first so many times."""
    left = dict.fromkeys(fails, times)

    def read(name: str) -> str:
        if left.get(name, 0):
            left[name] -= 1
            raise GONE
        return name.upper()

    return read


def test_what_cannot_be_read_and_is_listed_no_longer_is_left_out() -> None:
    """It was deleted between the list and the reading."""
    lists = iter([["a", "b", "c"], ["a", "c"]])
    assert dict(standing(lambda: next(lists), reading("b"))) == {"a": "A", "c": "C"}


def test_what_cannot_be_read_and_is_listed_still_is_an_error() -> None:
    """An inventory without it would be taken for the whole account."""
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        dict(standing(lambda: ["a", "b"], reading("b")))


def test_what_lost_a_part_while_it_was_read_is_read_once_more() -> None:
    """A role's policy may go between the list of its policies and the reading of that policy."""
    assert dict(standing(lambda: ["a", "b"], reading("b", times=1))) == {"a": "A", "b": "B"}


TRUST = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
)
DATABASE = ("glue", "GetDatabases", ("create_database", {"DatabaseInput": {"Name": "passing"}}), "delete_database")
PASSING = {
    "tables": (*DATABASE, {"Name": "passing"}),
    "LF-Tag assignments": (*DATABASE, {"Name": "passing"}),
    "users": ("iam", "ListUsers", ("create_user", {"UserName": "passing"}), "delete_user", {"UserName": "passing"}),
    "groups": (
        "iam",
        "ListGroups",
        ("create_group", {"GroupName": "passing"}),
        "delete_group",
        {"GroupName": "passing"},
    ),
    "roles": (
        "iam",
        "ListRoles",
        ("create_role", {"RoleName": "passing", "AssumeRolePolicyDocument": TRUST}),
        "delete_role",
        {"RoleName": "passing"},
    ),
    "workgroups": (
        "athena",
        "ListWorkGroups",
        ("create_work_group", {"Name": "passing"}),
        "delete_work_group",
        {"WorkGroup": "passing"},
    ),
}
"""By subject of the inventory: service, the operation that lists, how a thing is made, and how it is deleted."""


@pytest.fixture(scope="module")
def account() -> Iterator[Embedded]:
    """An account with nothing of ours."""
    with running() as account:
        yield account


@pytest.mark.parametrize("subject", PASSING)
def test_what_goes_while_an_inventory_is_taken_is_left_out(account: Embedded, subject: str) -> None:
    """Another process's decoy may be deleted at any moment: the inventory is that of the account without it."""
    service, lists, (make, made), delete, deleted = PASSING[subject]
    others = whole.SUBJECTS[subject](cast(Target, account))
    getattr(account.client(service), make)(**made)
    gone: list[str] = []

    def vanish(**_: Any) -> None:
        if not gone:
            gone.append(subject)
            getattr(account.client(service), delete)(**deleted)

    def client(name: str) -> Any:
        found = account.client(name)
        found.meta.events.register_last(f"after-call.{service}.{lists}", vanish)
        return found

    assert whole.SUBJECTS[subject](cast(Target, SimpleNamespace(client=client))) == others
    assert gone
