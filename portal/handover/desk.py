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
from portadoc.catalogue import text
from portadoc.errors import Conflict, Refused, Unavailable
from portadoc.portal.applications.application import Application, Capacity
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate
from portadoc.portal.handover.offer_rate import OfferRate
from portadoc.portal.neighbours import OfferLink
from portadoc.portal.store import handover_store
from portadoc.portal.store.handover_store import ForWhom, OfferMade
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.events import EventKind
from portadoc.storage.installation import digest

_EMPLOYERS_LAYOUT: Final = "pda1-webuild"
"""The layout whose rulebook lets an employer hold the certificate beside the worker. Spec: WE BUILD PD A1 1.0"""


_RECORD_KINDS: Final = {"a1": "pda1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """An offer as it is shown, once. ``tx_code`` is None where it went to the worker by another way."""

    for_whom: ForWhom
    link: str = field(repr=False)
    tx_code: str | None = field(repr=False)
    sent_to_worker: bool
    expires_at: int


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
        return _as_one_word(self.offers)


class HandOverDesk:
    """Offers certificates."""

    def __init__(self, deployment: Deployment, gate: Gate) -> None:
        self._deployment = deployment
        self._gate = gate
        self._rate = OfferRate(deployment)

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
        with self._deployment.database.read() as connection:
            return _as_one_word(
                handover_store.offers_of(connection, application.institution, application.application_id)
            )

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
        with self._rate.counted(found, for_whom) as begun_id:
            return self._made(subject, found, for_whom, begun_id)

    def _made(self, subject: Subject, found: Application, for_whom: ForWhom, begun_id: str) -> HandOver:
        own = for_whom is ForWhom.EMPLOYER
        if own and not self._may_copy(subject, found):
            raise Refused("employer_copy_not_allowed")
        contact = None if own else self._contact(found) or self._parents_contact(subject, found)
        if not own and contact is None and not _by_worker(subject, found):
            raise Refused("contact_missing")
        self._end_open(found, for_whom)
        self._rate.require_tries(found)
        layouts, held = self._layouts(found, for_whom), self._deployment.certificates
        made = held.offer(found.institution, str(found.record_id), layouts, tx_code=True)
        self._note(found, made, subject, for_whom, begun_id)
        if contact is not None:
            try:
                self._send(found, contact, made)
            except Unavailable:
                self._end_open(found, for_whom)
                raise
        return HandOver(
            for_whom=for_whom,
            link=made.link,
            tx_code=None if contact is not None else made.tx_code,
            sent_to_worker=contact is not None,
            expires_at=made.expires_at,
        )

    def _end_open(self, application: Application, for_whom: ForWhom) -> None:
        here, slug = self._deployment, application.institution
        with here.database.read() as connection:
            offers = handover_store.offers_of(connection, slug, application.application_id)
        for each in offers:
            if each.closed_at is None and each.for_whom is for_whom:
                here.certificates.cancel(slug, each.offer_id)
                with here.database.transaction() as connection:
                    handover_store.close_offer(connection, slug, each.offer_id, now=here.clock.now())

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

    def _send(self, application: Application, contact: str, made: OfferLink) -> None:
        message = text(
            "handover.tx_code_message",
            application.language,
            "portal",
            case=application.case_number,
            code=made.tx_code or "",
        )
        self._deployment.second_channel.send(application.institution, contact, message)

    def _note(
        self, application: Application, made: OfferLink, subject: Subject, for_whom: ForWhom, begun_id: str
    ) -> None:
        here, slug = self._deployment, application.institution
        with here.database.transaction() as connection:
            handover_store.end_begun(connection, slug, begun_id)
            handover_store.insert_offer(
                connection,
                OfferMade(
                    institution=slug,
                    offer_id=made.offer_id,
                    application_id=application.application_id,
                    for_whom=for_whom,
                    made_by=subject.id,
                    made_at=here.clock.now(),
                    expires_at=made.expires_at,
                ),
            )
            here.tell(
                connection,
                EventKind.CERTIFICATE_OFFERED,
                slug,
                application.application_id,
                offer_id=made.offer_id,
                for_whom=for_whom.value,
            )


def _as_one_word(offers: Iterable[OfferMade]) -> str:
    return digest(" ".join(sorted(each.offer_id for each in offers)))


def _by_worker(subject: Subject, application: Application) -> bool:
    return application.worker_pin is not None and application.worker_pin in {subject.pin, *subject.children}


def _collected(offers: Iterable[OfferMade], for_whom: ForWhom, taken: frozenset[str]) -> int:
    return sum(each.for_whom is for_whom and each.offer_id in taken for each in offers)
