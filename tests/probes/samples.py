"""A person, an attempt and a target that answers from a list: what the tests of probes are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lakeproof.probes.identity import Identity
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.outcome import Allowed, Outcome
from lakeproof.target import Credentials

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROLE = "arn:aws:iam::111122223333:role/Studio_alice"
SESSION = "arn:aws:sts::111122223333:assumed-role/Studio_alice/SageMaker"
ALICE = Identity(
    name="alice in Studio",
    kind="execution",
    principal_arn=ROLE,
    session_arn=SESSION,
    credentials=Credentials("ASIAALICEALICEALICE1", "alice-secret-key-alice-secret-key-alice1", "alice-session-token"),
    person="alice",
    source_identity="alice",
    workgroup="alice",
)


def attempt(sql: str | None = "SELECT 1", outcome: Outcome | None = None, **changes: Any) -> Attempt:
    """One attempt by Alice, allowed if nothing else is said."""
    made = Attempt(ALICE, "athena", "StartQueryExecution", outcome or Allowed(), NOON, NOON, sql=sql, query_id="q-1")
    return replace(made, **changes)


def refusal(operation: str, code: str = "AccessDeniedException", text: str = "no") -> ClientError:
    """An error answer of AWS to that operation, with the request id ``refused``."""
    answer = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"RequestId": "refused"}}
    return ClientError(answer, operation)  # type: ignore[arg-type]


@dataclass
class Answers:
    """A client whose every method gives the next answer in its list, or raises it. ``asked`` holds the requests."""

    answers: dict[str, list[Any]]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, method: str) -> Any:
        if method.startswith("__") or method not in self.answers:
            raise AttributeError(method)

        def ask(**request: Any) -> Any:
            self.asked.append((method, request))
            answer = self.answers[method].pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask

    def methods(self) -> list[str]:
        """What was asked, in order."""
        return [method for method, _ in self.asked]


@dataclass
class Target:
    """Stands for ``lakeproof.target.Target``: one client for every service and identity."""

    made: Answers
    poll_s: float = 0.0
    signed_by: list[Credentials | None] = field(default_factory=list)

    def client(self, service: str, credentials: Credentials | None = None) -> Answers:
        """The one client; notes who signs."""
        self.signed_by.append(credentials)
        return self.made


def started(query_id: str = "q-1") -> dict[str, Any]:
    """The answer of StartQueryExecution."""
    return {"QueryExecutionId": query_id, "ResponseMetadata": {"RequestId": "started"}}


def state(state: str, reason: str = "") -> dict[str, Any]:
    """The answer of GetQueryExecution."""
    status = {"State": state, **({"StateChangeReason": reason} if reason else {})}
    return {"QueryExecution": {"Status": status, "Statistics": {"DataScannedInBytes": 7}}}


def page(columns: Iterable[str], *rows: Iterable[str | None]) -> dict[str, Any]:
    """The answer of GetQueryResults, the header row first, as a SELECT's."""
    columns = tuple(columns)
    cells = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in (columns, *rows)]
    return {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": [{"Name": name} for name in columns]}, "Rows": cells}}
