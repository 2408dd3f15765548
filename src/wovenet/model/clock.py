"""The only doors to time, randomness and new identifiers, so that a simulation can close them."""

import random
import time
import uuid
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time and chance, as the code asks for them."""

    def monotonic(self) -> float:
        """Seconds that only grow; for deadlines and ages inside one process."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch; for what is stored."""
        ...

    def new_id(self) -> str:
        """A fresh random UUID."""
        ...

    def randrange(self, start: int, stop: int) -> int:
        """A random integer in [start, stop)."""
        ...


class SystemClock:
    """The machine's clock and randomness."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def new_id(self) -> str:
        return str(uuid.uuid4())

    def randrange(self, start: int, stop: int) -> int:
        return self._random.randrange(start, stop)


def timestamp(wall_s: float) -> str:
    """`wall_s` as the API shows it: UTC to the second, sortable as text.

    Source: API reference, `created_at` and `updated_at` ("2026-11-21T07:31:00Z").
    """
    return datetime.fromtimestamp(wall_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
