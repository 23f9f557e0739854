"""Requests and their results: statements in a connection of the caller's transaction."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from portadoc.verifier.requests import Phase, Terms, VerificationRequest, stored_key
from portadoc.verifier.store.tables import REQUESTS, RESULTS


@dataclass(frozen=True, slots=True)
class Session:
    """A request as the party that asked sees it, with what that party has to prove."""

    request: VerificationRequest
    secret_digest: str
    response_code_digest: str | None


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
