"""No secret is ever in an event."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.errors import AwsError
from localaws.services import BY_SIGNING_NAME, model
from tests.cloudtrail.bench import Bench, call, history
from tests.conftest import Embedded

SECRET_NAMES = re.compile(r"SecretAccessKey|SessionToken|Password$|SecretString|SecretBinary|AuthorizedUrl|AuthToken")
OPERATIONS = [
    (service.name, operation)
    for service in BY_SIGNING_NAME.values()
    for operation in sorted(model(service.name).operation_names)
]


def planted(shape: Shape | None, name: str, secret: str, depth: int = 0) -> Any:
    """A value of this shape in which every secret member holds ``secret``."""
    if depth > 6 or shape is None:
        return None
    if isinstance(shape, StructureShape):
        return {
            member: value
            for member, inner in shape.members.items()
            if (value := planted(inner, member, secret, depth + 1)) is not None
        }
    if isinstance(shape, ListShape):
        value = planted(shape.member, name, secret, depth + 1)
        return [] if value is None else [value]
    if isinstance(shape, MapShape):
        value = planted(shape.value, name, secret, depth + 1)
        return {} if value is None else {"key": value}
    is_secret = shape.metadata.get("sensitive") or SECRET_NAMES.search(name)
    if shape.type_name == "blob":
        return secret.encode() if is_secret else b"content"
    if shape.type_name == "string":
        return secret if is_secret else "plain"
    return None


@settings(deadline=None, max_examples=300)
@given(
    operation=st.sampled_from(OPERATIONS),
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8).map(lambda text: f"S3cr:{text}"),
    refused=st.booleans(),
)
def test_no_operation_writes_a_secret_into_its_event(operation: tuple[str, str], secret: str, refused: bool) -> None:
    """Whatever the operation of whatever service: secret members of input and output, and errors that quote them."""
    service, name = operation
    modelled = model(service).operation_model(name)
    params = planted(modelled.input_shape, "", secret) or {}
    output = planted(modelled.output_shape, "", secret) or {}
    error = AwsError("ValidationException", "The member does not fit") if refused else None
    bench = Bench()
    bench.cloudtrail.record(call(service, name, params), None if refused else output, error)
    for row in bench.cloudtrail.history.rows.values():
        assert json.dumps(secret)[1:-1] not in row.text and secret not in row.text


def test_an_error_message_that_quotes_a_secret_is_scrubbed(bench: Bench) -> None:
    """A password in the text of an error does not reach the event."""
    error = AwsError("ValidationError", "1 validation error detected: Value 'hunter2-hunter2' at 'password' is plain")
    params = {"UserName": "u", "Password": "hunter2-hunter2"}
    event = bench.event(call("iam", "CreateLoginProfile", params), error=error)
    assert "hunter2" not in json.dumps(event)
    assert "at 'password'" in event["errorMessage"]


@pytest.mark.parametrize(
    ("service", "operation", "member"),
    [
        ("athena", "StartQueryExecution", "QueryString"),
        ("athena", "CreateNamedQuery", "QueryString"),
        ("athena", "CreatePreparedStatement", "QueryStatement"),
    ],
)
def test_sql_is_omitted(bench: Bench, service: str, operation: str, member: str) -> None:
    """SQL is never in an event; the member says so."""
    event = bench.event(call(service, operation, {member: "SELECT ssn FROM people"}), {})
    assert event["requestParameters"] == {member[0].lower() + member[1:]: "***OMITTED***"}


def test_what_the_account_hands_out_is_not_in_its_trail(embedded: Embedded) -> None:
    """Keys, passwords, secrets, session tokens and presigned URLs work for their owner, and are in no event."""
    iam, secretsmanager, sagemaker = (embedded.client(name) for name in ("iam", "secretsmanager", "sagemaker"))
    iam.create_user(UserName="ana")
    iam.create_login_profile(UserName="ana", Password="Pa55word-of-Ana!")
    iam.update_login_profile(UserName="ana", Password="N3w-Pa55word-of-Ana!")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    random_password = secretsmanager.get_random_password(PasswordLength=24)["RandomPassword"]
    secretsmanager.create_secret(Name="ana/password", SecretString=random_password)
    assert secretsmanager.get_secret_value(SecretId="ana/password")["SecretString"] == random_password
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": embedded.account_id}}],
    }
    role = iam.create_role(RoleName="ana-role", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    session = embedded.as_role(role["Arn"], "ana-session")
    domain = sagemaker.create_domain(DomainName="secrets", AuthMode="IAM", DefaultUserSettings={})
    domain_id = domain["DomainArn"].rpartition("/")[2]
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana")
    url = sagemaker.create_presigned_domain_url(DomainId=domain_id, UserProfileName="ana")["AuthorizedUrl"]

    events = history(embedded)
    recorded = {event["eventName"] for event in events}
    assert recorded >= {
        "CreateLoginProfile",
        "CreateAccessKey",
        "GetRandomPassword",
        "CreateSecret",
        "GetSecretValue",
        "AssumeRole",
        "CreatePresignedDomainUrl",
    }
    text = json.dumps(events)
    for secret in (
        "Pa55word-of-Ana!",
        "N3w-Pa55word-of-Ana!",
        random_password,
        key["SecretAccessKey"],
        embedded.secret_access_key,
        session["SecretAccessKey"],
        session["SessionToken"],
        url.rpartition("token=")[2],
    ):
        assert json.dumps(secret)[1:-1] not in text
    assert session["AccessKeyId"] in text and key["AccessKeyId"] in text
