"""The public page of a verification code: kind, institution and verdict to everybody, facts to nobody."""

import re
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest

from portadoc.catalogue import WITH_TEXTS, text
from portadoc.errors import Error
from portadoc.issuer import WithdrawalReason
from portadoc.issuer.pages.code_page import POLICY
from portadoc.issuer.sealing.code_book import TRIES
from portadoc.issuer.sealing.public_checks import MISSES_OF_A_CODE, TypedFacts
from portadoc.issuer.throttle import WINDOW_S
from portadoc.schemas.examples import example
from tests.filed_applications import sealed_application

CODE = "X9YH-TQRT-M6QD-J16Q"
A1, HEALTH = "fr-demo", "fr-health"
DAY = 86_400
FACTS = {
    "employer": "Ateliers Fictifs du Massif SAS",
    "state": "DE",
    "first_day": "2026-11-01",
    "last_day": "2027-08-31",
    "number": "A1-FR-2026-0004271",
}
PERSON = {"name": "Maréchal-Testelin", "birth_date": "1991-04-17"}


def say(key: str, **params: object) -> str:
    return text(key, "en", "portal", **params).replace("'", "&#39;")


def shown(rig: Any, path: str = f"/v/{CODE}", **headers: str) -> Any:
    return rig.transport.get(path, headers=headers)


def typed(rig: Any, code: str, *, site: str = "same-origin", **facts: str) -> Any:
    headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": site}
    return rig.transport.request("POST", f"/v/{code}", headers=headers, body=urlencode(facts).encode())


def outcome(answer: Any) -> str:
    found = re.search(r'<h2 id="outcome-title">([^<]*)</h2>', answer.body.decode())
    return found[1] if found else ""


def at_once(rig: Any, code: str, guesses: Sequence[TypedFacts]) -> Counter[bool | str]:
    """Return what comes of guesses that all arrive at one moment, each from a source of its own."""
    start = threading.Barrier(len(guesses))

    def guess(number: int) -> bool | str:
        start.wait()
        try:
            return bool(rig.issuer.public_checks.compare(code, guesses[number], source=f"192.0.2.{number}"))
        except Error as error:
            return error.code

    with ThreadPoolExecutor(len(guesses)) as pool:
        return Counter(pool.map(guess, range(len(guesses))))


def sealed(rig: Any, record: Any = None, institution: str = A1) -> Any:
    rig.last_record = rig.record() if record is None else rig.issuer.upload(institution, record)
    return rig.issuer.seal(institution, rig.last_record, pin="none")


class TestWhatEverybodyLearns:
    def test_kind_institution_and_verdict_and_nothing_of_the_person(self, rig: Any) -> None:
        made = sealed(rig)
        page = shown(rig, f"/v/{made.verification_code}").body.decode()
        assert say("public.verdict.in_force") in page
        assert say("public.kind.pda1") in page
        assert "A1 institution (test)" in page
        for secret in (*FACTS.values(), *PERSON.values(), "Testelin", "Éléonore", "Hafenwerk", "2 91 04"):
            assert f">{secret}<" not in page
            assert secret not in page or secret == "DE"
        assert made.verification_code not in page

    def test_the_printed_address_in_upper_case_leads_there(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        assert shown(rig, f"/V/{code}").body == shown(rig, f"/v/{code}").body

    def test_withdrawn_says_since_when(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        rig.issuer.withdraw(
            A1, rig.last_record, reason=WithdrawalReason.ISSUED_IN_ERROR, effective_from=date(2026, 11, 5)
        )
        page = shown(rig, f"/v/{code}").body.decode()
        assert say("public.verdict.withdrawn") in page
        assert "no effect from 5 November 2026 on" in page
        assert say("public.verdict.in_force") not in page

    def test_before_and_after_its_period_it_is_not_in_force(self, rig: Any) -> None:
        record = example("posted-worker-fr-de")
        later = replace(record, legislation=replace(record.legislation, start=date(2026, 12, 1)))
        code = sealed(rig, later).verification_code
        assert say("public.verdict.not_in_force") in shown(rig, f"/v/{code}").body.decode()
        rig.clock.advance(10 * DAY)
        assert say("public.verdict.in_force") in shown(rig, f"/v/{code}").body.decode()
        rig.clock.advance(300 * DAY)
        assert say("public.verdict.not_in_force") in shown(rig, f"/v/{code}").body.decode()

    def test_an_application_is_not_decided(self, rig: Any) -> None:
        made = sealed_application(rig.issuer, A1, example("application-fr-de"))
        page = shown(rig, f"/v/{made.verification_code}").body.decode()
        assert say("public.verdict.not_decided") in page
        assert say("public.verdict.in_force") not in page

    @pytest.mark.parametrize(("kind", "name"), [("ehic", "insured-traveller"), ("prc", "replacement-certificate")])
    def test_health_documents_have_a_verdict_too(self, rig: Any, kind: str, name: str) -> None:
        code = sealed(rig, example(name), HEALTH).verification_code
        page = shown(rig, f"/v/{code}").body.decode()
        assert say(f"public.kind.{kind}") in page
        assert say("public.verdict.in_force") in page

    def test_a_paper_leads_there_as_well(self, rig: Any) -> None:
        made = rig.issuer.paper(A1, rig.record(), languages=("en",), pin="none")
        assert say("public.verdict.in_force") in shown(rig, f"/v/{made.code}").body.decode()


class TestEnumeration:
    @pytest.mark.parametrize("path", [f"/V/{CODE}", "/v/0", "/v/%3Cscript%3E", f"/v/{'A' * 2000}"])
    def test_f06_unknown_codes_and_no_codes_get_the_same_page(self, rig: Any, path: str) -> None:
        unknown, other = shown(rig), shown(rig, path)
        assert (unknown.status, other.status) == (200, 200)
        assert unknown.body == other.body
        assert say("public.verdict.unknown") in unknown.body.decode()

    def test_f06_it_has_the_shape_of_a_known_one(self, rig: Any) -> None:
        known, unknown = (shown(rig, f"/v/{code}") for code in (sealed(rig).verification_code, CODE))
        tags = [re.findall(r"<(\w+)", answer.body.decode()) for answer in (known, unknown)]
        assert tags[0] == tags[1]
        assert known.headers.keys() == unknown.headers.keys()

    def test_f06_a_source_that_guesses_codes_has_to_wait_for_known_ones_too(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        for _ in range(rig.issuer.settings.code_misses_per_hour):
            assert shown(rig).status == 200
        for path in (f"/v/{CODE}", f"/v/{code}"):
            answer = shown(rig, path)
            assert answer.status == 429
            assert int(answer.headers["retry-after"]) == WINDOW_S
            assert say("public.wait") in answer.body.decode()
            assert "<form" not in answer.body.decode()
        rig.clock.advance(WINDOW_S)
        assert say("public.verdict.in_force") in shown(rig, f"/v/{code}").body.decode()

    def test_what_is_no_code_at_all_is_a_slip_and_counts_for_nothing(self, rig: Any) -> None:
        for _ in range(50):
            assert shown(rig, "/v/0000").status == 200

    def test_f06_a_code_that_is_guessed_at_is_closed_for_everybody_for_a_while(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        for _ in range(MISSES_OF_A_CODE):
            assert outcome(typed(rig, code, employer="Another")) == say("public.compared.no_match")
        assert typed(rig, code, **FACTS).status == 429
        assert say("public.verdict.in_force") in shown(rig, f"/v/{code}").body.decode()
        rig.clock.advance(WINDOW_S)
        assert outcome(typed(rig, code, **FACTS)) == say("public.compared.match")

    def test_f06_five_wrong_guesses_at_a_person_lock_the_code_for_good(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        number = {"number": FACTS["number"]}
        for day in range(TRIES):
            typed(rig, code, birth_date=f"1991-05-0{day + 1}", **number)
        rig.clock.advance(2 * WINDOW_S)
        assert outcome(typed(rig, code, **PERSON, **number)) == say("public.compared.locked")
        assert outcome(typed(rig, code, **FACTS)) == say("public.compared.locked")
        others = {name: fact for name, fact in FACTS.items() if name != "number"}
        assert outcome(typed(rig, code, **others)) == say("public.compared.match")  # no paper looks forged by it
        assert say("public.verdict.in_force") in shown(rig, f"/v/{code}").body.decode()

    def test_f06_who_guesses_the_number_here_gets_no_seal_there(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        for guess in range(TRIES):
            assert outcome(typed(rig, code, number=f"A1-{guess}")) == say("public.compared.no_match")
        assert outcome(typed(rig, code, number=FACTS["number"])) == say("public.compared.locked")
        answer = rig.transport.post_json(f"/v/{code}", {"second": FACTS["number"]})
        assert answer.json()["type"].endswith("verification_code_refused")

    def test_f06_guesses_at_one_moment_share_the_same_five_tries(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        wrong = [TypedFacts(number=FACTS["number"], birth_date=f"1991-05-{day + 1:02d}") for day in range(24)]
        assert at_once(rig, code, wrong) == {False: TRIES, "verification_code_refused": 24 - TRIES}
        rig.clock.advance(2 * WINDOW_S)
        assert outcome(typed(rig, code, **PERSON, number=FACTS["number"])) == say("public.compared.locked")

    def test_f06_guesses_at_a_fact_at_one_moment_are_no_more_than_one_after_another(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        answers = at_once(rig, code, [TypedFacts(employer=f"Another {each}") for each in range(24)])
        assert answers == {False: MISSES_OF_A_CODE, "too_many_tries": 24 - MISSES_OF_A_CODE}

    def test_who_types_what_stands_on_the_paper_uses_up_no_try(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        for _ in range(2 * TRIES):
            assert outcome(typed(rig, code, **FACTS, **PERSON)) == say("public.compared.match")
            assert outcome(typed(rig, code, number=FACTS["number"])) == say("public.compared.match")
        right = [TypedFacts(number=FACTS["number"], **PERSON) for _ in range(24)]
        assert at_once(rig, code, right) == {True: 24}

    def test_f06_a_locked_code_gives_its_seal_to_nobody(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        for day in range(TRIES):
            typed(rig, code, birth_date=f"1991-05-0{day + 1}", number=FACTS["number"])
        answer = rig.transport.post_json(f"/v/{code}", {"second": FACTS["number"]})
        assert answer.status == 404 or answer.json()["type"].endswith("verification_code_refused")


class TestComparing:
    def test_everything_that_stands_on_the_paper_fits(self, rig: Any) -> None:
        answer = typed(rig, sealed(rig).verification_code, **FACTS, **PERSON)
        assert answer.status == 200
        assert outcome(answer) == say("public.compared.match")

    @pytest.mark.parametrize(
        "facts",
        [
            {"employer": "ateliers fictifs du massif sas"},
            {"employer": "999 00000 100019"},
            {"state": "de"},
            {"first_day": "2026-11-01"},
            {"number": "a1 fr 2026 0004271"},
            {"number": FACTS["number"], "name": "marechal testelin"},
            {"number": FACTS["number"], "name": "Éléonore Inès Maréchal-Testelin"},
        ],
    )
    def test_it_forgives_case_spaces_and_accents(self, rig: Any, facts: dict[str, str]) -> None:
        assert outcome(typed(rig, sealed(rig).verification_code, **facts)) == say("public.compared.match")

    @pytest.mark.parametrize("name", sorted({**FACTS, **PERSON}))
    def test_one_fact_that_differs_makes_all_of_it_differ(self, rig: Any, name: str) -> None:
        wrong = {"state": "AT", "first_day": "2026-11-02", "last_day": "2027-08-30", "birth_date": "1991-04-18"}
        facts = {**FACTS, **PERSON, name: wrong.get(name, "Somebody Else")}
        answer = typed(rig, sealed(rig).verification_code, **facts)
        assert outcome(answer) == say("public.compared.no_match")
        assert answer.body.decode().count("outcome-title") == 2, "one answer, and its name"

    def test_it_never_says_which_one(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        pages = [
            re.sub(r' value="[^"]*"', "", typed(rig, code, **{**FACTS, name: "2020-01-01"}).body.decode())
            for name in ("employer", "number", "first_day")
        ]
        assert len(set(pages)) == 1

    def test_an_unknown_code_fits_nothing_and_answers_alike(self, rig: Any) -> None:
        known = typed(rig, sealed(rig).verification_code, **{**FACTS, "employer": "Another"})
        unknown = typed(rig, CODE, **FACTS)
        assert outcome(known) == outcome(unknown) == say("public.compared.no_match")
        assert known.status == unknown.status == 200

    def test_a_person_is_compared_only_for_who_knows_the_number(self, rig: Any) -> None:
        for code in (sealed(rig).verification_code, CODE):
            answer = typed(rig, code, **PERSON)
            assert answer.status == 422
            assert outcome(answer) == say("public.compared.number_missing")
        wrong = typed(rig, sealed(rig).verification_code, number="A1-FR-2026-0004272", **PERSON)
        assert outcome(wrong) == say("public.compared.no_match")

    def test_nothing_typed_is_told_and_counts_for_nothing(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        for facts in ({}, {"employer": "  "}, {"employer": "-–·"}):
            for _ in range(10):
                answer = typed(rig, code, **facts)
                assert outcome(answer) == say("public.compared.nothing")
        assert outcome(typed(rig, code, **FACTS)) == say("public.compared.match")

    def test_what_is_too_long_is_told(self, rig: Any) -> None:
        answer = typed(rig, sealed(rig).verification_code, employer="A" * 301)
        assert outcome(answer) == say("public.compared.too_long")

    def test_what_was_typed_stays_in_the_form_and_is_escaped(self, rig: Any) -> None:
        page = typed(rig, CODE, employer='"><script>alert(1)</script>').body.decode()
        assert "<script" not in page
        assert "&lt;script&gt;" in page

    def test_an_unknown_field_is_refused(self, rig: Any) -> None:
        assert typed(rig, CODE, surprise="1").status == 400

    def test_another_site_cannot_make_a_visitor_guess(self, rig: Any) -> None:
        code = sealed(rig).verification_code
        for _ in range(MISSES_OF_A_CODE + 1):
            assert typed(rig, code, site="cross-site", number="wrong").status == 403
        assert outcome(typed(rig, code, **FACTS)) == say("public.compared.match")

    def test_the_employer_of_a_health_document_fits_nothing(self, rig: Any) -> None:
        code = sealed(rig, example("insured-traveller"), HEALTH).verification_code
        assert outcome(typed(rig, code, employer="Anybody")) == say("public.compared.no_match")
        assert outcome(typed(rig, code, state="FR")) == say("public.compared.match")


class TestThePage:
    @pytest.mark.parametrize("language", WITH_TEXTS)
    def test_the_browser_and_the_reader_choose_its_language(self, rig: Any, language: str) -> None:
        asked, chosen = shown(rig, **{"Accept-Language": language}), shown(rig, f"/v/{CODE}?lang={language}")
        assert asked.body == chosen.body
        assert f'<html lang="{language}">' in asked.body.decode()
        assert asked.headers["content-language"] == language

    def test_an_unknown_language_is_english(self, rig: Any) -> None:
        assert shown(rig, f"/v/{CODE}?lang=xx").body == shown(rig, f"/v/{CODE}?lang=en").body

    def test_nobody_keeps_it_indexes_it_or_learns_where_the_reader_came_from(self, rig: Any) -> None:
        for answer in (shown(rig), typed(rig, CODE, **FACTS)):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["x-robots-tag"] == "noindex, nofollow"
            assert '<meta name="robots" content="noindex, nofollow">' in answer.body.decode()

    def test_it_runs_and_fetches_nothing_from_elsewhere(self, rig: Any) -> None:
        answer = shown(rig)
        assert answer.headers["content-security-policy"] == POLICY
        assert "script-src" not in POLICY
        page = answer.body.decode()
        assert "<script" not in page
        for address in re.findall(r'(?:href|src|action)="([^"]*)"', page):
            assert address.startswith(("/v/page-files/", "/inspect/", "?lang=", "#")), address
        (styles,) = re.findall(r'href="(/v/page-files/code\.css\?[^"]*)"', page)
        assert shown(rig, styles).headers["content-type"].startswith("text/css")

    def test_every_field_has_a_label_and_every_reference_its_target(self, rig: Any) -> None:
        page = typed(rig, CODE, **FACTS).body.decode()
        ids = set(re.findall(r' id="([^"]+)"', page))
        fields = set(re.findall(r'<input id="([^"]+)"', page))
        assert fields == set(re.findall(r'<label for="([^"]+)"', page))
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(re.findall(rf'{name}="([^"]+)"', page)) <= ids
        assert re.findall(r"<h([1-6])", page)[0] == "1"
        assert page.count("<h1") == 1

    def test_it_says_how_to_check_and_that_a_code_can_be_copied(self, rig: Any) -> None:
        page = shown(rig).body.decode()
        for key in ("code_page.entitled", "paper.check.app", "paper.check.person"):
            assert text(key, "en").replace("'", "&#39;") in page
        assert say("public.person") in page
