"""Lets calls through side by side, and closes when somebody needs the account to stand still."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """``with gate:`` passes one call. ``with gate.closed(seconds)`` waits until no call is inside, and lets none in."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False

    def __enter__(self) -> None:
        with self._changed:
            while self._closed:
                self._changed.wait()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._inside -= 1
            if self._closed:
                self._changed.notify_all()

    @contextmanager
    def closed(self, seconds: float) -> Iterator[None]:
        """Raises TimeoutError when calls are still inside after ``seconds``, or somebody else has closed the gate."""
        with self._changed:
            if self._closed:
                raise TimeoutError("the account's state is being saved or restored already")
            self._closed = True
            try:
                if not self._changed.wait_for(lambda: self._inside == 0, seconds):
                    raise TimeoutError(f"{self._inside} calls are still going on after {seconds} s")
            except TimeoutError:
                self._open()
                raise
        try:
            yield
        finally:
            with self._changed:
                self._open()

    def _open(self) -> None:
        self._closed = False
        self._changed.notify_all()
