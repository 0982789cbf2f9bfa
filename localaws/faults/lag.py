"""Values as they stood a while ago: what makes an account eventually consistent."""

from __future__ import annotations

import threading
from typing import Any

BEFORE_ALL = float("-inf")


class Lag:
    """Remembers, for each key, the values that it had and since when, as far as anybody may still be shown them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._had: dict[str, list[tuple[float, Any]]] = {}

    def note(self, key: str, value: Any, now: float) -> None:
        """The key has this value now. The first value noted is taken to have been there for ever."""
        with self._lock:
            had = self._had.setdefault(key, [(BEFORE_ALL, value)])
            if had[-1][1] != value:
                had.append((now, value))

    def settled(self, key: str, value: Any, now: float, seconds: float) -> Any:
        """The value that the key had ``seconds`` before ``now``, given that it is ``value`` now."""
        self.note(key, value, now)
        with self._lock:
            had = self._had[key]
            while len(had) > 1 and had[1][0] <= now - seconds:
                del had[0]
            return had[0][1]

    def keys(self, prefix: str) -> list[str]:
        """What follows the prefix in every key that begins with it."""
        with self._lock:
            return [key.removeprefix(prefix) for key in self._had if key.startswith(prefix)]
