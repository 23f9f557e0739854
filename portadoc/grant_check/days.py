"""The checker's own calendar: days and whole months, as the decision table counts them."""

from calendar import monthrange
from datetime import date


def day_of(text: str) -> date:
    """Return the day that ``YYYY-MM-DD`` names. Raises ValueError for every other form."""
    if len(text) != len("YYYY-MM-DD"):
        raise ValueError(text)
    return date.fromisoformat(text)


def months_after(day: date, months: int) -> date:
    """Return the same day of the month ``months`` later, or the month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_between(one: date, two: date) -> int:
    """Return how many whole months lie between two days, by day of the month."""
    return (two.year - one.year) * 12 + two.month - one.month - (two.day < one.day)
