"""A probe never raises for what AWS answers, and is in the ledger before anybody judges it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from lakeproof.probes import athena
from lakeproof.probes.classify import Known
from lakeproof.probes.ledger import Attempt, Ledger
from lakeproof.probes.outcome import Allowed, Cause, Denied, NotObtained
from lakeproof.probes.probe import Prober
from tests.probes.samples import ALICE, Answers, Target, page, refusal, started, state

COLUMN = "COLUMN_NOT_FOUND: line 1:8: Column 'mail' cannot be resolved or requester is not authorized to access"
GONE = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


def probe(tmp_path: Path, **answers: list[Any]) -> tuple[Prober, Answers]:
    """A prober on a target that gives these answers."""
    client = Answers(answers)
    ledger = Ledger(tmp_path / "ledger.jsonl", seed="s", redact=lambda value: value)
    prober = Prober(Target(client), ledger, Known(columns=frozenset({"mail"})), "scenario")  # type: ignore[arg-type]
    return prober, client


def written(prober: Prober) -> dict[str, Any]:
    """The one line of the ledger."""
    [line] = prober.ledger.entries()
    return line


def query(tmp_path: Path, **answers: list[Any]) -> tuple[Attempt, dict[str, Any]]:
    """A query with these answers: the attempt and its line in the ledger."""
    prober, _ = probe(tmp_path, **answers)
    attempt = prober.query(ALICE, "SELECT mail FROM t")
    assert prober.attempts == [attempt]
    return attempt, written(prober)


def test_a_throttled_start_is_no_refusal(tmp_path: Path) -> None:
    """ThrottlingException at the start: no evidence, and the ledger has its request id."""
    error = refusal("StartQueryExecution", "ThrottlingException", "Rate exceeded")
    attempt, line = query(tmp_path, start_query_execution=[error])
    assert isinstance(attempt.outcome, NotObtained)
    assert (line["query_id"], line["request_id"]) == (None, "refused")


def test_a_call_that_fails_after_the_start_leaves_the_query_known(tmp_path: Path) -> None:
    """The query ran: its id and the request id of its start stay, or the trail would hold a query that nobody made."""
    attempt, line = query(
        tmp_path,
        start_query_execution=[started()],
        get_query_execution=[state("SUCCEEDED")],
        get_query_results=[refusal("GetQueryResults", "ThrottlingException")],
    )
    assert isinstance(attempt.outcome, NotObtained)
    assert (line["query_id"], line["request_id"], line["state"]) == ("q-1", "started", "SUCCEEDED")


@pytest.mark.parametrize("last", ["CANCELLED", "SOMETHING_NEW"])
def test_a_query_that_neither_succeeded_nor_failed_proves_nothing(last: str, tmp_path: Path) -> None:
    """Cancelled, or a state that we do not know: no evidence, the state is told."""
    attempt, _ = query(tmp_path, start_query_execution=[started()], get_query_execution=[state(last, "by a user")])
    assert attempt.outcome == NotObtained(f"the query ended as {last}: by a user")


def test_a_query_without_end_is_cancelled_and_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the deadline it is stopped, so that it costs nothing more, and no evidence was obtained."""
    now = iter(range(0, 1000, 50))
    monkeypatch.setattr(athena.time, "monotonic", lambda: next(now))
    monkeypatch.setattr(athena.time, "sleep", lambda seconds: None)
    prober, client = probe(
        tmp_path,
        start_query_execution=[started()],
        get_query_execution=[state("RUNNING")] * 9,
        stop_query_execution=[{}],
    )
    attempt = prober.query(ALICE, "SELECT 1")
    assert isinstance(attempt.outcome, NotObtained) and "TIMED_OUT" in attempt.outcome.error
    assert client.asked[-1] == ("stop_query_execution", {"QueryExecutionId": "q-1"})


def test_no_answer_at_all_proves_nothing(tmp_path: Path) -> None:
    """The target is gone: no evidence for a query and for a call, and both are in the ledger."""
    prober, _ = probe(tmp_path, start_query_execution=[GONE], list_apps=[GONE])
    for attempt in (prober.query(ALICE, "SELECT 1"), prober.call(ALICE, "sagemaker", "ListApps")):
        assert isinstance(attempt.outcome, NotObtained)
        assert attempt.outcome.error.startswith("no answer came: EndpointConnectionError")
        assert attempt.request_id is None
    assert len(list(prober.ledger.entries())) == 2


def test_a_failed_query_is_refused_by_whom_its_text_names(tmp_path: Path) -> None:
    """FAILED with the text for a hidden column that the inventory lists: LF_COLUMN."""
    attempt, line = query(tmp_path, start_query_execution=[started()], get_query_execution=[state("FAILED", COLUMN)])
    assert attempt.outcome == Denied(Cause.LF_COLUMN, COLUMN)
    assert line["outcome"]["cause"] == "LF_COLUMN"


def test_a_result_has_its_columns_in_order_and_no_header_row(tmp_path: Path) -> None:
    """The first row of a SELECT repeats the column names; NULL is None, not a text."""
    attempt, line = query(
        tmp_path,
        start_query_execution=[started()],
        get_query_execution=[state("QUEUED"), state("RUNNING"), state("SUCCEEDED")],
        get_query_results=[page(("id", "mail"), ("1", "a"), ("2", None))],
    )
    assert attempt.outcome == Allowed(("id", "mail"), (("1", "a"), ("2", None)))
    assert attempt.statistics == {"DataScannedInBytes": 7}
    assert line["outcome"]["columns"] == ["id", "mail"]


def test_a_query_runs_where_its_identity_says(tmp_path: Path) -> None:
    """Workgroup and database are the identity's; its result location only where the workgroup enforces none."""
    prober, client = probe(
        tmp_path,
        start_query_execution=[started()],
        get_query_execution=[state("SUCCEEDED")],
        get_query_results=[page(())],
    )
    prober.query(ALICE, "SELECT 1")
    assert client.asked[0][1] == {
        "QueryString": "SELECT 1",
        "WorkGroup": "alice",
        "QueryExecutionContext": {"Database": "default"},
    }
    assert prober.target.signed_by == [ALICE.credentials]  # type: ignore[attr-defined]


def test_a_refused_call_names_its_cause(tmp_path: Path) -> None:
    """An API call: operation and parameters as AWS writes them, the refusal's request id, and the cause."""
    text = (
        "User: U is not authorized to perform: sagemaker:CreatePresignedDomainUrl on resource: R with an explicit deny"
    )
    error = refusal("CreatePresignedDomainUrl", text=f"{text} in an identity-based policy")
    prober, client = probe(tmp_path, create_presigned_domain_url=[error])
    attempt = prober.call(ALICE, "sagemaker", "CreatePresignedDomainUrl", DomainId="d-1")
    assert isinstance(attempt.outcome, Denied) and attempt.outcome.cause is Cause.IAM_EXPLICIT
    assert client.asked == [("create_presigned_domain_url", {"DomainId": "d-1"})]
    line = written(prober)
    assert (line["operation"], line["params"]) == ("CreatePresignedDomainUrl", {"DomainId": "d-1"})
    assert (line["request_id"], line["kind"]) == ("refused", "call")


def test_an_allowed_call_keeps_its_answer_out_of_the_ledger(tmp_path: Path) -> None:
    """The answer is for the scenario; the ledger has the request id and that it was allowed."""
    answer = {"AuthorizedUrl": "https://example.com/auth?token=t", "ResponseMetadata": {"RequestId": "opened"}}
    prober, _ = probe(tmp_path, create_presigned_domain_url=[answer])
    attempt = prober.call(ALICE, "sagemaker", "CreatePresignedDomainUrl")
    assert isinstance(attempt.outcome, Allowed) and attempt.outcome.response is answer
    assert "https" not in str(attempt) + repr(attempt) + str(written(prober))
    assert written(prober)["request_id"] == "opened"
