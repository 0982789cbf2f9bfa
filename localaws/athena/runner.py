"""One query from QUEUED to its end: plan, read, write the result with the caller's rights; or fail in fixed words."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from localaws.athena import ddl, locations, prepared, results, show, statements
from localaws.athena.catalog import CallerCatalog, VisibleTables
from localaws.athena.engine import Interrupted
from localaws.athena.failure import QueryFailed
from localaws.athena.planning import Plans
from localaws.athena.reading import Reader
from localaws.athena.state import TERMINAL, Execution, forget_oldest
from localaws.athena.syntax import MalformedQuery
from localaws.athena.types import VARCHAR
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.athena.service import Athena
    from localaws.call import Call

LOG = logging.getLogger(__name__)
TIME_LIMIT = 120.0
"""Seconds that a query may run. Athena allows 30 minutes; the embedded account is for tests."""


Ending = tuple[str, str | None, dict[str, Any] | None]
"""State, StateChangeReason and AthenaError."""
_SUCCEEDED: Ending = ("SUCCEEDED", None, None)


class _Cancelled(Exception):
    """The query ends CANCELLED, with this reason."""


class Runner:
    """Carries out the queries of one account; plans, visible tables and engines are shared among them."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.tables = VisibleTables()
        self.plans = Plans()
        self.reader = Reader(account)

    def run(
        self, execution: Execution, call: Call, statement: Callable[[], statements.Statement], athena: Athena
    ) -> None:
        """Carry out a query and write down how it ended. Never raises."""
        started = time.perf_counter()
        with athena.lock:
            if execution.state in TERMINAL:
                return
            execution.state = "RUNNING"
        outcome: dict[str, Any] = {}
        try:
            if athena.stopped(execution.query_id):
                raise Interrupted
            outcome = self._outcome(execution, call, statement(), athena)
            state, reason, error = _SUCCEEDED
        except QueryFailed as failed:
            state, reason, error = _failed(failed)
        except MalformedQuery as malformed:
            state, reason, error = _failed(QueryFailed("DDL_SYNTAX", str(malformed)))
        except _Cancelled as cancelled:
            state, reason, error = "CANCELLED", str(cancelled), None
        except Interrupted:
            if athena.stopped(execution.query_id):
                state, reason, error = "CANCELLED", "Query cancelled by user", None
            else:
                state, reason, error = _failed(QueryFailed("TIMED_OUT", "Query timeout"))
        except AwsError as refused:
            code = "NOT_SUPPORTED" if refused.status == 501 else "INTERNAL"
            state, reason, error = _failed(QueryFailed(code, refused.message))
        except Exception:
            LOG.exception("query %s", execution.query_id)
            state, reason, error = _failed(QueryFailed("INTERNAL", "Query engine had an internal error"))
        elapsed = int((time.perf_counter() - started) * 1000)
        with athena.lock:
            for name, value in outcome.items():
                setattr(execution, name, value)
            execution.statistics = _statistics(elapsed, execution.statistics.get("DataScannedInBytes", 0))
            execution.completed = self._account.clock.now()
            execution.state, execution.reason, execution.error = state, reason, error
            forget_oldest(athena.state)

    def _outcome(
        self, execution: Execution, call: Call, statement: statements.Statement, athena: Athena
    ) -> dict[str, Any]:
        """Do it: the fields of the execution that a success sets."""
        if execution.output is not None:
            locations.check_put(self._account, call, execution.output)
        catalog = CallerCatalog(self._account, call, self.tables, execution.database or "default")
        if isinstance(statement, (statements.Prepare, statements.Deallocate)):
            done = prepared.run(statement, self._account, call, execution.workgroup)
            return self._lines(execution, ((), done), athena)
        if isinstance(statement, statements.Execute):
            statement = prepared.executed(statement, self._account, call, execution.workgroup)
        if isinstance(statement, statements.Query):
            return self._query(execution, statement, catalog, athena)
        if isinstance(statement, statements.Explain):
            catalog.check_context()
            return self._lines(execution, show.explain(self.plans.get(statement.text, catalog)), athena)
        lines = show.answer(statement, catalog)
        if lines is None:
            lines = ((), ddl.run(statement, catalog))
        return self._lines(execution, lines, athena)

    def _query(
        self, execution: Execution, statement: statements.Query, catalog: CallerCatalog, athena: Athena
    ) -> dict[str, Any]:
        catalog.check_context()
        plan = self.plans.get(statement.text, catalog)
        shapes = self.reader.shapes(plan, catalog)
        self.reader.record_access(shapes, catalog, execution.query_id)
        timers: list[threading.Timer] = []

        def started(interrupt: Callable[[], None]) -> None:
            timer = threading.Timer(TIME_LIMIT, interrupt)
            timer.daemon = True
            timer.start()
            timers.append(timer)
            athena.interruptible(execution.query_id, interrupt)

        try:
            body, rows, scanned = self.reader.run(plan, shapes, started)
        finally:
            for timer in timers:
                timer.cancel()
        with athena.lock:
            workgroup = athena.state.workgroups.get(execution.workgroup)
            cutoff = (workgroup.configuration if workgroup else {}).get("BytesScannedCutoffPerQuery")
        if cutoff is not None and scanned > cutoff:
            raise _Cancelled("Bytes scanned limit was exceeded")
        infos = tuple(results.column_info(label, type_) for label, type_ in plan.columns)
        self._write(execution, body, results.metadata(plan.columns), athena, "text/csv")
        return {"columns": infos, "rows": rows, "header": True, "statistics": {"DataScannedInBytes": scanned}}

    def _lines(self, execution: Execution, answer: show.Answer, athena: Athena) -> dict[str, Any]:
        names, lines = answer
        infos = tuple(
            {
                **results.column_info(name, VARCHAR),
                "Type": "varchar" if name == "Query Plan" else "string",
                "Precision": 0,
            }
            for name in names
        )
        metadata = results.metadata([(name, VARCHAR) for name in names])
        self._write(execution, results.text_lines(lines), metadata, athena, "text/plain")
        return {"columns": infos, "rows": len(lines)}

    def _write(self, execution: Execution, body: bytes, metadata: bytes, athena: Athena, content_type: str) -> None:
        if execution.output is None:
            with athena.lock:
                if execution.query_id in athena.state.executions:  # else its workgroup was deleted meanwhile
                    athena.state.managed[execution.query_id] = body
            return
        locations.write(self._account, execution.output, body, content_type)
        locations.write(self._account, f"{execution.output}.metadata", metadata, "application/octet-stream")


def _failed(failure: QueryFailed) -> Ending:
    return "FAILED", failure.reason, failure.athena_error()


def _statistics(elapsed: int, scanned: int) -> dict[str, int]:
    return {
        "EngineExecutionTimeInMillis": elapsed,
        "DataScannedInBytes": scanned,
        "TotalExecutionTimeInMillis": elapsed,
        "QueryQueueTimeInMillis": 0,
        "ServicePreProcessingTimeInMillis": 0,
        "QueryPlanningTimeInMillis": 0,
        "ServiceProcessingTimeInMillis": 0,
    }
