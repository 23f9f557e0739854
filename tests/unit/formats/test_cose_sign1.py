"""COSE_Sign1: one role for one reading, and nothing in a header ever names the key by itself."""

from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats.cose import cose_sign1, strict_cbor
from portadoc.formats.cose.cose_sign1 import ALG, CRIT, KID, TYP, X5CHAIN, CoseRole
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import verification_key
from portadoc.keys.signer import LocalSigner

ROLE = CoseRole("test", "application/test+cwt", max_bytes=4096)
PRIVATE = ec.derive_private_key(11, ec.SECP256R1())
KEY = verification_key(PRIVATE.public_key())
SIGNER = LocalSigner(PRIVATE, chain=(b"leaf", b"intermediate"))
CLAIMS = {1: "issuer", "own": b"bytes"}
PROTECTED = {ALG: -7, TYP: ROLE.typ, X5CHAIN: b"leaf"}


def read(message: bytes, key: Any = KEY, algs: frozenset[str] = ALL_ALGORITHMS) -> Any:
    return cose_sign1.verify(cose_sign1.split(message, ROLE, allowed_algs=algs), key)


def signed(protected: Any = None, unprotected: Any = None, payload: Any = None, *, tag: int = 18) -> bytes:
    header = strict_cbor.dumps(PROTECTED if protected is None else protected)
    body = strict_cbor.dumps(CLAIMS) if payload is None else payload
    structure = strict_cbor.dumps(["Signature1", header, b"", body])
    return strict_cbor.dumps([header, unprotected or {}, body, SIGNER.sign(structure)], tag=tag)


def refused(message: bytes, **context: Any) -> str:
    with pytest.raises(Error) as refusal:
        read(message, **context)
    return ".".join(
        [refusal.value.code, *(str(refusal.value.params[n]) for n in ("reason",) if n in refusal.value.params)]
    )


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), None], ids=str)
def test_what_is_signed_reads_back_under_each_algorithm(curve: Any) -> None:
    private: Any = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    if curve is not None:
        private = ec.derive_private_key(11, curve)
    message = cose_sign1.sign(CLAIMS, typ=ROLE.typ, signer=LocalSigner(private))
    assert read(message, key=verification_key(private.public_key())) == CLAIMS
    assert cose_sign1.unverified_claims(message, ROLE) == CLAIMS
    assert cbor2.loads(message).tag == 18


def test_the_chain_stands_in_the_protected_header_and_a_bare_key_is_named() -> None:
    message = cose_sign1.split(
        cose_sign1.sign(CLAIMS, typ=ROLE.typ, signer=SIGNER), ROLE, allowed_algs=ALL_ALGORITHMS
    )
    assert cose_sign1.certificate_chain(message) == (b"leaf", b"intermediate")
    alone = LocalSigner(PRIVATE, chain=(b"leaf",))
    message = cose_sign1.split(
        cose_sign1.sign(CLAIMS, typ=ROLE.typ, signer=alone), ROLE, allowed_algs=ALL_ALGORITHMS
    )
    assert cose_sign1.certificate_chain(message) == (b"leaf",)
    bare = LocalSigner(PRIVATE)
    message = cose_sign1.split(
        cose_sign1.sign(CLAIMS, typ=ROLE.typ, signer=bare), ROLE, allowed_algs=ALL_ALGORITHMS
    )
    assert (cose_sign1.certificate_chain(message), message.header[KID]) == ((), bare.kid.encode())


def test_a_chain_in_the_unprotected_header_is_handed_to_the_same_judge() -> None:
    message = signed({ALG: -7, TYP: ROLE.typ}, {X5CHAIN: [b"leaf", b"other"]})
    parsed = cose_sign1.split(message, ROLE, allowed_algs=ALL_ALGORITHMS)
    assert cose_sign1.certificate_chain(parsed) == (b"leaf", b"other")
    assert cose_sign1.verify(parsed, KEY) == CLAIMS


def test_the_curve_may_be_said_in_the_algorithm() -> None:
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    header, body = strict_cbor.dumps({ALG: -19, TYP: ROLE.typ}), strict_cbor.dumps(CLAIMS)
    signature = private.sign(strict_cbor.dumps(["Signature1", header, b"", body]))
    message = strict_cbor.dumps([header, {}, body, signature], tag=18)
    assert read(message, key=verification_key(private.public_key())) == CLAIMS


BARE = strict_cbor.dumps(PROTECTED)
FAULTS: dict[str, tuple[bytes, str]] = {
    "MAC": (signed(tag=17), "cbor_malformed.tag"),
    "several signatures": (signed(tag=98), "cbor_malformed.tag"),
    "CWT tag around it": (b"\xd8\x3d" + signed(), "cbor_malformed.tag"),
    "no tag": (signed()[1:], "cbor_malformed.tag"),
    "trailing byte": (signed() + b"\x00", "cbor_malformed.trailing"),
    "three parts": (strict_cbor.dumps([BARE, {}, b""], tag=18), "malformed_token.form"),
    "five parts": (strict_cbor.dumps([BARE, {}, b"", b"", b""], tag=18), "malformed_token.form"),
    "payload elsewhere": (strict_cbor.dumps([BARE, {}, None, bytes(64)], tag=18), "malformed_token.form"),
    "header as a map": (strict_cbor.dumps([PROTECTED, {}, b"", bytes(64)], tag=18), "malformed_token.form"),
    "a map": (strict_cbor.dumps({}, tag=18), "malformed_token.form"),
    "header not CBOR": (strict_cbor.dumps([b"\xff", {}, b"", b""], tag=18), "cbor_malformed.indefinite"),
    "empty header": (strict_cbor.dumps([b"", {}, b"", b""], tag=18), "cbor_malformed.truncated"),
    "header of another kind": (strict_cbor.dumps([b"\x80", {}, b"", b""], tag=18), "cbor_malformed.not_map"),
    "key named twice": (
        strict_cbor.dumps([bytes.fromhex("a201260126"), {}, b"", b""], tag=18),
        "cbor_malformed.duplicate_key",
    ),
    "no algorithm": (signed({TYP: ROLE.typ}), "malformed_token.alg"),
    "algorithm in clear only": (signed({TYP: ROLE.typ}, {ALG: -7}), "header_param_forbidden"),
    "algorithm as a text": (signed({ALG: "ES256", TYP: ROLE.typ}), "malformed_token.alg"),
    "algorithm true": (signed({ALG: True, TYP: ROLE.typ}), "malformed_token.alg"),
    "HMAC": (signed({ALG: 5, TYP: ROLE.typ}), "alg_not_allowed"),
    "ES256K": (signed({ALG: -47, TYP: ROLE.typ}), "alg_not_allowed"),
    "RSA": (signed({ALG: -257, TYP: ROLE.typ}), "alg_not_allowed"),
    "algorithm of another key": (signed({ALG: -35, TYP: ROLE.typ}), "alg_not_allowed"),
    "no type": (signed({ALG: -7}), "typ_mismatch"),
    "another type": (signed({ALG: -7, TYP: "application/cwt"}), "typ_mismatch"),
    "type as a number": (signed({ALG: -7, TYP: 61}), "typ_mismatch"),
    "type in clear": (signed({ALG: -7}, {TYP: ROLE.typ}), "header_param_forbidden"),
    "critical": (signed({**PROTECTED, CRIT: [X5CHAIN]}), "crit_unsupported"),
    "critical in clear": (signed(None, {CRIT: [KID]}), "crit_unsupported"),
    "unknown parameter": (signed({**PROTECTED, 35: "https://keys.example"}), "header_param_forbidden"),
    "unknown parameter in clear": (signed(None, {"x": 1}), "header_param_forbidden"),
    "in both headers": (signed(None, {X5CHAIN: b"other"}), "header_param_forbidden"),
    "signature cut off": (signed()[:-65] + b"\x58\x3f" + signed()[-63:], "cbor_malformed"),
    "payload not a map": (signed(payload=b"\x80"), "cbor_malformed.not_map"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_reason(name: str) -> None:
    message, code = FAULTS[name]
    assert refused(message).startswith(code)


def test_another_payload_header_or_key_does_not_fit_the_signature() -> None:
    protected, unprotected, payload, signature = cbor2.loads(signed()).value
    other = strict_cbor.dumps({**PROTECTED, KID: b"1"})
    for parts in (
        [protected, unprotected, strict_cbor.dumps({1: "other"}), signature],
        [other, unprotected, payload, signature],
        [protected, unprotected, payload, bytes(64)],
        [protected, unprotected, payload, signature[:-1]],
    ):
        assert refused(strict_cbor.dumps(parts, tag=18)).startswith("signature_invalid")
    stranger = verification_key(ec.derive_private_key(12, ec.SECP256R1()).public_key())
    assert refused(signed(), key=stranger) == "signature_invalid.mismatch"


def test_an_algorithm_that_the_caller_does_not_allow_is_refused() -> None:
    assert refused(signed(), algs=frozenset({"ES384"})) == "alg_not_allowed"


CHAINS: dict[str, tuple[Any, str]] = {
    "text": ("leaf", "malformed_token"),
    "one in an array": ([b"leaf"], "malformed_token"),
    "none in an array": ([], "malformed_token"),
    "a text among them": ([b"leaf", "x"], "malformed_token"),
    "null": (None, "malformed_token"),
    "eleven": ([b"x"] * 11, "limit_exceeded"),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_of_another_form_is_refused(name: str) -> None:
    chain, code = CHAINS[name]
    message = cose_sign1.split(signed({**PROTECTED, X5CHAIN: chain}), ROLE, allowed_algs=ALL_ALGORITHMS)
    with pytest.raises(Malformed) as refusal:
        cose_sign1.certificate_chain(message)
    assert refusal.value.code == code


def test_a_message_beyond_the_roles_size_is_not_read() -> None:
    assert refused(signed(payload=bytes(5000))) == "limit_exceeded"


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda tail: b"\xd2\x84" + tail))
def test_arbitrary_bytes_are_refused_by_code(raw: bytes) -> None:
    with pytest.raises((Malformed, Untrusted)):
        read(raw)


# --- messages that name their key by a few bytes

SHORT = CoseRole("short", "", max_bytes=4096, protected=frozenset({ALG, KID}), unprotected=frozenset())


def test_a_message_may_name_its_key_in_place_of_a_chain_and_have_no_type() -> None:
    message = cose_sign1.sign_naming_key(CLAIMS, key_id=b"12345678", signer=SIGNER)
    parsed = cose_sign1.split(message, SHORT, allowed_algs=ALL_ALGORITHMS)
    assert (dict(parsed.header), cose_sign1.certificate_chain(parsed)) == ({ALG: -7, KID: b"12345678"}, ())
    assert cose_sign1.verify(parsed, KEY) == CLAIMS
    with pytest.raises(Untrusted, match="typ_mismatch"):
        cose_sign1.split(message, ROLE, allowed_algs=ALL_ALGORITHMS)


@pytest.mark.parametrize(
    ("protected", "unprotected"),
    [({**PROTECTED}, None), ({ALG: -7, TYP: ""}, None), ({ALG: -7, TYP: None}, None), ({ALG: -7}, {KID: b"1"})],
)
def test_a_role_without_type_takes_no_other_parameter(protected: Any, unprotected: Any) -> None:
    with pytest.raises(Untrusted, match="header_param_forbidden"):
        cose_sign1.split(signed(protected, unprotected), SHORT, allowed_algs=ALL_ALGORITHMS)
