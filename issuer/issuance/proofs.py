"""Proof of possession: the keys that wallets prove, or that their providers vouch for, under challenges of ours.

Spec: OpenID4VCI 1.0 §8.2, Appendix D, F; TS3 v1.5 §2.2.2.2.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Untrusted
from portadoc.formats.key_proof import VerifiedKeyProof, verify_key_proof
from portadoc.formats.openid4vci.key_attestation import (
    EARLIER_TYP,
    AttestationPolicy,
    VerifiedKeyAttestation,
    verify_attestation_proof,
)
from portadoc.issuer.attestation_status import require_in_force
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.issuance.nonces import Nonces
from portadoc.issuer.store.token_store import Grant
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.trust.wallet_providers import TrustsNobody
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import Proofs

PROOF_ALGORITHMS: Final = ALL_ALGORITHMS
"""Algorithms of holder keys and of attestations of them, as the issuer metadata lists them."""
SPEC: Final = "OpenID4VCI 1.0 §8.2"


@dataclass(frozen=True, slots=True)
class HolderKey:
    """A key that a copy will be bound to: the public JWK and its RFC 7638 thumbprint."""

    jwk: JsonObject
    thumbprint: str


@dataclass(frozen=True, slots=True)
class ProvenKeys:
    """Keys of one wallet, each once; their challenges are ours and live, and not used up yet.

    ``attestations`` are those that vouch for them; none of them was withdrawn.
    """

    keys: tuple[HolderKey, ...]
    nonces: frozenset[str]
    attestations: tuple[VerifiedKeyAttestation, ...]


def attestations_required(deployment: Deployment) -> bool:
    """Tell whether no key counts without a wallet provider's word for it."""
    return deployment.profile.key_attestations_required or deployment.settings.key_attestations_required


def attestation_policy(deployment: Deployment) -> AttestationPolicy | None:
    """Return what is asked of key attestations; None where no wallet provider is known, so that none is read.

    Under the European profile the proof is by the first attested key and carries the challenge for both; elsewhere
    any attested key signs, and the attestation has a challenge of its own. Spec: OpenID4VCI 1.0 App. D, F.1; TS3
    v1.5 §2.2.2.2.
    """
    if isinstance(deployment.wallet_trust, TrustsNobody) and not attestations_required(deployment):
        return None
    of_ts3 = deployment.profile.attested_key_first
    return AttestationPolicy(
        trust=deployment.wallet_trust,
        key_storage=frozenset(deployment.settings.key_storage_levels),
        user_authentication=frozenset(deployment.settings.user_authentication_levels),
        first_key_signs=of_ts3,
        own_nonce=not of_ts3,
        required=attestations_required(deployment),
        tolerated_typ=frozenset({EARLIER_TYP}) if of_ts3 else frozenset(),
    )


def verify_proofs(deployment: Deployment, nonces: Nonces, grant: Grant, proofs: Proofs | None) -> ProvenKeys:
    """Return the keys that proofs establish, in the order sent; their challenges are live but not used up yet.

    Raises: Untrusted[proof_missing], [proof_type_unsupported], [proof_count], [proof_keys_repeated],
    [proof_invalid], [key_attestation_invalid], [nonce_unknown]; Conflict[nonce_expired];
    Malformed[limit_exceeded]; Unavailable[attestation_status_unknown].
    Spec: OpenID4VCI 1.0 §8.2, Appendix D.1, F.1, F.3, F.4; TS3 v1.5 §2.4.1.
    """
    # 1. one type of proof, which the metadata offers
    if proofs is None:
        raise Untrusted("proof_missing", spec=SPEC)
    policy = attestation_policy(deployment)
    # 2. each proof, and the keys that it establishes
    if proofs.jwt is not None:
        proven = _by_wallet(deployment, grant, proofs.jwt, policy)
    elif proofs.attestation is not None and policy is not None:
        proven = _by_provider(deployment, proofs.attestation[0], policy)
    else:
        raise Untrusted("proof_type_unsupported", spec=SPEC)
    # 3. no more copies than a batch has: an attestation may name any number
    if len(proven.keys) > deployment.settings.batch_size:
        raise _too_many(deployment)
    # 4. challenges of ours, still good
    for nonce in proven.nonces:
        nonces.require_ours(grant.institution, nonce)
    # 5. attestations that their providers have not withdrawn, asked for last: it may take a look elsewhere
    for attestation in proven.attestations:
        require_in_force(
            deployment,
            provider_id=attestation.provider_id,
            status=attestation.unverified_status,
            maintained=attestation.unverified_key_storage_status,
            refusal="key_attestation_invalid",
        )
    return proven


def _by_wallet(
    deployment: Deployment, grant: Grant, texts: tuple[str, ...], policy: AttestationPolicy | None
) -> ProvenKeys:
    """Return the keys of ``jwt`` proofs: every attested one where there is an attestation. Spec: App. F.1."""
    if len(texts) > deployment.settings.batch_size:
        raise _too_many(deployment)
    verified = tuple(_verify(deployment, grant, text, policy) for text in texts)
    if len({proof.thumbprint for proof in verified}) != len(verified):
        raise Untrusted("proof_keys_repeated", spec=SPEC)
    keys = _each_once(key for proof in verified for key in _keys_of(proof))
    attestations = tuple(proof.attestation for proof in verified if proof.attestation is not None)
    return ProvenKeys(keys, frozenset(proof.nonce for proof in verified), attestations)


def _by_provider(deployment: Deployment, text: str, policy: AttestationPolicy) -> ProvenKeys:
    """Return the keys of an ``attestation`` proof: all that are attested. Spec: App. F.3."""
    attestation, nonce = verify_attestation_proof(
        text,
        policy=policy,
        now=deployment.clock.now(),
        skew_s=deployment.settings.clock_skew_s,
        allowed_algs=PROOF_ALGORITHMS,
    )
    return ProvenKeys(_attested(attestation), frozenset({nonce}), (attestation,))


def _verify(deployment: Deployment, grant: Grant, text: str, policy: AttestationPolicy | None) -> VerifiedKeyProof:
    return verify_key_proof(
        text,
        audience=deployment.issuer_id(grant.institution),
        client_id=grant.client_id,
        now=deployment.clock.now(),
        max_age_s=deployment.settings.proof_max_age_s,
        skew_s=deployment.settings.clock_skew_s,
        allowed_algs=PROOF_ALGORITHMS,
        attestations=policy,
    )


def _keys_of(proof: VerifiedKeyProof) -> tuple[HolderKey, ...]:
    if proof.attestation is None:
        return (HolderKey(proof.holder_jwk, proof.thumbprint),)
    return _attested(proof.attestation)


def _attested(attestation: VerifiedKeyAttestation) -> tuple[HolderKey, ...]:
    return tuple(map(HolderKey, attestation.holder_jwks, attestation.thumbprints))


def _each_once(keys: Iterable[HolderKey]) -> tuple[HolderKey, ...]:
    return tuple({key.thumbprint: key for key in keys}.values())


def _too_many(deployment: Deployment) -> Untrusted:
    return Untrusted("proof_count", spec=SPEC, limit=deployment.settings.batch_size)
