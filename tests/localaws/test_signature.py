"""Signature Version 4 at the front door: each refusal in each protocol, beside a twin that is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials

PROTOCOLS = ["s3", "query", "json", "rest-json"]
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}'

CODES: dict[str, dict[str, str]] = {
    "anonymous": {
        "s3": "AccessDenied",
        "query": "MissingAuthenticationToken",
        "json": "MissingAuthenticationTokenException",
        "rest-json": "MissingAuthenticationTokenException",
    },
    "unknown key": {
        "s3": "InvalidAccessKeyId",
        "query": "InvalidClientTokenId",
        "json": "UnrecognizedClientException",
        "rest-json": "UnrecognizedClientException",
    },
    "wrong signature": {
        "s3": "SignatureDoesNotMatch",
        "query": "SignatureDoesNotMatch",
        "json": "InvalidSignatureException",
        "rest-json": "InvalidSignatureException",
    },
    "skewed": {
        "s3": "RequestTimeTooSkewed",
        "query": "SignatureDoesNotMatch",
        "json": "InvalidSignatureException",
        "rest-json": "InvalidSignatureException",
    },
    "expired": {
        "s3": "ExpiredToken",
        "query": "ExpiredToken",
        "json": "ExpiredTokenException",
        "rest-json": "ExpiredTokenException",
    },
    "foreign token": {
        "s3": "InvalidToken",
        "query": "InvalidClientTokenId",
        "json": "UnrecognizedClientException",
        "rest-json": "UnrecognizedClientException",
    },
    "scope": {
        "s3": "AuthorizationHeaderMalformed",
        "query": "SignatureDoesNotMatch",
        "json": "InvalidSignatureException",
        "rest-json": "InvalidSignatureException",
    },
    "incomplete": {
        "s3": "AuthorizationHeaderMalformed",
        "query": "IncompleteSignature",
        "json": "IncompleteSignatureException",
        "rest-json": "IncompleteSignatureException",
    },
    "algorithm": {
        "s3": "InvalidRequest",
        "query": "IncompleteSignature",
        "json": "IncompleteSignatureException",
        "rest-json": "IncompleteSignatureException",
    },
    "unsigned header": {
        "s3": "AccessDenied",
        "query": "SignatureDoesNotMatch",
        "json": "InvalidSignatureException",
        "rest-json": "InvalidSignatureException",
    },
    "presigned expired": {
        "s3": "AccessDenied",
        "query": "SignatureDoesNotMatch",
        "json": "InvalidSignatureException",
        "rest-json": "InvalidSignatureException",
    },
}


@pytest.fixture(scope="module")
def user(embedded: Any) -> Iterator[dict[str, str]]:
    """A user with all rights, for keys that a test may spoil."""
    iam = embedded.client("iam")
    iam.create_user(UserName="victim")
    iam.attach_user_policy(UserName="victim", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    yield {"UserName": "victim"}


@pytest.fixture(scope="module")
def role_arn(embedded: Any) -> str:
    """A role with all rights that the administrator may assume."""
    iam = embedded.client("iam")
    trust = TRUST % f"arn:aws:iam::{embedded.account_id}:root"
    arn: str = iam.create_role(RoleName="everything", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="everything", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return arn


def session_key(embedded: Any, role_arn: str, **parameters: Any) -> Credentials:
    made = embedded.as_role(role_arn, "probe", **parameters)
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
class TestEveryProtocol:
    """What holds for S3, query, JSON and REST-JSON services alike."""

    def test_an_unsigned_request_is_refused(self, wire: Any, protocol: str) -> None:
        """A request without a signature is refused, and its signed twin is answered."""
        request = wire.signed(wire.probe(protocol))
        del request.headers["Authorization"]
        assert wire.send(request).code in CODES["anonymous"].values()
        assert wire.call(protocol).status == 200

    def test_a_wrong_secret_is_refused(self, wire: Any, protocol: str) -> None:
        """A signature made with another secret is refused."""
        wrong = Credentials(wire.key.access_key, wire.key.secret_key[:-1] + "!")
        answer = wire.call(protocol, key=wrong)
        assert (answer.code, answer.status // 100) == (CODES["wrong signature"][protocol], 4)
        assert wire.call(protocol).status == 200

    def test_an_unknown_key_is_refused(self, wire: Any, protocol: str) -> None:
        """An access key that does not exist is refused."""
        unknown = Credentials("AKIAIOSFODNN7EXAMPLE", wire.key.secret_key)
        assert wire.call(protocol, key=unknown).code == CODES["unknown key"][protocol]
        assert wire.call(protocol).status == 200

    def test_an_inactive_key_is_refused(self, embedded: Any, wire: Any, user: dict[str, str], protocol: str) -> None:
        """An access key is refused from the moment it is made inactive or deleted, and works again when active."""
        iam = embedded.client("iam")
        made = iam.create_access_key(**user)["AccessKey"]
        key = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
        assert wire.call(protocol, key=key).status == 200
        iam.update_access_key(**user, AccessKeyId=key.access_key, Status="Inactive")
        assert wire.call(protocol, key=key).code == CODES["unknown key"][protocol]
        iam.update_access_key(**user, AccessKeyId=key.access_key, Status="Active")
        assert wire.call(protocol, key=key).status == 200
        iam.delete_access_key(**user, AccessKeyId=key.access_key)
        assert wire.call(protocol, key=key).code == CODES["unknown key"][protocol]

    @pytest.mark.parametrize("minutes", [16, -16])
    def test_a_clock_too_far_off_is_refused(self, wire: Any, protocol: str, minutes: int) -> None:
        """A request signed more than 15 minutes ago, or ahead, is refused; 14 minutes are forgiven."""
        assert wire.call(protocol, ago=timedelta(minutes=minutes)).code == CODES["skewed"][protocol]
        nearly = timedelta(minutes=minutes * 14 / 16)
        assert wire.call(protocol, ago=nearly).status == 200

    def test_a_session_key_needs_its_token(self, embedded: Any, wire: Any, role_arn: str, protocol: str) -> None:
        """A session's key is unknown without a token, invalid with another session's token, good with its own."""
        key, other = session_key(embedded, role_arn), session_key(embedded, role_arn)
        without = Credentials(key.access_key, key.secret_key)
        foreign = Credentials(key.access_key, key.secret_key, other.token)
        assert wire.call(protocol, key=without).code == CODES["unknown key"][protocol]
        assert wire.call(protocol, key=foreign).code == CODES["foreign token"][protocol]
        assert wire.call(protocol, key=key).status == 200

    def test_a_token_beside_a_long_term_key_is_refused(
        self, embedded: Any, wire: Any, role_arn: str, protocol: str
    ) -> None:
        """A user's key is refused together with a session's token."""
        token = session_key(embedded, role_arn).token
        mixed = Credentials(wire.key.access_key, wire.key.secret_key, token)
        assert wire.call(protocol, key=mixed).code == CODES["foreign token"][protocol]
        assert wire.call(protocol).status == 200

    @pytest.mark.parametrize(
        ("found", "put"),
        [
            ("/aws4_request", "/aws5_request"),
            ("/us-east-1/", "/eu-central-2/"),
        ],
    )
    def test_a_foreign_scope_is_refused(self, wire: Any, protocol: str, found: str, put: str) -> None:
        """A credential scope with another region or terminator is refused."""
        request = wire.signed(wire.probe(protocol))
        spoilt = request.headers["Authorization"].replace(found, put)
        assert spoilt != request.headers["Authorization"]
        request.headers.replace_header("Authorization", spoilt)
        assert wire.send(request).code == CODES["scope"][protocol]
        assert wire.call(protocol).status == 200

    def test_a_scope_of_another_day_is_refused(self, wire: Any, protocol: str) -> None:
        """The day in the scope must be the day of X-Amz-Date."""
        request = wire.signed(wire.probe(protocol))
        day = request.headers["X-Amz-Date"][:8]
        request.headers.replace_header("Authorization", request.headers["Authorization"].replace(day, "20200101"))
        assert wire.send(request).code == CODES["scope"][protocol]

    def test_another_services_signature_is_refused(self, wire: Any, protocol: str) -> None:
        """A signature for another service does not open this one: the scope is signed."""
        request = wire.signed(wire.probe(protocol))
        own = wire.probe(protocol).service
        for other in ("iam", "glue", "s3"):
            if other != own:
                spoilt = request.headers["Authorization"].replace(f"/{own}/", f"/{other}/")
                request.headers.replace_header("Authorization", spoilt)
                assert wire.send(request).status in (400, 403)
                break

    @pytest.mark.parametrize("part", ["Credential", "SignedHeaders", "Signature"])
    def test_an_incomplete_header_is_refused(self, wire: Any, protocol: str, part: str) -> None:
        """An Authorization header that lacks one of its three parts is refused."""
        request = wire.signed(wire.probe(protocol))
        spoilt = request.headers["Authorization"].replace(f"{part}=", f"{part}s=")
        request.headers.replace_header("Authorization", spoilt)
        answer = wire.send(request)
        assert answer.status in (400, 403)
        if part != "Credential":
            assert answer.code == CODES["incomplete"][protocol]

    def test_another_algorithm_is_refused(self, wire: Any, protocol: str) -> None:
        """Signature Version 4A, or anything else, is refused by name."""
        request = wire.signed(wire.probe(protocol))
        spoilt = request.headers["Authorization"].replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
        request.headers.replace_header("Authorization", spoilt)
        assert wire.send(request).code == CODES["algorithm"][protocol]

    def test_a_header_added_after_signing_is_refused(self, wire: Any, protocol: str) -> None:
        """An x-amz- header that is not among the signed ones is refused; signed, it is accepted."""
        request = wire.signed(wire.probe(protocol))
        request.headers["X-Amz-Added"] = "later"
        assert wire.send(request).code == CODES["unsigned header"][protocol]
        assert wire.call(protocol, extra={"X-Amz-Added": "before"}).status == 200

    def test_host_must_be_signed(self, wire: Any, protocol: str) -> None:
        """A signature that does not cover Host is refused, even when it is otherwise right."""
        request = wire.signed(wire.probe(protocol))
        spoilt = request.headers["Authorization"].replace("host;", "", 1)
        assert spoilt != request.headers["Authorization"]
        request.headers.replace_header("Authorization", spoilt)
        assert wire.send(request).status in (400, 403)

    def test_a_changed_body_is_refused(self, wire: Any, protocol: str) -> None:
        """A body that was changed after signing is refused."""
        request = wire.signed(wire.probe(protocol))
        answer = wire.send(request, body=(request.data or b"") + b" ")
        expected = "XAmzContentSHA256Mismatch" if protocol == "s3" else CODES["wrong signature"][protocol]
        assert answer.code == expected

    def test_a_changed_method_or_path_is_refused(self, wire: Any, protocol: str) -> None:
        """Method and path are signed."""
        request = wire.signed(wire.probe(protocol))
        request.method = "DELETE"
        assert wire.send(request).code == CODES["wrong signature"][protocol]
        request = wire.signed(wire.probe(protocol))
        request.url += "elsewhere"
        assert wire.send(request).code == CODES["wrong signature"][protocol]

    def test_an_expired_presigned_request_is_refused(self, wire: Any, protocol: str) -> None:
        """A presigned request works within its time and is refused after it."""
        probe = wire.probe(protocol)
        assert wire.send(wire.presigned(probe, expires=60)).status == 200
        assert wire.send(wire.presigned(probe, expires=60, ago=timedelta(seconds=50))).status == 200
        late = wire.send(wire.presigned(probe, expires=60, ago=timedelta(seconds=70)))
        assert late.code == CODES["presigned expired"][protocol]

    def test_a_presigned_request_is_signed_whole(self, wire: Any, protocol: str) -> None:
        """A parameter that is added, changed or removed spoils a presigned request."""
        for found, put in (("X-Amz-Expires=60", "X-Amz-Expires=61"), ("X-Amz-Expires=60", "X-Amz-Expires=60&x=y")):
            request = wire.presigned(wire.probe(protocol))
            request.url = request.url.replace(found, put)
            assert wire.send(request).code == CODES["wrong signature"][protocol]

    @pytest.mark.parametrize("expires", [0, 604801, -1])
    def test_a_presigned_request_lasts_a_week_at_most(self, wire: Any, protocol: str, expires: int) -> None:
        """X-Amz-Expires is from one second to seven days."""
        answer = wire.send(wire.presigned(wire.probe(protocol), expires=expires))
        assert answer.status in (400, 403)
        assert wire.send(wire.presigned(wire.probe(protocol), expires=604800)).status == 200

    def test_a_session_may_presign(self, embedded: Any, wire: Any, role_arn: str, protocol: str) -> None:
        """A presigned request of a session carries its token in the query, and fails with another one."""
        key, other = session_key(embedded, role_arn), session_key(embedded, role_arn)
        assert wire.send(wire.presigned(wire.probe(protocol), key=key)).status == 200
        foreign = Credentials(key.access_key, key.secret_key, other.token)
        answer = wire.send(wire.presigned(wire.probe(protocol), key=foreign))
        assert answer.code == CODES["foreign token"][protocol]

    def test_two_signatures_are_one_too_many(self, wire: Any, protocol: str) -> None:
        """A request that is signed in its header and in its query is refused."""
        request = wire.signed(wire.probe(protocol))
        request.url = wire.presigned(wire.probe(protocol)).url
        assert wire.send(request).status in (400, 403)


@pytest.fixture(scope="module")
def aged(start_embedded: Any) -> Iterator[tuple[Any, Credentials, Credentials]]:
    """An account that has moved 16 minutes on: it, a session that has ended since, and one that has not."""
    with start_embedded() as account:
        iam = account.client("iam")
        trust = TRUST % f"arn:aws:iam::{account.account_id}:root"
        arn = iam.create_role(RoleName="everything", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.attach_role_policy(RoleName="everything", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        ended = session_key(account, arn, DurationSeconds=900)
        going = session_key(account, arn, DurationSeconds=1800)
        assert account.control("clock", {"advance": 960})[0] == 200
        yield account, ended, going


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_expired_session_is_refused(aged: tuple[Any, Credentials, Credentials], wire_to: Any, protocol: str) -> None:
    """A session is refused once the account's clock has passed its end, in each protocol; a longer one is not."""
    account, ended, going = aged
    wire = wire_to(account)
    assert wire.call(protocol, key=ended).code == CODES["expired"][protocol]
    assert wire.call(protocol, key=going).status == 200


def test_a_user_key_outlives_any_clock(aged: tuple[Any, Credentials, Credentials]) -> None:
    """Signatures follow real time: moving the account's clock does not make a request too old."""
    account, _, _ = aged
    assert account.client("sts").get_caller_identity()["Account"] == account.account_id
