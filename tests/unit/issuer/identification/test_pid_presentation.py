"""A PID identifies the person in the browser that began, by the answer to this very request; nothing else does."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select

from portadoc.errors import Refused
from portadoc.formats import jwe, jws
from portadoc.formats.openid4vp.client_identifier import x509_hash_identifier
from portadoc.formats.sd_jwt import bind
from portadoc.issuer.identification.shown_pid import pid_query
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.settings import InstitutionSettings
from portadoc.issuer.store.tables import AUTHORIZATIONS, IDENTIFICATIONS
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.private_jwk import signer_from_private_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.wallet_sim.presentation import bind_answer
from portadoc.wallet_sim.wallet import Wallet
from tests.flows.identifying import (
    A1,
    BASE_URL,
    IDENTITY,
    INSTITUTIONS,
    TYPES,
    Browser,
    Town,
    other_pid,
    parameters,
)


@pytest.fixture
def browser(town: Town) -> Browser:
    """A browser that has begun an authorization, in a town where the worker has a PID and a certificate."""
    town.give_pid(town.wallet)
    town.certificate()
    opened = town.browser()
    opened.open(town.pushed())
    return opened


def attempts(town: Town) -> list[Any]:
    with town.database.read() as connection:
        return list(connection.execute(select(IDENTIFICATIONS).order_by(IDENTIFICATIONS.c.created_at)))


def request_of(link: str, town: Town) -> dict[str, Any]:
    uri = dict(parse_qsl(urlsplit(link).query))["request_uri"]
    return jws.unverified_claims(town.http.get(uri).text)


def identified(town: Town, browser: Browser) -> bool:
    return "You identified as" in browser.page()


def refused(wallet: Wallet, link: str) -> str:
    with pytest.raises(Refused) as told:
        wallet.present(link)
    return str(told.value.params.get("reason", told.value.code))


def test_the_request_is_signed_with_the_access_key_and_made_for_one_authorization(
    town: Town, browser: Browser
) -> None:
    first, second = request_of(town.link(browser), town), request_of(town.link(browser), town)
    chain = town.ring.signer(A1, KeyPurpose.REQUEST).chain
    assert first["client_id"] == x509_hash_identifier(chain[0]).full
    assert (first["response_mode"], first["response_type"]) == ("direct_post.jwt", "vp_token")
    assert first["dcql_query"] == pid_query(("urn:eudi:pid:1",))
    for fresh in ("nonce", "state", "response_uri"):
        assert first[fresh] != second[fresh]
        assert len(first[fresh]) >= 43
    keys = [each["client_metadata"]["jwks"]["keys"][0]["x"] for each in (first, second)]
    assert keys[0] != keys[1]


def test_a_wallet_that_posts_a_nonce_gets_it_back(town: Town, browser: Browser) -> None:
    uri = parameters(town.link(browser))["request_uri"]
    answer = town.http.post_form(uri, {"wallet_nonce": "n-1"})
    assert (answer.content_type, jws.unverified_claims(answer.text)["wallet_nonce"]) == (
        "application/oauth-authz-req+jwt",
        "n-1",
    )
    assert town.http.post_form(uri, {"wallet_nonce": "é"}).json()["code"] == "wallet_nonce_invalid"


def test_no_other_than_the_asked_claims_are_wanted(town: Town) -> None:
    asked = {tuple(each["path"]) for each in pid_query(("x",))["credentials"][0]["claims"]}
    assert asked == {
        ("family_name",),
        ("given_name",),
        ("birthdate",),
        ("date_of_expiry",),
        ("birth_family_name",),
        ("place_of_birth", "locality"),
        ("personal_administrative_number",),
    }


def test_presentation_during_issuance_a_slipped_request_identifies_nobody_742(
    town: Town, browser: Browser
) -> None:
    """The attacker begins, and leads the victim's wallet to the request: the victim's browser comes back."""
    attacker, victim = browser, town.browser()
    outcome = town.wallet.present(town.link(attacker))
    assert outcome.redirect_uri is not None
    assert victim.get(outcome.redirect_uri).status == 404
    assert not identified(town, attacker)
    # whoever learns the code afterwards finds nothing any more
    assert attacker.get(outcome.redirect_uri).status == 400
    assert not identified(town, attacker)
    assert [each.identity for each in attempts(town)] == [None]


def test_presentation_during_issuance_without_the_response_code_identifies_nobody_742(
    town: Town, browser: Browser
) -> None:
    town.wallet.present(town.link(browser))
    assert not identified(town, browser)
    assert browser.get(f"{browser.place}/return?response_code=guessed").status == 400
    assert browser.get(f"{browser.place}/return").status == 400
    assert not identified(town, browser)


def test_presentation_during_issuance_for_another_authorization_identifies_nobody_742(
    town: Town, browser: Browser
) -> None:
    """A code that belongs to one authorization is no code of another one, even in one browser."""
    outcome = town.wallet.present(town.link(browser))
    other = town.browser()
    other.open(town.pushed())
    code = parameters(outcome.redirect_uri or "")["response_code"]
    assert other.get(f"{other.place}/return?response_code={code}").status == 400
    assert not identified(town, other)


def test_offer_injection_identity_misbinding_806(town: Town) -> None:
    """The attacker's own offer in the victim's wallet: the victim is not its holder, and nothing is given."""
    attackers = town.certificate()
    town.give_pid(town.wallet, "pid-insured-traveller")
    victim = town.browser()
    victim.open(town.pushed(issuer_state=town.offer_state(attackers)))
    town.identify(victim)
    assert "Nothing can be given" in victim.page()
    assert victim.approve().status == 409


def test_offer_injection_the_victims_offer_in_the_attackers_wallet_806(town: Town) -> None:
    victims = town.certificate()
    town.give_pid(town.wallet, "pid-insured-traveller")
    attacker = town.browser()
    attacker.open(town.pushed(issuer_state=town.offer_state(victims)))
    town.identify(attacker)
    page = attacker.page()
    assert "Nothing can be given" in page
    assert "Maréchal" not in page


def test_deferred_key_substitution_nothing_changes_who_is_entitled_after_the_yes_740(
    town: Town, browser: Browser
) -> None:
    """Once approved, no later presentation changes for whom, or for what, the code is good."""
    link = town.link(browser)
    town.identify(browser)
    late = town.make_wallet()
    town.give_pid(late, other_pid(given_name="Aurore"))
    assert "code=" in browser.approve().headers["location"]
    assert refused(late, link) in ("request_closed", "request_answered")
    assert browser.post(f"{browser.place}/pid").status == 404
    with town.database.read() as connection:
        row = connection.execute(select(AUTHORIZATIONS)).one()
    assert row.identity is None
    assert len(json.loads(row.entitlements)) == 1


def test_the_response_code_is_good_once(town: Town, browser: Browser) -> None:
    outcome = town.wallet.present(town.link(browser))
    assert outcome.redirect_uri is not None
    assert browser.get(outcome.redirect_uri).status == 303
    assert browser.get(outcome.redirect_uri).status == 400


def test_a_request_takes_one_answer_and_only_the_last_one_made_takes_any(town: Town, browser: Browser) -> None:
    first = town.link(browser)
    second = town.link(browser)
    assert refused(town.wallet, first) == "request_closed"
    town.wallet.present(second)
    assert refused(town.wallet, second) == "request_closed"


def test_a_request_is_over_after_five_minutes_and_so_is_the_way_back(town: Town, browser: Browser) -> None:
    late, kept = town.link(browser), town.clock.now()
    town.clock.advance(301)
    assert refused(town.wallet, late) == "request_closed"
    assert kept < town.clock.now()
    outcome = town.wallet.present(town.link(browser))
    town.clock.advance(301)
    assert browser.get(outcome.redirect_uri or "").status == 400


def test_a_wallet_that_declines_leads_back_to_the_choice(town: Town, browser: Browser) -> None:
    link = town.link(browser)
    posted = town.http.post_form(
        request_of(link, town)["response_uri"],
        {"error": "access_denied", "state": request_of(link, town)["state"]},
    )
    back = browser.get(posted.json()["redirect_uri"])
    assert back.headers["location"] == f"{browser.place}?shown=nothing"
    assert "The wallet has shown nothing" in browser.get(back.headers["location"]).text
    assert not identified(town, browser)


Change = Callable[[dict[str, Any]], None]


def sent(town: Town, link: str, payload: dict[str, Any], **headers: Any) -> tuple[int, str]:
    """Encrypt an answer for a request and post it; return status and code."""
    asked = request_of(link, town)
    key = {**asked["client_metadata"]["jwks"]["keys"][0], **headers}
    text = jwe.encrypt(json.dumps(payload).encode(), key, enc="A128GCM", apu=None, apv=None)
    answer = town.http.post_form(asked["response_uri"], {"response": text})
    return answer.status, str(answer.json().get("error_description"))


def presented(town: Town, link: str) -> list[str]:
    """Return the presentations that the wallet makes for a request, unsent."""
    return list(bind_answer(town.wallet.preview(link), means=town.wallet.means)["pid"])


def test_an_answer_without_the_state_leaves_the_request_open(town: Town, browser: Browser) -> None:
    link = town.link(browser)
    assert sent(town, link, {"vp_token": {"pid": presented(town, link)}}) == (400, "state_mismatch")
    assert sent(town, link, {"vp_token": {"pid": ["x"]}, "state": "s"}) == (400, "state_mismatch")
    assert town.wallet.present(link).redirect_uri is not None


def test_an_answer_in_clear_is_refused(town: Town, browser: Browser) -> None:
    link = town.link(browser)
    asked = request_of(link, town)
    form = {"vp_token": json.dumps({"pid": presented(town, link)}), "state": asked["state"]}
    answer = town.http.post_form(asked["response_uri"], form)
    assert (answer.status, answer.json()["error_description"]) == (400, "response_not_encrypted")


def test_a_presentation_for_another_request_is_refused(town: Town, browser: Browser) -> None:
    """The nonce is another one: what was shown once cannot be shown again."""
    before = presented(town, town.link(browser))
    link = town.link(browser)
    state = request_of(link, town)["state"]
    assert sent(town, link, {"vp_token": {"pid": before}, "state": state}) == (400, "pid_not_accepted")
    assert refused(town.wallet, link) == "request_closed"


def test_a_presentation_without_key_binding_is_refused(town: Town, browser: Browser) -> None:
    link = town.link(browser)
    state = request_of(link, town)["state"]
    unbound = presented(town, link)[0].rpartition("~")[0] + "~"
    assert sent(town, link, {"vp_token": {"pid": [unbound]}, "state": state}) == (400, "pid_not_accepted")


@pytest.mark.parametrize("count", [2, 0])
def test_exactly_one_presentation_of_the_one_query_is_taken(town: Town, browser: Browser, count: int) -> None:
    link = town.link(browser)
    state, texts = request_of(link, town)["state"], presented(town, link)
    token = {"pid": texts * 2} if count else {"other": texts}
    assert sent(town, link, {"vp_token": token, "state": state}) == (400, "query_unsatisfied")


def test_another_credential_than_a_pid_is_refused(town: Town, browser: Browser) -> None:
    record_id = town.certificate("insured-traveller", "fr-health")
    town.wallet.accept(town.issuer.offer("fr-health", record_id, ["ehic"]).offer_uri)
    link = town.link(browser)
    asked = request_of(link, town)
    held = next(each for each in town.wallet.credentials() if each.configuration_id == "ehic")
    text = bind(
        held.sd_jwt,
        audience=asked["client_id"],
        nonce=asked["nonce"],
        now=town.clock.now(),
        signer=signer_from_private_jwk(held.holder_key),
        transaction_data=(),
    )
    answered = sent(town, link, {"vp_token": {"pid": [text]}, "state": asked["state"]})
    assert answered == (400, "pid_not_accepted")


def test_a_pid_that_was_withdrawn_is_refused(make_town: Callable[..., Town]) -> None:
    town = make_town()
    record_id = town.give_pid(town.wallet)
    town.issuer.withdraw(
        IDENTITY, record_id, reason=WithdrawalReason.ISSUED_IN_ERROR, effective_from=date(2026, 11, 1)
    )
    town.issuer.publish_status_lists()
    browser = town.browser()
    browser.open(town.pushed())
    assert refused(town.wallet, town.link(browser)) == "pid_not_accepted"


def test_a_pid_whose_status_cannot_be_known_is_refused(town: Town, browser: Browser) -> None:
    town.web.lists_away = True
    assert refused(town.wallet, town.link(browser)) == "pid_not_accepted"
    assert not identified(town, browser)


def test_a_pid_that_is_over_is_refused(make_town: Callable[..., Town]) -> None:
    town = make_town()
    town.give_pid(town.wallet, other_pid(date_of_expiry=date(2026, 11, 22)))
    browser = town.browser()
    town.clock.advance(86_400)
    town.issuer.publish_status_lists()
    browser.open(town.pushed())
    assert refused(town.wallet, town.link(browser)) == "pid_not_accepted"


def test_requests_are_those_of_their_institution(town: Town, browser: Browser) -> None:
    uri = parameters(town.link(browser))["request_uri"]
    for wrong in (uri.replace(A1, IDENTITY), uri.replace(A1, "nobody"), uri + "0"):
        assert town.http.get(wrong).status == 404
    assert town.http.get(uri).status == 200


def test_what_was_shown_is_kept_no_longer_than_it_takes(town: Town, browser: Browser) -> None:
    outcome = town.wallet.present(town.link(browser))
    (row,) = attempts(town)
    assert (row.secret, "Maréchal" in row.identity) == (None, True)
    browser.get(outcome.redirect_uri or "")
    (row,) = attempts(town)
    assert (row.identity, row.phase) == (None, "over")
    town.clock.advance(2 * 86_400)
    town.issuer.forget_expired()
    assert attempts(town) == []


def test_whom_nobody_came_back_for_is_forgotten_when_the_try_is_over(town: Town, browser: Browser) -> None:
    """The wallet has shown a PID, and its person never came back."""
    town.wallet.present(town.link(browser))
    town.clock.advance(299)
    town.issuer.forget_expired()
    (row,) = attempts(town)
    assert row.identity is not None
    town.clock.advance(1)
    town.issuer.forget_expired()
    (row,) = attempts(town)
    assert (row.identity, row.secret, row.phase) == (None, None, "answered")


def test_answers_travel_to_the_address_of_the_institution(town: Town, browser: Browser) -> None:
    asked = request_of(town.link(browser), town)
    assert asked["response_uri"].startswith(f"{BASE_URL}/issuer/{A1}/identification/responses/")


def test_b11_a_pid_of_an_institution_that_may_sign_certificates_only_is_refused(
    make_town: Callable[..., Town],
) -> None:
    """It is signed soundly, bound to the key of whoever shows it, and in force."""
    both = tuple(
        InstitutionSettings(
            slug=slug, institution_id=id_, names={"en": slug}, configuration_ids=("pid", *TYPES[slug])
        )
        for slug, id_ in INSTITUTIONS.items()
        if slug != IDENTITY
    )
    town = make_town(institutions=both)
    record_id = town.issuer.upload(A1, other_pid())
    offer = town.issuer.offer(A1, record_id, ["pid"])
    grants = json.loads(parameters(offer.offer_uri)["credential_offer"])["grants"]
    ((grant_type, grant),) = grants.items()
    form = {"grant_type": grant_type, "pre-authorized_code": grant["pre-authorized_code"]}
    token = town.http.post_form(f"/issuer/{A1}/token", form).json()["access_token"]
    key = LocalSigner(new_private_key("ES256", system_random_bytes))
    made = town.obtain(token, {"credential_configuration_id": "pid"}, key=key, client_id=None).json()
    town.issuer.publish_status_lists()
    browser = town.browser()
    browser.open(town.pushed())
    link = town.link(browser)
    asked = request_of(link, town)
    text = bind(
        made["credentials"][0]["credential"],
        audience=asked["client_id"],
        nonce=asked["nonce"],
        now=town.clock.now(),
        signer=key,
        transaction_data=(),
    )
    answered = sent(town, link, {"vp_token": {"pid": [text]}, "state": asked["state"]})
    assert answered == (400, "pid_not_accepted")
