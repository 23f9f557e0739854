"""Requests and their results: statements in a connection of the caller's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, tuple_, update

from portadoc.formats.openid4vp.request_object import ResponseMode
from portadoc.verifier.questions import Terms
from portadoc.verifier.requests import Channel, Phase, VerificationRequest, stored_key
from portadoc.verifier.store.tables import REQUESTS, RESULTS


@dataclass(frozen=True, slots=True)
class Session:
    """A request as the party that asked sees it, with what that party has to prove.

    ``returned_at`` is when the way back from the wallet was proven, in epoch seconds.
    """

    request: VerificationRequest
    secret_digest: str
    response_code_digest: str | None
    returned_at: int | None

    @property
    def awaits_return(self) -> bool:
        """Tell whether the accepted answer still needs the way back from the wallet to be proven."""
        return (
            self.request.return_uri is not None
            and self.response_code_digest is not None
            and self.returned_at is None
        )


@dataclass(frozen=True, slots=True)
class StoredResult:
    """The one result of a request, with its signed receipt where there is one."""

    body: str
    receipt: str | None


def insert_request(connection: Connection, request: VerificationRequest, *, secret_digest: str) -> None:
    """Keep an open request."""
    key = request.encryption_key
    connection.execute(
        insert(REQUESTS).values(
            institution=request.institution,
            request_id=request.request_id,
            transaction_id=request.transaction_id,
            secret_digest=secret_digest,
            client_id=request.client_id,
            channel=request.channel,
            response_mode=request.response_mode,
            terms=request.terms.to_text(),
            nonce=request.nonce,
            state=request.state,
            confirmation=request.confirmation,
            encryption_key=None if key is None else key.private_jwk,
            origin=request.origin,
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
    return None if row is None else _session(row)


def find_answered(connection: Connection, institution: str, request_id: str) -> Session | None:
    """Return the session of a request id, or None."""
    row = connection.execute(
        select(REQUESTS).where(REQUESTS.c.institution == institution, REQUESTS.c.request_id == request_id)
    ).one_or_none()
    return None if row is None else _session(row)


def find_sessions(
    connection: Connection, transactions: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Session]:
    """Return the sessions of several (institution, transaction id) in one statement."""
    wanted = list(transactions)
    rows = connection.execute(
        select(REQUESTS).where(tuple_(REQUESTS.c.institution, REQUESTS.c.transaction_id).in_(wanted))
    )
    return {(row.institution, row.transaction_id): _session(row) for row in rows}


def mark_returned(connection: Connection, session: Session, *, now: int) -> bool:
    """Note that the holder came back with the response code; True for one caller only."""
    return (
        connection.execute(
            update(REQUESTS)
            .where(
                REQUESTS.c.institution == session.request.institution,
                REQUESTS.c.request_id == session.request.request_id,
                REQUESTS.c.returned_at.is_(None),
            )
            .values(returned_at=now)
        ).rowcount
        == 1
    )


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


def add_receipt(connection: Connection, request: VerificationRequest, receipt: str) -> None:
    """Keep the receipt beside its result; one that is there stays."""
    connection.execute(
        update(RESULTS)
        .where(
            RESULTS.c.institution == request.institution,
            RESULTS.c.request_id == request.request_id,
            RESULTS.c.receipt.is_(None),
        )
        .values(receipt=receipt)
    )


def find_result(connection: Connection, institution: str, request_id: str) -> StoredResult | None:
    """Return the result, None while there is none."""
    row = connection.execute(
        select(RESULTS.c.body, RESULTS.c.receipt).where(
            RESULTS.c.institution == institution, RESULTS.c.request_id == request_id
        )
    ).one_or_none()
    return None if row is None else StoredResult(row.body, row.receipt)


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


def _session(row: Row[Any]) -> Session:
    return Session(_request(row), row.secret_digest, row.response_code_digest, row.returned_at)


def _request(row: Row[Any]) -> VerificationRequest:
    return VerificationRequest(
        institution=row.institution,
        request_id=row.request_id,
        transaction_id=row.transaction_id,
        client_id=row.client_id,
        channel=Channel(row.channel),
        response_mode=ResponseMode(row.response_mode),
        terms=Terms.from_text(row.terms),
        nonce=row.nonce,
        state=row.state,
        confirmation=row.confirmation,
        phase=Phase(row.phase),
        created_at=row.created_at,
        expires_at=row.expires_at,
        origin=row.origin,
        return_uri=row.return_uri,
        encryption_key=stored_key(row.encryption_key),
    )
