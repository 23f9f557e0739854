"""Scheme operators, providers and their lists, made with test keys; times are fixed, names are test data."""

import binascii
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureMethod, methods
from signxml.xades import XAdESSigner

from portadoc.formats.trust_lists.listing import SchemeOperators, StatusChange, moment_text
from portadoc.formats.trust_lists.lote_making import EntityEntry, LoteEdition, ServiceEntry, make_lote
from portadoc.keys.certificates import ORGANIZATION_IDENTIFIER
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
DAY = 86_400
OPERATOR = "European Commission (test data)"
LIST_URI = "https://lists.example.test/pub-eaa.jwt"
COUNTRIES = ("FR", "DE", "BE", "AT", "IT", "ES", "PT", "NL", "PL", "RO")
PDA1 = "urn:eudi:pda1:1"


@dataclass(frozen=True)
class Certified:
    """A certificate with the key behind it."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def signer(self) -> LocalSigner:
        return LocalSigner(self.key, chain=(self.der,))


def certify(
    name: str,
    *,
    country: str = "FR",
    identifier: str | None = None,
    authority: bool = False,
    above: Certified | None = None,
    key: Any = None,
    not_before: int = NOW - 400 * DAY,
    not_after: int = NOW + 400 * DAY,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> Certified:
    key = key or ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, country)]
    attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, name))
    if identifier:
        attributes.append(x509.NameAttribute(ORGANIZATION_IDENTIFIER, identifier))
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, f"{name} {'CA' if authority else 'signer'}"[:64]))
    subject = x509.Name(attributes)
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    signing = above.key if above else key
    builder = (
        x509.CertificateBuilder(
            above.certificate.subject if above else subject, subject, key.public_key(), x509.random_serial_number()
        )
        .not_valid_before(datetime.fromtimestamp(not_before, UTC))
        .not_valid_after(datetime.fromtimestamp(not_after, UTC))
        .add_extension(x509.BasicConstraints(authority, 0 if authority else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return Certified(builder.sign(signing, hashes.SHA256()), key)


def with_unheard_key(der: bytes) -> bytes:
    """Return a certificate whose key is of a kind that nobody knows; its own signature does not hold any more."""
    kind = bytes.fromhex("06072a8648ce3d0201")
    assert der.count(kind) == 1
    return der.replace(kind, bytes.fromhex("06072a8648ce3d0202"))


@dataclass(frozen=True)
class Provider:
    """A public body: an authority for attestations, another for status lists."""

    name: str
    identifier: str
    country: str
    issuance: Certified
    revocation: Certified

    def leaf(self, above: Certified | None = None, *, identifier: str | None = None) -> Certified:
        return certify(
            self.name, country=self.country, identifier=identifier or self.identifier, above=above or self.issuance
        )

    def entry(self, **changes: Any) -> EntityEntry:
        entry = EntityEntry(
            name=self.name,
            identifier=self.identifier,
            law="OJ:EU32004R0883",
            country=self.country,
            locality="Testville",
            email="contact@example.test",
            phone="+3200000000",
            information_uri="https://provider.example.test/policy",
            services=(
                service("Attestations", KeyPurpose.CREDENTIAL, self.issuance),
                service("Validity", KeyPurpose.STATUS, self.revocation),
            ),
        )
        return replace(entry, **changes)


def service(
    name: str,
    purpose: KeyPurpose,
    certified: Certified,
    *,
    approved: bool = True,
    since: int = NOW - 100 * DAY,
    history: tuple[StatusChange, ...] = (),
) -> ServiceEntry:
    return ServiceEntry(name, purpose, certified.der, StatusChange(since, approved), history)


def provider(number: int = 0) -> Provider:
    return _provider(number)


@lru_cache
def _provider(number: int) -> Provider:
    country = COUNTRIES[number % len(COUNTRIES)]
    name = f"Institution {number} (test data)"
    identifier = f"NTR{country}-{number:05}"
    return Provider(
        name,
        identifier,
        country,
        certify(name, country=country, identifier=identifier, authority=True),
        certify(name, country=country, identifier=identifier, authority=True),
    )


@lru_cache
def operator() -> Certified:
    return certify(OPERATOR, country="EU")


@lru_cache
def rsa_operator(bits: int) -> Certified:
    return certify(OPERATOR, country="FR", key=rsa.generate_private_key(public_exponent=65537, key_size=bits))


def operators(*certified: Certified) -> SchemeOperators:
    return SchemeOperators(tuple(each.der for each in certified or (operator(),)))


def edition(*entries: EntityEntry, **changes: Any) -> LoteEdition:
    made = LoteEdition(
        operator=OPERATOR,
        operator_email="lists@example.test",
        territory="EU",
        information_uri="https://lists.example.test/about",
        sequence=7,
        issued_at=NOW - DAY,
        next_update=NOW + 90 * DAY,
        entities=entries or tuple(provider(number).entry() for number in range(30)),
    )
    return replace(made, **changes)


def lote(*entries: EntityEntry, by: Certified | None = None, **changes: Any) -> str:
    return make_lote(edition(*entries, **changes), signer=(by or operator()).signer)


TSL_NS = "http://uri.etsi.org/02231/v2#"
STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
TYPES = "http://uri.etsi.org/TrstSvc/Svctype/"


@dataclass(frozen=True)
class XmlService:
    """A service of an XML list; ``history`` are further statuses of the same key."""

    certificates: tuple[bytes, ...]
    kind: str = f"{TYPES}EAA/Pub-EAA"
    status: str = f"{STATUS}granted"
    since: str = moment_text(NOW - 100 * DAY)
    extensions: str = ""
    history: str = ""
    identity: str | None = None

    def text(self) -> str:
        digital = "".join(
            f"<DigitalId><X509Certificate>{b64(der)}</X509Certificate></DigitalId>" for der in self.certificates
        )
        identity = f"<ServiceDigitalIdentity>{digital}</ServiceDigitalIdentity>"
        return (
            f"<TSPService><ServiceInformation><ServiceTypeIdentifier>{self.kind}</ServiceTypeIdentifier>"
            f'<ServiceName><Name xml:lang="en">Attestations</Name></ServiceName>'
            f"{identity if self.identity is None else self.identity}"
            f"<ServiceStatus>{self.status}</ServiceStatus>"
            f"<StatusStartingTime>{self.since}</StatusStartingTime>{self.extensions}</ServiceInformation>"
            f"{self.history}</TSPService>"
        )


def former(kind: str, identity: str, status: str, since: int) -> str:
    return (
        f"<ServiceHistory><ServiceHistoryInstance><ServiceTypeIdentifier>{kind}</ServiceTypeIdentifier>"
        f'<ServiceName><Name xml:lang="en">Attestations</Name></ServiceName>'
        f"<ServiceDigitalIdentity><DigitalId>{identity}</DigitalId></ServiceDigitalIdentity>"
        f"<ServiceStatus>{status}</ServiceStatus><StatusStartingTime>{moment_text(since)}</StatusStartingTime>"
        "</ServiceHistoryInstance></ServiceHistory>"
    )


def b64(content: bytes) -> str:
    text = binascii.b2a_base64(content, newline=False).decode()
    return "\n".join(text[start : start + 64] for start in range(0, len(text), 64))


def xml_provider(each: Provider, *services: XmlService, names: str | None = None) -> str:
    made = services or (XmlService((each.issuance.der,)),)
    name = f'<Name xml:lang="en">{each.name}</Name>' if names is None else names
    return (
        f"<TrustServiceProvider><TSPInformation><TSPName>{name}</TSPName>"
        f'<TSPTradeName><Name xml:lang="en">{each.identifier}</Name></TSPTradeName></TSPInformation>'
        f"<TSPServices>{''.join(one.text() for one in made)}</TSPServices></TrustServiceProvider>"
    )


def xml_list(*providers: str, attributes: str = 'Id="list"', **changes: str | None) -> bytes:
    scheme = {
        "TSLVersionIdentifier": "6",
        "TSLSequenceNumber": "12",
        "TSLType": "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric",
        "SchemeOperatorName": f'<Name xml:lang="en">{OPERATOR}</Name>',
        "SchemeTerritory": "FR",
        "ListIssueDateTime": moment_text(NOW - DAY),
        "NextUpdate": f"<dateTime>{moment_text(NOW + 90 * DAY)}</dateTime>",
        **changes,
    }
    members = "".join(f"<{name}>{value}</{name}>" for name, value in scheme.items() if value is not None)
    entries = providers or tuple(xml_provider(provider(number)) for number in range(30))
    return (
        f'<TrustServiceStatusList xmlns="{TSL_NS}" {attributes} TSLTag="http://uri.etsi.org/19612/TSLTag">'
        f"<SchemeInformation>{members}</SchemeInformation>"
        f"<TrustServiceProviderList>{''.join(entries)}</TrustServiceProviderList></TrustServiceStatusList>"
    ).encode()


class ListSigner(XAdESSigner):
    """Refer to the list and the signed properties, each through exclusive canonicalisation, as real lists do."""

    def _add_reference_to_signed_info(self, sig_root: Any, node_to_reference: Any, **attrs: str) -> None:
        if node_to_reference.tag.endswith("KeyInfo"):
            return
        super()._add_reference_to_signed_info(sig_root, node_to_reference, **attrs)
        reference = sig_root.findall(f"{DS}SignedInfo/{DS}Reference")[-1]
        transforms = etree.Element(f"{DS}Transforms")
        etree.SubElement(transforms, f"{DS}Transform", Algorithm=self.c14n_alg.value)
        reference.insert(0, transforms)


DS = "{http://www.w3.org/2000/09/xmldsig#}"


def sign_xml(
    unsigned: bytes,
    *,
    by: Certified | None = None,
    method: SignatureMethod = SignatureMethod.ECDSA_SHA256,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
    c14n: CanonicalizationMethod = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    also: tuple[Certified, ...] = (),
    signer: type[XAdESSigner] = ListSigner,
) -> bytes:
    made = signer(
        method=methods.enveloped, signature_algorithm=method, digest_algorithm=digest, c14n_algorithm=c14n
    )
    certified = by or operator()
    chain = [each.certificate.public_bytes(serialization.Encoding.PEM).decode() for each in (certified, *also)]
    return etree.tostring(made.sign(etree.fromstring(unsigned), key=certified.key, cert=chain))
