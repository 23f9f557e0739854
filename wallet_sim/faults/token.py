"""Faults of the issuer-signed JWT that need no issuer key: its text, its header, its signature, its chain."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final

from portadoc import base64url
from portadoc.formats import strict_json
from portadoc.schemas.claims import JsonObject
from portadoc.wallet_sim.faults.fault import (
    Fault,
    FaultCategory,
    GoodPresentation,
    header_of,
    with_header,
    with_token,
)

_PARSER, _SIGNATURE, _TRUST = FaultCategory.PARSER, FaultCategory.SIGNATURE, FaultCategory.TRUST


def _of_token(category: FaultCategory, name: str, code: str, change: Callable[[str], str]) -> Fault:
    return Fault(name, category, code, lambda good: with_token(good, change(good.parts.jws_text)))


def _of_header(category: FaultCategory, name: str, code: str, change: Callable[[JsonObject], JsonObject]) -> Fault:
    return _of_token(category, name, code, lambda token: with_header(token, change(header_of(token))))


def _of_signature(name: str, code: str, change: Callable[[bytes], bytes]) -> Fault:
    def apply(token: str) -> str:
        signed, _, signature = token.rpartition(".")
        return f"{signed}.{base64url.encode(change(base64url.decode(signature)))}"

    return _of_token(_SIGNATURE, name, code, apply)


def _with(**members: Any) -> Callable[[JsonObject], JsonObject]:
    return lambda header: {**header, **members}


def _flattened(good: GoodPresentation) -> str:
    """Write the presentation as flattened JSON. Spec: RFC 9901 §8.1."""
    protected, payload, signature = good.parts.jws_text.split(".")
    unprotected = {"disclosures": list(good.parts.disclosures), "kb_jwt": good.key_binding}
    value = {"protected": protected, "payload": payload, "signature": signature, "header": unprotected}
    return strict_json.dumps(value).decode()


def _idle_bits(token: str) -> str:
    """Set a bit that the last letter of a 64-byte signature leaves unused. Spec: RFC 4648 §3.5."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def _raw_header(token: str, header: bytes) -> str:
    return f"{base64url.encode(header)}.{token.partition('.')[2]}"


def _header_bytes(token: str) -> bytes:
    return base64url.decode(token.partition(".")[0])


def _unsigned(token: str) -> str:
    """Drop the signature and say so in the header. Spec: RFC 7518 §3.6."""
    bare = with_header(token, {**header_of(token), "alg": "none"})
    return bare.rpartition(".")[0] + "."


def _mac_under_public_bytes(token: str) -> str:
    """Sign with HMAC under the issuer's public certificate, the classic confusion. Spec: RFC 8725 §2.1."""
    header = {**header_of(token), "alg": "HS256"}
    signed = with_header(token, header).rpartition(".")[0]
    secret = strict_json.dumps(header.get("x5c", "public"))
    return f"{signed}.{base64url.encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def _flip_last_bit(signature: bytes) -> bytes:
    return signature[:-1] + bytes((signature[-1] ^ 1,))


def _der(signature: bytes) -> bytes:
    """Write r and s as DER integers, as most libraries do by themselves. Spec: RFC 7518 §3.4."""
    half = len(signature) // 2
    numbers = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
    integers = b"".join(_der_integer(number.to_bytes(number.bit_length() // 8 + 1)) for number in numbers)
    return bytes((0x30, len(integers))) + integers


def _der_integer(content: bytes) -> bytes:
    return bytes((0x02, len(content))) + content


def _later_expiry(token: str) -> str:
    header, payload, signature = token.split(".")
    claims = strict_json.loads_object(base64url.decode(payload), what="payload")
    claims["exp"] = 253_402_300_799
    return f"{header}.{base64url.encode(strict_json.dumps(claims))}.{signature}"


def _with_chain(change: Callable[[list[str]], list[str]]) -> Callable[[JsonObject], JsonObject]:
    return lambda header: {**header, "x5c": change(list(header["x5c"]))}


def _without_chain(header: JsonObject) -> JsonObject:
    return {name: value for name, value in header.items() if name != "x5c"}


_STRANGE_JWK: Final = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}

TOKEN_FAULTS: Final = (
    Fault("tilde-doubled", _PARSER, "malformed_token.tilde", lambda good: good.text.replace("~", "~~", 1)),
    Fault("tilde-leading", _PARSER, "malformed_token.tilde", lambda good: "~" + good.text),
    Fault("tildes-removed", _PARSER, "malformed_token.tilde", lambda good: good.parts.jws_text),
    Fault("json-serialization", _PARSER, "malformed_token.tilde", _flattened),
    Fault(
        "two-key-bindings",
        _PARSER,
        "malformed_token.segments",
        lambda good: f"{good.text}~{good.key_binding}",
    ),
    Fault("text-outside-ascii", _PARSER, "malformed_token.not_ascii", lambda good: good.text + "é"),
    Fault(
        "disclosures-by-the-thousand",
        _PARSER,
        "limit_exceeded",
        lambda good: "~".join((good.parts.jws_text, *good.parts.disclosures * 1000, good.key_binding)),
    ),
    _of_token(_PARSER, "base64url-padded", "malformed_token.base64url", lambda token: token + "=="),
    _of_token(_PARSER, "base64url-with-newline", "malformed_token.base64url", lambda token: token + "\n"),
    _of_token(_PARSER, "base64-standard-alphabet", "malformed_token.base64url", lambda token: token[:-2] + "+/"),
    _of_token(_PARSER, "base64url-idle-bits", "malformed_token.base64url", _idle_bits),
    _of_token(
        _PARSER,
        "header-member-twice",
        "malformed_token.duplicate_member",
        lambda token: _raw_header(token, b'{"alg":"ES256",' + _header_bytes(token)[1:]),
    ),
    _of_token(
        _PARSER,
        "header-byte-order-mark",
        "malformed_token.syntax",
        lambda token: _raw_header(token, b"\xef\xbb\xbf" + _header_bytes(token)),
    ),
    _of_token(
        _PARSER,
        "header-nested-too-deep",
        "limit_exceeded",
        lambda token: _raw_header(token, b'{"alg":' + b"[" * 64 + b"]" * 64 + b"," + _header_bytes(token)[1:]),
    ),
    _of_signature("signature-bit-flipped", "signature_invalid.mismatch", _flip_last_bit),
    _of_signature("signature-in-der", "signature_invalid.length", _der),
    _of_signature("signature-shortened", "signature_invalid.length", lambda signature: signature[:-1]),
    _of_signature("signature-of-zeros", "signature_invalid.range", lambda signature: bytes(len(signature))),
    _of_token(_SIGNATURE, "expiry-rewritten", "signature_invalid.mismatch", _later_expiry),
    _of_token(_SIGNATURE, "algorithm-none", "alg_not_allowed", _unsigned),
    _of_token(_SIGNATURE, "algorithm-hmac-under-public-key", "alg_not_allowed", _mac_under_public_bytes),
    _of_header(_SIGNATURE, "algorithm-of-another-key", "alg_not_allowed", _with(alg="ES384")),
    _of_header(_SIGNATURE, "type-of-any-token", "typ_mismatch", _with(typ="JWT")),
    _of_header(_SIGNATURE, "type-of-a-status-list", "typ_mismatch", _with(typ="statuslist+jwt")),
    _of_header(_SIGNATURE, "key-brought-along", "header_param_forbidden", _with(jwk=_STRANGE_JWK)),
    _of_header(
        _SIGNATURE, "key-behind-a-link", "header_param_forbidden", _with(jku="https://keys.invalid/jwks.json")
    ),
    _of_header(_SIGNATURE, "critical-extension", "crit_unsupported", _with(crit=["exp"])),
    _of_header(_TRUST, "chain-left-out", "chain_invalid.chain_missing", _without_chain),
    _of_header(
        _TRUST, "chain-without-authority", "issuer_untrusted.anchor_unknown", _with_chain(lambda chain: chain[:1])
    ),
    _of_header(
        _TRUST, "chain-upside-down", "chain_invalid.leaf_is_authority", _with_chain(lambda chain: chain[::-1])
    ),
    _of_header(
        _TRUST, "chain-repeats-itself", "chain_invalid.duplicate_certificate", _with_chain(lambda chain: chain * 2)
    ),
)
