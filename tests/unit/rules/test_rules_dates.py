"""The calendar of the rules, at month ends and leap days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.rules.dates import add_months, months_between, shared_days

DAYS = st.dates(min_value=date(2012, 1, 1), max_value=date(2060, 1, 1))


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ("2027-01-01", "2028-12-31", 23),
        ("2027-01-01", "2029-01-01", 24),
        ("2027-02-28", "2029-02-27", 23),
        ("2027-02-28", "2029-02-28", 24),
        ("2028-02-29", "2030-02-28", 23),
        ("2028-02-29", "2030-03-01", 24),
        ("2026-12-31", "2028-12-30", 23),
        ("2027-08-31", "2029-08-30", 23),
        ("2027-03-05", "2027-03-05", 0),
        ("2027-03-05", "2027-03-04", -1),
    ],
)
def test_whole_months_are_counted_by_the_number_of_the_day(first: str, last: str, months: int) -> None:
    assert months_between(date.fromisoformat(first), date.fromisoformat(last)) == months


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2027-01-31", 1, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2027-12-31", 2, "2028-02-29"),
        ("2027-04-30", 2, "2027-06-30"),
        ("2100-01-31", 1, "2100-02-28"),
        ("2027-03-31", -1, "2027-02-28"),
        ("2027-01-15", -1, "2026-12-15"),
        ("2028-02-29", -36, "2025-02-28"),
    ],
)
def test_a_month_later_is_the_same_number_or_the_last_day(start: str, months: int, end: str) -> None:
    assert add_months(date.fromisoformat(start), months) == date.fromisoformat(end)


@given(DAYS, DAYS)
def test_more_days_never_make_fewer_months(first: date, last: date) -> None:
    assert months_between(first, last) <= months_between(first, last + timedelta(days=1))
    assert months_between(first - timedelta(days=1), last) >= months_between(first, last)


@given(DAYS, st.integers(0, 60))
def test_adding_months_reaches_at_most_that_many_whole_months(start: date, months: int) -> None:
    assert months - 1 <= months_between(start, add_months(start, months)) <= months


def test_shared_days_count_both_ends_and_open_sides() -> None:
    first = date(2027, 1, 1), date(2027, 6, 30)
    assert shared_days(first, (date(2027, 6, 30), date(2027, 12, 31))) == 1
    assert shared_days(first, (date(2027, 6, 29), None)) == 2
    assert shared_days(first, (date(2027, 7, 1), None)) == 0
    assert shared_days(first, (None, None)) == 181
