"""Sign-ins, sessions, tokens of machines and misses: statements in a connection of the caller's transaction."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from portadoc.portal.store.session_tables import ASSERTIONS, MACHINE_TOKENS, MISSES, SESSIONS, SIGN_INS


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in that has begun; ``destination`` is a path of ours, ``staff`` whether it leads to an office."""

    state_digest: str
    browser_digest: str
    provider: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    destination: str
    staff: bool
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session as it is held: what the provider proved, as JSON."""

    session_digest: str
    proved: str = field(repr=False)
    created_at: int
    last_seen_at: int


def insert_sign_in(connection: Connection, sign_in: SignIn, *, now: int) -> None:
    """Keep a sign-in that begins, and no longer those that are over: anybody can begin one."""
    connection.execute(delete(SIGN_INS).where(SIGN_INS.c.expires_at <= now))
    names = ("state_digest", "browser_digest", "provider", "nonce", "verifier", "destination", "expires_at")
    values = {name: getattr(sign_in, name) for name in names}
    connection.execute(insert(SIGN_INS).values(**values, staff=int(sign_in.staff)))


def take_sign_in(connection: Connection, state_digest: str, *, now: int) -> SignIn | None:
    """Return a sign-in and use it up; None for one that is unknown, used or over."""
    key = (SIGN_INS.c.state_digest == state_digest) & (SIGN_INS.c.expires_at > now)
    row = connection.execute(select(SIGN_INS).where(key)).first()
    if row is None or connection.execute(delete(SIGN_INS).where(key)).rowcount != 1:
        return None
    return SignIn(
        state_digest=row.state_digest,
        browser_digest=row.browser_digest,
        provider=row.provider,
        nonce=row.nonce,
        verifier=row.verifier,
        destination=row.destination,
        staff=bool(row.staff),
        expires_at=row.expires_at,
    )


def insert_session(connection: Connection, session: StoredSession) -> None:
    """Keep a session."""
    connection.execute(
        insert(SESSIONS).values(
            session_digest=session.session_digest,
            proved=session.proved,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
        )
    )


def find_session(
    connection: Connection, session_digest: str, *, created_after: int, seen_after: int
) -> StoredSession | None:
    """Return a session that was begun and last used after the two times."""
    key = SESSIONS.c.session_digest == session_digest
    key &= (SESSIONS.c.created_at > created_after) & (SESSIONS.c.last_seen_at > seen_after)
    row = connection.execute(select(SESSIONS).where(key)).one_or_none()
    if row is None:
        return None
    return StoredSession(
        session_digest=row.session_digest,
        proved=row.proved,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )


def touch_session(connection: Connection, session_digest: str, *, now: int) -> None:
    """Note that a session is used; one that has ended meanwhile stays ended."""
    connection.execute(
        update(SESSIONS).where(SESSIONS.c.session_digest == session_digest).values(last_seen_at=now)
    )


def delete_session(connection: Connection, session_digest: str) -> None:
    """End a session; one that has ended changes nothing."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.session_digest == session_digest))


def insert_token(connection: Connection, token_digest: str, client_id: str, *, expires_at: int) -> None:
    """Keep the access token of a machine."""
    connection.execute(
        insert(MACHINE_TOKENS).values(token_digest=token_digest, client_id=client_id, expires_at=expires_at)
    )


def token_client(connection: Connection, token_digest: str, *, now: int) -> str | None:
    """Return the client of an access token that still holds."""
    key = (MACHINE_TOKENS.c.token_digest == token_digest) & (MACHINE_TOKENS.c.expires_at > now)
    found: str | None = connection.scalar(select(MACHINE_TOKENS.c.client_id).where(key))
    return found


def use_assertion(connection: Connection, client_id: str, jti_digest: str, *, expires_at: int) -> bool:
    """Note that an assertion is used; False when it was used before. Inside a write transaction."""
    key = (ASSERTIONS.c.client_id == client_id) & (ASSERTIONS.c.jti_digest == jti_digest)
    if connection.scalar(select(ASSERTIONS.c.expires_at).where(key)) is not None:
        return False
    connection.execute(
        insert(ASSERTIONS).values(client_id=client_id, jti_digest=jti_digest, expires_at=expires_at)
    )
    return True


def misses_of(connection: Connection, who: str, *, now: int, window_s: int) -> tuple[int, int]:
    """Return how often somebody missed in the running window, and since when it runs."""
    row = connection.execute(select(MISSES).where(MISSES.c.who == who)).one_or_none()
    if row is None or row.since <= now - window_s:
        return 0, now
    return row.misses, row.since


def note_misses(connection: Connection, who: str, misses: int, *, since: int) -> None:
    """Keep a count of misses."""
    key = MISSES.c.who == who
    if not connection.execute(update(MISSES).where(key).values(misses=misses, since=since)).rowcount:
        connection.execute(insert(MISSES).values(who=who, misses=misses, since=since))


def forget(
    connection: Connection, *, now: int, sessions_before: int, unused_since: int, misses_before: int
) -> None:
    """Delete what is over."""
    connection.execute(delete(SIGN_INS).where(SIGN_INS.c.expires_at <= now))
    connection.execute(delete(MACHINE_TOKENS).where(MACHINE_TOKENS.c.expires_at <= now))
    connection.execute(delete(ASSERTIONS).where(ASSERTIONS.c.expires_at <= now))
    over = (SESSIONS.c.created_at <= sessions_before) | (SESSIONS.c.last_seen_at <= unused_since)
    connection.execute(delete(SESSIONS).where(over))
    connection.execute(delete(MISSES).where(MISSES.c.since <= misses_before))
