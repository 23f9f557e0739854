"""Time as an argument: whole seconds since the epoch, UTC."""

import time
from typing import Protocol


class Clock(Protocol):
    """Answer the time now in whole seconds since the epoch (UTC)."""

    def now(self) -> int: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return int(time.time())


class FixedClock:
    """A clock that moves only when told, for tests and vectors."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def advance(self, seconds: int) -> None:
        """Move on by ``seconds`` (may be negative)."""
        self._now += seconds
