"""Making a list of trusted entities: for a scheme operator of our own, and for tests.

Spec: ETSI TS 119 602 §6, Annexes F and H; ETSI TS 119 182-1 §5.
"""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portadoc.errors import Misconfigured
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.trust_lists.listing import (
    StatusChange,
    key_identifier,
    listed_certificate,
    moment_text,
)
from portadoc.formats.trust_lists.lote import (
    COUNTRY_URI,
    ISSUANCE,
    LIST_TYPE,
    NOTIFIED,
    REVOCATION,
    WITHDRAWN,
    thumbprint,
)
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer

_HISTORY: Final = 65_535
"""Says that the history is kept without end. Spec: ETSI TS 119 602 Table H.1."""
_UNKNOWN: Final = "-"
_ETSI: Final = "http://uri.etsi.org/19602"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListProfile:
    """What lists of one kind say alike. Services of a kind without ``statuses`` are in force as long as listed."""

    name: str
    type: str
    scheme: str
    services: Mapping[KeyPurpose, str]
    role: str
    statuses: bool


PUBLIC_BODIES: Final = ListProfile(
    name="providers of attestations by public bodies",
    type=LIST_TYPE,
    scheme=f"{_ETSI}/PubEAAProvidersList",
    services={KeyPurpose.CREDENTIAL: ISSUANCE, KeyPurpose.STATUS: REVOCATION},
    role=COUNTRY_URI,
    statuses=True,
)
"""Who issues attestations, and states their status. Spec: ETSI TS 119 602 Annex H."""
ACCESS_CERTIFICATES: Final = ListProfile(
    name="providers of access certificates of relying parties",
    type=f"{_ETSI}/LoTEType/EUWRPACProvidersList",
    scheme=f"{_ETSI}/WRPACProvidersList",
    services={KeyPurpose.REQUEST: f"{_ETSI}/SvcType/WRPAC/Issuance"},
    role=f"{_ETSI}/ListOfTrustedEntities/WRPACProvider/",
    statuses=False,
)
"""Who certifies the keys that sign requests and issuer metadata. Spec: ETSI TS 119 602 Annex F."""


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A service to list: its certificate (DER) for one purpose, its status now and the ones before."""

    name: str
    purpose: KeyPurpose
    certificate: bytes
    status: StatusChange
    history: tuple[StatusChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityEntry:
    """A body to list; an empty locality, email or phone is left out, an empty street said to be unknown.

    ``law`` is what establishes it, such as ``OJ:EU32004R0883``.
    """

    name: str
    identifier: str
    law: str
    country: str
    locality: str
    email: str
    phone: str
    information_uri: str
    services: tuple[ServiceEntry, ...]
    street: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoteEdition:
    """One edition of the list; times in seconds since the epoch. The operator is in the territory unless said."""

    operator: str
    operator_email: str
    territory: str
    information_uri: str
    sequence: int
    issued_at: int
    next_update: int
    entities: tuple[EntityEntry, ...]
    profile: ListProfile = PUBLIC_BODIES
    operator_country: str = ""
    operator_street: str = ""


def make_lote(edition: LoteEdition, *, signer: Signer) -> str:
    """Return the signed list. Raises Misconfigured[key_missing] for a signer without a certificate."""
    if not signer.chain:
        raise Misconfigured("key_missing", institution=edition.operator, purpose=KeyPurpose.TRUST_LIST)
    header = {
        **signing_header("JOSE", signer),
        "iat": edition.issued_at,
        "x5t#S256": thumbprint(signer.chain[0]),
    }
    payload = {
        "LoTE": {
            "ListAndSchemeInformation": _scheme(edition),
            "TrustedEntitiesList": [_entity(each, edition.profile) for each in edition.entities],
        }
    }
    return jws.sign(header, payload, signer)


def _scheme(edition: LoteEdition) -> dict[str, Any]:
    profile = edition.profile
    history = {"HistoricalInformationPeriod": _HISTORY} if profile.statuses else {}
    return {
        "LoTEVersionIdentifier": 1,
        "LoTESequenceNumber": edition.sequence,
        "LoTEType": profile.type,
        "SchemeOperatorName": _in_english(edition.operator),
        "SchemeOperatorAddress": {
            "SchemeOperatorPostalAddress": [
                _postal(edition.operator_street, "", edition.operator_country or edition.territory)
            ],
            "SchemeOperatorElectronicAddress": _uris(f"mailto:{edition.operator_email}"),
        },
        "SchemeName": _in_english(f"{edition.territory}: {profile.name}"),
        "SchemeInformationURI": _uris(edition.information_uri),
        "StatusDeterminationApproach": f"{profile.scheme}/StatusDetn/EU",
        "SchemeTypeCommunityRules": _uris(f"{profile.scheme}/schemerules/EU"),
        "SchemeTerritory": edition.territory,
        **history,
        "ListIssueDateTime": moment_text(edition.issued_at),
        "NextUpdate": moment_text(edition.next_update),
    }


def _entity(entry: EntityEntry, profile: ListProfile) -> dict[str, Any]:
    role = f"{profile.role}{entry.country}"
    contact = (("mailto", entry.email), ("tel", entry.phone))
    return {
        "TrustedEntityInformation": {
            "TEName": _in_english(entry.name),
            "TETradeName": [*_in_english(entry.identifier), *_in_english(entry.law)],
            "TEAddress": {
                "TEPostalAddress": [_postal(entry.street, entry.locality, entry.country)],
                "TEElectronicAddress": _uris(*(f"{scheme}:{told}" for scheme, told in contact if told), role),
            },
            "TEInformationURI": _uris(entry.information_uri, role),
        },
        "TrustedEntityServices": [_service(each, profile) for each in entry.services],
    }


def _postal(street: str, locality: str, country: str) -> dict[str, str]:
    """Return an address, of which street and country have to be there. Spec: ETSI TS 119 602, JSON schema."""
    town = {"Locality": locality} if locality else {}
    return {"lang": "en", "StreetAddress": street or _UNKNOWN, **town, "Country": country}


def _service(entry: ServiceEntry, profile: ListProfile) -> dict[str, Any]:
    identity = {"X509Certificates": [{"val": _base64(entry.certificate)}]}
    named = {
        "ServiceTypeIdentifier": profile.services[entry.purpose],
        "ServiceName": _in_english(entry.name),
    }
    if not profile.statuses:
        return {"ServiceInformation": {**named, "ServiceDigitalIdentity": identity}}
    information = {"ServiceInformation": {**named, **_status(entry.status, identity)}}
    if not entry.history:
        return information
    key = {"X509SKIs": [_base64(key_identifier(listed_certificate(entry.certificate)) or b"")]}
    return {**information, "ServiceHistory": [{**named, **_status(former, key)} for former in entry.history]}


def _status(change: StatusChange, identity: dict[str, Any]) -> dict[str, Any]:
    return {
        "ServiceDigitalIdentity": identity,
        "ServiceStatus": NOTIFIED if change.approved else WITHDRAWN,
        "StatusStartingTime": moment_text(change.since),
    }


def _in_english(text: str) -> list[dict[str, str]]:
    return [{"lang": "en", "value": text}]


def _uris(*uris: str) -> list[dict[str, str]]:
    return [{"lang": "en", "uriValue": uri} for uri in uris]


def _base64(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode("ascii")
