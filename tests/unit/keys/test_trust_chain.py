"""The trust store on hostile chains: each has one fault and is refused for it. Cases B01 to B14, V-30 to V-32."""

import sys
import warnings
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from portadoc.errors import Error, Malformed, Misconfigured, Untrusted
from portadoc.keys.certificates import parse_certificate, parse_chain
from portadoc.keys.purposes import EXTENDED_KEY_USAGE, KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.keys.trust.chain_validation import MAX_CHAIN_LENGTH, ValidatedChains, validate_chain
from portadoc.keys.trust.trust_file import trust_from_json, trust_to_json
from portadoc.keys.trust.trust_store import TrustAnchor, TrustedKey, TrustStore

from .conftest import BASE_URL, DAY, EHIC, NOW, PDA1, Certified, Draft, Workshop, trust_in

ISSUER = f"{BASE_URL}/issuer/fr-demo"
STATUS_USAGE = EXTENDED_KEY_USAGE[KeyPurpose.STATUS]
REQUEST_USAGE = EXTENDED_KEY_USAGE[KeyPurpose.REQUEST]
CREDENTIAL_USAGE = EXTENDED_KEY_USAGE[KeyPurpose.CREDENTIAL]
ANY_USAGE = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string
TLS_USAGE = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string


def resolve(store: TrustStore, *chain: Certified | bytes, **changes: Any) -> TrustedKey:
    asked: dict[str, Any] = {
        "purpose": KeyPurpose.CREDENTIAL,
        "at": NOW,
        "credential_type": PDA1,
        "issuer": ISSUER,
        "institution": "FR:TEST01",
    }
    der = tuple(each if isinstance(each, bytes) else each.der for each in chain)
    return store.resolve(der, **{**asked, **changes})


def refusal(store: TrustStore, *chain: Certified | bytes, **changes: Any) -> str:
    with pytest.raises(Error) as caught:
        resolve(store, *chain, **changes)
    return f"{caught.value.code}.{caught.value.params['reason']}"


def test_a_sound_chain_gives_the_leaf_key_and_its_institution(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.make()
    trusted = resolve(workshop.store(), leaf, workshop.authority)
    trusted.key.verify(b"text", LocalSigner(leaf.key).sign(b"text"))
    assert (trusted.institution_id, trusted.country, trusted.not_after) == ("FR:TEST01", "FR", NOW + 30 * DAY)
    assert resolve(workshop.store(), leaf, workshop.authority, issuer=None, institution=None).key == trusted.key


def test_b01_a_self_signed_leaf_is_refused(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.but(signed_by=None).make()
    assert refusal(workshop.store(), leaf) == "chain_invalid.leaf_self_signed"
    assert refusal(workshop.store(), leaf, workshop.authority) == "chain_invalid.leaf_self_signed"


def test_b01_the_anchor_itself_is_no_leaf(workshop: Workshop) -> None:
    assert refusal(workshop.store(), workshop.root) == "chain_invalid.leaf_self_signed"


def test_b02_the_trust_anchor_included_is_refused(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.make()
    assert refusal(workshop.store(), leaf, workshop.authority, workshop.root) == "chain_invalid.anchor_included"


def test_b02_a_foreign_root_included_is_refused(workshop: Workshop) -> None:
    foreign = Draft("Foreign", authority=True, signed_by=None, path_length=1).make()
    assert refusal(workshop.store(), workshop.leaf_draft.make(), foreign) == "chain_invalid.anchor_included"


def test_b02_an_authority_that_is_an_anchor_is_left_out_too(workshop: Workshop) -> None:
    store = workshop.store()
    anchors = (
        *store.anchors,
        TrustAnchor("authority", workshop.authority.der, frozenset({KeyPurpose.CREDENTIAL})),
    )
    both = TrustStore(anchors, store.authorisations)
    leaf = workshop.leaf_draft.make()
    assert refusal(both, leaf, workshop.authority) == "chain_invalid.anchor_included"
    assert resolve(both, leaf).institution_id == "FR:TEST01"


def test_b03_an_unknown_authority_of_the_same_name_is_refused(workshop: Workshop) -> None:
    impostor_root = Draft(
        "Root", authority=True, signed_by=None, path_length=1, subject=workshop.root.certificate.subject
    ).make()
    impostor = workshop.authority_draft.but(signed_by=impostor_root).make()
    leaf = workshop.leaf_draft.but(signed_by=impostor).make()
    assert refusal(workshop.store(), leaf, impostor) == "issuer_untrusted.anchor_unknown"


def test_b03_a_leaf_under_an_impostor_of_the_sent_authority_is_refused(workshop: Workshop) -> None:
    impostor = workshop.authority_draft.make()
    leaf = workshop.leaf_draft.but(signed_by=impostor).make()
    assert refusal(workshop.store(), leaf, workshop.authority) == "chain_invalid.order_or_signature"


def test_b04_a_leaf_acting_as_authority_is_refused(workshop: Workshop) -> None:
    middle = workshop.leaf_draft.make()
    leaf = workshop.leaf_draft.but(signed_by=middle, common_name="Below").make()
    assert refusal(workshop.store(), leaf, middle, workshop.authority) == "chain_invalid.issuer_not_authority"


def test_b04_an_authority_without_the_right_to_certify_is_refused(workshop: Workshop) -> None:
    usage = x509.KeyUsage(True, *(False,) * 8)
    draft = workshop.authority_draft.but(common_name="No keyCertSign")
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(
        workshop.root.certificate.subject, draft._subject(), key.public_key(), x509.random_serial_number()
    )
    certificate = workshop.authority.certificate
    builder = builder.not_valid_before(certificate.not_valid_before_utc)
    builder = builder.not_valid_after(certificate.not_valid_after_utc)
    builder = builder.add_extension(x509.BasicConstraints(True, 0), critical=True).add_extension(
        usage, critical=True
    )
    authority = Certified(builder.sign(workshop.root.key, certificate.signature_hash_algorithm), key)  # type: ignore[arg-type]
    leaf = workshop.leaf_draft.but(signed_by=authority).make()
    assert refusal(workshop.store(), leaf, authority) == "chain_invalid.issuer_not_authority"


def test_b05_an_exceeded_path_length_is_refused(workshop: Workshop) -> None:
    below = workshop.authority_draft.but(signed_by=workshop.authority, common_name="Below").make()
    leaf = workshop.leaf_draft.but(signed_by=below).make()
    assert refusal(workshop.store(), leaf, below, workshop.authority) == "chain_invalid.path_length"


def test_b05_the_path_length_of_the_anchor_counts(workshop: Workshop) -> None:
    root = Draft("Short", authority=True, signed_by=None, path_length=0).make()
    authority = workshop.authority_draft.but(signed_by=root).make()
    leaf = workshop.leaf_draft.but(signed_by=authority).make()
    anchor = TrustAnchor("short", root.der, frozenset({KeyPurpose.CREDENTIAL}))
    store = TrustStore((anchor,), workshop.store().authorisations)
    assert refusal(store, leaf, authority) == "chain_invalid.path_length"


def test_b05_a_chain_of_twenty_is_refused_before_it_is_read(workshop: Workshop) -> None:
    garbage = [bytes([number]) for number in range(20)]
    assert refusal(workshop.store(), *garbage) == "chain_invalid.chain_too_long"
    assert refusal(workshop.store(), *garbage[: MAX_CHAIN_LENGTH + 1]) == "chain_invalid.chain_too_long"


def test_b05_a_certificate_sent_twice_is_refused(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.make()
    assert refusal(workshop.store(), leaf, workshop.authority, workshop.authority) == (
        "chain_invalid.duplicate_certificate"
    )
    assert refusal(workshop.store(), leaf, leaf) == "chain_invalid.duplicate_certificate"


@pytest.mark.parametrize(
    "names",
    [
        pytest.param((), id="B06-no-name"),
        pytest.param((x509.UniformResourceIdentifier(f"{BASE_URL}/issuer/fr-health"),), id="B06-other-url"),
        pytest.param((x509.UniformResourceIdentifier(f"{ISSUER}/"),), id="B06-trailing-slash"),
        pytest.param((x509.DNSName("127.0.0.1"),), id="B06-host-of-a-plain-http-url"),
    ],
)
def test_b06_an_issuer_that_the_leaf_does_not_name_is_refused(
    workshop: Workshop, names: tuple[x509.GeneralName, ...]
) -> None:
    leaf = workshop.leaf_draft.but(names=names).make()
    assert refusal(workshop.store(), leaf, workshop.authority) == "issuer_untrusted.issuer_not_in_certificate"


@pytest.mark.parametrize(
    ("host_name", "issuer"),
    [
        pytest.param("*.example.test", "https://caisse.example.test/issuer", id="B06-wildcard"),
        pytest.param("example.test", "https://caisse.example.test/issuer", id="B06-parent-domain"),
        pytest.param("caisse.example.test", "https://caisse.example.test.evil.test/issuer", id="B06-suffix"),
        pytest.param("caisse.example.test", "https://caisse.example.test@evil.test/issuer", id="B06-userinfo"),
        pytest.param("caisse.example.test", "https://ca\u0456sse.example.test/issuer", id="B06-homograph"),
        pytest.param("xn--casse-n5e.example.test", "https://ca\u0456sse.example.test/issuer", id="B06-punycode"),
        pytest.param("caisse.example.test", "http://caisse.example.test/issuer", id="B06-plain-http"),
        pytest.param("caisse.example.test", "https://[caisse.example.test/issuer", id="B06-not-a-url"),
        pytest.param("caisse.example.test", "", id="B06-empty"),
    ],
)
def test_b06_a_host_that_is_not_exactly_named_is_refused(workshop: Workshop, host_name: str, issuer: str) -> None:
    leaf = workshop.leaf_draft.but(names=(x509.DNSName(host_name),)).make()
    store = workshop.store(issuers=frozenset({issuer}))
    assert refusal(store, leaf, workshop.authority, issuer=issuer) == "issuer_untrusted.issuer_not_in_certificate"


def test_b06_the_exact_host_of_an_https_issuer_is_accepted(workshop: Workshop) -> None:
    issuer = "https://caisse.example.test/issuer/fr-demo"
    leaf = workshop.leaf_draft.but(names=(x509.DNSName("caisse.example.test"),)).make()
    store = workshop.store(issuers=frozenset({issuer}))
    assert resolve(store, leaf, workshop.authority, issuer=issuer).institution_id == "FR:TEST01"


def test_b06_an_issuer_url_that_belongs_to_another_institution_is_refused(workshop: Workshop) -> None:
    other = f"{BASE_URL}/issuer/fr-health"
    leaf = workshop.leaf_draft.but(names=(x509.UniformResourceIdentifier(other),)).make()
    assert (
        refusal(workshop.store(), leaf, workshop.authority, issuer=other)
        == "issuer_untrusted.issuer_not_authorised"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"not_after": NOW - 1}, "expired", id="B07-expired"),
        pytest.param({"not_before": NOW + 1}, "not_yet_valid", id="B07-not-yet-valid"),
    ],
)
def test_b07_a_leaf_outside_its_validity_is_refused(
    workshop: Workshop, changes: dict[str, int], reason: str
) -> None:
    leaf = workshop.leaf_draft.but(**changes).make()
    assert refusal(workshop.store(), leaf, workshop.authority) == f"chain_invalid.{reason}"


def test_b07_an_expired_authority_ends_its_leaves(workshop: Workshop) -> None:
    authority = workshop.authority_draft.but(not_after=NOW - 1).make()
    leaf = workshop.leaf_draft.but(signed_by=authority).make()
    assert refusal(workshop.store(), leaf, authority) == "chain_invalid.expired"


def test_b07_a_root_and_its_renewal_with_the_same_key_are_held_side_by_side(workshop: Workshop) -> None:
    draft = Draft("Root", authority=True, signed_by=None, institution=None, key=workshop.root.key)
    old, new = draft.but(not_after=NOW - 1).make(), draft.make()
    purposes = frozenset({KeyPurpose.CREDENTIAL, KeyPurpose.STATUS})
    leaf = workshop.leaf_draft.make()
    for pair in ((old, new), (new, old)):
        anchors = tuple(TrustAnchor("root", each.der, purposes) for each in pair)
        store = TrustStore(anchors, workshop.store().authorisations)
        assert resolve(store, leaf, workshop.authority).institution_id == "FR:TEST01"
    renewed = draft.but(not_before=NOW - 1).make()
    anchors = tuple(TrustAnchor("root", each.der, purposes) for each in (renewed, old))
    store = TrustStore(anchors, workshop.store(valid_from=0).authorisations)
    for at in (NOW, NOW - 2, NOW):
        assert resolve(store, leaf, workshop.authority, at=at).institution_id == "FR:TEST01"
    only_old = TrustStore((TrustAnchor("root", old.der, purposes),), workshop.store().authorisations)
    assert refusal(only_old, leaf, workshop.authority) == "chain_invalid.expired"


def test_b07_validity_is_asked_again_of_a_chain_seen_before(workshop: Workshop) -> None:
    store, leaf = workshop.store(valid_from=0), workshop.leaf_draft.make()
    for _ in range(2):
        assert resolve(store, leaf, workshop.authority, at=NOW + 30 * DAY).country == "FR"
        assert resolve(store, leaf, workshop.authority, at=NOW - DAY).country == "FR"
        assert refusal(store, leaf, workshop.authority, at=NOW + 30 * DAY + 1) == "chain_invalid.expired"
        assert refusal(store, leaf, workshop.authority, at=NOW - DAY - 1) == "chain_invalid.not_yet_valid"


@pytest.mark.parametrize(
    "purposes",
    [
        pytest.param((STATUS_USAGE,), id="B08-status-key-signs-credential"),
        pytest.param((REQUEST_USAGE,), id="B08-reader-key-signs-credential"),
        pytest.param((CREDENTIAL_USAGE, STATUS_USAGE), id="B08-two-purposes"),
        pytest.param((), id="B08-none"),
        pytest.param((TLS_USAGE,), id="B08-tls-client"),
        pytest.param((ANY_USAGE,), id="B08-any"),
    ],
)
def test_b08_a_leaf_for_another_purpose_is_refused(workshop: Workshop, purposes: tuple[str, ...]) -> None:
    leaf = workshop.leaf_draft.but(purposes=purposes).make()
    assert refusal(workshop.store(), leaf, workshop.authority) == "chain_invalid.extended_key_usage"


def test_b08_a_credential_key_signs_no_status_list(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.make()
    answer = refusal(workshop.store(), leaf, workshop.authority, purpose=KeyPurpose.STATUS)
    assert answer == "chain_invalid.extended_key_usage"


def test_b08_a_credential_chain_seen_before_is_still_no_status_chain(workshop: Workshop) -> None:
    store, leaf = workshop.store(), workshop.leaf_draft.make()
    resolve(store, leaf, workshop.authority)
    assert (
        refusal(store, leaf, workshop.authority, purpose=KeyPurpose.STATUS) == "chain_invalid.extended_key_usage"
    )


def test_b08_a_purpose_without_certificates_is_never_trusted(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.but(purposes=()).make()
    answer = refusal(workshop.store(), leaf, workshop.authority, purpose=KeyPurpose.TOKEN)
    assert answer == "chain_invalid.extended_key_usage"


def test_b08_an_anchor_vouches_for_its_own_purposes_only(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.but(purposes=(REQUEST_USAGE,)).make()
    answer = refusal(workshop.store(), leaf, workshop.authority, purpose=KeyPurpose.REQUEST)
    assert answer == "issuer_untrusted.anchor_unknown"


def store_of_one_purpose(workshop: Workshop, *purposes: KeyPurpose) -> TrustStore:
    anchors = tuple(TrustAnchor("test", workshop.root.der, frozenset({purpose})) for purpose in purposes)
    return TrustStore(anchors, workshop.store().authorisations)


def test_b08_under_an_anchor_for_one_purpose_a_leaf_need_not_name_it(workshop: Workshop) -> None:
    unnamed = workshop.leaf_draft.but(purposes=()).make()
    one_purpose = store_of_one_purpose(workshop, KeyPurpose.CREDENTIAL)
    assert resolve(one_purpose, unnamed, workshop.authority).institution_id == "FR:TEST01"
    other = workshop.leaf_draft.but(purposes=(STATUS_USAGE,)).make()
    assert refusal(one_purpose, other, workshop.authority) == "chain_invalid.extended_key_usage"
    twice_listed = store_of_one_purpose(workshop, KeyPurpose.CREDENTIAL, KeyPurpose.STATUS)
    assert refusal(twice_listed, unnamed, workshop.authority) == "chain_invalid.extended_key_usage"


@pytest.mark.parametrize("usages", [(CREDENTIAL_USAGE,), (ANY_USAGE,), (TLS_USAGE, CREDENTIAL_USAGE)])
def test_b08_an_authority_for_this_purpose_may_certify_for_it(workshop: Workshop, usages: tuple[str, ...]) -> None:
    authority = workshop.authority_draft.but(purposes=usages).make()
    leaf = workshop.leaf_draft.but(signed_by=authority).make()
    assert resolve(workshop.store(), leaf, authority).institution_id == "FR:TEST01"


@pytest.mark.parametrize("usages", [(REQUEST_USAGE,), (TLS_USAGE,)], ids=["requests", "TLS"])
def test_b08_an_authority_for_another_purpose_may_not(workshop: Workshop, usages: tuple[str, ...]) -> None:
    authority = workshop.authority_draft.but(purposes=usages).make()
    leaf = workshop.leaf_draft.but(signed_by=authority).make()
    assert refusal(workshop.store(), leaf, authority) == "chain_invalid.authority_for_other_purpose"


def test_a_seal_as_a_qualified_provider_certifies_it_is_accepted_under_the_providers_authority() -> None:
    provider = Draft("Provider", authority=True, signed_by=None, institution="NTRFR-900", path_length=0).make()
    statements = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"), b"\x30\x00")
    policy = x509.PolicyInformation(x509.ObjectIdentifier("0.4.0.194112.1.3"), None)
    where = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://a.test/")
    )
    leaf = Draft(
        "Seal",
        authority=False,
        signed_by=provider,
        digital_signature=False,
        content_commitment=True,
        names=(x509.UniformResourceIdentifier("https://caisse.example.test/support"),),
        extensions=(
            (statements, False),
            (x509.CertificatePolicies([policy]), False),
            (x509.AuthorityInformationAccess([where]), False),
        ),
    ).make()
    anchor = TrustAnchor("provider", provider.der, frozenset({KeyPurpose.CREDENTIAL}))
    store = TrustStore((anchor,), trust_in(provider).authorisations)
    assert resolve(store, leaf, issuer=None).institution_id == "FR:TEST01"
    assert refusal(store, leaf) == "issuer_untrusted.issuer_not_in_certificate"


def pem(workshop: Workshop) -> str:
    return b64encode(workshop.authority.der).decode()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda text: f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----", id="B09-pem"),
        pytest.param(lambda text: text[:64] + "\n" + text[64:], id="B09-line-break"),
        pytest.param(lambda text: text + " ", id="B09-trailing-space"),
        pytest.param(lambda text: text.replace("+", "-").replace("/", "_"), id="B09-base64url"),
        pytest.param(lambda text: text.rstrip("="), id="B09-padding-missing"),
        pytest.param(lambda text: text[:-4], id="B09-truncated"),
        pytest.param(lambda text: text + "é", id="B09-not-ascii"),
        pytest.param(lambda _: "", id="B09-empty"),
        pytest.param(lambda _: "AAAA", id="B09-not-a-certificate"),
    ],
)
def test_b09_an_x5c_text_that_is_not_canonical_is_malformed(
    workshop: Workshop, spoil: Callable[[str], str]
) -> None:
    padded = next(c for _ in range(40) if pem_has_all_marks(c := fresh_text(workshop)))
    assert parse_chain([padded])
    with pytest.raises(Malformed, match="malformed_token"):
        parse_chain([spoil(padded)])


def fresh_text(workshop: Workshop) -> str:
    return b64encode(workshop.leaf_draft.make().der).decode()


def pem_has_all_marks(text: str) -> bool:
    return "=" in text and ("+" in text or "/" in text)


def test_b09_idle_bits_in_the_base64_text_are_malformed() -> None:
    with pytest.raises(Malformed, match="malformed_token"):
        parse_chain(["AB=="])


def test_b09_bytes_after_the_certificate_are_malformed(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.make()
    assert refusal(workshop.store(), leaf.der + b"\0", workshop.authority) == "malformed_token.certificate"


def test_b09_no_changed_bit_of_a_leaf_is_accepted_or_raises_anything_else(workshop: Workshop) -> None:
    leaf, store = workshop.leaf_draft.make().der, workshop.store()
    for position in range(len(leaf)):
        for bit in (0x01, 0x08, 0x20, 0x80):
            changed = leaf[:position] + bytes([leaf[position] ^ bit]) + leaf[position + 1 :]
            with pytest.raises((Malformed, Untrusted)):
                resolve(store, changed, workshop.authority)


def test_b09_a_certificate_with_a_negative_serial_number_is_malformed(workshop: Workshop) -> None:
    leaf = bytearray(workshop.leaf_draft.make().der)
    serial = leaf.index(b"\xa0\x03\x02\x01\x02\x02") + 7
    leaf[serial] |= 0x80
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert refusal(workshop.store(), bytes(leaf), workshop.authority) == "malformed_token.certificate"


def test_b10_a_signature_by_another_key_than_the_leaf_is_refused(workshop: Workshop) -> None:
    trusted = resolve(workshop.store(), workshop.leaf_draft.make(), workshop.authority)
    with pytest.raises(Untrusted, match="signature_invalid"):
        trusted.key.verify(b"text", LocalSigner(workshop.authority.key).sign(b"text"))


@pytest.mark.parametrize(
    ("asked", "store_changes", "reason"),
    [
        pytest.param({"credential_type": EHIC}, {}, "type_not_authorised", id="B11-type-of-another"),
        pytest.param({"credential_type": "URN:EUDI:PDA1:1"}, {}, "type_not_authorised", id="A46-type-other-case"),
        pytest.param({"credential_type": None}, {}, "type_not_authorised", id="B11-type-absent"),
        pytest.param({"institution": "FR:TEST02"}, {}, "institution_mismatch", id="B11-institution-of-another"),
        pytest.param({}, {"country": "DE"}, "country_mismatch", id="B11-country"),
        pytest.param({}, {"institution": "FR:TEST02"}, "institution_unknown", id="B11-institution-not-listed"),
        pytest.param({}, {"purposes": frozenset({KeyPurpose.STATUS})}, "purpose_not_authorised", id="B11-purpose"),
        pytest.param({}, {"issuers": frozenset()}, "issuer_not_authorised", id="B11-issuer"),
        pytest.param({}, {"withdrawn_at": NOW}, "withdrawn", id="B12-withdrawn-now"),
        pytest.param({}, {"withdrawn_at": NOW - DAY}, "withdrawn", id="B12-withdrawn-yesterday"),
        pytest.param({}, {"valid_from": NOW + 1}, "outside_period", id="B12-not-yet-notified"),
        pytest.param({}, {"valid_to": NOW - 1}, "outside_period", id="B12-period-over"),
    ],
)
def test_b11_b12_a_signature_that_the_authorisation_does_not_cover_is_refused(
    workshop: Workshop, asked: dict[str, Any], store_changes: dict[str, Any], reason: str
) -> None:
    store, leaf = workshop.store(**store_changes), workshop.leaf_draft.make()
    for _ in range(2):  # the second time the chain is known already
        assert refusal(store, leaf, workshop.authority, **asked) == f"issuer_untrusted.{reason}"


def test_b11_an_institution_cannot_certify_itself_as_another(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.but(institution="FR:TEST02").make()
    store = workshop.store(institution="FR:TEST02")
    assert (
        refusal(store, leaf, workshop.authority, institution="FR:TEST02")
        == "issuer_untrusted.institution_mismatch"
    )


@pytest.mark.parametrize("changes", [{"institution": None}, {"subject": x509.Name([])}], ids=["no-id", "empty"])
def test_b11_a_leaf_that_names_no_institution_is_refused(workshop: Workshop, changes: dict[str, Any]) -> None:
    leaf = workshop.leaf_draft.but(**changes).make()
    assert refusal(workshop.store(), leaf, workshop.authority) == "chain_invalid.subject"


def test_b12_the_day_before_its_withdrawal_a_signature_counts(workshop: Workshop) -> None:
    store = workshop.store(withdrawn_at=NOW, valid_to=NOW)
    leaf = workshop.leaf_draft.make()
    assert resolve(store, leaf, workshop.authority, at=NOW - 1).country == "FR"


def test_b12_one_of_several_authorisations_is_enough(workshop: Workshop) -> None:
    ended, current = workshop.store(valid_to=NOW - 1), workshop.store()
    store = TrustStore(ended.anchors, (*ended.authorisations, *current.authorisations))
    assert resolve(store, workshop.leaf_draft.make(), workshop.authority).country == "FR"


def test_b13_an_empty_trust_configuration_is_refused(workshop: Workshop) -> None:
    store = workshop.store()
    for anchors, authorisations in (((), ()), (store.anchors, ()), ((), store.authorisations)):
        with pytest.raises(Misconfigured, match="trust_empty"):
            TrustStore(anchors, authorisations)
    with pytest.raises(Misconfigured, match="trust_empty"):
        trust_from_json({"version": 1, "anchors": [], "authorisations": []})


_connections: list[str] = []
_listening = [False]


def _listen() -> None:
    if not _listening[0]:
        _listening[0] = True
        sys.addaudithook(lambda event, _: _connections.append(event) if event.startswith("socket.") else None)


def test_b14_urls_in_certificates_are_not_fetched(workshop: Workshop) -> None:
    url = x509.UniformResourceIdentifier("http://127.0.0.1:9/")
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, url),
            x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, url),
        ]
    )
    points = x509.CRLDistributionPoints([x509.DistributionPoint([url], None, None, None)])
    leaf = workshop.leaf_draft.but(extensions=((access, False), (points, False))).make()
    store = workshop.store()
    _listen()
    before = len(_connections)
    assert resolve(store, leaf, workshop.authority).country == "FR"
    assert len(_connections) == before


def test_v30_an_empty_chain_is_refused(workshop: Workshop) -> None:
    assert refusal(workshop.store()) == "chain_invalid.chain_missing"


def test_v30_a_missing_intermediate_is_refused(workshop: Workshop) -> None:
    assert refusal(workshop.store(), workshop.leaf_draft.make()) == "issuer_untrusted.anchor_unknown"


def test_v30_a_chain_in_the_wrong_order_is_refused(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.make()
    assert refusal(workshop.store(), workshop.authority, leaf) == "chain_invalid.leaf_is_authority"


def test_v30_a_certificate_that_has_no_place_in_the_chain_is_refused(workshop: Workshop) -> None:
    leaf, stranger = workshop.leaf_draft.make(), workshop.authority_draft.but(common_name="Stranger").make()
    assert refusal(workshop.store(), leaf, stranger, workshop.authority) == "chain_invalid.order_or_signature"
    assert refusal(workshop.store(), leaf, workshop.authority, stranger) == "chain_invalid.order_or_signature"


def test_v30_an_authority_as_leaf_is_refused(workshop: Workshop) -> None:
    assert refusal(workshop.store(), workshop.authority) == "chain_invalid.leaf_is_authority"


@pytest.mark.parametrize("changes", [{"digital_signature": False}, {"key_cert_sign": True}])
def test_v30_a_leaf_with_the_wrong_key_usage_is_refused(workshop: Workshop, changes: dict[str, bool]) -> None:
    leaf = workshop.leaf_draft.but(**changes).make()
    assert refusal(workshop.store(), leaf, workshop.authority) == "chain_invalid.key_usage"


def test_v30_a_certificate_for_seals_signs_attestations_and_no_requests(workshop: Workshop) -> None:
    draft = workshop.leaf_draft.but(digital_signature=False, content_commitment=True)
    assert resolve(workshop.store(), draft.make(), workshop.authority).institution_id == "FR:TEST01"
    reader = draft.but(purposes=(REQUEST_USAGE,)).make()
    answer = refusal(workshop.store(), reader, workshop.authority, purpose=KeyPurpose.REQUEST)
    assert answer == "chain_invalid.key_usage"


@pytest.mark.parametrize("where", ["leaf", "authority"])
def test_v30_an_unknown_critical_extension_is_refused(workshop: Workshop, where: str) -> None:
    unknown = ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),)
    authority = workshop.authority_draft.but(extensions=unknown if where == "authority" else ()).make()
    leaf = workshop.leaf_draft.but(signed_by=authority, extensions=unknown if where == "leaf" else ()).make()
    assert refusal(workshop.store(), leaf, authority) == "chain_invalid.path_rejected"


def test_v30_violated_name_constraints_are_refused(workshop: Workshop) -> None:
    constraints = x509.NameConstraints([x509.DNSName("caisse.example.test")], None)
    authority = workshop.authority_draft.but(extensions=((constraints, True),)).make()
    leaf = workshop.leaf_draft.but(signed_by=authority, names=(x509.DNSName("evil.test"),)).make()
    assert refusal(workshop.store(), leaf, authority) == "chain_invalid.path_rejected"


@pytest.mark.parametrize("critical", [True, False])
@pytest.mark.parametrize("above", ["authority", "root"])
def test_v30_constraints_on_the_name_of_the_institution_are_never_passed_over(
    workshop: Workshop, above: str, critical: bool
) -> None:
    germany = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "DE")]))
    constrained = ((x509.NameConstraints([germany], None), critical),)
    root = Draft(
        "Root", authority=True, signed_by=None, institution=None, extensions=constrained if above == "root" else ()
    ).make()
    draft = workshop.authority_draft.but(signed_by=root)
    authority = draft.but(extensions=constrained if above == "authority" else ()).make()
    leaf = workshop.leaf_draft.but(signed_by=authority).make()
    assert refusal(trust_in(root), leaf, authority) == "chain_invalid.name_constraints"


def test_v30_kept_name_constraints_are_in_order(workshop: Workshop) -> None:
    constraints = x509.NameConstraints([x509.DNSName("example.test")], None)
    authority = workshop.authority_draft.but(extensions=((constraints, True),)).make()
    leaf = workshop.leaf_draft.but(signed_by=authority, names=(x509.DNSName("caisse.example.test"),)).make()
    trusted = resolve(workshop.store(), leaf, authority, issuer=None)
    assert trusted.institution_id == "FR:TEST01"


@pytest.mark.parametrize("curve", [ec.SECP256K1(), ec.SECP224R1()], ids=["secp256k1", "P-224"])
def test_v30_a_leaf_key_outside_the_allowed_curves_is_refused(workshop: Workshop, curve: ec.EllipticCurve) -> None:
    leaf = workshop.leaf_draft.but(key=ec.generate_private_key(curve)).make()
    assert refusal(workshop.store(), leaf, workshop.authority).startswith("chain_invalid.")


def test_v30_an_rsa_leaf_is_refused(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.but(key=rsa.generate_private_key(public_exponent=65537, key_size=2048)).make()
    assert refusal(workshop.store(), leaf, workshop.authority) == "chain_invalid.key_type"


@pytest.mark.parametrize(
    "curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=["P-256", "P-384", "P-521"]
)
def test_the_allowed_curves_are_accepted_for_leaves(workshop: Workshop, curve: ec.EllipticCurve) -> None:
    leaf = workshop.leaf_draft.but(key=ec.generate_private_key(curve)).make()
    assert resolve(workshop.store(), leaf, workshop.authority).key.alg in {"ES256", "ES384", "ES512"}


def test_resolve_chain_authenticates_without_authorising(workshop: Workshop) -> None:
    store, leaf = workshop.store(withdrawn_at=0), workshop.leaf_draft.make()
    trusted = store.resolve_chain((leaf.der, workshop.authority.der), purpose=KeyPurpose.CREDENTIAL, at=NOW)
    assert trusted.institution_id == "FR:TEST01"
    assert refusal(store, leaf, workshop.authority) == "issuer_untrusted.withdrawn"


def test_an_anchor_that_is_no_authority_is_a_misconfiguration(workshop: Workshop) -> None:
    anchor = TrustAnchor("leaf", workshop.leaf_draft.make().der, frozenset({KeyPurpose.CREDENTIAL}))
    with pytest.raises(Misconfigured, match="trust_malformed"):
        TrustStore((anchor,), workshop.store().authorisations)


def test_the_memory_of_proven_chains_is_bounded(workshop: Workshop) -> None:
    memory = ValidatedChains(2)
    anchors = [parse_certificate(workshop.root.der)]
    chains = [(workshop.leaf_draft.make().der, workshop.authority.der) for _ in range(3)]
    for chain in chains:
        memory.keep(
            chain, KeyPurpose.CREDENTIAL, validate_chain(chain, anchors, purpose=KeyPurpose.CREDENTIAL, at=NOW)
        )
    assert [memory.get(chain, KeyPurpose.CREDENTIAL) is not None for chain in chains] == [False, True, True]
    assert memory.get(chains[2], KeyPurpose.STATUS) is None


def test_the_trust_configuration_travels_as_json(workshop: Workshop) -> None:
    store = workshop.store(valid_to=NOW + DAY, withdrawn_at=None)
    assert trust_from_json(trust_to_json(store)) == store


def broken(workshop: Workshop, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    value = trust_to_json(workshop.store())
    change(value)
    return value


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda v: v.update(version=2), id="version"),
        pytest.param(lambda v: v.update(version=True), id="version-bool"),
        pytest.param(lambda v: v.update(extra=1), id="unknown-member"),
        pytest.param(lambda v: v.pop("anchors"), id="missing-member"),
        pytest.param(lambda v: v.update(anchors={}), id="anchors-no-array"),
        pytest.param(lambda v: v["anchors"].append(1), id="anchor-no-object"),
        pytest.param(lambda v: v["anchors"][0].update(certificate="x"), id="anchor-no-pem"),
        pytest.param(lambda v: v["anchors"][0].update(certificate="é"), id="anchor-not-ascii"),
        pytest.param(
            lambda v: v["anchors"][0].update(certificate=v["anchors"][0]["certificate"] * 2), id="anchor-two-pems"
        ),
        pytest.param(lambda v: v["anchors"][0].update(purposes=["sign"]), id="purpose-unknown"),
        pytest.param(lambda v: v["anchors"][0].update(purposes="credential"), id="purposes-text"),
        pytest.param(lambda v: v["authorisations"][0].update(issuer="x"), id="authorisation-unknown-member"),
        pytest.param(lambda v: v["authorisations"][0].update(valid_from="2026"), id="time-text"),
        pytest.param(lambda v: v["authorisations"][0].update(valid_from=None), id="time-null"),
        pytest.param(lambda v: v["authorisations"][0].update(valid_to=1.5), id="time-fraction"),
        pytest.param(lambda v: v["authorisations"][0].update(credential_types=[1]), id="types-numbers"),
    ],
)
def test_a_damaged_trust_configuration_is_refused(
    workshop: Workshop, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(Misconfigured, match="trust_malformed"):
        trust_from_json(broken(workshop, change))


def test_a_trust_configuration_that_is_no_object_is_refused() -> None:
    for value in (None, [], "trust", 1):
        with pytest.raises(Misconfigured, match="trust_malformed"):
            trust_from_json(value)
