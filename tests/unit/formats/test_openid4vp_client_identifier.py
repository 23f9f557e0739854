"""Client identifiers: four prefixes, each with its proof, and a named refusal for every other way to ask."""

import warnings
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc.errors import Malformed, Untrusted
from portadoc.formats.openid4vp.client_identifier import (
    ClientIdentifier,
    ClientIdPrefix,
    check_certificate,
    check_response_uri,
    parse_client_identifier,
    x509_hash_identifier,
)
from portadoc.keys.development_chain import (
    CertifiedInstitution,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.randomness import UnsafeSeededBytes

NOW = 1_790_000_000
NAME = "verifier.example"


def leaf(*urls: str) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        random_bytes = UnsafeSeededBytes(b"client identifier")
    asker = CertifiedInstitution("DE:TEST90", "DE", "Prüfdienst (Test)", urls)
    root = make_root(TrustDomain.ACCESS, now=NOW, random_bytes=random_bytes)
    authority = make_institution_authority(asker, root=root, now=NOW, random_bytes=random_bytes)
    return issue_leaf(
        asker,
        ec.derive_private_key(5, ec.SECP256R1()).public_key(),
        purpose=KeyPurpose.REQUEST,
        authority=authority,
        now=NOW,
        random_bytes=random_bytes,
    )


LEAF = leaf(f"https://{NAME}/verifier", "https://*.wild.example/x")


def client(prefix: str, value: str) -> ClientIdentifier:
    return ClientIdentifier(ClientIdPrefix(prefix), value)


def reason_of(act: Callable[[], object]) -> object:
    with pytest.raises(Untrusted) as refusal:
        act()
    assert refusal.value.code == "request_object_invalid"
    return refusal.value.params["reason"]


@pytest.mark.parametrize("prefix", list(ClientIdPrefix))
def test_each_prefix_is_read_and_written_as_one_text(prefix: ClientIdPrefix) -> None:
    text = f"{prefix}:https://verifier.example/a:b"
    read = parse_client_identifier(text)
    assert (read.prefix, read.value, read.full) == (prefix, "https://verifier.example/a:b", text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("origin:https://verifier.example", "client_id_prefix_reserved"),
        ("did:web:verifier.example", "client_id_prefix_old"),
        ("https://verifier.example", "client_id_prefix_old"),
        ("http://verifier.example", "client_id_prefix_old"),
        ("x509_san_uri:https://verifier.example", "client_id_prefix_old"),
        ("entity_id:https://verifier.example", "client_id_prefix_old"),
        ("verifier_attestation_jwt:verifier.example", "client_id_prefix_old"),
        ("openid_federation:https://verifier.example", "client_id_prefix_unknown"),
        ("X509_HASH:abc", "client_id_prefix_unknown"),
        ("registered-before", "client_id_prefix_unknown"),
        ("origin", "client_id_prefix_unknown"),
        ("did", "client_id_prefix_unknown"),
        ("x509_hash:", "client_id_form"),
        ("", "client_id_form"),
        ("x509_hash:a b", "client_id_form"),
        ("x509_hash:ü", "client_id_form"),
        ("x509_hash:" + "a" * 2040, "client_id_form"),
    ],
)
def test_h08_every_other_name_is_refused_for_its_own_reason(text: str, reason: str) -> None:
    assert reason_of(lambda: parse_client_identifier(text)) == reason


def test_a_certificate_stands_behind_its_own_hash_and_behind_its_host_name() -> None:
    check_certificate(x509_hash_identifier(LEAF), LEAF)
    check_certificate(client("x509_san_dns", NAME), LEAF)


@pytest.mark.parametrize(
    ("prefix", "value", "reason"),
    [
        ("x509_hash", "A" * 43, "x509_hash_mismatch"),
        ("x509_san_dns", "other.example", "x509_san_dns_mismatch"),
        ("x509_san_dns", "VERIFIER.EXAMPLE", "x509_san_dns_mismatch"),
        ("x509_san_dns", "sub.verifier.example", "x509_san_dns_mismatch"),
        ("x509_san_dns", "a.wild.example", "x509_san_dns_mismatch"),
        ("x509_san_dns", "*.wild.example", "x509_san_dns_mismatch"),
        ("x509_san_dns", "https://verifier.example/verifier", "x509_san_dns_mismatch"),
        ("verifier_attestation", NAME, "client_id_prefix_unfit"),
        ("redirect_uri", f"https://{NAME}", "client_id_prefix_unfit"),
    ],
)
def test_h09_a_certificate_proves_no_other_name(prefix: str, value: str, reason: str) -> None:
    assert reason_of(lambda: check_certificate(client(prefix, value), LEAF)) == reason


def test_bytes_that_are_no_certificate_prove_no_host_name() -> None:
    with pytest.raises(Malformed):
        check_certificate(client("x509_san_dns", NAME), b"not DER")


def test_an_address_by_number_is_no_host_name() -> None:
    by_number = leaf("https://192.0.2.1/verifier")
    assert reason_of(lambda: check_certificate(client("x509_san_dns", "192.0.2.1"), by_number)) == (
        "x509_san_dns_mismatch"
    )


@pytest.mark.parametrize(
    ("prefix", "value", "uri", "attested", "allowed"),
    [
        ("x509_hash", "A", "https://anywhere.example/r", (), True),
        ("x509_san_dns", NAME, f"https://{NAME}/r", (), True),
        ("x509_san_dns", NAME, f"https://{NAME}:8443/r", (), True),
        ("x509_san_dns", NAME, f"https://sub.{NAME}/r", (), False),
        ("x509_san_dns", NAME, f"https://{NAME}.evil.example/r", (), False),
        ("x509_san_dns", NAME, f"https://{NAME}@evil.example/r", (), False),
        ("x509_san_dns", NAME, "https://[broken/r", (), False),
        ("verifier_attestation", NAME, "https://anywhere.example/r", (), True),
        ("verifier_attestation", NAME, f"https://{NAME}/r", (f"https://{NAME}/r",), True),
        ("verifier_attestation", NAME, f"https://{NAME}/r?x", (f"https://{NAME}/r",), False),
        ("redirect_uri", f"https://{NAME}/r", f"https://{NAME}/r", (), True),
        ("redirect_uri", f"https://{NAME}/r", f"https://{NAME}/r/", (), False),
    ],
)
def test_h09_w20_an_answer_goes_only_where_the_name_allows(
    prefix: str, value: str, uri: str, attested: tuple[str, ...], allowed: bool
) -> None:
    def act() -> None:
        check_response_uri(client(prefix, value), uri, attested_uris=attested)

    if allowed:
        act()
    else:
        assert reason_of(act) == "response_uri_not_allowed"
