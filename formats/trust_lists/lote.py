"""Lists of trusted entities as JSON: the providers of attestations by public bodies.

Input is unverified until the scheme operator's signature holds.
Spec: ETSI TS 119 602 §6, Annex H; ETSI TS 119 182-1 §5.
"""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Malformed
from portadoc.formats import jws
from portadoc.formats.numeric_date import numeric_date
from portadoc.formats.roles import TokenRole
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
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import UnverifiedCertificate, certificate_key
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_list import (
    ListedEntity,
    ListedService,
    ListForm,
    Omission,
    TrustListSnapshot,
    content_digest,
)
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.codes import canonical_country

MAX_BYTES: Final = 6 * 1024 * 1024
ROLE: Final = TokenRole(
    "trust_list",
    frozenset({"JOSE", "jose", "JWT"}),
    frozenset({"alg", "typ", "cty", "kid", "x5c", "x5t#S256", "iat", "sigT", "crit"}),
    MAX_BYTES,
    understood=frozenset({"sigT"}),
    may_lack_typ=True,
)
"""A compact JAdES baseline signature; ``sigT``, later ``iat``, says when it was made. Spec: ETSI TS 119 182-1."""

LIST_TYPE: Final = "http://uri.etsi.org/19602/LoTEType/EUPubEAAProvidersList"
ISSUANCE: Final = "http://uri.etsi.org/19602/SvcType/PubEAA/Issuance"
REVOCATION: Final = "http://uri.etsi.org/19602/SvcType/PubEAA/Revocation"
NOTIFIED: Final = "http://uri.etsi.org/19602/PubEAAProvidersList/SvcStatus/notified"
WITHDRAWN: Final = "http://uri.etsi.org/19602/PubEAAProvidersList/SvcStatus/withdrawn"
COUNTRY_URI: Final = "http://uri.etsi.org/19602/ListOfTrustedEntities/PubEAAProvider/"
_PURPOSES: Final = {ISSUANCE: KeyPurpose.CREDENTIAL, REVOCATION: KeyPurpose.STATUS}
_STATUSES: Final = {NOTIFIED: True, WITHDRAWN: False}
_VERSION: Final = 1
_MAX_SEQUENCE: Final = 2**53


def read_lote(
    unverified_text: str, *, uri: str, operators: SchemeOperators, now: int, skew_s: int
) -> TrustListSnapshot:
    """Return what a list says that one of its scheme operator's certificates signed.

    Whether it may follow the edition before it is for ``accept_snapshot``. An entity whose entry is not in order
    is left out and named in ``omitted``: nothing of it is believed, and the others do not suffer. Raises
    Malformed[malformed_token], [limit_exceeded], [trust_list_malformed], Untrusted[trust_list_untrusted],
    [signature_invalid] and as ``jws.split``. Spec: ETSI TS 119 602 §6.8, Annex H.
    """
    # 1. form and header
    unverified = jws.split(unverified_text, ROLE, allowed_algs=ALL_ALGORITHMS)
    # 2. the signer is one that was set for this list
    chain = jws.certificate_chain(unverified)
    if not chain:
        raise untrusted("signer_missing")
    signer = operators.require(chain[0], now=now)
    if unverified.header.get("x5t#S256", thumbprint(chain[0])) != thumbprint(chain[0]):
        raise untrusted("signer_thumbprint")
    # 3. the signature
    payload = jws.verify(unverified, certificate_key(signer))
    _check_signing_time(unverified.header, now=now, skew_s=skew_s)
    # 4. the content
    lote = _object(payload, "LoTE")
    scheme = _scheme(_object(lote, "ListAndSchemeInformation"))
    check_period(scheme.issued_at, scheme.next_update, now=now, skew_s=skew_s)
    if organisation(signer) not in scheme.operators:
        raise untrusted("signer_not_operator")
    entities, omitted = _entities(_objects(lote, "TrustedEntitiesList", required=False))
    return TrustListSnapshot(
        uri=uri,
        form=ListForm.LOTE,
        operator=scheme.operators[0],
        territory=scheme.territory,
        sequence=scheme.sequence,
        issued_at=scheme.issued_at,
        next_update=scheme.next_update,
        digest=content_digest(unverified_text.encode("ascii")),
        signer=content_digest(signer.der),
        entities=entities,
        omitted=omitted,
    )


def _check_signing_time(header: Mapping[str, Any], *, now: int, skew_s: int) -> None:
    """Refuse a signature that says it was made later than now, in either way of saying it.

    Raises Untrusted[trust_list_untrusted], Malformed[trust_list_malformed], [claim_invalid].
    Spec: ETSI TS 119 182-1 §5.1.11, §5.2.1.
    """
    said = [moment(header["sigT"], member="sigT")] if "sigT" in header else []
    if "iat" in header:
        said.append(numeric_date(header, "iat", required=True))
    if any(made > now + skew_s for made in said):
        raise untrusted("signed_later")


def thumbprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate as headers carry it. Spec: RFC 7515 §4.1.8."""
    return base64url.encode(sha256(der).digest())


@dataclass(frozen=True, slots=True)
class _Scheme:
    operators: tuple[str, ...]
    territory: str
    sequence: int
    issued_at: int
    next_update: int


def _scheme(information: JsonObject) -> _Scheme:
    if information.get("LoTEVersionIdentifier") not in (_VERSION, str(_VERSION)):
        raise malformed("LoTEVersionIdentifier")
    if information.get("LoTEType") != LIST_TYPE:
        raise malformed("LoTEType")
    sequence = information.get("LoTESequenceNumber")
    if type(sequence) is not int or not 0 < sequence <= _MAX_SEQUENCE:
        raise malformed("LoTESequenceNumber")
    operators = _values(information, "SchemeOperatorName")
    if not operators:
        raise malformed("SchemeOperatorName")
    return _Scheme(
        operators=operators,
        territory=_text(information, "SchemeTerritory"),
        sequence=sequence,
        issued_at=moment(information.get("ListIssueDateTime"), member="ListIssueDateTime"),
        next_update=moment(information.get("NextUpdate"), member="NextUpdate"),
    )


def _entities(entries: tuple[JsonObject, ...]) -> tuple[tuple[ListedEntity, ...], tuple[Omission, ...]]:
    entities, omitted = [], []
    for number, entry in enumerate(entries, start=1):
        try:
            entities.append(_entity(entry))
        except Malformed as exc:
            omitted.append(Omission(number, str(exc.params["reason"])))
    return tuple(entities), tuple(omitted)


def _entity(entity: JsonObject) -> ListedEntity:
    information = _object(entity, "TrustedEntityInformation")
    names = _values(information, "TEName")
    if not names:
        raise malformed("TEName")
    services = (_service(each, names) for each in _objects(entity, "TrustedEntityServices"))
    return ListedEntity(
        name=names[0],
        identifiers=frozenset(each for each in _values(information, "TETradeName") if not each.startswith("OJ:")),
        country=_country(information),
        services=tuple(services),
    )


def _country(information: JsonObject) -> str:
    """Return the state that is responsible for the provider. Spec: ETSI TS 119 602 Table H.2, TE address c)."""
    addresses = _objects(_object(information, "TEAddress"), "TEElectronicAddress")
    uris = [_text(each, "uriValue") for each in addresses]
    codes = {each.removeprefix(COUNTRY_URI) for each in uris if each.startswith(COUNTRY_URI)}
    if len(codes) != 1:
        raise malformed("TEAddress")
    return canonical_country(codes.pop())


def _service(service: JsonObject, names: tuple[str, ...]) -> ListedService:
    information = _object(service, "ServiceInformation")
    purpose = _PURPOSES.get(_text(information, "ServiceTypeIdentifier"))
    if purpose is None:
        raise malformed("ServiceTypeIdentifier")
    certificates = _certificates(_object(information, "ServiceDigitalIdentity"))
    check_same_key(certificates)
    if any(organisation(each) not in names for each in certificates):
        raise malformed("organizationName")
    former = _objects(service, "ServiceHistory", required=False)
    changes = [_change(information), *(_change(each) for each in former if _is_of_key(each, certificates))]
    return ListedService(
        name=(_values(information, "ServiceName") or names)[0],
        purpose=purpose,
        certificates=tuple(each.der for each in certificates),
        approvals=approvals(changes),
    )


def _change(information: JsonObject) -> StatusChange:
    approved = _STATUSES.get(_text(information, "ServiceStatus"))
    if approved is None:
        raise malformed("ServiceStatus")
    return StatusChange(moment(information.get("StatusStartingTime"), member="StatusStartingTime"), approved)


def _is_of_key(instance: JsonObject, certificates: tuple[UnverifiedCertificate, ...]) -> bool:
    """Tell whether a former status was that of the key that is listed now. Spec: ETSI TS 119 602 Table H.3."""
    identity = _object(instance, "ServiceDigitalIdentity")
    named = {_bytes(text) for text in _texts(identity, "X509SKIs")}
    return any(key_identifier(each) in named for each in certificates)


def _certificates(identity: JsonObject) -> tuple[UnverifiedCertificate, ...]:
    entries = _objects(identity, "X509Certificates", required=False)
    return tuple(listed_certificate(_bytes(_text(each, "val"))) for each in entries)


def _bytes(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as exc:
        raise malformed("base64") from exc


def _values(holder: JsonObject, name: str) -> tuple[str, ...]:
    """Return the texts of a member in several languages, English first; empty when it is absent."""
    entries = _objects(holder, name, required=False)
    ordered = sorted(entries, key=lambda each: each.get("lang") != "en")
    return tuple(_text(each, "value") for each in ordered)


def _object(holder: JsonObject, name: str) -> JsonObject:
    found: JsonObject = _typed(holder.get(name), dict, name)
    return found


def _objects(holder: JsonObject, name: str, *, required: bool = True) -> tuple[JsonObject, ...]:
    if name not in holder and not required:
        return ()
    return tuple(_typed(each, dict, name) for each in _typed(holder.get(name), list, name))


def _text(holder: JsonObject, name: str) -> str:
    text: str = _typed(holder.get(name), str, name)
    if not text:
        raise malformed(name)
    return text


def _texts(holder: JsonObject, name: str) -> tuple[str, ...]:
    if name not in holder:
        return ()
    return tuple(_typed(each, str, name) for each in _typed(holder[name], list, name))


def _typed(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind):
        raise malformed(name)
    return value
