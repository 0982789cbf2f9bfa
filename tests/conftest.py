"""The embedded account as a process: what tests stand on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.loaders import Loader

REPOSITORY = Path(__file__).resolve().parent.parent
CLIENT = Config(
    connect_timeout=2,
    read_timeout=30,
    retries={"total_max_attempts": 1, "mode": "standard"},
    s3={"addressing_style": "path"},
)
MODELS = Loader()
"""Reads the models of AWS's services once for all clients: reading them is nine tenths of what a client costs."""


@dataclass(frozen=True)
class Embedded:
    """A running account: the fields of its ready line, the process, and clients for it."""

    endpoint_url: str
    region: str
    account_id: str
    access_key_id: str
    secret_access_key: str
    process: subprocess.Popen[str] = field(repr=False)

    def client(self, service: str, credentials: dict[str, Any] | None = None, **overrides: Any) -> Any:
        """A boto3 client with retries off. ``credentials`` are STS's or IAM's; the administrator's by default."""
        own = credentials or {"AccessKeyId": self.access_key_id, "SecretAccessKey": self.secret_access_key}
        settings = {
            "endpoint_url": self.endpoint_url,
            "region_name": self.region,
            "aws_access_key_id": own["AccessKeyId"],
            "aws_secret_access_key": own["SecretAccessKey"],
            "aws_session_token": own.get("SessionToken"),
            "config": CLIENT,
        }
        core = botocore.session.Session()
        core.register_component("data_loader", MODELS)
        session: Any = boto3.Session(botocore_session=core)
        return session.client(service, **{**settings, **overrides})

    def as_role(
        self, role_arn: str, session_name: str, credentials: dict[str, Any] | None = None, **parameters: Any
    ) -> dict[str, Any]:
        """The credentials of an assumed role."""
        sts = self.client("sts", credentials)
        answer = sts.assume_role(RoleArn=role_arn, RoleSessionName=session_name, **parameters)
        credentials_of_role: dict[str, Any] = answer["Credentials"]
        return credentials_of_role

    def control(
        self, path: str, body: dict[str, Any] | None = None, credentials: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and document of a signed request to ``/_localaws/<path>``: a GET, or a POST of ``body``."""
        own = credentials or {"AccessKeyId": self.access_key_id, "SecretAccessKey": self.secret_access_key}
        signer = Credentials(own["AccessKeyId"], own["SecretAccessKey"], own.get("SessionToken"))
        url = f"{self.endpoint_url}/_localaws/{path}"
        content = None if body is None else json.dumps(body).encode()
        request = AWSRequest("GET" if body is None else "POST", url, data=content)
        SigV4Auth(signer, "localaws", self.region).add_auth(request)
        return send(str(request.method), url, dict(request.headers), content)

    def environment(self, credentials: dict[str, Any] | None = None) -> dict[str, str]:
        """The environment in which any AWS client finds this account and nothing else."""
        own = credentials or {"AccessKeyId": self.access_key_id, "SecretAccessKey": self.secret_access_key}
        found = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        found |= {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": own["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": own["SecretAccessKey"],
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return found | ({"AWS_SESSION_TOKEN": own["SessionToken"]} if "SessionToken" in own else {})


def send(method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, dict[str, Any]]:
    """Status and JSON document of a plain HTTP request."""
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


@contextmanager
def running(*arguments: str) -> Iterator[Embedded]:
    """A ``python -m localaws`` with these arguments; it ends with the block, by the end of its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "localaws", *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"localaws ended before it was ready, with exit code {process.wait(10)}"
        yield Embedded(**json.loads(line), process=process)
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def embedded() -> Iterator[Embedded]:
    """One account for the tests of a module."""
    with running() as account:
        yield account


@pytest.fixture(scope="session")
def start_embedded() -> Callable[..., AbstractContextManager[Embedded]]:
    """Start an account of one's own: ``with start_embedded("--region", "eu-west-1") as account``."""
    return running
