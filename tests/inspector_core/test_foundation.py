"""The foundation of the TypeScript core against Python's: one outcome, code and reason, for the same bytes."""

import base64
import json
import struct
import zlib
from binascii import crc32
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portadoc import base64url
from portadoc.errors import Error
from portadoc.formats import jwe, jws, roles, strict_json
from portadoc.formats.cose import strict_cbor
from portadoc.formats.visible_seal import base45
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import holder_key, public_jwk, public_key_from_jwk, thumbprint
from portadoc.randomness import system_random_bytes
from tests.unit.formats.test_strict_cbor import FAULTS, PLAIN
from tests.unit.formats.test_strict_json import ACCEPTED, REFUSED, TOO_MUCH, TREES
from tests.vectors import encoding_vectors, signature_vectors
from tests.vectors.signature_vectors import VALID
from tests.vectors.test_signature_vectors import SMALL_ORDER

from .conftest import Core, Outcome, outcome

ENGINES = ("node", "chromium")

RANDOM = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


# --- values in a form that both languages can write ------------------------------------------------------------


def json_kinds(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": str(struct.unpack("<Q", struct.pack("<d", value))[0])}
    if isinstance(value, list):
        return [json_kinds(each) for each in value]
    return {"object": sorted([name, json_kinds(each)] for name, each in value.items())}


def cbor_kinds(value: Any) -> Any:
    if isinstance(value, dict):
        return {"map": [[cbor_kinds(key), cbor_kinds(each)] for key, each in value.items()]}
    if isinstance(value, list):
        return [cbor_kinds(each) for each in value]
    return json_kinds(value) if not isinstance(value, bytes) else value


def in_order(value: Any) -> Any:
    """Return kinds of JSON, members in one order: JavaScript moves those whose names look like numbers."""
    if isinstance(value, list):
        return [in_order(each) for each in value]
    if isinstance(value, dict) and value.keys() == {"object"}:
        pairs = ([name, in_order(each)] for name, each in value["object"])
        return {"object": sorted(pairs, key=lambda pair: pair[0])}
    return value


def ordered(found: Outcome) -> Outcome:
    return Outcome(in_order(found.value), found.code, found.reason)


def python_json(raw: bytes, **options: Any) -> Outcome:
    found = outcome(lambda: strict_json.loads(raw, what="it", **options))
    return Outcome(in_order(json_kinds(found.value)), found.code, found.reason)


def python_cbor(raw: bytes, **options: Any) -> Outcome:
    found = outcome(lambda: strict_cbor.loads(raw, what="it", **options))
    return Outcome(cbor_kinds(found.value), found.code, found.reason)


# --- encodings ---------------------------------------------------------------------------------------------------


@RANDOM
@given(st.binary(max_size=70))
def test_bytes_are_spelt_the_same(core: Core, raw: bytes) -> None:
    assert core.ask("base64url_encode", raw=raw).value == base64url.encode(raw)
    assert core.ask("base64_encode", raw=raw).value == base64.b64encode(raw).decode()
    assert core.ask("base45_encode", raw=raw).value == base45.encode(raw)
    assert core.ask("crc32", raw=raw).value == crc32(raw)


@RANDOM
@given(st.text("ABab01-_+/=Q \u00e9", max_size=9) | st.text(max_size=9).filter(str.isascii))
def test_base64_is_read_or_refused_the_same(core: Core, text: str) -> None:
    found = core.ask("base64url_decode", text=text)
    assert (found.value, found.code) == (lambda o: (o.value, o.code))(outcome(lambda: base64url.decode(text)))
    standard = core.ask("base64_decode", text=text)
    assert (standard.value == b"" or standard.code == "") == _is_standard(text)


def _is_standard(text: str) -> bool:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


@RANDOM
@given(st.text(base45.ALPHABET + "a\u00e9", max_size=8))
def test_base45_is_read_or_refused_the_same(core: Core, text: str) -> None:
    assert core.ask("base45_decode", text=text) == outcome(lambda: base45.decode(text))


def test_one_zlib_stream_is_inflated_within_bounds(core: Core) -> None:
    whole = zlib.compress(b"seal" * 1000)
    assert core.ask("inflate", raw=whole, limit=4000).value == b"seal" * 1000
    assert core.ask("inflate", raw=whole, limit=3999).value == "beyond_limit"
    assert core.ask("inflate", raw=zlib.compress(bytes(2**26)), limit=2**14).value == "beyond_limit"
    for spoilt in (b"", whole[:-1], whole[:-5], whole + b"\0", whole + whole, whole[2:], b"not zlib"):
        assert core.ask("inflate", raw=spoilt, limit=4000).value == "not_one_stream", spoilt[-8:]
    for place in range(len(whole)):
        flipped = bytes([*whole[:place], whole[place] ^ 1, *whole[place + 1 :]])
        found = core.ask("inflate", raw=flipped, limit=4000).value
        assert found == _inflated(flipped), place


def _inflated(raw: bytes, limit: int = 4000) -> Any:
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(raw, limit + 1)
    except zlib.error:
        return "not_one_stream"
    if len(content) > limit:
        return "beyond_limit"
    return content if stream.eof and not stream.unused_data else "not_one_stream"


# --- JSON and CBOR -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*ACCEPTED, *REFUSED, *TOO_MUCH])
def test_a_json_case_has_one_outcome(core: Core, name: str) -> None:
    raw = ACCEPTED[name][0] if name in ACCEPTED else REFUSED[name][0] if name in REFUSED else TOO_MUCH[name]
    assert ordered(core.ask("json_loads", raw=raw)) == python_json(raw)
    for options in ({"max_depth": 2}, {"max_bytes": 5}):
        (asked,) = ({"maxDepth": options["max_depth"]} if "max_depth" in options else {"maxBytes": 5},)
        assert ordered(core.ask("json_loads", raw=raw, **asked)) == python_json(raw, **options)


def test_json_text_with_a_lone_surrogate_is_refused(core: Core) -> None:
    assert core.ask("json_loads_text", text='"\ud800"').refusal == ("json_malformed", "encoding")
    assert core.ask("json_loads_object", raw=b"[]").refusal == ("json_malformed", "not_object")


@RANDOM
@given(TREES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_any_json_value_is_read_the_same(core: Core, tree: Any, indent: Any, ascii_only: bool) -> None:
    raw = json.dumps(tree, indent=indent, ensure_ascii=ascii_only).encode()
    assert ordered(core.ask("json_loads", raw=raw)) == python_json(raw)


FRAGMENTS = st.sampled_from(
    (
        *(
            '{"a":',
            '"a"',
            "1",
            "-0",
            "-0.0",
            "0.1",
            "1e5",
            "1E400",
            "18446744073709551616",
            "[",
            "]",
            "{",
            "}",
            ",",
        ),
        *(
            "-9223372036854775808",
            ":",
            "true",
            "nul",
            '"\\u00e9"',
            '"\\ud83d\\ude00"',
            '"\\udc00"',
            " ",
            "\t",
            "\\",
        ),
        *(
            '{"__proto__":1}',
            '{"a":1,"a":2}',
            '{"1":0,"0":1}',
            "00",
            "+1",
            ".5",
            "5.",
            "1e",
            "NaN",
            '"\\x"',
            '"\x7f"',
        ),
        *('"\n"', "\u00a0", "\u2028"),
    )
)


@settings(RANDOM, max_examples=500)
@given(st.lists(FRAGMENTS, max_size=8))
def test_any_fragments_of_json_have_one_outcome(core: Core, fragments: list[str]) -> None:
    raw = "".join(fragments).encode()
    assert ordered(core.ask("json_loads", raw=raw)) == python_json(raw)


@settings(RANDOM, max_examples=300)
@given(st.binary(max_size=60))
def test_arbitrary_bytes_have_one_outcome_as_json(core: Core, raw: bytes) -> None:
    assert ordered(core.ask("json_loads", raw=raw)) == python_json(raw)


@pytest.mark.parametrize("name", FAULTS)
def test_a_cbor_fault_has_one_outcome(core: Core, name: str) -> None:
    raw = bytes.fromhex(FAULTS[name][0])
    found = python_cbor(raw)
    assert core.ask("cbor_loads", raw=raw) == found
    assert FAULTS[name][1] in found.refusal


@RANDOM
@given(PLAIN)
def test_any_cbor_value_is_read_and_written_the_same(core: Core, value: Any) -> None:
    raw = strict_cbor.dumps(value)
    assert core.ask("cbor_loads", raw=raw) == python_cbor(raw)
    written = core.ask("cbor_again", raw=raw)
    assert written.code or written.value == raw


@settings(RANDOM, max_examples=500)
@given(st.binary(max_size=60) | PLAIN.map(strict_cbor.dumps), st.integers(0, 60), st.integers(0, 255))
def test_arbitrary_bytes_have_one_outcome_as_cbor(core: Core, raw: bytes, place: int, byte: int) -> None:
    changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
    for each in (raw, changed):
        assert core.ask("cbor_loads", raw=each) == python_cbor(each)


def test_cbor_is_bounded_and_tagged_the_same(core: Core) -> None:
    for items in (strict_cbor.MAX_ITEMS - 1, strict_cbor.MAX_ITEMS):
        raw = strict_cbor.dumps([0] * items)
        assert core.ask("cbor_loads", raw=raw) == python_cbor(raw)
    for encoded in ("d28101", "8101", "d18101", "d83dd28101", "d2d28101", ""):
        raw = bytes.fromhex(encoded)
        assert core.ask("cbor_loads", raw=raw, tag=18) == python_cbor(raw, tag=18)
    assert core.ask("cbor_loads", raw=bytes(11), maxBytes=10).refusal == ("limit_exceeded", "")
    assert core.ask("cbor_loads_map", raw=b"\x80").refusal == ("cbor_malformed", "not_map")


# --- signatures and keys -----------------------------------------------------------------------------------------


def test_a21_v02_v03_v05_every_signature_and_encoding_vector_has_one_outcome(core: Core) -> None:
    vectors = [*signature_vectors.vectors(), *encoding_vectors.vectors()]
    assert len(vectors) > 500
    for vector in vectors:
        asked = core.ask("jws_verify", token=vector.token, jwk=public_jwk(vector.key), role="CREDENTIAL")
        split = outcome(
            lambda token=vector.token, key=vector.key: jws.verify(  # type: ignore[misc]
                jws.split(token, roles.CREDENTIAL, allowed_algs=ALL_ALGORITHMS), key
            )
        )
        assert asked.refusal == split.refusal, vector.name
        assert (asked.code or VALID) == vector.expected, vector.name


ES256_KEY = public_jwk(signature_vectors.private_key(signature_vectors.ECDSA[0]).public_key())
HEADERS: dict[str, Any] = {
    "no algorithm": {"typ": "dc+sd-jwt"},
    "an algorithm that is a number": {"alg": 1, "typ": "dc+sd-jwt"},
    "an algorithm of other letters": {"alg": "ES256\u00e9", "typ": "dc+sd-jwt"},
    "critical": {"alg": "ES256", "typ": "dc+sd-jwt", "crit": ["exp"]},
    "critical, empty": {"alg": "ES256", "typ": "dc+sd-jwt", "crit": []},
    "b64": {"alg": "ES256", "typ": "dc+sd-jwt", "b64": True},
    "no type": {"alg": "ES256"},
    "another type": {"alg": "ES256", "typ": "kb+jwt"},
    "type in capitals": {"alg": "ES256", "typ": "DC+SD-JWT"},
    "type as list": {"alg": "ES256", "typ": ["dc+sd-jwt"]},
    "its own key": {"alg": "ES256", "typ": "dc+sd-jwt", "jwk": {}},
    "a key elsewhere": {"alg": "ES256", "typ": "dc+sd-jwt", "jku": "https://a.test"},
    "empty kid": {"alg": "ES256", "typ": "dc+sd-jwt", "kid": ""},
    "kid null": {"alg": "ES256", "typ": "dc+sd-jwt", "kid": None},
    "kid with a line end": {"alg": "ES256", "typ": "dc+sd-jwt", "kid": "a\nb"},
    "kid with a blank": {"alg": "ES256", "typ": "dc+sd-jwt", "kid": "a b"},
    "kid with letters that turn": {"alg": "ES256", "typ": "dc+sd-jwt", "kid": "a\u202eb"},
    "kid of 257 letters": {"alg": "ES256", "typ": "dc+sd-jwt", "kid": "x" * 257},
    "kid of 256 letters": {"alg": "ES256", "typ": "dc+sd-jwt", "kid": "\U0001f600" * 256},
    "a chain that is a text": {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": "QQ=="},
    "an empty chain": {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": []},
    "a chain of numbers": {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": [1]},
    "a chain of eleven": {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": ["QQ=="] * 11},
    "a chain in base64url": {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": ["_w"]},
    "a chain with idle bits": {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": ["QR=="]},
    "a chain with a line end": {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": ["QQ==\n"]},
    "a chain of nothing": {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": [""]},
    "a chain of two": {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": ["QQ==", "QUI="]},
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_has_one_outcome(core: Core, name: str) -> None:
    token = f"{base64url.encode(json.dumps(HEADERS[name]).encode())}.e30."
    found = outcome(
        lambda: list(jws.certificate_chain(jws.split(token, roles.CREDENTIAL, allowed_algs=ALL_ALGORITHMS)))
    )
    assert core.ask("jws_chain", token=token, role="CREDENTIAL") == found


def test_a_token_longer_than_its_role_is_refused_the_same(core: Core) -> None:
    for token in ("{", "[]", "a" * (256 * 1024 + 1), "\u00e9.e30.", f"{'A' * 16_388}.e30."):
        found = outcome(lambda text=token: jws.split(text, roles.CREDENTIAL, allowed_algs=ALL_ALGORITHMS))  # type: ignore[misc]
        assert core.ask("jws_chain", token=token, role="CREDENTIAL").refusal == found.refusal


JWKS: dict[str, Any] = {
    "sound": ES256_KEY,
    "sound, with more": {**ES256_KEY, "use": "sig", "alg": "ES256", "key_ops": ["verify"], "kid": "a", "more": 1},
    "not an object": [],
    "null": None,
    "private": {**ES256_KEY, "d": "AA"},
    "another key type": {**ES256_KEY, "kty": "RSA"},
    "key type as list": {**ES256_KEY, "kty": ["EC"]},
    "another curve": {**ES256_KEY, "crv": "secp256k1"},
    "of another algorithm": {**ES256_KEY, "alg": "ES384"},
    "for encryption": {**ES256_KEY, "use": "enc"},
    "for signing": {**ES256_KEY, "key_ops": ["sign"]},
    "for a text": {**ES256_KEY, "key_ops": "verify"},
    "no y": {name: value for name, value in ES256_KEY.items() if name != "y"},
    "short x": {**ES256_KEY, "x": ES256_KEY["x"][:-1]},
    "long x": {**ES256_KEY, "x": "AAAA" + ES256_KEY["x"]},
    "padded x": {**ES256_KEY, "x": ES256_KEY["x"][:-1] + "="},
    "x in standard base64": {**ES256_KEY, "x": "+" + ES256_KEY["x"][1:]},
    "off the curve": {**ES256_KEY, "y": ES256_KEY["x"]},
    "beyond the field": {**ES256_KEY, "x": base64url.encode(b"\xff" * 32)},
    "zero": {**ES256_KEY, "x": base64url.encode(bytes(32)), "y": base64url.encode(bytes(32))},
    "no point of Ed25519": {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(b"\x02" + bytes(31))},
    "X25519": {"kty": "OKP", "crv": "X25519", "x": base64url.encode(b"\x09" + bytes(31))},
    **{
        what: {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(number.to_bytes(32, "little"))}
        for what, number in SMALL_ORDER.items()
    },
}


@pytest.mark.parametrize("name", JWKS)
def test_a_published_key_has_one_outcome(core: Core, name: str) -> None:
    jwk = JWKS[name]
    found = outcome(lambda: public_jwk(public_key_from_jwk(jwk, allowed_algs=ALL_ALGORITHMS)))
    assert core.ask("public_key", jwk=jwk) == found
    held = outcome(lambda: public_jwk(holder_key({"jwk": jwk}, allowed_algs=ALL_ALGORITHMS)))
    assert core.ask("holder_key", cnf={"jwk": jwk}) == held
    if isinstance(jwk, dict):
        assert core.ask("thumbprint", jwk=jwk) == outcome(lambda: thumbprint(jwk))


@pytest.mark.parametrize("cnf", [None, [], {}, {"kid": "a"}, {"jwk": None}])
def test_a_holder_key_that_is_not_there_has_one_outcome(core: Core, cnf: Any) -> None:
    found = outcome(lambda: holder_key(cnf, allowed_algs=ALL_ALGORITHMS))
    assert core.ask("holder_key", cnf=cnf).refusal == found.refusal


# --- encryption --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 31, 32, 100_000])
def test_what_the_core_encrypts_python_decrypts(core: Core, size: int) -> None:
    key, plaintext = jwe.new_encryption_key(system_random_bytes), bytes(size)
    texts = [core.ask("encrypt", jwk=key.public_jwk, raw=plaintext).value for _ in range(2)]
    for text in texts:
        found = jwe.decrypt(text, key, allowed_enc=frozenset({"A256GCM"}), max_plaintext=100_000)
        assert found == plaintext
    assert texts[0] != texts[1]


@pytest.mark.parametrize(
    "change",
    [
        *({"alg": "RSA-OAEP"}, {"use": "sig"}, {"kty": "RSA"}, {"crv": "P-384"}, {"x": "AA"}, {"x": 1}),
        *({"d": "AA"}, {"kid": 1}, {"y": base64url.encode(bytes(32))}),
    ],
)
def test_a_key_that_is_not_for_encryption_is_refused_the_same(core: Core, change: dict[str, Any]) -> None:
    jwk = {**jwe.new_encryption_key(system_random_bytes).public_jwk, **change}
    with pytest.raises(Error) as refusal:
        jwe.encrypt(b"", jwk, enc="A256GCM", apu=None, apv=None)
    assert core.ask("encrypt", jwk=jwk, raw=b"").refusal == (refusal.value.code, refusal.value.params["reason"])
