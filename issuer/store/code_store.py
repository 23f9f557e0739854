"""Statements over verification codes of seals and over those who guess at them, in the caller's transaction."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from portadoc.issuer.store.tables import CODE_MISSES, SEAL_CODES


@dataclass(frozen=True, slots=True)
class StoredCode:
    """A seal locked under its code and one of two second factors; None where the paper has no such factor."""

    institution: str
    code_digest: str
    credential_id: str
    by_number: bytes | None = field(repr=False)
    by_birth_date: bytes | None = field(repr=False)
    tries_left: int
    expires_at: int


def insert_code(connection: Connection, code: StoredCode) -> None:
    """Keep a code. Raises IntegrityError when there is one already."""
    connection.execute(insert(SEAL_CODES).values({name: getattr(code, name) for name in code.__slots__}))


def find_code(connection: Connection, code_digest: str) -> StoredCode | None:
    """Return the code, or None: whose it is says the code alone."""
    columns = (SEAL_CODES.c[name] for name in StoredCode.__slots__)
    row = connection.execute(select(*columns).where(SEAL_CODES.c.code_digest == code_digest)).one_or_none()
    return None if row is None else StoredCode(*row)


def spend_try(connection: Connection, code: StoredCode) -> bool:
    """Take one of the tries that a code has left; False when it has none, or is not there any more."""
    this = (SEAL_CODES.c.institution == code.institution, SEAL_CODES.c.code_digest == code.code_digest)
    left = SEAL_CODES.c.tries_left > 0
    spent = update(SEAL_CODES).where(*this, left).values(tries_left=SEAL_CODES.c.tries_left - 1)
    return connection.execute(spent).rowcount == 1


def set_tries(connection: Connection, code: StoredCode, tries: int) -> None:
    """Note how many wrong second factors a code can still bear."""
    this = (SEAL_CODES.c.institution == code.institution, SEAL_CODES.c.code_digest == code.code_digest)
    connection.execute(update(SEAL_CODES).where(*this).values(tries_left=tries))


def misses_of(connection: Connection, source_tag: str, *, now: int, window_s: int) -> tuple[int, int]:
    """Return how often a source has missed in the window that runs now, and when that began."""
    row = connection.execute(select(CODE_MISSES).where(CODE_MISSES.c.source_tag == source_tag)).one_or_none()
    runs = row is not None and 0 <= now - row.since < window_s  # one from a clock set back since is over
    return (row.misses, row.since) if row is not None and runs else (0, now)


def note_misses(connection: Connection, source_tag: str, misses: int, *, since: int) -> None:
    """Keep the count of a source."""
    connection.execute(delete(CODE_MISSES).where(CODE_MISSES.c.source_tag == source_tag))
    connection.execute(insert(CODE_MISSES).values(source_tag=source_tag, misses=misses, since=since))


def forget_codes(connection: Connection, *, expired_before: int, missed_before: int) -> None:
    """Delete the codes of seals that ended before a time, and counts whose window is over."""
    connection.execute(delete(SEAL_CODES).where(SEAL_CODES.c.expires_at <= expired_before))
    connection.execute(delete(CODE_MISSES).where(CODE_MISSES.c.since <= missed_before))
