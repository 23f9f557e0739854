"""A status that is asked for last: the report is the one that a whole run would have given."""

from typing import Any

import pytest

from portadoc.formats.status_list.statuses import StatusList
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.checks import STATUS, Outcome
from portadoc.verification.procedure import with_status

LISTS: dict[str, dict[str, Any]] = {
    "valid": {},
    "withdrawn": {"statuses": StatusList.of(8, bits=1).set({7: 1})},
    "too_short": {"statuses": StatusList.of(1, bits=8)},
}


@pytest.mark.parametrize("changes", LISTS.values(), ids=LISTS)
def test_the_report_equals_that_of_one_run_with_the_list_at_hand(world: Any, changes: dict[str, Any]) -> None:
    text, held = world.presentation(), world.held(**changes)
    before = world.verify(text, status=HeldStatusLists())
    assert before.check(STATUS).outcome is Outcome.UNKNOWN
    after = with_status(before, status=held, policy=world.policy, now=world.NOW)
    assert after == world.verify(text, status=held)


def test_nothing_is_judged_of_what_was_not_authenticated(world: Any) -> None:
    stopped = world.verify("no presentation")
    with pytest.raises(AssertionError):
        with_status(stopped, status=world.held(), policy=world.policy, now=world.NOW)
