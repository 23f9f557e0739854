"""Collecting an attestation: an offer to the person whom it is about, the first time or for another phone."""

from collections.abc import Callable

from portadoc.access.actions import Action
from portadoc.access.subjects import Subject
from portadoc.errors import Conflict
from portadoc.portal.attestations.attestation import Attestation
from portadoc.portal.attestations.attestations import Attestations
from portadoc.portal.deployment import Deployment
from portadoc.portal.handover.offer_rate import Offered
from portadoc.portal.handover.offering import HandOver, Offering
from portadoc.portal.neighbours import OfferLink
from portadoc.schemas.catalogue import credential_configuration
from portadoc.storage.installation import digest


class Collecting:
    """Offers people their own attestations."""

    def __init__(self, deployment: Deployment, attestations: Attestations) -> None:
        self._deployment = deployment
        self._attestations = attestations
        self._offering = Offering(deployment)

    def seen(self, slug: str, attestation: Attestation) -> str:
        """Return which offers there are of an attestation that the caller was given, as one word."""
        return self._offering.seen(slug, attestation.about)

    def collect(self, subject: Subject, slug: str, attestation_id: str, *, language: str) -> HandOver:
        """Return an offer; an earlier one that is open is ended. What wallets hold stays as it is.

        Raises Refused[not_found], Conflict[certificate_missing] for what counts no more or goes into no wallet,
        and as ``Offering.offer``.
        """
        found, layouts = self._collectable(subject, slug, attestation_id)
        here, record_id = self._deployment, found.record.record_id
        return self._offered(
            subject,
            slug,
            found,
            language,
            lambda: here.certificates.offer(slug, record_id, layouts, tx_code=True, to_employer=False),
        )

    def collect_again(
        self, subject: Subject, slug: str, attestation_id: str, *, lost: bool, seen: str, language: str
    ) -> HandOver:
        """Return an offer for another phone: what the old one holds ends when it is collected, or now if ``lost``.

        ``seen`` is which offers there were when it was asked for (``seen``): asked so once more, it is the same
        act. Raises as ``collect``, and as the issuer does.
        """
        found, layouts = self._collectable(subject, slug, attestation_id)
        here, record_id = self._deployment, found.record.record_id
        key = digest(f"portal:{slug}:{record_id}:{lost}:{seen}")
        return self._offered(
            subject,
            slug,
            found,
            language,
            lambda: here.certificates.reissue(slug, record_id, layouts, lost=lost, request_key=key),
        )

    def layouts(self, slug: str, attestation: Attestation) -> tuple[str, ...]:
        """Return the layout in which an attestation goes into a wallet, none where it goes into none."""
        if not attestation.standing.can_be_collected:
            return ()
        configured = self._deployment.institution(slug).configuration_ids
        fitting = (
            each for each in configured if credential_configuration(each).projection.kind == attestation.kind
        )
        return tuple(fitting)[:1]

    def _collectable(
        self, subject: Subject, slug: str, attestation_id: str
    ) -> tuple[Attestation, tuple[str, ...]]:
        found = self._attestations.one(subject, slug, attestation_id, Action.HAND_OVER)
        layouts = self.layouts(slug, found)
        if not layouts:
            raise Conflict("certificate_missing")
        return found, layouts

    def _offered(
        self, subject: Subject, slug: str, found: Attestation, language: str, make: Callable[[], OfferLink]
    ) -> HandOver:
        case = found.application
        offered = Offered(
            institution=slug,
            about=found.about,
            record_id=found.record.record_id,
            case_number=found.number if case is None else case.case_number,
            language=language,
        )
        contact = self._contact(slug, found.pin) or self._contact(slug, str(subject.pin))
        return self._offering.offer(offered, make, made_by=subject.id, contact=contact)

    def _contact(self, slug: str, pin: str) -> str | None:
        held = self._deployment.registers.known(slug, worker_pin=pin, employer_id=None)
        return (held["person"] or {}).get("contact") or None
