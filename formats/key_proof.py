"""The wallet's proof that it holds the key a credential shall be bound to (OpenID4VCI ``jwt`` key proof).

Spec: OpenID4VCI 1.0 Appendix F.1, F.4.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portadoc.errors import Untrusted
from portadoc.formats import jws
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import KEY_PROOF
from portadoc.keys.jwk import VerificationKey, public_jwk, public_key_from_jwk
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject

SPEC: Final = "OpenID4VCI 1.0 App. F"
TYP: Final = "openid4vci-proof+jwt"
_KEY_PARAMS: Final = ("kid", "jwk", "x5c")
_NONCE: Final = re.compile(r"[\x21-\x7e]{1,512}")


@dataclass(frozen=True, slots=True)
class VerifiedKeyProof:
    """A proof whose signature, audience and times hold. The ``nonce`` still has to be redeemed by the caller."""

    holder_jwk: JsonObject
    thumbprint: str
    nonce: str
    iat: int


def make_key_proof(*, audience: str, nonce: str, iat: int, signer: Signer, client_id: str | None) -> str:
    """Return a proof for the Credential Issuer Identifier ``audience``, with the public key in the header.

    ``client_id`` None means anonymous pre-authorised access: then there is no ``iss``.
    """
    payload: JsonObject = {"aud": audience, "nonce": nonce, "iat": iat}
    if client_id is not None:
        payload["iss"] = client_id
    return jws.sign({"typ": TYP, "jwk": dict(signer.public_jwk)}, payload, signer)


def verify_key_proof(
    text: str,
    *,
    audience: str,
    client_id: str | None,
    now: int,
    max_age_s: int,
    skew_s: int,
    allowed_algs: frozenset[str],
) -> VerifiedKeyProof:
    """Return what a proof establishes; ``client_id`` None means anonymous pre-authorised access.

    Input is unverified. Raises: Untrusted[proof_invalid] with a reason, Malformed[limit_exceeded].
    Spec: OpenID4VCI 1.0 Appendix F.1, F.4.
    """
    with told_as("proof_invalid"):
        # 1. form, typ and algorithm
        unverified = jws.split(text, KEY_PROOF, allowed_algs=allowed_algs)
        # 2. the one key that the header names
        key = _holder_key(unverified.header, allowed_algs)
        # 3. signature by that key
        payload = jws.verify(unverified, key)
        # 4. who it is for, who it is from, when, and for which nonce
        _check_parties(payload, audience, client_id)
        iat = _check_iat(payload, now=now, max_age_s=max_age_s, skew_s=skew_s)
        return VerifiedKeyProof(public_jwk(key), key.kid, _nonce(payload), iat)


def _holder_key(header: Mapping[str, Any], allowed_algs: frozenset[str]) -> VerificationKey:
    """Return the key in ``jwk``: the only form accepted, and no other form beside it. Spec: F.1, F.4."""
    present = [name for name in _KEY_PARAMS if name in header]
    if len(present) != 1:
        raise _invalid("key_params")
    if present != ["jwk"]:
        raise _invalid("key_form_unsupported")
    return public_key_from_jwk(header["jwk"], allowed_algs=allowed_algs)


def _check_parties(payload: JsonObject, audience: str, client_id: str | None) -> None:
    """Require the exact issuer identifier as one string, and the client or nobody as ``iss``. Spec: F.1."""
    if payload.get("aud") != audience:
        raise _invalid("aud")
    if "iss" in payload and (client_id is None or payload["iss"] != client_id):
        raise _invalid("iss")


def _check_iat(payload: JsonObject, *, now: int, max_age_s: int, skew_s: int) -> int:
    check_times(payload, now=now, skew_s=skew_s)
    iat = numeric_date(payload, "iat", required=True)
    if iat < now - max_age_s - skew_s:
        raise _invalid("iat")
    return iat


def _nonce(payload: JsonObject) -> str:
    if "nonce" not in payload:
        raise _invalid("nonce_missing")
    nonce = payload["nonce"]
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        raise _invalid("nonce_form")
    return nonce


def _invalid(reason: str) -> Untrusted:
    return Untrusted("proof_invalid", spec=SPEC, reason=reason)
