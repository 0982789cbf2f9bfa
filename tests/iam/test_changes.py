"""What an account remembers of its directory never outlives a change to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.conftest import Embedded
from tests.iam.test_enforcement import document, role, trust, user

LIST = {"Action": "iam:ListUsers", "Resource": "*"}
UNTAGGED = {"StringNotEquals": {"aws:PrincipalTag/team": "red"}}
DOCUMENTS = {
    "ALLOW": document({"Effect": "Allow", **LIST}),
    "OTHER": document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}),
    "DENY": document({"Effect": "Deny", **LIST}),
    "TAGGED": document({"Effect": "Deny", **LIST, "Condition": UNTAGGED}),
}
STEPS: list[Any] = yaml.safe_load((Path(__file__).parent / "cases" / "changes.yaml").read_text("utf-8"))


def may_list(iam: Any) -> bool:
    """Whether an identity may list users, by trying."""
    try:
        iam.list_users()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
        return False
    return True


def test_every_change_is_felt_by_the_next_call(embedded: Embedded) -> None:
    """Policies, versions, groups, boundaries and tags count from the next call on; so does a restored state."""
    iam = embedded.client("iam")
    own = {"eve": embedded.client("iam", user(embedded, "eve"))}
    arn = role(embedded, "rex", trust(AWS=embedded.account_id))
    own["rex"] = embedded.client("iam", embedded.as_role(arn, "session"))
    assert {name: may_list(each) for name, each in own.items()} == {"eve": False, "rex": False}
    assert embedded.control("state", {"save": "start"})[0] == 200
    for operation, params, expected in STEPS:
        filled = {
            key: DOCUMENTS.get(value, value.replace("ACCOUNT", embedded.account_id))
            if isinstance(value, str)
            else value
            for key, value in params.items()
        }
        getattr(iam, operation)(**filled)
        assert {name: may_list(each) for name, each in own.items()} == expected, (operation, params)
    iam.put_user_policy(UserName="eve", PolicyName="own", PolicyDocument=DOCUMENTS["ALLOW"])
    assert may_list(own["eve"])
    assert embedded.control("state", {"restore": "start"})[0] == 200
    assert not may_list(own["eve"])


@pytest.mark.parametrize("made_again", [False, True], ids=["gone", "made again"])
def test_a_deleted_role_leaves_its_sessions_without_rights(embedded: Embedded, made_again: bool) -> None:
    """A session of a role that was deleted has no rights, even when a role of the same name holds them."""
    name = f"phoenix-{made_again}".lower()
    iam = embedded.client("iam")
    admits = trust(AWS=embedded.account_id)
    session = embedded.client("iam", embedded.as_role(role(embedded, name, admits, {"Effect": "Allow", **LIST}), "old"))
    assert may_list(session)
    iam.delete_role_policy(RoleName=name, PolicyName="own")
    iam.delete_role(RoleName=name)
    if made_again:
        role(embedded, name, admits, {"Effect": "Allow", **LIST})
    assert not may_list(session)
