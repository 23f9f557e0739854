"""What a wallet provider says of its wallet beside the key: name, version, certification, where its status stands.

Spec: OpenID4VCI 1.0 App. E, TS3 v1.5 §2.3.1.
"""

from dataclasses import dataclass
from typing import Final

from portadoc.errors import Malformed
from portadoc.formats.status_list.maintained import MaintainedStatus, maintained_status
from portadoc.formats.status_list.statuses import StatusReference, status_reference
from portadoc.schemas.claims import Json, JsonObject

SPEC: Final = "OpenID4VCI 1.0 App. E"
MAX_CHARS: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletFacts:
    """The optional claims of a wallet attestation, None where it is silent.

    ``unverified_status`` and ``unverified_client_status`` say where the status of the attestation and of the
    wallet stands; neither has been looked up. ``certification`` has no defined form yet and is not looked into.
    """

    name: str | None = None
    version: str | None = None
    link: str | None = None
    certification: Json = None
    unverified_status: StatusReference | None = None
    unverified_client_status: MaintainedStatus | None = None

    def to_claims(self) -> JsonObject:
        """Return the claims as they stand in an attestation."""
        status, client_status = self.unverified_status, self.unverified_client_status
        claims = {
            "wallet_name": self.name,
            "wallet_version": self.version,
            "wallet_link": self.link,
            "wallet_solution_certification_information": self.certification,
            "status": None if status is None else status.to_claim(),
            "client_status": None if client_status is None else client_status.to_claim(),
        }
        return {name: value for name, value in claims.items() if value is not None}


def read_wallet_facts(claims: JsonObject) -> WalletFacts:
    """Return what verified claims of an attestation say of the wallet.

    Raises Malformed[claim_invalid], [claim_missing], Untrusted[status_invalid].
    """
    return WalletFacts(
        name=_text(claims, "wallet_name"),
        version=_text(claims, "wallet_version"),
        link=_text(claims, "wallet_link"),
        certification=claims.get("wallet_solution_certification_information"),
        unverified_status=status_reference(claims),
        unverified_client_status=maintained_status(claims, "client_status"),
    )


def _text(claims: JsonObject, name: str) -> str | None:
    if name not in claims:
        return None
    value = claims[name]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_CHARS:
        raise Malformed("claim_invalid", spec=SPEC, claim=name)
    return value
