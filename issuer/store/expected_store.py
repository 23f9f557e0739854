"""Statements over records that are not decided yet, and over requests that wait for them.

Each in a connection of the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, insert, or_, select, update

from portadoc.formats import strict_json
from portadoc.issuer.records.holders import Holder, holder_from_json, holder_to_json
from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import ACCESS_TOKENS, DEFERRED, EXPECTED_RECORDS, REFRESH_TOKENS
from portadoc.issuer.store.token_store import Grant
from portadoc.schemas.claims import JsonObject


class Expectation(StrEnum):
    """What is known of a record that does not exist."""

    PENDING = "pending"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRecord:
    """A record that somebody has asked for. ``configuration_ids`` are those in which it may be had when it comes.

    ``holder`` is whom it is about; None once it was refused, when nobody needs to know any more.
    """

    record_id: str
    holder: Holder | None
    configuration_ids: tuple[str, ...]
    state: Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredRequest:
    """A credential request that waits. ``holder_jwks`` were proven when it came, and nothing changes them."""

    transaction_digest: str
    record_id: str
    configuration_id: str
    holder_jwks: tuple[JsonObject, ...]


def insert_expected(
    connection: Connection,
    institution: str,
    record_id: str,
    holder: Holder,
    configuration_ids: Sequence[str],
    *,
    now: int,
) -> None:
    """Keep what is expected, under the id that the record will have."""
    connection.execute(
        insert(EXPECTED_RECORDS).values(
            institution=institution,
            record_id=record_id,
            holder=strict_json.dumps(holder_to_json(holder)).decode(),
            configuration_ids=" ".join(configuration_ids),
            state=Expectation.PENDING.value,
            expected_at=now,
        )
    )


def find_expected(connection: Connection, institution: str, record_id: str) -> ExpectedRecord | None:
    """Return what is expected, or was refused, under an id of this institution."""
    named = (EXPECTED_RECORDS.c.institution == institution) & (EXPECTED_RECORDS.c.record_id == record_id)
    row = connection.execute(select(EXPECTED_RECORDS).where(named)).one_or_none()
    return None if row is None else _expected(row)


def list_pending(connection: Connection, institution: str) -> tuple[ExpectedRecord, ...]:
    """Return the records that this institution has not decided, in the order in which they were expected."""
    pending = and_(
        EXPECTED_RECORDS.c.institution == institution, EXPECTED_RECORDS.c.state == Expectation.PENDING.value
    )
    in_order = (EXPECTED_RECORDS.c.expected_at, EXPECTED_RECORDS.c.record_id)
    rows = connection.execute(select(EXPECTED_RECORDS).where(pending).order_by(*in_order))
    return tuple(_expected(row) for row in rows)


def end_expectation(connection: Connection, institution: str, record_id: str) -> bool:
    """Delete what was pending, because the record is here; False when nothing was pending under this id."""
    return changed_one(connection, delete(EXPECTED_RECORDS).where(_pending(institution, record_id)))


def refuse_expected(connection: Connection, institution: str, record_id: str, *, now: int) -> bool:
    """Note that a pending record will not come, and forget whom it was about; False when none is pending."""
    return changed_one(
        connection,
        update(EXPECTED_RECORDS)
        .where(_pending(institution, record_id))
        .values(state=Expectation.REFUSED.value, holder="", decided_at=now),
    )


def forget_refused(connection: Connection, *, before: int) -> None:
    """Delete refusals from before a time."""
    connection.execute(delete(EXPECTED_RECORDS).where(EXPECTED_RECORDS.c.decided_at <= before))


def _pending(institution: str, record_id: str) -> Any:
    return and_(
        EXPECTED_RECORDS.c.institution == institution,
        EXPECTED_RECORDS.c.record_id == record_id,
        EXPECTED_RECORDS.c.state == Expectation.PENDING.value,
    )


def _expected(row: Any) -> ExpectedRecord:
    return ExpectedRecord(
        record_id=row.record_id,
        holder=holder_from_json(strict_json.loads_object(row.holder, what="holder")) if row.holder else None,
        configuration_ids=tuple(row.configuration_ids.split(" ")),
        state=Expectation(row.state),
    )


def insert_deferred(
    connection: Connection, grant: Grant, request: DeferredRequest, *, now: int, expires_at: int
) -> None:
    """Keep a request that waits, bound to what the grant is bound to."""
    connection.execute(
        insert(DEFERRED).values(
            institution=grant.institution,
            transaction_digest=request.transaction_digest,
            grant_id=grant.grant_id,
            client_id=grant.client_id,
            dpop_thumbprint=grant.dpop_thumbprint,
            record_id=request.record_id,
            configuration_id=request.configuration_id,
            holder_keys=strict_json.dumps(list(request.holder_jwks)).decode(),
            created_at=now,
            expires_at=expires_at,
        )
    )


def find_deferred(
    connection: Connection, grant: Grant, transaction_digest: str, *, now: int
) -> DeferredRequest | None:
    """Return a request that waits, to whom made it: same grant, client and key; None for anybody else."""
    row = connection.execute(
        select(DEFERRED).where(_undelivered(grant.institution, transaction_digest), DEFERRED.c.expires_at > now)
    ).one_or_none()
    if row is None:
        return None
    bound_to = (row.grant_id, row.client_id, row.dpop_thumbprint)
    if bound_to != (grant.grant_id, grant.client_id, grant.dpop_thumbprint):
        return None
    jwks = strict_json.loads(row.holder_keys, what="holder keys")
    assert isinstance(jwks, list)
    return DeferredRequest(
        transaction_digest=transaction_digest,
        record_id=row.record_id,
        configuration_id=row.configuration_id,
        holder_jwks=tuple(jwks),
    )


def take_deferred(
    connection: Connection, institution: str, transaction_digest: str, response_id: str, *, now: int, term_s: int
) -> bool:
    """Take a request for one delivery; False while another one is on its way, or when it was delivered.

    A delivery that was begun ``term_s`` ago and is not recorded as complete has come to nothing; so has one from a
    clock that was set back since.
    """
    free = or_(
        DEFERRED.c.taken_at.is_(None), DEFERRED.c.taken_at <= now - term_s, DEFERRED.c.taken_at > now + term_s
    )
    taken = update(DEFERRED).where(_undelivered(institution, transaction_digest), free)
    return changed_one(connection, taken.values(taken_at=now, response_id=response_id))


def is_waiting(connection: Connection, institution: str, transaction_digest: str) -> bool:
    """Tell whether a request is kept and not delivered."""
    return bool(connection.scalar(select(exists().where(_undelivered(institution, transaction_digest)))))


def begun_delivery(connection: Connection, institution: str, transaction_digest: str) -> str | None:
    """Return the delivery of a request that was begun last and has come to nothing so far, None before any."""
    query = select(DEFERRED.c.response_id).where(_undelivered(institution, transaction_digest))
    return connection.scalars(query).one_or_none()


def give_back_deferred(
    connection: Connection, institution: str, transaction_digest: str, response_id: str
) -> None:
    """Let a request wait again whose delivery came to nothing; which one it was stays known."""
    ours = (_undelivered(institution, transaction_digest), DEFERRED.c.response_id == response_id)
    connection.execute(update(DEFERRED).where(*ours).values(taken_at=None))


def end_deferred(
    connection: Connection, institution: str, transaction_digest: str, response_id: str, *, now: int
) -> bool:
    """Note that a request is delivered, and forget its keys; False when another delivery overtook this one."""
    ours = (_undelivered(institution, transaction_digest), DEFERRED.c.response_id == response_id)
    return changed_one(connection, update(DEFERRED).where(*ours).values(delivered_at=now, holder_keys="[]"))


def can_come_back(connection: Connection, grant: Grant, *, at: int) -> bool:
    """Tell whether a grant can be used at a time to come: its token lives until then, or can be renewed."""
    renewal = exists().where(
        REFRESH_TOKENS.c.institution == grant.institution,
        REFRESH_TOKENS.c.grant_id == grant.grant_id,
        REFRESH_TOKENS.c.used_at.is_(None),
        REFRESH_TOKENS.c.expires_at > at,
    )
    token = exists().where(
        ACCESS_TOKENS.c.institution == grant.institution,
        ACCESS_TOKENS.c.token_digest == grant.token_digest,
        ACCESS_TOKENS.c.expires_at > at,
    )
    return bool(connection.scalar(select(or_(token, renewal))))


def forget_deferred(connection: Connection, *, before: int) -> None:
    """Delete requests that stopped waiting before a time."""
    connection.execute(delete(DEFERRED).where(DEFERRED.c.expires_at <= before))


def _undelivered(institution: str, transaction_digest: str) -> Any:
    return and_(
        DEFERRED.c.institution == institution,
        DEFERRED.c.transaction_digest == transaction_digest,
        DEFERRED.c.delivered_at.is_(None),
    )
