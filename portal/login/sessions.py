"""Sessions of people: rows of ours behind a random id; the browser holds the id, the database its digest."""

from typing import Final

from portadoc.errors import Refused
from portadoc.portal.login.installation import PortalInstallation
from portadoc.portal.login.proved import Proved, proved_from_json
from portadoc.portal.login.settings import LoginSettings
from portadoc.portal.store import session_store
from portadoc.portal.store.session_store import StoredSession
from portadoc.storage.installation import digest

TOUCH_S: Final = 60
"""Seconds within which the use of a session is noted once."""


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, installation: PortalInstallation, settings: LoginSettings) -> None:
        self._installation = installation
        self._settings = settings

    def open(self, proved: Proved, *, replaced: str = "") -> str:
        """Return the secret of a new session; the one that the browser had before ends."""
        here = self._installation
        secret, now = here.new_secret(), here.clock.now()
        stored = StoredSession(
            session_digest=digest(secret), proved=proved.to_json(), created_at=now, last_seen_at=now
        )
        with here.database.transaction() as connection:
            if replaced:
                session_store.delete_session(connection, digest(replaced))
            session_store.insert_session(connection, stored)
        return secret

    def proved(self, secret: str) -> Proved:
        """Return what a session proved, and note its use. Raises Refused[session_missing]."""
        here = self._installation
        now = here.clock.now()
        with here.database.read() as connection:
            stored = session_store.find_session(
                connection,
                digest(secret),
                created_after=now - self._settings.absolute_s,
                seen_after=now - self._settings.idle_s,
            )
        if not secret or stored is None:
            raise Refused("session_missing")
        if now - stored.last_seen_at >= TOUCH_S:
            with here.database.transaction() as connection:
                session_store.touch_session(connection, stored.session_digest, now=now)
        return proved_from_json(stored.proved)

    def end(self, secret: str) -> None:
        """End a session; an unknown one changes nothing."""
        with self._installation.database.transaction() as connection:
            session_store.delete_session(connection, digest(secret))
