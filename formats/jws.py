"""Compact JWS, strictly: one text for one token, one role for one reading.

Order of a reading: split -> header (alg, crit, typ, parameters) -> signature -> payload. Nothing in a header ever
names the key by itself, and nothing in it is ever fetched. Spec: RFC 7515, RFC 8725.
"""

import binascii
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.roles import TokenRole
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject

MAX_HEADER_CHARS: Final = 16 * 1024
MAX_KID_CHARS: Final = 256
MAX_ALG_CHARS: Final = 16
MAX_CHAIN: Final = 10
_NOTHING_TOLERATED: Final[frozenset[str]] = frozenset()


class UnverifiedJws(NamedTuple):
    """A token whose form and header are in order and whose signature nobody has checked yet."""

    role: TokenRole
    header: Mapping[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes


def split(
    token: str,
    role: TokenRole,
    *,
    allowed_algs: frozenset[str],
    tolerated_typ: frozenset[str] = _NOTHING_TOLERATED,
) -> UnverifiedJws:
    """Return the parts of a compact JWS that may play ``role``.

    Input is unverified. ``tolerated_typ`` adds values that a profile still accepts. Raises
    Malformed[malformed_token], Malformed[limit_exceeded], Untrusted[alg_not_allowed], [crit_unsupported],
    [typ_mismatch], [header_param_forbidden]. Spec: RFC 7515 §5.2.
    """
    encoded = _encoded(token, role)
    signing_input, _, signature = encoded.rpartition(b".")
    header, dot, payload = signing_input.partition(b".")
    if not dot or b"." in payload:
        raise _malformed("token", "segments")
    return UnverifiedJws(
        role,
        _header(header, role, allowed_algs, tolerated_typ),
        _decoded(payload, "payload"),
        signing_input,
        _decoded(signature, "signature"),
    )


def verify(jws: UnverifiedJws, key: VerificationKey) -> JsonObject:
    """Return the claims of a token that ``key`` signed.

    Raises Untrusted[alg_not_allowed] when the header names another algorithm than the key's, Untrusted
    [signature_invalid], Malformed[malformed_token]. Spec: RFC 7515 §5.2, RFC 8725 §3.1.
    """
    if jws.header["alg"] != key.alg:
        raise Untrusted("alg_not_allowed", spec="RFC 8725 §3.1", alg=jws.header["alg"])
    key.verify(jws.signing_input, jws.signature)
    return _object(jws.payload, "payload", max_bytes=jws.role.max_bytes)


def sign(header: Mapping[str, Any], payload: Mapping[str, Any] | bytes, signer: Signer) -> str:
    """Return a compact JWS; ``alg`` is the signer's and must not be given. Spec: RFC 7515 §5.1."""
    assert "alg" not in header, "the signer names the algorithm"
    body = payload if isinstance(payload, bytes) else strict_json.dumps(payload)
    head = _header_segment(strict_json.dumps({"alg": signer.alg, **header}))
    signing_input = f"{head}.{base64url.encode(body)}"
    return f"{signing_input}.{base64url.encode(signer.sign(signing_input.encode('ascii')))}"


@lru_cache(maxsize=64)
def _header_segment(header: bytes) -> str:
    """Return the encoded header; a signer uses few, and a chain of certificates in one is long."""
    return base64url.encode(header)


def unverified_payload(jws: UnverifiedJws) -> JsonObject:
    """Return the claims of a token before its signature is checked, for looking up who should have signed.

    Raises Malformed[malformed_token], Malformed[limit_exceeded].
    """
    return _object(jws.payload, "payload", max_bytes=jws.role.max_bytes)


def unverified_claims(token: str) -> JsonObject:
    """Return the claims of a compact JWS that the caller verified before, or only shows or looks up.

    Raises Malformed[malformed_token].
    """
    if token.count(".") != 2:
        raise _malformed("token", "segments")
    return _object(_decoded(token.split(".")[1], "payload"), "payload")


def certificate_chain(jws: UnverifiedJws) -> tuple[bytes, ...]:
    """Return the DER certificates of ``x5c``, leaf first; empty when the header has none.

    The certificates are not looked into. Raises Malformed[malformed_token] unless each is canonical standard
    base64, Malformed[limit_exceeded] beyond ten. Spec: RFC 7515 §4.1.6.
    """
    if "x5c" not in jws.header:
        return ()
    texts = jws.header["x5c"]
    if not isinstance(texts, list) or not texts:
        raise _malformed("x5c", "not_array", spec="RFC 7515 §4.1.6")
    if len(texts) > MAX_CHAIN:
        raise Malformed("limit_exceeded", what="x5c", limit=MAX_CHAIN)
    if not all(isinstance(text, str) for text in texts):
        raise _malformed("x5c", "base64", spec="RFC 7515 §4.1.6")
    return _certificates(tuple(texts))


def _malformed(part: str, reason: str, spec: str = "RFC 7515 §7.1") -> Malformed:
    return Malformed("malformed_token", spec=spec, part=part, reason=reason)


def _encoded(token: str, role: TokenRole) -> bytes:
    if len(token) > role.max_bytes:
        raise Malformed("limit_exceeded", what=role.name, limit=role.max_bytes)
    if not token.isascii():
        raise _malformed("token", "not_ascii")
    if token[:1] in ("{", "["):
        raise _malformed("token", "json_serialization")
    return token.encode("ascii")


def _decoded(segment: str | bytes, part: str) -> bytes:
    try:
        return base64url.decode(segment, what=part)
    except Malformed as exc:
        raise _malformed(part, "base64url", spec="RFC 7515 §2") from exc


def _object(raw: bytes, part: str, *, max_bytes: int = strict_json.MAX_BYTES) -> JsonObject:
    try:
        return strict_json.loads_object(raw, what=part, max_bytes=max_bytes)
    except Malformed as exc:
        if exc.code == "limit_exceeded":
            raise
        raise _malformed(part, str(exc.params["reason"]), spec="RFC 7515 §4") from exc


@lru_cache(maxsize=256)
def _header(
    segment: bytes, role: TokenRole, allowed_algs: frozenset[str], tolerated_typ: frozenset[str]
) -> Mapping[str, Any]:
    """Return the checked header; pure, so that the few headers of an issuer are read once."""
    if len(segment) > MAX_HEADER_CHARS:
        raise Malformed("limit_exceeded", what="header", limit=MAX_HEADER_CHARS)
    header = _object(_decoded(segment, "header"), "header")
    _check_alg(header, allowed_algs)
    if "b64" in header or ("crit" in header and not _is_understood(header, role)):
        raise Untrusted("crit_unsupported", spec="RFC 7515 §4.1.11", role=role.name)
    if not _is_of_role(header, role, tolerated_typ):
        raise Untrusted("typ_mismatch", spec="RFC 8725 §3.11", role=role.name)
    if not role.header_params.issuperset(header):
        raise Untrusted("header_param_forbidden", spec="RFC 8725 §3.10", role=role.name)
    _check_kid(header, role)
    return MappingProxyType(header)


def _is_of_role(header: JsonObject, role: TokenRole, tolerated_typ: frozenset[str]) -> bool:
    if "typ" not in header:
        return role.may_lack_typ
    typ = header["typ"]
    return isinstance(typ, str) and (typ in role.typ or typ in tolerated_typ)


def _is_understood(header: JsonObject, role: TokenRole) -> bool:
    """Tell whether ``crit`` names nothing but parameters that are there and that the role reads."""
    critical = header["crit"]
    return (
        isinstance(critical, list)
        and 0 < len(critical) == len(set(map(str, critical)))
        and all(isinstance(name, str) and name in role.understood and name in header for name in critical)
    )


def _check_alg(header: JsonObject, allowed_algs: frozenset[str]) -> None:
    alg = header.get("alg")
    if not isinstance(alg, str):
        raise _malformed("header", "alg", spec="RFC 7515 §4.1.1")
    if alg not in allowed_algs:
        shown = alg if alg.isalnum() and len(alg) <= MAX_ALG_CHARS else "?"
        raise Untrusted("alg_not_allowed", spec="RFC 8725 §3.1", alg=shown)


def _check_kid(header: JsonObject, role: TokenRole) -> None:
    kid = header.get("kid", "absent")
    if not isinstance(kid, str) or not kid.isprintable() or not 0 < len(kid) <= MAX_KID_CHARS:
        raise Untrusted("header_param_forbidden", spec="RFC 7515 §4.1.4", role=role.name)


@lru_cache(maxsize=256)
def _certificates(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return the certificates; an issuer sends few chains, and one object for each is fast to look up."""
    return tuple(map(_certificate, texts))


def _certificate(text: str) -> bytes:
    try:
        der = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as exc:  # not base64, or letters beyond ASCII
        raise _malformed("x5c", "base64", spec="RFC 7515 §4.1.6") from exc
    if not der or binascii.b2a_base64(der, newline=False).decode("ascii") != text:
        raise _malformed("x5c", "base64", spec="RFC 7515 §4.1.6")
    return der
