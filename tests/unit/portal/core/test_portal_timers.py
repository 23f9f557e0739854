"""When things are due, by a clock that stands still."""

from datetime import UTC, date, datetime

import pytest

from portadoc.portal.applications.risk import RISK_POINTS, risk_of, risk_score
from portadoc.portal.applications.timers import (
    Expected,
    Reminder,
    ReminderKind,
    expected,
    is_urgent,
    posting_limit,
    reminders,
)

NOW = int(datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("took", "said"),
    [
        ((), Expected(None, 0)),
        ((7,), Expected(7, 1)),
        ((1, 2, 3, 4, 5), Expected(4, 5)),
        (tuple(range(1, 11)), Expected(8, 10)),
        ((5, 5, 5, 5, 5, 100), Expected(5, 6)),
    ],
)
def test_the_delay_shown_is_what_four_of_five_closed_cases_took(took: tuple[int, ...], said: Expected) -> None:
    assert expected(took) == said


@pytest.mark.parametrize(
    ("departure", "urgent"),
    [
        (None, False),
        (date(2026, 11, 21), False),
        (date(2026, 11, 22), True),
        (date(2026, 11, 23), True),
        (date(2026, 11, 24), True),
        (date(2026, 11, 25), False),
    ],
)
def test_who_leaves_within_48_hours_is_urgent(departure: date | None, urgent: bool) -> None:
    assert is_urgent(departure, now=NOW, within_hours=48) is urgent


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2025, 1, 1), date(2026, 12, 31)),
        (date(2024, 2, 29), date(2026, 2, 28)),
        (date(2024, 3, 1), date(2026, 2, 28)),
        (date(2022, 3, 1), date(2024, 2, 29)),
    ],
)
def test_24_months_count_both_days(first: date, last: date) -> None:
    assert posting_limit(first) == last


def test_reminders_come_on_their_days_and_not_before() -> None:
    def due(today: date) -> tuple[Reminder, ...]:
        return reminders(
            valid_to=date(2027, 6, 30), limit_on=date(2027, 8, 1), today=today, expiry_days=30, limit_days=60
        )

    expires, limit = (
        Reminder(ReminderKind.EXPIRES, date(2027, 6, 30)),
        Reminder(ReminderKind.LIMIT_NEAR, date(2027, 8, 1)),
    )
    assert due(date(2027, 5, 30)) == ()
    assert due(date(2027, 5, 31)) == (expires,)
    assert due(date(2027, 6, 2)) == (expires, limit)
    assert due(date(2027, 7, 1)) == (limit,)
    assert due(date(2027, 8, 2)) == ()


def test_risk_is_the_sum_of_explained_points_and_never_more_than_100() -> None:
    facts = {"posting": {"replaces": "posted_same_employer", "paid_by": "host"}}
    assert risk_of(facts) == ("replaces_posted_person", "paid_by_host")
    assert risk_score(risk_of(facts)) == 50
    assert risk_score(tuple(each.code for each in RISK_POINTS)) == 100
    assert risk_of({}) == ()
