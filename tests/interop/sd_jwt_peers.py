"""One issuer key, one holder key, and how Portadoc and PyPI ``sd-jwt`` read a presentation made with them."""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier

from portadoc import base64url
from portadoc.formats import jws, roles, sd_jwt
from portadoc.formats.numeric_date import check_times
from portadoc.keys.jwk import holder_key, public_key_from_jwk
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.claims import ClaimPath, JsonObject

ES256: Final = frozenset({"ES256"})
AUDIENCE: Final = "x509_hash:RCmeh4oxb7ZiEIrm_ZiHjNO0PcHFXb5DGJ8-iQtwqfA"
NONCE: Final = "n-0S6_WzA2Mj"
NOW: Final = int(time.time())
"""The libraries look at the clock themselves; this is it as the tests began."""


def key_pair(scalar: int) -> tuple[LocalSigner, dict[str, str]]:
    """Return one P-256 key twice: as our signer, and as the private JWK that libraries take. TEST KEYS."""
    signer = LocalSigner(ec.derive_private_key(scalar, ec.SECP256R1()))
    return signer, {**signer.public_jwk, "d": base64url.encode(scalar.to_bytes(32, "big"))}


ISSUER, ISSUER_JWK = key_pair(11)
HOLDER, HOLDER_JWK = key_pair(21)
ISSUER_KEY: Final = public_key_from_jwk(ISSUER.public_jwk, allowed_algs=ES256)
BINDING: Final = {"aud": AUDIENCE, "nonce": NONCE, "iat": NOW}
KEYS: Final = {"issuerKey": ISSUER_JWK, "holderKey": HOLDER_JWK}
"""What ``node/sd_jwt.mjs`` needs beside its jobs."""


def bound_here(text: str) -> str:
    """Return a presentation with our key binding."""
    return sd_jwt.bind(text, audience=AUDIENCE, nonce=NONCE, now=NOW, signer=HOLDER)


def read_here(text: str) -> JsonObject:
    """Return the claims of a bound presentation after every check that our formats make."""
    parts = sd_jwt.parse(text)
    payload = jws.verify(jws.split(parts.jws_text, roles.CREDENTIAL, allowed_algs=ES256), ISSUER_KEY)
    check_times(payload, now=NOW, skew_s=5)
    processed = sd_jwt.process(payload, parts.disclosures)
    sd_jwt.verify_key_binding(
        parts.key_binding_jwt or "",
        presented_text=parts.presented_text,
        holder_key=holder_key(processed.claims["cnf"], allowed_algs=ES256),
        audience=AUDIENCE,
        nonce=NONCE,
        now=NOW,
        max_age_s=60,
        skew_s=5,
        hash_alg=processed.hash_alg,
    )
    return processed.claims


def read_by_pypi(text: str) -> JsonObject:
    """Return the claims of a bound presentation as PyPI ``sd-jwt`` reads it; it raises what it likes."""
    verifier = SDJWTVerifier(text, lambda issuer, header: JWK(**ISSUER.public_jwk), AUDIENCE, NONCE)
    return dict(verifier.get_verified_payload())


def presentation_frame(paths: Iterable[ClaimPath]) -> dict[str, Any]:
    """Return what ``@sd-jwt`` takes to present these places and those above them."""
    frame: dict[str, Any] = {}
    for path in sorted(paths, key=len):
        inner = frame
        for step in path:
            inner = inner.setdefault(str(step), {})
    return frame


def disclosure_frame(paths: Iterable[ClaimPath]) -> dict[str, Any]:
    """Return what ``@sd-jwt`` takes to hide these places."""
    frame: dict[str, Any] = {}
    for path in paths:
        inner = frame
        for step in path[:-1]:
            inner = inner.setdefault(str(step), {})
        inner.setdefault("_sd", []).append(path[-1])
    return frame


def job(do: str, **given: Any) -> Mapping[str, Any]:
    """Return one job for ``node/sd_jwt.mjs``."""
    return {"do": do, **given}
