"""Client authentication: F15, [S-31], the six modules VCIIssuerFail* of the conformance suite on attestations."""

from typing import Any

import pytest

from portadoc.keys.key_ring import KeyPurpose
from tests.unit.issuer.wallets import AttestedWallet

INVALID = (401, "invalid_client", "client_attestation_invalid")
CHALLENGE = (400, "use_attestation_challenge", "attestation_challenge_required")
DAY = 86_400


def sent(wallet: AttestedWallet, *, attestation: str | None = None, pop: str | None = None) -> dict[str, str]:
    return {
        "OAuth-Client-Attestation": attestation or wallet.attestation(),
        "OAuth-Client-Attestation-PoP": pop or wallet.pop(),
    }


def altered(token: str) -> str:
    """Return a token whose signature is one of another content."""
    head, body, signature = token.split(".")
    return f"{head}.{body}.{signature[:10]}{'A' if signature[10] != 'A' else 'B'}{signature[11:]}"


@pytest.mark.parametrize("endpoint", ["par", "token"])
class TestConformanceSuite:
    def refusal(self, haip: Any, wallet: AttestedWallet, endpoint: str, headers: dict[str, str]) -> Any:
        if endpoint == "par":
            return haip.error_of(wallet.push(headers))
        dpop = {"DPoP": wallet.dpop("/issuer/fr-demo/token")}
        return haip.error_of(wallet.redeem(wallet.code(), {**headers, **dpop}))

    def test_oidf_vci_issuer_fail_on_invalid_client_attestation_signature(
        self, haip: Any, wallet: AttestedWallet, endpoint: str
    ) -> None:
        headers = sent(wallet, attestation=altered(wallet.attestation()))
        assert self.refusal(haip, wallet, endpoint, headers) == INVALID

    def test_oidf_vci_issuer_fail_on_invalid_client_attestation_pop_signature(
        self, haip: Any, wallet: AttestedWallet, endpoint: str
    ) -> None:
        assert self.refusal(haip, wallet, endpoint, sent(wallet, pop=altered(wallet.pop()))) == INVALID

    def test_oidf_vci_issuer_fail_on_expired_client_attestation(
        self, haip: Any, wallet: AttestedWallet, endpoint: str
    ) -> None:
        now = haip.clock.now()
        headers = sent(wallet, attestation=wallet.attestation(iat=now - 3600, exp=now - 61))
        assert self.refusal(haip, wallet, endpoint, headers) == INVALID

    def test_oidf_vci_issuer_fail_on_client_attestation_without_sub(
        self, haip: Any, wallet: AttestedWallet, endpoint: str
    ) -> None:
        headers = sent(wallet, attestation=wallet.attestation(sub=None))
        assert self.refusal(haip, wallet, endpoint, headers) == INVALID

    def test_oidf_vci_issuer_fail_on_client_attestation_pop_with_wrong_aud(
        self, haip: Any, wallet: AttestedWallet, endpoint: str
    ) -> None:
        headers = sent(wallet, pop=wallet.pop(aud="https://other.example"))
        assert self.refusal(haip, wallet, endpoint, headers) == INVALID

    def test_oidf_vci_issuer_fail_on_mismatched_client_attestation_pop_key(
        self, haip: Any, wallet: AttestedWallet, endpoint: str
    ) -> None:
        headers = sent(wallet, pop=wallet.pop(signer=haip.new_key()))
        assert self.refusal(haip, wallet, endpoint, headers) == INVALID


class TestAttestation:
    @pytest.mark.parametrize("purpose", [KeyPurpose.CREDENTIAL, KeyPurpose.REQUEST])
    def test_s31_a_chain_for_something_else_vouches_for_no_wallet(
        self, haip: Any, wallet: AttestedWallet, purpose: KeyPurpose
    ) -> None:
        signer = haip.key_ring.signer("fr-demo", purpose)
        headers = sent(wallet, attestation=wallet.attestation(signer=signer))
        assert haip.error_of(wallet.push(headers)) == INVALID

    def test_s31_a_provider_of_key_attestations_alone_vouches_for_no_wallet(
        self, haip: Any, wallet: AttestedWallet
    ) -> None:
        signer = haip.key_ring.signer("wallet-provider", KeyPurpose.KEY_ATTESTATION)
        headers = sent(wallet, attestation=wallet.attestation(signer=signer))
        assert haip.error_of(wallet.push(headers)) == INVALID

    def test_f15_an_attestation_of_a_whole_day_is_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        headers = sent(wallet, attestation=wallet.attestation(exp=haip.clock.now() + DAY))
        assert haip.error_of(wallet.push(headers)) == INVALID

    @pytest.mark.parametrize("missing", ["OAuth-Client-Attestation", "OAuth-Client-Attestation-PoP"])
    def test_f15_one_without_the_other_is_refused(self, haip: Any, wallet: AttestedWallet, missing: str) -> None:
        headers = {name: value for name, value in sent(wallet).items() if name != missing}
        assert haip.error_of(wallet.push(headers)) == INVALID

    def test_a_client_that_does_not_name_itself_has_a_short_name_all_the_same(self, make_rig: Any) -> None:
        rig = make_rig(profile="eudi-2026")
        code = rig.code_of(rig.offer())
        long = AttestedWallet(rig, client_id="s" * 256)
        refused = rig.error_of(rig.redeem(code, headers=long.headers("token")))
        assert refused == (400, "invalid_request", "client_id_too_long")
        assert rig.redeem(code, headers=AttestedWallet(rig, client_id="s" * 255).headers("token")).status == 200

    def test_draft_07_with_iss_in_both_is_let_in(self, wallet: AttestedWallet) -> None:
        now = wallet.rig.clock.now()
        attestation = wallet.attestation(iss="https://provider.example", nbf=now)
        assert (
            wallet.push(sent(wallet, attestation=attestation, pop=wallet.pop(iss=wallet.client_id))).status == 201
        )

    def test_what_is_sent_is_looked_at_even_where_clients_may_be_public(self, rig: Any) -> None:
        code = rig.code_of(rig.offer())
        refused = rig.redeem(code, headers={"OAuth-Client-Attestation": "anything"})
        assert rig.error_of(refused) == INVALID
        assert rig.redeem(code).status == 200


class TestFreshness:
    def test_f15_s31_a_proof_is_used_once(self, haip: Any, wallet: AttestedWallet) -> None:
        proof_id = wallet.new_jti()
        assert wallet.push(sent(wallet, pop=wallet.pop(jti=proof_id))).status == 201
        assert haip.error_of(wallet.push(sent(wallet, pop=wallet.pop(jti=proof_id)))) == INVALID

    def test_f15_without_a_challenge_one_is_given(self, haip: Any, wallet: AttestedWallet) -> None:
        refused = wallet.push(sent(wallet, pop=wallet.pop(challenge=None)))
        assert haip.error_of(refused) == CHALLENGE
        fresh = refused.headers["oauth-client-attestation-challenge"]
        assert wallet.push(sent(wallet, pop=wallet.pop(challenge=fresh))).status == 201

    @pytest.mark.parametrize("kind", ["guess", "c_nonce", "dpop_nonce", "elsewhere", "expired", "used"])
    def test_f15_a_challenge_is_ours_for_this_alive_and_used_once(
        self, haip: Any, wallet: AttestedWallet, kind: str
    ) -> None:
        challenge = wallet.challenge()
        if kind == "expired":
            haip.clock.advance(300)
        if kind == "used":
            assert wallet.push(sent(wallet, pop=wallet.pop(challenge=challenge))).status == 201
        given = {
            "guess": "A" * 75,
            "c_nonce": haip.nonce(),
            "dpop_nonce": wallet.nonce(),
            "elsewhere": AttestedWallet(haip, institution="fr-health").challenge(),
        }.get(kind, challenge)
        refused = wallet.push(sent(wallet, pop=wallet.pop(challenge=given)))
        assert haip.error_of(refused) == CHALLENGE

    def test_fifty_at_once_under_one_challenge_have_one_winner(self, haip: Any, wallet: AttestedWallet) -> None:
        challenge = wallet.challenge()
        heads = iter([sent(wallet, pop=wallet.pop(challenge=challenge)) for _ in range(50)])
        answers = haip.at_once(50, lambda: wallet.push(next(heads)))
        assert sorted(each.status for each in answers) == [201] + [400] * 49

    def test_a_challenge_is_not_kept_by_anybody(self, haip: Any, wallet: AttestedWallet) -> None:
        response = haip.transport.request("POST", "/issuer/fr-demo/challenge")
        assert response.headers["cache-control"] == "no-store"
        assert haip.transport.request("POST", "/issuer/nobody/challenge").status == 404


class TestDpopInPlaceOfTheProof:
    """Draft -10 §7.3: one DPoP proof by the attested key, the challenge in its nonce."""

    @pytest.fixture
    def combined(self, wallet: AttestedWallet) -> AttestedWallet:
        wallet.dpop_key = wallet.instance
        return wallet

    @pytest.mark.parametrize("kind", ["challenge", "nonce"])
    def test_it_is_let_in_under_a_challenge_or_a_nonce(self, combined: AttestedWallet, kind: str) -> None:
        given = combined.challenge() if kind == "challenge" else combined.nonce()
        dpop = combined.dpop("/issuer/fr-demo/par", nonce=given)
        assert combined.push({"OAuth-Client-Attestation": combined.attestation(), "DPoP": dpop}).status == 201

    def test_by_another_key_it_is_refused(self, haip: Any, wallet: AttestedWallet) -> None:
        dpop = wallet.dpop("/issuer/fr-demo/par")
        refused = wallet.push({"OAuth-Client-Attestation": wallet.attestation(), "DPoP": dpop})
        assert haip.error_of(refused) == INVALID

    def test_without_a_challenge_it_is_refused(self, haip: Any, combined: AttestedWallet) -> None:
        dpop = combined.dpop("/issuer/fr-demo/par", nonce=None)
        refused = combined.push({"OAuth-Client-Attestation": combined.attestation(), "DPoP": dpop})
        assert haip.error_of(refused) == CHALLENGE
