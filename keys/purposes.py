"""What a key is for. One key serves one purpose: a key that signs credentials never signs anything else."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID


class KeyPurpose(StrEnum):
    """The purposes of keys. All but ``NONCE`` (a secret for message codes) are signature keys."""

    CREDENTIAL = "credential"
    STATUS = "status"
    METADATA = "metadata"
    REQUEST = "request"
    TOKEN = "token"  # noqa: S105 - the name of a purpose
    DOCUMENT_SEAL = "document_seal"
    TRUST_LIST = "trust_list"
    RECEIPT = "receipt"
    AUDIT = "audit"
    NONCE = "nonce"
    REGISTRATION = "registration"
    """A registrar's: registration certificates and attestations of verifiers. Spec: ETSI TS 119 475 §5.2."""
    CLIENT_ATTESTATION = "client_attestation"
    """A wallet provider's: this is an instance of my wallet. Spec: OpenID4VCI 1.0 App. E."""
    KEY_ATTESTATION = "key_attestation"
    """A wallet provider's: these keys are kept like this. Spec: OpenID4VCI 1.0 App. D."""


class TrustDomain(StrEnum):
    """Who vouches for a certificate: the roots of attestation providers, relying-party access or wallets."""

    ATTESTATION = "attestation"
    ACCESS = "access"
    WALLET = "wallet"


DOMAIN_OF_PURPOSE: Final[Mapping[KeyPurpose, TrustDomain]] = {
    KeyPurpose.CREDENTIAL: TrustDomain.ATTESTATION,
    KeyPurpose.STATUS: TrustDomain.ATTESTATION,
    KeyPurpose.DOCUMENT_SEAL: TrustDomain.ATTESTATION,
    KeyPurpose.REQUEST: TrustDomain.ACCESS,
    KeyPurpose.METADATA: TrustDomain.ACCESS,
    KeyPurpose.TRUST_LIST: TrustDomain.ACCESS,
    KeyPurpose.RECEIPT: TrustDomain.ACCESS,
    KeyPurpose.REGISTRATION: TrustDomain.ACCESS,
    KeyPurpose.CLIENT_ATTESTATION: TrustDomain.WALLET,
    KeyPurpose.KEY_ATTESTATION: TrustDomain.WALLET,
}
"""Purposes whose keys carry a certificate. The others stay inside one institution and are known by JWK only.

Issuer metadata is signed under the access roots, and so are the trust packs of those who verify. Spec: ARF 3.0
ISSU_32.
"""

# A UUID arc needs no registration (ITU-T X.667 §7). The status list draft's own OID is not assigned yet.
_ARC: Final = f"2.25.{UUID('5b0c7d2e-93f4-4c1a-8e57-2d6a41f0b9c3').int}"

EXTENDED_KEY_USAGE: Final[Mapping[KeyPurpose, str]] = {
    KeyPurpose.CREDENTIAL: f"{_ARC}.1",
    KeyPurpose.STATUS: f"{_ARC}.2",
    KeyPurpose.METADATA: f"{_ARC}.3",
    KeyPurpose.REQUEST: f"{_ARC}.4",
    KeyPurpose.DOCUMENT_SEAL: f"{_ARC}.5",
    KeyPurpose.TRUST_LIST: f"{_ARC}.6",
    KeyPurpose.RECEIPT: f"{_ARC}.7",
    KeyPurpose.REGISTRATION: f"{_ARC}.8",
    KeyPurpose.CLIENT_ATTESTATION: f"{_ARC}.9",
    KeyPurpose.KEY_ATTESTATION: f"{_ARC}.10",
}
"""The extended key usage of each purpose that carries a certificate (dotted object identifiers)."""
