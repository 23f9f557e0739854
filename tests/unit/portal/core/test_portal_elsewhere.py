"""The rules find that the law of another State applies: it is told, and its institution issues."""

from collections.abc import Mapping
from typing import Final

from portadoc.portal.applications.application import ApplicationState
from portadoc.portal.following import next_step
from portadoc.portal.pages.status_view import ON_STATUS_PAGE, status_content
from portadoc.web.pages.reader import Reader
from tests.unit.portal.core.conftest import ANNE, JEAN, SLUG, Desk, as_worker

FOR_A_GERMAN_EMPLOYER: Final[Mapping[str, Mapping[str, str]]] = {
    "situation": {"situation": "several_states"},
    "employer_number": {"employer_number": "unknown"},
    "employer": {
        "name": "Zweite Test GmbH",
        "street": "Weg 1",
        "postcode": "77694",
        "town": "Kehl",
        "country": "DE",
    },
    "employer_kind": {"employer_kind": "private"},
    "period": {"start": "2027-01-04", "end": "2027-12-31"},
    "forms_of_work": {"forms_of_work": "one_employer"},
    "shares": {
        "0.state": "FR",
        "0.time": "10",
        "0.pay": "10",
        "1.state": "DE",
        "1.time": "90",
        "1.pay": "90",
    },
    "pattern": {"regular": "yes", "steady": "yes"},
    "seat_clear": {"seat_clear": "yes"},
}


def test_who_works_mostly_for_an_employer_abroad_learns_which_state_issues(desk: Desk) -> None:
    done = desk.submit(JEAN, wish=as_worker(), **FOR_A_GERMAN_EMPLOYER)
    decision = done.decision or {}
    assert (done.state, decision["action"], decision["competent_state"]) == (
        ApplicationState.GRANTED,
        "DETERMINE_AND_NOTIFY",
        "DE",
    )
    assert (done.record_id, done.document_number, done.seal_code) == (None, None, None)  # nothing of ours
    assert [(each.kind, each.detail) for each in desk.portal.office.tasks(ANNE, SLUG)] == [
        ("tell_other_state", "DE")
    ]
    assert next_step(done) == "other_state_issues"
    for language, country in (("en", "Germany"), ("de", "Deutschland")):
        view = desk.portal.view(JEAN, SLUG, done.application_id)
        told = status_content(
            view,
            desk.portal.drafts.known(done),
            Reader(language, "portal"),
            own=True,
            may=frozenset(ON_STATUS_PAGE),
        )
        assert country in told["explained"].headline  # type: ignore[attr-defined]
        assert (told["documents"], told["hand_over"], told["valid"]) == ([], "", "")
