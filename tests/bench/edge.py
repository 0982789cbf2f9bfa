"""The embedded account's way of a request, beside a bare moto server's in the same run.

Both are processes and get the same signed request over plain HTTP. The embedded account verifies the signature,
authorises the call and writes its CloudTrail record; moto does none of these. moto's own server needs flask and
flask-cors; without them the comparison is not made, and a row says so.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = Path(__file__).resolve().parents[2]
ROUNDS, CALLS = 7, 100
FEW, MANY, EACH = 2, 200, 10
"""Roles, and inline policies of each."""
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"


@contextmanager
def embedded() -> Iterator[dict[str, Any]]:
    """A fresh embedded account: the fields of its ready line, and its ``pid``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "localaws"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield {**json.loads(process.stdout.readline()), "pid": process.pid}
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@contextmanager
def moto_server() -> Iterator[str]:
    """A bare moto server: its URL, read from what it prints."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            lines = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in process.stderr)
            yield next(found.group() for found in lines if found)
        finally:
            process.kill()


class Request:
    """One signed request, sent over a connection for as long as the server keeps it."""

    def __init__(
        self,
        connection: http.client.HTTPConnection,
        credentials: Credentials,
        body: bytes,
        path: str = "/",
        service: str = "sts",
    ) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        url = f"http://{connection.host}:{connection.port}{path}"
        signed = AWSRequest("POST" if body else "GET", url, data=body, headers=headers)
        signer = SigV4Auth if body else S3SigV4Auth
        signer(credentials, service, "us-east-1").add_auth(signed)
        self.method, self.path, self.body, self.headers = str(signed.method), path, body, dict(signed.headers)
        self.connection = connection

    def send(self) -> None:
        """Send it and read the whole answer, which must be a success."""
        self.connection.request(self.method, self.path, self.body, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            sys.exit(f"{self.method} {self.path} was answered with {answer.status}: {content.decode()}")


def connect(url: str) -> http.client.HTTPConnection:
    """A connection to a server."""
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)


def in_turns(*series: list[Request]) -> list[float]:
    """Milliseconds per request of each series: the median of rounds that take turns, after one that is not counted."""
    taken: list[list[float]] = [[] for _ in series]
    for _ in range(ROUNDS + 1):
        for requests, times in zip(series, taken, strict=True):
            start = time.perf_counter()
            for number in range(CALLS):
                requests[number % len(requests)].send()
            times.append((time.perf_counter() - start) / CALLS * 1000)
    return [median(times[1:]) for times in taken]


def rows() -> Iterator[tuple[str, str]]:
    """The embedded account beside moto, and beside itself with many roles."""
    if importlib.util.find_spec("flask") is None or importlib.util.find_spec("flask_cors") is None:
        yield "edge: beside a bare moto server (needs flask and flask-cors)", "not measured"
    else:
        yield from beside_moto()
    yield from with_many_roles()


def beside_moto() -> Iterator[tuple[str, str]]:
    """The same call of both servers."""
    with embedded() as account, moto_server() as moto_url:
        own = Credentials(account["access_key_id"], account["secret_access_key"])
        ours = [Request(connect(account["endpoint_url"]), own, IDENTITY)]
        bare = [Request(connect(moto_url), Credentials("anyone", "any"), IDENTITY)]
        mine, theirs = in_turns(ours, bare)
    yield "edge: authorised and recorded sts:GetCallerIdentity, ms", f"{mine:.2f}"
    yield "edge: the same of a bare moto server, ms", f"{theirs:.2f}"
    yield "edge: ratio of the two (goal: at most 1.3)", f"{mine / theirs:.2f}"


def with_many_roles() -> Iterator[tuple[str, str]]:
    """A request authorised by the policies of a role, with few roles in the account and with many."""
    with embedded() as few, embedded() as many:
        small, large = in_turns(reads(few, FEW), reads(many, MANY))
    yield f"edge: s3:GetObject by a role, {FEW} roles with {EACH} policies each, ms", f"{small:.2f}"
    yield f"edge: time with {MANY} roles to time with {FEW} (goal: 1)", f"{large / small:.2f}"


def reads(account: dict[str, Any], roles: int) -> list[Request]:
    """One request for an object by a session of each of so many new roles."""
    url = account["endpoint_url"]
    keys = {"aws_access_key_id": account["access_key_id"], "aws_secret_access_key": account["secret_access_key"]}
    iam, sts, s3 = (boto3.client(s, endpoint_url=url, region_name="us-east-1", **keys) for s in ("iam", "sts", "s3"))
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="object", Body=b"x")
    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account["account_id"]}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": trusted})
    found, connection = [], connect(url)
    for number in range(roles):
        name = f"role-{number}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for index in range(EACH):
            iam.put_role_policy(RoleName=name, PolicyName=f"policy-{index}", PolicyDocument=policy(name, index))
        given = sts.assume_role(RoleArn=arn, RoleSessionName="bench")["Credentials"]
        credentials = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        found.append(Request(connection, credentials, b"", "/lake/object", "s3"))
    return found


def policy(name: str, index: int) -> str:
    """A policy of which one in ten allows the read."""
    object_ = "arn:aws:s3:::lake/object" if index == EACH - 1 else f"arn:aws:s3:::{name}-{index}/*"
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": object_}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})
