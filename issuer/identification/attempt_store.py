"""Statements over tries to identify a person, each in a connection of the caller's transaction."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from portadoc.formats import strict_json
from portadoc.issuer.identification.identity import Identity
from portadoc.issuer.store.single_use import changed_one
from portadoc.issuer.store.tables import IDENTIFICATIONS


class Means(StrEnum):
    """How a person identifies."""

    PID = "pid"
    PROVIDER = "provider"


class Phase(StrEnum):
    """Where a try stands. It goes one way; OVER is final."""

    OPEN = "open"
    ANSWERED = "answered"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try, of one authorization. ``attempt_id`` is known to the wallet, ``state`` to wallet or provider.

    ``client_id`` is who asks the wallet; ``secret`` the key of the request, or the verifier of the sign-in at
    ``provider``. Times in epoch seconds.
    """

    institution: str
    attempt_id: str
    authorization_id: str
    means: Means
    state: str
    nonce: str
    created_at: int
    expires_at: int
    provider: str | None = None
    client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    phase: Phase = Phase.OPEN


def insert_attempt(connection: Connection, attempt: Attempt) -> None:
    """Keep a new try; whatever was under way for the same authorization is over: only the last try counts."""
    connection.execute(
        update(IDENTIFICATIONS)
        .where(
            IDENTIFICATIONS.c.institution == attempt.institution,
            IDENTIFICATIONS.c.authorization_id == attempt.authorization_id,
        )
        .values(phase=Phase.OVER, secret=None, identity=None)
    )
    connection.execute(
        insert(IDENTIFICATIONS).values(
            institution=attempt.institution,
            attempt_id=attempt.attempt_id,
            authorization_id=attempt.authorization_id,
            means=attempt.means,
            provider=attempt.provider,
            client_id=attempt.client_id,
            state=attempt.state,
            nonce=attempt.nonce,
            secret=attempt.secret,
            phase=attempt.phase,
            created_at=attempt.created_at,
            expires_at=attempt.expires_at,
        )
    )


def find_attempt(
    connection: Connection, institution: str, *, attempt_id: str | None = None, state: str | None = None
) -> Attempt | None:
    """Return a try by one of its names, whatever its phase; None when the institution has none of it."""
    column = IDENTIFICATIONS.c.state if attempt_id is None else IDENTIFICATIONS.c.attempt_id
    named = column == (state if attempt_id is None else attempt_id)
    row = connection.execute(
        select(IDENTIFICATIONS).where(IDENTIFICATIONS.c.institution == institution, named)
    ).one_or_none()
    return None if row is None else _attempt(row)


def close_answered(
    connection: Connection, attempt: Attempt, *, response_code_digest: str, identity: Identity | None, now: int
) -> bool:
    """Take the one answer of an open try and delete its key; True for one caller only."""
    kept = None if identity is None else strict_json.dumps(identity.to_json()).decode()
    return changed_one(
        connection,
        update(IDENTIFICATIONS)
        .where(_this(attempt), IDENTIFICATIONS.c.phase == Phase.OPEN, IDENTIFICATIONS.c.expires_at > now)
        .values(phase=Phase.ANSWERED, secret=None, identity=kept, response_code_digest=response_code_digest),
    )


def end_open(connection: Connection, attempt: Attempt, *, now: int) -> bool:
    """End an open try for the one who brings its answer; True for one caller only."""
    return changed_one(
        connection,
        update(IDENTIFICATIONS)
        .where(_this(attempt), IDENTIFICATIONS.c.phase == Phase.OPEN, IDENTIFICATIONS.c.expires_at > now)
        .values(phase=Phase.OVER, secret=None),
    )


@dataclass(frozen=True, slots=True)
class Answered:
    """An answered try whose person has come back; ``identity`` None when the wallet has declined."""

    authorization_id: str
    identity: Identity | None


def take_answer(
    connection: Connection, institution: str, response_code_digest: str, *, now: int
) -> Answered | None:
    """Return what was answered to whoever brings the response code, and delete it; to one caller only.

    Whoever brings it in another browser ends the try all the same: what a stranger has shown is kept for nobody.
    """
    row = connection.execute(
        select(IDENTIFICATIONS).where(
            IDENTIFICATIONS.c.institution == institution,
            IDENTIFICATIONS.c.response_code_digest == response_code_digest,
            IDENTIFICATIONS.c.phase == Phase.ANSWERED,
            IDENTIFICATIONS.c.expires_at > now,
        )
    ).one_or_none()
    if row is None:
        return None
    answered = IDENTIFICATIONS.c.phase == Phase.ANSWERED
    ended = update(IDENTIFICATIONS).where(_this(_attempt(row)), answered).values(phase=Phase.OVER, identity=None)
    if not changed_one(connection, ended):
        return None
    kept = None if row.identity is None else strict_json.loads_object(row.identity, what="identity")
    return Answered(row.authorization_id, None if kept is None else Identity.from_json(kept))


def forget_attempts(connection: Connection, *, now: int, before: int) -> None:
    """Empty the tries that have expired, for nobody comes back to them, and delete those expired before a time."""
    over = IDENTIFICATIONS.c.expires_at <= now
    holding = IDENTIFICATIONS.c.identity.is_not(None) | IDENTIFICATIONS.c.secret.is_not(None)
    connection.execute(update(IDENTIFICATIONS).where(over, holding).values(identity=None, secret=None))
    connection.execute(delete(IDENTIFICATIONS).where(IDENTIFICATIONS.c.expires_at <= before))


def _this(attempt: Attempt) -> Any:
    return (IDENTIFICATIONS.c.institution == attempt.institution) & (
        IDENTIFICATIONS.c.attempt_id == attempt.attempt_id
    )


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        institution=row.institution,
        attempt_id=row.attempt_id,
        authorization_id=row.authorization_id,
        means=Means(row.means),
        state=row.state,
        nonce=row.nonce,
        created_at=row.created_at,
        expires_at=row.expires_at,
        provider=row.provider,
        client_id=row.client_id,
        secret=row.secret,
        phase=Phase(row.phase),
    )
