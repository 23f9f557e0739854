"""Statements over what was done to records, each in a connection of the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, or_, select, update

from portadoc.issuer.store.offer_store import DEAD, OPEN, Recipient
from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import (
    ACCESS_TOKENS,
    ACTS,
    AUTHORIZATIONS,
    CREDENTIALS,
    DEFERRED,
    OFFERED_RECORDS,
    OFFERS,
    REFRESH_TOKENS,
    REPLACED_GRANTS,
)


class Verb(StrEnum):
    """What is done to a record that is kept."""

    REISSUE = "reissue"
    PROLONG = "prolong"
    CORRECT = "correct"
    WITHDRAW = "withdraw"
    REPLACE = "replace"


class Outcome(StrEnum):
    """What has become of a reissue that waited."""

    COLLECTED = "collected"
    OVERTAKEN = "overtaken"
    """By another reissue of the record."""
    RECORD_ENDED = "record_ended"
    LAPSED = "lapsed"
    """Nobody collected it in time: what the old phone holds stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act on a record; ``done_at`` is None while it goes on.

    ``outcome`` is that of a reissue that waited and waits no more. ``asked_by`` names the source that asked for it
    with the request of ``request_key``; None for our own staff.
    """

    act_id: str
    verb: str
    record_id: str
    begun_at: int
    successor: str | None = None
    reason: str | None = None
    effective_from: str | None = None
    cause: str | None = None
    offer_id: str | None = None
    request_key: str | None = None
    asked_by: str | None = None
    done_at: int | None = None
    outcome: str | None = None


_ACT = tuple(ACTS.c[each.name] for each in fields(Act))


def insert_act(connection: Connection, institution: str, act: Act) -> None:
    """Keep an act, after all others. Raises IntegrityError when there is one of the same request."""
    values = {each.name: getattr(act, each.name) for each in fields(Act)}
    last = connection.scalar(select(func.max(ACTS.c.number)).where(ACTS.c.institution == institution))
    connection.execute(insert(ACTS).values(institution=institution, number=(last or 0) + 1, **values))


def act_of_request(connection: Connection, institution: str, request_key: str | None) -> Act | None:
    """Return the act that a request has begun, or None."""
    if request_key is None:
        return None
    found = _acts(connection, institution, ACTS.c.request_key == request_key)
    return found[0] if found else None


def acts_around(connection: Connection, institution: str, record_id: str) -> tuple[Act, ...]:
    """Return the acts on a record and the one that it came of, oldest first."""
    return _acts(connection, institution, or_(ACTS.c.record_id == record_id, ACTS.c.successor == record_id))


def acts_after(
    connection: Connection, institution: str, number: int, *, limit: int
) -> tuple[tuple[int, Act], ...]:
    """Return the acts that were begun after one, by their numbers, up to so many."""
    later = (ACTS.c.institution == institution) & (ACTS.c.number > number)
    rows = connection.execute(select(ACTS.c.number, *_ACT).where(later).order_by(ACTS.c.number).limit(limit))
    return tuple((row.number, Act(**{each.name: row._mapping[each.name] for each in fields(Act)})) for row in rows)


def unfinished_reissues(connection: Connection, institution: str, record_id: str | None = None) -> tuple[Act, ...]:
    """Return the reissues that wait to be collected, of an institution or of one record."""
    waits = (ACTS.c.verb == Verb.REISSUE.value) & ACTS.c.done_at.is_(None)
    return _acts(connection, institution, waits if record_id is None else waits & (ACTS.c.record_id == record_id))


def note_offer(connection: Connection, institution: str, act_id: str, offer_id: str) -> None:
    """Note which offer an act has made last."""
    connection.execute(update(ACTS).where(*_this(institution, act_id)).values(offer_id=offer_id))


def finish_act(connection: Connection, institution: str, act_id: str, *, outcome: Outcome, now: int) -> bool:
    """Note that nothing of an act is left to do, and why; True for one caller only."""
    going_on = update(ACTS).where(*_this(institution, act_id), ACTS.c.done_at.is_(None))
    return changed_one(connection, going_on.values(done_at=now, outcome=outcome.value))


def grants_of_others(connection: Connection, institution: str, record_id: str) -> frozenset[str]:
    """Return the grants by which others than the person hold copies of a record, or can.

    Each has the id of its offer: only by a pre-authorised code does anybody else get one.
    """
    offered = (OFFERED_RECORDS.c.institution == OFFERS.c.institution) & (
        OFFERED_RECORDS.c.offer_id == OFFERS.c.offer_id
    )
    named = (OFFERED_RECORDS.c.institution == institution) & (OFFERED_RECORDS.c.record_id == record_id)
    theirs = select(OFFERS.c.offer_id).join(OFFERED_RECORDS, offered)
    return frozenset(connection.scalars(theirs.where(named, OFFERS.c.recipient != Recipient.PERSON.value)))


def grants_covering(connection: Connection, institution: str, record_id: str) -> frozenset[str]:
    """Return the grants that the person's own copies of a record came of, or can still come of."""
    of_copies = select(CREDENTIALS.c.grant_id).where(
        CREDENTIALS.c.institution == institution,
        CREDENTIALS.c.record_id == record_id,
        CREDENTIALS.c.grant_id != "",  # on paper: bound to no phone
    )
    found = set(connection.scalars(of_copies))
    for grant_id in (ACCESS_TOKENS.c.grant_id, REFRESH_TOKENS.c.grant_id, AUTHORIZATIONS.c.authorization_id):
        table = grant_id.table
        names_it = table.c.entitlements.contains(f'"{record_id}"', autoescape=True)
        found.update(connection.scalars(select(grant_id).where(table.c.institution == institution, names_it)))
    return frozenset(found) - grants_of_others(connection, institution, record_id)


def keep_replaced_grants(
    connection: Connection, institution: str, act_id: str, grant_ids: Collection[str]
) -> None:
    """Note the grants that end with a reissue."""
    rows = [{"institution": institution, "act_id": act_id, "grant_id": each} for each in sorted(grant_ids)]
    if rows:
        connection.execute(insert(REPLACED_GRANTS), rows)


def replaced_grants(connection: Connection, institution: str, act_id: str) -> frozenset[str]:
    """Return the grants that end with a reissue."""
    named = (REPLACED_GRANTS.c.institution == institution) & (REPLACED_GRANTS.c.act_id == act_id)
    return frozenset(connection.scalars(select(REPLACED_GRANTS.c.grant_id).where(named)))


def is_collected(connection: Connection, institution: str, record_id: str, *, apart_from: Collection[str]) -> bool:
    """Tell whether the person has got a valid copy of a record by another grant than these."""
    others = grants_of_others(connection, institution, record_id)
    query = exists().where(
        CREDENTIALS.c.institution == institution,
        CREDENTIALS.c.record_id == record_id,
        CREDENTIALS.c.issued_at.is_not(None),
        CREDENTIALS.c.withdrawn_at.is_(None),
        CREDENTIALS.c.grant_id.not_in(sorted({"", *apart_from, *others})),
    )
    return bool(connection.scalar(select(query)))


def end_grants(connection: Connection, institution: str, grant_ids: Collection[str]) -> None:
    """End what grants could still bring beside their tokens: codes, and requests that wait."""
    for grant_id in (DEFERRED.c.grant_id, AUTHORIZATIONS.c.authorization_id):
        table = grant_id.table
        theirs = (table.c.institution == institution) & grant_id.in_(sorted(grant_ids))
        connection.execute(delete(table).where(theirs))


def kill_offers_of(connection: Connection, institution: str, record_id: str) -> tuple[str, ...]:
    """End the open offers to the person that name a record, and return their ids."""
    named = (OFFERED_RECORDS.c.institution == institution) & (OFFERED_RECORDS.c.record_id == record_id)
    theirs = (
        (OFFERS.c.institution == institution)
        & (OFFERS.c.state == OPEN)
        & (OFFERS.c.recipient == Recipient.PERSON.value)
        & OFFERS.c.offer_id.in_(select(OFFERED_RECORDS.c.offer_id).where(named))
    )
    ended = tuple(connection.scalars(select(OFFERS.c.offer_id).where(theirs).order_by(OFFERS.c.offer_id)))
    connection.execute(update(OFFERS).where(theirs).values(state=DEAD))
    return ended


def _acts(connection: Connection, institution: str, condition: Any) -> tuple[Act, ...]:
    query = select(*_ACT).where(ACTS.c.institution == institution, condition)
    rows = connection.execute(query.order_by(ACTS.c.number))
    return tuple(Act(**row._mapping) for row in rows)


def _this(institution: str, act_id: str) -> tuple[Any, ...]:
    return ACTS.c.institution == institution, ACTS.c.act_id == act_id
