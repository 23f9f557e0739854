"""Public keys as JWK, and the signature check: known answers, an independent oracle, and each refusal alone."""

import json
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto import jwk as jwcrypto_jwk

from portadoc import base64url
from portadoc.errors import Untrusted
from portadoc.keys.algorithms import ALL_ALGORITHMS, ES256, SIGNATURE_ALGORITHMS, new_private_key
from portadoc.keys.jwk import holder_key, public_jwk, public_key_from_jwk, thumbprint, verification_key
from portadoc.keys.signer import LocalSigner

from .conftest import seeded

RFC7515_A3_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
RFC7515_A3_INPUT = (
    b"eyJhbGciOiJFUzI1NiJ9."
    b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
    b"NvbS9pc19yb290Ijp0cnVlfQ"
)
RFC7515_A3_SIGNATURE = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
RFC8037_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
RFC8037_INPUT = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
RFC8037_SIGNATURE = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"


def key_of(jwk: Any, allowed: frozenset[str] = ALL_ALGORITHMS) -> Any:
    return public_key_from_jwk(jwk, allowed_algs=allowed)


def refusal(jwk: Any, allowed: frozenset[str] = ALL_ALGORITHMS) -> tuple[str, Any]:
    with pytest.raises(Untrusted) as caught:
        key_of(jwk, allowed)
    return caught.value.code, caught.value.params.get("reason")


def test_known_answers_of_rfc_7515_a3_and_rfc_8037_a4_verify() -> None:
    key_of(RFC7515_A3_KEY).verify(RFC7515_A3_INPUT, base64url.decode(RFC7515_A3_SIGNATURE))
    key_of(RFC8037_KEY).verify(RFC8037_INPUT, base64url.decode(RFC8037_SIGNATURE))


def test_thumbprint_is_that_of_rfc_8037_a3() -> None:
    assert thumbprint(RFC8037_KEY) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key_of(RFC8037_KEY).kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@given(st.sampled_from(sorted(ALL_ALGORITHMS)), st.binary(min_size=1, max_size=8))
def test_thumbprint_and_public_members_agree_with_jwcrypto(alg: str, seed: bytes) -> None:
    ours = public_jwk(new_private_key(alg, seeded(seed)).public_key())
    theirs = jwcrypto_jwk.JWK(**ours)
    assert thumbprint(ours) == theirs.thumbprint()
    assert json.loads(theirs.export_public()) == ours


@given(st.sampled_from(sorted(ALL_ALGORITHMS)), st.binary(max_size=64))
def test_a_key_travels_as_jwk_and_verifies_what_its_signer_signed(alg: str, text: bytes) -> None:
    signer = LocalSigner(new_private_key(alg, seeded(b"travel" + alg.encode())))
    key = key_of(json.loads(json.dumps(dict(signer.public_jwk))))
    signature = signer.sign(text)
    assert (key.alg, key.kid) == (alg, signer.kid)
    assert len(signature) == SIGNATURE_ALGORITHMS[alg].signature_size
    key.verify(text, signature)
    with pytest.raises(Untrusted, match="signature_invalid"):
        key.verify(text + b".", signature)


def test_c12_a_minimal_jwk_passes_and_unknown_members_are_ignored() -> None:
    assert key_of(RFC7515_A3_KEY).alg == "ES256"
    declared = {"use": "sig", "alg": "ES256", "key_ops": ["verify"], "kid": "1", "x5c": 7, "exp": [], "ext": True}
    assert key_of({**RFC7515_A3_KEY, **declared}).kid == thumbprint(RFC7515_A3_KEY)


OFF_CURVE = {**RFC7515_A3_KEY, "y": base64url.encode(bytes(31) + b"\x01")}
P256_AS_P384 = {**RFC7515_A3_KEY, "crv": "P-384"}


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [
        pytest.param({**RFC7515_A3_KEY, "d": "AA"}, "private_member", id="C11-private-d"),
        pytest.param({**RFC7515_A3_KEY, "d": None}, "private_member", id="C11-private-d-null"),
        pytest.param({**RFC7515_A3_KEY, "k": "AA"}, "private_member", id="C11-symmetric-k"),
        pytest.param({**RFC7515_A3_KEY, "priv": "AA"}, "private_member", id="C11-private-akp"),
        pytest.param({**RFC7515_A3_KEY, "use": "enc"}, "use", id="C11-use-enc"),
        pytest.param({**RFC7515_A3_KEY, "use": ["sig"]}, "use", id="C11-use-array"),
        pytest.param({**RFC7515_A3_KEY, "use": None}, "use", id="C11-use-null"),
        pytest.param({**RFC7515_A3_KEY, "key_ops": ["deriveKey"]}, "key_ops", id="C11-key-ops-without-verify"),
        pytest.param({**RFC7515_A3_KEY, "key_ops": []}, "key_ops", id="C11-key-ops-empty"),
        pytest.param({**RFC7515_A3_KEY, "key_ops": "verify"}, "key_ops", id="C11-key-ops-text"),
        pytest.param({**RFC7515_A3_KEY, "key_ops": {"verify": 1}}, "key_ops", id="C11-key-ops-object"),
        pytest.param({**RFC7515_A3_KEY, "alg": "ES384"}, "alg_mismatch", id="C12-alg-of-other-curve"),
        pytest.param({**RFC7515_A3_KEY, "alg": "HS256"}, "alg_mismatch", id="A02-alg-hmac"),
        pytest.param({**RFC7515_A3_KEY, "alg": None}, "alg_mismatch", id="C12-alg-null"),
        pytest.param({**RFC8037_KEY, "alg": "EdDSA"}, "alg_mismatch", id="polymorphic-eddsa"),
        pytest.param(OFF_CURVE, "not_on_curve", id="C11-off-curve"),
        pytest.param({**RFC7515_A3_KEY, "crv": "P-192"}, "key_type", id="C11-P-192"),
        pytest.param({**RFC7515_A3_KEY, "crv": "secp256k1"}, "key_type", id="secp256k1"),
        pytest.param({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "key_type", id="C11-rsa"),
        pytest.param({"kty": "oct"}, "key_type", id="symmetric"),
        pytest.param({**RFC7515_A3_KEY, "kty": "OKP"}, "key_type", id="kty-and-crv-of-two-kinds"),
        pytest.param({**RFC7515_A3_KEY, "kty": "ec"}, "key_type", id="kty-in-lower-case"),
        pytest.param({**RFC7515_A3_KEY, "crv": ["P-256"]}, "key_type", id="crv-array"),
        pytest.param({}, "key_type", id="empty"),
        pytest.param(P256_AS_P384, "coordinate", id="coordinates-of-other-curve"),
        pytest.param({**RFC7515_A3_KEY, "y": 5}, "coordinate", id="coordinate-number"),
        pytest.param({**RFC7515_A3_KEY, "y": ""}, "coordinate", id="coordinate-empty"),
        pytest.param({**RFC7515_A3_KEY, "x": RFC7515_A3_KEY["x"] + "="}, "coordinate", id="coordinate-padded"),
        pytest.param({**RFC7515_A3_KEY, "x": "AA" + RFC7515_A3_KEY["x"]}, "coordinate", id="coordinate-too-long"),
        pytest.param(
            {**RFC7515_A3_KEY, "x": RFC7515_A3_KEY["x"][:-1] + "V"}, "coordinate", id="coordinate-idle-bits"
        ),
        pytest.param({**RFC7515_A3_KEY, "x": "é" * 43}, "coordinate", id="coordinate-not-ascii"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": RFC7515_A3_KEY["x"]}, "coordinate", id="y-missing"),
        pytest.param({**RFC8037_KEY, "x": RFC8037_KEY["x"][:-2]}, "coordinate", id="okp-too-short"),
        pytest.param([], "not_an_object", id="array"),
        pytest.param("jwk", "not_an_object", id="text"),
    ],
)
def test_a_jwk_that_cannot_verify_is_refused_with_its_reason(jwk: Any, reason: str) -> None:
    assert refusal(jwk) == ("holder_key_unsupported", reason)


def test_a_key_of_an_algorithm_outside_the_list_is_refused() -> None:
    assert refusal(RFC8037_KEY, frozenset({"ES256"})) == ("alg_not_allowed", None)
    assert refusal(RFC7515_A3_KEY, frozenset()) == ("alg_not_allowed", None)


def test_the_holder_key_is_taken_from_cnf_by_value() -> None:
    cnf = {"jwk": RFC7515_A3_KEY, "kid": "ignored beside the key itself"}
    assert holder_key(cnf, allowed_algs=ALL_ALGORITHMS).kid == thumbprint(RFC7515_A3_KEY)


@pytest.mark.parametrize(
    ("cnf", "code", "reason"),
    [
        pytest.param(None, "holder_key_missing", None, id="C10-absent"),
        pytest.param({}, "holder_key_missing", None, id="C10-empty"),
        pytest.param({"kid": "1"}, "holder_key_unsupported", "by_reference", id="C11-kid"),
        pytest.param({"jkt": "1"}, "holder_key_unsupported", "by_reference", id="C11-jkt"),
        pytest.param({"jku": "https://keys.example"}, "holder_key_unsupported", "by_reference", id="C11-jku"),
        pytest.param({"jwk": None}, "holder_key_unsupported", "not_an_object", id="jwk-null"),
        pytest.param("jwk", "holder_key_unsupported", "not_an_object", id="text"),
        pytest.param(
            {"jwk": {**RFC7515_A3_KEY, "d": "AA"}}, "holder_key_unsupported", "private_member", id="C11-d"
        ),
    ],
)
def test_a_cnf_without_a_usable_key_is_refused(cnf: Any, code: str, reason: str | None) -> None:
    with pytest.raises(Untrusted) as caught:
        holder_key(cnf, allowed_algs=ALL_ALGORITHMS)
    assert (caught.value.code, caught.value.params.get("reason")) == (code, reason)


N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
GOOD = base64url.decode(RFC7515_A3_SIGNATURE)
R, S = GOOD[:32], GOOD[32:]


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        pytest.param(b"", "length", id="A21-empty"),
        pytest.param(GOOD[:-1], "length", id="A21-63-bytes"),
        pytest.param(GOOD + b"\0", "length", id="A21-65-bytes"),
        pytest.param(GOOD * 341, "length", id="A21-21824-bytes"),
        pytest.param(
            encode_dss_signature(int.from_bytes(R, "big"), int.from_bytes(S, "big")), "length", id="A21-DER"
        ),
        pytest.param(number(0) + S, "range", id="A21-r-zero"),
        pytest.param(R + number(0), "range", id="A21-s-zero"),
        pytest.param(number(0) + number(0), "range", id="A21-both-zero"),
        pytest.param(number(N) + S, "range", id="A21-r-order"),
        pytest.param(R + number(N), "range", id="A21-s-order"),
        pytest.param(number(N + 1) + S, "range", id="A21-r-order-plus-one"),
        pytest.param(b"\xff" * 64, "range", id="A21-all-ones"),
        pytest.param(number(N - 1) + S, "mismatch", id="A21-r-order-minus-one"),
        pytest.param(number(1) + number(1), "mismatch", id="A21-ones"),
        pytest.param(S + R, "mismatch", id="halves-swapped"),
        pytest.param(GOOD[:-1] + bytes([GOOD[-1] ^ 1]), "mismatch", id="flipped-bit"),
    ],
)
def test_a_wrong_es256_signature_is_refused(signature: bytes, reason: str) -> None:
    with pytest.raises(Untrusted) as caught:
        key_of(RFC7515_A3_KEY).verify(RFC7515_A3_INPUT, signature)
    assert (caught.value.code, caught.value.params["reason"]) == ("signature_invalid", reason)


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(65), bytes(64), b"\xff" * 64])
def test_a_wrong_ed25519_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(Untrusted, match="signature_invalid"):
        key_of(RFC8037_KEY).verify(RFC8037_INPUT, signature)


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_orders_are_those_of_the_curves(alg: str) -> None:
    parameters = SIGNATURE_ALGORITHMS[alg].ecdsa
    assert parameters is not None
    private = ec.derive_private_key(parameters.order - 1, parameters.curve)
    generator = ec.derive_private_key(1, parameters.curve).public_key().public_numbers()
    # (n - 1) G = -G: same x as the generator, other y.
    assert private.public_key().public_numbers().x == generator.x
    assert private.public_key().public_numbers().y != generator.y
    with pytest.raises(ValueError, match="Invalid EC key"):
        ec.derive_private_key(parameters.order, parameters.curve)


def test_es256_signatures_are_fixed_length_even_when_r_or_s_is_short() -> None:
    signer = LocalSigner(new_private_key("ES256", seeded(b"short")))
    seen_short = False
    for count in range(2000):
        signature = signer.sign(count.to_bytes(4, "big"))
        assert len(signature) == 64
        seen_short = seen_short or signature[0] == 0 or signature[32] == 0
        if seen_short:
            break
    assert seen_short


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=50)
    | st.sampled_from(list(RFC7515_A3_KEY.values())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "alg", "use", "key_ops", "d"]), json_values))
def test_no_jwk_raises_anything_but_our_own_refusals(jwk: dict[str, Any]) -> None:
    with suppress(Untrusted):
        key_of({**RFC7515_A3_KEY, **jwk})


def test_the_der_form_and_the_raw_form_carry_the_same_numbers() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert ES256.ecdsa is not None
    der = key.sign(b"text", ES256.ecdsa.scheme)
    r, s = decode_dss_signature(der)
    verification_key(key.public_key()).verify(b"text", number(r) + number(s))
