"""The verifier's tables, and statements over them in a connection of the caller's transaction.

Every key begins with the institution; times are seconds since the epoch (UTC). Session secrets and response codes
are held as digests. The private encryption key of a request is there only while the request is open. What must
happen once is decided by the database: a conditional UPDATE that changes exactly one row.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from portadoc.storage.engine import new_metadata
from portadoc.verifier.requests import Phase, Terms, VerificationRequest, stored_key

METADATA: Final = new_metadata("verifier")

REQUESTS: Final = Table(
    "verifier_requests",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("request_id", String(64), primary_key=True),
    Column("transaction_id", String(64), nullable=False),
    Column("secret_digest", String(64), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("state", String(64), nullable=False),
    Column("encryption_key", Text),
    Column("return_uri", Text),
    Column("response_code_digest", String(64)),
    Column("phase", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("institution", "transaction_id"),
    Index("verifier_requests_by_age", "institution", "created_at"),
)

RESULTS: Final = Table(
    "verifier_results",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("request_id", String(64), primary_key=True),
    Column("body", Text, nullable=False),
    Column("answered_at", BigInteger, nullable=False),
)

STATUS_LISTS: Final = Table(
    "verifier_status_lists",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("uri", String(2048), primary_key=True),
    Column("issued_by", String(64), nullable=False),
    Column("token", Text, nullable=False),
    Column("iat", BigInteger, nullable=False),
    Column("fetched_at", BigInteger, nullable=False),
    Column("refresh_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Session:
    """A request as the party that asked sees it, with what that party has to prove."""

    request: VerificationRequest
    secret_digest: str
    response_code_digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStatusList:
    """A status list token that was verified when it was stored, and when it is due. Times in epoch seconds."""

    uri: str
    issued_by: str
    token: str
    iat: int
    fetched_at: int
    refresh_at: int
    expires_at: int
    used_at: int


def insert_request(connection: Connection, request: VerificationRequest, *, secret_digest: str) -> None:
    """Keep an open request."""
    assert request.encryption_key is not None, "an open request has a key"
    connection.execute(
        insert(REQUESTS).values(
            institution=request.institution,
            request_id=request.request_id,
            transaction_id=request.transaction_id,
            secret_digest=secret_digest,
            client_id=request.client_id,
            terms=request.terms.to_text(),
            nonce=request.nonce,
            state=request.state,
            encryption_key=request.encryption_key.private_jwk,
            return_uri=request.return_uri,
            phase=request.phase,
            created_at=request.created_at,
            expires_at=request.expires_at,
        )
    )


def find_request(connection: Connection, institution: str, request_id: str) -> VerificationRequest | None:
    """Return the request, or None when this institution has none of that id."""
    row = connection.execute(
        select(REQUESTS).where(REQUESTS.c.institution == institution, REQUESTS.c.request_id == request_id)
    ).one_or_none()
    return None if row is None else _request(row)


def find_session(connection: Connection, institution: str, transaction_id: str) -> Session | None:
    """Return the session, or None when this institution has none of that id."""
    row = connection.execute(
        select(REQUESTS).where(REQUESTS.c.institution == institution, REQUESTS.c.transaction_id == transaction_id)
    ).one_or_none()
    return None if row is None else Session(_request(row), row.secret_digest, row.response_code_digest)


def close_answered(
    connection: Connection, request: VerificationRequest, *, response_code_digest: str | None, now: int
) -> bool:
    """Move the request from open to answered and delete its key; True for one caller only."""
    return (
        connection.execute(
            update(REQUESTS)
            .where(
                REQUESTS.c.institution == request.institution,
                REQUESTS.c.request_id == request.request_id,
                REQUESTS.c.phase == Phase.OPEN,
                REQUESTS.c.expires_at > now,
            )
            .values(phase=Phase.ANSWERED, encryption_key=None, response_code_digest=response_code_digest)
        ).rowcount
        == 1
    )


def insert_result(connection: Connection, request: VerificationRequest, *, body: str, now: int) -> None:
    """Keep the one result of a request."""
    connection.execute(
        insert(RESULTS).values(
            institution=request.institution, request_id=request.request_id, body=body, answered_at=now
        )
    )


def find_result(connection: Connection, institution: str, request_id: str) -> str | None:
    """Return the body of the result, None while there is none."""
    body: str | None = connection.scalar(
        select(RESULTS.c.body).where(RESULTS.c.institution == institution, RESULTS.c.request_id == request_id)
    )
    return body


def expire_requests(connection: Connection, institution: str, *, now: int) -> None:
    """Close the open requests whose time has passed and delete their keys."""
    connection.execute(
        update(REQUESTS)
        .where(REQUESTS.c.institution == institution, REQUESTS.c.phase == Phase.OPEN, REQUESTS.c.expires_at <= now)
        .values(phase=Phase.EXPIRED, encryption_key=None)
    )


def forget_requests(connection: Connection, institution: str, *, created_before: int) -> None:
    """Delete old requests with their results."""
    is_old = (REQUESTS.c.institution == institution) & (REQUESTS.c.created_at < created_before)
    old_ids = select(REQUESTS.c.request_id).where(is_old)
    connection.execute(
        delete(RESULTS).where(RESULTS.c.institution == institution, RESULTS.c.request_id.in_(old_ids))
    )
    connection.execute(delete(REQUESTS).where(is_old))


def find_list(connection: Connection, institution: str, uri: str) -> StoredStatusList | None:
    """Return the list kept for a URI, or None."""
    row = connection.execute(
        select(STATUS_LISTS).where(STATUS_LISTS.c.institution == institution, STATUS_LISTS.c.uri == uri)
    ).one_or_none()
    return None if row is None else _status_list(row)


def list_version(connection: Connection, institution: str, uri: str) -> tuple[int, int]:
    """Return ``iat`` and time of fetching of the list kept for a URI, -1 and -1 when there is none."""
    row = connection.execute(
        select(STATUS_LISTS.c.iat, STATUS_LISTS.c.fetched_at).where(_this_list(institution, uri))
    ).one_or_none()
    return (-1, -1) if row is None else (row.iat, row.fetched_at)


def keep_list(connection: Connection, institution: str, kept: StoredStatusList, *, max_lists: int) -> bool:
    """Keep a list in place of an older one; False when a newer one (by ``iat``) is there already.

    A new URI beyond ``max_lists`` takes the place of the list that was asked for longest ago.
    """
    stored = find_list(connection, institution, kept.uri)
    if stored is not None and stored.iat > kept.iat:
        return False
    values = {name: getattr(kept, name) for name in kept.__slots__ if name != "used_at"}
    if stored is not None:
        connection.execute(update(STATUS_LISTS).where(_this_list(institution, kept.uri)).values(values))
        return True
    _make_room(connection, institution, max_lists)
    connection.execute(insert(STATUS_LISTS).values(institution=institution, used_at=kept.used_at, **values))
    return True


def lists_due(
    connection: Connection, institution: str, *, by: int, used_after: int
) -> tuple[StoredStatusList, ...]:
    """Return the lists to fetch by ``by`` that somebody has asked for after ``used_after``."""
    rows = connection.execute(
        select(STATUS_LISTS).where(
            STATUS_LISTS.c.institution == institution,
            STATUS_LISTS.c.refresh_at <= by,
            STATUS_LISTS.c.used_at >= used_after,
        )
    )
    return tuple(_status_list(row) for row in rows)


def mark_list_used(connection: Connection, institution: str, uri: str, *, now: int) -> None:
    """Note that the list was asked for."""
    connection.execute(update(STATUS_LISTS).where(_this_list(institution, uri)).values(used_at=now))


def forget_lists(connection: Connection, institution: str, *, issued_before: int) -> None:
    """Delete lists that no older one could take the place of; until then even an expired list keeps those out."""
    own, issued = STATUS_LISTS.c.institution == institution, STATUS_LISTS.c.iat < issued_before
    connection.execute(delete(STATUS_LISTS).where(own, issued))


def _make_room(connection: Connection, institution: str, max_lists: int) -> None:
    own = STATUS_LISTS.c.institution == institution
    surplus = (connection.scalar(select(func.count()).select_from(STATUS_LISTS).where(own)) or 0) - max_lists + 1
    if surplus > 0:
        oldest = select(STATUS_LISTS.c.uri).where(own).order_by(STATUS_LISTS.c.used_at).limit(surplus)
        uris = list(connection.scalars(oldest))
        connection.execute(delete(STATUS_LISTS).where(own, STATUS_LISTS.c.uri.in_(uris)))


def _this_list(institution: str, uri: str) -> Any:
    return (STATUS_LISTS.c.institution == institution) & (STATUS_LISTS.c.uri == uri)


def _request(row: Row[Any]) -> VerificationRequest:
    return VerificationRequest(
        institution=row.institution,
        request_id=row.request_id,
        transaction_id=row.transaction_id,
        client_id=row.client_id,
        terms=Terms.from_text(row.terms),
        nonce=row.nonce,
        state=row.state,
        phase=Phase(row.phase),
        created_at=row.created_at,
        expires_at=row.expires_at,
        return_uri=row.return_uri,
        encryption_key=stored_key(row.encryption_key),
    )


def _status_list(row: Row[Any]) -> StoredStatusList:
    return StoredStatusList(
        uri=row.uri,
        issued_by=row.issued_by,
        token=row.token,
        iat=row.iat,
        fetched_at=row.fetched_at,
        refresh_at=row.refresh_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
