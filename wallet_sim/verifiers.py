"""Who stands behind a signed request: a relying party's access certificate, or an attestation of the verifier.

Spec: OpenID4VP 1.0 §5.9.3, HAIP 1.0 §5.
"""

from dataclasses import dataclass

from portadoc.formats.openid4vp.request_object import UnverifiedRequestObject
from portadoc.formats.openid4vp.verifier_attestation import (
    VerifierAttestation,
    parse_verifier_attestation,
    verify_verifier_attestation,
)
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.wallet_sim.peers import CLOCK_SKEW_S, Means


@dataclass(frozen=True, slots=True)
class KnownVerifier:
    """A verifier that somebody whom the wallet trusts vouches for, and the key that its requests are signed with.

    ``id`` is the institution of its certificate, or the name in its ``attestation``; ``country`` may be empty.
    ``path`` is that of its certificate (DER), leaf first and anchor last; nothing for an attested verifier.
    """

    key: VerificationKey
    id: str
    country: str
    attestation: VerifierAttestation | None
    path: tuple[bytes, ...] = ()


def known_verifier(unverified: UnverifiedRequestObject, means: Means) -> KnownVerifier:
    """Return who signs a request; the signature itself is still to be checked.

    Raises Untrusted[chain_invalid], Untrusted[issuer_untrusted], Untrusted[verifier_attestation_invalid],
    Malformed[malformed_token]. Spec: OpenID4VP 1.0 §5.9.3.
    """
    if unverified.unverified_attestation is not None:
        return _attested(unverified.unverified_attestation, means)
    chain = unverified.unverified_chain
    trusted = vouched(chain, KeyPurpose.REQUEST, means)
    path = (*chain, trusted.anchor_certificate)
    return KnownVerifier(trusted.key, trusted.institution_id, trusted.country, None, path)


def vouched(
    chain: tuple[bytes, ...], purpose: KeyPurpose, means: Means, *, issuer: str | None = None
) -> TrustedKey:
    """Return the key of a chain that the wallet trusts for ``purpose`` now. Raises as ``TrustAnswers.resolve``."""
    return means.trust.resolve(
        chain, purpose=purpose, at=means.clock.now(), credential_type=None, issuer=issuer, institution=None
    )


def _attested(text: str, means: Means) -> KnownVerifier:
    """Return the verifier that an attestation names, if a registrar that we trust signed it."""
    unverified = parse_verifier_attestation(text, allowed_algs=ALL_ALGORITHMS)
    issuer = vouched(
        unverified.unverified_chain, KeyPurpose.REGISTRATION, means, issuer=unverified.unverified_issuer
    )
    attestation = verify_verifier_attestation(
        unverified,
        key=issuer.key,
        now=means.clock.now(),
        skew_s=CLOCK_SKEW_S,
        allowed_algs=ALL_ALGORITHMS,
    )
    return KnownVerifier(attestation.key, attestation.subject, "", attestation)
