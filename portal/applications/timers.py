"""When things are due: how long a case will take by live figures, who leaves soon, who is to be reminded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

SECONDS_PER_HOUR: Final = 3600
_SHARE: Final = 80


@dataclass(frozen=True, slots=True)
class Expected:
    """How long cases of the same kind took: within ``seconds`` for four of five; None where none is closed yet."""

    seconds: int | None
    cases: int


class ReminderKind(StrEnum):
    """Of what somebody is reminded; a text key below ``reminder.``."""

    EXPIRES = "expires"
    LIMIT_NEAR = "limit_near"
    CARD_EXPIRES = "card_expires"


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something that nears: on which day."""

    kind: ReminderKind
    on: date


def expected(durations: Sequence[int]) -> Expected:
    """Return the 80th percentile (nearest rank) of how long closed cases took; ``durations`` are sorted."""
    if not durations:
        return Expected(None, 0)
    rank = -(-len(durations) * _SHARE // 100)
    return Expected(durations[rank - 1], len(durations))


def is_urgent(departure: date | None, *, now: int, within_hours: int) -> bool:
    """Tell whether somebody leaves within some hours, or has left on the day that it is."""
    if departure is None:
        return False
    begins = int(datetime(departure.year, departure.month, departure.day, tzinfo=UTC).timestamp())
    return day_of(now) <= departure and begins - now <= within_hours * SECONDS_PER_HOUR


def reminders(
    *, valid_to: date | None, limit_on: date | None, today: date, expiry_days: int, limit_days: int
) -> tuple[Reminder, ...]:
    """Return what nears: the end of the certificate, and the day on which 24 months of posting are full."""
    near = []
    if valid_to is not None and today <= valid_to <= today + timedelta(days=expiry_days):
        near.append(Reminder(ReminderKind.EXPIRES, valid_to))
    if limit_on is not None and today <= limit_on <= today + timedelta(days=limit_days):
        near.append(Reminder(ReminderKind.LIMIT_NEAR, limit_on))
    return tuple(near)


def posting_limit(first_day: date) -> date:
    """Return the last day of 24 months that begin on a day; both count. Spec: Reg. 883/2004 art. 12(1)."""
    leap_day = first_day.month == 2 and first_day.day == 29
    after = date(first_day.year + 2, 3, 1) if leap_day else first_day.replace(year=first_day.year + 2)
    return after - timedelta(days=1)


def day_of(at: int) -> date:
    """Return the day of a time (UTC)."""
    return datetime.fromtimestamp(at, UTC).date()
