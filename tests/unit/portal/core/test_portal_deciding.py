"""From an empty form to a decision, over the real store, the real rules and the real issuer."""

import dataclasses
import re
from collections.abc import Callable
from datetime import date

import pytest

from portadoc.errors import Conflict, Malformed, Refused
from portadoc.portal.applications.application import (
    Application,
    ApplicationState,
    Awaited,
    Capacity,
    RequestKind,
)
from portadoc.portal.drafts import Wish
from portadoc.schemas.pda1 import Pda1
from portadoc.storage import outbox
from tests.unit.portal.core.conftest import ANNE, CLAIRE, HELENE, IVAN, JEAN, SLUG, Desk, as_worker, days


def test_a_plain_posting_is_decided_at_once_and_certified(desk: Desk) -> None:
    granted = desk.submit()
    assert (granted.state, granted.outcome, granted.final) == (ApplicationState.GRANTED, "GRANT", True)
    record = desk.house.issuer.seals.live_record(SLUG, granted.record_id or "")
    assert isinstance(record, Pda1)
    assert (record.status.code, record.decision.articles) == ("01", ("12_1",))
    assert (record.legislation.state, record.legislation.start, record.legislation.end) == (
        "FR",
        date(2027, 1, 4),
        date(2027, 6, 30),
    )
    assert (record.person.surnames, record.person.pin) == ("Exemple", "TEST185041201")
    assert record.person.place_of_birth.town == "Dijon"
    assert record.employments[0].id == "TEST12345"
    assert [each.country for each in record.countries_of_work] == ["DE"]
    assert record.countries_of_work[0].workplaces[0].name == "Baustelle Test GmbH"
    assert record.document.number == granted.document_number
    assert record.decision.case_reference == granted.case_number
    assert re.fullmatch(r"A1-2026-000001-[0-9A-Z]", granted.case_number)


def test_the_order_is_record_decide_record_sign_release_and_each_act_is_told(desk: Desk) -> None:
    granted = desk.submit()
    assert [each.what for each in granted.history][-3:] == ["submitted", "decided", "granted"]
    with desk.house.database.read() as connection:
        told = [each.event for each in outbox.read_after(connection, institution="FR:TEST01", cursor=None)]
    kinds = [each.kind.value for each in told]
    order = [
        "application_started",
        "application_decided",
        "record_added",
        "document_sealed",
        "certificate_released",
    ]
    assert [kinds.index(each) for each in order] == sorted(kinds.index(each) for each in order)
    secrets = ("TEST185041201", "Exemple", "Jean", "TEST12345", "Hamburg")
    assert not any(secret in repr(each.payload) for each in told for secret in secrets)


def test_a_missing_fact_is_asked_for_once_and_then_a_person_looks(desk: Desk) -> None:
    link = {
        "direct_relationship": "unknown",
        "paid_by": "employer",
        "hired_out_onward": "no",
        "only_this_work": "yes",
    }
    waiting = desk.submit(link=link)
    assert (waiting.state, waiting.awaits) == (ApplicationState.WAITING_FOR_ANSWERS, Awaited.FACTS)
    assert desk.portal.view(CLAIRE, SLUG, waiting.application_id).questions == ("link",)
    answered = desk.portal.answer(
        CLAIRE, SLUG, waiting.application_id, "link", {**link, "direct_relationship": "yes"}
    )
    granted = desk.portal.submit(CLAIRE, SLUG, answered.application_id)
    assert (granted.state, granted.case_number) == (ApplicationState.GRANTED, waiting.case_number)

    still = desk.submit(link=link)
    unknown = desk.portal.submit(CLAIRE, SLUG, still.application_id)
    assert (unknown.state, unknown.step) == (ApplicationState.IN_REVIEW, None)


def test_an_automatic_refusal_is_never_final_and_is_contested_in_one_act(desk: Desk) -> None:
    link = {
        "direct_relationship": "yes",
        "paid_by": "employer",
        "hired_out_onward": "yes",
        "only_this_work": "yes",
    }
    refused = desk.submit(link=link)
    if refused.state is ApplicationState.IN_REVIEW:
        pytest.skip("the rules leave this to a person")
    assert (refused.state, refused.final, refused.automated) == (ApplicationState.REFUSED, False, True)
    contested = desk.portal.contest(CLAIRE, SLUG, refused.application_id)
    assert (contested.state, contested.step, contested.final) == (ApplicationState.IN_REVIEW, None, False)


def test_over_24_months_asks_whether_an_exception_is_wanted(desk: Desk) -> None:
    asked = desk.submit(period={"start": "2027-01-04", "end": "2029-06-30"})
    assert (asked.state, asked.awaits) == (ApplicationState.WAITING_FOR_ANSWERS, Awaited.EXCEPTION_WISH)
    with pytest.raises(Conflict, match="application_state"):
        desk.portal.submit(CLAIRE, SLUG, asked.application_id)
    wished = desk.portal.wish_exception(CLAIRE, SLUG, asked.application_id, wanted=True)
    assert (wished.state, wished.awaits) == (ApplicationState.IN_REVIEW, None)

    other = desk.submit(period={"start": "2027-01-04", "end": "2029-06-30"})
    refused = desk.portal.wish_exception(CLAIRE, SLUG, other.application_id, wanted=False)
    assert (refused.state, refused.final) == (ApplicationState.REFUSED, False)


def test_a_worker_applies_where_the_employer_fails_to(desk: Desk) -> None:
    made = desk.submit(JEAN, wish=as_worker())
    assert made.state in (
        ApplicationState.GRANTED,
        ApplicationState.WAITING_FOR_ANSWERS,
        ApplicationState.IN_REVIEW,
    )
    assert (made.applicant.capacity, made.worker_pin) == (Capacity.WORKER, "TEST185041201")
    with pytest.raises(Refused, match="not_found"):  # the employer did not ask, and is not told
        desk.portal.application(CLAIRE, SLUG, made.application_id)


@pytest.mark.parametrize("stranger", [IVAN, HELENE], ids=["other-employer", "other-institution"])
def test_j02_what_is_not_yours_is_as_if_it_were_not_there(desk: Desk, stranger: object) -> None:
    made = desk.submit()
    portal, named = desk.portal, (stranger, SLUG, made.application_id)
    for act in (
        lambda: portal.application(*named),
        lambda: portal.view(*named),
        lambda: portal.answer(*named, "link", {}),
        lambda: portal.submit(*named),
        lambda: portal.contest(*named),
        lambda: portal.withdraw(*named),
        lambda: portal.report_change(*named),
        lambda: portal.paper(*named, language="en"),
        lambda: portal.proof(*named, language="en"),
        lambda: portal.desk(*named),
        lambda: portal.offer(*named),
        lambda: portal.office.case_file(*named),
        lambda: portal.office.assign(*named, to="x"),
    ):
        with pytest.raises(Refused, match="not_found"):
            act()
    assert portal.applications(stranger, SLUG) == ()


def test_j02_an_institution_finds_nothing_of_another(desk: Desk) -> None:
    made = desk.submit()
    with pytest.raises(Refused, match="not_found"):
        desk.portal.application(CLAIRE, "fr-health", made.application_id)
    with pytest.raises(Refused, match="not_found"):
        desk.portal.application(CLAIRE, "nowhere", made.application_id)


def test_an_employer_cannot_start_for_another_one(desk: Desk) -> None:
    with pytest.raises(Refused, match="access_denied"):
        desk.portal.start(CLAIRE, SLUG, Wish(employer_id="TEST23456"))


def test_an_employer_learns_nothing_from_the_register_about_a_person_it_does_not_employ(desk: Desk) -> None:
    own = desk.portal.start(CLAIRE, SLUG, Wish(worker_pin="TEST185041201"))
    assert desk.portal.known(own).told["worker"].value["family_name"] == "Exemple"
    other = desk.portal.start(CLAIRE, SLUG, Wish(worker_pin="TEST279110801"))
    assert not {"worker", "residence", "nationalities"} & desk.portal.known(other).told.keys()
    named = desk.portal.start(CLAIRE, SLUG, Wish())
    named = desk.portal.answer(CLAIRE, SLUG, named.application_id, "worker_pin", {"worker_pin": "TEST279110801"})
    assert named.known["person"] is None


def test_answers_are_read_strictly_and_an_incomplete_form_is_not_sent(desk: Desk) -> None:
    draft = desk.portal.start(CLAIRE, SLUG, Wish())
    with pytest.raises(Malformed, match="answer_invalid"):
        desk.portal.answer(CLAIRE, SLUG, draft.application_id, "worker_pin", {"worker_pin": ""})
    with pytest.raises(Refused, match="not_found"):
        desk.portal.answer(CLAIRE, SLUG, draft.application_id, "no_such_question", {})
    with pytest.raises(Refused, match="answers_missing"):
        desk.portal.submit(CLAIRE, SLUG, draft.application_id)


def test_an_extension_adds_up_with_what_was_before(desk: Desk) -> None:
    first = desk.submit()
    draft = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.EXTENSION)
    extended = desk.portal.submit(CLAIRE, SLUG, desk.fill(CLAIRE, draft).application_id)
    assert (extended.state, extended.predecessor) == (ApplicationState.GRANTED, first.application_id)
    assert (extended.valid_from, extended.valid_to) == (date(2027, 7, 1), date(2027, 12, 31))
    assert [
        (each["start"], each["end"], each["relation"]) for each in (extended.facts or {})["previous_postings"]
    ] == [("2027-01-04", "2027-06-30", "extension_of_same_posting")]
    assert desk.again(first).state is ApplicationState.GRANTED  # both periods stay certified

    desk.clock.advance(int(days(390).total_seconds()))
    further = desk.portal.follow_up(CLAIRE, SLUG, extended.application_id, RequestKind.EXTENSION)
    filled = desk.fill(CLAIRE, further, new_end={"new_end": "2029-01-31"})
    too_long = desk.portal.submit(CLAIRE, SLUG, filled.application_id)
    assert len((too_long.facts or {})["previous_postings"]) == 2
    assert too_long.awaits is Awaited.EXCEPTION_WISH  # 4 January 2027 to 31 January 2029 is more than 24 months


def test_24_months_over_a_chain_are_granted_to_the_day(desk: Desk) -> None:
    first = desk.submit(period={"start": "2027-01-04", "end": "2028-07-03"})
    desk.clock.advance(int(days(500).total_seconds()))
    for end, state in (
        ("2029-01-04", ApplicationState.WAITING_FOR_ANSWERS),
        ("2029-01-03", ApplicationState.GRANTED),
    ):
        draft = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.EXTENSION)
        filled = desk.fill(CLAIRE, draft, new_end={"new_end": end})
        extended = desk.portal.submit(CLAIRE, SLUG, filled.application_id)
        assert (extended.state, extended.valid_to) == (
            state,
            None if state is ApplicationState.WAITING_FOR_ANSWERS else date(2029, 1, 3),
        )


def test_a_correction_replaces_the_certificate_and_names_its_successor(desk: Desk) -> None:
    first = desk.submit()
    draft = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.CORRECTION)
    assert draft.answers["host_state"] == "DE"  # nothing is asked twice
    fixed = {"0.name": "Neue Baustelle GmbH", "0.town": "Bremen"}
    desk.portal.answer(CLAIRE, SLUG, draft.application_id, "workplaces", fixed)
    corrected = desk.portal.submit(CLAIRE, SLUG, draft.application_id)
    old = desk.again(first)
    assert corrected.state is ApplicationState.GRANTED
    assert (old.state, old.successor) == (ApplicationState.SUPERSEDED, corrected.application_id)
    rows = desk.house.issuer.credentials(SLUG, record_id=first.record_id)
    assert {(each.cause, each.successor) for each in rows} == {("issued_in_error", corrected.record_id)}
    record = desk.house.issuer.seals.live_record(SLUG, corrected.record_id or "")
    assert isinstance(record, Pda1)
    assert record.document.replaces == first.document_number


def test_a_change_leaves_the_old_certificate_until_the_new_one_begins(desk: Desk) -> None:
    first = desk.submit()
    draft = desk.portal.report_change(CLAIRE, SLUG, first.application_id)
    desk.portal.answer(CLAIRE, SLUG, draft.application_id, "period", {"start": "2027-03-01", "end": "2027-09-30"})
    changed = desk.portal.submit(CLAIRE, SLUG, draft.application_id)
    if changed.state is not ApplicationState.GRANTED:
        pytest.skip(f"the rules leave this to a person: {changed.reasons}")
    assert desk.again(first).state is ApplicationState.GRANTED
    assert desk.portal.resume_unfinished() == 0
    desk.clock.advance(int((date(2027, 3, 1) - date(2026, 11, 22)).total_seconds()))
    assert desk.portal.resume_unfinished() == 1
    assert desk.again(first).state is ApplicationState.SUPERSEDED


def test_a_posting_that_will_not_happen_is_ended_at_once(desk: Desk) -> None:
    first = desk.submit()
    draft = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.WITHDRAWAL)
    ended = desk.portal.submit(CLAIRE, SLUG, desk.fill(CLAIRE, draft).application_id)
    assert (ended.state, desk.again(first).state) == (ApplicationState.GRANTED, ApplicationState.WITHDRAWN)
    assert all(each.withdrawn_at for each in desk.house.issuer.credentials(SLUG, record_id=first.record_id))


def test_what_has_begun_is_ended_by_a_person(desk: Desk) -> None:
    first = desk.submit()
    desk.clock.advance(int(days(60).total_seconds()))
    draft = desk.portal.follow_up(CLAIRE, SLUG, first.application_id, RequestKind.WITHDRAWAL)
    ended = {"reason": "ended_early", "effective_from": "2027-01-20"}
    asked = desk.portal.submit(CLAIRE, SLUG, desk.fill(CLAIRE, draft, withdrawal=ended).application_id)
    assert (asked.state, desk.again(first).state) == (ApplicationState.IN_REVIEW, ApplicationState.GRANTED)


SEVERAL = {
    "situation": {"situation": "several_states"},
    "forms_of_work": {"forms_of_work": "one_employer"},
    "shares": {
        "0.state": "FR",
        "0.time": "60",
        "0.pay": "60",
        "1.state": "DE",
        "1.time": "40",
        "1.pay": "40",
    },
    "pattern": {"regular": "yes", "steady": "yes"},
}


def test_what_is_provisional_becomes_definitive_after_two_months(desk: Desk) -> None:
    first = desk.submit(**SEVERAL)
    assert (first.state, first.final, first.has_certificate) == (ApplicationState.PROVISIONAL, False, True)
    (task,) = desk.portal.office.tasks(ANNE, SLUG)
    desk.portal.office.finish(ANNE, SLUG, task.task_id)
    desk.clock.advance(int(days(60).total_seconds()))
    assert desk.portal.resume_unfinished() == 0
    desk.clock.advance(int(days(2).total_seconds()))
    assert desk.portal.resume_unfinished() == 1
    done = desk.again(first)
    assert (done.state, done.final, done.step) == (ApplicationState.GRANTED, True, None)
    record = desk.house.issuer.seals.live_record(SLUG, done.record_id or "")
    assert isinstance(record, Pda1)
    assert (record.legislation.provisional, record.document.replaces) == (False, first.document_number)
    assert record.document.date_of_issuance == date(2027, 1, 22)
    rows = desk.house.issuer.credentials(SLUG, record_id=first.record_id)
    assert {each.successor for each in rows} == {done.record_id}


def test_reminders_are_sent_once(desk: Desk) -> None:
    desk.submit()
    assert desk.portal.remind() == 0
    desk.clock.advance(int((date(2027, 6, 10) - date(2026, 11, 22)).total_seconds()))
    assert [desk.portal.remind(), desk.portal.remind()] == [1, 0]


def test_j18_what_is_certified_follows_from_the_decision_alone(desk: Desk) -> None:
    names = {each.name for each in dataclasses.fields(Application)}
    assert not {"status_index", "iat", "iss"} & names


def test_j12_a_key_with_another_body_is_refused_and_the_same_request_acts_once(
    desk: Desk, machine_answers: Callable[[], dict[str, object]]
) -> None:
    given = machine_answers()
    first = desk.portal.apply(CLAIRE, SLUG, Wish(), given, key="k-1", body=b"one")
    again = desk.portal.apply(CLAIRE, SLUG, Wish(), given, key="k-1", body=b"one")
    assert (first.state, again.application_id) == (ApplicationState.GRANTED, first.application_id)
    with pytest.raises(Conflict, match="idempotency_key_used"):
        desk.portal.apply(CLAIRE, SLUG, Wish(), given, key="k-1", body=b"two")
    with pytest.raises(Malformed, match="answer_unexpected"):
        desk.portal.apply(CLAIRE, SLUG, Wish(), {**given, "status_index": 4}, key="k-2", body=b"x")
    with pytest.raises(Malformed, match="idempotency_key_invalid"):
        desk.portal.apply(CLAIRE, SLUG, Wish(), given, key="", body=b"x")
    assert len(desk.portal.applications(CLAIRE, SLUG)) == 2  # with the draft that showed what to send


def test_the_record_names_the_instrument_and_its_own_article(desk: Desk) -> None:
    granted = desk.submit(host_state={"host_state": "GB"})
    record = desk.house.issuer.seals.live_record(SLUG, granted.record_id or "")
    assert isinstance(record, Pda1)
    assert (record.decision.regime_pack, record.decision.articles) == ("uk-tca", ())
    assert record.decision.provision == "EU-UK TCA SSC.11(1)(a)"
