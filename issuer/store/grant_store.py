"""Statements over records, offers, access tokens and nonces, each in a connection of the caller's transaction.

What must happen once is decided by the database: a conditional UPDATE that changes one row, or a unique key.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from portadoc.errors import Conflict
from portadoc.issuer.store.tables import ACCESS_TOKENS, OFFERS, RECORDS, USED_NONCES

OPEN: Final = "open"
REDEEMED: Final = "redeemed"
DEAD: Final = "dead"


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A canonical record as JSON text, and when it was withdrawn."""

    record_id: str
    kind: str
    body: str
    withdrawn_at: int | None


@dataclass(frozen=True, slots=True)
class StoredOffer:
    """What an offer lets a wallet obtain. ``tx_code_tag`` is None when no transaction code is asked for."""

    offer_id: str
    record_id: str
    configuration_ids: tuple[str, ...]
    tx_code_tag: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token allows. ``identified``: credential identifiers were returned, so they must be used."""

    institution: str
    token_digest: str
    offer_id: str
    record_id: str
    configuration_ids: tuple[str, ...]
    identified: bool
    client_id: str | None


def insert_record(
    connection: Connection, institution: str, *, record_id: str, kind: str, body: str, now: int
) -> None:
    """Keep a record."""
    connection.execute(
        insert(RECORDS).values(institution=institution, record_id=record_id, kind=kind, body=body, recorded_at=now)
    )


def find_record(connection: Connection, institution: str, record_id: str) -> StoredRecord | None:
    """Return the record, or None when this institution has none of that id."""
    columns = (RECORDS.c.record_id, RECORDS.c.kind, RECORDS.c.body, RECORDS.c.withdrawn_at)
    row = connection.execute(
        select(*columns).where(RECORDS.c.institution == institution, RECORDS.c.record_id == record_id)
    ).one_or_none()
    return None if row is None else StoredRecord(*row)


def withdraw_record(connection: Connection, institution: str, record_id: str, *, reason: str, now: int) -> bool:
    """Mark the record withdrawn; False when it already was or is unknown."""
    return _changed_one(
        connection,
        update(RECORDS)
        .where(
            RECORDS.c.institution == institution,
            RECORDS.c.record_id == record_id,
            RECORDS.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now, withdrawal_reason=reason),
    )


def insert_offer(
    connection: Connection,
    institution: str,
    offer: StoredOffer,
    *,
    code_digest: str,
    reference_digest: str | None,
    tries: int,
    now: int,
    expires_at: int,
) -> None:
    """Keep an open offer."""
    connection.execute(
        insert(OFFERS).values(
            institution=institution,
            offer_id=offer.offer_id,
            record_id=offer.record_id,
            configuration_ids=json.dumps(offer.configuration_ids),
            tx_code_tag=offer.tx_code_tag,
            code_digest=code_digest,
            reference_digest=reference_digest,
            tries_left=tries,
            state=OPEN,
            created_at=now,
            expires_at=expires_at,
        )
    )


def find_open_offer(
    connection: Connection,
    institution: str,
    *,
    now: int,
    code_digest: str | None = None,
    reference_digest: str | None = None,
) -> StoredOffer | None:
    """Return the offer behind a code or a reference while it can be redeemed, else None."""
    if code_digest is not None:
        named = OFFERS.c.code_digest == code_digest
    else:
        named = OFFERS.c.reference_digest == reference_digest
    row = connection.execute(
        select(OFFERS.c.offer_id, OFFERS.c.record_id, OFFERS.c.configuration_ids, OFFERS.c.tx_code_tag).where(
            OFFERS.c.institution == institution, named, OFFERS.c.state == OPEN, OFFERS.c.expires_at > now
        )
    ).one_or_none()
    return None if row is None else StoredOffer(row[0], row[1], tuple(json.loads(row[2])), row[3])


def spend_try(connection: Connection, institution: str, offer_id: str) -> bool:
    """Take one of the tries that are left for the transaction code; False when there is none."""
    left = OFFERS.c.tries_left > 0
    return _changed_one(
        connection,
        update(OFFERS).where(_this_offer(institution, offer_id), left).values(tries_left=OFFERS.c.tries_left - 1),
    )


def tries_left_of(connection: Connection, institution: str, record_id: str, *, since: int) -> tuple[int, ...]:
    """Return how many tries each offer of a record has left that was made since a time."""
    named = (OFFERS.c.institution == institution) & (OFFERS.c.record_id == record_id)
    rows = connection.scalars(select(OFFERS.c.tries_left).where(named, OFFERS.c.created_at > since))
    return tuple(map(int, rows))


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
    return _changed_one(
        connection, update(OFFERS).where(_this_offer(institution, offer_id), spent).values(state=DEAD)
    )


def kill_offer(connection: Connection, institution: str, offer_id: str) -> bool:
    """End an open offer; False when it is not open."""
    return _changed_one(connection, update(OFFERS).where(_this_offer(institution, offer_id)).values(state=DEAD))


def redeem_offer(connection: Connection, institution: str, offer_id: str) -> bool:
    """Close the offer as redeemed; True for one caller only."""
    return _changed_one(
        connection, update(OFFERS).where(_this_offer(institution, offer_id)).values(state=REDEEMED)
    )


def _this_offer(institution: str, offer_id: str) -> Any:
    return and_(OFFERS.c.institution == institution, OFFERS.c.offer_id == offer_id, OFFERS.c.state == OPEN)


def insert_token(connection: Connection, grant: Grant, *, copies: int, expires_at: int) -> None:
    """Keep an access token."""
    connection.execute(
        insert(ACCESS_TOKENS).values(
            institution=grant.institution,
            token_digest=grant.token_digest,
            offer_id=grant.offer_id,
            record_id=grant.record_id,
            configuration_ids=json.dumps(grant.configuration_ids),
            identified=grant.identified,
            client_id=grant.client_id,
            copies_left=copies,
            expires_at=expires_at,
        )
    )


def find_grant(connection: Connection, institution: str, token_digest: str, *, now: int) -> Grant | None:
    """Return what a live access token allows, else None."""
    row = connection.execute(
        select(ACCESS_TOKENS).where(
            ACCESS_TOKENS.c.institution == institution,
            ACCESS_TOKENS.c.token_digest == token_digest,
            ACCESS_TOKENS.c.expires_at > now,
        )
    ).one_or_none()
    if row is None:
        return None
    configuration_ids = tuple(json.loads(row.configuration_ids))
    return Grant(
        institution, token_digest, row.offer_id, row.record_id, configuration_ids, row.identified, row.client_id
    )


def spend_copies(connection: Connection, grant: Grant, copies: int) -> bool:
    """Take ``copies`` from what the token may still obtain; False when fewer are left."""
    return _changed_one(
        connection,
        update(ACCESS_TOKENS)
        .where(
            ACCESS_TOKENS.c.institution == grant.institution,
            ACCESS_TOKENS.c.token_digest == grant.token_digest,
            ACCESS_TOKENS.c.copies_left >= copies,
        )
        .values(copies_left=ACCESS_TOKENS.c.copies_left - copies),
    )


def use_nonce(connection: Connection, institution: str, nonce_digest: str, *, expires_at: int) -> None:
    """Note that a nonce is used. Raises Conflict[nonce_used] for everyone but the first."""
    values = {"institution": institution, "nonce_digest": nonce_digest, "expires_at": expires_at}
    try:
        connection.execute(insert(USED_NONCES).values(values))
    except IntegrityError as exc:
        raise Conflict("nonce_used", spec="OpenID4VCI 1.0 §7") from exc


def forget_expired(connection: Connection, *, before: int) -> None:
    """Delete used nonces and access tokens that have expired before a time."""
    connection.execute(delete(USED_NONCES).where(USED_NONCES.c.expires_at <= before))
    connection.execute(delete(ACCESS_TOKENS).where(ACCESS_TOKENS.c.expires_at <= before))


def _changed_one(connection: Connection, statement: Any) -> bool:
    return connection.execute(statement).rowcount == 1
