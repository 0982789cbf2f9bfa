"""A new account's Lake Formation, its settings, and its registered locations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lakeformation.datalake import IAM_ALLOWED, code_of, refusal_of

EVERYBODY = [{"Principal": {"DataLakePrincipalIdentifier": IAM_ALLOWED}, "Permissions": ["ALL"]}]


@pytest.fixture(scope="module")
def lf(embedded: Any) -> Any:
    return embedded.client("lakeformation")


def test_a_fresh_account_is_open_to_iam_and_has_no_administrator(embedded: Any, lf: Any) -> None:
    """IAM_ALLOWED_PRINCIPALS is in both default permissions and may create databases; nobody is an administrator."""
    settings = lf.get_data_lake_settings()["DataLakeSettings"]
    assert settings["DataLakeAdmins"] == settings["ReadOnlyAdmins"] == []
    assert settings["CreateDatabaseDefaultPermissions"] == settings["CreateTableDefaultPermissions"] == EVERYBODY
    rows = lf.list_permissions()["PrincipalResourcePermissions"]
    assert [(row["Principal"], row["Resource"], row["Permissions"]) for row in rows] == [
        ({"DataLakePrincipalIdentifier": IAM_ALLOWED}, {"Catalog": {"Id": embedded.account_id}}, ["CREATE_DATABASE"])
    ]
    assert lf.list_resources()["ResourceInfoList"] == []
    assert embedded.client("glue").get_databases()["DatabaseList"] == []


def test_without_an_administrator_nobody_can_grant(embedded: Any, lf: Any) -> None:
    """AdministratorAccess in IAM gives no right to grant what one does not hold with the grant option."""
    refused = refusal_of(
        lf.grant_permissions,
        Principal={"DataLakePrincipalIdentifier": f"arn:aws:iam::{embedded.account_id}:user/administrator"},
        Resource={"Catalog": {}},
        Permissions=["CREATE_DATABASE"],
    )
    text = "Resource does not exist or requester is not authorized to access requested permissions."
    assert refused == ("AccessDeniedException", text)


@pytest.mark.parametrize(
    "changed",
    [
        {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": "arn:aws:iam::{account}:user/nobody"}]},
        {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": IAM_ALLOWED}]},
        {"Parameters": {"CROSS_ACCOUNT_VERSION": "6"}},
        {"Parameters": {"UNKNOWN": "1"}},
        {"CreateTableDefaultPermissions": [{**EVERYBODY[0], "Permissions": ["SELECT"]}]},
    ],
)
def test_settings_that_aws_refuses_are_refused_and_change_nothing(embedded: Any, lf: Any, changed: Any) -> None:
    """Unknown principals, groups as administrators, unknown parameters, other default permissions."""
    before = lf.get_data_lake_settings()["DataLakeSettings"]
    text = json.dumps(changed).replace("{account}", embedded.account_id)
    refused = code_of(lf.put_data_lake_settings, DataLakeSettings={**before, **json.loads(text)})
    assert refused == "InvalidInputException"
    assert lf.get_data_lake_settings()["DataLakeSettings"] == before


def test_settings_come_back_as_they_were_put(embedded: Any, lf: Any) -> None:
    """What was put is read back; what was left out is empty; restoring restores."""
    before = lf.get_data_lake_settings()["DataLakeSettings"]
    administrator = [{"DataLakePrincipalIdentifier": f"arn:aws:iam::{embedded.account_id}:user/administrator"}]
    lf.put_data_lake_settings(
        DataLakeSettings={"DataLakeAdmins": administrator, "Parameters": {"SET_SOURCE_IDENTITY": "TRUE"}}
    )
    after = lf.get_data_lake_settings()["DataLakeSettings"]
    assert after["DataLakeAdmins"] == administrator
    assert after["CreateTableDefaultPermissions"] == []
    assert after["Parameters"]["SET_SOURCE_IDENTITY"] == "TRUE"
    lf.put_data_lake_settings(DataLakeSettings=before)
    restored = lf.get_data_lake_settings()["DataLakeSettings"]
    assert {**restored, "Parameters": None} == {**before, "Parameters": None}


def test_the_principal_of_a_role_session_is_the_role(embedded: Any) -> None:
    """GetDataLakePrincipal names what a grant must name."""
    identity = embedded.client("lakeformation").get_data_lake_principal()["Identity"]
    assert identity == f"arn:aws:iam::{embedded.account_id}:user/administrator"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"ResourceArn": "arn:aws:s3:::lake/x"}, "InvalidInputException"),
        (
            {
                "ResourceArn": "arn:aws:s3:::lake/x",
                "UseServiceLinkedRole": True,
                "RoleArn": "arn:aws:iam::{account}:role/r",
            },
            "InvalidInputException",
        ),
        ({"ResourceArn": "arn:aws:sns:us-east-1:1:x", "UseServiceLinkedRole": True}, "InvalidInputException"),
        (
            {"ResourceArn": "arn:aws:s3:::lake/x", "RoleArn": "arn:aws:iam::{account}:role/nobody"},
            "EntityNotFoundException",
        ),
    ],
)
def test_a_location_is_registered_with_one_existing_role(
    embedded: Any, lf: Any, parameters: dict[str, Any], code: str
) -> None:
    """Neither or both roles, a role that does not exist, or something else than S3 are refused."""
    filled = json.loads(json.dumps(parameters).replace("{account}", embedded.account_id))
    assert code_of(lf.register_resource, **filled) == code
    assert lf.list_resources()["ResourceInfoList"] == []


def test_the_service_linked_role_is_made_at_the_first_use(embedded: Any, lf: Any) -> None:
    """No role before, one after; each registered path is in its inline policy until it is deregistered."""
    iam = embedded.client("iam")
    name, policy = "AWSServiceRoleForLakeFormationDataAccess", "LakeFormationDataAccessPolicyForS3"
    assert code_of(iam.get_role, RoleName=name) == "NoSuchEntity"
    for path in ("one", "two/"):
        lf.register_resource(ResourceArn=f"arn:aws:s3:::lake/{path}", UseServiceLinkedRole=True)
    again = code_of(lf.register_resource, ResourceArn="arn:aws:s3:::lake/two", UseServiceLinkedRole=True)
    assert again == "AlreadyExistsException"
    role = iam.get_role(RoleName=name)["Role"]
    assert role["Path"] == "/aws-service-role/lakeformation.amazonaws.com/"
    listed = lf.list_resources()["ResourceInfoList"]
    assert [one["ResourceArn"] for one in listed] == ["arn:aws:s3:::lake/one", "arn:aws:s3:::lake/two/"]
    assert {one["RoleArn"] for one in listed} == {role["Arn"]}
    statements = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
    assert statements[0]["Resource"] == ["arn:aws:s3:::lake/one/*", "arn:aws:s3:::lake/two/*"]
    lf.deregister_resource(ResourceArn="arn:aws:s3:::lake/one")
    statements = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
    assert statements[0]["Resource"] == ["arn:aws:s3:::lake/two/*"]
    assert code_of(lf.describe_resource, ResourceArn="arn:aws:s3:::lake/one") == "EntityNotFoundException"
    refused = code_of(lf.update_resource, ResourceArn="arn:aws:s3:::lake/two", RoleArn=role["Arn"])
    assert refused == "InvalidInputException"
    lf.deregister_resource(ResourceArn="arn:aws:s3:::lake/two")
    assert code_of(iam.get_role_policy, RoleName=name, PolicyName=policy) == "NoSuchEntity"


def test_unknown_catalogs_are_refused_by_name(lf: Any) -> None:
    """Another account's catalog is not served: 501, never a silent success."""
    code, message = refusal_of(lf.list_permissions, CatalogId="999999999999")
    assert code == "NotImplemented"
    assert "999999999999" in message
