"""Run a probe: a query by Athena or a call of any AWS API, as one identity. Nothing is raised for what AWS answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from lakeproof.probes.athena import QueryResult, run_boto3
from lakeproof.probes.classify import Failure, Known, classify, had_effect
from lakeproof.probes.identity import Identity
from lakeproof.probes.ledger import Attempt, Ledger
from lakeproof.probes.outcome import Allowed, NotObtained, Outcome
from lakeproof.retries import noted
from lakeproof.target import Target

Probed = TypeVar("Probed")
Found = TypeVar("Found")
Runner = Callable[[Target, Identity, str, QueryResult], None]
"""How a query is run: ``run_boto3``, or ``run_pyathena`` where the walkthrough's notebook does."""


class Sessions(Protocol):
    """Who keeps people signed in."""

    def current(self, identity: Identity) -> Identity:
        """The identity with the keys that it has now."""

    def renewed(self, identity: Identity) -> Identity:
        """The identity with new keys; with the old ones if they do not expire."""


@dataclass
class Prober:
    """What every probe of a run needs: the account, what its inventory lists, and the ledger.

    ``scenario`` is the name of the running scenario; the ledger says with it why a probe was made. ``sessions``
    signs identities in again: a probe whose session had expired is made once more, and both attempts are in the ledger.
    """

    target: Target
    ledger: Ledger
    known: Known
    scenario: str = ""
    sessions: Sessions | None = None
    attempts: list[Attempt] = field(default_factory=list)

    def learn(self, name: str) -> None:
        """Take in a database or table that the run itself has just made: a refusal may be about it."""
        known, names = self.known, frozenset({name.lower()})
        self.known = replace(known, tables=known.tables | names, databases=known.databases | names)

    def query(self, identity: Identity, sql: str, run: Runner = run_boto3) -> Attempt:
        """One query by one identity, to its end. The attempt is in the ledger before this returns."""
        return self._signed_in(identity, lambda who: self._query(who, sql, run))

    def _query(self, identity: Identity, sql: str, run: Runner) -> Attempt:
        started = datetime.now(UTC)
        result = QueryResult()
        outcome: Outcome
        try:
            with noted() as tries:
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
                tries=tuple(tries),
            )
        )

    def call(self, identity: Identity, service: str, operation: str, **params: Any) -> Attempt:
        """One API call by one identity. ``operation`` is AWS's name of it, ``params`` are its members."""
        return self._signed_in(identity, lambda who: self._call(who, service, operation, params))

    def several(self, probe: Callable[[Probed], Found], each: Iterable[Probed]) -> list[Found]:
        """``probe`` of each, as many at once as the target bears, each to its end; what they gave, in the order of
        ``each``. ``probe`` runs in a thread: it probes, and neither judges nor reports."""
        with ThreadPoolExecutor(self.target.parallel_calls) as pool:
            return list(pool.map(probe, each))

    def _call(self, identity: Identity, service: str, operation: str, params: Mapping[str, Any]) -> Attempt:
        started = datetime.now(UTC)
        client = self.target.client(service, identity.credentials)
        request_id: str | None = None
        outcome: Outcome
        try:
            with noted() as tries:
                response: Mapping[str, Any] = getattr(client, method_name(operation))(**params)
            request_id = response.get("ResponseMetadata", {}).get("RequestId")
            outcome = Allowed(response=response)
        except ClientError as error:
            failure = _failure(service, operation, error)
            unanswered = any(one.lost and one.operation == operation for one in tries) and had_effect(failure)
            outcome = Allowed(unanswered=True) if unanswered else classify(failure, self.known)
            request_id = error.response.get("ResponseMetadata", {}).get("RequestId")
        except BotoCoreError as error:
            outcome = NotObtained(f"no answer came: {type(error).__name__}: {error}", "is the target still there?")
        return self._record(
            Attempt(
                identity,
                service,
                operation,
                outcome,
                started,
                datetime.now(UTC),
                params=params,
                request_id=request_id,
                tries=tuple(tries),
            )
        )

    def _signed_in(self, identity: Identity, make: Callable[[Identity], Attempt]) -> Attempt:
        """An attempt, and another one by the same identity with new keys if the old ones had expired."""
        if self.sessions is None:
            return make(identity)
        attempt = make(self.sessions.current(identity))
        if isinstance(attempt.outcome, NotObtained) and attempt.outcome.expired:
            attempt = make(self.sessions.renewed(identity))
        return attempt

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
