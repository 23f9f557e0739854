"""No withdrawal is green: the days of the work count, and a record makes no list newer than it is."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from portadoc.errors import Untrusted
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord
from portadoc.i18n import LANGUAGES, render
from portadoc.verification.answers import HeldStatusLists, StatusKnowledge
from portadoc.verification.checks import STATUS, Outcome
from portadoc.verification.policy import WorkAsked
from portadoc.verification.report import Colour, VerificationReport
from portadoc.verification.verdict import Verdict

DAY = timedelta(days=1)
LONG = 86_400
REVOKED = ("revoked", Verdict.WITHDRAWN_OR_REPLACED)
PART = ("withdrawn_during_work", Verdict.DOES_NOT_COVER_WORK)
LATER = ("withdrawn_later", Verdict.AUTHENTIC_IN_FORCE)


def held(world: Any, effect: date | None, *, value: int = 1, **token: Any) -> HeldStatusLists:
    """Return a list that says ``value``, with a record of a withdrawal that takes effect on a day."""
    lists = world.held(statuses=type(world.statuses).of(1024, bits=2).with_status([7], value), **token)
    known = {} if effect is None else {7: WithdrawalRecord(effect, WithdrawalCause.REPLACED, 1, None)}
    (uri,) = lists.lists
    return replace(lists, lists={uri: replace(lists.lists[uri], withdrawals=known)})


def told(report: VerificationReport) -> tuple[str, Verdict]:
    return report.check(STATUS).code, report.verdict


@pytest.mark.parametrize("value", [0, 1], ids=["bit not set", "bit set"])
@pytest.mark.parametrize(
    ("first", "last", "effect", "expected"),
    [
        pytest.param(0, 5, 1, PART, id="from the second day of work on"),
        pytest.param(0, 5, 5, PART, id="on the last day of work"),
        pytest.param(0, 5, 6, LATER, id="the day after the last day of work"),
        pytest.param(2, 5, 2, PART, id="on the first day of work, after the day in question"),
        pytest.param(2, None, 2, PART, id="work of one day, by its first"),
        pytest.param(None, 2, 2, PART, id="work of one day, by its last"),
        pytest.param(None, 2, 3, LATER, id="the day after work of one day"),
        pytest.param(0, 5, 0, REVOKED, id="on the first of all days"),
        pytest.param(2, 5, 0, REVOKED, id="on the day in question, before all work"),
        pytest.param(-9, -1, -5, PART, id="within past work"),
        pytest.param(-9, -1, -9, REVOKED, id="on the first day of past work"),
        pytest.param(-9, -1, 0, REVOKED, id="after past work, on the day in question"),
        pytest.param(None, None, 0, REVOKED, id="work without days, on the day in question"),
        pytest.param(None, None, 1, LATER, id="work without days, the day after"),
    ],
)
def test_review_f1_work_on_or_after_the_effect_of_a_withdrawal_is_never_green(
    world: Any, first: int | None, last: int | None, effect: int, expected: tuple[str, Verdict], value: int
) -> None:
    days = {"first": first, "last": last}
    work = WorkAsked(**{name: world.TODAY + DAY * at for name, at in days.items() if at is not None})
    report = world.verify(status=held(world, world.TODAY + DAY * effect, value=value), work=work)
    assert told(report) == expected
    assert (report.colour is Colour.GREEN) is (expected is LATER)
    check = report.check(STATUS)
    assert check.params["effective_from"] == (world.TODAY + DAY * effect).isoformat()
    assert expected is LATER or check.outcome is Outcome.FAIL


def test_review_f1_a_bit_without_record_is_about_every_day_up_to_the_last_of_the_work(world: Any) -> None:
    past, status = world.TODAY - DAY, held(world, None)
    over = WorkAsked(first=past - DAY, last=past)
    now = WorkAsked(first=past, last=world.TODAY)
    report = world.verify(status=status, on_date=past - DAY, work=over)
    assert told(report) == ("effect_not_established", Verdict.EFFECT_NOT_ESTABLISHED)
    assert report.check(STATUS).params["day"] == past.isoformat()
    assert told(world.verify(status=status, on_date=past, work=now)) == REVOKED
    assert told(world.verify(status=status, work=over))[0] == "revoked"


class TestARecordMakesNoListNewer:
    """Before a withdrawal takes effect, that there is no other one is known as well as ever and no better."""

    @pytest.mark.parametrize("value", [0, 1], ids=["bit not set", "bit set"])
    @pytest.mark.parametrize(
        ("token", "limit_s", "code"),
        [
            pytest.param({"exp_in": 0}, None, "status_unavailable.list_expired", id="V-47 ended"),
            pytest.param({"iat_in": 61}, None, "status_unavailable.list_of_a_later_time", id="V-48 of the future"),
            pytest.param({"iat_in": -LONG - 1}, LONG, "status_too_old", id="V-48 too old"),
        ],
    )
    def test_review_f2_v48_a_withdrawal_to_come_leaves_what_is_not_known_unknown(
        self, world: Any, token: dict[str, int], limit_s: int | None, code: str, value: int
    ) -> None:
        times = {name.removesuffix("_in"): world.NOW + seconds for name, seconds in token.items()}
        for effect in (world.TODAY + DAY, None):
            status = held(world, effect, value=value if effect else 0, **times)
            report = world.verify(status=status, max_status_age_s=limit_s)
            assert report.check(STATUS).full_code == code
            assert (report.verdict, report.colour) == (Verdict.STATUS_NOT_KNOWN, Colour.AMBER)
        in_effect = world.verify(status=held(world, world.TODAY, value=value, **times), max_status_age_s=limit_s)
        assert told(in_effect) == REVOKED

    @pytest.mark.parametrize(("ttl", "stale"), [(300, 0), (0, 1)])
    def test_review_f2_v48_it_tells_how_old_the_word_of_the_list_is(
        self, world: Any, ttl: int, stale: int
    ) -> None:
        report = world.verify(status=held(world, world.TODAY + DAY, iat=world.NOW - 600, ttl=ttl))
        check = report.check(STATUS)
        assert told(report) == LATER
        said = {"age_s": 600, "as_of": world.NOW - 600, "form": "jwt", "stale": stale}
        assert said.items() <= check.params.items()

    @pytest.mark.parametrize("value", [2, 3])
    def test_review_f2_v45_a_value_without_meaning_has_none_by_a_record_either(
        self, world: Any, value: int
    ) -> None:
        assert (
            told(world.verify(status=held(world, world.TODAY + DAY, value=value)))[1] is Verdict.STATUS_NOT_KNOWN
        )
        assert told(world.verify(status=held(world, world.TODAY, value=value))) == REVOKED

    def test_review_f2_v44_beyond_the_end_of_the_list_only_a_withdrawal_is_known(self, world: Any) -> None:
        small = type(world.statuses).of(4, bits=2)
        for effect, known in ((world.TODAY, True), (world.TODAY + DAY, False)):
            lists = held(world, effect)
            (one,) = lists.lists.values()
            lists = replace(lists, lists={world.LIST_URI: replace(one, token=replace(one.token, statuses=small))})
            report = world.verify(status=lists)
            assert (report.verdict is Verdict.WITHDRAWN_OR_REPLACED) is known
            assert report.colour is not Colour.GREEN
            answer = lists.answer(StatusReference(world.LIST_URI, 7), institution="FR:TEST01", now=world.NOW)
            assert (answer.knowledge, answer.code) == (StatusKnowledge.UNKNOWN, "status_invalid")
        bare = replace(lists, lists={world.LIST_URI: replace(lists.lists[world.LIST_URI], withdrawals={})})
        with pytest.raises(Untrusted, match="status_invalid"):
            bare.answer(StatusReference(world.LIST_URI, 7), institution="FR:TEST01", now=world.NOW)


@pytest.mark.parametrize("language", LANGUAGES)
def test_review_f1_a_withdrawal_within_the_work_says_until_when_it_is_covered(world: Any, language: str) -> None:
    work = WorkAsked(first=world.TODAY, last=world.TODAY + DAY)
    check = world.verify(status=held(world, world.TODAY + DAY), work=work).check(STATUS)
    message = render(check.code, check.params, language)
    assert "2026-11-23" in message.text
    assert message.action
