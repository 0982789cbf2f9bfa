"""A task in a forked process of its own: what it returns comes back, what it breaks does not."""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
import traceback
from collections.abc import Callable
from typing import Any


class ForkError(Exception):
    """The forked process raised, died or took too long; the text says which."""


def in_fork(task: Callable[[], Any], seconds: float) -> Any:
    """What ``task`` returns in a fork of this process. Raises ForkError when nothing comes within ``seconds``."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _run(task, writing)
    os.close(writing)
    try:
        answer = _received(reading, time.monotonic() + seconds)
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        raise ForkError(f"took longer than {seconds:.0f} s") from None
    finally:
        os.close(reading)
        _, status = os.waitpid(child, 0)
    if not answer:
        raise ForkError(f"its process died: wait status {status}")
    good, value = pickle.loads(answer)
    if not good:
        raise ForkError(value)
    return value


def _run(task: Callable[[], Any], writing: int) -> None:
    """In the child: never returns, whatever happens."""
    try:
        try:
            answer = pickle.dumps((True, task()))
        except BaseException:  # noqa: BLE001  # the parent is told, and the child must not run the parent's code
            answer = pickle.dumps((False, traceback.format_exc(limit=-6)))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)


def _received(reading: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(reading, 1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)
