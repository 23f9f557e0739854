"""Wallet providers: whose certificates are believed when they vouch for a wallet or for the keys in it.

Spec: OpenID4VCI 1.0 App. D, App. E; HAIP 1.0 §4.4.1, §4.5.1; ETSI TS 119 602 Annex E.
"""

from typing import Literal, Protocol

from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustedKey

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
