"""The calendar arithmetic of the rules; every period is inclusive and every function total.

Spec: Regulation (EEC, Euratom) 1182/71 art. 3 (periods in months); the day-of-month rule is the one that the
Norwegian institution uses in production (``MONTHS.between``), so that 29 February 2028 to 28 February 2030 fits.
"""

from datetime import date, timedelta

_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _days_in(year: int, month: int) -> int:
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap else _LENGTHS[month - 1]


def months_between(first: date, last: date) -> int:
    """Count the whole months from one day to another by their numbers, without moving month ends."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return months - 1 if last.day < first.day else months


def add_months(start: date, months: int) -> date:
    """Return the same day of the month ``months`` later (or earlier), or the last day of a shorter month."""
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(start.day, _days_in(year, month)))


def shared_days(first: tuple[date | None, date | None], second: tuple[date | None, date | None]) -> int:
    """Count the days that two inclusive periods share; an open side reaches to the end of the calendar."""
    start = max(first[0] or date.min, second[0] or date.min)
    end = min(first[1] or date.max, second[1] or date.max)
    return max(0, (end - start).days + 1)


def day_before(day: date) -> date:
    return day - timedelta(days=1)


def day_after(day: date) -> date:
    return day + timedelta(days=1)
