"""Encrypted responses: round trip, and every header or key that is not exactly what was asked for is refused."""

import contextlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto import jwe as oracle_jwe
from jwcrypto import jwk as oracle_jwk

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats.jwe import (
    EncryptionKey,
    choose_encryption_key,
    decrypt,
    encrypt,
    encryption_key_from_text,
    new_encryption_key,
    unverified_kid,
)

BOTH = frozenset({"A128GCM", "A256GCM"})
LIMIT = 4096
PLAINTEXT = b'{"vp_token":{"a1":["text"]}}'


def fixed_bytes(count: int) -> bytes:
    return bytes(range(1, count + 1))


KEY = new_encryption_key(fixed_bytes)
OTHER = new_encryption_key(lambda count: bytes([7]) * count)


def opened(text: str, key: EncryptionKey = KEY, enc: frozenset[str] = BOTH) -> bytes:
    return decrypt(text, key, allowed_enc=enc, max_plaintext=LIMIT)


def reason_of(text: str, key: EncryptionKey = KEY, enc: frozenset[str] = BOTH) -> str:
    with pytest.raises(Untrusted) as refusal:
        opened(text, key, enc)
    assert refusal.value.code == "encryption_invalid"
    return str(refusal.value.params["reason"])


SEALED = encrypt(PLAINTEXT, KEY.public_jwk, enc="A128GCM", apu=None, apv=None)


def with_header(**changes: Any) -> str:
    """Return the sealed token with another header (the tag no longer fits; the header is judged first)."""
    encoded, *rest = SEALED.split(".")
    header = {**json.loads(base64url.decode(encoded)), **changes}
    kept = {name: value for name, value in header.items() if value is not DROP}
    return ".".join([base64url.encode(json.dumps(kept).encode()), *rest])


def with_segment(position: int, text: str) -> str:
    segments = SEALED.split(".")
    segments[position] = text
    return ".".join(segments)


DROP = object()


@pytest.mark.parametrize("enc", sorted(BOTH))
def test_what_is_sealed_opens(enc: str) -> None:
    sealed = encrypt(PLAINTEXT, KEY.public_jwk, enc=enc, apu="QUE", apv="QkI")
    assert opened(sealed) == PLAINTEXT
    header = json.loads(base64url.decode(sealed.split(".")[0]))
    assert (header["kid"], header["apu"], header["apv"]) == (KEY.kid, "QUE", "QkI")


@settings(max_examples=20)
@given(st.binary(min_size=1, max_size=200))
def test_any_content_survives(plaintext: bytes) -> None:
    assert opened(encrypt(plaintext, KEY.public_jwk, enc="A256GCM", apu=None, apv=None)) == plaintext


def test_library_opens_what_we_seal_and_we_open_what_it_seals() -> None:
    theirs = oracle_jwe.JWE(PLAINTEXT, protected=json.dumps({"alg": "ECDH-ES", "enc": "A256GCM", "kid": KEY.kid}))
    theirs.add_recipient(oracle_jwk.JWK(**KEY.public_jwk))
    assert opened(theirs.serialize(compact=True)) == PLAINTEXT
    ours = oracle_jwe.JWE()
    ours.deserialize(SEALED, key=oracle_jwk.JWK.from_json(KEY.private_jwk))
    assert ours.payload == PLAINTEXT


def test_key_is_stored_as_text_and_never_shown() -> None:
    again = encryption_key_from_text(KEY.private_jwk)
    assert again == KEY
    assert opened(SEALED, again) == PLAINTEXT
    assert "d" not in KEY.public_jwk
    assert json.loads(KEY.private_jwk)["d"] not in repr(KEY)
    assert KEY.public_jwk["kid"] == oracle_jwk.JWK(**KEY.public_jwk).thumbprint()


def test_the_same_bytes_make_the_same_key_and_others_another() -> None:
    assert new_encryption_key(fixed_bytes) == KEY
    assert OTHER.kid != KEY.kid


HEADER_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"zip": "DEF"}, "header_param_forbidden"),
    ({"crit": ["exp"]}, "header_param_forbidden"),
    ({"jku": "https://keys.example"}, "header_param_forbidden"),
    ({"p2c": 10**9}, "header_param_forbidden"),
    ({"alg": DROP}, "alg"),
    *(
        ({"alg": alg}, "alg")
        for alg in ("dir", "RSA1_5", "RSA-OAEP", "PBES2-HS256+A128KW", "ECDH-ES+A256KW", None)
    ),
    ({"enc": DROP}, "enc"),
    *(({"enc": enc}, "enc") for enc in ("A128CBC-HS256", "A192GCM", "a128gcm", None, 5, [], {}, ["A128GCM"])),
    ({"kid": DROP}, "kid"),
    ({"kid": "another"}, "kid"),
    ({"kid": None}, "kid"),
    ({"apu": 5}, "apu"),
    ({"apv": "A" * 513}, "apv"),
    ({"apu": "QUE="}, "apu"),
    ({"apv": "%%"}, "apv"),
    ({"typ": ["JWT"]}, "typ"),
    ({"cty": None}, "cty"),
    ({"epk": DROP}, "epk"),
    ({"epk": None}, "epk"),
    ({"epk": {}}, "epk"),
]


@pytest.mark.parametrize(("changes", "reason"), HEADER_FAULTS)
def test_header_is_exactly_that_of_the_key_and_algorithm_asked_for(changes: dict[str, Any], reason: str) -> None:
    assert reason_of(with_header(**changes)) == reason


EPK = {name: OTHER.public_jwk[name] for name in ("kty", "crv", "x", "y")}
ZERO = base64url.encode(bytes(32))


@pytest.mark.parametrize(
    "changes",
    [
        {"crv": "P-384"},
        {"kty": "OKP"},
        {"d": ZERO},
        {"x": ZERO, "y": ZERO},
        {"y": EPK["x"]},
        {"x": EPK["x"][:-3]},
        {"x": ZERO + "AAAA"},
        {"x": EPK["x"] + "="},
        {"x": 5},
        {"x": base64url.encode(b"\xff" * 32)},
    ],
)
def test_ephemeral_key_is_a_point_of_the_curve_without_its_secret(changes: dict[str, Any]) -> None:
    assert reason_of(with_header(epk={**EPK, **changes})) == "epk"


def sealed_by_hand(**more: Any) -> str:
    """Return a response whose ephemeral key has ``more`` members than a library would write."""
    secret = ec.generate_private_key(ec.SECP256R1())
    numbers = secret.public_key().public_numbers()
    point = {"x": base64url.encode(numbers.x.to_bytes(32)), "y": base64url.encode(numbers.y.to_bytes(32))}
    epk = {"kty": "EC", "crv": "P-256", **point, **more}
    header = base64url.encode(
        json.dumps({"alg": "ECDH-ES", "enc": "A128GCM", "kid": KEY.kid, "epk": epk}).encode()
    )
    ours = oracle_jwk.JWK.from_json(KEY.private_jwk).get_op_key("unwrapKey")
    agreed = secret.exchange(ec.ECDH(), ours.public_key())
    info = b"\0\0\0\7A128GCM" + bytes(8) + (128).to_bytes(4)
    key = ConcatKDFHash(hashes.SHA256(), 16, info).derive(agreed)
    sealed = AESGCM(key).encrypt(bytes(12), PLAINTEXT, header.encode())
    return ".".join([header, "", *map(base64url.encode, (bytes(12), sealed[:-16], sealed[-16:]))])


@pytest.mark.parametrize(
    "more", [{}, {"kid": "1"}, {"use": "enc"}, {"alg": "ECDH-ES"}, {"key_ops": [], "ext": True}]
)
def test_more_public_members_of_the_ephemeral_key_are_passed_over(more: dict[str, Any]) -> None:
    assert opened(sealed_by_hand(**more)) == PLAINTEXT


@pytest.mark.parametrize("more", [{"use": "sig"}, {"key_ops": [[]]}, {"key_ops": "x"}, {"x5c": [5]}, {"kid": []}])
def test_strange_members_of_the_ephemeral_key_break_nothing(more: dict[str, Any]) -> None:
    text = sealed_by_hand(**more)
    with contextlib.suppress(Untrusted):
        assert opened(text) == PLAINTEXT


def test_encryption_that_was_not_offered_is_refused() -> None:
    assert reason_of(SEALED, enc=frozenset({"A256GCM"})) == "enc"
    assert reason_of(SEALED, enc=frozenset({"A128CBC-HS256"})) == "enc"


def test_response_for_another_key_is_refused() -> None:
    assert reason_of(SEALED, OTHER) == "kid"
    renamed = EncryptionKey(KEY.kid, OTHER.public_jwk, OTHER.private_jwk)
    assert reason_of(SEALED, renamed) == "decryption"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b.c",
        "a.b.c.d.e.f",
        with_segment(0, "e30="),
        with_segment(0, base64url.encode(b"[]")),
        with_segment(0, base64url.encode(b'{"alg":"ECDH-ES","alg":"dir"}')),
        with_segment(2, "AAAA"),
        with_segment(2, "=AAA"),
        with_segment(4, "AAAA"),
        with_segment(3, "A A"),
        json.dumps({"protected": "e30", "iv": "", "ciphertext": "", "tag": ""}),
    ],
)
def test_only_the_compact_form_is_read(text: str) -> None:
    assert reason_of(text) == "form"


def test_encrypted_key_has_no_place_in_direct_agreement() -> None:
    assert reason_of(with_segment(1, "AAAA")) == "encrypted_key"


@pytest.mark.parametrize("position", [0, 2, 3, 4])
def test_every_altered_segment_is_noticed(position: int) -> None:
    segment = SEALED.split(".")[position]
    flipped = ("B" if segment[10] != "B" else "C") + segment[11:]
    altered = with_segment(position, segment[:10] + flipped)
    assert reason_of(altered) in {"decryption", "form", "header_param_forbidden", "alg"}


def test_sizes_are_bounded_before_any_cryptography() -> None:
    for text in (with_segment(3, "A" * 8192), with_segment(0, "A" * 9000)):
        with pytest.raises(Malformed) as refusal:
            opened(text)
        assert refusal.value.code == "limit_exceeded"
    full = encrypt(b"x" * LIMIT, KEY.public_jwk, enc="A128GCM", apu=None, apv=None)
    assert len(opened(full)) == LIMIT
    over = encrypt(b"x" * (LIMIT + 1), KEY.public_jwk, enc="A128GCM", apu=None, apv=None)
    with pytest.raises(Malformed):
        opened(over)


SEGMENT = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=12)


@given(st.lists(SEGMENT, min_size=4, max_size=6).map(".".join) | st.text())
def test_arbitrary_text_is_refused_by_code(text: str) -> None:
    with pytest.raises(Untrusted) as refusal:
        opened(text)
    assert refusal.value.code == "encryption_invalid"


UNUSABLE: list[Any] = [
    "text",
    {},
    {**KEY.public_jwk, "alg": "ECDH-ES+A128KW"},
    {name: value for name, value in KEY.public_jwk.items() if name != "alg"},
    {**KEY.public_jwk, "use": "sig"},
    {**KEY.public_jwk, "crv": "P-384"},
    {**KEY.public_jwk, "y": KEY.public_jwk["x"]},
    {**KEY.public_jwk, "kid": 5},
    {**KEY.public_jwk, "d": ZERO},
    {"kty": "OKP", "crv": "X25519", "alg": "ECDH-ES", "use": "enc", "x": ZERO},
]


@pytest.mark.parametrize("jwk", UNUSABLE)
def test_unusable_keys_are_passed_over_and_never_encrypted_to(jwk: Any) -> None:
    assert choose_encryption_key({"keys": [jwk, KEY.public_jwk]}) == KEY.public_jwk
    with pytest.raises(Untrusted) as refusal:
        encrypt(PLAINTEXT, jwk, enc="A128GCM", apu=None, apv=None)
    assert refusal.value.params["reason"] == "key"


@pytest.mark.parametrize("jwks", [{}, {"keys": "none"}, {"keys": []}, {"keys": UNUSABLE}])
def test_set_without_a_usable_key_is_refused(jwks: dict[str, Any]) -> None:
    with pytest.raises(Untrusted) as refusal:
        choose_encryption_key(jwks)
    assert refusal.value.params["reason"] == "no_usable_key"


def test_unknown_content_encryption_is_not_made() -> None:
    with pytest.raises(Untrusted) as refusal:
        encrypt(PLAINTEXT, KEY.public_jwk, enc="A128CBC-HS256", apu=None, apv=None)
    assert refusal.value.params["reason"] == "enc"


def test_key_without_kid_gets_a_response_without_kid() -> None:
    jwk = {name: value for name, value in KEY.public_jwk.items() if name not in {"kid", "use"}}
    sealed = encrypt(PLAINTEXT, jwk, enc="A128GCM", apu=None, apv=None)
    assert "kid" not in json.loads(base64url.decode(sealed.split(".")[0]))


def test_the_key_that_a_message_names_is_read_without_believing_it() -> None:
    named = encrypt(PLAINTEXT, KEY.public_jwk, enc="A256GCM", apu=None, apv=None)
    assert unverified_kid(named) == KEY.kid
    unnamed = {name: value for name, value in KEY.public_jwk.items() if name != "kid"}
    assert unverified_kid(encrypt(PLAINTEXT, unnamed, enc="A256GCM", apu=None, apv=None)) is None
    for header in (b'{"kid":7}', b"[]", b"{", b'{"kid":"a","kid":"b"}', b'{"kid":"' + b"a" * 9000 + b'"}'):
        assert unverified_kid(f"{base64url.encode(header)}....") is None
    assert unverified_kid("") is None
