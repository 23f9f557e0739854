"""What happened to an attestation, to keep: when it was given, collected and ended, with what is signed of it."""

from typing import Final

from portadoc.access.subjects import Subject
from portadoc.portal.attestations.attestations import Attestations
from portadoc.portal.deployment import Deployment
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind

FORMAT: Final = "portadoc-attestation-receipt/1"


class Receipts:
    """Gives people receipts."""

    def __init__(self, deployment: Deployment, attestations: Attestations) -> None:
        self._deployment = deployment
        self._attestations = attestations

    def receipt(self, subject: Subject, slug: str, attestation_id: str) -> JsonObject:
        """Return everything that happened to an attestation, without a number that names a copy that counts.

        ``withdrawn`` holds the lists that the institution signed of what ended: anybody can check them with its
        certificate. That it was given out is noted. Raises Refused[not_found].
        """
        here = self._deployment
        found = self._attestations.one(subject, slug, attestation_id)
        record = found.record
        with here.database.transaction() as connection:
            here.tell(
                connection, EventKind.CERTIFICATE_READ, slug, found.about, document="receipt", language="json"
            )
        return {
            "format": FORMAT,
            "institution": here.institution(slug).institution_id,
            "at": here.clock.now(),
            "kind": found.kind,
            "number": found.number,
            "first_day": None if found.first_day is None else found.first_day.isoformat(),
            "last_day": None if found.last_day is None else found.last_day.isoformat(),
            "standing": found.standing.value,
            "issued_at": record.recorded_at,
            "collected": [
                {
                    "at": each.at,
                    "copies": each.copies,
                    "valid": each.valid,
                    "by": "employer" if each.grant_id in found.employer_grants else "person",
                    "confirmed_by_wallet": each.confirmed,
                }
                for each in record.collections
            ],
            "done": [
                {
                    "verb": each.verb,
                    "at": each.at,
                    "cause": each.cause,
                    "effective_from": None if each.effective_from is None else each.effective_from.isoformat(),
                    "replaced": each.successor is not None,
                }
                for each in record.deeds
            ],
            "withdrawn": [
                {"status_list": each.status_list, "entries": list(each.entries), "signed": each.signed}
                for each in here.certificates.withdrawal_lists(slug, record.record_id)
            ],
        }
