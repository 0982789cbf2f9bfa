"""Users and roles through boto3: permissions boundaries, the caller's own user, tag keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.conftest import Embedded
from tests.iam.test_enforcement import ALLOW_ALL, document, refused, role, trust, user

NAMES: list[Any] = yaml.safe_load((Path(__file__).parent / "cases" / "names.yaml").read_text("utf-8"))
LIST_ROLES = {"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"}


def policy(embedded: Embedded, name: str, *statements: dict[str, Any]) -> str:
    """Make a managed policy and return its ARN."""
    answer = embedded.client("iam").create_policy(PolicyName=name, PolicyDocument=document(*statements))
    arn: str = answer["Policy"]["Arn"]
    return arn


def test_boundary_limits_a_user_until_it_is_taken_away(embedded: Embedded) -> None:
    """A user may do what both its policies and its boundary allow; the refusal names the boundary, GetUser shows it."""
    iam = embedded.client("iam")
    bound = policy(embedded, "roles-only", LIST_ROLES)
    own = embedded.client("iam", user(embedded, "bounded", ALLOW_ALL))
    own.list_users()
    iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=bound)
    assert own.list_roles()["Roles"] is not None
    code, status, message = refused(own.list_users)
    assert (code, status) == ("AccessDenied", 403)
    assert message.endswith("because no permissions boundary allows the iam:ListUsers action")
    shown = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": bound}
    assert iam.get_user(UserName="bounded")["User"]["PermissionsBoundary"] == shown
    assert all("PermissionsBoundary" not in each for each in iam.list_users()["Users"])
    iam.delete_user_permissions_boundary(UserName="bounded")
    own.list_users()
    assert "PermissionsBoundary" not in iam.get_user(UserName="bounded")["User"]
    assert refused(iam.delete_user_permissions_boundary, UserName="bounded")[:2] == ("NoSuchEntity", 404)


def test_user_is_made_with_a_boundary(embedded: Embedded) -> None:
    """CreateUser takes a boundary and shows it; one that is no policy is refused and makes no user."""
    iam = embedded.client("iam")
    bound = policy(embedded, "at-birth", LIST_ROLES)
    made = iam.create_user(UserName="born-bounded", PermissionsBoundary=bound)["User"]
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == bound
    missing = bound.replace("at-birth", "nothing")
    for call, parameters in (
        (iam.create_user, {"UserName": "unborn"}),
        (iam.put_user_permissions_boundary, {"UserName": "born-bounded"}),
        (iam.put_user_permissions_boundary, {"UserName": "nobody-here"}),
        (iam.create_role, {"RoleName": "unborn", "AssumeRolePolicyDocument": trust(AWS=embedded.account_id)}),
    ):
        assert refused(call, PermissionsBoundary=missing, **parameters)[0] == "NoSuchEntity"
    assert refused(iam.get_user, UserName="unborn")[0] == "NoSuchEntity"


def test_simulation_honours_the_boundary_of_a_user(embedded: Embedded) -> None:
    """SimulatePrincipalPolicy of a bounded user says what the boundary allows, and that it was the boundary."""
    bound = policy(embedded, "simulated", LIST_ROLES)
    user(embedded, "simulated", ALLOW_ALL)
    iam = embedded.client("iam")
    iam.put_user_permissions_boundary(UserName="simulated", PermissionsBoundary=bound)
    arn = iam.get_user(UserName="simulated")["User"]["Arn"]
    actions = ["iam:ListRoles", "iam:ListUsers"]
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions)["EvaluationResults"]
    found = [
        (each["EvalDecision"], each["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"])
        for each in answer
    ]
    assert found == [("allowed", True), ("implicitDeny", False)]


def test_a_policy_may_demand_a_boundary(embedded: Embedded) -> None:
    """iam:PermissionsBoundary holds the boundary that a call sets, or that the user has."""
    iam = embedded.client("iam")
    bound = policy(embedded, "demanded", LIST_ROLES)
    condition = {"StringEquals": {"iam:PermissionsBoundary": bound}}
    actions = ["iam:CreateUser", "iam:PutUserPolicy", "iam:PutUserPermissionsBoundary"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*", "Condition": condition}
    maker = embedded.client("iam", user(embedded, "maker", statement))
    assert refused(maker.create_user, UserName="free")[0] == "AccessDenied"
    maker.create_user(UserName="fenced", PermissionsBoundary=bound)
    inline = {"PolicyName": "own", "PolicyDocument": document(ALLOW_ALL)}
    maker.put_user_policy(UserName="fenced", **inline)
    iam.create_user(UserName="unfenced")
    assert refused(maker.put_user_policy, UserName="unfenced", **inline)[0] == "AccessDenied"
    other = policy(embedded, "weaker", ALLOW_ALL)
    call = maker.put_user_permissions_boundary
    assert refused(call, UserName="fenced", PermissionsBoundary=other)[0] == "AccessDenied"


def test_without_a_name_a_user_means_itself(embedded: Embedded) -> None:
    """Calls about users without UserName are about the caller; a role session has no user to mean."""
    own = embedded.client("iam", user(embedded, "myself", ALLOW_ALL))
    assert own.get_user()["User"]["UserName"] == "myself"
    assert [each["UserName"] for each in own.list_access_keys()["AccessKeyMetadata"]] == ["myself"]
    session = embedded.as_role(role(embedded, "nameless", trust(AWS=embedded.account_id), ALLOW_ALL), "session")
    code, _status, message = refused(embedded.client("iam", session).get_user)
    assert (code, message) == ("ValidationError", "Must specify userName when calling with non-User credentials")


@pytest.mark.parametrize("kind", ["user", "role"])
def test_tag_keys_of_users_and_roles_ignore_case(embedded: Embedded, kind: str) -> None:
    """A tag whose key differs only in case replaces the other; two such in one call are refused."""
    iam = embedded.client("iam")
    named = {f"{kind.capitalize()}Name": f"tagged-{kind}"}
    if kind == "user":
        iam.create_user(**named)
    else:
        iam.create_role(**named, AssumeRolePolicyDocument=trust(AWS=embedded.account_id))
    tag, listed = getattr(iam, f"tag_{kind}"), getattr(iam, f"list_{kind}_tags")
    tag(**named, Tags=[{"Key": "Team", "Value": "red"}, {"Key": "Cost", "Value": "1"}])
    tag(**named, Tags=[{"Key": "team", "Value": "blue"}])
    assert {each["Key"]: each["Value"] for each in listed(**named)["Tags"]} == {"Cost": "1", "team": "blue"}
    twice = [{"Key": "Size", "Value": "1"}, {"Key": "size", "Value": "2"}]
    assert refused(tag, **named, Tags=twice)[0] == "InvalidInput"
    trusted = {} if kind == "user" else {"AssumeRolePolicyDocument": trust(AWS=embedded.account_id)}
    create = getattr(iam, f"create_{kind}")
    assert refused(create, **dict.fromkeys(named, "untagged"), **trusted, Tags=twice)[0] == "InvalidInput"
    assert "Size" not in {each["Key"] for each in listed(**named)["Tags"]}


def test_names_that_iam_does_not_take(embedded: Embedded) -> None:
    """Names and tags with other characters are refused, and a second name that differs from the first in case alone."""
    iam, came = embedded.client("iam"), []
    texts = {"TRUST": trust(AWS=embedded.account_id), "POLICY": document(ALLOW_ALL)}
    for operation, parameters, _ in NAMES:
        filled = {
            key: texts.get(value, value) if isinstance(value, str) else value for key, value in parameters.items()
        }
        try:
            getattr(iam, operation)(**filled)
            came.append(None)
        except ClientError as error:
            came.append(error.response["Error"]["Code"])
    assert came == [expected for *_, expected in NAMES]
