"""Whatever a form leads to can be printed: a grant never stops at a particular that nobody asked for."""

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import given, settings

from portadoc.portal.applications.application import ApplicationState, CertificateKind
from portadoc.portal.applications.deciding import certificate_kind, judge
from portadoc.portal.applications.particulars import (
    countries_of_work_of,
    employments_of,
    person_of,
    states_of_work,
)
from portadoc.portal.questions.facts import facts_of
from portadoc.portal.questions.flows import case_of
from portadoc.portal.questions.form import Capacity
from portadoc.schemas.codes import PDA1_STATES
from tests.unit.portal.core.conftest import CLAIRE, SLUG, Desk
from tests.unit.portal.test_questions import TODAY, finished_forms

SEVERAL: Final[Mapping[str, Mapping[str, str]]] = {
    "situation": {"situation": "several_states"},
    "period": {"start": "2027-01-04", "end": "2027-12-31"},
    "forms_of_work": {"forms_of_work": "several_employers"},
    "other_employers": {
        "0.name": "Zweite Test GmbH",
        "0.number": "HRB TEST 7",
        "0.town": "Kehl",
        "0.country": "DE",
        "0.kind": "private",
        "0.seat_clear": "yes",
    },
    "shares_by_work": {
        "0.state": "FR",
        "0.work": "E1",
        "0.time": "60",
        "0.pay": "60",
        "1.state": "DE",
        "1.work": "E2",
        "1.time": "40",
        "1.pay": "40",
    },
    "pattern": {"regular": "yes", "steady": "yes"},
    "seat_clear": {"seat_clear": "yes"},
    "history": {"earlier_posting": "no", "other_certificate": "no"},
}


@settings(max_examples=400, deadline=None)
@given(finished_forms())
def test_every_way_through_the_form_gives_all_that_an_a1_prints(finished: Any) -> None:
    answers, known, _ = finished
    facts = facts_of(answers, known, request_date=TODAY)
    if certificate_kind(CertificateKind.A1, facts) is not CertificateKind.A1:
        return
    case = case_of(answers, known)
    person = person_of(case, {}, pin="TEST185041201")
    employments = employments_of(case, pin=person.pin)
    if set(states_of_work(facts)) & PDA1_STATES:
        assert countries_of_work_of(case, states_of_work(facts))
    else:  # work outside every State of the A1
        assert judge(facts, pack="eu-2012")["action"] != "ISSUE_A1"
    works = {row["work"] for row in case.rows("shares_by_work")}
    alone = known.capacity is Capacity.SELF_EMPLOYED or "self_employed" in works
    assert ("02" in {each.type for each in employments}) == alone


def test_work_for_two_employers_is_granted_and_both_are_printed(desk: Desk) -> None:
    done = desk.submit(CLAIRE, **SEVERAL)
    assert (done.state, (done.decision or {})["article"]) == (ApplicationState.PROVISIONAL, "13(1)(a)")
    held = desk.portal.deployment.certificates.held(SLUG, str(done.record_id))
    second = held["employments"][1]
    assert (second["name"], second["id"], second["address"]["town"]) == ("Zweite Test GmbH", "HRBTEST7", "Kehl")
    paper = desk.portal.paper(CLAIRE, SLUG, done.application_id, language="en")
    assert paper.pdf.startswith(b"%PDF")
