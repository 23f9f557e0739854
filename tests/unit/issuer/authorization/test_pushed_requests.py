"""Pushed authorization requests: [S-30], [S-33], F09, F12; RFC 9126, OpenID4VCI 1.0 §5.1."""

import json
from typing import Any

import pytest

from portadoc.issuer.authorization.offers import OfferFlow
from tests.unit.issuer.wallets import BROWSER, CALLBACK, CLIENT_ID, FORM, AttestedWallet

REGISTERED = "https://public.example/callback"
DETAILS = '[{"type":"openid_credential","credential_configuration_id":"%s"}]'


def located(locations: object) -> str:
    detail = {"type": "openid_credential", "credential_configuration_id": "pda1", "locations": locations}
    return json.dumps([detail])


def begun(wallet: AttestedWallet, request_uri: str, client_id: str = CLIENT_ID) -> Any:
    return wallet.rig.issuer.authorizations.begin(
        "fr-demo", client_id=client_id, request_uri=request_uri, browser_secret=BROWSER
    )


def issuer_state(rig: Any, *configuration_ids: str) -> tuple[Any, str]:
    offer = rig.issuer.offer(
        "fr-demo", rig.record(), configuration_ids or ("pda1",), flow=OfferFlow.AUTHORIZATION_CODE
    )
    return offer, rig.offered(offer)["grants"]["authorization_code"]["issuer_state"]


def test_a_request_that_can_be_answered_is_kept_for_a_minute(wallet: AttestedWallet) -> None:
    response = wallet.push()
    content = response.json()
    assert (response.status, content["expires_in"]) == (201, 60)
    assert content["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert response.headers["cache-control"] == "no-store"
    kept = begun(wallet, content["request_uri"])
    assert (kept.client_id, kept.wallet_name, kept.state) == (CLIENT_ID, "Wallet (test)", "state-1")
    assert (kept.configuration_ids, kept.redirect_uri, kept.offer) == (("pda1",), CALLBACK, None)


def test_the_answer_carries_the_challenges_for_the_next_request(wallet: AttestedWallet) -> None:
    headers = wallet.push().headers
    again = wallet.push(
        {
            "OAuth-Client-Attestation": wallet.attestation(),
            "OAuth-Client-Attestation-PoP": wallet.pop(challenge=headers["oauth-client-attestation-challenge"]),
            "DPoP": wallet.dpop("/issuer/fr-demo/par", nonce=headers["dpop-nonce"]),
        }
    )
    assert again.status == 201


class TestClient:
    def test_s30_without_client_authentication_is_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        refused = haip.error_of(wallet.push({}))
        assert refused == (401, "invalid_client", "client_authentication_missing")

    def test_s30_another_client_id_than_the_attested_one_is_refused(
        self, haip: Any, wallet: AttestedWallet
    ) -> None:
        refused = haip.error_of(wallet.push(client_id="https://other.example"))
        assert refused == (401, "invalid_client", "client_attestation_invalid")

    def test_f08_secrets_are_no_authentication_here(self, haip: Any, wallet: AttestedWallet) -> None:
        refused = haip.error_of(wallet.push(client_secret="x"))
        assert refused == (401, "invalid_client", "client_authentication_unsupported")

    def test_a_dpop_proof_is_not_needed_yet(self, wallet: AttestedWallet) -> None:
        assert wallet.push(wallet.client_headers()).status == 201


class TestProofKey:
    @pytest.mark.parametrize(
        "change",
        [
            {"code_challenge": None},
            {"code_challenge_method": "plain"},
            {"code_challenge_method": None},
            {"code_challenge_method": "s256"},
            {"code_challenge": "short"},
            {"code_challenge": "v" * 42 + "="},
            {"code_challenge": "w" * 44},
        ],
        ids=str,
    )
    def test_f09_s30_only_s256_is_a_proof_key(
        self, haip: Any, wallet: AttestedWallet, change: dict[str, str]
    ) -> None:
        assert haip.error_of(wallet.push(**change)) == (400, "invalid_request", "pkce_malformed")


class TestRedirectUri:
    @pytest.mark.parametrize(
        "uri",
        [
            "https://user@wallet.example/callback",
            "https://user:password@wallet.example/callback",
            "https://wallet.example@evil.example/",
            "https:///callback",
            "https:callback",
            "https://[::1/callback",
            "https://wallet.example:99999/callback",
            "https://wallet.example:0/callback",
            "http://wallet.example/callback",
            "https://wallet.example/callback?code=mine",
            "https://wallet.example/callback?iss=https://evil.example",
            "https://wallet.example/callback?state",
            "https://wallet.example\\@evil.example/",
            "https://wället.example/callback",
            'https://wallet.example/"onload=',
        ],
    )
    def test_f12_an_address_that_is_read_in_two_ways_is_refused(
        self, haip: Any, wallet: AttestedWallet, uri: str
    ) -> None:
        refused = haip.error_of(wallet.push(redirect_uri=uri))
        assert refused == (400, "invalid_request", "redirect_uri_invalid")

    @pytest.mark.parametrize(
        "uri",
        [
            "https://wallet.example/callback#fragment",
            "javascript:alert(1)",
            "data:text/html,x",
            "//wallet.example/callback",
            "/callback",
            "https://wallet.example/ callback",
        ],
    )
    def test_f12_what_is_no_address_is_refused(self, haip: Any, wallet: AttestedWallet, uri: str) -> None:
        assert haip.error_of(wallet.push(redirect_uri=uri)) == (400, "invalid_request", "message_invalid")

    def test_f12_none_at_all_is_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        refused = haip.error_of(wallet.push(redirect_uri=None))
        assert refused == (400, "invalid_request", "redirect_uri_invalid")

    @pytest.mark.parametrize(
        "uri", ["eu.europa.ec.euidi://authorization", "com.example.wallet:/callback", "http://127.0.0.1:9/back"]
    )
    def test_an_attested_wallet_names_its_own_address(self, wallet: AttestedWallet, uri: str) -> None:
        assert begun(wallet, wallet.pushed(redirect_uri=uri)).redirect_uri == uri

    @pytest.mark.parametrize(
        "uri",
        [
            f"{REGISTERED}/",
            f"{REGISTERED}2",
            f"{REGISTERED}?x=1",
            "https://PUBLIC.example/callback",
            "https://public.example/Callback",
            "https://public.example/callback/../callback",
            "https://public.example:443/callback",
            "https://sub.public.example/callback",
            "http://127.0.0.1/callback",
        ],
    )
    def test_f12_s30_a_wallet_that_nobody_vouches_for_has_its_registered_address_to_the_letter(
        self, make_rig: Any, uri: str
    ) -> None:
        rig = make_rig(redirect_uris=(REGISTERED,))
        public = AttestedWallet(rig, client_id="public")
        assert public.push({}, redirect_uri=REGISTERED).status == 201
        refused = rig.error_of(public.push({}, redirect_uri=uri))
        assert refused == (400, "invalid_request", "redirect_uri_unregistered")


class TestWhatFor:
    def test_scopes_and_details_add_up(self, wallet: AttestedWallet) -> None:
        kept = begun(wallet, wallet.pushed(authorization_details=DETAILS % "pda1-webuild", scope="pda1"))
        assert kept.configuration_ids == ("pda1-webuild", "pda1")

    def test_s33_a_scope_that_nobody_knows_is_passed_over(self, wallet: AttestedWallet) -> None:
        kept = begun(wallet, wallet.pushed(scope="openid pda1 unheard-of"))
        assert kept.configuration_ids == ("pda1",)

    @pytest.mark.parametrize("scope", ["unheard-of", "ehic", None, "PDA1"])
    def test_s33_nothing_that_is_issued_here_is_an_invalid_scope(
        self, haip: Any, wallet: AttestedWallet, scope: str | None
    ) -> None:
        assert haip.error_of(wallet.push(scope=scope)) == (400, "invalid_scope", "scope_unknown")

    @pytest.mark.parametrize("details", ["[]", "{}", "no json", DETAILS % "ehic", DETAILS % "unheard-of"])
    def test_s20_details_of_what_is_not_issued_here_are_refused(
        self, haip: Any, wallet: AttestedWallet, details: str
    ) -> None:
        refused = haip.error_of(wallet.push(authorization_details=details))
        assert refused == (400, "invalid_authorization_details", "authorization_details_invalid")

    @pytest.mark.parametrize(
        "locations",
        [
            ["https://other.example"],
            ["http://127.0.0.1:8700/issuer/fr-health"],
            ["http://127.0.0.1:8700/issuer/fr-demo/"],
            ["http://127.0.0.1:8700/issuer/fr-demo", "https://other.example"],
            [],
            "http://127.0.0.1:8700/issuer/fr-demo",
        ],
        ids=str,
    )
    def test_details_for_another_place_are_refused(
        self, haip: Any, wallet: AttestedWallet, locations: object
    ) -> None:
        refused = haip.error_of(wallet.push(authorization_details=located(locations)))
        assert refused == (400, "invalid_authorization_details", "authorization_details_invalid")

    def test_details_for_this_issuer_are_taken_and_nothing_else_at_the_token_endpoint(
        self, haip: Any, wallet: AttestedWallet
    ) -> None:
        here, elsewhere = located([wallet.issuer_id]), located(["https://other.example"])
        code = wallet.code(authorization_details=here, scope=None)
        refused = haip.error_of(wallet.redeem(code, authorization_details=elsewhere))
        assert refused == (400, "invalid_authorization_details", "authorization_details_invalid")
        assert wallet.redeem(code, authorization_details=here).status == 200

    def test_s33_a_forged_issuer_state_is_passed_over(self, wallet: AttestedWallet) -> None:
        assert begun(wallet, wallet.pushed(issuer_state="x" * 43)).offer is None

    def test_a_genuine_issuer_state_brings_its_offer(self, haip: Any, wallet: AttestedWallet) -> None:
        offer, state = issuer_state(haip, "pda1")
        kept = begun(wallet, wallet.pushed(issuer_state=state, scope="pda1 pda1-webuild"))
        assert (kept.offer.offer_id, kept.configuration_ids) == (offer.offer_id, ("pda1",))

    def test_s33_what_the_offer_does_not_hold_is_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        _, state = issuer_state(haip, "pda1")
        by_scope = haip.error_of(wallet.push(issuer_state=state, scope="pda1-webuild"))
        assert by_scope == (400, "invalid_scope", "scope_unknown")
        by_details = haip.error_of(
            wallet.push(issuer_state=state, scope=None, authorization_details=DETAILS % "pda1-webuild")
        )
        assert by_details == (400, "invalid_authorization_details", "authorization_details_invalid")

    def test_s33_an_issuer_state_of_another_institution_is_nobodys(
        self, haip: Any, wallet: AttestedWallet
    ) -> None:
        _, state = issuer_state(haip, "pda1")
        at_health = AttestedWallet(haip, institution="fr-health")
        request_uri = at_health.pushed(issuer_state=state)
        kept = haip.issuer.authorizations.begin(
            "fr-health", client_id=CLIENT_ID, request_uri=request_uri, browser_secret=BROWSER
        )
        assert kept.offer is None


class TestOtherParameters:
    @pytest.mark.parametrize("response_type", ["token", "code id_token", "vp_token"])
    def test_only_codes_are_given(self, haip: Any, wallet: AttestedWallet, response_type: str) -> None:
        refused = haip.error_of(wallet.push(response_type=response_type))
        assert refused == (400, "unsupported_response_type", "response_type_unsupported")

    @pytest.mark.parametrize("response_mode", ["fragment", "form_post", "query.jwt", "direct_post"])
    def test_the_answer_comes_in_the_query_and_nowhere_else(
        self, haip: Any, wallet: AttestedWallet, response_mode: str
    ) -> None:
        refused = haip.error_of(wallet.push(response_mode=response_mode))
        assert refused == (400, "invalid_request", "message_invalid")
        assert wallet.push(response_mode="query").status == 201

    def test_another_resource_is_an_invalid_target(self, haip: Any, wallet: AttestedWallet) -> None:
        refused = haip.error_of(wallet.push(resource="https://other.example"))
        assert refused == (400, "invalid_target", "resource_unknown")
        assert wallet.push(resource=wallet.issuer_id).status == 201

    def test_a_state_that_fits_no_address_is_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        assert haip.error_of(wallet.push(state="s" * 2049)) == (400, "invalid_request", "state_too_long")

    def test_a_request_is_not_pushed_by_reference(self, haip: Any, wallet: AttestedWallet) -> None:
        refused = haip.error_of(wallet.push(request_uri=wallet.pushed()))
        assert refused == (400, "invalid_request", "message_invalid")

    @pytest.mark.parametrize("request_object", ["eyJhbGciOiJub25lIn0.e30.", "x"])
    def test_nor_inside_a_request_object_beside_which_other_parameters_stand(
        self, haip: Any, wallet: AttestedWallet, request_object: str
    ) -> None:
        refused = haip.error_of(wallet.push(request=request_object))
        assert refused == (400, "invalid_request", "message_invalid")

    @pytest.mark.parametrize("thumbprint", ["short", "x" * 44, "=" * 43])
    def test_a_dpop_jkt_that_is_no_thumbprint_is_refused(
        self, haip: Any, wallet: AttestedWallet, thumbprint: str
    ) -> None:
        refused = haip.error_of(wallet.push(wallet.client_headers(), dpop_jkt=thumbprint))
        assert refused == (400, "invalid_request", "dpop_jkt_malformed")

    def test_f14_a_proof_by_another_key_than_dpop_jkt_is_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        refused = haip.error_of(wallet.push(dpop_jkt=haip.new_key().kid))
        assert refused == (400, "invalid_dpop_proof", "dpop_key_differs")

    @pytest.mark.parametrize("body", [b"scope=a&scope=b", b"client_id=x;a=b", b"%zz=1"])
    def test_f07_a_form_with_two_readings_is_refused(self, haip: Any, body: bytes) -> None:
        refused = haip.error_of(haip.post("/issuer/fr-demo/par", body, FORM))
        assert refused == (400, "invalid_request", "form_invalid")

    def test_an_unknown_institution_is_not_found(self, haip: Any) -> None:
        assert (
            AttestedWallet(haip).rig.post("/issuer/nobody/par", b"client_id=x&response_type=code", FORM).status
            == 404
        )


def test_nothing_that_a_wallet_has_to_keep_secret_stands_in_the_database(
    haip: Any, wallet: AttestedWallet
) -> None:
    request_uri = wallet.pushed()
    code = wallet.code_for(request_uri)
    refresh = wallet.redeem(code).json()["refresh_token"]
    files = b"".join(path.read_bytes() for path in haip.database._path.parent.iterdir())
    secrets = [request_uri.rpartition(":")[2], code, refresh, BROWSER]
    assert [secret for secret in secrets if secret.encode() in files] == []
