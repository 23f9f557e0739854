"""The desk: a certificate is offered to the wallet of the person whom it concerns.

The link is shown to whoever asked for the certificate; what opens it goes to the worker by another way, so an
employer can pass a certificate on and never collect it. Whether it was collected is told, and nothing of what its
holder does with it afterwards: nobody here ever learns of a presentation.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from portadoc.access.actions import Action
from portadoc.access.subjects import Subject
from portadoc.errors import Conflict, Refused
from portadoc.portal.applications.application import Application, Capacity
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.handover.offer_rate import Offered
from portadoc.portal.handover.offering import HandOver, Offering, as_one_word
from portadoc.portal.store import handover_store
from portadoc.portal.store.handover_store import ForWhom, OfferMade
from portadoc.schemas.catalogue import credential_configuration

_EMPLOYERS_LAYOUT: Final = "pda1-webuild"
"""The layout whose rulebook lets an employer hold the certificate beside the worker. Spec: WE BUILD PD A1 1.0"""


_RECORD_KINDS: Final = {"a1": "pda1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """How far the hand-over is: how many offers to the worker and to the employer were collected; newest first."""

    application: Application = field(repr=False)
    collected: int
    employer_collected: int
    offers: tuple[OfferMade, ...]
    open_until: int | None
    employer_copy: bool
    only_by_worker: bool
    """Whether the worker has to make the offer: there is no other way to him or her for the code."""

    @property
    def seen(self) -> str:
        """Which offers there are, as one word: it changes with every offer that is made."""
        return as_one_word(self.offers)


class HandOverDesk:
    """Offers certificates."""

    def __init__(self, deployment: Deployment, gate: Gate) -> None:
        self._deployment = deployment
        self._gate = gate
        self._offering = Offering(deployment)

    def desk(self, subject: Subject, slug: str, application_id: str) -> Desk:
        """Return how far the hand-over is.

        Raises Refused[not_found], Conflict[certificate_missing], Unavailable[register_unavailable].
        """
        here = self._deployment
        with here.database.read() as connection:
            found = self._held(self._gate.application(connection, subject, slug, application_id, Action.HAND_OVER))
            offers = handover_store.offers_of(connection, slug, application_id)
        taken = here.certificates.collected(slug, str(found.record_id))
        now = here.clock.now()
        open_until = [
            each.expires_at
            for each in offers
            if each.closed_at is None and each.expires_at > now and each.offer_id not in taken
        ]
        return Desk(
            application=found,
            collected=_collected(offers, ForWhom.WORKER, taken),
            employer_collected=_collected(offers, ForWhom.EMPLOYER, taken),
            offers=offers,
            open_until=max(open_until, default=None),
            employer_copy=self._may_copy(subject, found),
            only_by_worker=not _by_worker(subject, found) and self._contact(found) is None,
        )

    def seen(self, application: Application) -> str:
        """Return ``Desk.seen`` for an application that the caller was given."""
        return self._offering.seen(application.institution, application.application_id)

    def offer(
        self, subject: Subject, slug: str, application_id: str, *, for_whom: ForWhom = ForWhom.WORKER
    ) -> HandOver:
        """Return a new offer; every earlier one of the same kind that is open is ended first.

        Raises Refused[not_found], [contact_missing], [employer_copy_not_allowed]; Conflict[certificate_missing],
        Unavailable[offers_throttled], [second_channel_failed].
        """
        here = self._deployment
        with here.database.read() as connection:
            found = self._held(self._gate.application(connection, subject, slug, application_id, Action.HAND_OVER))
        own = for_whom is ForWhom.EMPLOYER
        if own and not self._may_copy(subject, found):
            raise Refused("employer_copy_not_allowed")
        contact = None if own else self._contact(found) or self._parents_contact(subject, found)
        if not own and contact is None and not _by_worker(subject, found):
            raise Refused("contact_missing")
        record_id, layouts = str(found.record_id), self._layouts(found, for_whom)
        return self._offering.offer(
            offered_of(found),
            lambda: here.certificates.offer(slug, record_id, layouts, tx_code=True, to_employer=own),
            made_by=subject.id,
            contact=contact,
            for_whom=for_whom,
        )

    def _held(self, application: Application) -> Application:
        if not application.has_certificate:
            raise Conflict("certificate_missing")
        return application

    def _may_copy(self, subject: Subject, application: Application) -> bool:
        """Tell whether the employer who applied may hold a copy of its own."""
        here = self._deployment
        own_case = application.applicant.capacity is Capacity.EMPLOYER and application.employer_id is not None
        allowed = here.settings.employer_copy and application.worker_pin != subject.pin
        return own_case and allowed and _EMPLOYERS_LAYOUT in self._issued(application)

    def _issued(self, application: Application) -> tuple[str, ...]:
        """Return the layouts in which the institution issues what was certified."""
        kind = _RECORD_KINDS.get(application.certificate_kind.value, application.certificate_kind.value)
        configured = self._deployment.institution(application.institution).configuration_ids
        return tuple(each for each in configured if credential_configuration(each).projection.kind == kind)

    def _layouts(self, application: Application, for_whom: ForWhom) -> tuple[str, ...]:
        if for_whom is ForWhom.EMPLOYER:
            return (_EMPLOYERS_LAYOUT,)
        issued = self._issued(application)
        if not issued:
            raise Conflict("certificate_missing")
        return issued[:1]

    def _contact(self, application: Application) -> str | None:
        """Return where the worker is reached, by the person register and by nobody else.

        What an employer says of it never counts, or an employer could have the code sent to itself.
        """
        here = self._deployment
        held = here.registers.known(application.institution, worker_pin=application.worker_pin, employer_id=None)
        return (held["person"] or {}).get("contact") or None

    def _parents_contact(self, subject: Subject, application: Application) -> str | None:
        """Return where a parent is reached who takes the certificate of a child; None for anybody else."""
        if application.worker_pin not in subject.children:
            return None
        held = self._deployment.registers.known(application.institution, worker_pin=subject.pin, employer_id=None)
        return (held["person"] or {}).get("contact") or None


def offered_of(application: Application) -> Offered:
    """Return the certificate of an application as it is offered."""
    return Offered(
        institution=application.institution,
        about=application.application_id,
        record_id=str(application.record_id),
        case_number=application.case_number,
        language=application.language,
    )


def _by_worker(subject: Subject, application: Application) -> bool:
    return application.worker_pin is not None and application.worker_pin in {subject.pin, *subject.children}


def _collected(offers: Iterable[OfferMade], for_whom: ForWhom, taken: frozenset[str]) -> int:
    return sum(each.for_whom is for_whom and each.offer_id in taken for each in offers)
