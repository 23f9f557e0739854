"""The holders' keys of one credential request: every proof sound, every key another, every challenge ours.

Spec: OpenID4VCI 1.0 §8.2, Appendix F.
"""

from collections.abc import Sequence
from typing import Final

from portadoc.errors import Untrusted
from portadoc.formats.key_proof import VerifiedKeyProof, verify_key_proof
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.grant_store import Grant
from portadoc.issuer.nonces import Nonces
from portadoc.schemas.openid4vci import Proofs

PROOF_ALGORITHMS: Final = frozenset({"ES256", "ES384", "ES512", "Ed25519"})
"""Algorithms of holder keys, as the issuer metadata lists them."""


def verify_proofs(
    deployment: Deployment, nonces: Nonces, grant: Grant, proofs: Proofs | None
) -> tuple[VerifiedKeyProof, ...]:
    """Return the verified proofs in the order sent; their challenges are live but not used up yet.

    Raises: Untrusted[proof_missing], [proof_type_unsupported], [proof_count], [proof_keys_repeated],
    [proof_invalid], [nonce_unknown]; Conflict[nonce_expired]. Spec: OpenID4VCI 1.0 §8.2, Appendix F.1, F.4.
    """
    verified = tuple(_verify(deployment, grant, text) for text in _texts(deployment, proofs))
    for nonce in {proof.nonce for proof in verified}:
        nonces.require_ours(grant.institution, nonce)
    if len({proof.thumbprint for proof in verified}) != len(verified):
        raise Untrusted("proof_keys_repeated", spec="OpenID4VCI 1.0 §8.2")
    return verified


def _texts(deployment: Deployment, proofs: Proofs | None) -> Sequence[str]:
    if proofs is None:
        raise Untrusted("proof_missing", spec="OpenID4VCI 1.0 §8.2")
    if proofs.jwt is None:
        raise Untrusted("proof_type_unsupported", spec="OpenID4VCI 1.0 §8.2")
    if len(proofs.jwt) > deployment.settings.batch_size:
        raise Untrusted("proof_count", spec="OpenID4VCI 1.0 §8.2", limit=deployment.settings.batch_size)
    return proofs.jwt


def _verify(deployment: Deployment, grant: Grant, text: str) -> VerifiedKeyProof:
    return verify_key_proof(
        text,
        audience=deployment.issuer_id(grant.institution),
        client_id=grant.client_id,
        now=deployment.clock.now(),
        max_age_s=deployment.settings.proof_max_age_s,
        skew_s=deployment.settings.clock_skew_s,
        allowed_algs=PROOF_ALGORITHMS,
    )
