"""Trusted lists as XML, version 5 and 6: what a Member State says of its trust services.

Spec: ETSI TS 119 612 §5, Annex B and D.
"""

from collections.abc import Iterator
from typing import Final

from lxml import etree

from portadoc.errors import Malformed
from portadoc.formats.trust_lists.listing import (
    SchemeOperators,
    StatusChange,
    approvals,
    check_period,
    check_same_key,
    key_identifier,
    listed_certificate,
    malformed,
    moment,
    organisation,
    untrusted,
)
from portadoc.formats.trust_lists.xml_signature import decoded, verify_xml
from portadoc.keys.certificates import UnverifiedCertificate
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_list import (
    ListedEntity,
    ListedService,
    ListForm,
    Omission,
    TrustListSnapshot,
    content_digest,
)
from portadoc.schemas.codes import canonical_country

TSL: Final = "{http://uri.etsi.org/02231/v2#}"
ROOT: Final = f"{TSL}TrustServiceStatusList"
TYPES: Final = "http://uri.etsi.org/TrstSvc/Svctype/"
STATUS: Final = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
EXTENSIONS: Final = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_VERSIONS: Final = frozenset({"5", "6"})
_ATTESTATIONS: Final = frozenset(f"{TYPES}{name}" for name in ("EAA", "EAA/Q", "EAA/Pub-EAA"))
_QUALIFIED: Final = f"{TYPES}CA/QC"
_FOR_SEALS: Final = frozenset({f"{EXTENSIONS}ForeSeals", f"{EXTENSIONS}QCForESeal"})
_APPROVED: Final = frozenset({f"{STATUS}granted", f"{STATUS}recognisedatnationallevel"})
_KNOWN_EXTENSIONS: Final = frozenset(
    {
        f"{TSL}AdditionalServiceInformation",
        f"{TSL}ExpiredCertsRevocationInfo",
        "{http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#}Qualifications",
        "{http://uri.etsi.org/02231/v2/additionaltypes#}TakenOverBy",
    }
)
_MAX_DIGITS: Final = 15


def read_etsi_tl(raw: bytes, *, uri: str, operators: SchemeOperators, now: int, skew_s: int) -> TrustListSnapshot:
    """Return what a list says of services for attestations that one of its scheme operator's certificates signed.

    Such services are the issuance of attestations, and of qualified certificates for seals; all else is passed
    over. A provider whose entry is not in order is left out and named in ``omitted``. Raises
    Malformed[limit_exceeded], [trust_list_malformed], Untrusted[trust_list_untrusted]. Spec: ETSI TS 119 612 §5.
    """
    root, signer = verify_xml(raw, root_tag=ROOT, operators=operators, now=now)
    scheme = _one(root, "SchemeInformation")
    if _text(scheme, "TSLVersionIdentifier") not in _VERSIONS:
        raise malformed("TSLVersionIdentifier")
    names = _names(scheme, "SchemeOperatorName")
    if not names or organisation(signer) not in names:
        raise untrusted("signer_not_operator")
    issued_at = moment(_text(scheme, "ListIssueDateTime"), member="ListIssueDateTime")
    next_update = moment(_text(scheme, "NextUpdate/dateTime"), member="NextUpdate")
    check_period(issued_at, next_update, now=now, skew_s=skew_s)
    territory = canonical_country(_text(scheme, "SchemeTerritory"))
    entities, omitted = _entities(root, territory)
    return TrustListSnapshot(
        uri=uri,
        form=ListForm.ETSI_TL,
        operator=names[0],
        territory=territory,
        sequence=_sequence(scheme),
        issued_at=issued_at,
        next_update=next_update,
        digest=content_digest(raw),
        signer=content_digest(signer.der),
        entities=entities,
        omitted=omitted,
    )


def _sequence(scheme: etree._Element) -> int:
    text = _text(scheme, "TSLSequenceNumber")
    if not text.isascii() or not text.isdecimal() or len(text) > _MAX_DIGITS or int(text) < 1:
        raise malformed("TSLSequenceNumber")
    return int(text)


def _entities(root: etree._Element, territory: str) -> tuple[tuple[ListedEntity, ...], tuple[Omission, ...]]:
    entities, omitted = [], []
    for number, provider in enumerate(_all(root, "TrustServiceProviderList/TrustServiceProvider"), start=1):
        try:
            entities.append(_entity(provider, territory))
        except Malformed as exc:
            omitted.append(Omission(number, str(exc.params["reason"])))
    return tuple(entities), tuple(omitted)


def _entity(provider: etree._Element, territory: str) -> ListedEntity:
    information = _one(provider, "TSPInformation")
    names = _names(information, "TSPName")
    if not names:
        raise malformed("TSPName")
    return ListedEntity(
        name=names[0],
        identifiers=frozenset(_names(information, "TSPTradeName")),
        country=territory,
        services=tuple(_services(provider)),
    )


def _services(provider: etree._Element) -> Iterator[ListedService]:
    for service in _all(provider, "TSPServices/TSPService"):
        information = _one(service, "ServiceInformation")
        _check_extensions(information)
        if _is_for_attestations(information):
            yield _service(service, information)


def _is_for_attestations(information: etree._Element) -> bool:
    kind = _text(information, "ServiceTypeIdentifier")
    path = "ServiceInformationExtensions/Extension/AdditionalServiceInformation/URI"
    uses = {(each.text or "").strip() for each in _all(information, path)}
    return kind in _ATTESTATIONS or (kind == _QUALIFIED and not uses.isdisjoint(_FOR_SEALS))


def _check_extensions(information: etree._Element) -> None:
    """Refuse a critical extension that nobody here reads. Spec: ETSI TS 119 612 §5.5.9.0."""
    for extension in _all(information, "ServiceInformationExtensions/Extension"):
        critical = extension.get("Critical", "true") not in ("false", "0")
        if critical and any(each.tag not in _KNOWN_EXTENSIONS for each in extension):
            raise malformed("ServiceInformationExtensions")


def _service(service: etree._Element, information: etree._Element) -> ListedService:
    certificates = _certificates(information)
    check_same_key(certificates)
    instances = _all(service, "ServiceHistory/ServiceHistoryInstance")
    kind = _text(information, "ServiceTypeIdentifier")
    former = (each for each in instances if _is_same(each, kind, certificates))
    return ListedService(
        name=(*_names(information, "ServiceName"), kind)[0],
        purpose=KeyPurpose.CREDENTIAL,
        certificates=tuple(each.der for each in certificates),
        approvals=approvals(map(_change, (information, *former))),
    )


def _change(information: etree._Element) -> StatusChange:
    since = moment(_text(information, "StatusStartingTime"), member="StatusStartingTime")
    return StatusChange(since, _text(information, "ServiceStatus") in _APPROVED)


def _is_same(instance: etree._Element, kind: str, certificates: tuple[UnverifiedCertificate, ...]) -> bool:
    """Tell whether a former status was of this type and key; of another it says nothing here."""
    if _text(instance, "ServiceTypeIdentifier") != kind:
        return False
    named = {decoded(each.text) for each in _all(instance, "ServiceDigitalIdentity/DigitalId/X509SKI")}
    listed = {decoded(each.text) for each in _all(instance, "ServiceDigitalIdentity/DigitalId/X509Certificate")}
    return any(key_identifier(each) in named or each.der in listed for each in certificates)


def _certificates(information: etree._Element) -> tuple[UnverifiedCertificate, ...]:
    found = _all(information, "ServiceDigitalIdentity/DigitalId/X509Certificate")
    return tuple(listed_certificate(decoded(each.text)) for each in found)


def _path(path: str) -> str:
    return "/".join(f"{TSL}{step}" for step in path.split("/"))


def _all(element: etree._Element, path: str) -> list[etree._Element]:
    return element.findall(_path(path))


def _one(element: etree._Element, path: str) -> etree._Element:
    found = _all(element, path)
    if len(found) != 1:
        raise malformed(path.rpartition("/")[2])
    return found[0]


def _text(element: etree._Element, path: str) -> str:
    text = (_one(element, path).text or "").strip()
    if not text:
        raise malformed(path.rpartition("/")[2])
    return text


def _names(element: etree._Element, path: str) -> tuple[str, ...]:
    """Return a name in its languages, English first."""
    found = sorted(_all(element, f"{path}/Name"), key=lambda each: each.get(_LANG) != "en")
    return tuple((each.text or "").strip() for each in found)
