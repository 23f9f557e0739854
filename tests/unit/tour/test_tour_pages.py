"""Who gets a page, who may act, and what a refusal looks like."""

import json
import re
from dataclasses import replace

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from portadoc.errors import Refused
from portadoc.issuer.service import Issuer
from portadoc.issuer.store.tables import STATUS_LISTS
from portadoc.tour.journeys import JOURNEYS
from portadoc.tour.pages import tour_router
from portadoc.tour.progress import Progress, Question
from portadoc.tour.rendering import PAGES
from portadoc.tour.steps import ACTS_AT_A_TIME, Tour
from portadoc.wallet_sim.store import FileStore, MemoryStore
from portadoc.wallet_sim.transport import AsgiTransport

BASE_URL = "http://127.0.0.1:8700"
ACTS = ("offer", "wallet", "request", "report", "withdrawal", "refusal")


def test_the_first_page_is_for_everyone(place, visitor):
    visitor.peer = "192.0.2.7"
    answer = visitor.get("/")
    assert answer.status == 200
    assert answer.content_type == "text/html"
    assert 'action="/tour/a1/offer"' in answer.text
    assert 'action="/tour/ehic/offer"' in answer.text


def test_pages_carry_a_strict_policy_and_are_not_kept(visitor):
    headers = visitor.get("/").headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"


STATIC = {"portadoc.css": "text/css", "mark.svg": "image/svg+xml"}


@pytest.mark.parametrize("name", STATIC)
def test_static_files_are_served(visitor, name):
    assert visitor.get(f"/tour/static/{name}").content_type == STATIC[name]


def test_no_other_file_is_served(visitor):
    assert visitor.get("/tour/static/pages.py").status == 404
    assert visitor.get("/tour/static/..%2fpages.py").status == 404


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.7", {}),
        ("127.0.0.1", {"x_forwarded_for": "192.0.2.7"}),
        ("127.0.0.1", {"host": "portadoc.example"}),
        ("127.0.0.1", {"sec_fetch_site": "cross-site"}),
    ],
    ids=["peer", "forwarded", "host", "cross-site"],
)
def test_pages_of_a_journey_answer_on_loopback_only(visitor, name, peer, headers):
    visitor.peer = peer
    answer = visitor.get(f"/tour/a1/{name}", **headers)
    assert answer.status == 403
    assert "management_loopback_only" in answer.text


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.7", {}),
        ("127.0.0.1", {"forwarded": "for=192.0.2.7"}),
        ("127.0.0.1", {"sec_fetch_site": "cross-site"}),
        ("127.0.0.1", {"sec_fetch_site": "same-site"}),
        ("127.0.0.1", {"sec_fetch_site": "", "origin": "https://elsewhere.example"}),
        ("127.0.0.1", {"sec_fetch_site": ""}),
    ],
    ids=["peer", "forwarded", "cross-site", "same-site", "foreign-origin", "silent"],
)
def test_acts_come_from_our_own_pages_on_this_machine_only(visitor, place, name, peer, headers):
    visitor.peer = peer
    before = place.house.issuer.credentials("fr-demo")
    answer = visitor.post(f"/tour/a1/{name}", **headers)
    assert answer.status == 403
    assert visitor.set_cookies == []
    assert place.house.issuer.credentials("fr-demo") == before


def test_a_browser_without_fetch_metadata_is_known_by_its_origin(visitor):
    answer = visitor.post("/tour/a1/offer", sec_fetch_site="", origin="http://127.0.0.1:8700")
    assert answer.status == 303


def test_an_act_leads_to_its_page_and_keeps_the_chosen_language(visitor):
    answer = visitor.post("/tour/a1/offer?lang=fr")
    assert answer.status == 303
    assert answer.headers["location"] == "/tour/a1/offer?lang=fr"
    assert 'lang="fr"' in visitor.get("/tour/a1/offer?lang=fr", accept_language="en").text


def test_the_cookie_is_for_one_journey_and_no_script(visitor):
    visitor.post("/tour/a1/offer")
    cookie = visitor.set_cookies[0]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Path=/tour/a1" in cookie
    assert "Max-Age" not in cookie


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_its_steps_says_so(visitor, name):
    answer = visitor.get(f"/tour/a1/{name}")
    assert answer.status == 409
    assert "has not been taken yet" in answer.text
    assert '<a class="next" href="/">' in answer.text


@pytest.mark.parametrize("name", PAGES[1:])
def test_no_page_is_shown_before_its_time(visitor, name):
    visitor.post("/tour/a1/offer")
    assert visitor.get("/tour/a1/offer").status == 200
    assert visitor.get(f"/tour/a1/{name}").status == 409


def test_an_unknown_journey_is_not_found(visitor):
    assert visitor.post("/tour/pid/offer").status == 404
    assert visitor.get("/tour/pid/offer").status == 404


def test_a_program_gets_the_problem_document(visitor):
    answer = visitor.get("/tour/a1/offer", accept="application/json")
    assert answer.content_type == "application/problem+json"
    assert json.loads(answer.body)["code"] == "tour_step_missing"


def test_a_refusal_speaks_the_language_asked_for(visitor):
    answer = visitor.get("/tour/a1/offer", accept_language="fr-FR,fr;q=0.9,en;q=0.5")
    assert "pas encore été faite" in answer.text
    assert answer.headers["content-language"] == "fr"


def test_a_wrong_transaction_code_is_refused_with_a_way_back(visitor):
    visitor.post("/tour/a1/offer")
    right = re.search(r'class="tx-code">(\d+)<', visitor.get("/tour/a1/offer").text)[1]
    wrong = "0" * len(right) if right != "0" * len(right) else "1" * len(right)
    answer = visitor.post("/tour/a1/wallet", {"tx_code": wrong})
    assert answer.status == 403
    assert 'href="/tour/a1/offer"' in answer.text
    assert visitor.post("/tour/a1/wallet", {"tx_code": right}).status == 303


def test_a_form_that_reads_two_ways_is_refused(visitor):
    visitor.post("/tour/a1/offer")
    answer = visitor._send(
        "POST",
        "/tour/a1/wallet",
        {"content-type": "application/x-www-form-urlencoded"},
        b"tx_code=1&tx_code=2",
    )
    assert answer.status == 400
    assert "form_invalid" in answer.text


def test_too_many_acts_at_a_time_are_told_to_wait(visitor, monkeypatch):
    visitor.post("/tour/a1/offer")
    assert ACTS_AT_A_TIME < 40  # the threads of the pool, which the wallet's own requests need too
    monkeypatch.setattr("threading.BoundedSemaphore.acquire", lambda self, blocking=True: False)
    answer = visitor.post("/tour/a1/wallet", {"tx_code": "1"})
    assert answer.status == 503
    assert answer.headers["retry-after"] == "2"
    assert "busy" in answer.text


def test_a_forged_cookie_shows_no_result_of_another(visitor, place):
    """The identifiers in the cookie are judged by the services; the secret has to fit."""
    visitor.post("/tour/a1/offer")
    tour = Tour(place.house.issuer, place.house.verifier, place.house.wallet)
    mine = Progress.from_cookie(visitor.cookie.partition("=")[2])
    asked = tour.ask(JOURNEYS["a1"], mine).question
    forged = Question(
        transaction_id=asked.transaction_id, session_secret="guess", link=asked.link, expires_at=asked.expires_at
    )
    visitor.cookie = f"portadoc-tour={replace(mine, question=forged, answered=True).to_cookie()}"
    assert visitor.get("/tour/a1/report").status == 404


def walk(visitor, journey: str, *, until: str) -> None:
    visitor.post(f"/tour/{journey}/offer")
    code = re.search(r'class="tx-code">(\d+)<', visitor.get(f"/tour/{journey}/offer").text)[1]
    steps = [("wallet", {"tx_code": code}), ("request", {}), ("report", {"answer": "share"}), ("withdrawal", {})]
    for name, form in steps:
        answer = visitor.post(f"/tour/{journey}/{name}", form)
        assert answer.status == 303, answer.text
        if name == until:
            return


@pytest.fixture
def end_lists(house):
    """Return what ends every status list that the house has published; afterwards they are as they were."""
    kept = []

    def end():
        with house.database.transaction() as connection:
            kept.extend(connection.execute(select(STATUS_LISTS.c.list_id, STATUS_LISTS.c.expires_at)).all())
            connection.execute(update(STATUS_LISTS).values(expires_at=0))

    yield end
    with house.database.transaction() as connection:
        for list_id, expires_at in kept:
            here = STATUS_LISTS.c.list_id == list_id
            connection.execute(update(STATUS_LISTS).where(here).values(expires_at=expires_at))


@pytest.mark.parametrize("journey", ["a1", "ehic"])
def test_a_status_that_cannot_be_had_is_no_pass(visitor, journey, end_lists):
    """Here the verifier cannot have the status list: no server listens, and what the house published has ended."""
    walk(visitor, journey, until="wallet")
    end_lists()
    for name, form in (("request", {}), ("report", {"answer": "share"})):
        assert visitor.post(f"/tour/{journey}/{name}", form).status == 303
    page = visitor.get(f"/tour/{journey}/report").text
    assert "Status not known" in page
    assert "Authentic and in force" not in page
    assert "Ask again" in page


def test_steps_that_were_taken_are_not_taken_twice(visitor, place):
    walk(visitor, "a1", until="report")
    before = place.house.issuer.credentials("fr-demo")
    assert visitor.post("/tour/a1/wallet", {"tx_code": "000000"}).status == 303
    assert visitor.post("/tour/a1/report", {"answer": "share"}).status == 303
    assert place.house.issuer.credentials("fr-demo") == before


def test_the_holder_may_decline(visitor):
    walk(visitor, "a1", until="request")
    assert visitor.post("/tour/a1/report", {"answer": "decline"}).status == 303
    page = visitor.get("/tour/a1/report").text
    assert "wallet_refused" in page
    assert "Ask again" in page


def test_an_expired_request_is_refused_with_a_way_back(visitor, place):
    walk(visitor, "a1", until="request")
    place.clock.advance(3600)
    answer = visitor.get("/tour/a1/consent")
    assert answer.status == 403
    assert "Start again" in answer.text


def test_the_wallet_page_tells_what_is_hidden_and_what_else_is_held(visitor):
    walk(visitor, "a1", until="wallet")
    first = visitor.get("/tour/a1/wallet").text
    assert first.count("Hidden until you agree") == 2
    assert "Also in this wallet" not in first
    walk(visitor, "a1", until="wallet")
    assert "A1 certificate: copies 2" in visitor.get("/tour/a1/wallet").text


def test_consent_shows_what_would_be_opened_and_what_stays_hidden(visitor):
    walk(visitor, "a1", until="request")
    page = visitor.get("/tour/a1/consent").text
    opened = page[page.index("Would be opened") : page.index("Readable in any case")]
    hidden = page[page.index("Stays hidden") :]
    assert "A1-FR-2026-0004271" in opened
    assert "Social security number" in hidden
    assert "2 91 04 99 512 014 38" not in page


def test_production_has_a_first_page_and_no_tour(place, visitor):
    """Test data has no place among real records, whatever the institutions are called."""
    production = place.house.issuer.settings.model_copy(update={"mode": "production"})
    issuer = Issuer(replace(place.house.issuer._deployment, settings=production))
    app = FastAPI()
    app.include_router(tour_router(issuer, place.house.verifier, place.house.wallet))
    visitor.app = app
    page = visitor.get("/").text
    assert "makes no demonstration" in page
    assert "<form" not in page
    assert visitor.post("/tour/a1/offer").status == 404


def test_a_withdrawal_is_made_once(visitor, place):
    walk(visitor, "a1", until="withdrawal")
    before = visitor.cookie
    assert visitor.post("/tour/a1/withdrawal").status == 303
    assert visitor.cookie == before


def test_no_report_before_an_answer(visitor):
    walk(visitor, "a1", until="request")
    assert visitor.get("/tour/a1/report").status == 409


def test_an_attestation_of_another_journey_answers_no_question(visitor):
    walk(visitor, "ehic", until="wallet")
    insured = Progress.from_cookie(visitor.cookie.partition("=")[2])
    walk(visitor, "a1", until="request")
    mixed = replace(Progress.from_cookie(visitor.cookie.partition("=")[2]), held=insured.held)
    visitor.cookie = f"portadoc-tour={mixed.to_cookie()}"
    assert visitor.get("/tour/a1/consent").status == 409


def test_an_answer_that_never_arrives_is_told(place, with_wallet):
    class Severed(AsgiTransport):
        def request(self, method, url, **rest):
            if "/responses/" in url:
                raise Refused("fetch_blocked", reason="origin")
            return super().request(method, url, **rest)

    visitor = with_wallet(MemoryStore(), Severed(place.app, BASE_URL))
    walk(visitor, "a1", until="request")
    answer = visitor.post("/tour/a1/report", {"answer": "share"})
    assert answer.status == 403
    assert "fetch_blocked" in answer.text
    assert 'href="/tour/a1/consent"' in answer.text


def test_a_fault_of_the_operator_is_an_incident(place, with_wallet, tmp_path):
    exposed = tmp_path / "wallet.json"
    exposed.write_text("{}")
    exposed.chmod(0o644)
    visitor = with_wallet(FileStore(exposed), AsgiTransport(place.app, BASE_URL))
    visitor.post("/tour/a1/offer")
    code = Progress.from_cookie(visitor.cookie.partition("=")[2]).tx_code
    answer = visitor.post("/tour/a1/wallet", {"tx_code": code})
    assert answer.status == 500
    assert json.loads(answer.body)["code"] == "internal_error"
