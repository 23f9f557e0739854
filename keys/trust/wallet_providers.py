"""Wallet providers: whose certificates are believed when they vouch for a wallet or for the keys in it.

Spec: OpenID4VCI 1.0 App. D, App. E; HAIP 1.0 §4.4.1, §4.5.1; ETSI TS 119 602 Annex E.
"""

from dataclasses import replace
from typing import Final, Literal, Protocol

from portadoc.errors import Untrusted
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustedKey, TrustStore

_VOUCHING: Final = frozenset({KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION})
WalletPurpose = Literal[KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION]


class WalletProviderTrust(Protocol):
    """Answer whether a chain may sign for a purpose at a time, as ``TrustStore.resolve`` does."""

    def resolve(
        self,
        chain: tuple[bytes, ...],
        *,
        purpose: KeyPurpose,
        at: int,
        credential_type: str | None,
        issuer: str | None,
        institution: str | None,
    ) -> TrustedKey: ...


class TrustsNobody:
    """The trust of who has named no wallet provider."""

    def resolve(
        self,
        chain: tuple[bytes, ...],
        *,
        purpose: KeyPurpose,
        at: int,
        credential_type: str | None,
        issuer: str | None,
        institution: str | None,
    ) -> TrustedKey:
        """Raise Untrusted[issuer_untrusted], whatever the chain."""
        raise Untrusted("issuer_untrusted", spec="HAIP 1.0 §4.4.1", reason="no_wallet_provider")


def trust_in_wallet_providers(trust: TrustStore) -> WalletProviderTrust:
    """Return a trust configuration as far as it knows wallet providers: nobody is believed where it knows none."""
    return trust if any(_VOUCHING & each.purposes for each in trust.anchors) else TrustsNobody()


def without_wallet_providers(trust: TrustStore) -> TrustStore:
    """Return a trust configuration as whoever judges certificates and cards needs it: only issuers ask of wallets.

    Readers that were made before there were wallet providers read it as well. Raises Misconfigured[trust_empty]
    where nothing else is trusted.
    """
    anchors = (replace(each, purposes=each.purposes - _VOUCHING) for each in trust.anchors)
    authorisations = (replace(each, purposes=each.purposes - _VOUCHING) for each in trust.authorisations)
    return replace(
        trust,
        anchors=tuple(each for each in anchors if each.purposes),
        authorisations=tuple(each for each in authorisations if each.purposes),
    )


def wallet_provider_key(
    unverified_chain: tuple[bytes, ...], *, trust: WalletProviderTrust, purpose: WalletPurpose, at: int
) -> TrustedKey:
    """Return the key of a wallet provider's chain (DER, leaf first) that may sign attestations of this kind.

    Who signs is what the certificate says, and no ``iss`` beside it: the current drafts have none. Raises
    Malformed[malformed_token], Untrusted[chain_invalid] (an anchor sent along and a leaf that signed itself among
    them), Untrusted[issuer_untrusted]. Spec: HAIP 1.0 §4.4.1, §4.5.1, TS3 v1.5 §2.2.1.2.
    """
    return trust.resolve(
        unverified_chain, purpose=purpose, at=at, credential_type=None, issuer=None, institution=None
    )
