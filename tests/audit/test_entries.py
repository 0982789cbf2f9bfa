"""A line of the ledger as the audit reads it: what the trail must, may and must not say about it."""

from __future__ import annotations

from typing import Any

import pytest

from lakeproof.audit.entries import Entry, read
from lakeproof.probes.ledger import entry
from lakeproof.probes.outcome import Allowed, Cause, Denied, NotObtained, Outcome
from lakeproof.retries import Try
from tests.probes.samples import attempt

REFUSED = Denied(Cause.LF_COLUMN, "no")
NOTHING = NotObtained("Rate exceeded")


def line(sql: str | None, outcome: Outcome, **changes: Any) -> Entry:
    """What the audit reads of an attempt that the ledger wrote."""
    return read(entry(attempt(sql, outcome, **changes), "a scenario", "s"))


@pytest.mark.parametrize("missing", ["scenario", "identity", "outcome", "sql", "statistics"])
def test_a_line_that_the_ledger_did_not_write_is_an_error(missing: str) -> None:
    """Every member that the audit decides by must be there."""
    told = entry(attempt(), "s", "s")
    del told[missing]
    with pytest.raises(KeyError):
        read(told)


@pytest.mark.parametrize(
    ("sql", "outcome", "kind", "read_data"),
    [
        ("SELECT 1", Allowed(), "read", True),
        ("  with t as (select 1) select * from t", Allowed(), "read", True),
        ("SELECT 1", REFUSED, "refused query", False),
        ("SELECT 1", NOTHING, "other query", False),
        ("SHOW DATABASES", Allowed(), "other query", False),
        ("DESCRIBE lake.reviews", Allowed(), "other query", False),
        ("SELECT table_name FROM information_schema.tables", Allowed(), "other query", False),
        ("", Allowed(), "other query", False),
    ],
)
def test_only_a_query_that_succeeded_on_data_must_have_data_access(
    sql: str, outcome: Outcome, kind: str, read_data: bool
) -> None:
    """SHOW, DESCRIBE and information_schema read the catalog; a refused query read nothing."""
    found = line(sql, outcome)
    assert (found.kind, found.read_data, found.is_query) == (kind, read_data, True)


@pytest.mark.parametrize(
    ("operation", "outcome", "kind"),
    [
        ("CreatePresignedDomainUrl", Allowed(), "sign-in"),
        ("CreatePresignedDomainUrl", REFUSED, "refused call"),
        ("CreatePresignedDomainUrl", NOTHING, "other call"),
        ("DescribeUserProfile", Allowed(), "other call"),
        ("DescribeUserProfile", REFUSED, "refused call"),
    ],
)
def test_only_an_allowed_opening_is_a_sign_in(operation: str, outcome: Outcome, kind: str) -> None:
    """The URL that was refused, or that nobody got, opened no profile."""
    found = line(None, outcome, operation=operation)
    assert (found.kind, found.is_query) == (kind, False)


def test_a_call_that_got_no_answer_need_not_be_on_the_trail() -> None:
    """Without a request id AWS may never have seen it."""
    assert not line("SELECT 1", NOTHING, request_id=None).traced
    assert line("SELECT 1", NOTHING, request_id="r").traced


def test_a_call_that_did_not_reach_the_service_need_not_be_on_the_trail() -> None:
    """An expired session and a front end that is out of order leave no record; a throttled call does."""
    expired = NotObtained("the session had expired", expired=True)
    down, busy = (
        Try("sts", "GetCallerIdentity", why, "r", lost) for why, lost in (("503", True), ("Throttling", False))
    )
    assert not line(None, expired, request_id="r").traced
    assert not line(None, NOTHING, request_id="r", tries=(busy, down)).traced
    assert line(None, NOTHING, request_id="r", tries=(down, busy)).traced
    assert line(None, Allowed(), request_id="r", tries=(busy, down)).traced


def test_an_entry_says_what_the_ledger_said() -> None:
    """Who, what, ids, columns, text and bytes scanned, unchanged."""
    allowed = line("SELECT a", Allowed(("a",), (("1",),)), request_id="r", statistics={"DataScannedInBytes": 7})
    assert (allowed.person, allowed.source_identity, allowed.query_id, allowed.request_id) == (
        "alice",
        "alice",
        "q-1",
        "r",
    )
    assert (allowed.columns, allowed.text, allowed.scanned, allowed.denied) == (("a",), "", 7, False)
    assert line("SELECT a", REFUSED).text == "no"
    assert line("SELECT a", NOTHING).text == "Rate exceeded"
