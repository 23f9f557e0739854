"""Certificate chains: every hostile chain of the tests of ``keys`` is judged by both languages, with one outcome.

The tests themselves are those of ``tests/unit/keys``; here the core is asked each time that they ask Python.
"""

import random  # noqa: TID251 - the same choice in every run
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

from portadoc.errors import Error
from portadoc.keys.jwk import public_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.chain_validation import validate_chain
from portadoc.keys.trust.trust_file import trust_from_json, trust_to_json
from portadoc.keys.trust.trust_store import TrustedKey, TrustStore
from tests.unit.keys import test_trust_chain as hostile
from tests.unit.keys import test_trust_lists as listed
from tests.unit.keys.conftest import NOW, Certified, Draft, Workshop, trust_in
from tests.unit.keys.conftest import workshop as workshop

from .conftest import Core, Outcome, borrowed_from, outcome

ENGINES = ("node", "chromium")

ANY_ROOT_PURPOSES = frozenset({KeyPurpose.CREDENTIAL, KeyPurpose.STATUS})


def told(trusted: TrustedKey) -> dict[str, Any]:
    return {
        "alg": trusted.key.alg,
        "jwk": public_jwk(trusted.key),
        "institutionId": trusted.institution_id,
        "country": trusted.country,
        "notAfter": trusted.not_after,
        "anchor": trusted.anchor,
        "trustLists": sorted(trusted.trust_lists),
        "speaksFor": sorted(trusted.speaks_for),
    }


def resolved_by_core(core: Core, store: TrustStore, chain: tuple[bytes, ...], asked: dict[str, Any]) -> Outcome:
    question = {"credentialType": asked["credential_type"], **asked}
    return core.ask("resolve", configuration=trust_to_json(store), texts=list(chain), **question)


@pytest.fixture(autouse=True)
def both_judge(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the core judge what Python judges, and require that both say the same."""
    resolve, resolve_chain, from_json = TrustStore.resolve, TrustStore.resolve_chain, trust_from_json

    def both_resolve(store: TrustStore, chain: tuple[bytes, ...], **asked: Any) -> TrustedKey:
        found = outcome(lambda: told(resolve(store, chain, **asked)))
        assert resolved_by_core(core, store, chain, asked) == found
        return resolve(store, chain, **asked)

    def both_resolve_chain(store: TrustStore, chain: tuple[bytes, ...], **asked: Any) -> TrustedKey:
        found = outcome(lambda: told(resolve_chain(store, chain, **asked)))
        answer = core.ask("resolve_chain", configuration=trust_to_json(store), texts=list(chain), **asked)
        assert answer == found
        return resolve_chain(store, chain, **asked)

    def both_from_json(value: Any) -> TrustStore:
        found = outcome(lambda: len(from_json(value).anchors))
        assert core.ask("trust", configuration=value) == found
        return from_json(value)

    monkeypatch.setattr(TrustStore, "resolve", both_resolve)
    monkeypatch.setattr(TrustStore, "resolve_chain", both_resolve_chain)
    for module in (hostile, listed):
        monkeypatch.setattr(module, "trust_from_json", both_from_json, raising=False)


SLOW = "test_b09_no_changed_bit_of_a_leaf_is_accepted_or_raises_anything_else"  # has a form of its own below
for _module in (hostile, listed):
    globals().update(borrowed_from(_module, SLOW))


# --- more chains, for what the library decides -------------------------------------------------------------------


def root_of(key: Any, digest: hashes.HashAlgorithm | None, **signing: Any) -> Certified:
    """Return a self-signed authority under any key; ``signing`` as ``CertificateBuilder.sign`` takes it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root of another kind")])
    return Certified(authority_of(name, name, key, key, digest, **signing), key)


def authority_of(
    subject: x509.Name, issuer: x509.Name, key: Any, by: Any, digest: hashes.HashAlgorithm | None, **signing: Any
) -> x509.Certificate:
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(datetime.fromtimestamp(NOW - 86_400, UTC))
    builder = builder.not_valid_after(datetime.fromtimestamp(NOW + 86_400, UTC))
    usage = x509.KeyUsage(False, False, False, False, False, True, False, False, False)
    builder = builder.add_extension(x509.BasicConstraints(True, None), True).add_extension(usage, True)
    return builder.sign(by, digest, **signing)


RSA = rsa.generate_private_key(65537, 2048)
SMALL_RSA = rsa.generate_private_key(65537, 1024)


def pss(digest: hashes.HashAlgorithm, salt: int | None = None) -> padding.PSS:
    return padding.PSS(padding.MGF1(digest), salt or digest.digest_size)


SIGNERS: dict[str, tuple[Any, hashes.HashAlgorithm | None, dict[str, Any]]] = {
    "P-256 with SHA-384": (ec.generate_private_key(ec.SECP256R1()), hashes.SHA384(), {}),
    "P-384": (ec.generate_private_key(ec.SECP384R1()), hashes.SHA384(), {}),
    "P-384 with SHA-256": (ec.generate_private_key(ec.SECP384R1()), hashes.SHA256(), {}),
    "P-521": (ec.generate_private_key(ec.SECP521R1()), hashes.SHA512(), {}),
    "P-521 with SHA-256": (ec.generate_private_key(ec.SECP521R1()), hashes.SHA256(), {}),
    "RSA, PKCS 1, SHA-256": (RSA, hashes.SHA256(), {}),
    "RSA, PKCS 1, SHA-384": (RSA, hashes.SHA384(), {}),
    "RSA, PKCS 1, SHA-512": (RSA, hashes.SHA512(), {}),
    "RSA, PSS, SHA-256": (RSA, hashes.SHA256(), {"rsa_padding": pss(hashes.SHA256())}),
    "RSA, PSS, SHA-384": (RSA, hashes.SHA384(), {"rsa_padding": pss(hashes.SHA384())}),
    "RSA, PSS, SHA-512": (RSA, hashes.SHA512(), {"rsa_padding": pss(hashes.SHA512())}),
    "RSA of 1024 bits": (SMALL_RSA, hashes.SHA256(), {}),
    "Ed25519": (ed25519.Ed25519PrivateKey.generate(), None, {}),
}
REFUSED_SIGNERS = {"RSA of 1024 bits", "Ed25519"}


def signed_leaf(draft: Draft, by: Certified, digest: hashes.HashAlgorithm | None, **signing: Any) -> Certified:
    """Return a leaf as drafted, signed by an authority with any algorithm."""
    plain = draft.but(signed_by=None, issuer=by.certificate.subject).make()
    builder = x509.CertificateBuilder(
        by.certificate.subject, plain.certificate.subject, plain.key.public_key(), x509.random_serial_number()
    )
    builder = builder.not_valid_before(plain.certificate.not_valid_before_utc)
    builder = builder.not_valid_after(plain.certificate.not_valid_after_utc)
    for extension in plain.certificate.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return Certified(builder.sign(by.key, digest, **signing), plain.key)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SIGNERS)
def test_an_authority_signs_with_what_path_validation_allows(workshop: Workshop, name: str) -> None:
    key, digest, signing = SIGNERS[name]
    root = root_of(key, digest, **signing)
    leaf = signed_leaf(workshop.leaf_draft, root, digest, **signing)
    if name in REFUSED_SIGNERS:
        assert hostile.refusal(trust_in(root), leaf) == "chain_invalid.path_rejected"
    else:
        assert hostile.resolve(trust_in(root), leaf).institution_id == "FR:TEST01"
    other = signed_leaf(workshop.leaf_draft, root_of(key, digest, **signing), digest, **signing)
    spoilt = bytearray(other.der)
    spoilt[-3] ^= 1
    assert hostile.refusal(trust_in(root), bytes(spoilt)) == "issuer_untrusted.anchor_unknown"


def test_a_key_written_as_a_compressed_point_is_the_same_key(workshop: Workshop) -> None:
    """No library writes such a certificate: it is made by hand from one that has the whole point."""
    for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()):
        for _ in range(4):  # both parities
            leaf = workshop.leaf_draft.but(key=ec.generate_private_key(curve)).make()
            compressed = with_compressed_point(leaf, workshop.authority)
            trusted = hostile.resolve(workshop.store(), compressed, workshop.authority)
            assert public_jwk(trusted.key) == public_jwk(leaf.key.public_key())


def with_compressed_point(leaf: Certified, issuer: Certified) -> bytes:
    public = leaf.key.public_key()
    spki, x962 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.X962
    whole = public.public_bytes(serialization.Encoding.DER, spki)
    point = public.public_bytes(x962, serialization.PublicFormat.UncompressedPoint)
    short = public.public_bytes(x962, serialization.PublicFormat.CompressedPoint)
    head = whole[: len(whole) - len(point) - 1]
    identifier = head[head.index(b"\x30", 1) :][: 2 + head[head.index(b"\x30", 1) + 1]]
    info = element(0x30, identifier + element(0x03, b"\0" + short))
    signed = leaf.certificate.tbs_certificate_bytes
    inner = signed[4:] if signed[1] == 0x82 else signed[3:]
    changed = element(0x30, inner.replace(whole, info))
    signature = issuer.key.sign(changed, ec.ECDSA(hashes.SHA256()))
    return element(0x30, changed + bytes.fromhex("300a06082a8648ce3d040302") + element(0x03, b"\0" + signature))


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = (
        bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")
    )
    return bytes([tag]) + length + content


DNS, MAIL, ADDRESS, URI = x509.DNSName, x509.RFC822Name, x509.IPAddress, x509.UniformResourceIdentifier


def network(text: str) -> x509.IPAddress:
    import ipaddress

    return x509.IPAddress(ipaddress.ip_network(text))


def address(text: str) -> x509.IPAddress:
    import ipaddress

    return x509.IPAddress(ipaddress.ip_address(text))


NAMES: dict[str, tuple[list[x509.GeneralName] | None, list[x509.GeneralName] | None, list[x509.GeneralName]]] = {
    "within": ([DNS("a.test")], None, [DNS("x.a.test")]),
    "the same": ([DNS("a.test")], None, [DNS("A.TEST")]),
    "beside": ([DNS("a.test")], None, [DNS("ba.test")]),
    "one of two": ([DNS("b.test"), DNS("a.test")], None, [DNS("a.test")]),
    "one name of two": ([DNS("a.test")], None, [DNS("a.test"), DNS("b.test")]),
    "excluded": (None, [DNS("a.test")], [DNS("x.a.test")]),
    "permitted and excluded": ([DNS("a.test")], [DNS("x.a.test")], [DNS("x.a.test")]),
    "wildcard within": ([DNS("a.test")], None, [DNS("*.a.test")]),
    "wildcard wider than permitted": ([DNS("x.a.test")], None, [DNS("*.a.test")]),
    "wildcard that meets what is excluded": (None, [DNS("x.a.test")], [DNS("*.a.test")]),
    "wildcard that misses what is excluded": (None, [DNS("y.x.a.test")], [DNS("*.a.test")]),
    "no host": ([DNS("a.test")], None, [DNS("a..test")]),
    "a constraint with a dot in front": ([DNS(".a.test")], None, [DNS("x.a.test")]),
    "a name of another form": ([DNS("a.test")], None, [URI("https://b.test")]),
    "mailbox of the host": ([MAIL("a.test")], None, [MAIL("x@a.test")]),
    "mailbox below the host": ([MAIL("a.test")], None, [MAIL("x@b.a.test")]),
    "mailbox below": ([MAIL(".a.test")], None, [MAIL("x@b.a.test")]),
    "mailbox not below": ([MAIL(".a.test")], None, [MAIL("x@a.test")]),
    "one mailbox": ([MAIL("x@a.test")], None, [MAIL("x@A.test")]),
    "another mailbox": ([MAIL("x@a.test")], None, [MAIL("X@a.test")]),
    "no mailbox": ([MAIL("a.test")], None, [MAIL("a.test")]),
    "address within": ([network("192.0.2.0/24")], None, [address("192.0.2.7")]),
    "address outside": ([network("192.0.2.0/24")], None, [address("192.0.3.7")]),
    "address of the other version": ([network("192.0.2.0/24")], None, [address("2001:db8::1")]),
    "long address within": ([network("2001:db8::/32")], None, [address("2001:db8::1")]),
    "long address excluded": (None, [network("2001:db8::/33")], [address("2001:db8:1::1")]),
}


@pytest.mark.parametrize("where", ["authority", "root", "leaf"])
@pytest.mark.parametrize("name", NAMES)
def test_v30_name_constraints_have_one_outcome(workshop: Workshop, name: str, where: str) -> None:
    permitted, excluded, names = NAMES[name]
    constraints = ((x509.NameConstraints(permitted, excluded), where != "leaf"),)

    def at(place: str) -> Any:
        return constraints if place == where else ()

    root = Draft("Root", authority=True, signed_by=None, institution=None, extensions=at("root")).make()
    authority = workshop.authority_draft.but(signed_by=root, extensions=at("authority")).make()
    leaf = workshop.leaf_draft.but(signed_by=authority, names=tuple(names), extensions=at("leaf")).make()
    asked = {"purpose": KeyPurpose.CREDENTIAL, "at": NOW}
    outcome(lambda: trust_in(root).resolve_chain((leaf.der, authority.der), **asked))


POLICIES = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), None)])
EXTENSIONS: dict[str, tuple[x509.ExtensionType, bool]] = {
    "critical policies": (POLICIES, True),
    "policies": (POLICIES, False),
    "critical limits of policies": (x509.PolicyConstraints(0, None), True),
    "critical information access": (
        x509.AuthorityInformationAccess(
            [x509.AccessDescription(x509.ObjectIdentifier("1.3.6.1.5.5.7.48.2"), URI("http://a.test"))]
        ),
        True,
    ),
    "unknown": (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"no DER"), False),
    "critical other names": (x509.IssuerAlternativeName([DNS("a.test")]), True),
}


@pytest.mark.parametrize("where", ["authority", "root", "leaf"])
@pytest.mark.parametrize("name", EXTENSIONS)
def test_v30_an_extension_has_one_outcome_wherever_it_stands(workshop: Workshop, name: str, where: str) -> None:
    def at(place: str) -> Any:
        return (EXTENSIONS[name],) if place == where else ()

    root = Draft("Root", authority=True, signed_by=None, institution=None, extensions=at("root")).make()
    authority = workshop.authority_draft.but(signed_by=root, extensions=at("authority")).make()
    leaf = workshop.leaf_draft.but(signed_by=authority, extensions=at("leaf")).make()
    asked = {"purpose": KeyPurpose.CREDENTIAL, "at": NOW}
    outcome(lambda: trust_in(root).resolve_chain((leaf.der, authority.der), **asked))


def test_b09_a_changed_bit_of_a_certificate_is_refused_with_one_outcome(core: Core, workshop: Workshop) -> None:
    """Every eighth byte of leaf and authority, each bit; the reasons may differ only in how much is unreadable."""
    pick, store = random.Random(9), workshop.store()
    chain = (workshop.leaf_draft.make().der, workshop.authority.der)
    differing = []
    for at in (0, 1):
        for place in pick.sample(range(len(chain[at])), 160):
            changed = bytearray(chain[at])
            changed[place] ^= 1 << pick.randrange(8)
            spoilt = (bytes(changed), chain[1]) if at == 0 else (chain[0], bytes(changed))
            asked = {"purpose": KeyPurpose.CREDENTIAL, "at": NOW}
            with pytest.raises(Error) as caught:
                validate_chain(spoilt, store.anchors_for(KeyPurpose.CREDENTIAL), **asked)  # type: ignore[arg-type]
            answer = core.ask(
                "validate_chain", texts=list(spoilt), anchors=[workshop.root.der], dedicated=[], **asked
            )
            assert answer.code, "accepted"
            if answer.refusal != (caught.value.code, caught.value.params["reason"]):
                differing.append((at, place, answer.refusal, str(caught.value)))
    # A bit that makes one extension another: Python reads the form of more of them than the core, which reads few.
    assert len(differing) <= 2, differing
