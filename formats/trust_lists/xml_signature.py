"""The signature of an XML trusted list: parsed strictly, verified by signxml, read from what was signed alone.

signxml verifies signatures; it leaves open what a document may wrap around one. Here the form is fixed first: one
signature, child of the root, over the whole document, with the two transforms of the specification and none else.
Then only the element that signxml returns as signed is read.
Spec: ETSI TS 119 612 §5.7, Annex B; XML Signature §8.
"""

import binascii
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration
from signxml.xades.xades import XAdESVerifier

from portadoc.formats.trust_lists.listing import SchemeOperators, malformed, untrusted
from portadoc.formats.trust_lists.xml_size import check_canonical_form, check_text
from portadoc.keys.certificates import UnverifiedCertificate

_REFUSALS: Final = (
    *(SignXMLException, InvalidSignature, UnsupportedAlgorithm, etree.LxmlError),
    *(ValueError, TypeError, AttributeError, KeyError, NotImplementedError),
)
"""What signxml raises for a signature that does not hold or that it cannot read."""
_MAX_DEPTH: Final = 64
_MIN_RSA_BITS: Final = 2048
_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_PLAIN: Final[frozenset[str | None]] = frozenset(
    {_EXCLUSIVE, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11"}
)
"""What other references, to properties of the signature, may be put through: nothing that leaves a part out."""
_ID_NAMES: Final = frozenset({"Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id"})
_METHODS: Final = frozenset(
    {
        *(SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512),
        *(SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512),
        *(SignatureMethod.SHA256_RSA_MGF1, SignatureMethod.SHA384_RSA_MGF1, SignatureMethod.SHA512_RSA_MGF1),
    }
)
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})


def parse_xml(raw: bytes) -> etree._Element:
    """Return the root of a document without doctype, entities, comments or processing instructions; UTF-8 only.

    Nothing is fetched or expanded. Raises Malformed[limit_exceeded], Malformed[trust_list_malformed].
    """
    check_text(raw)
    try:
        root = etree.fromstring(raw, parser=_parser())
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise malformed("xml") from exc
    document = root.getroottree().docinfo
    if document.internalDTD is not None or document.externalDTD is not None:
        raise malformed("doctype")
    if _depth(root) > _MAX_DEPTH:
        raise malformed("depth")
    check_canonical_form(root)
    return root


def verify_xml(
    raw: bytes, *, root_tag: str, operators: SchemeOperators, now: int
) -> tuple[etree._Element, UnverifiedCertificate]:
    """Return the root as it was signed, and the operator's certificate that signed it.

    Raises Malformed[limit_exceeded], [trust_list_malformed], Untrusted[trust_list_untrusted] with a reason.
    """
    # 1. strict XML with the root that was expected
    root = parse_xml(raw)
    if root.tag != root_tag:
        raise malformed("root")
    # 2. one signature over the whole of it
    signature = _only_signature(root)
    _check_references(root, signature)
    # 3. by a certificate that was set for this list
    signer = operators.require(_signing_certificate(signature), now=now)
    _check_strength(signer)
    # 4. the mathematics; what comes back is what was signed
    return _verified(root, signer, now), signer


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )


def _depth(root: etree._Element) -> int:
    deepest = depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _only_signature(root: etree._Element) -> etree._Element:
    found = list(root.iter(f"{_DS}Signature"))
    if len(found) != 1:
        raise untrusted("signature_missing" if not found else "signatures")
    if found[0].getparent() is not root:
        raise untrusted("signature_place")
    return found[0]


def _check_references(root: etree._Element, signature: etree._Element) -> None:
    """Require the one form of reference that the specification knows. Spec: ETSI TS 119 612 §B.1.0."""
    if list(map(_algorithm, signature.findall(f"{_DS}SignedInfo/{_DS}CanonicalizationMethod"))) != [_EXCLUSIVE]:
        raise untrusted("canonicalization")
    references = signature.findall(f"{_DS}SignedInfo/{_DS}Reference")
    whole = [each for each in references if each.get("URI") in _own_names(root)]
    if len(whole) != 1 or _transforms(whole[0]) != [_ENVELOPED, _EXCLUSIVE]:
        raise untrusted("reference")
    others = [each for each in references if each is not whole[0]]
    if any(not (each.get("URI") or "").startswith("#") or set(_transforms(each)) - _PLAIN for each in others):
        raise untrusted("reference")
    _check_names_are_single(root)


def _own_names(root: etree._Element) -> set[str]:
    return {"", *("#" + str(value) for name, value in root.attrib.items() if name in _ID_NAMES)}


def _transforms(reference: etree._Element) -> list[str | None]:
    return [_algorithm(each) for each in reference.findall(f"{_DS}Transforms/{_DS}Transform")]


def _algorithm(element: etree._Element) -> str | None:
    return element.get("Algorithm")


def _check_names_are_single(root: etree._Element) -> None:
    """Refuse a document in which one identifier stands twice, under whatever name of attribute."""
    names = [value for each in root.iter() for name, value in each.attrib.items() if name in _ID_NAMES]
    if len(set(names)) != len(names):
        raise untrusted("identifier_twice")


def _signing_certificate(signature: etree._Element) -> bytes:
    """Return the one certificate that the signature names. Spec: ETSI TS 119 612 §5.7.1."""
    texts = [each.text for each in signature.iterfind(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")]
    if len(texts) != 1:
        raise untrusted("signer_missing")
    return decoded(texts[0])


def _check_strength(signer: UnverifiedCertificate) -> None:
    try:
        key = signer.certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise untrusted("signer_key") from exc
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        raise untrusted("signer_key")


def _verified(root: etree._Element, signer: UnverifiedCertificate, now: int) -> etree._Element:
    """Return the document as signxml found it signed by exactly this certificate."""
    expected = SignatureConfiguration(
        require_x509=True,
        location="./",
        expect_references=True,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        ignore_ambiguous_key_info=True,  # the key is that of the certificate that was set, whatever else is named
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
        verification_time=datetime.fromtimestamp(now, UTC),
    )
    try:
        results = XAdESVerifier().verify(
            root, x509_cert=signer.certificate, expect_config=expected, parser=_parser()
        )
    except _REFUSALS as exc:
        raise untrusted("signature_invalid") from exc
    signed = [
        each.signed_xml for each in results if each.signed_xml is not None and each.signed_xml.tag == root.tag
    ]
    if len(signed) != 1:
        raise untrusted("signed_part")
    return signed[0]


def decoded(text: str | None) -> bytes:
    """Return the bytes of base64 text with white space in it. Raises Malformed[trust_list_malformed]."""
    try:
        return binascii.a2b_base64("".join((text or "").split()), strict_mode=True)
    except ValueError as exc:
        raise malformed("base64") from exc
