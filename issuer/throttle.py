"""Who guesses at codes and tokens has to wait. Spec: RFC 6749 §10.10, OpenID4VCI 1.0 §13."""

from typing import Final

from portadoc.errors import Unavailable
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store import code_store
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection

WINDOW_S: Final = 3600


class Throttle:
    """Counts the refused grants of each source."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._most = deployment.settings.token_misses_per_hour

    def require_calm(self, institution: str, source: str) -> None:
        """Let through a source that has not missed too often. Raises Unavailable[too_many_tries]."""
        with self._deployment.database.read() as connection:
            misses, since = self._misses(connection, self._tag(institution, source))
        if misses >= self._most:
            raise Unavailable("too_many_tries", retry_after_s=since + WINDOW_S - self._deployment.clock.now())

    def note_miss(self, institution: str, source: str) -> None:
        """Count a grant that was refused to a source."""
        tag = self._tag(institution, source)
        with self._deployment.database.transaction() as connection:
            misses, since = self._misses(connection, tag)
            code_store.note_misses(connection, tag, misses + 1, since=since)
            if misses + 1 == self._most:
                self._deployment.tell(connection, EventKind.GUESSES_THROTTLED, institution, tag)

    def _misses(self, connection: Connection, tag: str) -> tuple[int, int]:
        return code_store.misses_of(connection, tag, now=self._deployment.clock.now(), window_s=WINDOW_S)

    def _tag(self, institution: str, source: str) -> str:
        """Return a keyed tag: of a plain digest, every address could be found by trying them all."""
        mac = self._deployment.key_ring.mac(institution, KeyPurpose.NONCE)
        return mac.tag(f"token-source:{source}".encode()).hex()
