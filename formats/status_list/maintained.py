"""Statuses of wallets and of their key stores: where they stand, and how long they are kept up to date.

Spec: TS3 v1.5 §2.3, §2.4.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portadoc.errors import Malformed
from portadoc.formats.numeric_date import numeric_date
from portadoc.formats.status_list.statuses import StatusReference, status_reference
from portadoc.schemas.claims import JsonObject

SPEC: Final = "TS3 v1.5 §2.4.1"


@dataclass(frozen=True, slots=True)
class MaintainedStatus:
    """Where a status stands, and the last second (epoch) up to which its provider keeps it up to date.

    That end says nothing about the token that carries it, which has an ``exp`` of its own.
    """

    reference: StatusReference
    kept_until: int

    def to_claim(self) -> JsonObject:
        """Return the value of ``client_status`` or ``key_storage_status``."""
        return {"status": self.reference.to_claim(), "exp": self.kept_until}


def maintained_status(claims: Mapping[str, Any], name: str) -> MaintainedStatus | None:
    """Return the status in a claim of this name; None only when there is no such claim. Nothing is looked up.

    Raises Malformed[claim_invalid], [claim_missing], Untrusted[status_invalid]. Spec: TS3 v1.5 §2.3.1, §2.3.2.
    """
    if name not in claims:
        return None
    value = claims[name]
    if not isinstance(value, dict):
        raise Malformed("claim_invalid", spec=SPEC, claim=name)
    reference = status_reference(value)
    if reference is None:
        raise Malformed("claim_missing", spec=SPEC, claim=f"{name}.status")
    return MaintainedStatus(reference, numeric_date(value, "exp", required=True))
