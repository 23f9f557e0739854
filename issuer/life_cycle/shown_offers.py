"""An offer as a page shows it to whoever has its address: what, from whom, until when, and hardly whose."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portadoc.errors import Refused
from portadoc.formats import strict_json
from portadoc.issuer.authorization.offers import Offers
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.records.holders import Holder, holder_of
from portadoc.issuer.store import expected_store, offer_store, record_store
from portadoc.issuer.store.offer_store import OPEN, REDEEMED, OfferCourse
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.records import record_from_json
from portadoc.storage import Connection
from portadoc.storage.installation import digest


class OfferStanding(StrEnum):
    """What has become of an offer."""

    OPEN = "open"
    COLLECTED = "collected"
    ENDED = "ended"
    """Taken back, followed by a newer one, locked after wrong codes, or of a record that was withdrawn."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOffer:
    """What the page of an offer may say. ``links`` open a wallet, the preferred one first; none once it is over.

    ``kinds`` counts the documents by kind; ``initials`` are those of the person, and all that is said of them.
    """

    standing: OfferStanding
    kinds: Mapping[str, int]
    expires_at: int
    initials: str = ""
    links: tuple[str, ...] = field(default=(), repr=False)
    code_digits: int = 0
    """Digits of the transaction code that the wallet will ask for, 0 for none."""
    identifies: bool = False
    """Whether the wallet will ask its holder to show who they are."""


class ShownOffers:
    """Shows offers by the secret in their address."""

    def __init__(self, deployment: Deployment, offers: Offers) -> None:
        self._deployment = deployment
        self._offers = offers

    def show(self, institution: str, reference: str) -> ShownOffer:
        """Return an offer by reference, also one that is over; nobody learns the person of one that is.

        Raises Refused[not_found] where there never was one.
        """
        here = self._deployment
        here.institution(institution)
        with here.database.read() as connection:
            course = offer_store.find_offer_course(connection, institution, digest(reference))
            if course is None:
                raise Refused("not_found")
            holder = _holder(connection, institution, course)
        standing = _standing(course, holder, now=here.clock.now())
        told = ShownOffer(standing=standing, kinds=_kinds(course), expires_at=course.expires_at)
        if standing is not OfferStanding.OPEN or holder is None:
            return told
        return ShownOffer(
            standing=standing,
            kinds=told.kinds,
            expires_at=course.expires_at,
            initials=_initials(holder),
            links=self._offers.links(institution, reference),
            code_digits=here.settings.tx_code_length if course.offer.tx_code_tag is not None else 0,
            identifies=not course.offer.pre_authorized,
        )


def _standing(course: OfferCourse, holder: Holder | None, *, now: int) -> OfferStanding:
    if course.state == REDEEMED:
        return OfferStanding.COLLECTED
    if course.state != OPEN or holder is None:
        return OfferStanding.ENDED
    return OfferStanding.EXPIRED if course.expires_at <= now else OfferStanding.OPEN


def _holder(connection: Connection, institution: str, course: OfferCourse) -> Holder | None:
    """Return whom an offer is for: one person, whatever it holds. None as soon as a record of it is withdrawn."""
    found: Holder | None = None
    for record_id in {each.record_id for each in course.offer.entitlements}:
        stored = record_store.find_record(connection, institution, record_id)
        if stored is None:
            expected = expected_store.find_expected(connection, institution, record_id)
            found = None if expected is None else expected.holder
        elif stored.withdrawn_at is None:
            found = holder_of(record_from_json(strict_json.loads_object(stored.body, what="record")))
        else:
            found = None
        if found is None:
            return None
    return found


def _kinds(course: OfferCourse) -> Mapping[str, int]:
    """Return how many documents of each kind an offer holds; one in several layouts is one document."""
    documents = {
        (each.record_id, credential_configuration(each.configuration_id).projection.kind)
        for each in course.offer.entitlements
    }
    return dict(sorted(Counter(kind for _, kind in documents).items()))


def _initials(holder: Holder) -> str:
    return " ".join(f"{name.strip()[:1].upper()}." for name in (holder.forenames, holder.surnames) if name.strip())
