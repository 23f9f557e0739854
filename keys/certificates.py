"""X.509 certificates as values: read strictly, with the few facts of them that this product uses."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.keys.jwk import VerificationKey, verification_key
from portadoc.keys.purposes import EXTENDED_KEY_USAGE, KeyPurpose

ORGANIZATION_IDENTIFIER: Final = x509.ObjectIdentifier("2.5.4.97")
"""Carries the institution's identifier. Spec: ITU-T X.520 §6.4.4, ETSI EN 319 412-1 §5.1.4."""

IDENTIFYING_ATTRIBUTES: Final = frozenset(
    each.dotted_string for each in (ORGANIZATION_IDENTIFIER, NameOID.SERIAL_NUMBER)
)
"""What tells one party from all others: the identifier of a legal person, or of a natural one."""
_SPELLINGS: Final = {
    "ORGID": ORGANIZATION_IDENTIFIER,
    "ORGANIZATIONIDENTIFIER": ORGANIZATION_IDENTIFIER,
    "SN": NameOID.SERIAL_NUMBER,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "GN": NameOID.GIVEN_NAME,
    "GIVENNAME": NameOID.GIVEN_NAME,
    "SURNAME": NameOID.SURNAME,
    "COMMONNAME": NameOID.COMMON_NAME,
    "ORGANIZATIONNAME": NameOID.ORGANIZATION_NAME,
    "COUNTRYNAME": NameOID.COUNTRY_NAME,
}
"""Types of attributes beside those of RFC 4514 §3, in capitals. Spec: ETSI TS 119 472-3 §4.2.5.2, notes."""
_ATTRIBUTE_TYPE: Final = re.compile(r"(?<!\\)(^|[,+])\s*([A-Za-z][A-Za-z0-9-]*|[0-9.]+)\s*=")

_KEY_USAGES: Final = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign"),
)
_PURPOSE_OF_USAGE: Final = {usage: purpose for purpose, usage in EXTENDED_KEY_USAGE.items()}

DistinguishedName = frozenset[tuple[str, str]]
"""The attributes of a name, by dotted object identifier; values without regard to case and repeated spaces."""
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

# TypeError answers a name attribute of a wrong string type; warnings, of a name's length or a serial number, raise
# where warnings are errors.
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    UserWarning,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class UnverifiedCertificate:
    """One certificate, read and not yet judged. Times in seconds since the epoch, both inclusive."""

    der: bytes
    certificate: x509.Certificate
    subject: x509.Name
    issuer: x509.Name
    extensions: x509.Extensions
    not_before: int
    not_after: int

    @property
    def is_self_issued(self) -> bool:
        """Whether subject and issuer carry the same name."""
        return self.subject == self.issuer

    @property
    def is_authority(self) -> bool:
        """Whether the certificate may sign others: basicConstraints cA and keyUsage keyCertSign."""
        constraints, usage = self.extension(x509.BasicConstraints), self.extension(x509.KeyUsage)
        return bool(constraints and constraints.ca and usage and usage.key_cert_sign)

    def extension(self, kind: type[_Extension]) -> _Extension | None:
        """Return the extension's value, or None when the certificate does not have it."""
        try:
            return self.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of itself, for people: names in RFC 4514 form, usages by name, purposes as ours.

    ``other_usages`` are extended key usages that we do not know (dotted object identifiers).
    """

    subject: str
    issuer: str
    serial: str
    is_authority: bool
    key_usages: tuple[str, ...]
    purposes: tuple[KeyPurpose, ...]
    other_usages: tuple[str, ...]
    institutions: tuple[str, ...]
    uris: tuple[str, ...]
    host_names: tuple[str, ...]


def certificate_facts(unverified: UnverifiedCertificate) -> CertificateFacts:
    """Return what a certificate says of itself; nothing of it is judged here."""
    usage = unverified.extension(x509.KeyUsage)
    extended = unverified.extension(x509.ExtendedKeyUsage)
    names = unverified.extension(x509.SubjectAlternativeName)
    usages = [oid.dotted_string for oid in extended] if extended else []
    spelt = {ORGANIZATION_IDENTIFIER: "organizationIdentifier"}
    return CertificateFacts(
        subject=unverified.subject.rfc4514_string(spelt),
        issuer=unverified.issuer.rfc4514_string(spelt),
        serial=f"{unverified.certificate.serial_number:x}",
        is_authority=unverified.is_authority,
        key_usages=tuple(name for name in _KEY_USAGES if usage and getattr(usage, name)),
        purposes=tuple(_PURPOSE_OF_USAGE[oid] for oid in usages if oid in _PURPOSE_OF_USAGE),
        other_usages=tuple(oid for oid in usages if oid not in _PURPOSE_OF_USAGE),
        institutions=tuple(
            str(each.value) for each in unverified.subject.get_attributes_for_oid(ORGANIZATION_IDENTIFIER)
        ),
        uris=tuple(names.get_values_for_type(x509.UniformResourceIdentifier)) if names else (),
        host_names=tuple(names.get_values_for_type(x509.DNSName)) if names else (),
    )


def distinguished_name(text: str) -> DistinguishedName:
    """Return the attributes, at least one, of a name in the form of RFC 4514.

    Spaces after commas and any case of the types pass. Raises Malformed[malformed_token] (part ``dn``).
    """
    try:
        spelt = _ATTRIBUTE_TYPE.sub(lambda found: f"{found[1]}{found[2].upper()}=", text.strip())
        attributes = name_attributes(x509.Name.from_rfc4514_string(spelt, _SPELLINGS))
        if not attributes:
            raise ValueError("nothing named")
        return attributes
    except _UNREADABLE as exc:
        raise Malformed("malformed_token", spec="RFC 4514 §3", part="dn", reason="name") from exc


def name_attributes(name: x509.Name) -> DistinguishedName:
    """Return the attributes of a certificate's name."""
    return frozenset((each.oid.dotted_string, " ".join(str(each.value).casefold().split())) for each in name)


def parse_chain(x5c: Sequence[str | bytes]) -> tuple[UnverifiedCertificate, ...]:
    """Return the certificates of ``x5c`` in their order: text is standard base64 of DER, bytes are DER.

    Input is unverified. Raises Malformed[malformed_token]. Spec: RFC 7515 §4.1.6, RFC 5280 §4.1.
    """
    return tuple(parse_certificate(_der(entry)) for entry in x5c)


def parse_certificate(der: bytes) -> UnverifiedCertificate:
    """Return the certificate of exactly these DER bytes. Raises Malformed[malformed_token]."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        # Two liberties of the library that would give one certificate several forms.
        if certificate.serial_number <= 0 or der[-len(certificate.signature) - 1] != 0:
            raise ValueError("serial number not positive, or idle bits in the signature")
        return UnverifiedCertificate(
            der=der,
            certificate=certificate,
            subject=certificate.subject,
            issuer=certificate.issuer,
            extensions=certificate.extensions,
            not_before=int(certificate.not_valid_before_utc.timestamp()),
            not_after=int(certificate.not_valid_after_utc.timestamp()),
        )
    except _UNREADABLE as exc:
        raise _malformed("RFC 5280 §4.1", "certificate") from exc


def certificate_key(certificate: UnverifiedCertificate) -> VerificationKey:
    """Return the public key for signatures. Raises Untrusted[chain_invalid] with reason key_type."""
    try:
        public = certificate.certificate.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
            return verification_key(public)
    except (*_UNREADABLE, Misconfigured) as exc:
        raise Untrusted("chain_invalid", reason="key_type") from exc
    raise Untrusted("chain_invalid", reason="key_type")


def only_name(certificate: UnverifiedCertificate, oid: x509.ObjectIdentifier) -> str:
    """Return the subject attribute that has to occur exactly once. Raises Untrusted[chain_invalid] (subject)."""
    attributes = certificate.subject.get_attributes_for_oid(oid)
    if len(attributes) != 1 or not isinstance(attributes[0].value, str):
        raise Untrusted("chain_invalid", spec="ETSI EN 319 412-3 §4.2.1", reason="subject")
    return attributes[0].value


def certificate_country(der: bytes) -> str:
    """Return the country that a certificate names as its subject's. Raises Untrusted[chain_invalid] (subject)."""
    return only_name(parse_certificate(der), NameOID.COUNTRY_NAME)


def to_pem(chain: Sequence[bytes]) -> str:
    """Return the PEM text of DER certificates, in their order. Raises Malformed[malformed_token]."""
    return "".join(
        parse_certificate(der).certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
        for der in chain
    )


def from_pem(text: str) -> tuple[bytes, ...]:
    """Return the DER certificates of PEM text, at least one. Raises Malformed[malformed_token]."""
    try:
        certificates = x509.load_pem_x509_certificates(text.encode("ascii"))
    except (*_UNREADABLE, UnicodeEncodeError) as exc:
        raise _malformed("RFC 7468 §5", "pem") from exc
    return tuple(certificate.public_bytes(serialization.Encoding.DER) for certificate in certificates)


def _der(entry: str | bytes) -> bytes:
    if isinstance(entry, bytes):
        return entry
    try:
        der = base64.b64decode(entry.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as exc:
        raise _malformed("RFC 7515 §4.1.6", "base64") from exc
    if base64.b64encode(der).decode("ascii") != entry:
        raise _malformed("RFC 7515 §4.1.6", "base64")
    return der


def _malformed(spec: str, reason: str) -> Malformed:
    return Malformed("malformed_token", spec=spec, part="x5c", reason=reason)
