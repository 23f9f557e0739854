"""Making an offer: counted, in place of the one before it, noted, and the code that opens it sent another way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from portadoc.catalogue import text
from portadoc.errors import Unavailable
from portadoc.portal.deployment import Deployment
from portadoc.portal.handover.offer_rate import Offered, OfferRate
from portadoc.portal.neighbours import OfferLink
from portadoc.portal.store import handover_store
from portadoc.portal.store.handover_store import ForWhom, OfferMade
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection
from portadoc.storage.installation import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """An offer as it is shown, once. ``tx_code`` is None where it went to the worker by another way, or none is
    asked for; ``page`` is the address of the offer's own page."""

    for_whom: ForWhom
    link: str = field(repr=False)
    page: str = field(repr=False)
    tx_code: str | None = field(repr=False)
    sent_to_worker: bool
    expires_at: int


class Offering:
    """Makes offers."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._rate = OfferRate(deployment)

    def seen(self, slug: str, about: str) -> str:
        """Return which offers there are, as one word: it changes with every offer that is made."""
        with self._deployment.database.read() as connection:
            return as_one_word(handover_store.offers_of(connection, slug, about))

    def offer(
        self,
        offered: Offered,
        make: Callable[[], OfferLink],
        *,
        made_by: str,
        contact: str | None,
        for_whom: ForWhom = ForWhom.WORKER,
    ) -> HandOver:
        """Return a new offer, made by ``make``; every earlier one of the same kind that is open is ended first.

        ``contact`` is where the code goes; None shows it. Raises as ``make``; Unavailable[offers_throttled],
        [second_channel_failed].
        """
        with self._rate.counted(offered, for_whom) as begun_id:
            self._end_open(offered, for_whom)
            self._rate.require_tries(offered)
            made = make()
            self._end(offered, self._note(offered, made, made_by, for_whom, begun_id))
            sent = contact is not None and made.tx_code is not None
            if sent:
                try:
                    self._send(offered, str(contact), made)
                except Unavailable:
                    self._end_open(offered, for_whom)
                    raise
        return HandOver(
            for_whom=for_whom,
            link=made.link,
            page=made.page,
            tx_code=None if sent else made.tx_code,
            sent_to_worker=sent,
            expires_at=made.expires_at,
        )

    def _end_open(self, offered: Offered, for_whom: ForWhom) -> None:
        with self._deployment.database.read() as connection:
            offers = _open(connection, offered, for_whom)
        self._end(offered, offers)

    def _end(self, offered: Offered, offers: Iterable[OfferMade]) -> None:
        here, slug = self._deployment, offered.institution
        for each in offers:
            here.certificates.cancel(slug, each.offer_id)
            with here.database.transaction() as connection:
                handover_store.close_offer(connection, slug, each.offer_id, now=here.clock.now())

    def _send(self, offered: Offered, contact: str, made: OfferLink) -> None:
        message = text(
            "handover.tx_code_message",
            offered.language,
            "portal",
            case=offered.case_number,
            code=made.tx_code or "",
        )
        self._deployment.second_channel.send(offered.institution, contact, message)

    def _note(
        self, offered: Offered, made: OfferLink, made_by: str, for_whom: ForWhom, begun_id: str
    ) -> tuple[OfferMade, ...]:
        """Note an offer and return those of the same kind that were made at the same moment, and noted before."""
        here, slug = self._deployment, offered.institution
        with here.database.transaction() as connection:
            before = _open(connection, offered, for_whom)
            handover_store.end_begun(connection, slug, begun_id)
            handover_store.insert_offer(
                connection,
                OfferMade(
                    institution=slug,
                    offer_id=made.offer_id,
                    application_id=offered.about,
                    for_whom=for_whom,
                    made_by=made_by,
                    made_at=here.clock.now(),
                    expires_at=made.expires_at,
                ),
            )
            here.tell(
                connection,
                EventKind.CERTIFICATE_OFFERED,
                slug,
                offered.about,
                offer_id=made.offer_id,
                for_whom=for_whom.value,
            )
        return before


def _open(connection: Connection, offered: Offered, for_whom: ForWhom) -> tuple[OfferMade, ...]:
    offers = handover_store.offers_of(connection, offered.institution, offered.about)
    return tuple(each for each in offers if each.closed_at is None and each.for_whom is for_whom)


def as_one_word(offers: Iterable[OfferMade]) -> str:
    """Return which offers these are, as one word."""
    return digest(" ".join(sorted(each.offer_id for each in offers)))
