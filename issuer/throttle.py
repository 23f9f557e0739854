"""Who guesses at codes has to wait: misses are counted by source within an hour, and no source is kept in clear.

Spec: RFC 6749 §10.10, OpenID4VCI 1.0 §13.
"""

from typing import Final

from portadoc.errors import Unavailable
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store import code_store
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection

WINDOW_S: Final = 3600


class Misses:
    """Counts misses under tags, in the caller's transaction; ``most`` within an hour are borne."""

    def __init__(self, deployment: Deployment, *, most: int) -> None:
        self._clock = deployment.clock
        self._most = most

    def require_calm(self, connection: Connection, tag: str) -> None:
        """Let through who has not missed too often. Raises Unavailable[too_many_tries]."""
        misses, since = self._counted(connection, tag)
        if misses >= self._most:
            raise Unavailable("too_many_tries", retry_after_s=since + WINDOW_S - self._clock.now())

    def note(self, connection: Connection, tag: str) -> bool:
        """Count a miss; True for the one after which the tag has to wait."""
        misses, since = self._counted(connection, tag)
        code_store.note_misses(connection, tag, misses + 1, since=since)
        return misses + 1 == self._most

    def _counted(self, connection: Connection, tag: str) -> tuple[int, int]:
        return code_store.misses_of(connection, tag, now=self._clock.now(), window_s=WINDOW_S)


class Throttle:
    """Lets sources wait that miss too often at one endpoint of the authorization server, and says so once."""

    def __init__(self, deployment: Deployment, *, endpoint: str) -> None:
        self._deployment = deployment
        self._endpoint = endpoint
        self._misses = Misses(deployment, most=deployment.settings.token_misses_per_hour)

    def require_calm(self, institution: str, source: str) -> None:
        """Let through a source that has not missed too often. Raises Unavailable[too_many_tries]."""
        with self._deployment.database.read() as connection:
            self._misses.require_calm(connection, self._tag(institution, source))

    def note_miss(self, institution: str, source: str) -> None:
        """Count what was refused to a source."""
        tag = self._tag(institution, source)
        with self._deployment.database.transaction() as connection:
            if self._misses.note(connection, tag):
                self._deployment.tell(connection, EventKind.GUESSES_THROTTLED, institution, tag)

    def _tag(self, institution: str, source: str) -> str:
        return source_tag(self._deployment, institution, f"{self._endpoint}-source", source)


def source_tag(deployment: Deployment, institution: str, kind: str, source: str) -> str:
    """Return a keyed tag: of a plain digest, every address could be found by trying them all."""
    return deployment.key_ring.mac(institution, KeyPurpose.NONCE).tag(f"{kind}:{source}".encode()).hex()
