"""Canonicalisation, with botocore's signer as the oracle."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given, settings
from hypothesis import strategies as st

from localaws import canonical, signature
from localaws.clock import Clock
from localaws.errors import AwsError
from localaws.services import BY_SIGNING_NAME
from localaws.store import AccessKey, UserRecord
from localaws.wire import HttpRequest, header_mapping

KEY = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
HOST = "127.0.0.1:4566"
USER = UserRecord("u", "arn:aws:iam::123456789012:user/u", "AIDAEXAMPLE", "/")
ACCOUNT: Any = SimpleNamespace(
    account_id="123456789012",
    region="us-east-1",
    clock=Clock(),
    sts=SimpleNamespace(session=lambda key: None),
    store=SimpleNamespace(
        access_key=lambda key: AccessKey(str(KEY.secret_key), "u", True) if key == KEY.access_key else None,
        user=lambda name: USER,
    ),
)
CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"))
KEYS = st.text(st.one_of(CHARACTERS, st.sampled_from(" +%/?#&=~*'()!.-_;:@$,")), min_size=1, max_size=30)
PARAMETERS = st.dictionaries(st.text(CHARACTERS, min_size=1, max_size=8), st.text(CHARACTERS, max_size=12), max_size=4)
HEADERS = st.dictionaries(
    st.from_regex(r"x-amz-meta-[a-z0-9-]{1,10}", fullmatch=True),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20),
    max_size=3,
)


def received(request: AWSRequest, body: bytes = b"") -> HttpRequest:
    """The request as the server hands it on."""
    url = urlsplit(str(request.url))
    headers = header_mapping((str(name), str(value).strip()) for name, value in request.headers.items())
    return HttpRequest(str(request.method), url.path, url.query, {**headers, "host": HOST}, body)


def holds(request: HttpRequest, service: str) -> bool:
    try:
        signature.verify(ACCOUNT, request, BY_SIGNING_NAME[service])
    except AwsError as error:
        assert error.code in ("SignatureDoesNotMatch", "InvalidSignatureException")
        return False
    return True


@settings(max_examples=300, deadline=None, database=None)
@example("a b", {}, {})
@example("a/../b//c/.", {}, {})
@example("/leading", {}, {})
@example("%2F", {}, {})
@example("a+b", {"prefix": "a+b c", "empty": ""}, {})
@given(KEYS, PARAMETERS, HEADERS)
def test_s3_keys_queries_and_headers(key: str, parameters: dict[str, str], headers: dict[str, str]) -> None:
    """Any key, query and metadata that botocore signs for S3 is accepted as signed, and not with another key."""
    url = f"http://{HOST}/bucket/{quote(key, safe='/~')}"
    request = AWSRequest("GET", url, headers=dict(headers), params=parameters)
    S3SigV4Auth(KEY, "s3", "us-east-1").add_auth(request)
    prepared = received(AWSRequest("GET", request.prepare().url, headers=request.headers))
    assert holds(prepared, "s3")
    elsewhere = HttpRequest("GET", prepared.raw_path + "x", prepared.raw_query, prepared.headers)
    assert not holds(elsewhere, "s3")


@settings(max_examples=200, deadline=None, database=None)
@given(KEYS, PARAMETERS)
def test_presigned_s3_urls(key: str, parameters: dict[str, str]) -> None:
    """Any presigned URL of botocore's is accepted, and refused when a parameter is added."""
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters.items())
    request = AWSRequest("GET", f"http://{HOST}/bucket/{quote(key, safe='/~')}?{query}")
    S3SigV4QueryAuth(KEY, "s3", "us-east-1", expires=60).add_auth(request)
    prepared = received(request)
    assert holds(prepared, "s3")
    assert not holds(HttpRequest("GET", prepared.raw_path, prepared.raw_query + "&acl", prepared.headers), "s3")


@settings(max_examples=200, deadline=None, database=None)
@given(st.lists(st.text(CHARACTERS, max_size=6), max_size=4), st.binary(max_size=30))
def test_paths_of_other_services(segments: list[str], body: bytes) -> None:
    """Any path that botocore signs for a JSON service, normalised and encoded twice, is accepted as signed."""
    path = "/" + "/".join(quote(segment, safe="~") for segment in segments)
    request = AWSRequest("POST", f"http://{HOST}{path}", data=body)
    SigV4Auth(KEY, "glue", "us-east-1").add_auth(request)
    assert holds(received(request, body), "glue")
    assert not holds(received(request, body + b"x"), "glue")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", ""),
        ("acl", "acl="),
        ("acl=", "acl="),
        ("b=2&a=1", "a=1&b=2"),
        ("a=2&a=1", "a=1&a=2"),
        ("a=b+c", "a=b%20c"),
        ("a=%7e", "a=~"),
        ("a=%2f&a=/", "a=%2F&a=%2F"),
        ("a=b=c", "a=b%3Dc"),
        ("&&a=1&", "a=1"),
    ],
)
def test_a_query_has_one_canonical_form(raw: str, expected: str) -> None:
    """Sorted, encoded once, with a value for every name: as the IAM User Guide says."""
    assert canonical.canonical_query(raw) == expected


@pytest.mark.parametrize(
    ("raw", "of_s3", "of_others"),
    [
        ("/", "/", "/"),
        ("/a%20b", "/a%20b", "/a%2520b"),
        ("/a b", "/a%20b", "/a%20b"),
        ("/a//b/../c", "/a//b/../c", "/a/c"),
        ("/a%2Fb", "/a%2Fb", "/a%252Fb"),
        ("/a/", "/a/", "/a/"),
        ("/%7Ea", "/~a", "/%257Ea"),
    ],
)
def test_a_path_has_one_canonical_form(raw: str, of_s3: str, of_others: str) -> None:
    """S3 keeps every segment and encodes it once; other services normalise and encode twice."""
    assert canonical.canonical_path(raw, "s3") == of_s3
    assert canonical.canonical_path(raw, "glue") == of_others


def test_the_published_example_of_a_signing_key() -> None:
    """The signing key of AWS's own example (AWS General Reference, "Deriving a signing key")."""
    key = canonical.signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
