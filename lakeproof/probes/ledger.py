"""Every probe of a run, in the order in which they ended, append-only: one line of JSON each.

Row values are never written: a query leaves its column names, the number of its rows and a SHA-256 over them, so that
two results can be compared. Whatever text is written passes the redaction that the ledger was opened with.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from lakeproof.probes.identity import Identity
from lakeproof.probes.outcome import Allowed, Denied, Outcome
from lakeproof.retries import Try


@dataclass(frozen=True, slots=True)
class Attempt:
    """One probe and what came of it.

    ``query_id`` is Athena's, None if the query was not even started. ``request_id`` is the id of the API call (of
    StartQueryExecution for a query), as CloudTrail writes it; None if no answer came. ``statistics`` are Athena's.
    ``tries`` are those that came to nothing before, because AWS was too busy or could not be reached.
    """

    identity: Identity
    service: str
    operation: str
    outcome: Outcome
    started: datetime
    ended: datetime
    sql: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    query_id: str | None = None
    request_id: str | None = None
    state: str | None = None
    statistics: Mapping[str, Any] = field(default_factory=dict)
    tries: tuple[Try, ...] = ()

    def came_to(self, outcome: Outcome) -> Attempt:
        """This attempt as it is judged together with others: a row filter refuses by leaving rows out."""
        return replace(self, outcome=outcome)

    def __str__(self) -> str:
        what = self.sql if self.sql is not None else f"{self.service}:{self.operation}"
        return f"{self.identity.name}: {what}: {self.outcome}"


class Ledger:
    """The ledger file of one run, opened to append. Several processes of the run may append to the same file."""

    def __init__(self, path: Path, *, seed: str, redact: Callable[[Any], Any]) -> None:
        self.path = path
        self._seed = seed
        self._redact = redact

    def append(self, attempt: Attempt, scenario: str) -> None:
        """Write one line with one system call, so that lines of other processes never mix with it."""
        line = json.dumps(self._redact(entry(attempt, scenario, self._seed)), ensure_ascii=False, default=str) + "\n"
        append_text(self.path, line)

    def entries(self) -> Iterator[dict[str, Any]]:
        """All entries so far, in order. Raises ValueError, with the line number, on a line that is not whole."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", newline="\n") as lines:  # SQL may hold other line separators
            for number, line in enumerate(lines, start=1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise ValueError(f"{self.path.name}, line {number}: not a whole entry ({error})") from error


def append_text(path: Path, text: str) -> None:
    """Append to a file with one system call. Raises OSError, also if the disk took only a part of it."""
    content = text.encode(errors="backslashreplace")  # half a surrogate pair, as JSON escapes it
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        if os.write(handle, content) != len(content):
            raise OSError(errno.ENOSPC, "the disk took only a part of a line", str(path))
    finally:
        os.close(handle)


def entry(attempt: Attempt, scenario: str, seed: str) -> dict[str, Any]:
    """What the ledger keeps of one attempt."""
    identity = attempt.identity
    return {
        "started": attempt.started.isoformat(),
        "ended": attempt.ended.isoformat(),
        "scenario": scenario,
        "seed": seed,
        "kind": "query" if attempt.sql is not None else "call",
        "identity": {
            "name": identity.name,
            "kind": identity.kind,
            "person": identity.person,
            "principal": identity.principal_arn,
            "session": identity.session_arn,
            "source_identity": identity.source_identity,
        },
        "service": attempt.service,
        "operation": attempt.operation,
        "sql": attempt.sql,
        "params": dict(attempt.params),
        "query_id": attempt.query_id,
        "request_id": attempt.request_id,
        "state": attempt.state,
        "statistics": dict(attempt.statistics),
        "outcome": _outcome(attempt.outcome),
        "tries": [asdict(each) for each in attempt.tries],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Allowed):
        digest = hashlib.sha256(json.dumps(outcome.rows).encode()).hexdigest()
        seen = {"columns": list(outcome.columns), "rows": len(outcome.rows), "sha256": digest}
        unanswered = {"unanswered": True} if outcome.unanswered else {}
        return {"result": "Allowed", **(seen if outcome.columns else {}), **unanswered}
    if isinstance(outcome, Denied):
        return {"result": "Denied", "cause": str(outcome.cause), "text": outcome.text}
    return {"result": "NotObtained", "error": outcome.error, "remedy": outcome.remedy, "expired": outcome.expired}
