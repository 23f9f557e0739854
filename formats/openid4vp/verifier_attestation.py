"""Verifier attestation: somebody whom wallets trust vouches for a verifier's name and the key that it signs with.

Spec: OpenID4VP 1.0 §5.9.3, §12.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import VERIFIER_ATTESTATION
from portadoc.keys.jwk import VerificationKey, holder_key
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import Json, JsonObject

SPEC: Final = "OpenID4VP 1.0 §12"
TYP: Final = "verifier-attestation+jwt"
MAX_URIS: Final = 32
MAX_TEXT_CHARS: Final = 2048


@dataclass(frozen=True, slots=True)
class UnverifiedAttestation:
    """An attestation whose signature nobody has checked; ``unverified_chain`` is DER, leaf first, maybe empty.

    ``unverified_issuer`` helps to find a key that is known by other means.
    """

    unverified_jws: UnverifiedJws
    unverified_chain: tuple[bytes, ...]
    unverified_issuer: str


@dataclass(frozen=True, slots=True)
class VerifierAttestation:
    """What the issuer vouches for. ``subject`` is the client identifier without its prefix.

    ``uris`` are the addresses to which answers may go; empty when the attestation sets no bound.
    """

    issuer: str
    subject: str
    key: VerificationKey
    expires_at: int
    uris: tuple[str, ...]


def make_verifier_attestation(
    *,
    issuer: str,
    subject: str,
    verifier_jwk: JsonObject,
    iat: int,
    exp: int,
    signer: Signer,
    uris: Sequence[str] = (),
) -> str:
    """Return the attestation of a verifier's name and public key; ``uris`` bound where its answers may go."""
    payload: JsonObject = {
        "iss": issuer,
        "sub": subject,
        "iat": iat,
        "exp": exp,
        "cnf": {"jwk": verifier_jwk},
    }
    if uris:
        payload["redirect_uris"] = list(uris)
    return jws.sign(signing_header(TYP, signer), payload, signer)


def parse_verifier_attestation(text: str, *, allowed_algs: frozenset[str]) -> UnverifiedAttestation:
    """Return the parts of an attestation so that its signer can be judged.

    Raises Untrusted[verifier_attestation_invalid] with a reason, Malformed[limit_exceeded].
    """
    with told_as("verifier_attestation_invalid"):
        unverified = jws.split(text, VERIFIER_ATTESTATION, allowed_algs=allowed_algs)
        issuer = _text(jws.unverified_claims(text), "iss")
        return UnverifiedAttestation(unverified, jws.certificate_chain(unverified), issuer)


def verify_verifier_attestation(
    attestation: UnverifiedAttestation,
    *,
    key: VerificationKey,
    now: int,
    skew_s: int,
    allowed_algs: Collection[str],
) -> VerifierAttestation:
    """Return what is attested, signed by ``key``, which the caller trusts for attestations of this issuer.

    Raises Untrusted[verifier_attestation_invalid] with a reason, Malformed[limit_exceeded].
    Spec: OpenID4VP 1.0 §12.
    """
    with told_as("verifier_attestation_invalid"):
        claims = jws.verify(attestation.unverified_jws, key)
        expires_at = numeric_date(claims, "exp", required=True)
        check_times(claims, now=now, skew_s=skew_s)
        return VerifierAttestation(
            issuer=_text(claims, "iss"),
            subject=_text(claims, "sub"),
            key=holder_key(claims.get("cnf"), allowed_algs=allowed_algs),
            expires_at=expires_at,
            uris=(*_uris(claims.get("redirect_uris", [])), *_uris(claims.get("response_uris", []))),
        )


def _text(claims: JsonObject, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT_CHARS:
        raise _invalid(f"{name}_form")
    return value


def _uris(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_URIS or not all(isinstance(each, str) for each in value):
        raise _invalid("uris_form")
    return tuple(value)


def _invalid(reason: str) -> Untrusted:
    return Untrusted("verifier_attestation_invalid", spec=SPEC, reason=reason)
