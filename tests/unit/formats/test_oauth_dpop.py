"""DPoP proofs: what a client makes is accepted for this request alone, and each fault has its reason."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.oauth.dpop import VerifiedDpopProof, make_dpop_proof, token_hash, verify_dpop_proof
from portadoc.keys.signer import LocalSigner

NOW = 1_790_000_000
URI = "https://issuer.example/issuer/fr-demo/token"
CLIENT = LocalSigner(ec.derive_private_key(71, ec.SECP256R1()))
OTHER = LocalSigner(ec.derive_private_key(72, ec.SECP256R1()))
STRONG = LocalSigner(ec.derive_private_key(73, ec.SECP384R1()))
TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
ES256 = frozenset({"ES256"})
DROP = object()


def verify(text: str, token: str | None = None, uri: str = URI, method: str = "POST") -> VerifiedDpopProof:
    return verify_dpop_proof(
        text,
        method=method,
        uri=uri,
        access_token=token,
        now=NOW,
        max_age_s=60,
        skew_s=5,
        allowed_algs=ES256,
    )


def proof(signer: LocalSigner = CLIENT, header: dict[str, Any] | None = None, **changes: Any) -> str:
    head = {"typ": "dpop+jwt", "jwk": dict(CLIENT.public_jwk)} | (header or {})
    payload = {"jti": "j-1", "htm": "POST", "htu": URI, "iat": NOW} | changes
    kept = [{name: value for name, value in part.items() if value is not DROP} for part in (head, payload)]
    return jws.sign(kept[0], kept[1], signer)


def made(uri: str = URI, nonce: str | None = None, token: str | None = None) -> str:
    return make_dpop_proof(
        method="POST", uri=uri, iat=NOW, jti="j-1", nonce=nonce, access_token=token, signer=CLIENT
    )


def test_what_is_made_verifies() -> None:
    assert verify(made()) == VerifiedDpopProof(CLIENT.kid, "j-1", NOW, None)
    assert verify(made(nonce="n-1", token=TOKEN), TOKEN).nonce == "n-1"


def test_the_token_hash_is_that_of_the_rfc() -> None:
    assert token_hash(TOKEN) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def test_query_and_fragment_are_left_out_when_made() -> None:
    assert jws.unverified_claims(made(f"{URI}?a=1#b"))["htu"] == URI
    assert jws.unverified_claims(made(f"{URI}#b?c"))["htu"] == URI


SAME = [
    (f"{URI}?a=b", URI),
    (f"{URI}#part", URI),
    (URI, f"{URI}?request_uri=x"),
    ("HTTPS://ISSUER.example:443/issuer/fr-demo/token", URI),
    ("https://issuer.example:/issuer/fr-demo/token", URI),
    ("https://issuer.example", "https://issuer.example/"),
    ("http://127.0.0.1:80/token", "http://127.0.0.1/token"),
    ("http://[::1]:8700/token", "http://[::1]:8700/token"),
]


@pytest.mark.parametrize(("htu", "uri"), SAME)
def test_addresses_that_mean_the_same_are_the_same(htu: str, uri: str) -> None:
    assert verify(proof(htu=htu), uri=uri).jti == "j-1"


OTHERS = [
    "https://issuer.example/issuer/fr-demo/credential",
    "https://issuer.example/issuer/FR-DEMO/token",
    f"{URI}/",
    "http://issuer.example/issuer/fr-demo/token",
    "https://issuer.example:8443/issuer/fr-demo/token",
    "https://other.example/issuer/fr-demo/token",
    "https://issuer.example@other.example/issuer/fr-demo/token",
    "https://somebody@issuer.example/issuer/fr-demo/token",
    "https://issuer.example:port/issuer/fr-demo/token",
    "https://[issuer.example/issuer/fr-demo/token",
    "https:///issuer/fr-demo/token",
    "ftp://issuer.example/issuer/fr-demo/token",
    "/issuer/fr-demo/token",
    f" {URI}",
    f"{URI}\n",
    f"{URI}?{'q' * 2048}",
    "",
]


@pytest.mark.parametrize("htu", OTHERS)
def test_f14_a_proof_for_another_address_is_refused(htu: str) -> None:
    assert reason_of(proof(htu=htu)) == "htu"


def reason_of(text: str, token: str | None = None, method: str = "POST") -> str:
    with pytest.raises(Untrusted) as refusal:
        verify(text, token, method=method)
    assert refusal.value.code == "dpop_proof_invalid"
    return str(refusal.value.params["reason"])


FAULTS: dict[str, tuple[str, str]] = {
    "typ missing": (proof(header={"typ": DROP}), "typ_mismatch"),
    "typ other": (proof(header={"typ": "JWT"}), "typ_mismatch"),
    "alg not listed": (proof(STRONG, header={"jwk": dict(STRONG.public_jwk)}), "alg_not_allowed"),
    "alg of another key": (proof(header={"jwk": dict(STRONG.public_jwk)}), "alg_not_allowed"),
    "jwk missing": (proof(header={"jwk": DROP}), "jwk_missing"),
    "jwk no object": (proof(header={"jwk": "text"}), "holder_key_unsupported"),
    "private key": (proof(header={"jwk": {**CLIENT.public_jwk, "d": "AAAA"}}), "holder_key_unsupported"),
    "symmetric key": (proof(header={"jwk": {"kty": "oct", "k": "AAAA"}}), "holder_key_unsupported"),
    "x5c": (proof(header={"x5c": ["AAAA"]}), "header_param_forbidden"),
    "signed by another": (proof(OTHER), "signature_invalid"),
    "altered": (proof()[:-8] + "AAAAAAAA", "signature_invalid"),
    "htm missing": (proof(htm=DROP), "htm"),
    "htm other": (proof(htm="GET"), "htm"),
    "htm case": (proof(htm="post"), "htm"),
    "htu missing": (proof(htu=DROP), "htu"),
    "htu number": (proof(htu=1), "htu"),
    "ath unexpected": (proof(ath=token_hash(TOKEN)), "ath_unexpected"),
    "iat missing": (proof(iat=DROP), "claim_missing"),
    "iat text": (proof(iat=str(NOW)), "claim_invalid"),
    "iat old": (proof(iat=NOW - 66), "iat"),
    "iat future": (proof(iat=NOW + 6), "not_yet_valid"),
    "exp passed": (proof(exp=NOW - 5), "expired"),
    "jti missing": (proof(jti=DROP), "jti"),
    "jti number": (proof(jti=1), "jti"),
    "jti empty": (proof(jti=""), "jti"),
    "jti long": (proof(jti="j" * 256), "jti"),
    "jti with line break": (proof(jti="j\n"), "jti"),
    "nonce number": (proof(nonce=1), "nonce_form"),
    "nonce empty": (proof(nonce=""), "nonce_form"),
    "nonce long": (proof(nonce="n" * 513), "nonce_form"),
    "two headers in one": (f"{proof()}, {proof()}", "malformed_token"),
    "none": ("", "malformed_token"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_f14_each_fault_has_its_reason(name: str) -> None:
    text, reason = FAULTS[name]
    assert reason_of(text) == reason


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_f14_an_algorithm_without_a_key_pair_is_refused(alg: str) -> None:
    header = base64url.encode(f'{{"alg":"{alg}","typ":"dpop+jwt"}}'.encode())
    assert reason_of(f"{header}.e30.") == "alg_not_allowed"


@pytest.mark.parametrize(
    ("ath", "reason"),
    [(DROP, "ath_missing"), (token_hash("another"), "ath"), (None, "ath"), ([token_hash(TOKEN)], "ath")],
    ids=["missing", "other", "null", "array"],
)
def test_s21_a_proof_without_the_hash_of_the_token_is_refused(ath: Any, reason: str) -> None:
    assert reason_of(proof(ath=ath), TOKEN) == reason


def test_the_window_of_iat_has_the_skew_as_leeway_on_both_sides() -> None:
    assert verify(proof(iat=NOW - 65)).iat == NOW - 65
    assert verify(proof(iat=NOW + 5)).iat == NOW + 5


def test_the_longest_jti_is_taken() -> None:
    assert verify(proof(jti="j" * 255)).jti == "j" * 255


def test_an_oversized_proof_is_a_limit_of_its_own() -> None:
    with pytest.raises(Malformed, match="limit_exceeded"):
        verify(proof(pad="x" * 20_000))
