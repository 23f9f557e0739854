"""Statements over authentic sources: their ids, tokens and requests, in the transaction of the caller."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import RECORDS, SOURCE_RECORDS, SOURCE_REQUESTS, SOURCE_TOKENS


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record of a source: its id there and its id here, and when the first was kept."""

    source_record_id: str
    record_id: str
    kept_at: int


@dataclass(frozen=True, slots=True)
class StoredToken:
    """What an access token of a source allows."""

    institution: str
    client_id: str
    verbs: str


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request by its key: ``answer`` is locked, and None while it is worked on."""

    request_digest: str
    answer: bytes | None = field(repr=False)
    claimed_until: int


def insert_source_record(connection: Connection, institution: str, record: SourceRecord) -> None:
    """Keep the id of a source beside ours."""
    values = {name: getattr(record, name) for name in SourceRecord.__slots__}
    connection.execute(insert(SOURCE_RECORDS).values(institution=institution, **values))


def find_source_record(connection: Connection, institution: str, source_record_id: str) -> SourceRecord | None:
    """Return a record by the id of the source, whether its content came or not."""
    named = SOURCE_RECORDS.c.source_record_id == source_record_id
    row = connection.execute(_records().where(SOURCE_RECORDS.c.institution == institution, named)).one_or_none()
    return None if row is None else SourceRecord(*row)


def source_id_of(connection: Connection, institution: str, record_id: str) -> str | None:
    """Return the id of the source for one of ours, None for a record that came in by another way."""
    named = (SOURCE_RECORDS.c.institution == institution) & (SOURCE_RECORDS.c.record_id == record_id)
    return connection.scalar(select(SOURCE_RECORDS.c.source_record_id).where(named))


def page_of_records(
    connection: Connection, institution: str, *, after: tuple[int, str] | None, limit: int
) -> tuple[SourceRecord, ...]:
    """Return the records of a source whose content came, in the order in which they were first named."""
    here = and_(
        RECORDS.c.institution == SOURCE_RECORDS.c.institution, RECORDS.c.record_id == SOURCE_RECORDS.c.record_id
    )
    query = _records().join(RECORDS, here).where(SOURCE_RECORDS.c.institution == institution)
    if after is not None:
        at, last = after
        later = SOURCE_RECORDS.c.kept_at > at
        query = query.where(
            or_(later, and_(SOURCE_RECORDS.c.kept_at == at, SOURCE_RECORDS.c.source_record_id > last))
        )
    ordered = query.order_by(SOURCE_RECORDS.c.kept_at, SOURCE_RECORDS.c.source_record_id).limit(limit)
    return tuple(SourceRecord(*row) for row in connection.execute(ordered))


def insert_token(connection: Connection, token: StoredToken, *, token_digest: str, expires_at: int) -> None:
    """Keep an access token of a source."""
    values = {name: getattr(token, name) for name in StoredToken.__slots__}
    connection.execute(insert(SOURCE_TOKENS).values(token_digest=token_digest, expires_at=expires_at, **values))


def find_token(connection: Connection, token_digest: str, *, now: int) -> StoredToken | None:
    """Return what a live token allows, of whatever institution, else None."""
    columns = (SOURCE_TOKENS.c[name] for name in StoredToken.__slots__)
    alive = (SOURCE_TOKENS.c.token_digest == token_digest) & (SOURCE_TOKENS.c.expires_at > now)
    row = connection.execute(select(*columns).where(alive)).one_or_none()
    return None if row is None else StoredToken(*row)


def find_request(
    connection: Connection, institution: str, client_id: str, key_digest: str
) -> StoredRequest | None:
    """Return the request of a client under a key, or None."""
    columns = (SOURCE_REQUESTS.c[name] for name in StoredRequest.__slots__)
    row = connection.execute(select(*columns).where(_request(institution, client_id, key_digest))).one_or_none()
    return None if row is None else StoredRequest(*row)


def insert_request(
    connection: Connection,
    institution: str,
    client_id: str,
    key_digest: str,
    request: StoredRequest,
    *,
    expires_at: int,
) -> None:
    """Keep a request that is worked on. Raises IntegrityError when there is one under the key."""
    connection.execute(
        insert(SOURCE_REQUESTS).values(
            institution=institution,
            client_id=client_id,
            key_digest=key_digest,
            request_digest=request.request_digest,
            answer=request.answer,
            claimed_until=request.claimed_until,
            expires_at=expires_at,
        )
    )


def claim_request(
    connection: Connection, institution: str, client_id: str, key_digest: str, *, until: int
) -> None:
    """Take over a request that nobody works on any more."""
    named = _request(institution, client_id, key_digest)
    connection.execute(update(SOURCE_REQUESTS).where(named).values(claimed_until=until))


def answer_request(
    connection: Connection, institution: str, client_id: str, key_digest: str, answer: bytes
) -> bool:
    """Keep the answer to a request; False when there is one, or the request is gone."""
    open_ = _request(institution, client_id, key_digest) & SOURCE_REQUESTS.c.answer.is_(None)
    return changed_one(connection, update(SOURCE_REQUESTS).where(open_).values(answer=answer))


def drop_request(connection: Connection, institution: str, client_id: str, key_digest: str) -> None:
    """Forget a request that was refused: it has changed nothing, and may be put right under the same key."""
    open_ = _request(institution, client_id, key_digest) & SOURCE_REQUESTS.c.answer.is_(None)
    connection.execute(delete(SOURCE_REQUESTS).where(open_))


def forget_expired(connection: Connection, *, before: int) -> None:
    """Delete tokens and requests that are over."""
    for table in (SOURCE_TOKENS, SOURCE_REQUESTS):
        connection.execute(delete(table).where(table.c.expires_at <= before))


def _records() -> Any:
    return select(*(SOURCE_RECORDS.c[name] for name in SourceRecord.__slots__))


def _request(institution: str, client_id: str, key_digest: str) -> Any:
    return and_(
        SOURCE_REQUESTS.c.institution == institution,
        SOURCE_REQUESTS.c.client_id == client_id,
        SOURCE_REQUESTS.c.key_digest == key_digest,
    )
