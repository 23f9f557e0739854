"""Making a list of trusted entities: for a scheme operator of our own, and for tests.

Spec: ETSI TS 119 602 §6, Annex H; ETSI TS 119 182-1 §5.
"""

import binascii
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

_TYPES: Final = {KeyPurpose.CREDENTIAL: ISSUANCE, KeyPurpose.STATUS: REVOCATION}
_SCHEME: Final = "http://uri.etsi.org/19602/PubEAAProvidersList"
_HISTORY: Final = 65_535
"""Says that the history is kept without end. Spec: ETSI TS 119 602 Table H.1."""


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
    """A public body to list. ``law`` is what establishes it, such as ``OJ:EU32004R0883``."""

    name: str
    identifier: str
    law: str
    country: str
    locality: str
    email: str
    phone: str
    information_uri: str
    services: tuple[ServiceEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoteEdition:
    """One edition of the list; times in seconds since the epoch."""

    operator: str
    operator_email: str
    territory: str
    information_uri: str
    sequence: int
    issued_at: int
    next_update: int
    entities: tuple[EntityEntry, ...]


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
            "TrustedEntitiesList": [_entity(each) for each in edition.entities],
        }
    }
    return jws.sign(header, payload, signer)


def _scheme(edition: LoteEdition) -> dict[str, Any]:
    return {
        "LoTEVersionIdentifier": 1,
        "LoTESequenceNumber": edition.sequence,
        "LoTEType": LIST_TYPE,
        "SchemeOperatorName": _in_english(edition.operator),
        "SchemeOperatorAddress": {
            "SchemeOperatorPostalAddress": [{"lang": "en", "Country": edition.territory}],
            "SchemeOperatorElectronicAddress": _uris(f"mailto:{edition.operator_email}"),
        },
        "SchemeName": _in_english(f"{edition.territory}: providers of attestations by public bodies"),
        "SchemeInformationURI": _uris(edition.information_uri),
        "StatusDeterminationApproach": f"{_SCHEME}/StatusDetn/EU",
        "SchemeTypeCommunityRules": _uris(f"{_SCHEME}/schemerules/EU"),
        "SchemeTerritory": edition.territory,
        "HistoricalInformationPeriod": _HISTORY,
        "ListIssueDateTime": moment_text(edition.issued_at),
        "NextUpdate": moment_text(edition.next_update),
    }


def _entity(entry: EntityEntry) -> dict[str, Any]:
    return {
        "TrustedEntityInformation": {
            "TEName": _in_english(entry.name),
            "TETradeName": [*_in_english(entry.identifier), *_in_english(entry.law)],
            "TEAddress": {
                "TEPostalAddress": [{"lang": "en", "Locality": entry.locality, "Country": entry.country}],
                "TEElectronicAddress": _uris(
                    f"mailto:{entry.email}", f"tel:{entry.phone}", f"{COUNTRY_URI}{entry.country}"
                ),
            },
            "TEInformationURI": _uris(entry.information_uri),
        },
        "TrustedEntityServices": [_service(each) for each in entry.services],
    }


def _service(entry: ServiceEntry) -> dict[str, Any]:
    identity = {"X509Certificates": [{"val": _base64(entry.certificate)}]}
    information = {"ServiceInformation": _status(entry, entry.status, identity)}
    if not entry.history:
        return information
    key = {"X509SKIs": [_base64(key_identifier(listed_certificate(entry.certificate)) or b"")]}
    return {**information, "ServiceHistory": [_status(entry, former, key) for former in entry.history]}


def _status(entry: ServiceEntry, change: StatusChange, identity: dict[str, Any]) -> dict[str, Any]:
    return {
        "ServiceTypeIdentifier": _TYPES[entry.purpose],
        "ServiceName": _in_english(entry.name),
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
