"""Sender constraint: F14 at the token endpoint, [S-21] at the credential endpoint; RFC 9449."""

from collections.abc import Callable
from typing import Any

import pytest

from portadoc.formats.oauth.dpop import token_hash
from tests.unit.issuer.wallets import AttestedWallet

TOKEN, CREDENTIAL = "/issuer/fr-demo/token", "/issuer/fr-demo/credential"
WRONG: dict[str, dict[str, Any]] = {
    "htm": {"htm": "GET"},
    "htm lower case": {"htm": "post"},
    "htu of another endpoint": {"htu": "http://127.0.0.1:8700/issuer/fr-demo/par"},
    "htu of another host": {"htu": "http://127.0.0.2:8700/issuer/fr-demo/token"},
    "htu of another institution": {"htu": "http://127.0.0.1:8700/issuer/fr-health/token"},
    "iat of long ago": {"iat": -361},
    "iat to come": {"iat": 61},
    "no jti": {"jti": None},
    "no iat": {"iat": None},
    "ath without a token": {"ath": token_hash("x")},
}
BAD_HEADERS: dict[str, dict[str, Any]] = {
    "typ": {"typ": "JWT"},
    "no jwk": {"jwk": None},
    "private key": {"jwk": {"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "d"}},
}


def dpop(wallet: AttestedWallet, path: str, changes: dict[str, Any], **more: Any) -> str:
    """Return a proof; a change of ``iat`` is a number of seconds from now."""
    if isinstance(changes.get("iat"), int):
        changes = {**changes, "iat": wallet.rig.clock.now() + changes["iat"]}
    return wallet.dpop(path, **more, **changes)


class TestTokenEndpoint:
    def redeem(self, wallet: AttestedWallet, proof: str | None) -> Any:
        shown = {} if proof is None else {"DPoP": proof}
        return wallet.redeem(wallet.code(), {**wallet.client_headers(), **shown})

    @pytest.mark.parametrize("name", WRONG)
    def test_f14_a_proof_for_something_else_is_refused(self, haip: Any, wallet: AttestedWallet, name: str) -> None:
        refused = haip.error_of(self.redeem(wallet, dpop(wallet, TOKEN, WRONG[name])))
        assert refused == (400, "invalid_dpop_proof", "dpop_proof_invalid")

    @pytest.mark.parametrize("name", BAD_HEADERS)
    def test_f14_a_proof_of_another_form_is_refused(self, haip: Any, wallet: AttestedWallet, name: str) -> None:
        refused = haip.error_of(self.redeem(wallet, wallet.dpop(TOKEN, header=BAD_HEADERS[name])))
        assert refused == (400, "invalid_dpop_proof", "dpop_proof_invalid")

    def test_f14_no_proof_is_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        refused = haip.error_of(self.redeem(wallet, None))
        assert refused == (400, "invalid_dpop_proof", "dpop_proof_missing")

    @pytest.mark.parametrize("proof", ["", "no proof", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
    def test_f14_what_is_no_proof_is_refused(self, haip: Any, wallet: AttestedWallet, proof: str) -> None:
        refused = haip.error_of(self.redeem(wallet, proof))
        assert refused == (400, "invalid_dpop_proof", "dpop_proof_invalid")

    def test_f14_a_proof_is_used_once(self, haip: Any, wallet: AttestedWallet) -> None:
        proof = wallet.dpop(TOKEN)
        assert self.redeem(wallet, proof).status == 200
        refused = haip.error_of(self.redeem(wallet, proof))
        assert refused == (400, "invalid_dpop_proof", "dpop_proof_invalid")

    def test_f14_fifty_at_once_with_one_proof_have_one_winner(self, haip: Any, wallet: AttestedWallet) -> None:
        proof = wallet.dpop(TOKEN)
        codes = iter([(wallet.code(), wallet.client_headers()) for _ in range(20)])

        def redeem() -> Any:
            code, client = next(codes)
            return wallet.redeem(code, {**client, "DPoP": proof})

        assert sorted(each.status for each in haip.at_once(20, redeem)) == [200] + [400] * 19

    def test_f14_without_a_nonce_one_is_given(self, haip: Any, wallet: AttestedWallet) -> None:
        refused = self.redeem(wallet, wallet.dpop(TOKEN, nonce=None))
        assert haip.error_of(refused) == (400, "use_dpop_nonce", "dpop_nonce_required")
        assert self.redeem(wallet, wallet.dpop(TOKEN, nonce=refused.headers["dpop-nonce"])).status == 200

    @pytest.mark.parametrize("kind", ["guess", "c_nonce", "challenge", "elsewhere", "expired"])
    def test_f14_a_wrong_nonce_is_refused_with_a_right_one(
        self, haip: Any, wallet: AttestedWallet, kind: str
    ) -> None:
        nonces: dict[str, Callable[[], str]] = {
            "guess": lambda: "A" * 75,
            "c_nonce": haip.nonce,
            "challenge": wallet.challenge,
            "elsewhere": AttestedWallet(haip, institution="fr-health").nonce,
            "expired": wallet.nonce,
        }
        given = nonces[kind]()
        if kind == "expired":
            haip.clock.advance(300)
        refused = self.redeem(wallet, wallet.dpop(TOKEN, nonce=given))
        assert haip.error_of(refused) == (400, "use_dpop_nonce", "dpop_nonce_required")
        assert len(refused.headers["dpop-nonce"]) > 40

    def test_a_nonce_is_good_for_several_proofs(self, wallet: AttestedWallet) -> None:
        nonce = wallet.nonce()
        for _ in range(2):
            assert self.redeem(wallet, wallet.dpop(TOKEN, nonce=nonce)).status == 200

    def test_where_it_is_not_required_a_proof_binds_the_token_all_the_same(self, rig: Any) -> None:
        wallet = AttestedWallet(rig)
        proof = {"DPoP": wallet.dpop(TOKEN, nonce=None)}
        content = rig.redeem(rig.code_of(rig.offer()), headers=proof).json()
        assert content["token_type"] == "DPoP"
        assert rig.error_of(rig.obtain(content["access_token"])) == (401, "invalid_token", "access_token_invalid")
        headers = {
            "Authorization": f"DPoP {content['access_token']}",
            "DPoP": wallet.dpop(CREDENTIAL, token=content["access_token"], nonce=None),
        }
        asked = {"credential_configuration_id": "pda1", "proofs": {"jwt": [rig.proof()]}}
        assert rig.transport.post_json(CREDENTIAL, asked, headers=headers).status == 200


class TestCredentialEndpoint:
    @pytest.fixture
    def token(self, wallet: AttestedWallet) -> str:
        return str(wallet.tokens()["access_token"])

    def ask(self, wallet: AttestedWallet, token: str, proof: str | None, scheme: str = "DPoP") -> Any:
        shown = {} if proof is None else {"DPoP": proof}
        return wallet.obtain(token, {"Authorization": f"{scheme} {token}", **shown})

    def test_s21_as_a_bearer_token_it_is_refused(self, haip: Any, wallet: AttestedWallet, token: str) -> None:
        refused = self.ask(wallet, token, None, scheme="Bearer")
        assert haip.error_of(refused) == (401, "invalid_token", "access_token_invalid")
        assert refused.headers["www-authenticate"].startswith('DPoP error="invalid_token"')
        assert 'algs="ES256 ' in refused.headers["www-authenticate"]

    def test_e03_a_bearer_token_from_before_the_profile_demanded_keys_is_refused(self, make_rig: Any) -> None:
        token = make_rig().token()
        assert make_rig().obtain(token).status == 200
        stricter = make_rig(profile="haip-1.0")
        assert stricter.error_of(stricter.obtain(token)) == (401, "invalid_token", "access_token_invalid")

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "DPoP unknown"}, {"Authorization": "Bearer x y"}])
    def test_e01_a_wallet_learns_that_only_dpop_will_do(
        self, haip: Any, wallet: AttestedWallet, headers: dict[str, str]
    ) -> None:
        for endpoint in ("credential", "deferred", "notification"):
            refused = haip.transport.post_json(f"/issuer/fr-demo/{endpoint}", {}, headers=headers)
            assert refused.status == 401
            challenge = refused.headers["www-authenticate"]
            assert challenge.startswith("DPoP ")
            assert challenge.endswith('algs="ES256 ES384 ES512 Ed25519"')
            assert "Bearer" not in challenge
            assert ("error=" in challenge) is bool(headers)

    def test_s21_a_bearer_token_is_none_by_dpop(self, rig: Any) -> None:
        wallet = AttestedWallet(rig)
        token = rig.token()
        proof = {"DPoP": wallet.dpop(CREDENTIAL, token=token)}
        refused = rig.request(token, {}, scheme="DPoP", headers=proof)
        assert rig.error_of(refused) == (401, "invalid_token", "access_token_invalid")
        assert refused.headers["www-authenticate"].startswith('Bearer error="invalid_token"')

    @pytest.mark.parametrize("name", [name for name in WRONG if name != "ath without a token"])
    def test_s21_a_proof_for_something_else_is_refused(
        self, haip: Any, wallet: AttestedWallet, token: str, name: str
    ) -> None:
        refused = self.ask(wallet, token, dpop(wallet, CREDENTIAL, WRONG[name], token=token))
        assert haip.error_of(refused) == (401, "invalid_dpop_proof", "token_proof_invalid")
        assert refused.headers["www-authenticate"].startswith('DPoP error="invalid_dpop_proof"')

    @pytest.mark.parametrize("ath", [None, token_hash("another"), ""])
    def test_s21_ath_is_that_of_this_token(
        self, haip: Any, wallet: AttestedWallet, token: str, ath: str | None
    ) -> None:
        refused = haip.error_of(self.ask(wallet, token, wallet.dpop(CREDENTIAL, token=token, ath=ath)))
        assert refused == (401, "invalid_dpop_proof", "token_proof_invalid")

    def test_s21_another_key_is_refused(self, haip: Any, wallet: AttestedWallet, token: str) -> None:
        proof = wallet.dpop(CREDENTIAL, token=token, signer=haip.new_key())
        refused = haip.error_of(self.ask(wallet, token, proof))
        assert refused == (401, "invalid_dpop_proof", "token_proof_invalid")

    def test_s21_no_proof_is_refused(self, haip: Any, wallet: AttestedWallet, token: str) -> None:
        refused = haip.error_of(self.ask(wallet, token, None))
        assert refused == (401, "invalid_dpop_proof", "token_proof_invalid")

    def test_s21_a_proof_is_used_once(self, haip: Any, wallet: AttestedWallet, token: str) -> None:
        proof = wallet.dpop(CREDENTIAL, token=token)
        assert self.ask(wallet, token, proof).status == 200
        refused = haip.error_of(self.ask(wallet, token, proof))
        assert refused == (401, "invalid_dpop_proof", "token_proof_invalid")

    def test_s21_without_a_nonce_one_is_given(self, haip: Any, wallet: AttestedWallet, token: str) -> None:
        refused = self.ask(wallet, token, wallet.dpop(CREDENTIAL, token=token, nonce=None))
        assert haip.error_of(refused) == (401, "use_dpop_nonce", "token_nonce_required")
        assert refused.headers["www-authenticate"].startswith('DPoP error="use_dpop_nonce"')
        fresh = refused.headers["dpop-nonce"]
        assert self.ask(wallet, token, wallet.dpop(CREDENTIAL, token=token, nonce=fresh)).status == 200

    def test_oidf_vci_issuer_fail_on_request_with_access_token_in_query(
        self, haip: Any, wallet: AttestedWallet, token: str
    ) -> None:
        refused = haip.transport.post_json(f"{CREDENTIAL}?access_token={token}", {})
        assert haip.error_of(refused) == (400, "invalid_request", "access_token_in_query")

    def test_s21_an_expired_token_is_refused(self, haip: Any, wallet: AttestedWallet, token: str) -> None:
        haip.clock.advance(300)
        refused = haip.error_of(self.ask(wallet, token, wallet.dpop(CREDENTIAL, token=token)))
        assert refused == (401, "invalid_token", "access_token_invalid")


def test_the_nonce_endpoint_gives_both_kinds_and_nobody_keeps_them(haip: Any) -> None:
    response = haip.transport.request("POST", "/issuer/fr-demo/nonce")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["dpop-nonce"] != response.json()["c_nonce"]
