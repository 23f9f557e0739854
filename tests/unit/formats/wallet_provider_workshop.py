"""A wallet provider that is trusted, one that is not, and the keys of a wallet."""

import warnings

from cryptography.hazmat.primitives.asymmetric import ec

from portadoc.keys.development_chain import (
    CertificateAuthority,
    CertifiedInstitution,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.keys.signer import LocalSigner
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import UnsafeSeededBytes

NOW = 1_790_000_000
ALGS = frozenset({"ES256", "ES384"})
WALLET_PURPOSES = frozenset({KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION})
PROVIDER = CertifiedInstitution("FR:TEST98", "FR", "Wallet provider (test)", ("https://wallet.example",))

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    _RANDOM_BYTES = UnsafeSeededBytes(b"wallet providers")


def key(number: int, curve: ec.EllipticCurve | None = None) -> LocalSigner:
    """Return a signer without a certificate, the same for each number."""
    return LocalSigner(ec.derive_private_key(number, curve or ec.SECP256R1()))


ROOT = make_root(TrustDomain.WALLET, now=NOW, random_bytes=_RANDOM_BYTES)
STRANGE_ROOT = make_root(TrustDomain.WALLET, now=NOW, random_bytes=_RANDOM_BYTES)


def signer(
    purpose: KeyPurpose, *, root: CertificateAuthority = ROOT, with_root: bool = False, number: int = 500
) -> LocalSigner:
    """Return a provider's signer for a purpose under a root; ``with_root`` sends the anchor along."""
    authority = make_institution_authority(PROVIDER, root=root, now=NOW, random_bytes=_RANDOM_BYTES)
    private_key = ec.derive_private_key(number, ec.SECP256R1())
    leaf = issue_leaf(
        PROVIDER,
        private_key.public_key(),
        purpose=purpose,
        authority=authority,
        now=NOW,
        random_bytes=_RANDOM_BYTES,
    )
    chain = (leaf, authority.der, root.der) if with_root else (leaf, authority.der)
    return LocalSigner(private_key, chain=chain)


def self_signed() -> LocalSigner:
    """Return a signer whose only certificate is signed by itself."""
    return LocalSigner(STRANGE_ROOT.key, chain=(STRANGE_ROOT.der,))


TRUST = TrustStore(
    (TrustAnchor("wallets", ROOT.der, WALLET_PURPOSES),),
    (
        Authorisation(
            institution=PROVIDER.id,
            name=PROVIDER.name,
            country=PROVIDER.country,
            issuers=frozenset(PROVIDER.urls),
            purposes=WALLET_PURPOSES,
            credential_types=frozenset(),
            valid_from=NOW - 86_400,
        ),
    ),
)
