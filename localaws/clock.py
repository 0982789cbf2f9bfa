"""The account's clock: real time plus an offset that a test may move forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Expiry, propagation and delivery follow this clock; request signatures follow real time."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        """The account's time, in UTC, with microseconds."""
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises ValueError when asked to go back."""
        if seconds < 0:
            raise ValueError(f"the clock only moves forward, not by {seconds} s")
        self.offset += timedelta(seconds=seconds)
