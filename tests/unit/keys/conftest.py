"""A certified world with fixed time and seeded bytes, and a workshop for certificates with one fault each."""

import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portadoc.keys.certificates import ORGANIZATION_IDENTIFIER
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyPurpose, KeyRing
from portadoc.keys.purposes import EXTENDED_KEY_USAGE
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import RandomBytes, UnsafeSeededBytes

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
DAY = 86_400
BASE_URL = "http://127.0.0.1:8700"
PASSPHRASE = b"test passphrase"
PDA1 = "urn:eudi:pda1:1"
EHIC = "urn:eudi:ehic:1"
INSTITUTIONS = (
    DevelopmentInstitution(
        "fr-demo", "FR:TEST01", "FR", "Caisse d’essai", frozenset({Role.ISSUER}), frozenset({PDA1})
    ),
    DevelopmentInstitution(
        "fr-health", "FR:TEST02", "FR", "Santé (essai)", frozenset({Role.ISSUER}), frozenset({EHIC})
    ),
    DevelopmentInstitution("de-inspection", "DE:TEST90", "DE", "Prüfdienst (Test)", frozenset({Role.VERIFIER})),
)


def seeded(seed: bytes) -> RandomBytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return UnsafeSeededBytes(seed)


def make_ring(directory: Path, seed: bytes = b"ring") -> KeyRing:
    return create_development_ring(
        directory, INSTITUTIONS, base_url=BASE_URL, now=NOW, random_bytes=seeded(seed), passphrase=PASSPHRASE
    )


@pytest.fixture(scope="session")
def made_ring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a ring that nobody touches: to make one takes ten times as long as to copy it."""
    return make_ring(tmp_path_factory.mktemp("made") / "ring").directory


@pytest.fixture
def ring(tmp_path: Path, made_ring: Path) -> KeyRing:
    copied = Path(shutil.copytree(made_ring, tmp_path / "ring"))
    return KeyRing.open(copied, passphrase=PASSPHRASE)


@pytest.fixture
def trust(ring: KeyRing) -> TrustStore:
    return read_trust_file(ring.directory / TRUST_FILE)


@dataclass(frozen=True)
class Certified:
    """A certificate with the key behind it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True)
class Draft:
    """What a certificate will say. Change one thing to make one fault; ``signed_by`` None signs itself."""

    common_name: str
    authority: bool
    signed_by: Certified | None
    path_length: int | None = None
    institution: str | None = "FR:TEST01"
    country: str = "FR"
    purposes: tuple[str, ...] = ()
    names: tuple[x509.GeneralName, ...] = (x509.UniformResourceIdentifier(f"{BASE_URL}/issuer/fr-demo"),)
    digital_signature: bool = True
    content_commitment: bool = False
    key_cert_sign: bool = False
    not_before: int = NOW - DAY
    not_after: int = NOW + 30 * DAY
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    subject: x509.Name | None = None
    issuer: x509.Name | None = None
    key: ec.EllipticCurvePrivateKey | None = None

    def but(self, **changes: Any) -> "Draft":
        return replace(self, **changes)

    def make(self) -> Certified:
        key = self.key or ec.generate_private_key(ec.SECP256R1())
        signing_key = self.signed_by.key if self.signed_by else key
        subject = self._subject() if self.subject is None else self.subject
        issuer = self.issuer or (self.signed_by.certificate.subject if self.signed_by else subject)
        builder = (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(datetime.fromtimestamp(self.not_before, UTC))
            .not_valid_after(datetime.fromtimestamp(self.not_after, UTC))
        )
        for extension, critical in (*self._extensions(key, signing_key), *self.extensions):
            builder = builder.add_extension(extension, critical=critical)
        return Certified(builder.sign(signing_key, hashes.SHA256()), key)

    def _subject(self) -> x509.Name:
        attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, self.country)]
        if self.institution is not None:
            attributes.append(x509.NameAttribute(ORGANIZATION_IDENTIFIER, self.institution))
        return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, self.common_name)])

    def _extensions(
        self, key: ec.EllipticCurvePrivateKey, signing_key: ec.EllipticCurvePrivateKey
    ) -> list[tuple[x509.ExtensionType, bool]]:
        usage = x509.KeyUsage(
            self.digital_signature,
            self.content_commitment,
            *(False, False, False),
            self.authority or self.key_cert_sign,
            *(False, False, False),
        )
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(self.authority, self.path_length), True),
            (usage, True),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), False),
        ]
        if self.purposes:
            oids = [x509.ObjectIdentifier(oid) for oid in self.purposes]
            extensions.append((x509.ExtendedKeyUsage(oids), False))
        if self.names and not self.authority:
            extensions.append((x509.SubjectAlternativeName(self.names), False))
        return extensions


@dataclass(frozen=True)
class Workshop:
    """A root, an institution's authority under it, and the drafts to make more of either kind."""

    root: Certified
    authority: Certified
    authority_draft: Draft
    leaf_draft: Draft
    store: Callable[..., TrustStore]


@pytest.fixture(scope="session")
def workshop() -> Workshop:
    root = Draft("Root", authority=True, signed_by=None, institution=None, path_length=1).make()
    authority_draft = Draft("Authority", authority=True, signed_by=root, path_length=0)
    authority = authority_draft.make()
    leaf_draft = Draft(
        "Leaf", authority=False, signed_by=authority, purposes=(EXTENDED_KEY_USAGE[KeyPurpose.CREDENTIAL],)
    )
    return Workshop(root, authority, authority_draft, leaf_draft, lambda **changes: trust_in(root, **changes))


def trust_in(root: Certified, **changes: Any) -> TrustStore:
    authorisation = Authorisation(
        institution="FR:TEST01",
        name="Caisse d’essai",
        country="FR",
        issuers=frozenset({f"{BASE_URL}/issuer/fr-demo"}),
        purposes=frozenset({KeyPurpose.CREDENTIAL}),
        credential_types=frozenset({PDA1}),
        valid_from=NOW - DAY,
    )
    purposes = frozenset({KeyPurpose.CREDENTIAL, KeyPurpose.STATUS})
    return TrustStore((TrustAnchor("test", root.der, purposes),), (replace(authorisation, **changes),))
