"""What is asked of an issuer in one request, and the keys that the copies will be bound to.

Spec: OpenID4VCI 1.0 §8.2, §12.2.4.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from portadoc.errors import Refused
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.openid4vci import IssuerMetadata, SupportedCredential
from portadoc.wallet_sim.issuance.channel import KEY_ALG
from portadoc.wallet_sim.issuance.proofs import require_provable
from portadoc.wallet_sim.peers import Means
from portadoc.wallet_sim.store import Access

FORMAT: Final = "dc+sd-jwt"


@dataclass(frozen=True, slots=True)
class Order:
    """One credential to obtain under an access, ``copies`` times; without an identifier by its configuration."""

    issuer: IssuerMetadata
    configuration_id: str
    supported: SupportedCredential
    credential_identifier: str | None
    access: Access
    copies: int


@dataclass(frozen=True, slots=True)
class HolderKey:
    """A key made for one copy: ``private_jwk`` goes to the store with the credential."""

    private_jwk: Mapping[str, str] = field(repr=False)
    signer: LocalSigner


def new_key(means: Means) -> HolderKey:
    """Return a fresh key."""
    return kept_key(new_private_jwk(KEY_ALG, random_bytes=means.random_bytes))


def kept_key(private_jwk: Mapping[str, str]) -> HolderKey:
    """Return the key of a private JWK. Raises Misconfigured[key_file_malformed]."""
    return HolderKey(private_jwk, signer_from_private_jwk(private_jwk))


def supported_types(
    issuer: IssuerMetadata, configuration_ids: Iterable[str], means: Means
) -> dict[str, SupportedCredential]:
    """Return the configurations, each of which the issuer names and this wallet can obtain. Spec: §12.2.4.

    Raises Refused[configuration_unknown], Refused[configuration_unsupported] with a reason.
    """
    return {each: _supported(issuer, each, means) for each in configuration_ids}


def check_copies(issuer: IssuerMetadata, copies: int) -> None:
    """Refuse more copies than the issuer makes at a time. Raises Refused[copies_not_offered]."""
    offered = issuer.batch_credential_issuance.batch_size if issuer.batch_credential_issuance else 1
    if not 1 <= copies <= offered:
        raise Refused("copies_not_offered", spec="OpenID4VCI 1.0 §12.2.4", offered=offered)


def orders_of(
    access: Access, issuer: IssuerMetadata, supported: Mapping[str, SupportedCredential], copies: int
) -> tuple[Order, ...]:
    """Return an order for every credential that the access names. Spec: OpenID4VCI 1.0 §6.2, §8.2."""
    return tuple(
        Order(issuer, configuration_id, supported[configuration_id], identifier, access, copies)
        for configuration_id, identifiers in access.identifiers.items()
        if configuration_id in supported
        for identifier in (identifiers or (None,))
    )


def _supported(issuer: IssuerMetadata, configuration_id: str, means: Means) -> SupportedCredential:
    supported = issuer.credential_configurations_supported.get(configuration_id)
    if supported is None:
        raise Refused("configuration_unknown", spec="OpenID4VCI 1.0 §4.1.1")
    if supported.format != FORMAT:
        raise Refused("configuration_unsupported", spec="OpenID4VCI 1.0 §12.2.4", reason="format")
    require_provable(supported, means.identity)
    return supported
