"""The pages about health cards and the interface for care providers' software, over a served installation."""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from portadoc.catalogue import texts
from portadoc.clock import FixedClock
from portadoc.portal.health.insurance import CardCause, health_facts, judge_insured
from portadoc.portal.login.settings import MachineSettings
from portadoc.portal.store.health_store import ConsentState
from portadoc.randomness import system_random_bytes
from portadoc.schemas.ehic import PRC_REASONS
from portadoc.serve.house import open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from tests.unit.portal.health.conftest import NOW
from tests.unit.portal.health.test_health_insurance import TERMS
from tests.unit.portal.test_portal_pages import Browser

SPACE = "/portal/fr-health/"
CARDS = f"{SPACE}health/"
DOOR = f"{SPACE}health/replacement"
API = "/portal/api/fr-health/replacement-certificates"
BORN = "1985-04-12"
KEY = ECKey.generate_key("P-256", {"kid": "hospital"})
MACHINE = {"client_id": "hospital", "jwk": KEY.as_dict(private=False), "care_provider": True}
Browse = Callable[..., Browser]


@pytest.fixture(scope="module")
def ward_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A whole installation on loopback, with the software of a hospital."""
    with listen("127.0.0.1", 0) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = PortadocSettings(
            base_url=base_url,
            data_dir=tmp_path_factory.mktemp("house"),
            portal={"login": {"machines": [MACHINE]}, "consent_tries_per_hour": 1000},
        )
        with (
            open_house(settings, clock=FixedClock(NOW), random_bytes=system_random_bytes, environment={}) as house,
            serving(house, listener),
        ):
            yield base_url


@pytest.fixture
def browse(ward_url: str) -> Iterator[Browse]:
    """Return what opens a browser, for an example person or for nobody."""
    with ExitStack() as stack:
        yield lambda *person: stack.enter_context(closing(Browser(ward_url, *person)))


def link(browser: Browser, pattern: str) -> str:
    found = re.findall(rf'href="({pattern})"', browser.page.text)
    assert found, browser.page.text
    return str(found[0])


def code_of(browser: Browser) -> str:
    """Make a consent code on the page with the cards, and return it."""
    browser.get(CARDS)
    action = next(form.action for form in browser.markup.forms if form.action.endswith("/code"))
    browser.post(action, {})
    return re.findall(r'class="secret">([0-9A-Z]{4}-[0-9A-Z]{4})<', browser.page.text)[0]


def test_a_parent_renews_the_card_of_a_child_and_reports_it_lost(browse: Browse) -> None:
    nadia = browse("nadia-modele")
    nadia.get(SPACE)
    assert f'href="{CARDS}"' in nadia.page.text
    assert "requests/new" not in nadia.page.text
    nadia.get(CARDS)
    assert all(name in nadia.page.text for name in ("Nadia Modèle", "Lina Modèle", "Tom Modèle"))
    tags = re.findall(r"people/([0-9a-f]{32})/card/renewal", nadia.page.text)
    assert len(tags) == 3
    nadia.get(f"{CARDS}people/{tags[1]}/card/renewal")
    assert "Lina Modèle" in nadia.page.text
    nadia.submit()
    assert nadia.page.status_code == 200
    assert "Your new card is there" in nadia.page.text
    assert "insured with us on this day" in nadia.page.text
    assert "Decision S1" in nadia.page.text
    first = nadia.path
    nadia.get(f"{CARDS}people/{tags[1]}/card/loss")
    nadia.submit()
    assert nadia.path != first
    assert nadia.get(f"{nadia.path}/paper.pdf").content.startswith(b"%PDF")
    assert "A newer card has replaced this one" in nadia.get(first).text
    assert browse("jean-exemple").get(f"{CARDS}people/{tags[1]}/card/loss").status_code == 404
    assert browse("jean-exemple").get(first).status_code == 404


def test_an_unknown_cause_person_or_consent_is_not_there(browse: Browse) -> None:
    jean = browse("jean-exemple")
    jean.get(CARDS)
    tag = re.findall(r"people/([0-9a-f]{32})/card", jean.page.text)[0]
    for address in (f"people/{tag}/card/theft2", f"people/{tag}/card/first", "people/x/card/loss"):
        assert jean.get(f"{CARDS}{address}").status_code == 404
    assert jean.post(f"{CARDS}people/{tag}/card/theft2", {}).status_code == 404
    assert jean.post(f"{CARDS}consents/unknown/withdraw", {}).status_code == 404
    assert jean.get("/portal/fr-demo/health/").status_code == 404
    assert browse("claire-test").get(CARDS).status_code == 403


def test_j17_a_form_of_another_site_makes_no_code(browse: Browse) -> None:
    jean = browse("jean-exemple")
    jean.get(CARDS)
    action = next(form.action for form in jean.markup.forms if form.action.endswith("/code"))
    assert jean.post(action, {}, site="cross-site").status_code == 403


def test_a_hospital_gets_the_certificate_with_a_code_and_nothing_with_a_wrong_one(browse: Browse) -> None:
    code, clinic = code_of(browse("jean-exemple")), browse("clinique-test")
    clinic.get(SPACE)
    clinic.get(link(clinic, DOOR))
    clinic.submit(code="", birth_date="", first_day="")
    assert clinic.page.status_code == 422
    assert clinic.page.text.count('class="error"') == 3
    assert "<title>Error:" in clinic.page.text
    clinic.submit(code="0000-0000", birth_date=BORN, reason="loss")
    assert clinic.page.status_code == 403
    assert "no valid consent" in clinic.page.text
    assert f'value="{BORN}"' in clinic.page.text
    clinic.submit(code=code, birth_date=BORN, reason="loss")
    assert clinic.page.status_code == 200, clinic.page.text
    assert "22 November 2026" in clinic.page.text
    assert clinic.path.startswith(f"{DOOR}/")
    assert clinic.http.get(f"{clinic.path}/paper.pdf").content.startswith(b"%PDF")
    given = clinic.path
    assert f'href="{given}"' in clinic.get(SPACE).text
    clinic.get(given.replace("/health/replacement/", "/requests/"))
    assert clinic.page.status_code == 200
    assert "/contest" not in clinic.page.text
    assert "/attachments/" not in clinic.page.text
    jean = browse("jean-exemple")
    jean.get(CARDS)
    assert "Clinique Test Berlin" in jean.page.text
    assert "Got the certificate" in jean.page.text


def test_a_hospital_asks_and_the_person_says_yes(browse: Browse) -> None:
    clinic, jean = browse("clinique-test"), browse("jean-exemple")
    clinic.get(f"{DOOR}/request")
    clinic.submit(pin="", birth_date="2026-W47-7", first_day="x")
    assert (clinic.page.status_code, clinic.page.text.count('class="error"')) == (422, 3)
    clinic.submit(pin="TEST1 85041201", birth_date=BORN, reason="theft", first_day="2026-11-30")
    waiting = clinic.path
    assert "We wait" in clinic.page.text
    jean.get(CARDS)
    assert "Clinique Test Berlin asks" in jean.page.text
    action = next(form.action for form in jean.markup.forms if form.action.endswith("/approve"))
    assert browse("nadia-modele").post(action, {}).status_code == 404
    jean.post(action, {})
    assert jean.page.status_code == 200
    clinic.get(waiting)
    assert "30 November 2026" in clinic.page.text
    clinic.get(f"{DOOR}/request")
    clinic.submit(pin="TEST185041201", birth_date=BORN, reason="theft", first_day="")
    waiting = clinic.path
    jean.get(CARDS)
    declined = next(form.action for form in jean.markup.forms if form.action.endswith("/withdraw"))
    jean.post(declined, {})
    assert "has said no" in clinic.get(waiting).text


def test_the_person_gets_a_certificate_directly(browse: Browse) -> None:
    jean = browse("jean-exemple")
    jean.get(CARDS)
    jean.get(link(jean, f"{CARDS}people/[0-9a-f]+/replacement"))
    jean.submit(first_day="1999-01-01")
    assert (jean.page.status_code, jean.page.text.count('class="error"')) == (422, 1)
    jean.submit(reason="loss", first_day="")
    assert "The replacement certificate is there" in jean.page.text
    assert "hand-over" not in jean.page.text
    assert jean.get(f"{jean.path}/paper.pdf").content.startswith(b"%PDF")


def test_an_officer_sees_why_and_decides(ward_url: str, browse: Browse) -> None:
    karim = browse("karim-essai")
    karim.get(CARDS)
    karim.get(link(karim, f"{CARDS}people/[0-9a-f]+/card/first"))
    karim.submit()
    case = karim.path.rsplit("/", 1)[1]
    assert "does not say who insures" in karim.page.text
    assert "proof.pdf" not in karim.page.text
    with closing(Browser(ward_url, "helene-sante", staff=True)) as officer:
        assert "does not say who insures" in officer.get(f"{SPACE}office/").text
        officer.get(f"{SPACE}office/cases/{case}/decide")
        officer.submit(outcome="grant", reason="Seen the proof.", start="2026-11-22", end="2027-06-30")
        assert officer.page.status_code == 200
    assert "30 June 2027" in karim.get(karim.path).text


def test_j02_the_door_of_care_providers_is_not_there_for_others(browse: Browse) -> None:
    for person in ("jean-exemple", "helene-sante"):
        stranger = browse(person)
        for address in (DOOR, f"{DOOR}/request", f"{DOOR}/unknown"):
            assert stranger.get(address).status_code == 404
        assert stranger.post(DOOR, {"code": "x"}).status_code == 404


def test_every_page_has_one_main_one_heading_and_closed_elements(browse: Browse) -> None:
    jean, clinic = browse("jean-exemple"), browse("clinique-test")
    code_of(jean)
    pages = [(jean, CARDS), (clinic, DOOR), (clinic, f"{DOOR}/request")]
    for browser, address in pages:
        browser.get(address)
        assert (len(browser.markup.of("main")), len(browser.markup.of("h1"))) == (1, 1)
        labelled = {each["for"] for each in browser.markup.of("label")}
        fields = [each for each in browser.markup.of("input") if each.get("type") != "hidden"]
        assert all(each["id"] in labelled for each in fields)


def test_every_rule_reason_state_and_field_has_words() -> None:
    entries = texts("en", "portal").entries
    decision = judge_insured(
        health_facts(None, {"kind": "prc", "reason": "loss", "first_day": "2026-11-22", "consent": None}), TERMS
    )
    rules = [step["rule"] for step in decision["derivation"]]
    needed = {f"health.rule.{rule}.met" for rule in rules}
    needed |= {f"health.rule.{step['rule']}.{step['result']}" for step in decision["derivation"]}
    needed |= {f"page.health.cause.{each.value}" for each in CardCause}
    needed |= {f"page.health.need.{each}" for each in PRC_REASONS}
    needed |= {f"page.health.requested.{each}" for each in (ConsentState.ASKED.value, "declined", "over")}
    needed |= {f"page.health.outcome.{each}" for each in ("asked", "given", "pending", "refused")}
    assert needed - set(entries) == set()


def test_a_machine_needs_a_mandate_or_is_a_care_providers() -> None:
    with pytest.raises(ValueError, match="mandates"):
        MachineSettings(client_id="x", jwk={})
    assert MachineSettings(client_id="x", jwk={}, care_provider=True).mandates == ()


@pytest.fixture
def hospital(ward_url: str) -> Iterator[httpx.Client]:
    """The software of a hospital with its access token."""
    told = {
        "iss": "hospital",
        "sub": "hospital",
        "aud": f"{ward_url}/portal/token",
        "jti": system_random_bytes(8).hex(),
        "exp": NOW + 300,
    }
    assertion = jwt.encode({"alg": "ES256", "kid": "hospital"}, told, KEY, algorithms=["ES256"])
    with httpx.Client(base_url=ward_url, trust_env=False, timeout=30) as client:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        client.headers["authorization"] = (
            f"Bearer {client.post('/portal/token', data=form).json()['access_token']}"
        )
        yield client


def asked(code: str = "00000000", **changes: Any) -> dict[str, Any]:
    return {"code": code, "birth_date": BORN, "reason": "short_notice", **changes}


def test_software_gets_the_pdf_and_the_code_in_one_answer(hospital: httpx.Client, browse: Browse) -> None:
    body = asked(code_of(browse("jean-exemple")), first_day="2026-11-23")
    answer = hospital.post(API, json=body, headers={"idempotency-key": "a1"})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert base64.b64decode(told["pdf"]).startswith(b"%PDF")
    assert (told["state"], told["valid_from"], told["valid_to"]) == ("granted", "2026-11-23", "2027-02-20")
    assert re.fullmatch(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", told["code"])
    again = hospital.post(API, json=body, headers={"idempotency-key": "a1"}).json()
    assert again == told
    address = answer.headers["location"]
    assert hospital.get(address).json()["id"] == told["id"]
    assert hospital.get(f"{address}/paper.pdf").content.startswith(b"%PDF")
    other = hospital.post(API, json=asked("00000000"), headers={"idempotency-key": "a1"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_used")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"code": "00000000"}, 403, "consent_unusable"),
        ({"code": "short"}, 400, "consent_code_malformed"),
        ({"code": None}, 400, "member_invalid"),
        ({"birth_date": "20261122"}, 400, "member_invalid"),
        ({"birth_date": "yesterday"}, 400, "member_invalid"),
        ({"reason": "none"}, 400, "choice_unknown"),
        ({"first_day": "2020-01-01"}, 403, "treatment_day_unfit"),
        ({"pin": "TEST185041201"}, 400, "member_unknown"),
    ],
)
def test_software_is_told_what_is_wrong(
    hospital: httpx.Client, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = hospital.post(API, json=asked(**changes), headers={"idempotency-key": "b"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_j03_nobody_gets_in_without_the_token_of_a_care_provider(hospital: httpx.Client, browse: Browse) -> None:
    clinic = browse("clinique-test")
    assert clinic.http.post(API, json=asked("00000000")).status_code == 401  # a cookie counts for nothing here
    assert hospital.post(API, json=asked("00000000"), headers={"authorization": "Bearer x"}).status_code == 401
    missing = hospital.post(API, json=asked("00000000"))
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_invalid")
    assert hospital.get(f"{API}/unknown").status_code == 404
    assert hospital.post(API.replace("fr-health", "fr-demo"), json=asked("00000000")).status_code == 403
