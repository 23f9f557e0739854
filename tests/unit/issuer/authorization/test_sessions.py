"""Authorizations from the pushed request to the code: F11, F13, [S-30]; who else comes along gets nothing."""

from typing import Any

import pytest

from portadoc.errors import Conflict, Error, Refused
from portadoc.issuer.authorization.offers import OfferFlow
from portadoc.issuer.entitlements import entitlement
from portadoc.schemas.events import EventKind
from portadoc.storage import outbox
from tests.unit.issuer.wallets import BROWSER, CLIENT_ID, AttestedWallet, answer_of

KNOWN = {"family_name": "Test"}


@pytest.fixture
def sessions(haip: Any) -> Any:
    return haip.issuer.authorizations


def begin(wallet: AttestedWallet, request_uri: str, *, client_id: str = CLIENT_ID, browser: str = BROWSER) -> Any:
    return wallet.rig.issuer.authorizations.begin(
        wallet.institution, client_id=client_id, request_uri=request_uri, browser_secret=browser
    )


def code_of(act: Any) -> str:
    """Return the code of the refusal, or what it did in place of refusing."""
    try:
        return f"no refusal: {act()}"
    except Error as error:
        return error.code


class TestBegin:
    def test_f11_a_request_uri_is_brought_once(self, wallet: AttestedWallet) -> None:
        request_uri = wallet.pushed()
        assert begin(wallet, request_uri).stage == "begun"
        assert code_of(lambda: begin(wallet, request_uri)) == "authorization_request_unknown"

    def test_f11_fifty_browsers_at_once_have_one_winner(self, haip: Any, wallet: AttestedWallet) -> None:
        request_uri = wallet.pushed()
        browsers = iter([f"browser-{each}" for each in range(50)])
        came_of = haip.at_once(
            50, lambda: code_of(lambda: begin(wallet, request_uri, browser=next(browsers)).stage)
        )
        assert came_of.count("authorization_request_unknown") == 49

    def test_f11_an_expired_one_is_unknown_from_its_last_second_on(
        self, haip: Any, wallet: AttestedWallet
    ) -> None:
        early, late = wallet.pushed(), wallet.pushed()
        haip.clock.advance(59)
        assert begin(wallet, early).stage == "begun"
        haip.clock.advance(1)
        assert code_of(lambda: begin(wallet, late)) == "authorization_request_unknown"

    def test_f11_s30_another_client_cannot_use_it_nor_use_it_up(self, wallet: AttestedWallet) -> None:
        request_uri = wallet.pushed()
        refused = code_of(lambda: begin(wallet, request_uri, client_id="https://other.example"))
        assert refused == "authorization_request_unknown"
        assert begin(wallet, request_uri).stage == "begun"

    def test_f11_one_of_another_institution_is_unknown(self, haip: Any, wallet: AttestedWallet) -> None:
        elsewhere = AttestedWallet(haip, institution="fr-health")
        assert code_of(lambda: begin(elsewhere, wallet.pushed())) == "authorization_request_unknown"

    @pytest.mark.parametrize(
        "request_uri", ["", "urn:ietf:params:oauth:request_uri:", "https://evil.example/request"]
    )
    def test_f11_a_guess_is_unknown(self, wallet: AttestedWallet, request_uri: str) -> None:
        wallet.pushed()
        assert code_of(lambda: begin(wallet, request_uri)) == "authorization_request_unknown"

    def test_f11_the_secret_alone_is_no_request_uri(self, wallet: AttestedWallet) -> None:
        secret = wallet.pushed().rpartition(":")[2]
        assert code_of(lambda: begin(wallet, secret)) == "authorization_request_unknown"


class TestBrowser:
    def test_only_the_browser_that_began_finds_it_again(self, sessions: Any, wallet: AttestedWallet) -> None:
        begun = begin(wallet, wallet.pushed())
        again = sessions.of_browser("fr-demo", begun.authorization_id, browser_secret=BROWSER)
        assert again == begun
        for institution, named, secret in (
            ("fr-demo", begun.authorization_id, "another"),
            ("fr-demo", "another", BROWSER),
            ("fr-health", begun.authorization_id, BROWSER),
        ):
            with pytest.raises(Refused, match="not_found"):
                sessions.of_browser(institution, named, browser_secret=secret)

    def test_it_is_over_a_quarter_of_an_hour_later(self, haip: Any, sessions: Any, wallet: AttestedWallet) -> None:
        begun = begin(wallet, wallet.pushed())
        haip.clock.advance(900)
        assert code_of(lambda: sessions.identified(begun, KNOWN)) == "authorization_over"
        with pytest.raises(Refused, match="not_found"):
            sessions.of_browser("fr-demo", begun.authorization_id, browser_secret=BROWSER)


class TestStages:
    def test_nobody_is_entitled_before_they_are_identified(
        self, haip: Any, sessions: Any, wallet: AttestedWallet
    ) -> None:
        begun = begin(wallet, wallet.pushed())
        allowed = [entitlement(haip.record(), "pda1")]
        assert code_of(lambda: sessions.entitle(begun, allowed)) == "authorization_over"
        assert code_of(lambda: sessions.approve(begun)) == "authorization_over"
        known = sessions.identified(begun, KNOWN)
        assert (known.stage, known.identity) == ("identified", KNOWN)
        assert code_of(lambda: sessions.approve(known)) == "authorization_over"
        assert sessions.entitle(known, allowed).entitlements == tuple(allowed)

    def test_whoever_identifies_themselves_anew_has_nothing_of_the_one_before(
        self, haip: Any, sessions: Any, wallet: AttestedWallet
    ) -> None:
        entitled = wallet.entitled(wallet.pushed(), [(haip.record(), "pda1")])
        other = sessions.identified(entitled, {"family_name": "Other"})
        assert (other.entitlements, other.identity) == ((), {"family_name": "Other"})
        assert code_of(lambda: sessions.approve(entitled)) == "authorization_over"

    def test_nothing_is_given_that_was_not_asked_for(
        self, haip: Any, sessions: Any, wallet: AttestedWallet
    ) -> None:
        known = sessions.identified(begin(wallet, wallet.pushed()), KNOWN)
        for allowed in ([], [entitlement(haip.record(), "pda1-webuild")]):
            assert code_of(lambda allowed=allowed: sessions.entitle(known, allowed)) == "configuration_not_granted"

    def test_nothing_is_given_beside_the_offer(self, haip: Any, sessions: Any, wallet: AttestedWallet) -> None:
        known, mine = self._offered(haip, sessions, wallet)
        other = entitlement(haip.record(), "pda1")
        assert code_of(lambda: sessions.entitle(known, [mine, other])) == "configuration_not_granted"
        assert sessions.entitle(known, [mine]).entitlements == (mine,)

    def test_an_offer_that_is_cancelled_ends_what_it_began(
        self, haip: Any, sessions: Any, wallet: AttestedWallet
    ) -> None:
        known, mine = self._offered(haip, sessions, wallet)
        assert haip.issuer.offers.cancel("fr-demo", known.offer.offer_id)
        assert code_of(lambda: sessions.entitle(known, [mine])) == "authorization_over"

    @staticmethod
    def _offered(haip: Any, sessions: Any, wallet: AttestedWallet) -> tuple[Any, Any]:
        record_id = haip.record()
        offer = haip.issuer.offer("fr-demo", record_id, ["pda1"], flow=OfferFlow.AUTHORIZATION_CODE)
        state = haip.offered(offer)["grants"]["authorization_code"]["issuer_state"]
        known = sessions.identified(begin(wallet, wallet.pushed(issuer_state=state)), KNOWN)
        return known, entitlement(record_id, "pda1")


class TestAnswer:
    def test_f13_the_code_comes_with_state_and_issuer(
        self, haip: Any, sessions: Any, wallet: AttestedWallet
    ) -> None:
        location = sessions.approve(wallet.entitled(wallet.pushed(), [(haip.record(), "pda1")]))
        assert location.startswith("https://wallet.example/callback?app=1&")
        answer = answer_of(location)
        assert (answer["app"], answer["state"], answer["iss"]) == ("1", "state-1", wallet.issuer_id)
        assert set(answer) == {"app", "code", "state", "iss"}
        assert len(answer["code"]) == 43

    def test_an_address_without_a_query_gets_one(self, haip: Any, sessions: Any, wallet: AttestedWallet) -> None:
        pushed = wallet.pushed(redirect_uri="com.example.wallet:/back", state=None)
        location = sessions.approve(wallet.entitled(pushed, [(haip.record(), "pda1")]))
        assert location.startswith("com.example.wallet:/back?code=")
        assert "state" not in answer_of(location)

    def test_f13_a_refusal_comes_with_state_and_issuer(self, sessions: Any, wallet: AttestedWallet) -> None:
        begun = begin(wallet, wallet.pushed())
        answer = answer_of(sessions.refuse(begun, "access_denied"))
        assert answer == {"app": "1", "error": "access_denied", "state": "state-1", "iss": wallet.issuer_id}
        assert code_of(lambda: sessions.identified(begun, KNOWN)) == "authorization_over"

    def test_fifty_approvals_at_once_give_one_code(self, haip: Any, sessions: Any, wallet: AttestedWallet) -> None:
        entitled = wallet.entitled(wallet.pushed(), [(haip.record(), "pda1")])
        came_of = haip.at_once(50, lambda: code_of(lambda: sessions.approve(entitled)))
        assert came_of.count("authorization_over") == 49

    def test_with_the_code_nobody_knows_any_more_who_it_was(
        self, haip: Any, sessions: Any, wallet: AttestedWallet
    ) -> None:
        entitled = wallet.entitled(wallet.pushed(), [(haip.record(), "pda1")])
        sessions.approve(entitled)
        with pytest.raises(Refused, match="not_found"):
            sessions.of_browser("fr-demo", entitled.authorization_id, browser_secret=BROWSER)
        with haip.database.read() as connection:
            texts = connection.exec_driver_sql("select identity from issuer_authorizations").all()
            told = [each.event for each in outbox.read_after(connection, institution=None, cursor=None)]
        assert texts == [(None,)]
        assert EventKind.AUTHORIZATION_APPROVED in {event.kind for event in told}
        assert all("family_name" not in event.payload for event in told)


def test_of_who_went_away_nothing_is_kept(haip: Any, wallet: AttestedWallet) -> None:
    wallet.entitled(wallet.pushed(), [(haip.record(), "pda1")])
    haip.clock.advance(900)
    haip.issuer.forget_expired()
    with haip.database.read() as connection:
        assert connection.exec_driver_sql("select count(*) from issuer_authorizations").scalar() == 0


def test_conflicts_are_conflicts(sessions: Any, wallet: AttestedWallet) -> None:
    begun = begin(wallet, wallet.pushed())
    sessions.refuse(begun, "access_denied")
    with pytest.raises(Conflict, match="authorization_over"):
        sessions.refuse(begun, "access_denied")
