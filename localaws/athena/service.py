"""The Athena of one account: its state, and the workers that carry out queries."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import TYPE_CHECKING

from localaws.athena.state import TERMINAL, Execution, State, fresh

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.athena.engine import Engines
    from localaws.athena.runner import Runner
    from localaws.athena.statements import Statement
    from localaws.call import Call

WORKERS = 6
Job = tuple[Execution, "Call", "Callable[[], Statement]"]
LONGEST_POLL = 20.0
"""Seconds that GetQueryExecution waits for the end of a query (clients time out after 60)."""


class Athena:
    """``state`` is plain data, guarded by ``lock``. Events, workers and engines are made anew after a restore."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.lock = threading.RLock()
        self.state: State = fresh(account.clock.now())
        self._ended: dict[str, threading.Event] = {}
        self._interrupts: dict[str, Callable[[], None]] = {}
        self._stopped: set[str] = set()
        self._held: set[str] = set()
        self._waiting: SimpleQueue[Job | None] = SimpleQueue()
        self._runners: list[Runner] = []
        self._engines: list[Engines] = []
        weakref.finalize(self, _release, self._interrupts, self._engines, self._waiting)
        threading.Thread(target=self.runner, name="athena-imports", daemon=True).start()
        for number in range(WORKERS):
            own = (weakref.ref(self), self._waiting)
            threading.Thread(target=_work, args=own, name=f"athena-{number}", daemon=True).start()

    def runner(self) -> Runner:
        """What carries out queries. The first call imports the engine, which takes some tenths of a second."""
        with self.lock:
            if self._runners:
                return self._runners[0]
        import duckdb
        import pyarrow.csv
        import pyarrow.parquet  # noqa: F401

        from localaws.athena.runner import Runner

        with self.lock:
            if not self._runners:
                duckdb.connect(":memory:").close()
                self._runners.append(Runner(self._account))
                self._engines.append(self._runners[0].reader.engines)
            return self._runners[0]

    def restore(self, state: State) -> None:
        """Replace the whole state. Queries that had not ended are failed; results in S3 stay readable."""
        with self.lock:
            self.state = state
            self._ended.clear()
            for execution in state.executions.values():
                if execution.state not in TERMINAL:
                    execution.state = "FAILED"
                    execution.reason = "Query engine had an internal error"

    def begin(self, execution: Execution, call: Call, statement: Callable[[], Statement]) -> None:
        """Remember a query and hand it to a worker."""
        with self.lock:
            self.state.executions[execution.query_id] = execution
            self._ended[execution.query_id] = threading.Event()
        seconds = self._account.faults.delay("queue", call.service, call.operation)
        if not seconds:
            self._waiting.put((execution, call, statement))
            return
        self._held.add(execution.query_id)
        timer = threading.Timer(seconds, self._let_go, [(execution, call, statement)])
        timer.daemon = True
        timer.start()

    def _let_go(self, job: Job) -> None:
        """The time of a query in the queue is over."""
        self._held.discard(job[0].query_id)
        self._waiting.put(job)

    def carry_out(self, execution: Execution, call: Call, statement: Callable[[], Statement]) -> None:
        """Run a query to its end; called by a worker."""
        try:
            if execution.state not in TERMINAL:
                self.runner().run(execution, call, statement, self)
        finally:
            self.ended(execution)

    def ended(self, execution: Execution) -> None:
        """Forget what only a running query needs, and wake whoever waits for its end."""
        with self.lock:
            if execution.state not in TERMINAL:
                execution.state = "FAILED"
                execution.reason = "Query engine had an internal error"
            execution.completed = execution.completed or self._account.clock.now()
            self._interrupts.pop(execution.query_id, None)
            self._stopped.discard(execution.query_id)
            event = self._ended.pop(execution.query_id, None)
        if event is not None:
            event.set()

    def wait(self, query_id: str, seconds: float = LONGEST_POLL) -> None:
        """Wait, without holding a lock, until the query has ended, at most ``seconds``; not while it is queued."""
        if query_id in self._held:
            return
        with self.lock:
            event = self._ended.get(query_id)
        if event is not None:
            event.wait(seconds)

    def interruptible(self, query_id: str, interrupt: Callable[[], None]) -> None:
        """Called by a worker once its engine runs: from now on the query can be stopped."""
        with self.lock:
            self._interrupts[query_id] = interrupt

    def stop(self, query_id: str) -> None:
        """Stop a query that has not ended; nothing happens to one that has."""
        with self.lock:
            execution = self.state.executions[query_id]
            if execution.state in TERMINAL:
                return
            self._stopped.add(query_id)
            if execution.state == "QUEUED":
                execution.state, execution.reason = "CANCELLED", "Query cancelled by user"
                self.ended(execution)
                return
        threading.Thread(target=self._interrupt, args=(query_id,), daemon=True).start()

    def _interrupt(self, query_id: str) -> None:
        """Interrupt until the query has ended: an interruption before the engine runs is lost."""
        with self.lock:
            event = self._ended.get(query_id)
        while event is not None and not event.wait(0.05):
            with self.lock:
                interrupt = self._interrupts.get(query_id)
            if interrupt is not None:
                interrupt()

    def stopped(self, query_id: str) -> bool:
        """Whether somebody asked to stop the query."""
        with self.lock:
            return query_id in self._stopped

    def workgroup_of_query(self, query_id: str) -> str | None:
        """The workgroup of a query, None for an unknown one. IAM checks per-query operations on it."""
        with self.lock:
            execution = self.state.executions.get(query_id)
            return execution.workgroup if execution else None

    workgroup_of = workgroup_of_query

    def workgroup_of_named_query(self, query_id: str) -> str | None:
        """The workgroup of a named query, None for an unknown one."""
        with self.lock:
            named = self.state.named.get(query_id)
            return named.workgroup if named else None

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a workgroup by its ARN; empty for any other resource."""
        with self.lock:
            kind, _, name = arn.rpartition(":")[2].partition("/")
            workgroup = self.state.workgroups.get(name) if kind == "workgroup" else None
            return dict(workgroup.tags) if workgroup else {}


def _work(owner: weakref.ref[Athena], waiting: SimpleQueue[Job | None]) -> None:
    """A worker: one query after the other, until the account goes. It keeps no account alive while it waits."""
    while (job := waiting.get()) is not None:
        athena = owner()
        if athena is not None:
            athena.carry_out(*job)
        del athena, job


def _release(
    interrupts: dict[str, Callable[[], None]], engines: list[Engines], waiting: SimpleQueue[Job | None]
) -> None:
    """Let go of running queries, workers and engines when the account goes, at the latest when the process ends."""
    for interrupt in list(interrupts.values()):
        interrupt()
    for held in engines:
        held.clear()
    for _ in range(WORKERS):
        waiting.put(None)
