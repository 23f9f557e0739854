"""What the metadata says of each credential configuration; nothing that the credential endpoint does not keep.

Spec: OpenID4VCI 1.0 §12.2.4, Appendix A.3; ARF 3.0 ISSU_27d, ISSU_38.
"""

from portadoc.issuer.deployment import Deployment
from portadoc.issuer.issuance.disclosure import published_policy
from portadoc.issuer.issuance.proofs import PROOF_ALGORITHMS, attestation_policy, attestations_required
from portadoc.schemas.catalogue import CredentialConfiguration
from portadoc.schemas.claims import EACH_MEMBER
from portadoc.schemas.openid4vci import (
    ARF_ANNEX_II,
    ClaimDescription,
    CredentialMetadata,
    CredentialReusePolicy,
    Display,
    KeyAttestationsRequired,
    ProofType,
    ReuseMethod,
    ReuseOption,
    SupportedCredential,
)
from portadoc.schemas.projections import Claim


def supported(
    deployment: Deployment, institution: str, configuration: CredentialConfiguration, *, signing_alg: str
) -> SupportedCredential:
    """Return one entry of ``credential_configurations_supported``. Spec: OpenID4VCI 1.0 §12.2.4, App. A.3."""
    policy = published_policy(deployment, institution, configuration.id)
    return SupportedCredential(
        format=configuration.format,
        vct=configuration.vct,
        scope=configuration.scope,
        credential_signing_alg_values_supported=(signing_alg,),
        cryptographic_binding_methods_supported=("jwk",),
        proof_types_supported=proof_types(deployment),
        credential_metadata=CredentialMetadata(
            display=tuple(
                Display(name=each.name, locale=each.locale, description=each.description)
                for each in configuration.display
            ),
            claims=tuple(
                _described(claim) for claim in configuration.projection.claims if EACH_MEMBER not in claim.path
            ),
            credential_reuse_policy=reuse_policy(deployment),
        ),
        disclosure_policy=None if policy is None else policy.to_json(),
    )


def proof_types(deployment: Deployment) -> dict[str, ProofType]:
    """Return the types of proofs that are taken, each with what it asks of attestations.

    The type that is an attestation is there where a wallet provider is known. Spec: TS3 v1.5 §2.2.2.
    """
    policy = attestation_policy(deployment)
    asked = None
    if policy is not None and attestations_required(deployment):
        asked = KeyAttestationsRequired(
            key_storage=tuple(sorted(policy.key_storage)) or None,
            user_authentication=tuple(sorted(policy.user_authentication)) or None,
        )
    taken = ProofType(
        proof_signing_alg_values_supported=tuple(sorted(PROOF_ALGORITHMS)), key_attestations_required=asked
    )
    return {"jwt": taken} if policy is None else {"jwt": taken, "attestation": taken}


def reuse_policy(deployment: Deployment) -> CredentialReusePolicy | None:
    """Return what wallets shall do with copies: show each once, and ask for more while some are left.

    Spec: ARF 3.0 ISSU_38 to ISSU_40, ETSI TS 119 472-3.
    """
    if not deployment.profile.reuse_policy:
        return None
    batch_size = deployment.settings.batch_size
    option = ReuseOption(
        details=(ReuseMethod.ONCE_ONLY.value,),
        batch_size=batch_size,
        reissue_trigger_unused=max(1, batch_size // 5),
    )
    return CredentialReusePolicy(id=ARF_ANNEX_II, options=(option,))


def _described(claim: Claim) -> ClaimDescription:
    labels = (Display(name=claim.en, locale="en"), Display(name=claim.fr, locale="fr"))
    return ClaimDescription(path=claim.path, mandatory=claim.mandatory, display=labels)
