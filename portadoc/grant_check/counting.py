"""The checker's own arithmetic of shares: what work amounts to at least and at most."""

from collections.abc import Iterable, Mapping
from typing import Any


def total(rows: Iterable[Mapping[str, Any]], name: str, state: str | None = None) -> tuple[float, float]:
    """Add up a share, in percent, of the work in a State or of all work: the least and the most that it can be.

    Raises ValueError for shares that are none or no percentage.
    """
    low = high = 0.0
    for row in (row for row in rows if state in (None, row["state"])):
        known: list[float] = [n for n in (row.get(m) for m in (name, "share_min", "share_max")) if n is not None]
        if not 0 <= min(known) <= max(known) <= 100:
            raise ValueError(name)
        low, high = low + min(known), high + max(known)
    return round(low, 6), round(high, 6)
