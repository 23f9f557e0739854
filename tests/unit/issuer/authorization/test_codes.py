"""Authorization codes at the token endpoint: F01, F02, F09, F10, F12, [S-30]; RFC 6749 §4.1, RFC 9449 §10."""

from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.issuer.authorization.offers import OfferFlow
from portadoc.schemas.events import EventKind
from portadoc.storage.outbox import read_after
from tests.unit.issuer.wallets import CALLBACK, VERIFIER, AttestedWallet

UNUSABLE = (400, "invalid_grant", "code_unusable")
DETAILS = '[{"type":"openid_credential","credential_configuration_id":"pda1"}]'
DAY = 86_400
UNAUTHORISED = (401, "invalid_token", "access_token_invalid")


def test_a_code_gives_tokens_that_are_bound_to_a_key(wallet: AttestedWallet) -> None:
    content = wallet.tokens()
    assert (content["token_type"], content["expires_in"], content["scope"]) == ("DPoP", 300, "pda1")
    assert len(content["access_token"]) == len(content["refresh_token"]) == 43
    assert "authorization_details" not in content
    assert wallet.obtain(content["access_token"]).status == 200


def test_details_that_were_asked_for_are_answered_with_identifiers(wallet: AttestedWallet) -> None:
    content = wallet.tokens(authorization_details=DETAILS, scope=None)
    (detail,) = content["authorization_details"]
    assert "scope" not in content
    (identifier,) = detail["credential_identifiers"]
    asked = {"credential_configuration_id": None, "credential_identifier": identifier}
    assert wallet.obtain(content["access_token"], **asked).status == 200


def test_several_records_in_one_configuration_are_told_apart_by_identifiers(
    haip: Any, wallet: AttestedWallet
) -> None:
    code = wallet.code_for(wallet.pushed(), [(haip.record(), "pda1"), (haip.record(), "pda1")])
    content = wallet.redeem(code).json()
    (detail,) = content["authorization_details"]
    assert len(set(detail["credential_identifiers"])) == 2
    assert content["scope"] == "pda1"


class TestOnce:
    def test_f10_a_second_use_revokes_what_the_first_one_gave(self, haip: Any, wallet: AttestedWallet) -> None:
        code = wallet.code()
        content = wallet.redeem(code).json()
        newer = wallet.refresh(content["refresh_token"]).json()
        assert haip.error_of(wallet.redeem(code)) == UNUSABLE
        for each in (content, newer):
            assert haip.error_of(wallet.obtain(each["access_token"])) == UNAUTHORISED
            refused = haip.error_of(wallet.refresh(each["refresh_token"]))
            assert refused == (400, "invalid_grant", "refresh_token_unusable")
        assert EventKind.TOKENS_REVOKED in kinds(haip)

    def test_f10_a_second_use_revokes_however_late_it_comes(self, haip: Any, wallet: AttestedWallet) -> None:
        code = wallet.code()
        refresh = wallet.redeem(code).json()["refresh_token"]
        for _ in range(2):
            haip.clock.advance(14 * DAY)
            haip.issuer.forget_expired()
            refresh = wallet.refresh(refresh).json()["refresh_token"]
        assert haip.error_of(wallet.redeem(code)) == UNUSABLE
        assert haip.error_of(wallet.refresh(refresh)) == (400, "invalid_grant", "refresh_token_unusable")

    def test_f10_a_copy_of_the_code_in_other_hands_revokes_nothing(
        self, haip: Any, wallet: AttestedWallet
    ) -> None:
        code = wallet.code()
        token = wallet.redeem(code).json()["access_token"]
        thief = AttestedWallet(haip)
        assert haip.error_of(thief.redeem(code)) == UNUSABLE
        assert wallet.obtain(token).status == 200

    def test_f01_fifty_at_once_have_one_winner(self, haip: Any, wallet: AttestedWallet) -> None:
        code = wallet.code()
        heads = iter([wallet.headers("token") for _ in range(50)])
        answers = haip.at_once(50, lambda: wallet.redeem(code, next(heads)))
        assert sorted(each.status for each in answers) == [200] + [400] * 49
        assert {haip.error_of(each) for each in answers if each.status == 400} == {UNUSABLE}

    def test_f02_a_code_is_good_for_a_minute(self, haip: Any, wallet: AttestedWallet) -> None:
        early, late = wallet.code(), wallet.code()
        haip.clock.advance(59)
        assert wallet.redeem(early).status == 200
        haip.clock.advance(1)
        assert haip.error_of(wallet.redeem(late)) == UNUSABLE

    @pytest.mark.parametrize("code", ["unknown", "é" * 40, "x" * 20_000])
    def test_f02_an_unknown_code_is_refused(self, haip: Any, wallet: AttestedWallet, code: str) -> None:
        assert haip.error_of(wallet.redeem(code)) == UNUSABLE

    def test_f02_a_code_of_another_institution_is_unknown(self, haip: Any, wallet: AttestedWallet) -> None:
        code = wallet.code()
        assert haip.error_of(AttestedWallet(haip, institution="fr-health").redeem(code)) == UNUSABLE
        assert wallet.redeem(code).status == 200


class TestWhoAsked:
    """Whoever redeems a code is whoever asked for it; a try that fails does not use the code up."""

    def test_s30_another_client_is_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        code = wallet.code()
        assert haip.error_of(AttestedWallet(haip, client_id="https://other.example").redeem(code)) == UNUSABLE
        assert wallet.redeem(code).status == 200

    def test_s30_another_instance_of_the_wallet_is_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        code = wallet.code()
        other = AttestedWallet(haip)
        other.dpop_key = wallet.dpop_key
        assert haip.error_of(other.redeem(code)) == UNUSABLE

    @pytest.mark.parametrize(
        ("verifier", "refusal"),
        [
            (None, ("invalid_request", "pkce_malformed")),
            ("short", ("invalid_request", "pkce_malformed")),
            ("é" * 43, ("invalid_request", "pkce_malformed")),
            ("v" * 129, ("invalid_request", "pkce_malformed")),
            ("w" * 43, ("invalid_grant", "pkce_mismatch")),
            (VERIFIER + "v", ("invalid_grant", "pkce_mismatch")),
        ],
    )
    def test_f09_another_verifier_is_refused(
        self, haip: Any, wallet: AttestedWallet, verifier: str | None, refusal: tuple[str, str]
    ) -> None:
        code = wallet.code()
        assert haip.error_of(wallet.redeem(code, code_verifier=verifier)) == (400, *refusal)
        assert wallet.redeem(code).status == 200

    @pytest.mark.parametrize(
        "uri",
        [None, f"{CALLBACK}&x=1", f"{CALLBACK}/", CALLBACK.replace("wallet", "Wallet"), "https://evil.example/"],
    )
    def test_f12_s30_another_redirect_uri_is_refused(
        self, haip: Any, wallet: AttestedWallet, uri: str | None
    ) -> None:
        code = wallet.code()
        refused = haip.error_of(wallet.redeem(code, redirect_uri=uri))
        assert refused == (400, "invalid_grant", "redirect_uri_differs")
        assert wallet.redeem(code).status == 200

    @pytest.mark.parametrize("named", [True, False], ids=["dpop_jkt", "proof"])
    def test_f14_another_key_than_the_one_that_was_pushed_is_refused(
        self, haip: Any, wallet: AttestedWallet, named: bool
    ) -> None:
        if named:
            pushed = wallet.push(wallet.client_headers(), dpop_jkt=wallet.dpop_key.kid).json()["request_uri"]
        else:
            pushed = wallet.pushed()
        code = wallet.code_for(pushed)
        mine, wallet.dpop_key = wallet.dpop_key, haip.new_key()
        assert haip.error_of(wallet.redeem(code)) == (400, "invalid_grant", "dpop_key_differs")
        wallet.dpop_key = mine
        assert wallet.redeem(code).status == 200

    def test_a_code_that_no_key_was_named_for_is_bound_when_it_is_redeemed(self, wallet: AttestedWallet) -> None:
        code = wallet.code_for(wallet.push(wallet.client_headers()).json()["request_uri"])
        assert wallet.redeem(code).json()["token_type"] == "DPoP"

    def test_details_beyond_what_was_approved_are_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        wanted = DETAILS.replace("pda1", "pda1-webuild")
        refused = haip.error_of(wallet.redeem(wallet.code(), authorization_details=wanted))
        assert refused == (400, "invalid_authorization_details", "authorization_details_invalid")

    def test_a_token_request_without_a_code_is_malformed(self, haip: Any, wallet: AttestedWallet) -> None:
        refused = haip.error_of(wallet.send("token", {"grant_type": "authorization_code"}))
        assert refused == (400, "invalid_request", "message_invalid")


class TestOffer:
    def test_the_offer_is_redeemed_with_the_code(self, haip: Any, wallet: AttestedWallet) -> None:
        first, second = (self._code(haip, wallet, shared) for shared in [self._state(haip)] * 2)
        assert wallet.redeem(first).status == 200
        assert haip.error_of(wallet.redeem(second)) == UNUSABLE
        assert EventKind.OFFER_REDEEMED in kinds(haip)

    def test_the_offer_may_expire_while_a_person_identifies_themselves(
        self, haip: Any, wallet: AttestedWallet
    ) -> None:
        record_id, state = self._state(haip)
        haip.clock.advance(580)
        pushed = wallet.pushed(issuer_state=state)
        entitled = wallet.entitled(pushed, [(record_id, "pda1")])
        haip.clock.advance(60)
        location = haip.issuer.authorizations.approve(entitled)
        code = location.partition("code=")[2].partition("&")[0]
        assert wallet.redeem(code).status == 200

    @staticmethod
    def _state(haip: Any) -> tuple[str, str]:
        record_id = haip.record()
        offer = haip.issuer.offer("fr-demo", record_id, ["pda1"], flow=OfferFlow.AUTHORIZATION_CODE)
        return record_id, haip.offered(offer)["grants"]["authorization_code"]["issuer_state"]

    @staticmethod
    def _code(haip: Any, wallet: AttestedWallet, shared: tuple[str, str]) -> str:
        record_id, state = shared
        return wallet.code_for(wallet.pushed(issuer_state=state), [(record_id, "pda1")])


class TestProfiles:
    def test_haip_offers_carry_an_issuer_state_and_no_transaction_code(self, haip: Any) -> None:
        offer = haip.offer(tx_code=True)
        grants = haip.offered(offer)["grants"]
        assert (list(grants), list(grants["authorization_code"])) == (["authorization_code"], ["issuer_state"])
        assert offer.tx_code is None
        with pytest.raises(Refused, match="grant_type_unsupported"):
            haip.offer(flow=OfferFlow.PRE_AUTHORIZED_CODE)

    def test_haip_has_no_pre_authorised_code(self, haip: Any) -> None:
        refused = haip.error_of(haip.redeem("x"))
        assert refused == (400, "unsupported_grant_type", "grant_type_unsupported")

    def test_f08_an_anonymous_wallet_is_refused_where_a_client_is_required(self, make_rig: Any) -> None:
        rig = make_rig(profile="eudi-2026")
        code = rig.code_of(rig.offer())
        without_client = {"DPoP": AttestedWallet(rig).dpop("/issuer/fr-demo/token")}
        refused = rig.error_of(rig.redeem(code, headers=without_client))
        assert refused == (401, "invalid_client", "client_authentication_missing")
        granted = rig.redeem(code, headers=AttestedWallet(rig).headers("token"))
        assert (granted.status, granted.json()["token_type"]) == (200, "DPoP")

    def test_where_clients_may_be_public_a_registered_one_gets_a_bearer_token(self, make_rig: Any) -> None:
        rig = make_rig(redirect_uris=(CALLBACK,))
        public = AttestedWallet(rig, client_id="public")
        code = public.code_for(public.push({}).json()["request_uri"])
        assert rig.error_of(public.redeem(code, {}, client_id=None)) == UNUSABLE
        content = public.redeem(code, {}).json()
        assert (content["token_type"], "refresh_token" in content) == ("Bearer", False)
        headers = {"Authorization": f"Bearer {content['access_token']}"}
        assert public.obtain(content["access_token"], headers).status == 200


def kinds(rig: Any) -> set[EventKind]:
    with rig.database.read() as connection:
        return {each.event.kind for each in read_after(connection, institution=None, cursor=None)}
