"""What a wallet may obtain: records in configurations, each under an identifier that stays the same.

Spec: OpenID4VCI 1.0 §5.1.1, §6.2.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Malformed, Refused
from portadoc.formats import strict_json
from portadoc.schemas.openid4vci import DETAILS_TYPE, AuthorizationDetail, read_message

_MAX_DETAILS: Final = 16
_IDENTIFIER_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One record in one configuration."""

    credential_identifier: str
    configuration_id: str
    record_id: str


def entitlement(record_id: str, configuration_id: str) -> Entitlement:
    """Return the entitlement to a record; the same identifier comes whenever it is named, and tells nothing of it.

    Spec: OpenID4VCI 1.0 §6.2.
    """
    told = hashlib.sha256(f"{configuration_id}:{record_id}".encode()).hexdigest()[:_IDENTIFIER_CHARS]
    return Entitlement(f"{configuration_id}.{told}", configuration_id, record_id)


def not_issued_here(known: Collection[str]) -> Refused:
    """Return the refusal of a configuration that is none of those known, which it names."""
    return Refused("credential_configuration_unknown", spec="OpenID4VCI 1.0 §4.1.1", known=", ".join(known))


def configurations_of(entitlements: Sequence[Entitlement]) -> tuple[str, ...]:
    """Return the configuration ids in order, each once."""
    return tuple(dict.fromkeys(each.configuration_id for each in entitlements))


def limited_to(entitlements: Sequence[Entitlement], wanted: Collection[str] | None) -> tuple[Entitlement, ...]:
    """Return the entitlements in the configurations wanted; all of them when none was named.

    Raises Malformed[authorization_details_invalid] when one is wanted that nothing entitles to.
    """
    if wanted is None:
        return tuple(entitlements)
    if not set(wanted) <= set(configurations_of(entitlements)):
        raise _details_invalid()
    return tuple(each for each in entitlements if each.configuration_id in wanted)


def details_of(entitlements: Sequence[Entitlement]) -> tuple[AuthorizationDetail, ...]:
    """Return what a token response says of them. Spec: OpenID4VCI 1.0 §6.2."""
    return tuple(
        AuthorizationDetail(
            type=DETAILS_TYPE,
            credential_configuration_id=configuration_id,
            credential_identifiers=tuple(
                each.credential_identifier for each in entitlements if each.configuration_id == configuration_id
            ),
        )
        for configuration_id in configurations_of(entitlements)
    )


def wanted_configurations(unverified_details: str | None, *, issuer_id: str) -> tuple[str, ...] | None:
    """Return the configurations that the ``authorization_details`` parameter of a request names, or None.

    ``locations``, where there are any, must be our identifier: a token for another place is not ours to give.
    Raises Malformed[authorization_details_invalid]. Spec: OpenID4VCI 1.0 §5.1.1, §6.1.1; RFC 9396 §5.
    """
    if unverified_details is None:
        return None
    try:
        listed = strict_json.loads(unverified_details, what="authorization_details")
        if not isinstance(listed, list) or not 0 < len(listed) <= _MAX_DETAILS:
            raise _details_invalid()
        if not all(isinstance(detail, dict) for detail in listed):
            raise _details_invalid()
        details = [read_message(AuthorizationDetail, detail) for detail in listed]
    except Malformed as exc:
        raise _details_invalid() from exc
    if any(set(detail.locations or (issuer_id,)) != {issuer_id} for detail in details):
        raise _details_invalid()
    return tuple(dict.fromkeys(detail.credential_configuration_id for detail in details))


def entitlements_to_text(entitlements: Sequence[Entitlement]) -> str:
    """Return the text that the database keeps."""
    return strict_json.dumps([[each.record_id, each.configuration_id] for each in entitlements]).decode()


def entitlements_from_text(text: str) -> tuple[Entitlement, ...]:
    """Return what ``entitlements_to_text`` wrote; the text is our own."""
    read = strict_json.loads(text, what="entitlements")
    assert isinstance(read, list)
    return tuple(entitlement(record_id, configuration_id) for record_id, configuration_id in read)


def _details_invalid() -> Malformed:
    return Malformed("authorization_details_invalid", spec="OpenID4VCI 1.0 §6.1.1")
