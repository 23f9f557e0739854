"""Compact JWS: each laxness of a general library is refused here, with the code that fits.

``lax`` names the libraries that accept the same token; a test below shows that they do, which is why neither is
used to read tokens.
"""

import base64 as lax_base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from portadoc import base64url
from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats import jws, numeric_date, roles
from portadoc.keys.algorithms import ES256
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.signer import LocalSigner

ISSUER = LocalSigner(ec.derive_private_key(11, ec.SECP256R1()))
OTHER = LocalSigner(ec.derive_private_key(12, ec.SECP256R1()))
WIDER = LocalSigner(ec.derive_private_key(13, ec.SECP384R1()))
KEY = public_key_from_jwk(ISSUER.public_jwk, allowed_algs={"ES256"})
WIDER_KEY = public_key_from_jwk(WIDER.public_jwk, allowed_algs={"ES384"})
ALLOWED = frozenset({"ES256"})
HEADER: dict[str, Any] = {"alg": "ES256", "typ": "dc+sd-jwt", "kid": ISSUER.kid}
PAYLOAD = {"iss": "https://issuer.example", "exp": 4_000_000_000}


def forge(
    header: bytes | dict[str, Any] = HEADER,
    payload: bytes | dict[str, Any] = PAYLOAD,
    signer: LocalSigner = ISSUER,
) -> str:
    """A token with a good signature over whatever bytes are given."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signing_input = ".".join(map(base64url.encode, parts))
    return f"{signing_input}.{base64url.encode(signer.sign(signing_input.encode()))}"


def with_header(**members: Any) -> str:
    return forge({name: value for name, value in {**HEADER, **members}.items() if value is not ...})


def read(token: str, role: roles.TokenRole = roles.CREDENTIAL) -> dict[str, Any]:
    claims = jws.verify(jws.split(token, role, allowed_algs=ALLOWED), KEY)
    numeric_date.numeric_date(claims, "exp", required=True)
    return claims


def code_of(token: str, role: roles.TokenRole = roles.CREDENTIAL) -> str:
    with pytest.raises(Error) as refusal:
        read(token, role)
    return refusal.value.code


def signature_with(letter: str) -> str:
    """A valid token whose signature segment holds ``letter``."""
    while letter not in (token := forge()).rpartition(".")[2]:
        pass
    return token


def std_alphabet() -> str:
    head, _, signature = signature_with("-").rpartition(".")
    return f"{head}.{signature.replace('-', '+').replace('_', '/')}"


def idle_bits(position: int) -> str:
    parts = forge(payload=b'{"exp":4000000000,"iss":"x"}').split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(parts[position]) % 4
    parts[position] = parts[position][:-1] + alphabet[alphabet.index(parts[position][-1]) + 1]
    return ".".join(parts)


def padded(position: int) -> str:
    parts = forge(payload=b'{"exp":4000000000,"iss":"x"}').split(".")
    parts[position] += "=" * (-len(parts[position]) % 4)
    return ".".join(parts)


def flattened() -> str:
    header, payload, signature = forge().split(".")
    return json.dumps({"protected": header, "payload": payload, "signature": signature})


def polyglot() -> str:
    header, payload, signature = forge().split(".")
    return json.dumps({"a": f".{payload}.", "protected": header, "payload": payload, "signature": signature})


@dataclass(frozen=True)
class Case:
    make: Callable[[], str]
    code: str
    lax: frozenset[str] = frozenset()


BOTH, PYJWT, JWCRYPTO = frozenset({"pyjwt", "jwcrypto"}), frozenset({"pyjwt"}), frozenset({"jwcrypto"})

LIBRARY_TABLE = {
    "padded_signature": Case(lambda: padded(2), "malformed_token", BOTH),
    "standard_alphabet_in_signature": Case(std_alphabet, "malformed_token", JWCRYPTO),
    "idle_bits_in_signature": Case(lambda: idle_bits(2), "malformed_token", JWCRYPTO),
    "duplicate_alg": Case(
        lambda: forge(b'{"alg":"none","alg":"ES256","typ":"dc+sd-jwt"}'), "malformed_token", BOTH
    ),
    "duplicate_iss": Case(
        lambda: forge(payload=b'{"iss":"a","iss":"b","exp":4000000000}'), "malformed_token", BOTH
    ),
    "byte_order_mark": Case(lambda: forge(payload=b'\xef\xbb\xbf{"exp":4000000000}'), "malformed_token", BOTH),
    "lone_surrogate": Case(lambda: forge(payload=b'{"exp":4000000000,"a":"\\ud800"}'), "malformed_token", BOTH),
    "exp_as_text": Case(lambda: forge(payload={"exp": "4000000000"}), "claim_invalid", BOTH),
    "nan": Case(lambda: forge(payload=b'{"exp":NaN}'), "malformed_token", JWCRYPTO),
    "infinity": Case(lambda: forge(payload=b'{"exp":4000000000,"a":Infinity}'), "malformed_token", BOTH),
    "beyond_float": Case(lambda: forge(payload=b'{"exp":1e400}'), "malformed_token", JWCRYPTO),
    "other_typ": Case(lambda: with_header(typ="statuslist+jwt"), "typ_mismatch", BOTH),
    "embedded_jwk": Case(lambda: with_header(jwk=dict(ISSUER.public_jwk)), "header_param_forbidden", BOTH),
    "zip": Case(lambda: with_header(zip="DEF"), "header_param_forbidden", BOTH),
    "no_exp": Case(lambda: forge(payload={"iss": "x"}), "claim_missing", BOTH),
    "flattened_json": Case(flattened, "malformed_token", JWCRYPTO),
    "crit_empty": Case(lambda: with_header(crit=[]), "crit_unsupported", JWCRYPTO),
    "payload_array": Case(lambda: forge(payload=b"[1]"), "malformed_token", JWCRYPTO),
    "deep_nesting": Case(
        lambda: forge(payload=b'{"a":' + b"[" * 60_000 + b"]" * 60_000 + b"}"), "limit_exceeded", JWCRYPTO
    ),
    "integer_of_5000_digits": Case(
        lambda: forge(payload=b'{"exp":' + b"9" * 5000 + b"}"), "malformed_token", JWCRYPTO
    ),
}


@pytest.mark.parametrize("case", LIBRARY_TABLE.values(), ids=LIBRARY_TABLE)
def test_what_libraries_let_through_is_refused(case: Case) -> None:
    assert code_of(case.make()) == case.code


def pyjwt_accepts(token: str) -> bool:
    try:
        jwt.decode(token, jwt.PyJWK(dict(ISSUER.public_jwk), "ES256"), algorithms=["ES256"])
    except (jwt.InvalidTokenError, RecursionError):
        return False
    return True


def jwcrypto_accepts(token: str) -> bool:
    reader = JWS()
    reader.allowed_algs = ["ES256"]
    try:
        reader.deserialize(token, JWK(**ISSUER.public_jwk))
    except JWException:
        return False
    return True


@pytest.mark.parametrize("case", LIBRARY_TABLE.values(), ids=LIBRARY_TABLE)
def test_the_libraries_are_as_lax_as_the_table_says(case: Case) -> None:
    token = case.make()
    oracles = {"pyjwt": pyjwt_accepts, "jwcrypto": jwcrypto_accepts}
    assert {name for name, accepts in oracles.items() if accepts(token)} == case.lax


def test_the_mirrored_signature_is_accepted_so_that_token_bytes_identify_nothing() -> None:
    assert ES256.ecdsa is not None
    head, _, signature = forge().rpartition(".")
    raw = base64url.decode(signature)
    mirrored = raw[:32] + (ES256.ecdsa.order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    assert read(f"{head}.{base64url.encode(mirrored)}") == PAYLOAD


def signed_with(alg: str, signature: bytes = b"") -> str:
    signing_input = ".".join(
        base64url.encode(json.dumps(part).encode()) for part in ({**HEADER, "alg": alg}, PAYLOAD)
    )
    return f"{signing_input}.{base64url.encode(signature)}"


def with_signature(change: Callable[[bytes], bytes]) -> str:
    head, _, signature = forge().rpartition(".")
    return f"{head}.{base64url.encode(change(base64url.decode(signature)))}"


def as_der(raw: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


KEY_FORMS = (
    (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    (Encoding.OpenSSH, PublicFormat.OpenSSH),
)
ORDER = ES256.ecdsa.order.to_bytes(32, "big") if ES256.ecdsa else b""

ABUSE = {
    "A01_none": Case(lambda: signed_with("none"), "alg_not_allowed"),
    "A01_None": Case(lambda: signed_with("None"), "alg_not_allowed"),
    "A01_nOnE": Case(lambda: signed_with("nOnE"), "alg_not_allowed"),
    "A01_empty_signature": Case(lambda: forge().rpartition(".")[0] + ".", "signature_invalid"),
    "A02_hs256": Case(lambda: signed_with("HS256", bytes(32)), "alg_not_allowed"),
    "A03_rs256": Case(lambda: signed_with("RS256", bytes(256)), "alg_not_allowed"),
    "A04_alg_array": Case(lambda: with_header(alg=["ES256"]), "malformed_token"),
    "A04_alg_number": Case(lambda: with_header(alg=256), "malformed_token"),
    "A04_alg_missing": Case(lambda: with_header(alg=...), "malformed_token"),
    "A05_duplicate_typ": Case(
        lambda: forge(b'{"alg":"ES256","typ":"dc+sd-jwt","typ":"dc+sd-jwt"}'), "malformed_token"
    ),
    "A06_duplicate_deep": Case(lambda: forge(payload=b'{"a":[{"b":1,"b":1}],"exp":1}'), "malformed_token"),
    "A07_padded_payload": Case(lambda: padded(1), "malformed_token"),
    "A08_space": Case(lambda: forge().replace(".", " .", 1), "malformed_token"),
    "A08_trailing_newline": Case(lambda: forge() + "\n", "malformed_token"),
    "A08_inner_newline": Case(lambda: forge()[:30] + "\n" + forge()[30:], "malformed_token"),
    "A08_not_ascii": Case(lambda: forge() + "é", "malformed_token"),
    "A09_idle_bits_in_payload": Case(lambda: idle_bits(1), "malformed_token"),
    "A10_invalid_utf8": Case(lambda: forge(payload=b'{"a":"\xff"}'), "malformed_token"),
    "A11_negative_zero": Case(lambda: forge(payload=b'{"exp":-0}'), "malformed_token"),
    "A11_fraction": Case(lambda: forge(payload={"exp": 1.5}), "claim_invalid"),
    "A12_header_depth": Case(lambda: forge(b'{"alg":' + b"[" * 40 + b"]" * 40 + b"}"), "limit_exceeded"),
    "A13_token_size": Case(lambda: forge(payload={"a": "x" * 256 * 1024}), "limit_exceeded"),
    "A13_header_size": Case(lambda: with_header(x5c=["x" * 16 * 1024]), "limit_exceeded"),
    "A14_crit_unknown": Case(lambda: with_header(crit=["exp"], exp=1), "crit_unsupported"),
    "A14_crit_text": Case(lambda: with_header(crit="exp"), "crit_unsupported"),
    "A15_b64": Case(lambda: with_header(b64=False), "crit_unsupported"),
    "A15_b64_crit": Case(lambda: with_header(b64=False, crit=["b64"]), "crit_unsupported"),
    "A17_jku": Case(lambda: with_header(jku="http://127.0.0.1:9/keys"), "header_param_forbidden"),
    "A17_x5u": Case(lambda: with_header(x5u="http://127.0.0.1:9/chain"), "header_param_forbidden"),
    "A18_kid_number": Case(lambda: with_header(kid=42), "header_param_forbidden"),
    "A18_kid_nul": Case(lambda: with_header(kid="\x00"), "header_param_forbidden"),
    "A18_kid_empty": Case(lambda: with_header(kid=""), "header_param_forbidden"),
    "A18_kid_long": Case(lambda: with_header(kid="k" * 257), "header_param_forbidden"),
    "A20_general_json": Case(lambda: '{"payload":"e30","signatures":[]}', "malformed_token"),
    "A20_polyglot": Case(polyglot, "malformed_token"),
    "A20_array": Case(lambda: "[" + forge() + "]", "malformed_token"),
    "A21_der": Case(lambda: with_signature(as_der), "signature_invalid"),
    "A21_short": Case(lambda: with_signature(lambda raw: raw[1:]), "signature_invalid"),
    "A21_long": Case(lambda: with_signature(lambda raw: raw + b"\x00"), "signature_invalid"),
    "A21_huge": Case(lambda: with_signature(lambda _: bytes(21_830)), "signature_invalid"),
    "A21_zero": Case(lambda: with_signature(lambda _: bytes(64)), "signature_invalid"),
    "A21_order": Case(lambda: with_signature(lambda _: ORDER + ORDER), "signature_invalid"),
    "A22_JWT": Case(lambda: with_header(typ="JWT"), "typ_mismatch"),
    "A22_missing": Case(lambda: with_header(typ=...), "typ_mismatch"),
    "A22_number": Case(lambda: with_header(typ=1), "typ_mismatch"),
    "A22_case": Case(lambda: with_header(typ="DC+SD-JWT"), "typ_mismatch"),
    "A22_older": Case(lambda: with_header(typ="vc+sd-jwt"), "typ_mismatch"),
    "A22_kb": Case(lambda: with_header(typ="kb+jwt"), "typ_mismatch"),
    "A23_key_proof": Case(
        lambda: with_header(typ="openid4vci-proof+jwt", jwk=dict(ISSUER.public_jwk)), "typ_mismatch"
    ),
    "one_segment": Case(lambda: "eyJhbGciOiJFUzI1NiJ9", "malformed_token"),
    "four_segments": Case(lambda: forge() + ".e30", "malformed_token"),
    "five_segments": Case(lambda: forge() + ".e30.e30", "malformed_token"),
    "empty": Case(lambda: "", "malformed_token"),
    "header_array": Case(lambda: forge(b'["ES256"]'), "malformed_token"),
    "other_key": Case(lambda: forge(signer=OTHER), "signature_invalid"),
}


@pytest.mark.parametrize("case", ABUSE.values(), ids=ABUSE)
def test_abuse_is_refused_for_its_own_reason(case: Case) -> None:
    assert code_of(case.make()) == case.code


def test_a_public_key_is_no_secret_for_hs256() -> None:
    secrets = [json.dumps(dict(ISSUER.public_jwk)).encode(), *(KEY.key.public_bytes(*form) for form in KEY_FORMS)]
    signing_input = signed_with("HS256").rstrip(".")
    for secret in secrets:
        mac = hmac.digest(secret, signing_input.encode(), "sha256")
        assert code_of(f"{signing_input}.{base64url.encode(mac)}") == "alg_not_allowed"


def test_an_allowed_algorithm_that_is_not_the_keys_is_refused() -> None:
    unverified = jws.split(forge(), roles.CREDENTIAL, allowed_algs=frozenset({"ES256", "ES384"}))
    with pytest.raises(Untrusted) as refusal:
        jws.verify(unverified, WIDER_KEY)
    assert refusal.value.code == "alg_not_allowed"


def test_an_algorithm_name_of_the_attackers_choice_is_not_repeated() -> None:
    for name, shown in (("HS256", "HS256"), ("<script>", "?"), ("A" * 17, "?")):
        with pytest.raises(Untrusted) as refusal:
            jws.split(with_header(alg=name), roles.CREDENTIAL, allowed_algs=ALLOWED)
        assert refusal.value.params == {"alg": shown}


def test_a_strange_kid_is_only_a_name() -> None:
    for kid in ("../../etc/passwd", "' OR 1=1"):
        unverified = jws.split(with_header(kid=kid), roles.CREDENTIAL, allowed_algs=ALLOWED)
        assert unverified.header["kid"] == kid


def test_what_is_signed_verifies_and_the_signer_names_the_algorithm() -> None:
    token = jws.sign({"typ": "dc+sd-jwt", "kid": ISSUER.kid}, PAYLOAD, ISSUER)
    unverified = jws.split(token, roles.CREDENTIAL, allowed_algs=ALLOWED)
    assert jws.verify(unverified, KEY) == PAYLOAD
    assert dict(unverified.header) == HEADER
    assert jws.sign({"typ": "x"}, b'{"a":1}', ISSUER).split(".")[1] == base64url.encode(b'{"a":1}')
    assert jws.unverified_claims(token) == PAYLOAD
    assert jwt.decode(token, jwt.PyJWK(dict(ISSUER.public_jwk), "ES256"), algorithms=["ES256"]) == PAYLOAD


def test_a_given_algorithm_is_a_programming_error() -> None:
    with pytest.raises(AssertionError):
        jws.sign({"alg": "none"}, PAYLOAD, ISSUER)


def test_a_header_cannot_be_changed_after_reading() -> None:
    header = jws.split(forge(), roles.CREDENTIAL, allowed_algs=ALLOWED).header
    with pytest.raises(TypeError):
        header["kid"] = "other"  # type: ignore[index]


def test_a_tolerated_typ_is_accepted_for_that_reading_only() -> None:
    token = with_header(typ="vc+sd-jwt")
    tolerated = frozenset({"vc+sd-jwt"})
    assert (
        jws.split(token, roles.CREDENTIAL, allowed_algs=ALLOWED, tolerated_typ=tolerated).role is roles.CREDENTIAL
    )
    assert code_of(token) == "typ_mismatch"


def test_x5u_is_tolerated_where_a_profile_asks_for_it() -> None:
    members = {"x5u": "https://issuer.example/chain", "x5t#S256": "abc"}
    token = with_header(**members)
    assert jws.split(token, roles.CREDENTIAL_WITH_X5U, allowed_algs=ALLOWED).header["x5u"] == members["x5u"]
    assert code_of(token) == "header_param_forbidden"


@pytest.mark.parametrize("token", ["", "e30", "e30.e30.e30.e30", "e30.W10.", "e30.e3.", "e30.eyJhIjoxLCJhIjoxfQ."])
def test_claims_are_not_read_from_what_is_no_token(token: str) -> None:
    with pytest.raises(Malformed) as refusal:
        jws.unverified_claims(token)
    assert refusal.value.code == "malformed_token"


LEAF = lax_base64.b64encode(b"\x30\x03leaf").decode()


def chain_of(x5c: Any) -> tuple[bytes, ...]:
    return jws.certificate_chain(jws.split(with_header(x5c=x5c), roles.CREDENTIAL, allowed_algs=ALLOWED))


def test_the_chain_is_returned_leaf_first() -> None:
    assert chain_of([LEAF, lax_base64.b64encode(b"ca").decode()]) == (b"\x30\x03leaf", b"ca")
    assert chain_of(...) == ()


CHAINS = {
    "empty": [],
    "text": LEAF,
    "number": [1],
    "empty_text": [""],
    "pem": ["-----BEGIN CERTIFICATE-----\n" + LEAF],
    "line_break": [LEAF[:4] + "\n" + LEAF[4:]],
    "base64url": [lax_base64.urlsafe_b64encode(b"\xff\xfe\xfd").decode()],
    "unpadded": [LEAF.rstrip("=") + "A"],
    "idle_bits": ["AB=="],
    "not_ascii": ["é"],
}


@pytest.mark.parametrize("x5c", CHAINS.values(), ids=CHAINS)
def test_a_chain_in_any_other_form_is_refused(x5c: Any) -> None:
    with pytest.raises(Malformed) as refusal:
        chain_of(x5c)
    assert (refusal.value.code, refusal.value.params["part"]) == ("malformed_token", "x5c")


def test_a_chain_of_eleven_is_refused() -> None:
    assert len(chain_of([LEAF] * 10)) == 10
    with pytest.raises(Malformed) as refusal:
        chain_of([LEAF] * 11)
    assert refusal.value.code == "limit_exceeded"


TOKEN = forge()


@given(st.integers(0, len(TOKEN) - 1), st.characters(exclude_categories=["Cs"]))
def test_a_token_altered_in_one_letter_is_never_accepted(position: int, letter: str) -> None:
    altered = TOKEN[:position] + letter + TOKEN[position + 1 :]
    if altered != TOKEN:
        with pytest.raises(Error):
            read(altered)


@given(st.text(max_size=200))
def test_arbitrary_text_is_refused(text: str) -> None:
    with pytest.raises(Error):
        read(text)
