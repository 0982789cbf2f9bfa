"""Workers, each with an account of its own, and work for them: whoever is free takes the next."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, cast

from lakeproof.mutants.worker import serve

Named = tuple[str, str, str, str]
"""A mutant as a worker lists it: id, subject, operator, place."""


class WorkerError(Exception):
    """A worker did not come up, or went away; the text has its last words."""


class Pool:
    """Started workers that have the same plan provisioned, and the mutants that they all can make."""

    def __init__(self, connections: Sequence[Connection], logs: Sequence[Path]) -> None:
        self._connections = connections
        self._logs = logs
        ready = [self._heard(connection) for connection in connections]
        self.mutants: list[Named] = ready[0][1]
        if any(each[1] != self.mutants for each in ready):
            raise WorkerError("two workers made different mutants of the same plan")

    def everyone(self, *message: Any) -> list[Any]:
        """The same task for every worker, at the same time; their answers in order."""
        for connection in self._connections:
            connection.send(message)
        return [self._heard(connection) for connection in self._connections]

    def each(self, messages: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """Every task by whoever is free; answers as they come."""
        todo, busy = iter(messages), set[Connection]()
        for connection in self._connections:
            self._next(todo, connection, busy)
        while busy:
            for ready in wait(list(busy)):
                connection = cast(Connection, ready)
                yield self._heard(connection)
                busy.discard(connection)
                self._next(todo, connection, busy)

    def _next(self, todo: Iterator[tuple[Any, ...]], connection: Connection, busy: set[Connection]) -> None:
        message = next(todo, None)
        if message is not None:
            connection.send(message)
            busy.add(connection)

    def _heard(self, connection: Connection) -> Any:
        try:
            answer = connection.recv()
        except EOFError:
            answer = ("ended", None)
        if isinstance(answer, tuple) and answer and answer[0] == "ended":
            log = self._logs[list(self._connections).index(connection)]
            raise WorkerError(f"a worker ended with exit code {answer[1]}; the end of {log}:\n{_last_words(log)}")
        return answer


@contextmanager
def workers(count: int, plan: str, chosen: Sequence[str], logs: Path) -> Iterator[Pool]:
    """A pool of ``count`` workers that play the scenarios which pytest's arguments ``chosen`` select. Their accounts go
    with it and everything that they wrote, but their logs."""
    context = multiprocessing.get_context("spawn")
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        connections, files = [], []
        for number in range(count):
            scratch = Path(tempfile.mkdtemp(prefix="lakeproof-mutants-"))
            stack.callback(shutil.rmtree, scratch, ignore_errors=True)
            files.append(logs / f"worker-{number}.log")
            files[-1].unlink(missing_ok=True)
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, plan, chosen, scratch, files[-1]))
            process.start()
            theirs.close()
            stack.callback(_end, process, ours)
            connections.append(ours)
        yield Pool(connections, files)


def _end(process: Any, connection: Connection) -> None:
    """Let a worker undo what it provisioned and end."""
    _quietly(connection.send, ("end",))
    connection.close()
    process.join(60)
    if process.is_alive():
        process.terminate()
        process.join()


def _quietly(act: Callable[[Any], None], argument: Any) -> None:
    try:
        act(argument)
    except OSError:  # it is gone already
        return


def _last_words(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-20:])
