"""Calls are made again when AWS is busy or cannot be reached, so many times and no more, and never when it refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lakeproof.retries import Counts, Try, make_patient, noted, tries
from tests.conftest import Embedded

TRIES = 6


@pytest.fixture
def patient(embedded: Embedded) -> Iterator[Any]:
    """A client of Glue that tries so many times; the account's faults are ended afterwards."""
    client = embedded.client("glue")
    make_patient(client, TRIES, 0.001)
    yield client
    embedded.control("faults", {"switch": None})


def test_a_refusal_is_never_tried_again(embedded: Embedded) -> None:
    """Whoever is refused is refused at once, and the trail has one record of it."""
    keys = embedded.client("iam")
    keys.create_user(UserName="nobody")
    key = keys.create_access_key(UserName="nobody")["AccessKey"]
    client = embedded.client("glue", key)
    make_patient(client, TRIES, 0.001)
    with noted() as failed, pytest.raises(ClientError, match="AccessDenied") as refused:
        client.get_databases()
    assert failed == []
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize(("profile", "lost"), [("throttled:3", False), ("flaky:3", True)])
def test_trouble_is_waited_out_and_written_down(embedded: Embedded, patient: Any, profile: str, lost: bool) -> None:
    """Every call is answered in the end; each try that came to nothing says which call, and whether it was lost."""
    embedded.control("faults", {"switch": profile})
    with noted() as failed:
        for _ in range(100):
            patient.get_databases()
    assert failed
    assert {(one.service, one.operation, one.lost) for one in failed} == {("glue", "GetDatabases", lost)}
    assert all(one.request_id or one.lost for one in failed)


def test_patience_ends(embedded: Embedded) -> None:
    """After so many tries the error is raised as it came, and each of them has been noted."""
    nobody = embedded.client("glue", endpoint_url="http://127.0.0.1:1")
    make_patient(nobody, TRIES, 0.001)
    with noted() as failed, pytest.raises(EndpointConnectionError):
        nobody.get_databases()
    assert failed == [Try("glue", "GetDatabases", "EndpointConnectionError", None, lost=True)] * TRIES


def test_one_try_means_one(embedded: Embedded) -> None:
    """A target without patience has none: nothing is tried again, nothing noted."""
    nobody = embedded.client("glue", endpoint_url="http://127.0.0.1:1")
    make_patient(nobody, 1, 0.001)
    with noted() as failed, pytest.raises(EndpointConnectionError):
        nobody.get_databases()
    assert failed == []


def test_what_is_not_served_is_not_tried_again(embedded: Embedded, patient: Any) -> None:
    """501 is no outage: the embedded account says with it what it does not know."""
    with noted() as failed, pytest.raises(ClientError, match="NotImplemented"):
        patient.get_crawlers()
    assert failed == []


def test_every_try_is_counted(embedded: Embedded, patient: Any) -> None:
    """Those that were answered as well, so that the end of a run can tell how many of how many came to nothing."""
    tries.take()
    embedded.control("faults", {"switch": "throttled:3"})
    with noted() as failed:
        for _ in range(50):
            patient.get_databases()
    assert tries.take() == Counts(50 + len(failed), dict(Counter(one.why for one in failed)))
