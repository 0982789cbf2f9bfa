"""Prices, latencies and kinds of calls: what a preview adds up."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from lakeproof.forecast.calls import Call, by_kind
from lakeproof.forecast.cost import LEAST_BYTES, charged_bytes, cost, prices
from lakeproof.forecast.minutes import bound, latencies, minutes, of_call, spans


@pytest.mark.parametrize(
    ("service", "operation", "kind"),
    [
        ("iam", "ListRoles", "read"),
        ("iam", "SimulatePrincipalPolicy", "read"),
        ("s3", "HeadBucket", "read"),
        ("s3", "PutObject", "change"),
        ("sts", "AssumeRole", "session"),
        ("athena", "StartQueryExecution", "query"),
        ("lakeformation", "BatchGrantPermissions", "change"),
        ("glue", "BatchGetPartition", "read"),
        ("sagemaker", "SomethingNew", "change"),
    ],
)
def test_what_is_not_known_to_leave_no_trace_is_a_change(service: str, operation: str, kind: str) -> None:
    """Reads are known by their first word; an operation that nobody has heard of counts as a change."""
    assert Call("probes", service, operation).kind == kind


def test_every_figure_says_where_it_comes_from() -> None:
    """Prices carry a source and a day; latencies a source and whether AWS documents them."""
    for price in prices().values():
        assert price.source and date.fromisoformat(price.as_of) and price.usd >= 0 < price.per
    assert {each.known for each in latencies()} == {"assumed", "documented"}
    assert all(each.source and each.seconds > 0 for each in latencies())


def test_athena_charges_at_least_ten_megabytes() -> None:
    """A query that scanned a byte costs 10 MB, one that scanned nothing is free."""
    assert charged_bytes([1, 0, LEAST_BYTES + 5]) == 2 * LEAST_BYTES + 5


def test_a_trail_that_is_not_made_costs_nothing() -> None:
    """The same calls, with and without a trail of the run's own."""
    calls = Counter({Call("probes", "s3", "GetObject"): 100_000, Call("probes", "iam", "GetRole"): 100_000})
    dear, cheap = ({item.price.item: item.usd for item in cost(calls, [], 0, 10, trail)} for trail in (True, False))
    assert dear["trail_data"] == pytest.approx(0.10) and dear["trail_management"] == pytest.approx(2.00)
    assert cheap["trail_data"] == cheap["trail_management"] == 0
    assert cheap["s3_read"] == dear["s3_read"] == pytest.approx(0.04)


def test_minutes_are_the_sum_of_calls_and_waits() -> None:
    """Probes follow one another, provisioning goes side by side; nothing is waited for that is not made."""
    lookup = Call("audit", "cloudtrail", "LookupEvents")
    calls = Counter({Call("probes", "iam", "GetRole"): 40, Call("provisioning", "iam", "CreateRole"): 40, lookup: 10})
    assert by_kind(calls, "probes") == {"read": 40}
    bare = spans(calls, 60, profiles=False, trail=False, service_role=False)
    assert [(each.phase, each.seconds) for each in bare] == [
        ("provisioning", pytest.approx(2.5)),
        ("probes", pytest.approx(10)),
        ("audit", pytest.approx(5)),
        ("audit", 300),
    ]
    assert of_call(lookup).known == "documented"
    whole = spans(calls, 60, profiles=True, trail=True, service_role=True)
    assert minutes(whole) > minutes(bare) + 60
    assert bound(whole).what == "wait: digest"
