"""A target is data: it goes to worker processes whole, and shows its secrets to nobody."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from lakeproof.target import LOCAL_BANNER, Credentials, Target, aws_target, local_target
from tests.conftest import Embedded

READY = {
    "endpoint_url": "http://127.0.0.1:9",
    "region": "eu-west-1",
    "account_id": "123456789012",
    "access_key_id": "AKIAEXAMPLE",
    "secret_access_key": "very-secret",
}


def test_a_target_survives_json() -> None:
    """Written and read again, it is the same, keys included."""
    target = local_target(READY)
    assert Target.from_json(target.to_json()) == target


def test_no_secret_is_shown() -> None:
    """``repr`` of target and credentials hold neither secret nor session token."""
    assert "very-secret" not in repr(local_target(READY))
    assert "very-secret" not in repr(Credentials("AKIAEXAMPLE", "very-secret", "very-secret-token"))


def test_a_local_target_says_that_it_is_no_evidence() -> None:
    """The banner stands on it, and it waits for nothing that AWS would make it wait for."""
    target = local_target(READY)
    assert target.banner == LOCAL_BANNER
    assert target.propagation_s == 0
    with pytest.raises(FrozenInstanceError):
        target.banner = ""  # type: ignore[misc]


def test_a_client_is_made_once_for_each_identity() -> None:
    """The same service and keys give the same client; other keys another one."""
    target = local_target(READY)
    assert target.client("sts") is target.client("sts")
    assert target.client("sts") is not target.client("sts", Credentials("AKIAOTHER", "x"))


def test_without_credentials_or_region_there_is_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is named, with how to give it, before any call."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(LookupError, match="no AWS credentials"):
        aws_target(region="eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(LookupError, match="no AWS Region"):
        aws_target()


def test_aws_is_attacked_with_a_budget(embedded: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    """25 queries at most, whoever answers at the endpoint; the embedded account by itself sets no limit."""
    for name, value in embedded.environment().items():
        monkeypatch.setenv(name, value)
    target = aws_target()
    assert (target.account_id, target.attack_budget) == (embedded.account_id, 25)
    assert local_target(READY).attack_budget is None
