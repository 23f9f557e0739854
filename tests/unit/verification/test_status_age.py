"""How old the word of a status list may be: its age is told, and beyond what is allowed nothing is green."""

from typing import Any

import pytest

from portadoc.verification.checks import STATUS, Outcome
from portadoc.verification.rendering.wording import Words
from portadoc.verification.report import Colour, Verdict

DAY = 86_400


@pytest.mark.parametrize(
    ("age_s", "limit_s", "code"),
    [
        pytest.param(DAY, DAY, "status_stale", id="V-48 as old as may be"),
        pytest.param(DAY + 1, DAY, "status_too_old", id="V-48 a second older"),
        pytest.param(30 * DAY, None, "status_stale", id="V-48 without a bound"),
        pytest.param(0, 1, "status_ok", id="V-48 new"),
    ],
)
def test_v48_d07_a_status_older_than_the_policy_allows_is_never_green(
    world: Any, age_s: int, limit_s: int | None, code: str
) -> None:
    held = world.held(iat=world.NOW - age_s, ttl=DAY * 40 if code == "status_ok" else 0)
    report = world.verify(status=held, max_status_age_s=limit_s)
    check = report.check(STATUS)
    assert (check.code, check.params["age_s"], check.params["as_of"]) == (code, age_s, world.NOW - age_s)
    assert (report.colour is Colour.GREEN) == (code != "status_too_old")
    for language in ("en", "fr"):
        words = Words(language)
        assert words.duration(age_s) in words.message(check.code, check.params).text


def test_v48_what_is_too_old_is_amber_and_says_so(world: Any) -> None:
    report = world.verify(status=world.held(iat=world.NOW - 2 * DAY), max_status_age_s=DAY)
    assert (report.check(STATUS).outcome, report.verdict) == (Outcome.UNKNOWN, Verdict.STATUS_NOT_KNOWN)
    assert report.check(STATUS).params["limit_s"] == DAY


def test_v48_a_withdrawal_counts_however_old_its_list_is(world: Any) -> None:
    withdrawn = world.statuses.with_status([7], 1)
    held = world.held(iat=world.NOW - 2 * DAY, statuses=withdrawn)
    report = world.verify(status=held, max_status_age_s=DAY)
    assert (report.check(STATUS).code, report.verdict) == ("revoked", Verdict.WITHDRAWN_OR_REPLACED)
