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
from portadoc.formats.openid4vci.key_attestation import (
    AttestationPolicy,
    VerifiedKeyAttestation,
    check_proof_key,
    check_proof_nonce,
    verify_header_attestation,
)
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
    """A proof whose signature, audience and times hold. The ``nonce`` still has to be redeemed by the caller.

    ``attestation`` vouches for the key and perhaps for others beside it; None when there is none or none was asked
    for.
    """

    holder_jwk: JsonObject
    thumbprint: str
    nonce: str
    iat: int
    attestation: VerifiedKeyAttestation | None = None


def make_key_proof(
    *,
    audience: str,
    nonce: str,
    iat: int,
    signer: Signer,
    client_id: str | None,
    key_attestation: str | None = None,
) -> str:
    """Return a proof for the Credential Issuer Identifier ``audience``, with the public key in the header.

    ``client_id`` None means anonymous pre-authorised access: then there is no ``iss``. ``key_attestation`` vouches
    for the key.
    """
    payload: JsonObject = {"aud": audience, "nonce": nonce, "iat": iat}
    if client_id is not None:
        payload["iss"] = client_id
    header: JsonObject = {"typ": TYP, "jwk": dict(signer.public_jwk)}
    if key_attestation is not None:
        header["key_attestation"] = key_attestation
    return jws.sign(header, payload, signer)


def verify_key_proof(
    text: str,
    *,
    audience: str,
    client_id: str | None,
    now: int,
    max_age_s: int,
    skew_s: int,
    allowed_algs: frozenset[str],
    attestations: AttestationPolicy | None = None,
) -> VerifiedKeyProof:
    """Return what a proof establishes; ``client_id`` None means anonymous pre-authorised access.

    ``attestations`` says what is asked of the attestation in the header; without it none is read. Input is
    unverified. Raises: Untrusted[proof_invalid], [key_attestation_invalid] with a reason,
    Malformed[limit_exceeded].
    Spec: OpenID4VCI 1.0 Appendix F.1, F.4.
    """
    with told_as("proof_invalid"):
        # 1. form, typ and algorithm
        unverified = jws.split(text, KEY_PROOF, allowed_algs=allowed_algs)
    # 2. the attestation, where one is asked for
    attestation = _attestation(unverified.header, attestations, now=now, skew_s=skew_s, allowed_algs=allowed_algs)
    with told_as("proof_invalid"):
        # 3. the one key that the header names
        key = _holder_key(unverified.header, attestation, allowed_algs)
        # 4. signature by that key
        payload = jws.verify(unverified, key)
        # 5. who it is for, who it is from, when, and for which nonce
        _check_parties(payload, audience, client_id)
        iat = _check_iat(payload, now=now, max_age_s=max_age_s, skew_s=skew_s)
        nonce = _nonce(payload)
    # 6. the attestation is for this key and this nonce
    if attestation is not None and attestations is not None:
        check_proof_key(attestation, key, attestations)
        check_proof_nonce(attestation, nonce, attestations)
    return VerifiedKeyProof(public_jwk(key), key.kid, nonce, iat, attestation)


def _attestation(
    header: Mapping[str, Any],
    policy: AttestationPolicy | None,
    *,
    now: int,
    skew_s: int,
    allowed_algs: frozenset[str],
) -> VerifiedKeyAttestation | None:
    if policy is None:
        return None
    if "key_attestation" not in header:
        if policy.required:
            raise Untrusted("key_attestation_invalid", spec=SPEC, reason="missing")
        return None
    return verify_header_attestation(
        header["key_attestation"], policy=policy, now=now, skew_s=skew_s, allowed_algs=allowed_algs
    )


def _holder_key(
    header: Mapping[str, Any], attestation: VerifiedKeyAttestation | None, allowed_algs: frozenset[str]
) -> VerificationKey:
    """Return the key in ``jwk``, or one of an attestation by its ``kid``; no two forms beside each other.

    A header that leaves the key to the attestation means the first key of it. Spec: F.1, F.4, TS3 v1.5 §2.2.2.2.
    """
    present = [name for name in _KEY_PARAMS if name in header]
    if not present and attestation is not None:
        return attestation.attested_keys[0]
    if len(present) != 1:
        raise _invalid("key_params")
    if present == ["kid"] and attestation is not None:
        return _attested_key(header["kid"], attestation)
    if present != ["jwk"]:
        raise _invalid("key_form_unsupported")
    return public_key_from_jwk(header["jwk"], allowed_algs=allowed_algs)


def _attested_key(kid: str, attestation: VerifiedKeyAttestation) -> VerificationKey:
    """Return the attested key at a place, as European wallets name it ("0"), or of a thumbprint."""
    for place, key in enumerate(attestation.attested_keys):
        if kid in (str(place), key.kid):
            return key
    raise _invalid("kid_unknown")


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
