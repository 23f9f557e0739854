"""Authority key identifiers of a chain."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from portadoc.errors import Malformed
from portadoc.formats.dcql.authorities import authorities_of

KEY = ec.derive_private_key(41, ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test data")])


def certificate(extension: x509.AuthorityKeyIdentifier | None) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(KEY.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    )
    if extension is not None:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def test_each_named_authority_of_the_chain_is_listed() -> None:
    leaf = certificate(x509.AuthorityKeyIdentifier(b"\x01\x02\x03", None, None))
    middle = certificate(x509.AuthorityKeyIdentifier(b"\xff\xfe", None, None))
    assert authorities_of((leaf, middle)) == {("aki", "AQID"), ("aki", "__4")}


def test_certificates_that_name_none_add_nothing() -> None:
    by_serial = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(NAME)], 7)
    assert authorities_of((certificate(None), certificate(by_serial))) == frozenset()


def test_bytes_that_are_no_certificate_are_refused() -> None:
    with pytest.raises(Malformed) as refusal:
        authorities_of((b"no certificate",))
    assert refusal.value.code == "malformed_token"


def test_the_trusted_lists_that_stand_behind_a_chain_are_listed() -> None:
    leaf = certificate(x509.AuthorityKeyIdentifier(b"\x01\x02\x03", None, None))
    uri = "https://lists.example.test/pub-eaa.jwt"
    assert authorities_of((leaf,), trust_lists=frozenset({uri})) == {("aki", "AQID"), ("etsi_tl", uri)}
