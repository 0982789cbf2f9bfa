"""The one place in which a call of AWS is made again: bounded, with jitter, and written down.

A call is repeated when AWS was too busy or could not be reached, never because it refused: a refusal is what the
sign-off is about. botocore's own retries are switched off for it, because they cannot be counted.
Source: AWS SDKs and Tools Reference Guide, "Retry behavior" (which errors are transient, which are throttling).
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ConnectionError as NotConnected
from botocore.exceptions import HTTPClientError

if TYPE_CHECKING:
    from collections.abc import Callable

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
TRANSIENT = frozenset({500, 502, 503, 504})
"""501 is none: the embedded account says with it that it does not serve the operation."""
LONGEST_PAUSE_S = 20.0


@dataclass(frozen=True, slots=True)
class Try:
    """A try of a call that came to nothing: AWS's error code or the kind of broken connection, and the request's id.

    ``lost``: nobody knows whether the call had its effect, for no answer came.
    """

    service: str
    operation: str
    why: str
    request_id: str | None
    lost: bool

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}: {self.why}"


@dataclass(frozen=True, slots=True)
class Counts:
    """How often calls were tried, and how many of these tries came to nothing, by reason."""

    tries: int
    failed: Mapping[str, int]


class _Tries:
    """Every try of this process's patient clients, counted for the end of the run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tries = 0
        self._failed: Counter[str] = Counter()

    def add(self, one: Try | None) -> None:
        """A try: None for one that was answered."""
        with self._lock:
            self._tries += 1
            if one is not None:
                self._failed[one.why] += 1

    def take(self) -> Counts:
        """What was counted since this was last asked."""
        with self._lock:
            counts = Counts(self._tries, dict(self._failed))
            self._tries, self._failed = 0, Counter()
            return counts


tries = _Tries()
_of_probe: ContextVar[list[Try] | None] = ContextVar("tries", default=None)


@contextmanager
def noted() -> Iterator[list[Try]]:
    """The tries that come to nothing in this block, by this thread, as they come."""
    found: list[Try] = []
    token = _of_probe.set(found)
    try:
        yield found
    finally:
        _of_probe.reset(token)


def make_patient(client: Any, max_attempts: int, pause_s: float) -> None:
    """Have a boto3 client make its calls again, ``max_attempts`` times in all, first after about ``pause_s``."""
    if max_attempts > 1:
        again = _again(client.meta.service_model.service_name, max_attempts, pause_s)
        client.meta.events.register("needs-retry", again, unique_id="lakeproof-retries")


def _again(service: str, max_attempts: int, pause_s: float) -> Callable[..., float | None]:
    """botocore asks this after each try (its event ``needs-retry``): seconds until the next one, None to give up."""

    def decide(
        response: tuple[Any, Mapping[str, Any]] | None = None,
        attempts: int = 1,
        caught_exception: Exception | None = None,
        operation: Any = None,
        **_: Any,
    ) -> float | None:
        one = _failed(service, operation.name if operation is not None else "", response, caught_exception)
        tries.add(one)
        if one is None:
            return None
        if (collected := _of_probe.get()) is not None:
            collected.append(one)
        if attempts >= max_attempts:
            return None
        pause: float = min(pause_s * 2 ** (attempts - 1), LONGEST_PAUSE_S)
        return pause * random.uniform(0.5, 1.0)

    return decide


def _failed(
    service: str, operation: str, response: tuple[Any, Mapping[str, Any]] | None, caught: Exception | None
) -> Try | None:
    """The try, if it came to nothing for a reason that may pass."""
    if caught is not None:
        broken = isinstance(caught, NotConnected | HTTPClientError)
        return Try(service, operation, type(caught).__name__, None, lost=True) if broken else None
    if response is None:
        return None
    http, parsed = response
    code = str(parsed.get("Error", {}).get("Code", ""))
    request_id = parsed.get("ResponseMetadata", {}).get("RequestId")
    if http.status_code in TRANSIENT or code in THROTTLED:
        why = code or str(http.status_code)
        return Try(service, operation, why, request_id, lost=http.status_code in TRANSIENT and code not in THROTTLED)
    return None
