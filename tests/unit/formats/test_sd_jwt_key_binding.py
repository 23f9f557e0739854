"""Key binding: made once for one audience and one nonce; any other use is refused with its reason."""

import base64 as standard_base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from portadoc import base64url
from portadoc.errors import Refused, Untrusted
from portadoc.formats import jws, sd_jwt
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.signer import LocalSigner, Signer

NOW = 1_790_000_000
ISSUER = LocalSigner(ec.derive_private_key(11, ec.SECP256R1()))
HOLDER = LocalSigner(ec.derive_private_key(21, ec.SECP256R1()))
OTHER = LocalSigner(ec.derive_private_key(22, ec.SECP256R1()))
WIDER = LocalSigner(ec.derive_private_key(23, ec.SECP384R1()))
HOLDER_KEY = public_key_from_jwk(HOLDER.public_jwk, allowed_algs={"ES256"})
AUDIENCE = "x509_hash:abc"
NONCE = "n-0S6_WzA2Mj"
TRANSACTIONS = ["eyJ0eXBlIjoicGF5In0", "eyJ0eXBlIjoic2lnbiJ9"]


def issue(**options: Any) -> str:
    return sd_jwt.issue(
        {"iss": "x", "name": "Ana", "age": 42, "cnf": {"jwk": dict(HOLDER.public_jwk)}},
        disclosable=[("name",), ("age",)],
        header={"typ": "dc+sd-jwt"},
        signer=ISSUER,
        random_bytes=lambda count: hashlib.shake_256(b"test").digest(count),
        **options,
    ).text


HELD = issue()


def bind(text: str = HELD, **changes: Any) -> str:
    options: dict[str, Any] = {"audience": AUDIENCE, "nonce": NONCE, "now": NOW, "signer": HOLDER}
    return sd_jwt.bind(text, **{**options, **changes})


def verify(text: str, **changes: Any) -> dict[str, Any]:
    parsed = sd_jwt.parse(text)
    assert parsed.key_binding_jwt is not None
    options: dict[str, Any] = {
        "presented_text": parsed.presented_text,
        "holder_key": HOLDER_KEY,
        "audience": AUDIENCE,
        "nonce": NONCE,
        "now": NOW,
        "max_age_s": 300,
        "skew_s": 30,
        "hash_alg": "sha-256",
    }
    return sd_jwt.verify_key_binding(parsed.key_binding_jwt, **{**options, **changes})


def reason_of(text: str, **changes: Any) -> str:
    with pytest.raises(Untrusted) as refusal:
        verify(text, **changes)
    assert refusal.value.code == "kb_invalid"
    return str(refusal.value.params["reason"])


def forged(header: dict[str, Any] | None = None, signer: Signer = HOLDER, **claims: Any) -> str:
    """A presentation whose Key Binding JWT differs in the members given; ``...`` takes one away."""
    digest = base64url.encode(hashlib.sha256(HELD.encode()).digest())
    payload = {"iat": NOW, "aud": AUDIENCE, "nonce": NONCE, "sd_hash": digest, **claims}
    head = {"typ": "kb+jwt", **(header or {})}
    return HELD + jws.sign(
        {name: value for name, value in head.items() if value is not ...},
        {name: value for name, value in payload.items() if value is not ...},
        signer,
    )


def unsigned(alg: str) -> str:
    head = base64url.encode(json.dumps({"alg": alg, "typ": "kb+jwt"}).encode())
    return HELD + f"{head}.{bind().rpartition('~')[2].split('.')[1]}."


@pytest.mark.parametrize("hash_alg", ["sha-256", "sha-384", "sha-512"])
def test_what_the_holder_binds_verifies(hash_alg: str) -> None:
    claims = verify(bind(issue(hash_alg=hash_alg)), hash_alg=hash_alg)
    assert set(claims) == {"iat", "aud", "nonce", "sd_hash"}
    assert (claims["iat"], claims["aud"], claims["nonce"]) == (NOW, AUDIENCE, NONCE)


def test_the_digest_covers_the_presentation_with_its_last_tilde() -> None:
    presentation = sd_jwt.select(HELD, [("age",)])
    digest = base64url.encode(hashlib.sha256(presentation.encode()).digest())
    assert verify(bind(presentation))["sd_hash"] == digest


def digest_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


REASONS: dict[str, tuple[Callable[[], str], str]] = {
    "C03_other_key": (lambda: bind(signer=OTHER), "signature"),
    "C03_issuer_key": (lambda: bind(signer=ISSUER), "signature"),
    "C03_other_curve": (lambda: bind(signer=WIDER), "alg"),
    "C03_none": (lambda: unsigned("none"), "alg"),
    "C03_hs256": (lambda: unsigned("HS256"), "alg"),
    "C04_typ_missing": (lambda: forged({"typ": ...}), "typ"),
    "C04_typ_JWT": (lambda: forged({"typ": "JWT"}), "typ"),
    "C04_typ_case": (lambda: forged({"typ": "KB+JWT"}), "typ"),
    "C05_other": (lambda: forged(aud="x509_hash:other"), "aud"),
    "C05_without_prefix": (lambda: forged(aud="abc"), "aud"),
    "C05_array": (lambda: forged(aud=[AUDIENCE, "other"]), "aud"),
    "C05_array_of_one": (lambda: forged(aud=[AUDIENCE]), "aud"),
    "C05_missing": (lambda: forged(aud=...), "aud"),
    "C06_other": (lambda: forged(nonce="other"), "nonce"),
    "C06_missing": (lambda: forged(nonce=...), "nonce"),
    "C06_number": (lambda: forged(nonce=1), "nonce"),
    "C07_year_old": (lambda: forged(iat=NOW - 31_536_000), "iat"),
    "C07_year_ahead": (lambda: forged(iat=NOW + 31_536_000), "iat"),
    "C07_second_too_old": (lambda: forged(iat=NOW - 301), "iat"),
    "C07_second_too_early": (lambda: forged(iat=NOW + 31), "iat"),
    "C07_missing": (lambda: forged(iat=...), "iat"),
    "C07_text": (lambda: forged(iat=str(NOW)), "iat"),
    "C08_other_digest": (lambda: forged(sd_hash=base64url.encode(bytes(32))), "sd_hash"),
    "C08_missing": (lambda: forged(sd_hash=...), "sd_hash"),
    "C09_without_tilde": (lambda: forged(sd_hash=base64url.encode(digest_of(HELD[:-1]))), "sd_hash"),
    "C09_hex": (lambda: forged(sd_hash=digest_of(HELD).hex()), "sd_hash"),
    "C09_padded": (
        lambda: forged(sd_hash=standard_base64.urlsafe_b64encode(digest_of(HELD)).decode()),
        "sd_hash",
    ),
    "C09_other_hash": (
        lambda: forged(sd_hash=base64url.encode(hashlib.sha384(HELD.encode()).digest())),
        "sd_hash",
    ),
    "C14_exp_past": (lambda: forged(exp=NOW - 30), "exp"),
    "C14_exp_text": (lambda: forged(exp="never"), "exp"),
    "C14_nbf_ahead": (lambda: forged(nbf=NOW + 31), "nbf"),
    "C14_nbf_text": (lambda: forged(nbf="now"), "nbf"),
    "C18_not_asked_for": (lambda: forged(transaction_data_hashes=["x"]), "txdata"),
    "header_jwk": (lambda: forged({"jwk": dict(OTHER.public_jwk)}), "header"),
    "header_crit": (lambda: forged({"crit": ["x"]}), "header"),
    "payload_array": (lambda: HELD + jws.sign({"typ": "kb+jwt"}, b"[]", HOLDER), "form"),
    "not_base64url": (lambda: bind() + "=", "form"),
}


@pytest.mark.parametrize(("make", "reason"), REASONS.values(), ids=REASONS)
def test_each_fault_has_its_reason(make: Callable[[], str], reason: str) -> None:
    assert reason_of(make()) == reason


def test_times_are_exact() -> None:
    for claims in ({"iat": NOW - 300}, {"iat": NOW + 30}, {"exp": NOW - 29}, {"nbf": NOW + 30}):
        assert verify(forged(**claims))


def test_a_kid_in_the_header_is_tolerated() -> None:
    assert verify(forged({"kid": HOLDER.kid}))


def test_disclosures_added_removed_or_moved_after_binding_are_noticed() -> None:
    jws_text, name, age, kb_jwt = bind().split("~")
    for parts in ((jws_text, name), (jws_text,), (jws_text, age, name), (jws_text, name, age, "WyJzIiwibiIsMV0")):
        assert reason_of("~".join((*parts, kb_jwt))) == "sd_hash"


def test_a_binding_does_not_fit_another_credential_of_the_same_holder() -> None:
    other = issue(decoys=1)
    assert reason_of(other + bind().rpartition("~")[2]) == "sd_hash"


def test_a_bound_presentation_is_not_bound_again() -> None:
    for text in (bind(), HELD.rstrip("~")):
        with pytest.raises(Refused) as refusal:
            bind(text)
        assert refusal.value.code == "kb_unexpected"


def test_a_transaction_that_was_asked_for_is_bound() -> None:
    assert verify(bind(transaction_data=TRANSACTIONS), transaction_data=TRANSACTIONS)


TRANSACTION_FAULTS: dict[str, tuple[Callable[[], str], list[str]]] = {
    "missing": (bind, TRANSACTIONS),
    "one_missing": (lambda: bind(transaction_data=TRANSACTIONS[:1]), TRANSACTIONS),
    "other_order": (lambda: bind(transaction_data=TRANSACTIONS[::-1]), TRANSACTIONS),
    "other_content": (lambda: bind(transaction_data=["e30"]), TRANSACTIONS[:1]),
    "not_asked_for": (lambda: bind(transaction_data=TRANSACTIONS), []),
    "unknown_hash": (
        lambda: forged(transaction_data_hashes=["x"], transaction_data_hashes_alg="md5"),
        TRANSACTIONS,
    ),
    "hash_number": (lambda: forged(transaction_data_hashes_alg=1), []),
    "hashes_text": (lambda: forged(transaction_data_hashes="x"), TRANSACTIONS),
}


@pytest.mark.parametrize(("make", "asked"), TRANSACTION_FAULTS.values(), ids=TRANSACTION_FAULTS)
def test_any_other_transaction_is_refused(make: Callable[[], str], asked: list[str]) -> None:
    assert reason_of(make(), transaction_data=asked) == "txdata"


def test_v28_c18_a_transaction_hashed_with_a_function_that_was_not_offered_is_refused() -> None:
    hashes = [base64url.encode(hashlib.sha512(text.encode()).digest()) for text in TRANSACTIONS]
    text = forged(transaction_data_hashes=hashes, transaction_data_hashes_alg="sha-512")
    assert reason_of(text, transaction_data=TRANSACTIONS) == "txdata"


BOUND = bind()


@given(st.integers(0, len(BOUND) - 1), st.characters(codec="ascii", exclude_characters="~"))
def test_a_bound_presentation_altered_anywhere_is_never_accepted(position: int, letter: str) -> None:
    altered = BOUND[:position] + letter + BOUND[position + 1 :]
    if altered == BOUND or BOUND[position] == "~":
        return
    presented, _, kb_jwt = altered.rpartition("~")
    with pytest.raises(Untrusted):
        sd_jwt.verify_key_binding(
            kb_jwt,
            presented_text=presented + "~",
            holder_key=HOLDER_KEY,
            audience=AUDIENCE,
            nonce=NONCE,
            now=NOW,
            max_age_s=300,
            skew_s=30,
            hash_alg="sha-256",
        )
