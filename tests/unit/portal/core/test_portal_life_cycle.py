"""Which acts lead from which state to which, whatever comes in which order."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Conflict, Malformed
from portadoc.portal.applications.application import (
    Actor,
    Application,
    ApplicationState,
    Capacity,
    CertificateKind,
    Party,
    RequestKind,
)
from portadoc.portal.applications.life_cycle import TRANSITIONS, Act, after, may
from portadoc.portal.applications.numbers import case_number, read_case_number

DRAFT = Application(
    application_id="a",
    case_number="",
    institution="fr-demo",
    request_kind=RequestKind.NEW,
    certificate_kind=CertificateKind.A1,
    state=ApplicationState.DRAFT,
    applicant=Party(subject_id="s", capacity=Capacity.EMPLOYER),
    employer_id="E",
    worker_pin="P",
    created_at=0,
)


@given(st.lists(st.sampled_from(Act), max_size=40))
def test_an_act_is_possible_exactly_where_the_table_says_and_leaves_a_trace(acts: list[Act]) -> None:
    current = DRAFT
    for now, act in enumerate(acts, start=1):
        allowed, leads_to = TRANSITIONS[act]
        assert may(current, act) == (current.state in allowed)
        if current.state not in allowed:
            with pytest.raises(Conflict, match="application_state"):
                after(current, act, now=now, actor=Actor.SYSTEM)
            continue
        changed = after(current, act, now=now, actor=Actor.SYSTEM)
        assert changed.state == (leads_to or current.state)
        assert changed.version == current.version + 1
        assert changed.history[:-1] == current.history
        assert (changed.history[-1].what, changed.history[-1].state) == (act.value, changed.state)
        current = changed


@given(st.lists(st.sampled_from(Act), max_size=60))
def test_nothing_is_granted_or_refused_without_having_been_submitted(acts: list[Act]) -> None:
    current = DRAFT
    for act in acts:
        if may(current, act):
            current = after(current, act, now=1, actor=Actor.SYSTEM)
    decided = {ApplicationState.GRANTED, ApplicationState.PROVISIONAL, ApplicationState.SUPERSEDED}
    if current.state in decided | {ApplicationState.REFUSED, ApplicationState.FORWARDED}:
        assert Act.SUBMITTED.value in [each.what for each in current.history]


@pytest.mark.parametrize(
    "state", [ApplicationState.WITHDRAWN, ApplicationState.SUPERSEDED, ApplicationState.FORWARDED]
)
def test_what_has_ended_stays_ended(state: ApplicationState) -> None:
    ended = replace(DRAFT, state=state)
    assert not any(may(ended, act) for act in Act)


def test_every_state_can_be_reached_from_a_draft() -> None:
    reached, news = {ApplicationState.DRAFT}, True
    while news:
        more = {leads_to for allowed, leads_to in TRANSITIONS.values() if leads_to and allowed & reached}
        news = not more <= reached
        reached |= more
    assert reached == set(ApplicationState)


@given(st.integers(min_value=1, max_value=999_999), st.data())
def test_a_case_number_shows_every_wrong_character(running: int, data: st.DataObject) -> None:
    number = case_number("A1-2026", running)
    assert read_case_number(number.lower().replace("-", " ")) == number
    plain = number.replace("-", "")
    index = data.draw(st.integers(min_value=0, max_value=len(plain) - 1))
    other = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ").filter(lambda c: c != plain[index]))
    with pytest.raises(Malformed, match="case_number_invalid"):
        read_case_number(plain[:index] + other + plain[index + 1 :])
