"""A point in time that every wait of one fetch respects."""

import time

from portadoc.errors import Unavailable


class Deadline:
    """Count down ``seconds`` from the making of the object, on a clock that nobody can set back."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left. Raises: Unavailable[fetch_failed](reason=timeout) when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise Unavailable("fetch_failed", reason="timeout")
        return left
