"""Statements over offers, each in a connection of the caller's transaction.

What must happen once is decided by the database: a conditional UPDATE that changes one row.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from portadoc.issuer.entitlements import Entitlement, entitlements_from_text, entitlements_to_text
from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import OFFERED_RECORDS, OFFERS

OPEN: Final = "open"
REDEEMED: Final = "redeemed"
DEAD: Final = "dead"


class Recipient(StrEnum):
    """In whose wallet the copies lie that come of an offer."""

    PERSON = "person"
    """Whom the records are about."""
    EMPLOYER = "employer"


@dataclass(frozen=True, slots=True)
class StoredOffer:
    """What an offer lets a wallet obtain. ``tx_code_tag`` is None when no transaction code is asked for."""

    offer_id: str
    entitlements: tuple[Entitlement, ...]
    tx_code_tag: str | None
    pre_authorized: bool
    """Whether it carries a pre-authorised code."""
    with_issuer_state: bool
    """Whether it can start the authorization code flow."""
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class OfferCourse:
    """How far an offer is: ``state`` is OPEN, REDEEMED or DEAD; one that is open can have expired."""

    offer: StoredOffer
    state: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSecrets:
    """Digests of what leads to an offer; None for a way that it does not have."""

    code: str | None
    issuer_state: str | None
    reference: str | None


def insert_offer(
    connection: Connection,
    institution: str,
    offer: StoredOffer,
    *,
    secrets: OfferSecrets,
    tries: int,
    now: int,
    expires_at: int,
) -> None:
    """Keep an open offer."""
    connection.execute(
        insert(OFFERS).values(
            institution=institution,
            offer_id=offer.offer_id,
            entitlements=entitlements_to_text(offer.entitlements),
            tx_code_tag=offer.tx_code_tag,
            code_digest=secrets.code,
            issuer_state_digest=secrets.issuer_state,
            reference_digest=secrets.reference,
            tries_left=tries,
            state=OPEN,
            recipient=offer.recipient.value,
            created_at=now,
            expires_at=expires_at,
        )
    )
    named = {each.record_id for each in offer.entitlements}
    rows = [{"institution": institution, "offer_id": offer.offer_id, "record_id": each} for each in sorted(named)]
    connection.execute(insert(OFFERED_RECORDS), rows)


def find_open_offer(
    connection: Connection,
    institution: str,
    *,
    now: int,
    code_digest: str | None = None,
    issuer_state_digest: str | None = None,
    reference_digest: str | None = None,
) -> StoredOffer | None:
    """Return the offer behind one of its secrets while it can be redeemed, else None."""
    if code_digest is not None:
        named = OFFERS.c.code_digest == code_digest
    elif issuer_state_digest is not None:
        named = OFFERS.c.issuer_state_digest == issuer_state_digest
    else:
        named = OFFERS.c.reference_digest == reference_digest
    row = connection.execute(
        select(OFFERS).where(
            OFFERS.c.institution == institution, named, OFFERS.c.state == OPEN, OFFERS.c.expires_at > now
        )
    ).one_or_none()
    return None if row is None else _offer(row)


def find_offer_course(connection: Connection, institution: str, reference_digest: str) -> OfferCourse | None:
    """Return the offer behind a reference with how far it is, whatever became of it; None where there is none."""
    named = (OFFERS.c.institution == institution) & (OFFERS.c.reference_digest == reference_digest)
    row = connection.execute(select(OFFERS).where(named)).one_or_none()
    return None if row is None else OfferCourse(_offer(row), row.state, row.expires_at)


def spend_try(connection: Connection, institution: str, offer_id: str) -> bool:
    """Take one of the tries that are left for the transaction code; False when there is none."""
    left = OFFERS.c.tries_left > 0
    return changed_one(
        connection,
        update(OFFERS).where(_this_offer(institution, offer_id), left).values(tries_left=OFFERS.c.tries_left - 1),
    )


def tries_left_of(connection: Connection, institution: str, record_id: str, *, since: int) -> tuple[int, ...]:
    """Return how many tries each offer of a record has left that was made since a time."""
    offered = and_(
        OFFERED_RECORDS.c.institution == OFFERS.c.institution, OFFERED_RECORDS.c.offer_id == OFFERS.c.offer_id
    )
    named = (OFFERED_RECORDS.c.institution == institution) & (OFFERED_RECORDS.c.record_id == record_id)
    joined = select(OFFERS.c.tries_left).join(OFFERED_RECORDS, offered)
    return tuple(map(int, connection.scalars(joined.where(named, OFFERS.c.created_at > since))))


def tries_left_on(connection: Connection, institution: str, offer_ids: Collection[str], *, now: int) -> int:
    """Return how many tries are left on some offers together, as far as they can be redeemed."""
    named = (OFFERS.c.institution == institution) & OFFERS.c.offer_id.in_(sorted(offer_ids))
    is_open = (OFFERS.c.state == OPEN) & (OFFERS.c.expires_at > now)
    return int(
        connection.scalar(select(func.coalesce(func.sum(OFFERS.c.tries_left), 0)).where(named, is_open)) or 0
    )


def kill_offer_without_tries(connection: Connection, institution: str, offer_id: str) -> bool:
    """End the offer when its last try is spent; say whether that has happened now."""
    spent = OFFERS.c.tries_left == 0
    return changed_one(
        connection, update(OFFERS).where(_this_offer(institution, offer_id), spent).values(state=DEAD)
    )


def kill_offer(connection: Connection, institution: str, offer_id: str) -> bool:
    """End an open offer; False when it is not open."""
    return changed_one(connection, update(OFFERS).where(_this_offer(institution, offer_id)).values(state=DEAD))


def redeem_offer(connection: Connection, institution: str, offer_id: str) -> bool:
    """Close the offer as redeemed; True for one caller only."""
    return changed_one(connection, update(OFFERS).where(_this_offer(institution, offer_id)).values(state=REDEEMED))


def _offer(row: Row[Any]) -> StoredOffer:
    return StoredOffer(
        row.offer_id,
        entitlements_from_text(row.entitlements),
        row.tx_code_tag,
        pre_authorized=row.code_digest is not None,
        with_issuer_state=row.issuer_state_digest is not None,
        recipient=Recipient(row.recipient),
    )


def _this_offer(institution: str, offer_id: str) -> Any:
    return and_(OFFERS.c.institution == institution, OFFERS.c.offer_id == offer_id, OFFERS.c.state == OPEN)
