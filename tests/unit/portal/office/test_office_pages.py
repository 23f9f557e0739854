"""The pages of an office over the real services: what an officer sees and does, and what nobody may."""

import re

import pytest

from portadoc.portal.applications.numbers import case_number
from tests.unit.portal.office.conftest import GRANT, OFFICE, SLUG, Town
from tests.unit.portal.test_portal_pages import Browser


@pytest.fixture
def claire(town: Town) -> Browser:
    return town.browse("claire-test")


@pytest.fixture
def anne(town: Town) -> Browser:
    return town.browse("anne-agent", staff=True)


def address(case: str) -> str:
    return f"{OFFICE}/cases/{case}"


def decide(browser: Browser, case: str, **fields: str) -> None:
    browser.get(f"{address(case)}/decide")
    browser.submit(**fields)


def test_the_list_says_how_long_why_what_is_doubtful_and_when_it_is_due(
    town: Town, claire: Browser, anne: Browser
) -> None:
    case = town.apply(claire)
    page = anne.get(f"{OFFICE}/").text
    assert address(case) in page
    for text in ("less than a day", "The fixed rules leave it to a person.", "work starts on 10 January 2027"):
        assert text in page
    for shown in ("first_look", "urgent", "contested", "approval", "other_state", "follow_ups", "tasks"):
        assert anne.get(f"{OFFICE}/?show={shown}").status_code == 200
    assert address(case) in anne.get(f"{OFFICE}/?show=first_look").text
    assert address(case) not in anne.get(f"{OFFICE}/?show=urgent").text
    assert anne.get(f"{OFFICE}/?show=nonsense").status_code == 400


def test_urgent_cases_come_first(town: Town, claire: Browser, anne: Browser) -> None:
    case, urgent = town.apply(claire), town.apply(claire, urgent=True)
    page = anne.get(f"{OFFICE}/").text
    assert page.index(address(urgent)) < page.index(address(case))


def test_a_case_shows_what_the_rules_found_beside_the_facts_with_their_sources(
    town: Town, claire: Browser, anne: Browser
) -> None:
    case = town.apply(claire)
    page = anne.get(address(case)).text
    for text in (
        "What the fixed rules found",
        "A person has to decide",
        "Every rule that was looked at",
        "person register",
        "applicant",
        "the same",
        "Attached files",
        "Other requests about this person",
    ):
        assert text in page, text


def test_what_no_register_holds_is_not_called_missing_and_who_decided_is_named(
    town: Town, claire: Browser, anne: Browser
) -> None:
    case = town.apply(claire)
    page = anne.get(address(case)).text
    row = page.partition("Berlin")[2].partition("</tr>")[0]
    assert "–" in row
    assert "not in the register" not in row
    decide(anne, case, **GRANT)
    assert re.search(r"<dt>Case officer</dt><dd>you</dd>|<dt>Officer</dt><dd>you</dd>", anne.page.text)
    assert "your earlier request" not in anne.page.text
    assert "your sign-in" not in anne.page.text


def test_a_difference_to_the_register_is_marked(town: Town, claire: Browser, anne: Browser) -> None:
    case = town.apply(claire)
    assert "Differs" not in anne.get(address(case)).text
    file = town.house.settings.data_dir / "registers" / "persons.json"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace('"Exemple"', '"Exemple-Nouveau"', 1), encoding="utf-8")
    try:
        page = anne.get(address(case)).text
    finally:
        file.write_text(before, encoding="utf-8")
    assert "Differs" in page
    assert "Exemple-Nouveau" in page


def test_an_officer_takes_a_case_and_gives_it_back(town: Town, claire: Browser, anne: Browser) -> None:
    case = town.apply(claire)
    anne.post(f"{address(case)}/assign", {})
    assert "Give the case back" in anne.page.text
    anne.post(f"{address(case)}/assign", {"release": "yes"})
    assert "Take the case" in anne.page.text


def test_a_grant_by_an_officer_is_certified_and_told_with_its_reason(
    town: Town, claire: Browser, anne: Browser
) -> None:
    case = town.apply(claire)
    decide(anne, case, **GRANT)
    assert anne.path == address(case)
    page = claire.get(f"/portal/{SLUG}/requests/{case}").text
    assert "The certificate is granted" in page
    assert "This was decided by a case officer." in page
    assert "The employer has shown" in page
    assert claire.get(f"/portal/{SLUG}/requests/{case}/paper.pdf").content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcome": ""}, "Choose an answer."),
        ({"reason": ""}, "Write your reason"),
        ({"article": ""}, "This is needed"),
        ({"start": ""}, "This is needed"),
        ({"end": ""}, "This is needed"),
        ({"start": "2027-13-01"}, "Enter a day that exists."),
        ({"end": "2027-01-09"}, "The last day is before the first day."),
        ({"end": "2029-01-10"}, "A posting lasts at most 24 months."),
        ({"outcome": "exception", "state": "DE"}, "This is needed"),
        ({"outcome": "exception", "agreed_on": "2026-11-01"}, "This is needed"),
        (
            {"outcome": "exception", "agreed_on": "2026-11-01", "state": "FR"},
            "Choose another country than our own.",
        ),
        ({"outcome": "other_legislation", "state": "FR"}, "Choose another country than our own."),
        ({"outcome": "forward"}, "This is needed"),
    ],
)
def test_what_a_decision_lacks_is_said_at_its_field_and_nothing_typed_is_lost(
    town: Town, claire: Browser, anne: Browser, change: dict[str, str], said: str
) -> None:
    case = _any_case(town, claire)
    decide(anne, case, **{**GRANT, **change})
    assert anne.page.status_code == 422
    assert said in anne.page.text
    assert "<title>Error:" in anne.page.text
    if change.get("reason") is None:
        assert "The employer has shown" in anne.page.text


def test_j18_what_the_form_does_not_have_is_refused(town: Town, claire: Browser, anne: Browser) -> None:
    case = _any_case(town, claire)
    for name in (
        "competent_state",
        "decided_by",
        "automated",
        "status_index",
        "iat",
        "iss",
        "roles",
        "institution",
    ):
        decide(anne, case, **GRANT, **{name: "DE"})
        assert anne.page.status_code in (400, 422), name
    anne.post(f"{address(case)}/assign", {"to": "somebody-else"})
    assert anne.page.status_code in (400, 422)
    assert "With a case officer" in anne.get(address(case)).text


def test_j03_a_role_or_an_institution_in_the_form_changes_nothing(town: Town, claire: Browser) -> None:
    case = _any_case(town, claire)
    claire.post(f"{address(case)}/decide", {**GRANT, "roles": "officer"})
    assert claire.page.status_code in (403, 404)


def test_j01_j02_strangers_find_no_office_and_no_case(town: Town, claire: Browser) -> None:
    case = _any_case(town, claire)
    for person, staff in (("helene-sante", True), ("jean-exemple", False), ("ivan-interim", False)):
        stranger = town.browse(person, staff=staff)
        for path in ("", "/ask", "/decide", "/withdraw", "/confirm"):
            assert stranger.get(address(case) + path).status_code in (403, 404), (person, path)
        for path in ("assign", "ask", "decide", "approve", "send-back", "withdraw", "confirm"):
            stranger.post(f"{address(case)}/{path}", {})
            assert stranger.page.status_code in (403, 404), (person, path)
        assert stranger.get(f"{OFFICE}/").status_code in (403, 404)
        assert stranger.get(f"{OFFICE}/figures").status_code in (403, 404)
    helene = town.browse("helene-sante", staff=True)
    assert helene.get(address(case)).status_code == 404
    assert helene.get(f"/portal/fr-health/office/cases/{case}").status_code == 404


def test_an_officer_who_signed_in_simply_has_no_office(town: Town) -> None:
    assert town.browse("anne-agent").page.status_code in (200, 403)
    simple = town.browse("anne-agent")
    assert simple.get(f"{OFFICE}/").status_code in (403, 404)


def test_a_decision_against_the_rules_has_to_be_meant(town: Town, claire: Browser, anne: Browser) -> None:
    case = town.apply(claire, refused=True)
    claire.post(f"/portal/{SLUG}/requests/{case}/contest", {"said": "The other worker\r\nleft early."})
    page = anne.get(address(case)).text
    assert "What the applicant says against the decision" in page
    assert "left early." in page
    assert address(case) in anne.get(f"{OFFICE}/?show=contested").text
    decide(anne, case, **GRANT)
    assert anne.page.status_code == 422
    assert "The rules found: Refuse. You decide: Grant." in anne.page.text
    anne.submit(**GRANT, sure="yes")
    assert anne.path == address(case)
    assert "Granted" in anne.page.text
    kept = town.house.portal.portal.deployment.database
    with kept.read() as connection:
        from portadoc.portal.store.case_store import decisions_of

        last = decisions_of(connection, SLUG, case)[-1]
    assert (last.automated, last.decision["departs"], last.decision["competent_state"]) == (
        False,
        ["outcome"],
        "FR",
    )


def test_what_somebody_else_changed_is_not_decided(town: Town, claire: Browser, anne: Browser) -> None:
    case = town.apply(claire)
    anne.get(f"{address(case)}/decide")
    form = anne.markup.forms[-1]
    anne.post(f"{address(case)}/assign", {})
    anne.post(form.action, {**form.fields, **GRANT})
    assert anne.page.status_code == 409


def test_the_officer_asks_and_the_answer_comes_back_to_the_office(
    town: Town, claire: Browser, anne: Browser
) -> None:
    case = town.apply(claire)
    anne.get(f"{address(case)}/ask")
    anne.submit(reason="")
    assert anne.page.status_code == 422
    anne.submit(reason="Who gives the orders?", **{"q.link": "yes"})
    assert "Waiting for the applicant" in anne.page.text
    base = f"/portal/{SLUG}/requests/{case}"
    assert "Who gives the orders?" in claire.get(base).text
    claire.get(f"{base}/questions")
    assert claire.path == f"{base}/questions/link"
    claire.answer({**ANSWER, "direct_relationship": "yes"})
    assert claire.path == f"{base}/check"
    claire.submit(said="Our foreman does.")
    page = anne.get(address(case)).text
    assert "Our foreman does." in page
    assert "With a case officer" in page
    assert "The applicant has answered." in anne.get(f"{OFFICE}/").text
    anne.post(f"{address(case)}/ask", {"reason": "Once more", "q.worker": "yes"})
    assert anne.page.status_code in (400, 422)


ANSWER = {"paid_by": "employer", "hired_out_onward": "no", "only_this_work": "yes"}


def test_a_refusal_is_confirmed_by_a_person_once(town: Town, claire: Browser, anne: Browser) -> None:
    case = town.apply(claire, refused=True)
    assert address(case) in anne.get(f"{OFFICE}/?show=refusals").text
    anne.get(f"{address(case)}/confirm")
    anne.submit(reason="")
    assert anne.page.status_code == 422
    anne.submit(reason="The other posting lasts.")
    assert anne.path == address(case)
    assert address(case) not in anne.get(f"{OFFICE}/?show=refusals").text
    anne.post(f"{address(case)}/confirm", {"reason": "Again."})
    assert anne.page.status_code == 409
    told = claire.get(f"/portal/{SLUG}/requests/{case}").text
    assert "This was decided by a case officer." in told
    assert "The other posting lasts." in told


def test_j05_a_certificate_is_withdrawn_with_a_cause_and_a_day_and_once(
    town: Town, claire: Browser, anne: Browser
) -> None:
    case = town.apply(claire)
    decide(anne, case, **GRANT)
    whole = {"cause": "issued_in_error", "from": "2026-11-20", "reason": "The contract was false."}
    for lacking in ("cause", "from", "reason"):
        anne.get(f"{address(case)}/withdraw")
        anne.submit(**{**whole, lacking: ""})
        assert anne.page.status_code == 422, lacking
    anne.submit(**{**whole, "from": "2027-02-01"})
    assert anne.page.status_code == 422
    anne.submit(**{**whole, "cause": "dislike"})
    assert anne.page.status_code == 422
    for _ in range(2):
        anne.post(f"{address(case)}/withdraw", whole)
        assert (anne.page.status_code, anne.path) == (200, address(case))
    assert "Withdrawal decided" in anne.page.text
    assert "The contract was false." in claire.get(f"/portal/{SLUG}/requests/{case}").text
    assert claire.get(f"/portal/{SLUG}/requests/{case}/paper.pdf").status_code == 409


def test_the_legislation_of_another_state_gives_a_task_and_no_certificate(
    town: Town, claire: Browser, anne: Browser
) -> None:
    case = town.apply(claire)
    decide(anne, case, outcome="other_legislation", state="DE", start="2027-01-10", reason="The work is at home.")
    page = anne.get(f"{OFFICE}/?show=tasks").text
    assert "Tell the institution in Germany which legislation applies (A003)." in page
    assert claire.get(f"/portal/{SLUG}/requests/{case}/paper.pdf").status_code == 409
    count = page.count("/office/tasks/")
    anne.submit(form=1)
    assert anne.page.text.count("/office/tasks/") == count - 1


def test_figures_count_what_was_decided_and_by_whom(town: Town, claire: Browser, anne: Browser) -> None:
    _any_case(town, claire)
    page = anne.get(f"{OFFICE}/figures").text
    assert "Decided without a person" in page
    assert "Four of five within" in page
    assert re.search(r"Few cases", page)


def test_an_auditor_sees_what_happened_and_no_person_and_is_seen(
    town: Town, claire: Browser, anne: Browser
) -> None:
    case = town.apply(claire)
    decide(anne, case, **GRANT)
    number = re.search(r"A1-2026-\d{6}-.", anne.page.text)
    assert number is not None
    victor = town.browse("victor-audit", staff=True)
    victor.get(f"{OFFICE}/")
    assert victor.path == f"{OFFICE}/audit"
    victor.submit(case=number[0].lower().replace("-", " "), purpose="complaint")
    page = victor.page.text
    assert "Certificate granted" in page
    assert "Officer A" in page
    for personal in ("Exemple", "TEST185041201", "Claire", "shown", "Menuiserie"):
        assert personal not in page, personal
    assert victor.get(address(case)).status_code in (403, 404)
    victor.post(f"{OFFICE}/audit", {"case": number[0]})
    assert victor.page.status_code == 400
    unknown = case_number("A1-2026", 999_999)
    victor.post(f"{OFFICE}/audit", {"case": unknown, "purpose": "court"})
    assert victor.page.status_code == 404
    slip = unknown[:-1] + ("0" if unknown[-1] != "0" else "1")
    victor.post(f"{OFFICE}/audit", {"case": slip, "purpose": "court"})
    assert victor.page.status_code == 400
    assert "a character is wrong or missing" in victor.page.text
    assert claire.post(f"{OFFICE}/audit", {"case": number[0], "purpose": "court"}).status_code in (403, 404)


def test_every_page_has_one_main_one_heading_labels_and_no_script(
    town: Town, claire: Browser, anne: Browser
) -> None:
    case = town.apply(claire)
    paths = ["/", "/?show=tasks", "/figures", *(f"/cases/{case}{path}" for path in ("", "/ask", "/decide"))]
    for path in paths:
        anne.get(OFFICE + path)
        markup = anne.markup
        assert len(markup.of("main")) == len(markup.of("h1")) == 1, path
        assert not markup.of("script")
        ids = [each["id"] for _, each in markup.tags if "id" in each]
        assert len(set(ids)) == len(ids), path
        labelled = {each.get("for") for each in markup.of("label")}
        asked = [*markup.of("input"), *markup.of("textarea"), *markup.of("select")]
        assert all(each["id"] in labelled for each in asked if each.get("type") != "hidden"), path


_CASES: dict[int, str] = {}


def _any_case(town: Town, claire: Browser) -> str:
    """Return a case in review that nobody decides here."""
    if id(town) not in _CASES:
        _CASES[id(town)] = town.apply(claire)
    return _CASES[id(town)]
