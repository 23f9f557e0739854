"""Two persons for what one alone could do wrong: who proposes never approves, and what was seen is what counts."""

from dataclasses import replace
from itertools import product

import pytest

from portadoc.access import Role, Subject, SubjectKind
from portadoc.errors import Refused
from portadoc.portal.officers.verdicts import Verdict, VerdictOutcome
from tests.unit.portal.office.conftest import GRANT, OFFICE, SLUG, Town
from tests.unit.portal.test_portal_pages import Browser

ANNE, PAUL, VICTOR, HELENE = "anne-agent", "paul-second", "victor-audit", "helene-sante"
PROPOSALS = ("decide", "confirm", "withdraw")
DONE = {"decide": "Certificate granted", "confirm": "Decision confirmed", "withdraw": "Certificate withdrawn"}
FORMS = {
    "decide": GRANT,
    "confirm": {"reason": "The other posting lasts."},
    "withdraw": {"cause": "fraud", "from": "2026-11-20", "reason": "The contract was false."},
}


@pytest.fixture(scope="module")
def people(strict_town: Town) -> dict[str, Browser]:
    staff = {each: strict_town.browse(each, staff=True) for each in (ANNE, PAUL, VICTOR, HELENE)}
    return {**staff, "claire-test": strict_town.browse("claire-test")}


def address(case: str) -> str:
    return f"{OFFICE}/cases/{case}"


def proposed(town: Town, people: dict[str, Browser], what: str, who: str) -> str:
    """Return a case on which somebody has proposed something."""
    case = town.apply(people["claire-test"], refused=what == "confirm")
    if what == "withdraw":
        act(people[ANNE], case, "decide")
        approve(people[PAUL], case)
    act(people[who], case, what)
    assert people[who].path == address(case)
    return case


def act(browser: Browser, case: str, what: str) -> None:
    browser.get(f"{address(case)}/{what}")
    browser.submit(**FORMS[what])


def approve(browser: Browser, case: str) -> int:
    """Approve a case as it is now, even where no button offers it."""
    version = version_of(browser, case)
    return browser.post(f"{address(case)}/approve", {"version": version}).status_code


def version_of(browser: Browser, case: str) -> str:
    browser.get(address(case))
    found = [each.fields["version"] for each in browser.markup.forms if "version" in each.fields]
    return found[0] if found else "1"


@pytest.mark.parametrize(("what", "proposer"), list(product(PROPOSALS, (ANNE, PAUL))))
def test_nothing_counts_until_another_person_approves(
    strict_town: Town, people: dict[str, Browser], what: str, proposer: str
) -> None:
    case = proposed(strict_town, people, what, proposer)
    assert DONE[what] not in people[ANNE].get(address(case)).text
    assert address(case) in people[PAUL].get(f"{OFFICE}/?show=approval").text
    for who in (ANNE, VICTOR, HELENE, "claire-test", *([PAUL] if proposer == PAUL else [])):
        assert approve(people[who], case) in (403, 404), who
        people[who].post(f"{address(case)}/send-back", {"reason": "No."})
        assert people[who].page.status_code in (403, 404), who
    assert DONE[what] not in people[ANNE].get(address(case)).text
    if proposer == ANNE:
        assert FORMS[what]["reason"].splitlines()[0] in people[PAUL].get(address(case)).text
        assert approve(people[PAUL], case) == 200
        assert DONE[what] in people[PAUL].page.text
        assert address(case) not in people[PAUL].get(f"{OFFICE}/?show=approval").text


@pytest.mark.parametrize("what", PROPOSALS)
def test_what_is_sent_back_is_open_again_with_the_reason(
    strict_town: Town, people: dict[str, Browser], what: str
) -> None:
    case, paul = proposed(strict_town, people, what, ANNE), people[PAUL]
    paul.post(f"{address(case)}/send-back", {})
    assert paul.page.status_code == 422
    paul.post(f"{address(case)}/send-back", {"reason": "The period differs."})
    assert paul.path == address(case)
    assert "Returned to the case officer" in people[ANNE].get(address(case)).text
    assert "The period differs." in people[ANNE].page.text
    assert address(case) not in paul.get(f"{OFFICE}/?show=approval").text
    assert approve(paul, case) in (403, 409)


def test_what_changed_after_it_was_seen_is_not_approved(strict_town: Town, people: dict[str, Browser]) -> None:
    case = proposed(strict_town, people, "decide", ANNE)
    seen = version_of(people[PAUL], case)
    act(people[ANNE], case, "decide")
    people[PAUL].post(f"{address(case)}/approve", {"version": seen})
    assert people[PAUL].page.status_code == 409
    assert approve(people[PAUL], case) == 200


def test_a_refusal_that_is_contested_meanwhile_is_not_confirmed(
    strict_town: Town, people: dict[str, Browser]
) -> None:
    case = proposed(strict_town, people, "confirm", ANNE)
    people["claire-test"].post(f"/portal/{SLUG}/requests/{case}/contest", {})
    assert approve(people[PAUL], case) in (403, 409)
    assert "Contested" in people[PAUL].get(f"{OFFICE}/?show=contested").text
    assert address(case) in people[PAUL].page.text


def test_both_officers_stand_in_the_history(strict_town: Town, people: dict[str, Browser]) -> None:
    case = proposed(strict_town, people, "decide", ANNE)
    approve(people[PAUL], case)
    with strict_town.house.portal.portal.deployment.database.read() as connection:
        from portadoc.portal.store.application_store import find_application

        found = find_application(connection, SLUG, case)
    assert found is not None
    acted = {each.what: each.actor_id for each in found.history if each.actor == "officer"}
    assert acted["proposed"] != acted["decided"]
    assert found.automated is False


def test_nobody_works_on_a_case_of_ones_own(strict_town: Town, people: dict[str, Browser]) -> None:
    case = strict_town.apply(people["claire-test"])
    office = strict_town.house.portal.portal.office
    officer = Subject(
        "dev:officer",
        SubjectKind.PERSON,
        frozenset({Role.OFFICER, Role.SECOND_OFFICER}),
        institution=SLUG,
    )
    verdict = Verdict(outcome=VerdictOutcome.REFUSE, reason="No.")
    for involved in (
        replace(officer, employers=frozenset({"TEST12345"})),
        replace(officer, pin="TEST185041201"),
        replace(officer, children=frozenset({"TEST185041201"})),
    ):
        with pytest.raises(Refused, match="access_denied"):
            office.case_file(involved, SLUG, case)
        with pytest.raises(Refused, match="access_denied"):
            office.decide(involved, SLUG, case, verdict)
        with pytest.raises(Refused, match="access_denied"):
            office.assign(involved, SLUG, case, to=involved.id)
        with pytest.raises(Refused, match="access_denied"):
            office.ask_applicant(involved, SLUG, case, question="?")
