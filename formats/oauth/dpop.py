"""DPoP: a client shows with each request that it holds the key to which its tokens are bound.

Spec: RFC 9449 §4.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from portadoc import base64url
from portadoc.errors import Untrusted
from portadoc.formats import jws
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import DPOP_PROOF
from portadoc.keys.jwk import VerificationKey, public_key_from_jwk
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject

SPEC: Final = "RFC 9449 §4.3"
TYP: Final = "dpop+jwt"
MAX_URI_CHARS: Final = 2048
_PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}
_URI: Final = re.compile(r"[\x21-\x7e]+")
_JTI: Final = re.compile(r"[\x21-\x7e]{1,255}")
_NONCE: Final = re.compile(r"[\x21-\x7e]{1,512}")
_Target = tuple[str, str, int, str]


@dataclass(frozen=True, slots=True)
class VerifiedDpopProof:
    """A proof whose signature, request, time and access token hold; ``thumbprint`` is that of its key (RFC 7638).

    ``jti`` and ``nonce`` (None when there is none) still have to be redeemed by the caller.
    """

    thumbprint: str
    jti: str
    iat: int
    nonce: str | None


def make_dpop_proof(
    *,
    method: str,
    uri: str,
    iat: int,
    jti: str,
    nonce: str | None,
    access_token: str | None,
    signer: Signer,
) -> str:
    """Return the proof for one request; ``access_token`` None for requests that send none. Spec: RFC 9449 §4.2."""
    payload: JsonObject = {"jti": jti, "htm": method, "htu": _without_query(uri), "iat": iat}
    if nonce is not None:
        payload["nonce"] = nonce
    if access_token is not None:
        payload["ath"] = token_hash(access_token)
    return jws.sign({"typ": TYP, "jwk": dict(signer.public_jwk)}, payload, signer)


def verify_dpop_proof(
    text: str,
    *,
    method: str,
    uri: str,
    access_token: str | None,
    now: int,
    max_age_s: int,
    skew_s: int,
    allowed_algs: frozenset[str],
) -> VerifiedDpopProof:
    """Return what the one proof of a request to ``uri`` by ``method`` establishes.

    ``text`` is the whole header, of which the caller has made sure that there is one; ``access_token`` is the one
    that came with the request, None for none. Input is unverified. Raises Untrusted[dpop_proof_invalid] with a
    reason, Malformed[limit_exceeded]. Spec: RFC 9449 §4.3.
    """
    with told_as("dpop_proof_invalid"):
        # 1. form, typ and asymmetric algorithm
        unverified = jws.split(text, DPOP_PROOF, allowed_algs=allowed_algs)
        # 2. the public key that the header brings along, and the signature by it
        key = _proof_key(unverified.header, allowed_algs)
        payload = jws.verify(unverified, key)
        # 3. this request, and no other
        _check_request(payload, method, uri)
        # 4. this access token, or none
        _check_token(payload, access_token)
        # 5. now, and once
        iat = _check_iat(payload, now=now, max_age_s=max_age_s, skew_s=skew_s)
        return VerifiedDpopProof(key.kid, _jti(payload), iat, _nonce(payload))


def token_hash(access_token: str) -> str:
    """Return the ``ath`` of an access token. Spec: RFC 9449 §4.2."""
    return base64url.encode(hashlib.sha256(access_token.encode("utf-8")).digest())


def _proof_key(header: Mapping[str, Any], allowed_algs: frozenset[str]) -> VerificationKey:
    if "jwk" not in header:
        raise _invalid("jwk_missing")
    return public_key_from_jwk(header["jwk"], allowed_algs=allowed_algs)


def _check_request(payload: JsonObject, method: str, uri: str) -> None:
    """Require the method letter by letter, and the address without what does not tell targets apart."""
    if payload.get("htm") != method:
        raise _invalid("htm")
    htu = payload.get("htu")
    if not isinstance(htu, str) or _target(htu) != _target(uri):
        raise _invalid("htu")


def _target(uri: str) -> _Target:
    """Return scheme, host, port and path of a web address; query and fragment count for nothing.

    Spec: RFC 9449 §4.3 step 9, RFC 3986 §6.2.2.1, §6.2.3.
    """
    if len(uri) > MAX_URI_CHARS or not _URI.fullmatch(uri):
        raise _invalid("htu")
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError as exc:  # a port that is none, or a broken IPv6 address
        raise _invalid("htu") from exc
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        raise _invalid("htu")
    return parts.scheme, host, _PORTS[parts.scheme] if port is None else port, parts.path or "/"


def _without_query(uri: str) -> str:
    return uri.partition("#")[0].partition("?")[0]


def _check_token(payload: JsonObject, access_token: str | None) -> None:
    """Require ``ath`` exactly when a token came along. Spec: RFC 9449 §4.3 step 10, §7."""
    if access_token is None:
        if "ath" in payload:
            raise _invalid("ath_unexpected")
        return
    if "ath" not in payload:
        raise _invalid("ath_missing")
    if payload["ath"] != token_hash(access_token):
        raise _invalid("ath")


def _check_iat(payload: JsonObject, *, now: int, max_age_s: int, skew_s: int) -> int:
    check_times(payload, now=now, skew_s=skew_s)
    iat = numeric_date(payload, "iat", required=True)
    if iat < now - max_age_s - skew_s:
        raise _invalid("iat")
    return iat


def _jti(payload: JsonObject) -> str:
    jti = payload.get("jti")
    if not isinstance(jti, str) or not _JTI.fullmatch(jti):
        raise _invalid("jti")
    return jti


def _nonce(payload: JsonObject) -> str | None:
    if "nonce" not in payload:
        return None
    nonce = payload["nonce"]
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise _invalid("nonce_form")
    return nonce


def _invalid(reason: str) -> Untrusted:
    return Untrusted("dpop_proof_invalid", spec=SPEC, reason=reason)
