"""XML trusted lists: hostile documents, wrapped signatures, and what is read from a sound list."""

from typing import Any

import pytest
from cryptography import x509
from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.xades import XAdESSigner

from portadoc.errors import Error
from portadoc.formats.trust_lists.etsi_tl import EXTENSIONS, read_etsi_tl
from portadoc.formats.trust_lists.listing import SchemeOperators, moment_text
from portadoc.formats.trust_lists.reading import media_types, read_trust_list
from portadoc.formats.trust_lists.xml_signature import parse_xml
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_list import Approval, ListForm, TrustListSnapshot

from .trust_list_workshop import (
    DAY,
    DS,
    NOW,
    OPERATOR,
    STATUS,
    TSL_NS,
    TYPES,
    Certified,
    ListSigner,
    XmlService,
    b64,
    certify,
    former,
    operator,
    operators,
    provider,
    rsa_operator,
    sign_xml,
    with_unheard_key,
    xml_list,
    xml_provider,
)

URI = "https://lists.example.test/fr.xml"
ONE = xml_provider(provider())


def read(raw: bytes, *signers: Certified, now: int = NOW) -> TrustListSnapshot:
    return read_etsi_tl(raw, uri=URI, operators=operators(*signers), now=now, skew_s=60)


def refusal(raw: bytes, *signers: Certified, now: int = NOW) -> str:
    with pytest.raises(Error) as caught:
        read(raw, *signers, now=now)
    return f"{caught.value.code}.{caught.value.params.get('reason', '-')}"


def signed(*providers: str, **options: Any) -> bytes:
    return sign_xml(xml_list(*(providers or (ONE,)), **options))


def test_a_list_of_thirty_providers_is_read() -> None:
    snapshot = read(sign_xml(xml_list()))
    assert (snapshot.form, snapshot.sequence, snapshot.territory) == (ListForm.ETSI_TL, 12, "FR")
    assert (snapshot.operator, snapshot.next_update) == (OPERATOR, NOW + 90 * DAY)
    assert len(snapshot.entities) == len(snapshot.anchors) == 30
    assert {each.purposes for each in snapshot.anchors} == {frozenset({KeyPurpose.CREDENTIAL})}
    assert snapshot.entities[3].identifiers == {"NTRAT-00003"}
    assert snapshot.omitted == ()


def test_the_reader_is_found_by_the_form() -> None:
    raw = signed()
    options: dict[str, Any] = {"uri": URI, "operators": operators(), "now": NOW, "skew_s": 60}
    assert read_trust_list(raw, form=ListForm.ETSI_TL, **options) == read(raw)
    assert "application/vnd.etsi.tsl+xml" in media_types(ListForm.ETSI_TL)


@pytest.mark.parametrize("attributes", ["", 'Id="list"'], ids=["empty-uri", "own-id"])
def test_the_whole_document_is_referred_to_in_either_way(attributes: str) -> None:
    assert read(signed(attributes=attributes)).sequence == 12


@pytest.mark.parametrize(
    "method", [SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA512, SignatureMethod.SHA256_RSA_MGF1]
)
def test_rsa_signatures_of_today_are_accepted(method: SignatureMethod) -> None:
    by = rsa_operator(2048)
    assert read(sign_xml(xml_list(ONE), by=by, method=method), by).sequence == 12


DOCTYPE = b'<!DOCTYPE x [<!ENTITY e "e">]>'


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        pytest.param(b"", "trust_list_malformed.xml", id="empty"),
        pytest.param(b"{}", "trust_list_malformed.xml", id="json"),
        pytest.param(b"<a>", "trust_list_malformed.xml", id="unfinished"),
        pytest.param(b"<!DOCTYPE a><a/>", "trust_list_malformed.doctype", id="doctype"),
        pytest.param(
            b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
            "trust_list_malformed.doctype",
            id="external-dtd",
        ),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
            "trust_list_malformed.doctype",
            id="xxe",
        ),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>',
            "trust_list_malformed.doctype",
            id="entities",
        ),
        pytest.param("<a/>".encode("utf-16"), "trust_list_malformed.xml", id="utf-16"),
        pytest.param(
            b'<?xml version="1.0" encoding="UTF-7"?><a/>', "trust_list_malformed.root", id="utf-7-ignored"
        ),
        pytest.param(b"<a>" * 100 + b"</a>" * 100, "trust_list_malformed.depth", id="deep"),
        pytest.param(b"<a>" * 9000 + b"</a>" * 9000, "trust_list_malformed.xml", id="very-deep"),
        pytest.param(b" " * (8 * 1024 * 1024 + 1), "limit_exceeded.-", id="huge"),
        pytest.param(
            f'<TrustServiceStatusList xmlns="{TSL_NS}x"/>'.encode(), "trust_list_malformed.root", id="root"
        ),
        pytest.param(
            f'<TrustServiceStatusList xmlns="{TSL_NS}"/>'.encode(),
            "trust_list_untrusted.signature_missing",
            id="unsigned",
        ),
    ],
)
def test_v32_a_hostile_document_is_refused(raw: bytes, code: str) -> None:
    assert refusal(raw) == code


def test_an_entity_that_is_left_unexpanded_is_refused() -> None:
    assert refusal(b"<a>&nbsp;</a>") == "trust_list_malformed.xml"


def test_comments_and_instructions_are_not_seen() -> None:
    assert [each.tag for each in parse_xml(b"<a><!-- x --><?p q?>b</a>").iter()] == ["a"]


def changed(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert raw.count(old) >= 1
    return raw.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"<TSLSequenceNumber>12<", b"<TSLSequenceNumber>13<", id="content"),
        pytest.param(b"granted", b"withdrawn", id="status"),
        pytest.param(b"<xades:SigningTime>2", b"<xades:SigningTime>3", id="signed-properties"),
    ],
)
def test_v32_b10_a_changed_list_is_refused(old: bytes, new: bytes) -> None:
    assert refusal(changed(signed(), old, new)) == "trust_list_untrusted.signature_invalid"


def test_v32_a_comment_inside_a_value_does_not_change_it() -> None:
    raw = changed(signed(), b"<TSLSequenceNumber>12<", b"<TSLSequenceNumber>1<!-- x -->2<")
    assert read(raw).sequence == 12


def wrapped(evil: bytes, original: bytes) -> list[bytes]:
    """Return documents that put a changed list around a signed one, with the signature where it still verifies."""
    root = etree.fromstring(original)
    signature = root.find(f"{DS}Signature")
    assert signature is not None
    documents = []
    for place in ("beside", "object", "extension"):
        outer, inner, seal = (
            etree.fromstring(etree.tostring(each)) for each in (etree.fromstring(evil), root, signature)
        )
        if place == "beside":
            outer.append(inner)
        elif place == "object":
            seal.append(etree.SubElement(seal, f"{DS}Object"))
            seal[-1].append(inner)
            inner.remove(inner.find(f"{DS}Signature"))
            outer.append(seal)
        else:
            inner.remove(inner.find(f"{DS}Signature"))
            outer.append(inner)
            outer.append(seal)
        documents.append(etree.tostring(outer))
    return documents


@pytest.mark.parametrize("attributes", ["", 'Id="list"', 'Id="other"', 'ID="list"'])
@pytest.mark.parametrize("place", [0, 1, 2], ids=["inner-signature", "in-object", "beside"])
def test_v32_a_signature_wrapped_into_another_list_is_refused(place: int, attributes: str) -> None:
    evil = xml_list(ONE, TSLSequenceNumber="99", attributes=attributes)
    document = wrapped(evil, signed())[place]
    assert refusal(document).startswith("trust_list_untrusted.")


def test_v32_two_signatures_are_refused() -> None:
    root = etree.fromstring(signed())
    root.append(etree.fromstring(etree.tostring(root.find(f"{DS}Signature"))))
    assert refusal(etree.tostring(root)) == "trust_list_untrusted.signatures"


def test_v32_a_signature_deeper_in_the_list_is_refused() -> None:
    root = etree.fromstring(signed())
    root[0].append(root.find(f"{DS}Signature"))
    assert refusal(etree.tostring(root)) == "trust_list_untrusted.signature_place"


def test_v32_an_identifier_that_stands_twice_is_refused() -> None:
    double = signed(ONE.replace("<TrustServiceProvider>", '<TrustServiceProvider ID="list">'))
    assert refusal(double) == "trust_list_untrusted.identifier_twice"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param(b'URI="#list"', b'URI="#part"', "reference", id="part-of-the-list"),
        pytest.param(b'URI="#list"', b'URI="http://a.test/"', "reference", id="elsewhere"),
        pytest.param(
            b'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>',
            b'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/>',
            "reference",
            id="xpath",
        ),
        pytest.param(
            b'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>',
            b"",
            "reference",
            id="not-enveloped",
        ),
        pytest.param(
            b'<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>',
            b'<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2006/12/xml-c14n11"/>',
            "canonicalization",
            id="canonicalization",
        ),
    ],
)
def test_v32_a_signature_of_another_form_is_refused(old: bytes, new: bytes, reason: str) -> None:
    raw = signed(ONE.replace("<TrustServiceProvider>", '<TrustServiceProvider Id="part">'))
    assert refusal(changed(raw, old, new)) == f"trust_list_untrusted.{reason}"


@pytest.mark.parametrize("uri", [b"", b"http://a.test/x"], ids=["whole-twice", "elsewhere"])
def test_v32_another_reference_must_stay_in_the_document(uri: bytes) -> None:
    raw = signed()
    start = raw.index(b'URI="#SignXML') + 5
    end = raw.index(b'"', start)
    answer = refusal(raw[:start] + uri + raw[end:])
    assert answer == "trust_list_untrusted.reference"


def test_v32_a_weak_digest_or_signature_is_refused() -> None:
    assert refusal(sign_xml(xml_list(ONE), digest=DigestAlgorithm.SHA3_256)).endswith("signature_invalid")
    by = rsa_operator(1024)
    raw = sign_xml(xml_list(ONE), by=by, method=SignatureMethod.RSA_SHA256)
    assert refusal(raw, by) == "trust_list_untrusted.signer_key"


def test_v32_a_signature_without_canonical_exclusive_form_is_refused() -> None:
    raw = sign_xml(xml_list(ONE), c14n=CanonicalizationMethod.CANONICAL_XML_1_1)
    assert refusal(raw) == "trust_list_untrusted.canonicalization"


def test_v32_the_signer_has_to_be_set_beforehand() -> None:
    stranger = certify(OPERATOR)
    raw = sign_xml(xml_list(ONE), by=stranger)
    assert refusal(raw) == "trust_list_untrusted.signer_unknown"
    assert read(raw, operator(), stranger).sequence == 12
    assert refusal(sign_xml(xml_list(ONE), also=(stranger,))) == "trust_list_untrusted.signer_missing"
    other = certify("Another ministry")
    assert refusal(sign_xml(xml_list(ONE), by=other), other) == "trust_list_untrusted.signer_not_operator"
    old = certify(OPERATOR, not_after=NOW - 1)
    assert refusal(sign_xml(xml_list(ONE), by=old), old) == "trust_list_untrusted.signer_outside_validity"


def test_v32_a_signature_without_signed_properties_is_refused() -> None:
    root = etree.fromstring(signed())
    properties = root.find(f".//{DS}Object")
    assert properties is not None
    properties.getparent().remove(properties)
    assert refusal(etree.tostring(root)) == "trust_list_untrusted.signature_invalid"


def test_v32_a_signing_certificate_that_is_no_base64_is_refused() -> None:
    root = etree.fromstring(signed())
    certificate = root.find(f".//{DS}X509Certificate")
    assert certificate is not None
    certificate.text = "é"
    assert refusal(etree.tostring(root)) == "trust_list_malformed.base64"
    certificate.text = None
    assert refusal(etree.tostring(root)) == "trust_list_untrusted.signer_unknown"


def test_v32_a_signer_whose_key_nobody_knows_is_refused() -> None:
    unheard = with_unheard_key(operator().der)
    root = etree.fromstring(signed())
    certificate = root.find(f".//{DS}X509Certificate")
    assert certificate is not None
    certificate.text = b64(unheard)
    with pytest.raises(Error) as caught:
        read_etsi_tl(etree.tostring(root), uri=URI, operators=SchemeOperators((unheard,)), now=NOW, skew_s=60)
    assert caught.value.params["reason"] == "signer_key"


def test_v32_a_second_list_inside_the_signature_is_refused() -> None:
    class WithInnerList(ListSigner):
        """Sign another list, hidden in the signature, along with the outer one."""

        def _add_reference_to_signed_info(self, sig_root: Any, node: Any, **attrs: str) -> None:
            super()._add_reference_to_signed_info(sig_root, node, **attrs)
            if not node.tag.endswith("KeyInfo"):
                inner = etree.SubElement(
                    etree.SubElement(sig_root, f"{DS}Object"), f"{{{TSL_NS}}}TrustServiceStatusList", Id="inner"
                )
                super()._add_reference_to_signed_info(sig_root, inner)

    assert refusal(sign_xml(xml_list(ONE), signer=WithInnerList)) == "trust_list_untrusted.signed_part"


def test_a_signature_over_its_key_too_is_accepted() -> None:
    class WithPlainReferences(XAdESSigner):
        """Refer to properties and key without transforms, in the canonical form that is meant without one."""

        def _add_reference_to_signed_info(self, sig_root: Any, node: Any, **attrs: str) -> None:
            exclusive, self.c14n_alg = self.c14n_alg, CanonicalizationMethod.CANONICAL_XML_1_0
            super()._add_reference_to_signed_info(sig_root, node, **attrs)
            self.c14n_alg = exclusive

    answer = sign_xml(xml_list(ONE), signer=WithPlainReferences)
    assert read(answer).sequence == 12


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"TSLVersionIdentifier": "4"}, "TSLVersionIdentifier", id="version"),
        pytest.param({"TSLSequenceNumber": "0"}, "TSLSequenceNumber", id="sequence-0"),
        pytest.param({"TSLSequenceNumber": "-1"}, "TSLSequenceNumber", id="sequence-negative"),
        pytest.param({"TSLSequenceNumber": "١"}, "TSLSequenceNumber", id="sequence-other-digits"),
        pytest.param({"TSLSequenceNumber": "9" * 16}, "TSLSequenceNumber", id="sequence-long"),
        pytest.param({"TSLSequenceNumber": ""}, "TSLSequenceNumber", id="sequence-empty"),
        pytest.param({"NextUpdate": ""}, "dateTime", id="closed"),
        pytest.param({"NextUpdate": "<dateTime>soon</dateTime>"}, "NextUpdate", id="next-update"),
        pytest.param(
            {"NextUpdate": f"<dateTime>{moment_text(NOW + 200 * DAY)}</dateTime>"},
            "next_update",
            id="over-six-months",
        ),
        pytest.param({"ListIssueDateTime": moment_text(NOW + 3600)}, "issue_time", id="from-the-future"),
        pytest.param({"ListIssueDateTime": None}, "ListIssueDateTime", id="no-issue-time"),
        pytest.param({"SchemeTerritory": None}, "SchemeTerritory", id="no-territory"),
    ],
)
def test_v32_a_scheme_that_is_not_in_order_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert refusal(signed(**changes)) == f"trust_list_malformed.{reason}"


def test_v32_a_scheme_without_operator_is_refused() -> None:
    assert refusal(signed(SchemeOperatorName="")) == "trust_list_untrusted.signer_not_operator"


def one_service(service: XmlService) -> TrustListSnapshot:
    return read(signed(xml_provider(provider(), service)))


def extension(inner: str, critical: str = ' Critical="true"') -> str:
    return f"<ServiceInformationExtensions><Extension{critical}>{inner}</Extension></ServiceInformationExtensions>"


def further(uri: str) -> str:
    return f"<AdditionalServiceInformation><URI>{uri}</URI></AdditionalServiceInformation>"


@pytest.mark.parametrize(
    ("kind", "extensions", "count"),
    [
        pytest.param("EAA", "", 1, id="attestations"),
        pytest.param("EAA/Q", "", 1, id="qualified-attestations"),
        pytest.param("TSA/QTST", "", 0, id="time-stamps"),
        pytest.param("CA/QC", "", 0, id="certificates-for-anything"),
        pytest.param("CA/QC", extension(further(f"{EXTENSIONS}ForeSignatures")), 0, id="for-signatures"),
        pytest.param("CA/QC", extension(further(f"{EXTENSIONS}ForeSeals")), 1, id="for-seals"),
    ],
)
def test_services_for_attestations_count(kind: str, extensions: str, count: int) -> None:
    made = XmlService((provider().issuance.der,), kind=f"{TYPES}{kind}", extensions=extensions)
    assert len(one_service(made).anchors) == count


@pytest.mark.parametrize("critical", ["", ' Critical="true"', ' Critical="1"'])
def test_v32_a_critical_extension_that_nobody_reads_leaves_the_provider_out(critical: str) -> None:
    made = XmlService((provider().issuance.der,), extensions=extension("<Unheard/>", critical))
    assert [each.reason for each in one_service(made).omitted] == ["ServiceInformationExtensions"]
    passed = XmlService((provider().issuance.der,), extensions=extension("<Unheard/>", ' Critical="false"'))
    assert len(one_service(passed).anchors) == 1


def test_v32_the_history_of_a_service_gives_its_times() -> None:
    one = provider()
    kind = f"{TYPES}EAA/Pub-EAA"
    key = one.issuance.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    for identity in (
        f"<X509SKI>{b64(key)}</X509SKI>",
        f"<X509Certificate>{b64(one.issuance.der)}</X509Certificate>",
    ):
        history = former(kind, identity, f"{STATUS}granted", NOW - 300 * DAY)
        gone = XmlService((one.issuance.der,), status=f"{STATUS}withdrawn", history=history)
        (service,) = one_service(gone).entities[0].services
        assert service.approvals == (Approval(NOW - 300 * DAY, NOW - 100 * DAY),)
    for other in (
        former(f"{TYPES}TSA", f"<X509SKI>{b64(key)}</X509SKI>", f"{STATUS}granted", NOW - 300 * DAY),
        former(kind, "<X509SKI>AAAA</X509SKI>", f"{STATUS}granted", NOW - 300 * DAY),
    ):
        gone = XmlService((one.issuance.der,), status=f"{STATUS}withdrawn", history=other)
        (service,) = one_service(gone).entities[0].services
        assert service.approvals == (Approval(NOW - 100 * DAY, NOW - 100 * DAY),)


@pytest.mark.parametrize(
    ("service", "names", "reason"),
    [
        pytest.param(XmlService((b"x",)), None, "certificate", id="certificate"),
        pytest.param(
            XmlService((provider().issuance.der, provider().revocation.der)),
            None,
            "service_identity",
            id="two-keys",
        ),
        pytest.param(XmlService((provider().issuance.der,), since="x"), None, "StatusStartingTime", id="time"),
        pytest.param(XmlService((provider().issuance.der,), status=""), None, "ServiceStatus", id="status"),
        pytest.param(XmlService((provider().issuance.der,)), "", "TSPName", id="name"),
    ],
)
def test_v32_a_provider_that_is_not_in_order_is_left_out(
    service: XmlService, names: str | None, reason: str
) -> None:
    good = xml_provider(provider(1))
    snapshot = read(signed(xml_provider(provider(), service, names=names), good))
    assert [(each.place, each.reason) for each in snapshot.omitted] == [(1, reason)]
    assert [each.name for each in snapshot.entities] == [provider(1).name]
