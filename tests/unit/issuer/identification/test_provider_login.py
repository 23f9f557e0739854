"""Identifying at a provider of the FranceConnect kind: for this browser, this authorization, strongly enough."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from portadoc.errors import Untrusted
from portadoc.issuer.identification.identity import Assurance, IdentityNumber, Numbering
from portadoc.issuer.identification.provider_login import identity_of
from portadoc.issuer.identification.settings import IdentityProviderSettings
from portadoc.openid_connect.providers import Identified
from portadoc.wallet_sim.transport import TransportResponse
from tests.flows.identifying import A1, BASE_URL, FRANCE_CONNECT, NOW, PROVIDER, Browser, Town, parameters

WORKER = {
    "given_name": "Éléonore Inès",
    "family_name": "Testelin",
    "preferred_username": "Maréchal-Testelin",
    "birthdate": "1991-04-17",
    "nir": "291049951201438",
    "acr": "eidas2",
}


@pytest.fixture
def browser(town: Town) -> Browser:
    town.certificate()
    opened = town.browser()
    opened.open(town.pushed())
    return opened


def go(town: Town, browser: Browser) -> dict[str, str]:
    """Press the provider's button and return what the provider is asked."""
    sent = browser.get(f"{browser.place}/provider/france-connect")
    assert sent.status == 303, sent.text
    assert sent.headers["location"].startswith(f"{PROVIDER}/authorize?")
    asked = parameters(sent.headers["location"])
    town.web.nonce = asked["nonce"]
    return asked


def come_back(browser: Browser, **answer: str) -> TransportResponse:
    told = {"code": "c-1", "iss": PROVIDER, **answer}
    query = "&".join(f"{name}={value}" for name, value in told.items() if value)
    return browser.get(f"/issuer/{A1}/authorize/callback?{query}")


def test_whoever_signs_in_gets_their_certificate(town: Town, browser: Browser) -> None:
    town.web.claims = WORKER
    asked = go(town, browser)
    assert (asked["code_challenge_method"], asked["acr_values"], asked["prompt"]) == ("S256", "eidas2", "login")
    assert asked["redirect_uri"] == f"{BASE_URL}/issuer/{A1}/authorize/callback"
    back = come_back(browser, state=asked["state"])
    assert (back.status, back.headers["location"]) == (303, browser.place)
    page = browser.page()
    assert "number, names and date of birth agree" in page
    assert "FranceConnect (test)" in page
    assert len(town.web.forms[0]["code_verifier"]) >= 43
    assert "code=" in browser.approve().headers["location"]


def test_an_answer_counts_in_the_browser_that_began_only(town: Town, browser: Browser) -> None:
    town.web.claims = WORKER
    asked = go(town, browser)
    victim = town.browser()
    victim.open(town.pushed())
    assert come_back(victim, state=asked["state"]).status == 404
    assert "You identified as" not in victim.page()
    assert come_back(browser, state=asked["state"]).status == 401
    assert "You identified as" not in browser.page()


def test_an_answer_counts_once(town: Town, browser: Browser) -> None:
    town.web.claims = WORKER
    state = go(town, browser)["state"]
    assert come_back(browser, state=state).status == 303
    assert come_back(browser, state=state).status == 401


@pytest.mark.parametrize(
    ("answer", "claims"),
    [
        ({"state": "guessed"}, {}),
        ({"iss": "https://other.example"}, {}),
        ({"iss": ""}, {}),
        ({"code": "", "error": "access_denied"}, {}),
        ({}, {"nonce": "another"}),
        ({}, {"acr": "eidas1"}),
        ({}, {"acr": None}),
        ({}, {"birthdate": "1991"}),
        ({}, {"birthdate": None}),
        ({}, {"given_name": ""}),
        ({}, {"aud": "somebody-else"}),
        ({}, {"iss": "https://other.example"}),
        ({}, {"auth_time": NOW - 61}),
        ({}, {"auth_time": "now"}),
    ],
    ids=str,
)
def test_j19_what_is_not_for_this_sign_in_identifies_nobody(
    town: Town, browser: Browser, answer: dict[str, str], claims: dict[str, Any]
) -> None:
    town.web.claims = {**WORKER, **claims}
    state = go(town, browser)["state"]
    assert come_back(browser, **{"state": state, **answer}).status == 401
    assert "You identified as" not in browser.page()


def test_a_sign_in_that_took_too_long_is_over(town: Town, browser: Browser) -> None:
    town.web.claims = WORKER
    state = go(town, browser)["state"]
    town.clock.advance(601)
    assert come_back(browser, state=state).status == 401


def test_an_unknown_provider_is_none(town: Town, browser: Browser) -> None:
    assert browser.get(f"{browser.place}/provider/nobody").status == 404


def test_what_france_connect_calls_a_family_name_is_the_name_at_birth() -> None:
    found = identity_of(Identified("one", WORKER), FRANCE_CONNECT)
    assert (found.family_name, found.birth_family_name) == ("Maréchal-Testelin", "Testelin")
    assert found.numbers == (IdentityNumber("291049951201438", Numbering.SOCIAL_SECURITY),)
    assert found.assurance is Assurance.SUBSTANTIAL
    unmarried = {name: value for name, value in WORKER.items() if name != "preferred_username"}
    assert identity_of(Identified("one", unmarried), FRANCE_CONNECT).family_name == "Testelin"


@pytest.mark.parametrize("value", [["Éléonore"], {"a": 1}, 7, "x" * 201, "   "])
def test_a_name_that_is_no_short_text_is_none(value: object) -> None:
    with pytest.raises(Untrusted) as refused:
        identity_of(Identified("one", {**WORKER, "given_name": value}), FRANCE_CONNECT)
    assert refused.value.params["reason"] == "claims"


@pytest.mark.parametrize(
    "changes",
    [{"acr": {}}, {"scopes": ("profile",)}, {"algorithms": ("none",)}, {"algorithms": ()}, {"id": "A/B"}],
)
def test_careless_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IdentityProviderSettings(**{**FRANCE_CONNECT.model_dump(), **changes})


def test_a_provider_that_tells_of_people_at_userinfo_only(make_town: Callable[..., Town]) -> None:
    town = make_town(identity_providers=(FRANCE_CONNECT.model_copy(update={"userinfo": True}),))
    town.certificate()
    browser = town.browser()
    browser.open(town.pushed())
    town.web.claims = {"acr": "eidas2"}
    town.web.person = {name: value for name, value in WORKER.items() if name != "acr"}
    assert come_back(browser, state=go(town, browser)["state"]).status == 303
    assert "number, names and date of birth agree" in browser.page()


def test_how_somebody_signed_in_is_told_by_the_id_token_alone(make_town: Callable[..., Town]) -> None:
    town = make_town(identity_providers=(FRANCE_CONNECT.model_copy(update={"userinfo": True}),))
    browser = town.browser()
    browser.open(town.pushed())
    town.web.claims = {name: value for name, value in WORKER.items() if name != "acr"}
    town.web.person = {"acr": "eidas2"}
    assert come_back(browser, state=go(town, browser)["state"]).status == 401
