"""The request form: what is asked in each case, how answers are read, and the facts that they give."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portadoc.errors import Malformed, Refused
from portadoc.portal.questions.facts import facts_of
from portadoc.portal.questions.flows import (
    FLOWS,
    answers_that_apply,
    case_of,
    entries,
    next_question,
    previous_question,
    question,
    questions_for,
)
from portadoc.portal.questions.form import MOST_ROWS, UNKNOWN, Capacity, Field, FieldKind, Known, Question, Shape
from portadoc.portal.questions.prefill import Earlier, Sources, known_from
from portadoc.portal.questions.reading import faults_of, form_of, read_answer
from portadoc.portal.questions.summary import summary
from portadoc.rules.facts import read_facts

TODAY = date(2026, 11, 23)
PERSON = {
    "pin": "185041234567890",
    "given_name": "Jean",
    "family_name": "Exemple",
    "birth_date": "1985-04-12",
    "birth_place": {"street": None, "postcode": None, "town": "Arras", "country": "FR"},
    "nationalities": ["FR"],
    "address": {"street": "1 rue de l'Essai", "postcode": "59000", "town": "Lille", "country": "FR"},
    "contact": "jean@example.test",
    "deceased": False,
    "cover": {"basis": "employment", "since": "2019-05-01", "until": None},
}
COMPANY = {
    "id": "TEST12345",
    "name": "Menuiserie Test SARL",
    "seat_state": "FR",
    "registered_state": "FR",
    "kind": "private",
    "address": {"street": "2 rue du Test", "postcode": "59000", "town": "Lille", "country": "FR"},
    "home_activity": {
        "turnover_share": 62.0,
        "admin_staff_only": False,
        "admin_staff_share": 12.0,
        "months_active": 120,
    },
}
USUAL = (
    ("worker_pin", {"worker_pin": "1 85 04 12 345 678 90"}),
    ("situation", {"situation": "posting"}),
    ("host_state", {"host_state": "DE"}),
    ("period", {"start": "2026-12-01", "end": "2027-05-31"}),
    ("workplaces", {"0.name": "Baustelle Test", "0.town": "Berlin"}),
    ("replaces", {"replaces": "none"}),
    (
        "link",
        {"direct_relationship": "yes", "paid_by": "employer", "hired_out_onward": "no", "only_this_work": "yes"},
    ),
    ("history", {"earlier_posting": "no", "other_certificate": "no"}),
)


def known(answers: dict, *, capacity: Capacity = Capacity.EMPLOYER, request: str = "new", **sources) -> Known:
    at_hand = Sources(**{"employer": COMPANY, **sources})
    return known_from(
        at_hand, capacity=capacity, asked_state="FR", certificate="a1", request=request, answers=answers
    )


def with_registers(answers: dict) -> Known:
    return known(answers, person=PERSON if "worker_pin" in answers else None)


def ask_through(forms, knowing) -> tuple[dict, Known]:
    answers: dict = {}
    for name, form in forms:
        asked = next_question(answers, knowing(answers))
        assert asked is not None
        assert asked.id == name
        answers[name] = read_answer(asked, form, case_of(answers, knowing(answers)))
    return answers, knowing(answers)


def test_a_plain_posting_with_registers_takes_eight_questions_and_gives_all_facts() -> None:
    answers, all_known = ask_through(USUAL, with_registers)
    assert next_question(answers, all_known) is None
    facts = facts_of(answers, all_known, request_date=TODAY)
    read_facts(facts)
    assert facts["regime"] == "EU"
    assert facts["person"] == {
        "nationality_class": "EU",
        "nationality_states": ["FR"],
        "residence_state": "FR",
        "legally_resident": None,
        "deceased": False,
        "withdrawal_agreement": None,
    }
    assert facts["posting"]["prior_cover"] == {
        "basis": "employment",
        "since": "2019-05-01",
        "gap_days_before_start": 0,
        "days": 2771,
    }
    assert facts["employers"][0]["home_activity"]["turnover_share"] == 62.0
    assert facts["activities"] == [
        {
            "state": "DE",
            "kind": "employed",
            "share_of_time": 100.0,
            "share_of_pay": 100.0,
            "employer": "E1",
            "start": "2026-12-01",
            "end": "2027-05-31",
            "regular": True,
        }
    ]
    assert facts["previous_postings"] == [] == facts["existing_a1"]


def test_what_registers_tell_is_listed_once_with_its_source_and_never_asked() -> None:
    answers, all_known = ask_through(USUAL, with_registers)
    items = [item for part in summary(answers, all_known) for item in part.items]
    assert len({item.question.id for item in items}) == len(items)
    told = {item.question.id: item.source.value for item in items if item.source is not None}
    assert told["worker"] == "person_register"
    assert told["employer"] == "company_register"
    assert not set(told) & set(answers)


def test_an_unknown_answer_is_null_in_the_facts_and_leads_back_to_its_question() -> None:
    forms = [*USUAL]
    forms[6] = ("link", {**dict(forms)["link"], "hired_out_onward": UNKNOWN})
    answers, all_known = ask_through(forms, with_registers)
    assert facts_of(answers, all_known, request_date=TODAY)["posting"]["hired_out_onward"] is None
    assert questions_for(("/posting/hired_out_onward",), answers, all_known) == ("link",)


def test_work_besides_leaves_the_share_unknown_and_tells_of_a_pattern() -> None:
    forms = [*USUAL]
    forms[6] = ("link", {**dict(forms)["link"], "only_this_work": "no"})
    answers, all_known = ask_through(forms, with_registers)
    facts = facts_of(answers, all_known, request_date=TODAY)
    assert facts["activities"][0]["share_of_time"] is None
    assert facts["request"]["regular_pattern"] is True


def test_a_changed_answer_makes_answers_that_hang_on_it_void() -> None:
    answers, _ = ask_through(USUAL, with_registers)
    answers["situation"] = "aircrew"
    assert "link" not in answers_that_apply(answers, with_registers(answers))
    assert next_question(answers, with_registers(answers)).id == "home_bases"
    with pytest.raises(Refused, match="not_found"):
        question("link", answers, with_registers(answers))


def test_one_can_go_back_to_the_question_before() -> None:
    answers, all_known = ask_through(USUAL, with_registers)
    assert previous_question("host_state", answers, all_known).id == "situation"
    assert previous_question("worker_pin", answers, all_known) is None


def test_an_extension_asks_for_the_new_end_and_whether_all_is_as_before() -> None:
    before, all_known = ask_through(USUAL, with_registers)
    posting = {
        "host_state": "DE",
        "start": "2026-12-01",
        "end": "2027-05-31",
        "same_undertakings": True,
        "relation": "extension_of_same_posting",
    }
    earlier = Earlier(before, all_known.told, ("2026-12-01", "2027-05-31"), (posting,))

    def knowing(answers: dict) -> Known:
        return known(answers, request="extension", person=PERSON, earlier=earlier)

    forms = (("new_end", {"new_end": "31.8.2027"}), ("unchanged", {"unchanged": "yes"}))
    answers, now_known = ask_through(forms, knowing)
    assert next_question(answers, now_known) is None
    facts = facts_of(answers, now_known, request_date=TODAY)
    read_facts(facts)
    assert (facts["posting"]["start"], facts["posting"]["end"]) == ("2027-06-01", "2027-08-31")
    assert facts["previous_postings"] == [posting]
    assert facts["request"]["kind"] == "extension"
    changed = {**answers, "unchanged": False}
    assert next_question(changed, knowing(changed)).id == "workplaces"


def test_an_agreement_of_two_states_is_asked_for_with_the_same_questions() -> None:
    forms = [*USUAL]
    forms[2] = ("host_state", {"host_state": "US"})
    answers, all_known = ask_through(forms, with_registers)
    facts = facts_of(answers, all_known, request_date=TODAY)
    assert (facts["regime"], facts["bilateral"]) == ("BILATERAL", {"agreement": "FR-US"})


@pytest.mark.parametrize(
    ("name", "form", "faults"),
    [
        ("period", {"start": "2026-12-01", "end": "2026-11-01"}, {"end": "after_start"}),
        ("period", {"start": "2026-12-01"}, {"end": "end_needed"}),
        ("period", {"start": "2026-02-30", "end": "soon"}, {"start": "date_real", "end": "date"}),
        ("period", {"start": "0026-02-03", "end": ""}, {"start": "date_year"}),
        ("host_state", {"host_state": "FR"}, {"host_state": "other_country"}),
        ("host_state", {"host_state": "ZZ"}, {"host_state": "country"}),
        ("host_state", {}, {"host_state": "country_missing"}),
        ("workplaces", {"0.name": " "}, {"0.name": "first_row"}),
        ("workplaces", {"0.name": "A", "1.town": "B"}, {"0.town": "text_missing", "1.name": "text_missing"}),
        ("workplaces", {"0.name": "x\u202e", "0.town": "y" * 121}, {"0.name": "plain_text", "0.town": "shorter"}),
        ("situation", {"situation": "<b>"}, {"situation": "choice"}),
        ("worker_pin", {"worker_pin": "1' OR 1=1"}, {"worker_pin": "id"}),
    ],
)
def test_each_fault_names_its_field_and_what_is_expected(name: str, form: dict, faults: dict) -> None:
    answers, _ = ask_through(USUAL, with_registers)
    case = case_of(answers, with_registers(answers))
    with pytest.raises(Malformed) as caught:
        read_answer(question(name, answers, with_registers(answers)), form, case)
    assert caught.value.code == "answer_invalid"
    assert faults_of(caught.value) == faults
    assert caught.value.params["field"] == next(iter(faults))


def test_an_answer_can_be_shown_again_as_it_was_typed() -> None:
    answers, all_known = ask_through(USUAL, with_registers)
    for name, value in answers.items():
        asked = question(name, answers, all_known)
        assert read_answer(asked, form_of(asked, value), case_of(answers, all_known)) == value


def test_question_names_are_used_once() -> None:
    for flow in FLOWS.values():
        names = [each.id for each in flow]
        assert len(set(names)) == len(names)


# Every path of every flow: whatever is answered and whatever registers know, the form ends and gives facts.

_DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(date.isoformat)
_STATES = st.sampled_from(["DE", "PL", "FR", "GB", "NO", "CH", "US", "BR", "LI"])
_SITUATIONS = ("posting", "several_states", "telework", "public_service", "vessel", "aircrew")


def _typed(draw, field: Field, case) -> str:
    if field.unknown and draw(st.booleans()):
        return UNKNOWN
    match field.kind:
        case FieldKind.TEXT:
            return draw(st.sampled_from(["Werk Nord", "Žluťoučký & Sons", "工場"]))
        case FieldKind.ID:
            return "AB 123-4"
        case FieldKind.DATE:
            return draw(_DAYS)
        case FieldKind.YES_NO:
            return draw(st.sampled_from(["yes", "no"]))
        case FieldKind.CHOICE:
            return draw(st.sampled_from(field.choices(case)))
        case FieldKind.COUNTRY:
            return draw(_STATES)
        case FieldKind.NATIONALITY:
            return draw(st.sampled_from(["FR", "IN", "XR", "XS", "CH", "GB"]))
        case FieldKind.PERCENT:
            return draw(st.sampled_from(["0", "4,9", "25", "33.3", "100 %"]))
        case FieldKind.NUMBER:
            return str(draw(st.integers(0, 30)))


def _form(draw, asked: Question, case) -> dict[str, str]:
    if asked.shape is not Shape.ROWS:
        form = {each.name: _typed(draw, each, case) for each in asked.fields}
    else:
        rows = range(draw(st.integers(1, 3)))
        form = {f"{row}.{each.name}": _typed(draw, each, case) for row in rows for each in asked.fields}
    return _put_right(asked, form)


def _put_right(asked: Question, form: dict[str, str]) -> dict[str, str]:
    """Make values fit each other, which a person would do when told."""
    for prefix in ("", *(f"{row}." for row in range(MOST_ROWS))):
        for first, last in (("start", "end"), ("least", "most")):
            pair = [f"{prefix}{first}", f"{prefix}{last}"]
            if set(pair) <= set(form) and first == "start":
                form[pair[0]], form[pair[1]] = sorted((form[pair[0]], form[pair[1]]))
    if asked.id == "residence_range":
        form = {"least": "20", "most": "30"}
    if asked.id in ("shares", "shares_by_work"):
        rows = len({name.split(".")[0] for name in form})
        for row in range(rows):
            form[f"{row}.time"] = form[f"{row}.pay"] = {1: "100", 2: "50", 3: "33,3"}[rows]
    if asked.id == "host_state" and form["host_state"] == "FR":
        form["host_state"] = "IT"
    return form


@st.composite
def finished_forms(draw) -> tuple[dict, Known, list[str]]:
    capacity = draw(st.sampled_from([Capacity.EMPLOYER, Capacity.SELF_EMPLOYED, Capacity.WORKER]))
    person = draw(st.sampled_from([PERSON, None, {**PERSON, "cover": None, "nationalities": ["IN"]}]))
    company = draw(st.sampled_from([COMPANY, None, {**COMPANY, "kind": "temp_agency", "home_activity": None}]))
    choices = draw(st.sampled_from([{}, {"employer_id": {"A": "One", "B": "Two"}}]))

    def knowing(answers: dict) -> Known:
        return known(answers, capacity=capacity, person=person, employer=company, choices=choices)

    answers: dict = {}
    order: list[str] = []
    while (asked := next_question(answers, knowing(answers))) is not None:
        order.append(asked.id)
        assert len(order) < 60
        case = case_of(answers, knowing(answers))
        form = _form(draw, asked, case)
        answers[asked.id] = read_answer(asked, form, case)
    return answers, knowing(answers), order


@settings(max_examples=400, deadline=None)
@given(finished_forms())
def test_every_path_ends_asks_nothing_twice_and_gives_facts_that_the_rules_read(finished) -> None:
    answers, all_known, order = finished
    assert len(set(order)) == len(order)
    assert not set(order) & set(all_known.told)
    assert answers_that_apply(answers, all_known) == answers
    facts = facts_of(answers, all_known, request_date=TODAY)
    read_facts(facts)
    shown = [item.question.id for part in summary(answers, all_known) for item in part.items]
    assert sorted(shown) == sorted({entry.question.id for entry in entries(answers, all_known)})
    for name in order:
        assert question(name, answers, all_known).id == name
