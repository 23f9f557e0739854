"""The codes on sealed papers: who has a paper's code and knows its number or a birth date gets the seal again.

The seal is kept as it was printed, locked under code and second factor together: nothing is signed because
somebody asks, the bytes are those of the paper, and the database by itself gives neither seal nor code. Every
answer of no is the same answer. A code bears five wrong second factors in a row and is then locked for good; a
source that misses too often has to wait, whatever it asks.
"""

import logging
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Refused, Untrusted
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.sealing.verification_codes import (
    new_verification_code,
    read_verification_code,
    second_factor,
)
from portadoc.issuer.store import code_store
from portadoc.issuer.store.code_store import StoredCode
from portadoc.issuer.throttle import WINDOW_S, Misses, source_tag
from portadoc.keys.locked_text import lock_text, unlock_text
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection
from portadoc.storage.installation import digest

TRIES: Final = 5
_CONTEXT: Final = b"portadoc verification code"
_STRANGER: Final = StoredCode("", "", "", bytes(64), bytes(64), 0, 0)
"""In place of a code that nobody has, so that a miss takes the time of a hit."""

_logger = logging.getLogger("portadoc.issuer")


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """What is printed on the paper or known of its holder: either of them opens the seal, with the code."""

    number: str
    birth_date: str


class CodeBook:
    """Keeps and answers the codes of every institution that issues here."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._misses = Misses(deployment, most=deployment.settings.code_misses_per_hour)

    def keep(
        self,
        connection: Connection,
        institution: str,
        *,
        code: str,
        credential_id: str,
        text: str | None,
        factors: SecondFactors,
        expires_at: int,
    ) -> None:
        """Keep a seal under its code, in the caller's transaction; of a kind without a seal, the code alone."""
        characters = read_verification_code(code)

        def locked(factor: str) -> bytes | None:
            plain = second_factor(factor)
            if text is None or not plain:
                return None
            secret, random_bytes = _secret(characters, plain), self._deployment.random_bytes
            return lock_text(text, secret=secret, context=_CONTEXT, random_bytes=random_bytes)

        stored = StoredCode(
            institution=institution,
            code_digest=code_digest(characters),
            credential_id=credential_id,
            by_number=locked(factors.number),
            by_birth_date=locked(factors.birth_date),
            tries_left=TRIES,
            expires_at=expires_at,
        )
        code_store.insert_code(connection, stored)

    def new_code(self) -> str:
        """Return a new code in groups of four; it is told only here."""
        return new_verification_code(self._deployment.random_bytes)

    def seal_behind(self, code: str, second: str, *, source: str) -> str:
        """Return the text of the seal that was printed beside ``code``.

        All three are unverified; ``source`` is the network address that asks. Raises
        Malformed[verification_code_malformed], [verification_second_invalid]: a slip of the pen, which counts as
        no try; Refused[verification_code_refused] for a code that is unknown, forgotten or locked and for a wrong
        second factor alike; Unavailable[too_many_tries].
        """
        # 1. the forms, which anybody can check without asking
        characters, factor = read_verification_code(code), second_factor(second)
        if not self._deployment.settings.institutions:
            raise Refused("verification_code_refused")
        tag = tag_of_source(self._deployment, source)
        # 2. a source that has missed too often waits; who floods us waits without a transaction
        with self._deployment.database.read() as connection:
            self._misses.require_calm(connection, tag)
        with self._deployment.database.transaction() as connection:
            self._misses.require_calm(connection, tag)
            # 3. the code, if it can still be tried: it is tried before anything is compared
            found = code_store.find_code(connection, code_digest(characters))
            stored = found if found is not None and code_store.spend_try(connection, found) else None
            # 4. the same work for a code that is there and one that is not
            text = _opened(stored or _STRANGER, _secret(characters, factor))
            # 5. what came of it is committed before it is answered
            self._note(connection, stored, tag, opened=text is not None)
        if text is None:
            raise Refused("verification_code_refused")
        return text

    def forget(self, connection: Connection) -> None:
        """Delete the codes of seals that have ended, and counts of misses that are over."""
        now = self._deployment.clock.now()
        code_store.forget_codes(connection, expired_before=now, missed_before=now - WINDOW_S)

    def _note(self, connection: Connection, code: StoredCode | None, tag: str, *, opened: bool) -> None:
        if opened and code is not None:
            code_store.set_tries(connection, code, TRIES)
            self._tell(connection, EventKind.SEAL_CODE_ANSWERED, code)
            return
        if self._misses.note(connection, tag):
            most = self._deployment.settings.code_misses_per_hour
            _logger.warning("a source has missed %d verification codes: it has to wait", most)
        if code is not None:
            is_last = code.tries_left == 1
            self._tell(connection, EventKind.SEAL_CODE_LOCKED if is_last else EventKind.SEAL_CODE_REFUSED, code)

    def _tell(self, connection: Connection, kind: EventKind, code: StoredCode) -> None:
        self._deployment.tell(connection, kind, code.institution, code.credential_id)


def tag_of_source(deployment: Deployment, source: str) -> str:
    """Return under what the misses of a source are counted, over all institutions: who asks names none."""
    return source_tag(deployment, next(iter(deployment.settings.by_slug)), "source", source)


def _opened(stored: StoredCode, secret: bytes) -> str | None:
    """Try both second factors, whether or not the first one fits."""
    found: str | None = None
    for locked in (stored.by_number, stored.by_birth_date):
        try:
            found = unlock_text(locked or bytes(64), secret=secret, context=_CONTEXT)
        except Untrusted:
            continue
    return found


def _secret(characters: str, factor: str) -> bytes:
    return f"{characters}:{factor}".encode()


def code_digest(characters: str) -> str:
    """Return by what a code is found."""
    return digest(f"verification code:{characters}")
