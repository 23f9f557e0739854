"""From a wallet's request to its credential: the person shows a PID in between, and approves."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from portadoc.errors import Refused
from portadoc.formats import jws, sd_jwt
from portadoc.keys.jwk import thumbprint
from portadoc.schemas.examples import example
from portadoc.wallet_sim.transport import TransportResponse
from tests.flows.identifying import (
    A1,
    BASE_URL,
    IDENTITY,
    PROVIDER,
    Town,
    identifying_keys,
    identifying_town,
    other_pid,
    parameters,
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with identifying_town(identifying_keys(tmp_path)) as opened:
        yield opened


def claims_of(answer: TransportResponse) -> dict[str, object]:
    assert answer.status == 200, answer.body
    parts = sd_jwt.parse(answer.json()["credentials"][0]["credential"])
    return sd_jwt.process(jws.unverified_claims(parts.jws_text), parts.disclosures).claims


def test_a_person_who_shows_a_pid_gets_the_certificate_into_the_wallet_that_asked(town: Town) -> None:
    town.give_pid(town.wallet)
    town.certificate()
    browser = town.browser()
    browser.open(town.pushed())
    assert "Identify yourself" in browser.page()
    back = town.identify(browser)
    assert (back.status, back.headers["location"]) == (303, browser.place)
    page = browser.page()
    for said in (
        "What the wallet will get",
        "A1 certificate, A1-FR-2026-0004271",
        "names, date of birth and town of birth agree",
        "Éléonore Inès Maréchal-Testelin",
        "17 April 1991",
        "the two are numbers of different registers",
        "test-wallet",
    ):
        assert said in page
    approved = browser.approve()
    location = approved.headers["location"]
    told = parameters(location)
    assert location.startswith("test-wallet://back?")
    assert (told["state"], told["iss"]) == ("wallets-own", f"{BASE_URL}/issuer/{A1}")
    token = town.token(told["code"])
    assert token.status == 200, token.body
    answer = town.obtain(token.json()["access_token"], {"credential_configuration_id": "pda1"})
    assert claims_of(answer)["document_number"] == "A1-FR-2026-0004271"
    assert town.token(told["code"]).json()["error"] == "invalid_grant"


def test_the_key_of_a_pid_is_not_the_key_of_the_credential(town: Town) -> None:
    town.give_pid(town.wallet)
    town.certificate()
    browser = town.browser()
    browser.open(town.pushed())
    town.identify(browser)
    cookie = browser.secret()
    authorization_id = browser.place.rpartition("/")[2]
    standing = town.identification.standing(A1, authorization_id, browser_secret=cookie)
    code = parameters(browser.approve().headers["location"])["code"]
    token = town.token(code).json()["access_token"]
    bound = claims_of(town.obtain(token, {"credential_configuration_id": "pda1"}))["cnf"]
    assert standing.identity is not None
    assert isinstance(bound, dict)
    assert standing.identity.shown_key not in (None, thumbprint(bound["jwk"]))


def test_an_offer_gives_its_holder_the_certificate_and_nobody_else_anything(town: Town) -> None:
    record_id = town.certificate()
    twin = town.make_wallet()
    town.give_pid(town.wallet)
    town.give_pid(twin, other_pid(given_name="Aurore Inès"))
    state = town.offer_state(record_id)
    browser = town.browser()
    browser.open(town.pushed(issuer_state=state))
    town.identify(browser, twin)
    page = browser.page()
    assert "The offer could not be matched to you beyond doubt" in page
    for kept_back in ("Éléonore", "A1-FR-2026", "names_differ", "2 91 04"):
        assert kept_back not in page
    assert browser.approve().status == 409
    town.identify(browser)
    assert "It was offered to you" in browser.page()
    assert "code=" in browser.approve().headers["location"]


def test_whoever_refuses_goes_back_to_the_wallet_without_a_code(town: Town) -> None:
    browser = town.browser()
    browser.open(town.pushed())
    told = parameters(browser.post(f"{browser.place}/refuse").headers["location"])
    assert told == {"error": "access_denied", "state": "wallets-own", "iss": f"{BASE_URL}/issuer/{A1}"}
    assert browser.get(browser.place).status == 404


WORKER: Final = {
    "given_name": "Éléonore Inès",
    "family_name": "Testelin",
    "preferred_username": "Maréchal-Testelin",
    "birthdate": "1991-04-17",
    "town": "Clermont-Ferrand",
    "acr": "eidas2",
}


def at_the_provider(town: Town) -> Callable[[str], str]:
    """Return a browser whose holder signs in at the provider, and approves."""

    def browse(address: str) -> str:
        browser = town.browser()
        browser.open(address)
        asked = parameters(browser.get(f"{browser.place}/provider/france-connect").headers["location"])
        town.web.claims, town.web.nonce = WORKER, asked["nonce"]
        answer = urlencode({"code": "c-1", "iss": PROVIDER, "state": asked["state"]})
        browser.get(f"{asked['redirect_uri']}?{answer}")
        return browser.approve().headers["location"]

    return browse


@pytest.mark.parametrize("profile_id", ["haip-1.0", "eudi-2026"])
def test_a_wallet_that_is_vouched_for_collects_a_pid_and_then_a_certificate_by_it(
    tmp_path: Path, profile_id: str
) -> None:
    """Both by the code flow: the first after a sign-in at a provider, the second by what the first has brought."""
    with identifying_town(identifying_keys(tmp_path), profile=profile_id) as town:
        town.issuer.upload(IDENTITY, example("pid-posted-worker", date(2026, 11, 22)))
        town.certificate()
        (pid,) = town.wallet.ask(f"{BASE_URL}/issuer/{IDENTITY}", ["pid"], browser=at_the_provider(town))
        held = town.wallet.ask(f"{BASE_URL}/issuer/{A1}", ["pda1"], browser=town.wallet.sign_in, copies=2)
        assert (pid.vct, [each.vct for each in held]) == ("urn:eudi:pid:1", ["urn:eudi:pda1:1"] * 2)
        assert len({each.holder_key["x"] for each in (pid, *held)}) == 3
        assert {row.issued_at for row in town.issuer.credentials(A1)} == {town.clock.now()}


@pytest.mark.parametrize("profile_id", ["haip-1.0", "eudi-2026"])
def test_under_no_profile_does_anybody_get_what_a_look_alike_holds(tmp_path: Path, profile_id: str) -> None:
    with identifying_town(identifying_keys(tmp_path), profile=profile_id) as town:
        town.issuer.upload(IDENTITY, example("pid-posted-worker", date(2026, 11, 22)))
        record: Any = example("posted-worker-fr-de", date(2026, 11, 22))
        town.issuer.upload(A1, replace(record, person=replace(record.person, forenames="Aurore Inès")))
        town.wallet.ask(f"{BASE_URL}/issuer/{IDENTITY}", ["pid"], browser=at_the_provider(town))
        with pytest.raises(Refused, match="sign_in_stopped"):
            town.wallet.ask(f"{BASE_URL}/issuer/{A1}", ["pda1"], browser=town.wallet.sign_in)
        assert town.issuer.credentials(A1) == ()
