"""Certificates for development: root, institution authority and leaf, of the shape that production has.

Nobody vouches for these roots. Production takes its certificates from a ceremony or a qualified provider.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from portadoc.keys.algorithms import PrivateKey, PublicKey, new_private_key
from portadoc.keys.certificates import ORGANIZATION_IDENTIFIER
from portadoc.keys.purposes import EXTENDED_KEY_USAGE, KeyPurpose, TrustDomain
from portadoc.randomness import RandomBytes

AUTHORITY_ALG: Final = "ES256"
_Extensions = tuple[tuple[x509.ExtensionType, bool], ...]

_DAY: Final = 86_400
_ROOT_DAYS: Final = 3_650
_AUTHORITY_DAYS: Final = 1_825
_LEAF_DAYS: Final = 365
_SEAL_LEAF_DAYS: Final = 1_460
"""A printed seal cannot be renewed, so the certificate of its key lives longer than the longest document."""


@dataclass(frozen=True, slots=True)
class CertifiedInstitution:
    """Whom a certificate names. ``urls`` are the issuer and verifier URLs the institution acts under."""

    id: str
    country: str
    name: str
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """A certificate authority that signs with a P-256 key held in memory."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)


def make_root(domain: TrustDomain, *, now: int, random_bytes: RandomBytes) -> CertificateAuthority:
    """Return a new self-signed root of a trust domain: path length 1, ten years. Spec: RFC 5280 §4.2.1.9."""
    key = new_private_key(AUTHORITY_ALG, random_bytes)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Portadoc development {domain} root")])
    certificate = _sign(
        name,
        key.public_key(),
        _authority_extensions(path_length=1),
        issuer=name,
        issuer_key=key,
        validity=validity_from(now, _ROOT_DAYS),
        random_bytes=random_bytes,
    )
    return CertificateAuthority(certificate, key)


def make_institution_authority(
    institution: CertifiedInstitution, *, root: CertificateAuthority, now: int, random_bytes: RandomBytes
) -> CertificateAuthority:
    """Return the institution's own authority under ``root``: path length 0, five years. Spec: RFC 5280 §4.2."""
    key = new_private_key(AUTHORITY_ALG, random_bytes)
    certificate = _sign(
        _institution_name(institution, "certificate authority"),
        key.public_key(),
        _authority_extensions(path_length=0),
        issuer=root.certificate.subject,
        issuer_key=root.key,
        validity=validity_from(now, _AUTHORITY_DAYS),
        random_bytes=random_bytes,
    )
    return CertificateAuthority(certificate, key)


def issue_leaf(
    institution: CertifiedInstitution,
    public_key: PublicKey,
    *,
    purpose: KeyPurpose,
    authority: CertificateAuthority,
    now: int,
    random_bytes: RandomBytes,
) -> bytes:
    """Return the DER certificate of a key for one purpose, valid for a year; of seals for four.

    It names the institution (organizationIdentifier), its URLs (subjectAltName URI and host) and the purpose
    (extended key usage). Spec: RFC 5280 §4.2, ETSI EN 319 412-3 §4.2.
    """
    usage = x509.ExtendedKeyUsage([x509.ObjectIdentifier(EXTENDED_KEY_USAGE[purpose])])
    certificate = _sign(
        _institution_name(institution, purpose.value.replace("_", " ")),
        public_key,
        (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage(authority=False), True),
            (usage, False),
            (x509.SubjectAlternativeName(_alternative_names(institution.urls)), False),
        ),
        issuer=authority.certificate.subject,
        issuer_key=authority.key,
        validity=validity_from(now, _SEAL_LEAF_DAYS if purpose is KeyPurpose.DOCUMENT_SEAL else _LEAF_DAYS),
        random_bytes=random_bytes,
    )
    return certificate.public_bytes(serialization.Encoding.DER)


def first_valid_second(now: int) -> int:
    """Return midnight of the day before ``now``: issuance times are rounded down to the day, and clocks differ."""
    return (now // _DAY - 1) * _DAY


def _sign(
    subject: x509.Name,
    public_key: PublicKey,
    extensions: _Extensions,
    *,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    validity: tuple[datetime, datetime],
    random_bytes: RandomBytes,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder(issuer, subject, public_key)
        .serial_number(int.from_bytes(random_bytes(16), "big") | 1)
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)


def validity_from(now: int, days: int) -> tuple[datetime, datetime]:
    """Return the first and the last second of a certificate that is made at ``now`` for a number of days."""
    start = first_valid_second(now)
    return datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(start + days * _DAY - 1, UTC)


def _authority_extensions(*, path_length: int) -> _Extensions:
    return (x509.BasicConstraints(ca=True, path_length=path_length), True), (key_usage(authority=True), True)


def key_usage(*, authority: bool) -> x509.KeyUsage:
    """Return what a key may do: an authority's certifies and signs revocation lists, any other signs."""
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _institution_name(institution: CertifiedInstitution, role: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, institution.country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, institution.name),
            x509.NameAttribute(ORGANIZATION_IDENTIFIER, institution.id),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{institution.id} {role} (development)"),
        ]
    )


def _alternative_names(urls: Iterable[str]) -> list[x509.GeneralName]:
    names: dict[x509.GeneralName, None] = {}
    for url in urls:
        names[x509.UniformResourceIdentifier(url)] = None
        names[_host_name(urlsplit(url).hostname or "")] = None
    return list(names)


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
