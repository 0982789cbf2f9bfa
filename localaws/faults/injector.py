"""Draws the faults of one account, and remembers which were drawn."""

from __future__ import annotations

import sys
import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TypeVar

from localaws.errors import AwsError
from localaws.faults.lag import Lag
from localaws.faults.profile import Fault, Kind, Of, Profile
from localaws.faults.throttling import throttled

KEPT = 20_000
"""Faults remembered; the oldest are forgotten first."""
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Struck:
    """One fault that happened: of which kind, to what, and the how-many-th of its sort it was struck at."""

    profile: str
    kind: str
    what: str
    number: int
    seconds: float = 0.0


class Faults:
    """No faults until a profile is switched on.

    Whether the n-th call of an operation is struck depends on the seed, the fault and n alone. Calls that race for
    their number may swap it between two runs; the number of faults among so many calls stays.
    """

    def __init__(self) -> None:
        self.profile: Profile | None = None
        self.lag = Lag()
        self._lock = threading.Lock()
        self._drawn: Counter[tuple[str, str]] = Counter()
        self._served: Counter[str] = Counter()
        self._lives: dict[str, int] = {}
        self._struck: deque[Struck] = deque(maxlen=KEPT)

    def switch(self, profile: Profile | None) -> None:
        """Begin with this profile, at its first draw, or end all faults. What has been struck is forgotten."""
        with self._lock:
            self.profile = profile
            self.lag = Lag()
            for kept in (self._drawn, self._served, self._lives, self._struck):
                kept.clear()

    def draw(self, kind: Kind, service: str, operation: str) -> Fault | None:
        """The first fault of this kind that strikes here and now, if any."""
        if self.profile is None:
            return None
        for index, fault in enumerate(self.profile.of(kind)):
            if fault.strikes(service, operation):
                number = self._number(f"{kind} {index}", f"{service}:{operation}")
                if self._chance(f"{kind} {index} {service}:{operation}", number) < fault.share:
                    self._remember(kind, f"{service}:{operation}", number)
                    return fault
        return None

    def delay(self, kind: Kind, service: str, operation: str) -> float:
        """How long a fault of this kind holds up what is asked for here, in seconds; 0 if none strikes."""
        profile = self.profile
        fault = self.draw(kind, service, operation)
        if fault is None or profile is None:
            return 0.0
        number = self._number(f"{kind} seconds", f"{service}:{operation}")
        low, high = fault.seconds
        return low + (high - low) * self._chance(f"{kind} seconds {service}:{operation}", number)

    def delay_of(self, kind: Kind, what: str) -> float:
        """How long a fault of this kind holds up one certain thing: the same each time it is asked; 0 without one."""
        profile = self.profile
        fault = next(iter(profile.of(kind)), None) if profile else None
        if fault is None or self._chance(f"{kind} {what}", 0) >= fault.share:
            return 0.0
        low, high = fault.seconds
        return low + (high - low) * self._chance(f"{kind} seconds {what}", 0)

    def refuse(self, service: str, operation: str) -> None:
        """Raises AwsError, in the service's words, when the call is throttled."""
        if self.draw("throttle", service, operation):
            raise throttled(service)

    def fail_entry(self, service: str, operation: str) -> None:
        """Raises AwsError when this entry of a batch call fails."""
        if self.draw("partly", service, operation):
            raise AwsError("ConcurrentModificationException", "Two processes are trying to modify a resource.")

    def expired(self, access_key_id: str) -> bool:
        """Whether a session has been used up. It stays so."""
        profile = self.profile
        if profile is None or not (faults := profile.of("expire")):
            return False
        low, high = faults[0].calls_served
        with self._lock:
            life = self._lives.get(access_key_id)
            if life is None:
                chance = self._chance("expire", len(self._lives))
                life = self._lives[access_key_id] = low + int((high - low + 1) * chance)
            self._served[access_key_id] += 1
            over = self._served[access_key_id] - life
        if over == 1:
            self._remember("expire", "session", life)
        return over > 0

    def stale(self, of: Of) -> float:
        """How old what is decided on may be, in seconds of the account's clock; 0 when everything is up to date."""
        profile = self.profile
        if profile is None:
            return 0.0
        fault = next((each for each in profile.of("stale") if each.of == of), None)
        if fault is None:
            return 0.0
        low, high = fault.seconds
        return low + (high - low) * self._chance(f"stale {of}", 0)

    def settled(self, of: Of, key: str, value: Value, now: datetime) -> Value:
        """``value`` as it stood so long ago as what is decided on may be."""
        seconds = self.stale(of)
        if not seconds:
            return value
        old: Value = self.lag.settled(f"{of} {key}", value, now.timestamp(), seconds)
        if old != value:
            self._remember("stale", f"{of} {key}", 0, seconds)
        return old

    def report(self) -> list[dict[str, object]]:
        """Every fault that has struck since the profile was switched on, the oldest first."""
        with self._lock:
            return [asdict(struck) for struck in self._struck]

    def _number(self, kind: str, what: str) -> int:
        with self._lock:
            self._drawn[kind, what] += 1
            return self._drawn[kind, what]

    def _chance(self, of: str, number: int) -> float:
        """From 0 to 1, the same for the same seed, fault and number."""
        seed = self.profile.seed if self.profile else 0
        digest = blake2b(f"{seed} {of} {number}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def _remember(self, kind: str, what: str, number: int, seconds: float = 0.0) -> None:
        struck = Struck(str(self.profile), kind, what, number, round(seconds, 3))
        with self._lock:
            self._struck.append(struck)
        print(f"localaws: fault {struck.profile}: {kind} {what} #{number}", file=sys.stderr)
