"""Signed HTTP requests that a test can spoil before it sends them."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


@dataclass(frozen=True)
class Probe:
    """A harmless request in one protocol: the administrator may make it, and it needs nothing to exist."""

    service: str
    method: str = "POST"
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


PROBES: dict[str, Probe] = {
    "s3": Probe("s3", "GET"),
    "query": Probe(
        "sts",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
        body=b"Action=GetCallerIdentity&Version=2011-06-15",
    ),
    "json": Probe(
        "glue",
        headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSGlue.GetDatabases"},
        body=b"{}",
    ),
    "rest-json": Probe("lakeformation", path="/GetDataLakeSettings", body=b"{}"),
}


@dataclass
class Answer:
    """What came back: ``code`` is the error code, in whichever protocol it was written; empty for a success."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        if self.status < 300:
            return ""
        if self.body.lstrip().startswith(b"{"):
            return str(json.loads(self.body)["__type"]).rpartition("#")[2]
        found = re.search(rb"<Code>(.*?)</Code>", self.body)
        return found.group(1).decode() if found else ""

    @property
    def message(self) -> str:
        if self.body.lstrip().startswith(b"{"):
            document = json.loads(self.body)
            return str(document.get("message") or document.get("Message"))
        found = re.search(rb"<Message>(.*?)</Message>", self.body, re.DOTALL)
        return found.group(1).decode() if found else ""


class Wire:
    """Signs with botocore, at any time, in any scope, and sends byte for byte."""

    def __init__(self, endpoint_url: str, region: str, access_key_id: str, secret: str) -> None:
        self.endpoint_url = endpoint_url
        self.region = region
        self.key = Credentials(access_key_id, secret)

    def probe(self, protocol: str) -> Probe:
        """The harmless request of a protocol."""
        return PROBES[protocol]

    def signed(
        self,
        probe: Probe,
        key: Credentials | None = None,
        region: str | None = None,
        service: str | None = None,
        ago: timedelta = timedelta(),
        extra: dict[str, str] | None = None,
    ) -> AWSRequest:
        """The probe, signed by ``key`` as of ``ago``."""
        request = AWSRequest(
            probe.method, self.endpoint_url + probe.path, headers={**probe.headers, **(extra or {})}, data=probe.body
        )
        signer = S3SigV4Auth if probe.service == "s3" else SigV4Auth
        self._at(ago, signer(key or self.key, service or probe.service, region or self.region), request)
        return request

    def presigned(
        self, probe: Probe, key: Credentials | None = None, expires: int = 60, ago: timedelta = timedelta()
    ) -> AWSRequest:
        """The probe with its signature in the query; a query service's parameters stand there too."""
        request = AWSRequest(probe.method, self.endpoint_url + probe.path, headers=probe.headers, data=probe.body)
        if probe.service == "sts":
            request = AWSRequest("GET", self.endpoint_url + probe.path, data=dict(parse_qsl(probe.body.decode())))
        signer = S3SigV4QueryAuth if probe.service == "s3" else SigV4QueryAuth
        self._at(ago, signer(key or self.key, probe.service, self.region, expires=expires), request)
        return request

    @staticmethod
    def _at(ago: timedelta, signer: Any, request: AWSRequest) -> None:
        with mock.patch.object(botocore.auth, "get_current_datetime", lambda: _naive_utc(ago)):
            signer.add_auth(request)

    def send(self, request: AWSRequest, body: bytes | None = None) -> Answer:
        """Send a request exactly as it stands; ``body`` replaces its body."""
        url = urlsplit(str(request.url))
        target = url.path + (f"?{url.query}" if url.query else "")
        content = body if body is not None else (request.data or b"")
        connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=10)
        try:
            connection.putrequest(request.method, target, skip_accept_encoding=True)
            for name, value in request.headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(content)))
            connection.endheaders(content)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def call(self, protocol: str, **how: Any) -> Answer:
        """Sign the probe of a protocol and send it."""
        return self.send(self.signed(self.probe(protocol), **how))


def _naive_utc(ago: timedelta) -> datetime:
    return (datetime.now(UTC) - ago).replace(tzinfo=None)


def _wire(account: Any) -> Wire:
    return Wire(account.endpoint_url, account.region, account.access_key_id, account.secret_access_key)


@pytest.fixture(scope="module")
def wire(embedded: Any) -> Wire:
    """Raw requests to the module's account, signed by its administrator unless said otherwise."""
    return _wire(embedded)


@pytest.fixture(scope="session")
def wire_to() -> Callable[[Any], Wire]:
    """Raw requests to an account of one's own."""
    return _wire
