"""Days of the calendar as texts: one form, ``YYYY-MM-DD``, also where the standard library would take others."""

import re
from datetime import date
from typing import Final

_FULL_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_day(unverified_text: str) -> date:
    """Return the day that ``YYYY-MM-DD`` names. Raises ValueError for every other form. Spec: RFC 3339 §5.6"""
    if not _FULL_DATE.fullmatch(unverified_text):
        raise ValueError("not YYYY-MM-DD")
    return date.fromisoformat(unverified_text)


def kept_day(text: str | None) -> date | None:
    """Return a day that was kept as a text, None where none was. Raises ValueError as ``read_day`` does."""
    return None if text is None else read_day(text)
