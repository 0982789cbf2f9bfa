"""Run a probe: a query by Athena or a call of any AWS API, as one identity. Nothing is raised for what AWS answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakeproof.probes.athena import QueryResult, run_boto3
from lakeproof.probes.classify import Failure, Known, classify
from lakeproof.probes.identity import Identity
from lakeproof.probes.ledger import Attempt, Ledger
from lakeproof.probes.outcome import Allowed, NotObtained, Outcome
from lakeproof.target import Target

Runner = Callable[[Target, Identity, str, QueryResult], None]
"""How a query is run: ``run_boto3``, or ``run_pyathena`` where the walkthrough's notebook does."""


@dataclass
class Prober:
    """What every probe of a run needs: the account, what its inventory lists, and the ledger.

    ``scenario`` is the name of the running scenario; the ledger says with it why a probe was made.
    """

    target: Target
    ledger: Ledger
    known: Known
    scenario: str = ""
    attempts: list[Attempt] = field(default_factory=list)

    def query(self, identity: Identity, sql: str, run: Runner = run_boto3) -> Attempt:
        """One query by one identity, to its end. The attempt is in the ledger before this returns."""
        started = datetime.now(UTC)
        result = QueryResult()
        outcome: Outcome
        try:
            run(self.target, identity, sql, result)
            outcome = self._outcome_of(result)
        except ClientError as error:
            outcome = classify(_failure("athena", "StartQueryExecution", error), self.known)
            if result.query_id is None:  # else a later call failed: the query was started all the same
                result.request_id = error.response.get("ResponseMetadata", {}).get("RequestId")
        except BotoCoreError as error:
            outcome = NotObtained(f"no answer came: {type(error).__name__}: {error}", "is the target still there?")
        return self._record(
            Attempt(
                identity,
                "athena",
                "StartQueryExecution",
                outcome,
                started,
                datetime.now(UTC),
                sql=sql,
                query_id=result.query_id,
                request_id=result.request_id,
                state=result.state,
                statistics=result.statistics,
            )
        )

    def call(self, identity: Identity, service: str, operation: str, **params: Any) -> Attempt:
        """One API call by one identity. ``operation`` is AWS's name of it, ``params`` are its members."""
        started = datetime.now(UTC)
        client = self.target.client(service, identity.credentials)
        request_id: str | None = None
        outcome: Outcome
        try:
            response: Mapping[str, Any] = getattr(client, method_name(operation))(**params)
            request_id = response.get("ResponseMetadata", {}).get("RequestId")
            outcome = Allowed(response=response)
        except ClientError as error:
            outcome = classify(_failure(service, operation, error), self.known)
            request_id = error.response.get("ResponseMetadata", {}).get("RequestId")
        except BotoCoreError as error:
            outcome = NotObtained(f"no answer came: {type(error).__name__}: {error}", "is the target still there?")
        return self._record(
            Attempt(
                identity, service, operation, outcome, started, datetime.now(UTC), params=params, request_id=request_id
            )
        )

    def _outcome_of(self, result: QueryResult) -> Outcome:
        if result.state == "SUCCEEDED":
            return Allowed(result.columns, result.rows)
        if result.state == "FAILED":
            return classify(Failure("athena", "StartQueryExecution", "FAILED", result.reason), self.known)
        return NotObtained(f"the query ended as {result.state}: {result.reason}")

    def _record(self, attempt: Attempt) -> Attempt:
        self.ledger.append(attempt, self.scenario)
        self.attempts.append(attempt)
        return attempt


def method_name(operation: str) -> str:
    """boto3's name of an operation: ``CreatePresignedDomainUrl`` is ``create_presigned_domain_url``."""
    from botocore import xform_name

    name: str = xform_name(operation)
    return name


def _failure(service: str, operation: str, error: ClientError) -> Failure:
    answer: Mapping[str, Any] = error.response.get("Error", {})
    operation = error.operation_name or operation
    return Failure(service, operation, str(answer.get("Code", "")), str(answer.get("Message", "")))
