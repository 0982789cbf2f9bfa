"""A pytest plugin that writes down every secret that any process of a sign-off is given by AWS, or gives to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.client import BaseClient

from lakeproof.target import Target
from provision.estate import Estate
from tests.signoff.observer import say

SECRETS = frozenset({"AccessKeyId", "SecretAccessKey", "SessionToken", "Password", "SecretString", "AuthorizedUrl"})
SHORTEST = 8


def pytest_configure(config: pytest.Config) -> None:
    call = BaseClient._make_api_call

    def harvesting(client: Any, operation: str, parameters: Any) -> Any:
        answer = call(client, operation, parameters)
        for name, secret in secrets([parameters, answer]):
            say("secret", name=name, secret=secret)
        return answer

    config.add_cleanup(lambda: setattr(BaseClient, "_make_api_call", call))
    setattr(BaseClient, "_make_api_call", harvesting)  # noqa: B010  # boto3's one way for every call


def pytest_lakeproof_provisioned(target: Target, estate: Estate) -> None:
    say("secret", name="AccessKeyId", secret=target.access_key_id)
    say("secret", name="SecretAccessKey", secret=target.secret_access_key)
    say("secret", name="ExternalId", secret=estate.external_id)


def secrets(value: Any) -> Iterator[tuple[str, str]]:
    """Name and text of each secret in the parameters or the answer of a call."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in SECRETS and isinstance(inner, str):
                yield from ((name, part) for part in _parts(name, inner) if len(part) >= SHORTEST)
            else:
                yield from secrets(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        for inner in value:
            yield from secrets(inner)


def _parts(name: str, text: str) -> Iterator[str]:
    """What of a secret is secret: the parameters of a signed address, the values of a JSON document, or all of it."""
    if name == "AuthorizedUrl":
        yield from (value for _, value in parse_qsl(urlsplit(text).query))
    elif text.startswith("{"):
        yield from (str(value) for key, value in json.loads(text).items() if "password" in key.lower())
    else:
        yield text
