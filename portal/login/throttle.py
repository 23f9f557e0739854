"""Misses are counted: whoever asks for many identifiers that are not theirs has to wait, whatever they ask next.

Counted by subject and by network address, held under a keyed tag: of a plain digest, every address could be found
by trying them all.
"""

import logging
from typing import Final

from portadoc.errors import Refused, Unavailable
from portadoc.keys.purposes import KeyPurpose
from portadoc.portal.login.installation import PortalInstallation
from portadoc.portal.store import session_store
from portadoc.storage import Connection

WINDOW_S: Final = 3600
RATE_WINDOW_S: Final = 60
_logger = logging.getLogger("portadoc.portal")


class Throttle:
    """Counts unknown identifiers for all institutions together."""

    def __init__(self, installation: PortalInstallation, *, allowed: int) -> None:
        self._installation = installation
        self._allowed = allowed

    def require_calm(self, *who: str) -> None:
        """Let through who has not missed too often. Raises Unavailable[identifiers_throttled]."""
        with self._installation.database.read() as connection:
            for tag in map(self._tag, filter(None, who)):
                self._require_calm(connection, tag)

    def miss(self, *who: str) -> None:
        """Count an identifier that was unknown, or not theirs."""
        now = self._installation.clock.now()
        with self._installation.database.transaction() as connection:
            for tag in map(self._tag, filter(None, who)):
                misses, since = session_store.misses_of(connection, tag, now=now, window_s=WINDOW_S)
                session_store.note_misses(connection, tag, misses + 1, since=since)
                if misses + 1 == self._allowed:
                    _logger.warning("somebody asked for %d unknown identifiers: they have to wait", misses + 1)

    def _require_calm(self, connection: Connection, tag: str) -> None:
        now = self._installation.clock.now()
        misses, since = session_store.misses_of(connection, tag, now=now, window_s=WINDOW_S)
        if misses >= self._allowed:
            raise Unavailable("identifiers_throttled", retry_after_s=since + WINDOW_S - now)

    def _tag(self, who: str) -> str:
        return _keyed(self._installation, f"portal miss:{who}")


class Rate:
    """Counts what each machine, person or address asks within a minute, for all processes together."""

    def __init__(self, installation: PortalInstallation, *, allowed: int) -> None:
        self._installation = installation
        self._allowed = allowed

    def count(self, who: str) -> None:
        """Count a request. Raises Unavailable[requests_throttled] for one too many."""
        here = self._installation
        now, tag = here.clock.now(), _keyed(here, f"portal rate:{who}")
        with here.database.transaction() as connection:
            asked, since = session_store.misses_of(connection, tag, now=now, window_s=RATE_WINDOW_S)
            if asked < self._allowed:
                session_store.note_misses(connection, tag, asked + 1, since=since)
                return
        raise Unavailable("requests_throttled", retry_after_s=since + RATE_WINDOW_S - now, limit=self._allowed)


def _keyed(installation: PortalInstallation, what: str) -> str:
    first = next(iter(installation.settings.by_slug), None)
    if first is None:  # nobody's portal: there is nothing to ask for
        raise Refused("not_found")
    return installation.key_ring.mac(first, KeyPurpose.NONCE).tag(what.encode()).hex()
