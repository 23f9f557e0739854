"""Key proofs: by each key itself, or by the wallet provider for all of them, as the issuer's metadata asks.

Spec: OpenID4VCI 1.0 App. D, F; HAIP 1.0 §4.5.1; TS3 v1.5 §2.2.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portadoc.errors import Refused
from portadoc.formats.key_proof import make_key_proof
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.openid4vci import Proofs, SupportedCredential
from portadoc.wallet_sim.identity import ProofKind, WalletIdentity, WalletProvider
from portadoc.wallet_sim.issuance.channel import KEY_ALG

_KINDS: tuple[ProofKind, ...] = ("jwt", "attestation")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofTerms:
    """For whom and when proofs are made; ``client_id`` None for an anonymous wallet."""

    audience: str
    nonce: str
    client_id: str | None
    now: int


def require_provable(supported: SupportedCredential, identity: WalletIdentity | None) -> None:
    """Refuse a configuration whose proofs this wallet cannot make. Raises Refused[configuration_unsupported]."""
    _chosen_kind(supported, _provider(identity))


def make_proofs(
    signers: Sequence[LocalSigner],
    *,
    supported: SupportedCredential,
    identity: WalletIdentity | None,
    terms: ProofTerms,
) -> Proofs:
    """Return proofs for all keys, of one type.

    With an attestation the first key signs, and the attestation names them all: one credential for each is what
    the issuer owes. Raises Refused[configuration_unsupported]. Spec: OpenID4VCI 1.0 F.1, F.3; TS3 v1.5 §2.2.2.2.
    """
    provider = _provider(identity)
    # 1. a type that the issuer takes and the wallet can make
    kind = _chosen_kind(supported, provider)
    needs = (supported.proof_types_supported or {})[kind].key_attestations_required
    # 2. every key for itself, where nobody has to vouch
    if provider is None or (kind == "jwt" and needs is None):
        return Proofs(jwt=tuple(_proof(signer, terms, None) for signer in signers))
    # 3. the provider for all keys
    jwks = [dict(signer.public_jwk) for signer in signers]
    attestation = provider.vouch_for_keys(jwks, nonce=terms.nonce, now=terms.now)
    if kind == "attestation":
        return Proofs(attestation=(attestation,))
    return Proofs(jwt=(_proof(signers[0], terms, attestation),))


def _proof(signer: LocalSigner, terms: ProofTerms, attestation: str | None) -> str:
    return make_key_proof(
        audience=terms.audience,
        nonce=terms.nonce,
        iat=terms.now,
        signer=signer,
        client_id=terms.client_id,
        key_attestation=attestation,
    )


def _chosen_kind(supported: SupportedCredential, provider: WalletProvider | None) -> ProofKind:
    """Return the provider's preferred type among those that will do."""
    offered = supported.proof_types_supported or {}
    usable: list[ProofKind] = []
    reason = "proof_type"
    for kind in _KINDS:
        proof_type = offered.get(kind)
        if proof_type is None or KEY_ALG not in proof_type.proof_signing_alg_values_supported:
            continue
        needs = proof_type.key_attestations_required
        if needs is not None and (provider is None or not provider.satisfies(needs)):
            reason = "key_attestation"
        elif kind == "jwt" or provider is not None:
            usable.append(kind)
    if not usable:
        raise Refused("configuration_unsupported", spec="OpenID4VCI 1.0 §12.2.4", reason=reason)
    return provider.preferred_proof if provider and provider.preferred_proof in usable else usable[0]


def _provider(identity: WalletIdentity | None) -> WalletProvider | None:
    return identity.provider if identity else None
